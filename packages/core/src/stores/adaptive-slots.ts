import { FrequencySketch } from '../algorithms/frequency-sketch.js';
import type { KeyedHash } from '../algorithms/keyed-hash.js';
import { SegmentedLru } from '../algorithms/segmented-lru.js';
import type { CacheKey } from '../algorithms/stable-key.js';
import { FIRST_SHARE, WindowTuner } from '../algorithms/window-tuner.js';
import type { EntrySlots, EvictionReason } from './entry-slots.js';

const MOST = 15;
const SAMPLED = 16;
const BYTES_PER_WORD = 4;
/** The same in each byte of a word. */
const HALVED_COUNTS = 0x07070707;
const SAMPLES = 0x10101010;
/** Another bound has changed the number of entries by more than an eighth: time to follow. */
const SLACK = 8;
/** After as many uses for each entry all counts are halved. */
const USES_PER_ENTRY = 16;

/**
 * Entries under W-TinyLFU with a window that adapts: who has to go is decided by how often a key was used lately, as far
 * as the load rewards that, and by how lately where it rewards that.
 *
 * A newcomer enters the window. When that is over its size, its oldest entry stands for election against the weakest of
 * the main region; the one used less often goes (`SegmentedLru`). The window's size is chosen by miniature simulation
 * (`WindowTuner`), from 1 % to the whole cache, where the order is that of LRU.
 *
 * How often: an entry's uses are counted exactly, in four bits beside it. Only when it goes are they handed to a sketch
 * for all keys that are not there (`FrequencySketch`), and when its key comes again they are taken from it. So a hit costs
 * one increment, needs no hash, and never suffers from collisions. After `USES_PER_ENTRY` uses for each entry all counts
 * are halved, those of the entries and those of the sketch: what was popular yesterday makes room.
 *
 * Invariants: every entry's slot is in one list of the order and no other slot is; a count is at most 15; nothing grows
 * with use: all arrays have the length of the capacity, the sketch less than twice as many words as there are entries, and the
 * tuner's small caches have 128 entries at most. While the table grows there is neither sketch nor tuner.
 *
 * Hashes are keyed, so that nobody who chooses keys can make his own look popular by collisions.
 *
 * Sources: Einziger, Friedman and Manes, TinyLFU: a highly efficient cache admission policy (2017); Einziger, Eytan,
 * Friedman and Manes, Adaptive software cache management (2018).
 *
 * Traps: a newcomer must not be refused at once, or nothing new ever gets in after the load has changed; a candidate
 * counts the use that brought it, so a tie by one is no win (`MARGIN` of `SegmentedLru`); a loop over more than
 * `USES_PER_ENTRY` times the entries is forgotten before it comes round, and is hit no more than under LRU.
 */
export class AdaptiveSlots<Value> implements EntrySlots<CacheKey, Value> {
  readonly capacity: number;
  /** The slot of each key. */
  private readonly slots = new Map<CacheKey, number>();
  private readonly keys: CacheKey[];
  private readonly values: (Value | undefined)[];
  private readonly order: SegmentedLru;
  private readonly hash: KeyedHash;
  private readonly hashes: Int32Array;
  /** How often each slot was used, in the lower bits, and whether its key belongs to the tuner's sample. */
  private readonly marks: Uint8Array;
  /** Slots that deletions left empty, `freed` of them. */
  private readonly free: Uint32Array;
  private freed = 0;
  private tuner: WindowTuner | undefined;
  private sketch: FrequencySketch | undefined = undefined;
  /** How many entries there are room for: fewer than slots where there is another bound. */
  private entries: number;
  /** How many the tuner was made for. */
  private rehearsed: number;
  private uses = 0;
  private readonly frequencyOf = (slot: number): number => (this.marks[slot] as number) & MOST;

  /** @param isFinal whether the capacity will not grow. @param share of the window to begin with. */
  constructor(
    capacity: number,
    { hash, isFinal, share }: { readonly hash: KeyedHash; readonly isFinal: boolean; readonly share?: number },
  ) {
    this.capacity = capacity;
    this.hash = hash;
    this.tuner = isFinal ? new WindowTuner(capacity, share) : undefined;
    this.order = new SegmentedLru(capacity, this.share);
    this.entries = capacity;
    this.rehearsed = capacity;
    this.keys = new Array<CacheKey>(capacity);
    this.values = new Array<Value | undefined>(capacity);
    this.hashes = new Int32Array(capacity);
    this.marks = new Uint8Array(Math.ceil(capacity / BYTES_PER_WORD) * BYTES_PER_WORD);
    this.free = new Uint32Array(capacity);
  }

  get size(): number {
    return this.slots.size;
  }

  /** Of the window, as a share of the capacity. */
  get share(): number {
    return this.tuner?.share ?? FIRST_SHARE;
  }

  find(key: CacheKey): number {
    const slot = this.slots.get(key);
    return slot === undefined ? -1 : slot;
  }

  keyAt(slot: number): CacheKey {
    return this.keys[slot];
  }

  valueAt(slot: number): Value {
    return this.values[slot] as Value;
  }

