import type { CacheKey } from '../algorithms/stable-key.js';
import type { Dropped, Gone } from './drop-reason.js';
import type { EntrySlots, EvictionReason, MakeSlots } from './entry-slots.js';
import { EntryTimeColumns, type EntryTimes } from './entry-times.js';
import { EntryWeights, weighAll } from './entry-weights.js';
import { lruSlots } from './evictions.js';
import { EntryMark } from './tag-stamps.js';

export type { DropReason, Gone } from './drop-reason.js';
export type { EntryTimes } from './entry-times.js';

export interface Put {
  readonly now: number;
  /** How long past its freshness an entry may still serve. */
  readonly retainedFor: number;
  /** For an entry that can be invalidated by tags. */
  readonly mark?: EntryMark | undefined;
  /** In bytes, where values are weighed. */
  readonly weight?: number | undefined;
}

const FIRST_CAPACITY = 16;
const GROWTH = 4;
/** Slots looked at per write: enough to stay ahead of the writes, few enough not to be felt. */
const SWEPT_PER_WRITE = 2;

/**
 * The entries of one cache: values in the order in which they would make room, times in typed arrays beside them. Starts
 * small and grows to `maxSize`, so that a thousand instances with nearly empty caches cost little. Expired entries go
 * when they are met: at look-up, or by a cursor that visits a few slots at each write.
 */
export class EntryTable<Value = unknown> {
  private slots: EntrySlots<CacheKey, Value>;
  private times: EntryTimeColumns;
  /** Made with the first entry that has tags, or has been expired by hand. */
  private marks: (EntryMark | undefined)[] | undefined = undefined;
  /** Settled promises of values that were hit, made with the first hit. */
  private promises: (Promise<Value> | undefined)[] | undefined = undefined;
  /** Made with the first entry that weighs something. */
  private weights: EntryWeights | undefined = undefined;
  private maxBytes = Infinity;
  private cursor = 0;
  private limit: number;
  private readonly onDrop: (key: CacheKey, reason: Gone) => void;
  private makeSlots: MakeSlots;

  constructor(maxSize: number, onDrop: (key: CacheKey, reason: Gone) => void, makeSlots: MakeSlots = lruSlots) {
    this.limit = maxSize;
    this.makeSlots = makeSlots;
    this.onDrop = onDrop;
    const capacity = Math.min(maxSize, FIRST_CAPACITY);
    this.slots = makeSlots(capacity, maxSize);
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
    const slot = this.slots.find(key);
    return slot >= 0 && this.marks !== undefined && this.isRemoved(slot) ? this.purgeSlot(slot) : slot;
  }

  /** The slot of a key whose entry is fresh and asks for nothing more, which counts as use; else −1. */
  hit(key: CacheKey, now: number): number {
    const slot = this.slots.find(key);
    if (slot < 0 || !((this.times.hitUntil[slot] as number) > now)) return -1;
    if (this.marks !== undefined && this.marks[slot]?.isChanged === true) return -1;
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
    const times = this.times.at(slot);
    const mark = this.marks?.[slot];
    return mark === undefined ? times : { ...times, freshUntil: Math.min(times.freshUntil, mark.expiredAt) };
  }

  /** The tags of an entry. */
  tagsAt(slot: number): readonly string[] | undefined {
    return this.marks?.[slot]?.tags.map(({ name }) => name);
  }

  put(key: CacheKey, value: Value, times: EntryTimes, { now, retainedFor, mark, weight = 0 }: Put): void {
    this.sweep(now, retainedFor);
    const tooHeavy = weight === 0 ? undefined : this.makeRoomFor(key, weight);
    const known = this.slots.find(key);
    const victim = known < 0 ? this.victimAfterGrowth() : -1;
    const evicted = victim < 0 ? undefined : this.slots.keyAt(victim);
    const reason = victim < 0 ? 'size' : this.reasonFor(victim);
    let slot = known;
    if (known < 0) slot = this.slots.insert(key, value);
    else this.slots.replace(known, value);
    this.times.set(slot, times);
    if (this.promises !== undefined) this.promises[slot] = undefined;
    this.weights?.set(slot, weight);
    if (mark !== undefined || this.marks !== undefined) this.setMark(slot, mark);
    // Told last: whoever hears of it may change the table.
    if (victim >= 0) this.onDrop(evicted, reason);
    if (tooHeavy !== undefined) for (const [heavy, why] of tooHeavy) this.onDrop(heavy, why);
  }

  delete(key: CacheKey): boolean {
    const slot = this.slots.find(key);
    if (slot < 0) return false;
    const wasThere = !this.isRemoved(slot);
    this.slots.delete(key);
    this.vacate(slot);
    return wasThere;
  }

  /** An entry that can serve no more goes, and its going is told. */
  expire(key: CacheKey): void {
    if (this.slots.find(key) >= 0) this.onDrop(key, this.delete(key) ? 'expired' : 'invalidated');
  }

