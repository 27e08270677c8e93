import { FrequencySketch } from './frequency-sketch.js';
import { SegmentedLru } from './segmented-lru.js';

/** Of the window. The first is the best for loops and for what is used often, the last is LRU itself. */
const SHARES: readonly number[] = [0.01, 0.2, 0.6, 1];
/** Of the window, before anything is known of the load. */
export const FIRST_SHARE = 0.01;
/** Entries of the small caches. */
const SMALLEST_SIZE = 8;
const USUAL_SIZE = 64;
const LARGEST_SIZE = 512;
/** One key in `2 ** shift` belongs to the sample. */
const USUAL_SHIFT = 3;
const LARGE_SHIFT = 6;
const WORD_BITS = 32;
const SCRAMBLE = 0x85ebca6b;
/** In accesses for each entry. */
const SPAN = 2;
/** After as many spans evidence counts half. */
const SPANS_OF_EVIDENCE = 4;
/** After as many spans frequencies count half. */
const SPANS_OF_COUNTING = 8;
const SKETCH_KEYS_PER_ENTRY = 4;
/** In standard deviations. */
const CERTAINTY = 3;
const FEWEST_HITS_AHEAD = 2;

/** What the owner has to do: nothing, take `share`, or forget how often the entries of the main region were used. */
export type Verdict = 'as before' | 'another share' | 'behind';

/**
 * Chooses the size of a cache's window by miniature simulation: a few small caches without values, one for each size in
 * question, are given a sample of the keys, a share as large as theirs of the real cache's capacity. What hits most in
 * small is what hits most in large.
 *
 * Why a choice is needed: a small window keeps loops and what is used often from being washed out, a large one keeps what
 * is used again soon, and each loses everything on the other's load. Climbing by trial in the real cache takes ten times
 * its capacity per step, pays for each wrong step and stops on local heights; here all sizes run side by side.
 *
 * Which one is better is a paired test (McNemar, 1947): only accesses count on which two caches differ. Another window is
 * taken when its lead is more than `CERTAINTY` standard deviations of what such accesses give by chance. So clear cases
 * are decided within some dozen accesses, and unclear ones never flap. Evidence halves at intervals: loads change.
 *
 * Sources: Waldspurger, Saemundsson, Ahmad and Park, Cache modeling and optimization using miniature simulations (2017);
 * Einziger, Eytan, Friedman and Manes, Adaptive software cache management (2018).
 *
 * The same comparison tells when the real cache, unlike its small image, is stuck with entries that nobody asks for any
 * more: its owner then has to forget their merits.
 *
 * Traps: sampling is by key, never by access, or the small caches would see another load; it takes other bits of the hash
 * than the sketch does, or the sampled keys would share their counters.
 */
export class WindowTuner {
  private readonly contenders: readonly Contender[];
  private inForce: Contender;
  private readonly sketch: FrequencySketch;
  private readonly shift: number;
  /** Entries of each small cache. */
  private readonly size: number;
  /** A number for each key that any of the small caches holds, which stands for it in their orders. */
  private readonly numbers = new Map<number, number>();
  private readonly hashes: Int32Array;
  /** In how many of the small caches each is. */
  private readonly holders: Uint8Array;
  private readonly free: number[] = [];
  private readonly span: number;
  private accesses = 0;
  /** While the small caches fill for the first time, all of them hold the same. */
  private isFair = false;
  /** By how many hits the real cache is behind the one that rehearses its window, in this span. */
  private behind = 0;
  private readonly frequencyOf = (number: number): number => this.sketch.estimate(this.hashes[number] as number);

  /** @param capacity of the real cache. @param share of the window to begin with, one that a tuner has chosen. */
  constructor(capacity: number, share: number = FIRST_SHARE) {
    this.shift = sampleShift(capacity);
    this.size = Math.max(1, Math.round(capacity / 2 ** this.shift));
    // One more than they can hold: a newcomer has its number before another key has lost it.
    const most = this.size * SHARES.length + 1;
    this.hashes = new Int32Array(most);
    this.holders = new Uint8Array(most);
    this.contenders = SHARES.map((each) => new Contender(each, { keys: most, size: this.size }));
    this.inForce = (this.contenders.find((each) => each.share === share) ?? this.contenders[0]) as Contender;
    this.sketch = new FrequencySketch(this.size * SKETCH_KEYS_PER_ENTRY);
    this.span = this.size * SPAN;
  }

  /** Of the capacity, 0..1. */
  get share(): number {
    return this.inForce.share;
  }

  /** Whether the key with this hash is one of the sample. */
  samples(hash: number): boolean {
    return this.shift === 0 || Math.imul(hash, SCRAMBLE) >>> (WORD_BITS - this.shift) === 0;
  }