  promote(slot: number): void {
    const mark = this.marks[slot] as number;
    if ((mark & MOST) < MOST) this.marks[slot] = mark + 1;
    this.order.use(slot);
    this.countUse(slot, mark, true);
  }

  replace(slot: number, value: Value): void {
    this.values[slot] = value;
    this.promote(slot);
  }

  get nextVictim(): number {
    return this.slots.size < this.capacity ? -1 : this.order.victim(this.frequencyOf);
  }

  findWeakest(): number {
    const { size } = this.slots;
    if (Math.abs(size - this.entries) * SLACK > this.entries) this.fit(size);
    return this.order.victim(this.frequencyOf);
  }

  evict(victim: number): void {
    this.order.evict(victim);
    this.vacate(victim);
  }

  reasonFor(victim: number): EvictionReason {
    return this.order.isRefused(victim) ? 'admission' : 'size';
  }

  insert(key: CacheKey, value: Value): number {
    const slot = this.vacantSlot();
    const hash = this.hash.of(key);
    const frequency = this.sketch === undefined ? 1 : this.sketch.increment(hash);
    this.fill(slot, key, value);
    this.mark(slot, hash, frequency);
    this.order.enter(slot);
    this.countUse(slot, this.marks[slot] as number, false);
    return slot;
  }

  take(source: EntrySlots<CacheKey, Value>, from: number): number {
    const key = source.keyAt(from);
    if (!(source instanceof AdaptiveSlots)) return this.insert(key, source.valueAt(from));
    const slot = this.vacantSlot();
    this.fill(slot, key, source.valueAt(from));
    this.mark(slot, source.hashes[from] as number, source.frequencyOf(from));
    this.order.enterAs(source.order.segmentOf(from), slot);
    if ((this.marks[slot] as number) >= SAMPLED) this.tuner?.record(this.hashes[slot] as number, true);
    return slot;
  }

  delete(key: CacheKey): boolean {
    const slot = this.slots.get(key);
    if (slot === undefined) return false;
    if ((this.marks[slot] as number) >= SAMPLED) this.tuner?.forget(this.hashes[slot] as number);
    this.order.leave(slot);
    this.vacate(slot);
    return true;
  }

  clear(): void {
    this.slots.clear();
    this.keys.fill(undefined);
    this.values.fill(undefined);
    this.order.clear();
    this.freed = 0;
    this.sketch = undefined;
  }

  slotsFromOldest(): Iterable<number> {
    return this.order.weakestFirst();
  }

  private fill(slot: number, key: CacheKey, value: Value): void {
    this.slots.set(key, slot);
    this.keys[slot] = key;
    this.values[slot] = value;
  }

  private mark(slot: number, hash: number, frequency: number): void {
    this.hashes[slot] = hash;
    this.marks[slot] = this.tuner?.samples(hash) === true ? frequency | SAMPLED : frequency;
  }

  private vacantSlot(): number {
    const { size } = this.slots;
    if (size === this.capacity) {
      if (this.entries !== size) this.fit(size);
      const victim = this.order.evict(this.order.victim(this.frequencyOf));
      this.forget(victim);
      return victim;
    }
    // Where nothing was deleted, the first slots are in use.
    if (this.freed === 0) return size;
    this.freed -= 1;
    return this.free[this.freed] as number;
  }

  private vacate(slot: number): void {
    this.forget(slot);
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    this.free[this.freed] = slot;
    this.freed += 1;
  }

  /** The key goes; how often it was used is remembered as long as the sketch does. */
  private forget(slot: number): void {
    this.slots.delete(this.keys[slot]);
    this.sketch ??= new FrequencySketch(this.capacity);
    this.sketch.raise(this.hashes[slot] as number, this.frequencyOf(slot));
  }

  private countUse(slot: number, mark: number, wasHit: boolean): void {
    if (++this.uses >= this.entries * USES_PER_ENTRY) this.age();
    if (mark >= SAMPLED) this.rehearse(this.hashes[slot] as number, wasHit);
  }

  private rehearse(hash: number, wasHit: boolean): void {
    const { tuner, order } = this;
    const verdict = tuner?.record(hash, wasHit);
    if (verdict === 'another share') order.setWindow(this.share, this.entries);
    if (verdict === 'behind')
      for (const slot of this.slots.values())
        if (order.isInMainRegion(slot)) this.marks[slot] = (this.marks[slot] as number) & SAMPLED;
  }

  /** There is room for another number of entries than before: the window, and what rehearses it, follow. */
  private fit(entries: number): void {
    this.entries = entries;
    this.order.setWindow(this.share, entries);
    if (Math.max(entries, this.rehearsed) < 2 * Math.min(entries, this.rehearsed)) return;
    this.rehearsed = entries;
    this.tuner = new WindowTuner(entries, this.share);
    for (const slot of this.slots.values()) this.mark(slot, this.hashes[slot] as number, this.frequencyOf(slot));
  }

  private age(): void {
    this.uses = 0;
    this.sketch?.halve();
    const words = new Uint32Array(this.marks.buffer);
    for (let index = 0; index < words.length; index++) {
      const word = words[index] as number;
      words[index] = ((word >>> 1) & HALVED_COUNTS) | (word & SAMPLES);
    }
  }
}
