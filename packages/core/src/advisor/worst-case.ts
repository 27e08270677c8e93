import { backoffDelay, type Backoff } from '../algorithms/backoff.js';
import { type ExplainedStack, numberIn, policyIn } from './facts.js';

/** Branches that an attempt may start beside its first; none where a hedge needs an idempotent method and has none. */
const hedgesOf = (stack: ExplainedStack): number => {
  const hedge = policyIn(stack, 'hedge')?.options;
  return hedge === undefined || hedge['isIdempotent'] === false ? 0 : (numberIn(stack, 'hedge', 'maxHedges') ?? 0);
};

/** How often a stack alone can run what is inside of it, in one call. */
export const runsOf = (stack: ExplainedStack): number =>
  (numberIn(stack, 'retry', 'maxAttempts') ?? 1) * (1 + hedgesOf(stack));

/**
 * The longest that an attempt can be made to wait before its timeout begins; Infinity where nothing bounds the wait. In
 * shadow mode nobody waits.
 */
export const longestQueue = (stack: ExplainedStack): number => {
  const timeoutAt = stack.findIndex(({ policy }) => policy === 'timeout');
  return stack.slice(0, timeoutAt < 0 ? stack.length : timeoutAt).reduce((sum, { policy, options }) => {
    const { shadow, maxQueue = 0, queueTimeout, maxWait } = options as Partial<Record<string, number | boolean>>;
    if (shadow === true) return sum;
    if (policy === 'bulkhead' && maxQueue !== 0) return sum + Number(queueTimeout ?? Infinity);
    return policy === 'rate-limit' ? sum + Number(maxWait ?? 0) : sum;
  }, 0);
};

/** Attempts, each bounded by its queues and its timeout, with the longest delays between them; never more than the total. */
export const worstCaseOf = (stack: ExplainedStack): number => {
  const attempts = numberIn(stack, 'retry', 'maxAttempts') ?? 1;
  const attempt = longestAttemptOf(stack);
  const delay =
    attempts === 1
      ? 0
      : Math.max(numberIn(stack, 'retry', 'maxDelay') ?? 0, numberIn(stack, 'retry', 'maxRetryAfter') ?? 0);
  // Endless attempts without a delay between them wait for nothing: infinity times zero is no number.
  const waits = delay === 0 ? 0 : (attempts - 1) * delay;
  const lastBegin = numberIn(stack, 'retry', 'maxElapsed') ?? Infinity;
  const total = numberIn(stack, 'total-timeout', 'total') ?? Infinity;
  return Math.min(attempts * attempt + waits, lastBegin + attempt, total);
};

/** One attempt with its hedges: each may start just before the one before it ends. */
const longestAttemptOf = (stack: ExplainedStack): number => {
  const attempt = numberIn(stack, 'timeout', 'attempt') ?? Infinity;
  const hedges = hedgesOf(stack);
  const late = hedges === 0 ? 0 : hedges * Math.min(attempt, numberIn(stack, 'hedge', 'after') ?? attempt);
  return late + attempt + longestQueue(stack);
};

export interface FittingAttempts {
  /** How many attempts end within the total when each of them takes all its time. */
  readonly fitting: number;
  /** Milliseconds that all of them would take, without jitter. */
  readonly needed: number;
}

const noRandomness = (): number => 0.5;
/** More than anybody means; endless attempts are bounded on purpose by the total. */
const MOST_COUNTED = 1_000;

/** How many attempts fit into the total when each times out; undefined where nothing bounds them. */
export const fittingAttempts = (stack: ExplainedStack): FittingAttempts | undefined => {
  const retry = policyIn(stack, 'retry')?.options;
  const attempt = numberIn(stack, 'timeout', 'attempt');
  const total = numberIn(stack, 'total-timeout', 'total');
  const attempts = numberIn(stack, 'retry', 'maxAttempts') ?? 1;
  if (retry === undefined || attempt === undefined || total === undefined || attempts > MOST_COUNTED) return undefined;
  // A backoff function of the user's is not called for advice.
  const backoff = typeof retry['backoff'] === 'function' ? 'constant' : (retry['backoff'] as Backoff);
  const { delay = 0, maxDelay = 0, factor = 1 } = retry as { delay?: number; maxDelay?: number; factor?: number };
  let needed = attempt;
  let fitting = needed <= total ? 1 : 0;
  for (let n = 1; n < attempts; n++) {
    needed += backoffDelay({ delay, maxDelay, factor, backoff }, n, noRandomness) + attempt;
    if (needed <= total) fitting += 1;
  }
  return { fitting, needed };
};
