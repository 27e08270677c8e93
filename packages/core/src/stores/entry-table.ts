import type { CacheKey } from '../algorithms/stable-key.js';
import { EntryTimeColumns, type EntryTimes } from './entry-times.js';
import { LruSlots } from './lru.js';

export type { EntryTimes } from './entry-times.js';

export type DropReason = 'size' | 'resize' | 'expired';

const FIRST_CAPACITY = 16;
const GROWTH = 4;
/** Slots looked at per write: enough to stay ahead of the writes, few enough not to be felt. */
const SWEPT_PER_WRITE = 2;

/**
 * The entries of one cache: values in least-recently-used order, times in typed arrays beside them. Starts small and
 * grows to `maxSize`, so that a thousand instances with nearly empty caches cost little. Expired entries go when they are
 * met: at look-up, or by a cursor that visits a few slots at each write.
 */
export class EntryTable<Value = unknown> {
  private slots: LruSlots<CacheKey, Value>;
  private times: EntryTimeColumns;
  /** Settled promises of values that were hit, made with the first hit. */
  private promises: (Promise<Value> | undefined)[] | undefined = undefined;
  private cursor = 0;
  private limit: number;
  private readonly onDrop: (key: CacheKey, reason: DropReason) => void;

  constructor(maxSize: number, onDrop: (key: CacheKey, reason: DropReason) => void) {
    this.limit = maxSize;
    this.onDrop = onDrop;
    const capacity = Math.min(maxSize, FIRST_CAPACITY);
    this.slots = new LruSlots(capacity);
    this.times = new EntryTimeColumns(capacity);
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

  /** The slot of a key whose entry is fresh and asks for nothing more, now the most recently used one; else −1. */
  hit(key: CacheKey, now: number): number {
    const slot = this.slots.find(key);
    if (slot < 0 || !((this.times.hitUntil[slot] as number) > now)) return -1;
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

  timesAt(slot: number): Required<EntryTimes> {
    return this.times.at(slot);
  }

  /** `retainedFor`: how long past its freshness an entry may still serve. */
  put(
    key: CacheKey,
    value: Value,
    times: EntryTimes,
    sweep: { readonly now: number; readonly retainedFor: number },
  ): void {
    this.sweep(sweep.now, sweep.retainedFor);
    const known = this.slots.find(key);
    const victim = known < 0 ? this.victimAfterGrowth() : -1;
    const evicted = victim < 0 ? undefined : this.slots.keyAt(victim);
    let slot = known;
    if (known < 0) slot = this.slots.insert(key, value);
    else this.slots.replace(known, value);
    this.times.set(slot, times);
    if (this.promises !== undefined) this.promises[slot] = undefined;
    // Told last: whoever hears of it may change the table.
    if (victim >= 0) this.onDrop(evicted, 'size');
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
    this.times.clear();
    this.promises = undefined;
  }

  /** Keys from the most recently used on. */
  keys(): CacheKey[] {
    return [...this.slots.slotsFromOldest()].reverse().map((slot) => this.slots.keyAt(slot));
  }

  /** Another bound: the least recently used entries beyond it go. */
  resize(maxSize: number): void {
    if (maxSize === this.limit) return;
    this.limit = maxSize;
    if (this.slots.capacity <= maxSize) return;
    for (const dropped of this.rebuild(maxSize)) this.onDrop(dropped, 'resize');
  }

  /** The slot that a new key will take from another one; −1 where there is room, or room can be made. */
  private victimAfterGrowth(): number {
    const { slots } = this;
    if (slots.size === slots.capacity && slots.capacity < this.limit) {
      this.rebuild(Math.min(this.limit, slots.capacity * GROWTH));
    }
    return this.slots.nextVictim;
  }

  /** Copies the entries, least recently used first, into arrays of another length; returns the keys beyond it. */
  private rebuild(capacity: number): CacheKey[] {
    const { slots, times, promises } = this;
    this.slots = new LruSlots(capacity);
    this.times = new EntryTimeColumns(capacity);
    this.promises = promises && new Array<Promise<Value> | undefined>(capacity);
    this.cursor = 0;
    const dropped: CacheKey[] = [];
    const excess = slots.size - capacity;
    for (const old of slots.slotsFromOldest()) {
      const key = slots.keyAt(old);
      if (dropped.length < excess) {
        dropped.push(key);
        continue;
      }
      const slot = this.slots.insert(key, slots.valueAt(old));
      this.times.copy(slot, times, old);
      if (promises !== undefined) (this.promises as (Promise<Value> | undefined)[])[slot] = promises[old];
    }
    return dropped;
  }

  private vacate(slot: number): void {
    this.times.vacate(slot);
    if (this.promises !== undefined) this.promises[slot] = undefined;
  }

  private sweep(now: number, retainedFor: number): void {
    for (let visited = 0; visited < SWEPT_PER_WRITE; visited++) {
      const cursor = this.cursor + 1 < this.slots.capacity ? this.cursor + 1 : 0;
      this.cursor = cursor;
      if (this.times.isOver(cursor, now, retainedFor)) this.expire(this.slots.keyAt(cursor));
    }
  }
}
