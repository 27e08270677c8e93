const MINUTE = 60_000;

/**
 * So many requests a minute, a token bucket that is full at first. The limiter of the core would be one more policy of
 * the application: in its statistics, switched off with it, and refusing when the application shuts down.
 * Time is an argument: monotonic milliseconds.
 */
export class RequestRate {
  readonly #perMinute: number;
  #tokens: number;
  #filledAt = Number.NEGATIVE_INFINITY;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
    this.#tokens = perMinute;
  }

  /** 0 for a request that may pass; else how many milliseconds until one may. */
  take(now: number): number {
    const since = Math.max(0, now - this.#filledAt);
    this.#tokens = Math.min(this.#perMinute, this.#tokens + (since * this.#perMinute) / MINUTE);
    this.#filledAt = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return ((1 - this.#tokens) * MINUTE) / this.#perMinute;
  }
}
