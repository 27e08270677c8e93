/**
 * A latency gradient compares how long calls take now with how long they take when nobody waits in a queue. Of the
 * quotient it makes the next concurrency limit, window by window:
 *
 *     gradient = clamp(tolerance · baseline / latency, ½, 1)
 *     next     = 0.8 · limit + 0.2 · (limit · gradient + √limit)
 *
 * `tolerance` (1.5) is how much slower is still fine, `√limit` the queue that is allowed: it lets the limit grow while
 * latency is good, and feel its way when it is not. A window ends at the first sample after half a second that is at
 * least its tenth; its latency is the mean.
 *
 * The **baseline** is where this differs from its source, whose long-term average rises with every queue that lasts, and
 * with it the limit, for ever. Here it falls to a lower latency at once. It rises by measurement alone: when windows have
 * been busy for half a minute (± a quarter, so that a fleet does not measure in step), one window runs at half the limit,
 * in which a queue of tolerated length drains; its latency is the new baseline, though at most twice the old one. And
 * idle windows, in which half the limit was never under way, may raise it: no queue of ours has made them slow.
 *
 * Invariants: a window that was not busy never moves the limit; a busy one never raises the baseline, except the probe.
 * Time and randomness are arguments; nothing is allocated.
 * Source: Netflix concurrency-limits (Gradient2); the probe follows Envoy's adaptive concurrency filter (minRTT window).
 */

const TOLERANCE = 1.5;
const LEAST_GRADIENT = 0.5;
const SMOOTHING = 0.2;
const WINDOW = 500;
const SAMPLES = 10;
const PROBE_INTERVAL = 30_000;
const PROBE_JITTER = 0.25;
const MOST_RISE = 2;

export class LatencyGradient {
  /** Milliseconds without a queue, as far as known. */
  baseline = Infinity;
  private startedAt = -Infinity;
  private samples = 0;
  private sum = 0;
  private isBusy = false;
  private isProbing = false;
  private probeAt = Infinity;
  private probingSince = -Infinity;

  /** What the limit is multiplied with while the baseline is measured. */
  get share(): number {
    return this.isProbing ? 0.5 : 1;
  }

  /** A call that ended well after `latency`; `isBusy`: at least half the limit was under way. Returns the next limit. */
  sample(limit: number, latency: number, isBusy: boolean, now: number, random: () => number): number {
    // What was under way when the probe began has waited in the queue that the probe is to be rid of.
    if (this.isProbing && now - latency < this.probingSince) return limit;
    if (this.samples === 0) this.startedAt = now;
    this.samples += 1;
    this.sum += latency;
    this.isBusy ||= isBusy;
    if (this.samples < SAMPLES || now - this.startedAt < WINDOW) return limit;
    const mean = this.sum / this.samples;
    const wasBusy = this.isBusy;
    this.samples = this.sum = 0;
    this.isBusy = false;
    this.measure(mean, wasBusy, now, random);
    return wasBusy && !this.isProbing ? this.next(limit, mean) : limit;
  }

  private next(limit: number, latency: number): number {
    const gradient = latency > 0 ? (TOLERANCE * this.baseline) / latency : 1;
    const target = limit * Math.min(1, Math.max(LEAST_GRADIENT, gradient)) + Math.sqrt(limit);
    return limit + SMOOTHING * (target - limit);
  }

  private measure(latency: number, wasBusy: boolean, now: number, random: () => number): void {
    if (this.isProbing || !wasBusy) this.baseline = Math.min(latency, MOST_RISE * this.baseline);
    else this.baseline = Math.min(latency, this.baseline);
    const isDue = wasBusy && now >= this.probeAt;
    if (isDue || this.isProbing || !wasBusy || this.probeAt === Infinity)
      this.probeAt = now + PROBE_INTERVAL * (1 + PROBE_JITTER * (2 * random() - 1));
    this.isProbing = isDue && !this.isProbing;
    this.probingSince = now;
  }
}