  /** The entry is not fresh from now on: its windows count from here, where they would not end earlier anyway. */
  outdate(slot: number, now: number): void {
    const marks = (this.marks ??= new Array<EntryMark | undefined>(this.slots.capacity));
    (marks[slot] ??= new EntryMark()).expire(now);
  }

  /** Lets go of all entries that have been invalidated and not been met since. */
  purge(): void {
    if (this.marks === undefined) return;
    const removed = [...this.slots.slotsFromOldest()].filter((slot) => this.isRemoved(slot));
    for (const slot of removed) this.purgeSlot(slot);
  }

  clear(): void {
    this.slots.clear();
    this.times.clear();
    this.marks = undefined;
    this.promises = undefined;
    this.weights = undefined;
  }

  /** The keys, first those that would be kept longest: under LRU from the most recently used on. */
  keys(): CacheKey[] {
    this.purge();
    return [...this.slots.slotsFromOldest()].reverse().map((slot) => this.slots.keyAt(slot));
  }

  /** Another bound: the entries beyond it that would make room first go. */
  resize(maxSize: number): void {
    if (maxSize === this.limit) return;
    this.limit = maxSize;
    if (this.slots.capacity <= maxSize) return;
    this.purge();
    for (const dropped of this.rebuild(maxSize)) this.onDrop(dropped, 'resize');
  }

  /** What all entries weigh together. */
  get bytes(): number {
    return this.weights === undefined ? 0 : this.weights.total;
  }

  /** Another bound on what all entries weigh together; Infinity for none. */
  limitBytes(maxBytes: number): void {
    this.maxBytes = maxBytes;
    for (const [key, reason] of this.lighten(maxBytes)) this.onDrop(key, reason === 'invalidated' ? reason : 'resize');
  }

  /** Weighs all entries anew; those for which there is no weight go. */
  reweigh(weigh: (value: Value) => number | undefined): void {
    if (this.slots.size === 0) return;
    const { weights, unweighable } = weighAll(this.slots, weigh);
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

  private reasonFor(victim: number): EvictionReason | 'invalidated' {
    return this.isRemoved(victim) ? 'invalidated' : this.slots.reasonFor(victim);
  }

  /** Entries go until the others weigh no more than that. */
  private lighten(bytes: number): readonly Dropped[] {
    const dropped: Dropped[] = [];
    while (this.bytes > Math.max(0, bytes)) {
      const victim = this.slots.findWeakest();
      const reason = this.reasonFor(victim);
      dropped.push([this.slots.keyAt(victim), reason === 'size' ? 'bytes' : reason]);
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
    const { slots, times, marks, promises, weights } = this;
    this.slots = this.makeSlots(capacity, this.limit, slots);
    this.times = new EntryTimeColumns(capacity);
    this.marks = marks && new Array<EntryMark | undefined>(capacity);
    this.promises = promises && new Array<Promise<Value> | undefined>(capacity);
    this.weights = weights && new EntryWeights(capacity);
    this.cursor = 0;
    const dropped: CacheKey[] = [];
    const excess = slots.size - capacity;
    for (const old of slots.slotsFromOldest()) {
      const key = slots.keyAt(old);
      if (dropped.length < excess) {
        dropped.push(key);
        marks?.[old]?.release();
        continue;
      }
      const slot = this.slots.take(slots, old);
      if (weights !== undefined) this.weights?.set(slot, weights.of(old));
      this.times.copy(slot, times, old);
      if (marks !== undefined) (this.marks as (EntryMark | undefined)[])[slot] = marks[old];
      if (promises !== undefined) (this.promises as (Promise<Value> | undefined)[])[slot] = promises[old];
    }
    return dropped;
  }

  private setMark(slot: number, mark: EntryMark | undefined): void {
    const marks = (this.marks ??= new Array<EntryMark | undefined>(this.slots.capacity));
    // That of the value before, or of the entry that lost the slot.
    marks[slot]?.release();
    marks[slot] = mark;
  }

  private isRemoved(slot: number): boolean {
    return this.marks?.[slot]?.isRemoved === true;
  }

  private purgeSlot(slot: number): number {
    const key = this.slots.keyAt(slot);
    this.delete(key);
    this.onDrop(key, 'invalidated');
    return -1;
  }

  private vacate(slot: number): void {
    this.times.vacate(slot);
    this.weights?.set(slot, 0);
    if (this.marks !== undefined) this.setMark(slot, undefined);
    if (this.promises !== undefined) this.promises[slot] = undefined;
  }

  private isOver(slot: number, now: number, retainedFor: number): boolean {
    const mark = this.marks?.[slot];
    if (mark !== undefined && (mark.isRemoved || now >= mark.expiredAt + retainedFor)) return true;
    return this.times.isOver(slot, now, retainedFor);
  }

  private sweep(now: number, retainedFor: number): void {
    for (let visited = 0; visited < SWEPT_PER_WRITE; visited++) {
      const cursor = this.cursor + 1 < this.slots.capacity ? this.cursor + 1 : 0;
      this.cursor = cursor;
      if (this.isOver(cursor, now, retainedFor)) this.expire(this.slots.keyAt(cursor));
    }
  }
}
