/** How fast something may happen: `limit` times per `interval`, and `burst` times at once. */
export interface Rate {
  readonly limit: number;
  /** Milliseconds. */
  readonly interval: number;
  /** At least 1. */
  readonly burst: number;
}

/**
 * Says when the next one may go. Time is an argument, in milliseconds, and never goes back. Everything is O(1) but for
 * what says otherwise.
 */
export interface RateMeter {
  /** Takes what one call needs, if it may go now. */
  tryTake(now: number): boolean;
  /** Takes for `count` calls, whether they may go now or not: what is owed holds up later ones. */
  take(now: number, count?: number): void;
  /** When one more may go, at the earliest now; where `ahead` others go first, each as early as they may. */
  nextAt(now: number, ahead?: number): number;
  /** Nothing is taken: a new meter would decide the same. */
  isIdle(now: number): boolean;
  /** How many may go at once. */
  available(now: number): number;
  /** The share of what may go at once that is taken, 0 to 1. */
  usedShare(now: number): number;
}

/** Sums of fractions of milliseconds miss whole numbers by a little: a nanosecond is nobody's. */
export const ROUNDING = 1e-6;
