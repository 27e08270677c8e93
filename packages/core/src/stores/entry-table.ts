import type { CacheKey } from '../algorithms/stable-key.js';
import type { EntrySlots, EvictionReason, MakeSlots } from './entry-slots.js';
import { EntryWeights } from './entry-weights.js';
import { lruSlots } from './evictions.js';

/** Times are monotonic milliseconds. */
export interface EntryTimes {
  /** When the load began that brought the value. */
  readonly startedAt: number;
  readonly freshUntil: number;
  /** The end of a lease: nothing is served after it. */
  readonly hardUntil: number;
  /** The same on the wall clock, since a suspended machine's monotonic clock may stand still. */
  readonly hardUntilWall: number;
}

export type DropReason = EvictionReason | 'bytes' | 'resize' | 'expired';
type Dropped = readonly [key: CacheKey, reason: DropReason];

const FIRST_CAPACITY = 16;
const GROWTH = 4;
/** Slots looked at per write: enough to stay ahead of the writes, few enough not to be felt. */
const SWEPT_PER_WRITE = 2;
const VACANT = Number.NaN;

/**
 * The entries of one cache: values in the order in which they would make room, times in typed arrays beside
 * them. Starts small and
 * grows to `maxSize`, so that a thousand instances with nearly empty caches cost little. Expired entries go when they are
 * met: at look-up, or by a cursor that visits a few slots at each write.
 */
export class EntryTable<Value = unknown> {
  private slots: EntrySlots<CacheKey, Value>;
  private freshUntil: Float64Array;
  private startedAt: Float64Array;
  /** Made with the first leased entry. */
  private hardUntil: Float64Array | undefined = undefined;
  private hardUntilWall: Float64Array | undefined = undefined;
  /** Settled promises of values that were hit, made with the first hit. */
  private promises: (Promise<Value> | undefined)[] | undefined = undefined;
  /** Made with the first entry that weighs something. */
  private weights: EntryWeights | undefined = undefined;
  private maxBytes = Infinity;
  private cursor = 0;
  private limit: number;
  private readonly onDrop: (key: CacheKey, reason: DropReason) => void;
  private makeSlots: MakeSlots;

  constructor(maxSize: number, onDrop: (key: CacheKey, reason: DropReason) => void, makeSlots: MakeSlots = lruSlots) {
    this.limit = maxSize;
    this.makeSlots = makeSlots;
    this.onDrop = onDrop;
    const capacity = Math.min(maxSize, FIRST_CAPACITY);
    this.slots = makeSlots(capacity, maxSize);
    this.freshUntil = new Float64Array(capacity).fill(VACANT);
    this.startedAt = new Float64Array(capacity);
  }

  get size(): number {
    return this.slots.size;
  }

  get maxSize(): number {
    return this.limit;
  }

  /** The slot of a key, or −1; fresh or not. Slots are valid until the next write. */
  find(key: CacheKey): number {
    return this.slots.find(key);
  }

  /**
   * The slot of a key whose entry is fresh, which counts as use; else −1. Leased entries are never answered
   * here: their end is judged by the exact clocks.
   */
  hit(key: CacheKey, now: number): number {
    const slot = this.slots.find(key);
    if (slot < 0 || !((this.freshUntil[slot] as number) > now)) return -1;
    if (this.hardUntil !== undefined && this.hardUntil[slot] !== Infinity) return -1;
    this.slots.promote(slot);
    return slot;
  }

  promote(slot: number): void {
    this.slots.promote(slot);
  }

  valueAt(slot: number): Value {
    return this.slots.valueAt(slot);
  }

  /** A settled promise of the value, kept for the next hit. */
  promiseAt(slot: number, make: (value: Value) => Promise<Value>): Promise<Value> {
    const promises = (this.promises ??= new Array<Promise<Value> | undefined>(this.slots.capacity));
    return (promises[slot] ??= make(this.slots.valueAt(slot)));
  }

  timesAt(slot: number): EntryTimes {
    return {
      startedAt: this.startedAt[slot] as number,
      freshUntil: this.freshUntil[slot] as number,
      hardUntil: this.hardUntil?.[slot] ?? Infinity,
      hardUntilWall: this.hardUntilWall?.[slot] ?? Infinity,
    };
  }

