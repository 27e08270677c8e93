import { formatDuration } from '../../algorithms/duration.js';
import { type ExplainedStack, has, numberIn, policyIn } from '../facts.js';
import type { Rule } from '../warning.js';
import { fittingAttempts, longestQueue } from '../worst-case.js';

export const attemptOutlivesTotal: Rule = ({ stack }) => {
  const attempt = numberIn(stack, 'timeout', 'attempt');
  const total = numberIn(stack, 'total-timeout', 'total');
  if (attempt === undefined || total === undefined || attempt < total) return undefined;
  return {
    code: 'ATTEMPT_OUTLIVES_TOTAL',
    message: `one attempt may take ${formatDuration(attempt)}, the call only ${formatDuration(total)}`,
    remedy: 'make the attempt shorter than the total',
  };
};

/** Silent where not even one attempt fits: that is `attemptOutlivesTotal`. */
export const retriesOutliveTotal: Rule = ({ stack }) => {
  const fits = fittingAttempts(stack);
  const attempts = numberIn(stack, 'retry', 'maxAttempts') ?? 1;
  const total = numberIn(stack, 'total-timeout', 'total') ?? Infinity;
  if (fits === undefined || fits.fitting === 0 || fits.fitting >= attempts) return undefined;
  return {
    code: 'RETRIES_OUTLIVE_TOTAL',
    message: `${attempts} attempts that time out take ${formatDuration(fits.needed)}, the call only ${formatDuration(total)}: ${fits.fitting} of them fit`,
    remedy: 'raise the total, or allow fewer or shorter attempts',
  };
};

/** A hedge that is due after what it should help has ended. */
export const hedgeNeverStarts: Rule = ({ stack }) => {
  const after = numberIn(stack, 'hedge', 'after');
  const attempt = numberIn(stack, 'timeout', 'attempt') ?? Infinity;
  const total = numberIn(stack, 'total-timeout', 'total') ?? Infinity;
  const end = Math.min(attempt, total);
  if (after === undefined || after < end) return undefined;
  return {
    code: 'HEDGE_NEVER_STARTS',
    message: `a hedge is due after ${formatDuration(after)}, ${end === attempt ? 'the attempt' : 'the call'} ends after ${formatDuration(end)}`,
    remedy: 'hedge earlier, at what one call in twenty takes',
  };
};

export const waitOutlivesTotal: Rule = ({ stack }) => {
  const total = numberIn(stack, 'total-timeout', 'total');
  const wait = longestQueue(stack);
  if (total === undefined || wait < total) return undefined;
  return {
    code: 'WAIT_OUTLIVES_TOTAL',
    message: `a call may wait ${formatDuration(wait)} for its place, the call may take ${formatDuration(total)} in all`,
    remedy: 'make the wait a fraction of the total',
  };
};

const hasTimeout = (stack: ExplainedStack): boolean => has(stack, 'timeout') || has(stack, 'total-timeout');

export const breakerWithoutTimeout: Rule = ({ kind, stack }) => {
  if (kind !== 'async' || !has(stack, 'circuit-breaker') || hasTimeout(stack)) return undefined;
  return {
    code: 'BREAKER_WITHOUT_TIMEOUT',
    message: 'calls that hang never fail, so the circuit never opens for them',
    remedy: "add @Timeout('2s')",
  };
};

/** `maxHold` is no help: it takes a place from work that nobody waits for, and without a timeout the caller waits. */
export const bulkheadWithoutTimeout: Rule = ({ stack }) => {
  const bulkhead = policyIn(stack, 'bulkhead')?.options;
  if (bulkhead === undefined || bulkhead['shadow'] === true || hasTimeout(stack)) return undefined;
  return {
    code: 'BULKHEAD_WITHOUT_TIMEOUT',
    message: `after ${String(bulkhead['maxConcurrent'])} calls that hang, no other call is admitted`,
    remedy: "add @Timeout('2s') and pass its signal on",
  };
};
