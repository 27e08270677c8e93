/**
 * A sliding window remembers the completed calls of the recent past and keeps their sums up to date, so that a rate is
 * read without walking over the calls.
 *
 * `CountWindow` holds the last `size` calls in a ring, two bits each; the newest call takes the place of the oldest.
 * `TimeWindow` holds the calls of the last `duration` milliseconds in a ring of buckets. The first call after an empty
 * window starts a bucket, and a bucket is forgotten as a whole when its start is `duration` old. So no call is counted
 * for longer than `duration`, and each is counted for at least `duration - duration / buckets`.
 *
 * Recording is O(1), amortised for time. Nothing is allocated after construction but the answers of `totals`. Time is an
 * argument; reading never changes what a later reading finds, and a clock that steps back counts into the newest bucket.
 */

export interface WindowTotals {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

export type WindowSnapshot =
  | { readonly type: 'count'; readonly size: number; readonly calls: string }
  | { readonly type: 'time'; readonly duration: number; readonly age: number; readonly buckets: readonly number[] };

/** `calls`, `failures` and `slow` are exact right after `record`; at other times `totals(now)` forgets first. */
export interface SlidingWindow extends WindowTotals {
  record(failed: boolean, slow: boolean, now: number): void;
  totals(now: number): WindowTotals;
  clear(): void;
  /** Plain JSON. Times are ages, so that a process with another clock can read them. */
  toJSON(now: number): WindowSnapshot;
  /** Takes over a snapshot of a window of the same kind and size. Any other one leaves an empty window. */
  restore(snapshot: WindowSnapshot | undefined, now: number): void;
}

const FAILED = 1;
const SLOW = 2;
const NUMBERS_PER_BUCKET = 3;
const LARGEST_COUNT = 2 ** 32 - 1;

export class CountWindow implements SlidingWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  readonly size: number;
  private readonly ring: Uint8Array;
  private next = 0;

  constructor(size: number) {
    this.size = size;
    this.ring = new Uint8Array(size);
  }

  record(failed: boolean, slow: boolean): void {
    const leaving = this.ring[this.next]!;
    const entry = (failed ? FAILED : 0) | (slow ? SLOW : 0);
    this.ring[this.next] = entry;
    this.next = this.next + 1 === this.size ? 0 : this.next + 1;
    if (this.calls < this.size) this.calls += 1;
    this.failures += (entry & FAILED) - (leaving & FAILED);
    this.slow += (entry >> 1) - (leaving >> 1);
  }

  totals(): WindowTotals {
    return { calls: this.calls, failures: this.failures, slow: this.slow };
  }

  clear(): void {
    this.ring.fill(0);
    this.next = this.calls = this.failures = this.slow = 0;
  }

  toJSON(): WindowSnapshot {
    const oldest = this.calls < this.size ? 0 : this.next;
    const entries = [...this.ring.subarray(oldest, this.calls), ...this.ring.subarray(0, oldest)];
    return { type: 'count', size: this.size, calls: entries.join('') };
  }

  restore(snapshot: WindowSnapshot | undefined): void {
    this.clear();
    if (snapshot?.type !== 'count' || snapshot.size !== this.size) return;
    for (const digit of snapshot.calls) this.record((Number(digit) & FAILED) !== 0, (Number(digit) & SLOW) !== 0);
  }
}

export class TimeWindow implements SlidingWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  readonly duration: number;
  private readonly width: number;
  /** Calls, failures and slow calls of each bucket, bucket after bucket. */
  private readonly ring: Uint32Array;
  /** Where the newest bucket begins, in the ring and in time. */
  private newest = 0;
  private start = 0;

  constructor(duration: number, buckets = 10) {
    this.duration = duration;
    this.width = duration / buckets;
    this.ring = new Uint32Array(NUMBERS_PER_BUCKET * buckets);
  }

  record(failed: boolean, slow: boolean, now: number): void {
    this.forget(now);
    if (this.calls === 0) this.start = now;
    this.add(this.newest, 1, failed ? 1 : 0, slow ? 1 : 0);
  }

  /** Takes back the latest failure, as long as no later bucket has begun. */
  forgetFailure(now: number): void {
    this.forget(now);
    if (this.ring[this.newest + 1]! > 0) this.add(this.newest, -1, -1, 0);
  }

  totals(now: number): WindowTotals {
    this.forget(now);
    return { calls: this.calls, failures: this.failures, slow: this.slow };
  }

  clear(): void {
    this.ring.fill(0);
    this.newest = this.calls = this.failures = this.slow = 0;
  }

  toJSON(now: number): WindowSnapshot {
    this.forget(now);
    const oldest = this.newest + NUMBERS_PER_BUCKET;
    const buckets = [...this.ring.subarray(oldest), ...this.ring.subarray(0, oldest)];
    return { type: 'time', duration: this.duration, age: Math.max(0, now - this.start), buckets };
  }

  restore(snapshot: WindowSnapshot | undefined, now: number): void {
    this.clear();
    if (snapshot?.type !== 'time' || snapshot.duration !== this.duration) return;
    const { age, buckets } = snapshot;
    if (buckets.length !== this.ring.length) return;
    for (let at = 0; at < buckets.length; at += NUMBERS_PER_BUCKET) {
      this.add(at, buckets[at]!, buckets[at + 1]!, buckets[at + 2]!);
    }
    this.newest = this.ring.length - NUMBERS_PER_BUCKET;
    this.start = now - age;
  }

  private add(at: number, calls: number, failures: number, slow: number): void {
    this.ring[at]! += calls;
    this.ring[at + 1]! += failures;
    this.ring[at + 2]! += slow;
    this.calls += calls;
    this.failures += failures;
    this.slow += slow;
  }

  private forget(now: number): void {
    const steps = this.calls === 0 ? 0 : Math.floor((now - this.start) / this.width);
    if (steps * NUMBERS_PER_BUCKET >= this.ring.length) return this.clear();
    for (let step = 0; step < steps; step += 1) {
      this.newest = (this.newest + NUMBERS_PER_BUCKET) % this.ring.length;
      const [calls, failures, slow] = this.ring.subarray(this.newest, this.newest + NUMBERS_PER_BUCKET);
      this.add(this.newest, -calls!, -failures!, -slow!);
    }
    if (steps > 0) this.start += steps * this.width;
  }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_COUNT;

const isPositive = (value: unknown): value is number => Number.isFinite(value) && (value as number) > 0;

/** No bucket may claim more failures or slow calls than calls. */
const areBuckets = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  value.length % NUMBERS_PER_BUCKET === 0 &&
  value.every((count, at) => isCount(count) && count <= value[at - (at % NUMBERS_PER_BUCKET)]);

/** Reads a snapshot that may have been stored anywhere: undefined when absent, null when it is none. */
export const parseWindow = (value: unknown): WindowSnapshot | null | undefined => {
  if (value === undefined || value === null) return undefined;
  const { type, size, calls, duration, age, buckets } = value as Record<string, unknown>;
  if (
    type === 'count' &&
    isCount(size) &&
    typeof calls === 'string' &&
    calls.length <= size &&
    /^[0-3]*$/.test(calls)
  ) {
    return { type, size, calls };
  }
  if (type === 'time' && isPositive(duration) && (age === 0 || isPositive(age)) && areBuckets(buckets)) {
    return { type, duration, age, buckets: [...buckets] };
  }
  return null;
};
