/**
 * Time as a port. Durations and decisions use the monotonic `now`; `wall` serves timestamps on events, HTTP dates and
 * leases; `coarse` is a cheap monotonic reading for cache hits, at most 2 ms behind while the event loop turns.
 */
export interface Clock {
  /** Monotonic milliseconds with fractions. */
  now(): number;
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Monotonic milliseconds, cheap, never ahead of `now`. Defaults to `now`. */
  coarse?(): number;
  /** Runs `callback` once, `delay` milliseconds from now or up to 2^31−1 of them. Keeps the process alive unless `unref` is called. */
  setTimer(callback: () => void, delay: number): Timer;
}

export interface Timer {
  /** The callback will not run. Harmless when it has run already. */
  cancel(): void;
  ref(): void;
  unref(): void;
}
