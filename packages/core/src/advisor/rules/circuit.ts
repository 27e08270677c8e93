import { formatDuration } from '../../algorithms/duration.js';
import { type ExplainedStack, numberIn, policyIn } from '../facts.js';
import type { Rule } from '../warning.js';

interface TimeWindow {
  readonly type: 'time';
  readonly duration: number;
  readonly minimumCalls: number;
}

const windowOf = (stack: ExplainedStack): { readonly type: string } | undefined =>
  policyIn(stack, 'circuit-breaker')?.options['window'] as { type: string } | undefined;

const timeWindowOf = (stack: ExplainedStack): TimeWindow | undefined => {
  const window = windowOf(stack);
  return window?.type === 'time' ? (window as TimeWindow) : undefined;
};

/** Calls that hang end together only in a window of two timeouts: those that began at its start and those just ended. */
const TIMEOUTS_IN_WINDOW = 2;

export const windowShorterThanTimeout: Rule = ({ stack }) => {
  const window = timeWindowOf(stack);
  const attempt = numberIn(stack, 'timeout', 'attempt');
  if (window === undefined || attempt === undefined || window.duration >= TIMEOUTS_IN_WINDOW * attempt)
    return undefined;
  return {
    code: 'WINDOW_SHORTER_THAN_TIMEOUT',
    message: `the circuit looks back ${formatDuration(window.duration)}, one attempt may take ${formatDuration(attempt)}`,
    remedy: 'make the window several times as long as the timeout',
  };
};

/** The most calls that a limiter inside of the circuit lets end within its window. */
export const breakerCannotOpen: Rule = ({ stack }) => {
  const window = timeWindowOf(stack);
  const limit = numberIn(stack, 'rate-limit', 'limit');
  const interval = numberIn(stack, 'rate-limit', 'interval');
  if (window === undefined || limit === undefined || interval === undefined) return undefined;
  const burst = numberIn(stack, 'rate-limit', 'burst') ?? limit;
  const most = burst + Math.ceil((limit * window.duration) / interval);
  if (most >= window.minimumCalls) return undefined;
  return {
    code: 'BREAKER_CANNOT_OPEN',
    message: `the circuit judges ${window.minimumCalls} calls or more in ${formatDuration(window.duration)}, the rate limit admits at most ${most}`,
    remedy: `lower minimumCalls below ${most}, or use a count window`,
  };
};

/** Only where failures are counted in a row: windows judge rates. */
export const oneCallOpensCircuit: Rule = ({ stack }) => {
  const attempts = numberIn(stack, 'retry', 'maxAttempts') ?? 1;
  const threshold = numberIn(stack, 'circuit-breaker', 'failureThreshold');
  const isCounting = windowOf(stack)?.type === 'consecutive';
  if (!isCounting || threshold === undefined || attempts < 2 || attempts < threshold) return undefined;
  if (!isFinite(attempts)) return undefined;
  return {
    code: 'ONE_CALL_OPENS_CIRCUIT',
    message: `one call makes up to ${attempts} attempts, ${threshold} failures in a row open the circuit`,
    remedy: `raise failureThreshold above ${attempts}, or use a window`,
  };
};
