import { SparseColumn } from './sparse-column.js';

/** Times are monotonic milliseconds. */
export interface EntryTimes {
  /** When the load began that brought the value. */
  readonly startedAt: number;
  readonly freshUntil: number;
  /** From then on a use renews the value although it is fresh. Default: never. */
  readonly refreshAt?: number;
  /** The end of a lease: nothing is served after it. */
  readonly hardUntil: number;
  /** The same on the wall clock, since a suspended machine's monotonic clock may stand still. */
  readonly hardUntilWall: number;
}

/** The time of a slot without an entry: every comparison with it is false. */
const VACANT = Number.NaN;

/** The times of a table's entries, by slot. */
export class EntryTimeColumns {
  /**
   * Until when a look-up may answer at once: as long as the entry is fresh. Earlier where there is more to think about
   * than one time: a refresh that is due before, or a lease, whose end is judged by the exact clocks.
   */
  readonly hitUntil: Float64Array;
  private readonly startedAt: Float64Array;
  /** Where it is not `hitUntil`. */
  private readonly freshUntil = new SparseColumn(VACANT);
  private readonly refreshAt = new SparseColumn(Infinity);
  private readonly hardUntil = new SparseColumn(Infinity);
  private readonly hardUntilWall = new SparseColumn(Infinity);
  private readonly capacity: number;
  /** Some entry has more than the two times that all have: until then nothing else is looked at. */
  private hasMore = false;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.hitUntil = new Float64Array(capacity).fill(VACANT);
    this.startedAt = new Float64Array(capacity);
  }

  at(slot: number): Required<EntryTimes> {
    return {
      startedAt: this.startedAt[slot] as number,
      freshUntil: this.endOfFreshness(slot),
      refreshAt: this.refreshAt.at(slot),
      hardUntil: this.hardUntil.at(slot),
      hardUntilWall: this.hardUntilWall.at(slot),
    };
  }

  set(slot: number, times: EntryTimes): void {
    const { startedAt, freshUntil, refreshAt = Infinity, hardUntil } = times;
    this.startedAt[slot] = startedAt;
    if (hardUntil !== Infinity || refreshAt < freshUntil) this.hasMore = true;
    if (this.hasMore) this.setMore(slot, times);
    else this.hitUntil[slot] = freshUntil;
  }

  /** Takes over an entry's times from columns of another length. */
  copy(slot: number, from: EntryTimeColumns, there: number): void {
    const { capacity } = this;
    this.startedAt[slot] = from.startedAt[there] as number;
    this.hitUntil[slot] = from.hitUntil[there] as number;
    if (!from.hasMore) return;
    this.hasMore = true;
    this.freshUntil.set(slot, from.freshUntil.at(there), capacity);
    this.refreshAt.set(slot, from.refreshAt.at(there), capacity);
    this.hardUntil.set(slot, from.hardUntil.at(there), capacity);
    this.hardUntilWall.set(slot, from.hardUntilWall.at(there), capacity);
  }

  vacate(slot: number): void {
    this.hitUntil[slot] = VACANT;
    if (!this.hasMore) return;
    this.freshUntil.vacate(slot);
    this.refreshAt.vacate(slot);
    this.hardUntil.vacate(slot);
    this.hardUntilWall.vacate(slot);
  }

  clear(): void {
    this.hitUntil.fill(VACANT);
    this.freshUntil.clear();
    this.refreshAt.clear();
    this.hardUntil.clear();
    this.hardUntilWall.clear();
    this.hasMore = false;
  }

  /** Whether there is an entry and it can serve no more. */
  isOver(slot: number, now: number, retainedFor: number): boolean {
    return now >= this.endOfFreshness(slot) + retainedFor || (this.hasMore && now >= this.hardUntil.at(slot));
  }

  private setMore(slot: number, { freshUntil, refreshAt = Infinity, hardUntil, hardUntilWall }: EntryTimes): void {
    const { capacity } = this;
    const hitUntil = hardUntil === Infinity ? Math.min(freshUntil, refreshAt) : -Infinity;
    this.hitUntil[slot] = hitUntil;
    this.freshUntil.set(slot, hitUntil === freshUntil ? VACANT : freshUntil, capacity);
    this.refreshAt.set(slot, refreshAt, capacity);
    this.hardUntil.set(slot, hardUntil, capacity);
    this.hardUntilWall.set(slot, hardUntilWall, capacity);
  }

  private endOfFreshness(slot: number): number {
    if (!this.hasMore) return this.hitUntil[slot] as number;
    const later = this.freshUntil.at(slot);
    return Number.isNaN(later) ? (this.hitUntil[slot] as number) : later;
  }
}
