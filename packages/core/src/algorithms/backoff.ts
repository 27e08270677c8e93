import { type Duration, parseDuration } from './duration.js';

/**
 * How the pause grows from one try to the next, before jitter. With base `b`, factor `f` and attempt `n` (1 = the pause
 * after the first try): exponential b·fⁿ⁻¹, linear b·n, constant b. `decorrelated` has no series of its own: it
 * is drawn at random from the pause before (see `jitter.ts`).
 */
export type BackoffKind = 'exponential' | 'linear' | 'constant' | 'decorrelated';

/**
 * A series of the user's own. `attempt` is 1 for the pause after the first try, `delay` the configured base in
 * milliseconds, `random` the runtime's source, so that tests with a seed repeat. A negative answer or one that is not a
 * duration counts as 0, one above `maxDelay` as `maxDelay`.
 */
export type BackoffFunction = (attempt: number, delay: number, random: () => number) => Duration;

export type Backoff = BackoffKind | BackoffFunction;

export interface BackoffOptions {
  /** The base in milliseconds: the pause after the first try. */
  readonly delay: number;
  /** The largest pause in milliseconds; may be `Infinity`. */
  readonly maxDelay: number;
  readonly backoff: Backoff;
  /** Growth per try of the exponential series. */
  readonly factor: number;
}

/** Anything a user's function may answer, as milliseconds in [0, max]. */
export const boundedDelay = (value: unknown, max: number): number => {
  const milliseconds = parseDuration(value);
  return Number.isNaN(milliseconds) ? 0 : Math.min(milliseconds, max);
};

const grown = (options: BackoffOptions, attempt: number, random: () => number): unknown => {
  const { delay, backoff, factor } = options;
  if (typeof backoff === 'function') return backoff(attempt, delay, random);
  // 0 · factor^attempt is NaN once the power overflows.
  if (delay === 0) return 0;
  if (backoff === 'exponential') return delay * factor ** (attempt - 1);
  return backoff === 'linear' ? delay * attempt : delay;
};

/**
 * Milliseconds of the series at `attempt`, capped at `maxDelay`, without jitter. In floats throughout: a power that
 * overflows is `Infinity` and so the cap, never a wrapped integer. An attempt below 1 counts as 1.
 */
export const backoffDelay = (options: BackoffOptions, attempt: number, random: () => number): number =>
  boundedDelay(grown(options, attempt > 1 ? attempt : 1, random), options.maxDelay);
