import { type BackoffOptions, backoffDelay } from './backoff.js';
import { type Jitter, decorrelatedDelay, jitterOptions, jitteredDelay } from './jitter.js';

/** All durations in milliseconds. The pause may exceed 2³¹−1 where `maxDelay` does: who sleeps splits it. */
export interface DelayOptions extends BackoffOptions {
  readonly jitter: Jitter;
}

/**
 * Milliseconds to wait after try `attempt` (1 = the first), in [0, maxDelay]. Pure: `random` answers in [0, 1), and
 * `previous` is the pause before this one, needed by `decorrelated` only. As backoff or as jitter, `decorrelated` is
 * the whole formula: it overrules the other of the two. Functions of the user's may throw through.
 */
export const computeDelay = (
  options: DelayOptions,
  attempt: number,
  random: () => number,
  previous?: number,
): number => {
  const { delay, maxDelay, backoff, jitter } = options;
  const isDecorrelated =
    backoff === 'decorrelated' || (typeof jitter !== 'function' && jitterOptions(jitter).kind === 'decorrelated');
  if (isDecorrelated) return decorrelatedDelay(delay, maxDelay, previous, random);
  return jitteredDelay(backoffDelay(options, attempt, random), maxDelay, jitter, random);
};