  /** `retainedFor`: how long past its freshness an entry may still serve. */
  put(
    key: CacheKey,
    value: Value,
    times: EntryTimes,
    sweep: { readonly now: number; readonly retainedFor: number },
    weight = 0,
  ): void {
    this.sweep(sweep.now, sweep.retainedFor);
    const tooHeavy = weight === 0 ? undefined : this.makeRoomFor(key, weight);
    const known = this.slots.find(key);
    const victim = known < 0 ? this.victimAfterGrowth() : -1;
    const evicted = victim < 0 ? undefined : this.slots.keyAt(victim);
    const reason = victim < 0 ? 'size' : this.slots.reasonFor(victim);
    let slot = known;
    if (known < 0) slot = this.slots.insert(key, value);
    else this.slots.replace(known, value);
    this.freshUntil[slot] = times.freshUntil;
    this.startedAt[slot] = times.startedAt;
    if (this.promises !== undefined) this.promises[slot] = undefined;
    if (times.hardUntil !== Infinity || this.hardUntil !== undefined) this.setLease(slot, times);
    this.weights?.set(slot, weight);
    // Told last: whoever hears of it may change the table.
    if (victim >= 0) this.onDrop(evicted, reason);
    if (tooHeavy !== undefined) this.tell(tooHeavy);
  }

  delete(key: CacheKey): boolean {
    const slot = this.slots.find(key);
    if (slot < 0) return false;
    this.slots.delete(key);
    this.vacate(slot);
    return true;
  }

  /** An entry that can serve no more goes, and its going is told. */
  expire(key: CacheKey): void {
    if (this.delete(key)) this.onDrop(key, 'expired');
  }

  clear(): void {
    this.slots.clear();
    this.freshUntil.fill(VACANT);
    this.hardUntil = undefined;
    this.hardUntilWall = undefined;
    this.promises = undefined;
    this.weights = undefined;
  }

  /** The keys, first those that would be kept longest: under LRU from the most recently used on. */
  keys(): CacheKey[] {
    return [...this.slots.slotsFromOldest()].reverse().map((slot) => this.slots.keyAt(slot));
  }

  /** Another bound: the entries beyond it that would make room first go. */
  resize(maxSize: number): void {
    if (maxSize === this.limit) return;
    this.limit = maxSize;
    if (this.slots.capacity <= maxSize) return;
    for (const dropped of this.rebuild(maxSize)) this.onDrop(dropped, 'resize');
  }

  /** What all entries weigh together. */
  get bytes(): number {
    return this.weights === undefined ? 0 : this.weights.total;
  }

  /** Another bound on what all entries weigh together; Infinity for none. */
  limitBytes(maxBytes: number): void {
    this.maxBytes = maxBytes;
    for (const [key] of this.lighten(maxBytes)) this.onDrop(key, 'resize');
  }

  /** Weighs all entries anew; those for which there is no weight go. */
  reweigh(weigh: (value: Value) => number | undefined): void {
    if (this.slots.size === 0) return;
    const weights = new EntryWeights(this.slots.capacity);
    const unweighable: CacheKey[] = [];
    for (const slot of this.slots.slotsFromOldest()) {
      const weight = weigh(this.slots.valueAt(slot));
      if (weight === undefined) unweighable.push(this.slots.keyAt(slot));
      else weights.set(slot, weight);
    }
    this.weights = weights;
    for (const key of unweighable) this.delete(key);
    for (const key of unweighable) this.onDrop(key, 'bytes');
  }

  /** Another eviction: entries are kept. */
  useSlots(makeSlots: MakeSlots): void {
    if (makeSlots === this.makeSlots) return;
    this.makeSlots = makeSlots;
    this.rebuild(this.slots.capacity);
  }

  /** What is about to be replaced by something that no longer fits goes as well: it comes again as a newcomer. */
  private makeRoomFor(key: CacheKey, weight: number): readonly Dropped[] {
    const weights = (this.weights ??= new EntryWeights(this.slots.capacity));
    const known = this.slots.find(key);
    if (weights.total + weight - (known < 0 ? 0 : weights.of(known)) <= this.maxBytes) return [];
    this.delete(key);
    return this.lighten(this.maxBytes - weight);
  }