  /** A key of the sample was used, and was in the real cache or not. */
  record(hash: number, wasHit: boolean): Verdict {
    const { isFair } = this;
    this.isFair ||= this.inForce.held === this.size;
    this.sketch.increment(hash);
    const number = this.numbers.get(hash) ?? this.numberFor(hash);
    for (const contender of this.contenders) this.use(contender, number);
    this.accesses += 1;
    if (this.accesses % this.span === 0) this.endSpan();
    if (!isFair) return 'as before';
    if (this.compare()) return 'another share';
    return this.isBehind(wasHit) ? 'behind' : 'as before';
  }

  /** A key of the sample has left the real cache for another reason than room: it expired, or its value was wrong. */
  forget(hash: number): void {
    const number = this.numbers.get(hash);
    if (number === undefined) return;
    for (const contender of this.contenders) {
      if (!contender.order.holds(number)) continue;
      contender.order.leave(number);
      contender.held -= 1;
      this.release(number);
    }
  }

  private numberFor(hash: number): number {
    const number = this.free.pop() ?? this.numbers.size;
    this.numbers.set(hash, number);
    this.hashes[number] = hash;
    return number;
  }

  private use(contender: Contender, number: number): void {
    const { order } = contender;
    contender.isHit = order.holds(number);
    if (contender.isHit) return order.use(number);
    if (contender.held === this.size) this.release(order.evict(order.victim(this.frequencyOf)));
    else contender.held += 1;
    order.enter(number);
    this.holders[number] = (this.holders[number] as number) + 1;
  }

  private release(number: number): void {
    const left = (this.holders[number] as number) - 1;
    this.holders[number] = left;
    if (left > 0) return;
    this.numbers.delete(this.hashes[number] as number);
    this.free.push(number);
  }

  /** Whether the real cache misses most of what it hits in small: then what it holds is there for old merits. */
  private isBehind(wasHit: boolean): boolean {
    if (wasHit !== this.inForce.isHit) this.behind += wasHit ? -1 : 1;
    if (this.behind * 2 < this.span) return false;
    this.behind = 0;
    return true;
  }

  private compare(): boolean {
    const { inForce } = this;
    let best = inForce;
    for (const contender of this.contenders) {
      if (contender.isHit === inForce.isHit) continue;
      contender.lead += contender.isHit ? 1 : -1;
      contender.differences += 1;
      if (contender.isProved && contender.lead > best.lead) best = contender;
    }
    if (best === inForce) return false;
    this.choose(best);
    return true;
  }

  /** The evidence is kept, as seen from the new one: what it has just beaten does not come back by chance. */
  private choose(best: Contender): void {
    const { lead, differences } = best;
    for (const contender of this.contenders) {
      contender.lead = Math.min(0, contender.lead - lead);
      contender.differences = Math.max(differences, contender.differences);
    }
    this.inForce = best;
  }

  private endSpan(): void {
    this.behind = 0;
    if (this.accesses % (this.span * SPANS_OF_EVIDENCE) === 0)
      for (const contender of this.contenders) {
        contender.lead /= 2;
        contender.differences /= 2;
      }
    if (this.accesses < this.span * SPANS_OF_COUNTING) return;
    this.accesses = 0;
    this.sketch.halve();
  }
}

/** A window size that could be in force, the small cache that rehearses it, and the evidence for it. */
class Contender {
  readonly share: number;
  readonly order: SegmentedLru;
  /** Keys in the small cache. */
  held = 0;
  isHit = false;
  /** By how many hits it is ahead of the one in force. */
  lead = 0;
  /** On how many accesses the two differed. */
  differences = 0;

  constructor(share: number, { keys, size }: { readonly keys: number; readonly size: number }) {
    this.share = share;
    this.order = new SegmentedLru(keys, share);
    this.order.setWindow(share, size);
  }

  get isProved(): boolean {
    return this.lead > FEWEST_HITS_AHEAD + CERTAINTY * Math.sqrt(this.differences);
  }
}

/** One key in eight where that leaves a few entries; in large caches fewer, down to one in 64 as long as that is enough. */
const sampleShift = (capacity: number): number => {
  let shift = 0;
  while (capacity >= 2 * fewestAt(shift) * 2 ** shift) shift += 1;
  return shift;
};

/** The size below which the small caches are not made by sampling less often than one key in `2 ** shift`. */
const fewestAt = (shift: number): number => {
  if (shift < USUAL_SHIFT) return SMALLEST_SIZE;
  return shift < LARGE_SHIFT ? USUAL_SIZE : LARGEST_SIZE;
};
