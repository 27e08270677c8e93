/**
 * A latency quantile says how long all but the slowest calls take: of a hundred recent calls, ninety-five are done by
 * the 95th percentile.
 *
 * Latencies are counted in buckets whose edges grow by 5 %, from one millisecond to ten minutes: 274 numbers, however
 * many calls. The estimate is the upper edge of the bucket in which the quantile lies, so within that range it is never
 * below the true one and at most 5 % above. What is faster counts as one millisecond, the least a timer can wait.
 *
 * The past fades by **forward decay**: each sample weighs 0.1 % more than the one before it, so that the last thousand
 * make about two thirds of the whole, and a bucket is added to, never swept. When the weight of a sample has grown to a
 * billion, all weights are divided by it. Time plays no part: a service that was idle over night knows in the morning
 * what it knew in the evening.
 *
 *        below            the bucket that is looked at          above
 *   ├─────────────────┼──────────── at ────────────┼──────────────────────┤
 *     weight < share         weight ≥ share
 *
 * The place of the quantile is kept, and moved by a bucket or two after a sample, so that reading it costs nothing.
 *
 * A call that was cut short, because it failed, was aborted, or another answered in its stead, took **at least** so
 * long: a censored sample. Longer than the estimate, it is known to lie above and is counted there; shorter, it says
 * nothing. Leaving all of them out would forget the slowest, and an estimate that decides what is cut short would sink
 * with every cut.
 *
 * Invariants: `weightBelow` is the weight of the buckets below `at`; there is no estimate before `WARM_UP` samples.
 * Nothing is allocated after construction.
 * Sources: the buckets are those of DDSketch (Masson, Rim, Lee, 2019), the fading is that of Cormode, Shkapenyuk,
 * Srivastava and Xu, Forward Decay (2009).
 */

const LOWEST = 1;
const GROWTH = 1.05;
const HIGHEST = 600_000;
const STEP = Math.log(GROWTH);
const BUCKETS = Math.ceil(Math.log(HIGHEST / LOWEST) / STEP) + 1;
const DECAY = 1.001;
const HEAVIEST = 1e9;

/** Samples before there is an estimate. */
export const WARM_UP = 100;

const bucketOf = (latency: number): number =>
  latency > LOWEST ? Math.min(BUCKETS - 1, Math.ceil(Math.log(latency / LOWEST) / STEP)) : 0;

export class LatencyQuantile {
  /** Samples so far. */
  count = 0;
  private readonly weights = new Float64Array(BUCKETS);
  private at = 0;
  private weightBelow = 0;
  private total = 0;
  /** What the next sample weighs. */
  private weight = 1;
  private share: number;

  /** @param share the part of the calls that is done by then, more than 0 and less than 1. */
  constructor(share: number) {
    this.share = share;
  }

  /** Milliseconds; undefined until there have been enough samples. */
  get estimate(): number | undefined {
    return this.count < WARM_UP ? undefined : LOWEST * GROWTH ** this.at;
  }

  /** Another share of the same samples. */
  aimAt(share: number): void {
    this.share = share;
    this.seek();
  }

  /** A call took `latency` milliseconds. */
  record(latency: number): void {
    const bucket = bucketOf(latency);
    this.count += 1;
    this.weights[bucket]! += this.weight;
    this.total += this.weight;
    if (bucket < this.at) this.weightBelow += this.weight;
    this.weight *= DECAY;
    if (this.weight > HEAVIEST) this.rescale();
    this.seek();
  }

  /** A call was cut short after `latency` milliseconds. */
  recordAtLeast(latency: number): void {
    if (this.count >= WARM_UP && bucketOf(latency) > this.at) this.record(latency);
  }

  private seek(): void {
    const target = this.share * this.total;
    while (this.at < BUCKETS - 1 && this.weightBelow + this.weights[this.at]! < target) {
      this.weightBelow += this.weights[this.at]!;
      this.at += 1;
    }
    while (this.at > 0 && this.weightBelow >= target) {
      this.at -= 1;
      this.weightBelow -= this.weights[this.at]!;
    }
  }

  /** Sums anew, too: differences of sums gather the errors of rounding. */
  private rescale(): void {
    this.total = this.weightBelow = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      this.weights[bucket]! /= this.weight;
      this.total += this.weights[bucket]!;
      if (bucket < this.at) this.weightBelow += this.weights[bucket]!;
    }
    this.weight = 1;
  }
}