  private tell(dropped: readonly Dropped[]): void {
    for (const [key, reason] of dropped) this.onDrop(key, reason);
  }

  /** Entries go until the others weigh no more than that. */
  private lighten(bytes: number): readonly Dropped[] {
    const dropped: Dropped[] = [];
    while (this.bytes > Math.max(0, bytes)) {
      const victim = this.slots.findWeakest();
      const key = this.slots.keyAt(victim);
      dropped.push([key, this.slots.reasonFor(victim) === 'admission' ? 'admission' : 'bytes']);
      this.slots.evict(victim);
      this.vacate(victim);
    }
    return dropped;
  }

  /** The slot that a new key will take from another one; −1 where there is room, or room can be made. */
  private victimAfterGrowth(): number {
    const { slots } = this;
    if (slots.size === slots.capacity && slots.capacity < this.limit) {
      this.rebuild(Math.min(this.limit, slots.capacity * GROWTH));
    }
    return this.slots.nextVictim;
  }

  /** Copies the entries, first those that would make room first, into arrays of another length; returns the keys beyond it. */
  private rebuild(capacity: number): CacheKey[] {
    const { slots, freshUntil, startedAt, hardUntil, hardUntilWall, promises, weights } = this;
    this.slots = this.makeSlots(capacity, this.limit, slots);
    this.freshUntil = new Float64Array(capacity).fill(VACANT);
    this.startedAt = new Float64Array(capacity);
    this.hardUntil = hardUntil && new Float64Array(capacity).fill(Infinity);
    this.hardUntilWall = hardUntilWall && new Float64Array(capacity).fill(Infinity);
    this.promises = promises && new Array<Promise<Value> | undefined>(capacity);
    this.weights = weights && new EntryWeights(capacity);
    this.cursor = 0;
    const dropped: CacheKey[] = [];
    const excess = slots.size - capacity;
    for (const old of slots.slotsFromOldest()) {
      const key = slots.keyAt(old);
      if (dropped.length < excess) {
        dropped.push(key);
        continue;
      }
      const slot = this.slots.take(slots, old);
      if (weights !== undefined) this.weights?.set(slot, weights.of(old));
      this.freshUntil[slot] = freshUntil[old] as number;
      this.startedAt[slot] = startedAt[old] as number;
      if (hardUntil !== undefined) (this.hardUntil as Float64Array)[slot] = hardUntil[old] as number;
      if (hardUntilWall !== undefined) (this.hardUntilWall as Float64Array)[slot] = hardUntilWall[old] as number;
      if (promises !== undefined) (this.promises as (Promise<Value> | undefined)[])[slot] = promises[old];
    }
    return dropped;
  }

  private setLease(slot: number, { hardUntil, hardUntilWall }: EntryTimes): void {
    const { capacity } = this.slots;
    this.hardUntil ??= new Float64Array(capacity).fill(Infinity);
    this.hardUntilWall ??= new Float64Array(capacity).fill(Infinity);
    this.hardUntil[slot] = hardUntil;
    this.hardUntilWall[slot] = hardUntilWall;
  }

  private vacate(slot: number): void {
    this.freshUntil[slot] = VACANT;
    this.weights?.set(slot, 0);
    if (this.promises !== undefined) this.promises[slot] = undefined;
    if (this.hardUntil !== undefined) this.hardUntil[slot] = Infinity;
    if (this.hardUntilWall !== undefined) this.hardUntilWall[slot] = Infinity;
  }

  private sweep(now: number, retainedFor: number): void {
    for (let visited = 0; visited < SWEPT_PER_WRITE; visited++) {
      const cursor = this.cursor + 1 < this.slots.capacity ? this.cursor + 1 : 0;
      this.cursor = cursor;
      // A vacant slot is past no time: every comparison with NaN is false.
      const isOver =
        now >= (this.freshUntil[cursor] as number) + retainedFor ||
        (this.hardUntil !== undefined && now >= (this.hardUntil[cursor] as number));
      if (isOver) this.expire(this.slots.keyAt(cursor));
    }
  }
}
