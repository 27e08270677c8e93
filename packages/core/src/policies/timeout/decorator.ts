import type { Duration } from '../../algorithms/duration.js';
import type { AsyncMethodDecorator } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { AttemptTimeout, TotalTimeout } from './interceptor.js';
import { type TimeoutOptions, parseTimeoutOptions, resolveTimeoutOptions } from './options.js';

export const timeoutPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'timeout',
  key: 'timeout',
  decorator: '@Timeout',
  isAsyncOnly: true,
  parse: parseTimeoutOptions,
  bind: (options, binding) => {
    const { attempt, total } = resolveTimeoutOptions(options);
    const pieces: BoundPiece[] = [];
    if (total !== Infinity)
      pieces.push({ rank: RANKS['total-timeout'], interceptor: new TotalTimeout(total, binding) });
    if (attempt !== Infinity) pieces.push({ rank: RANKS.timeout, interceptor: new AttemptTimeout(attempt, binding) });
    return pieces;
  },
});

/**
 * Bounds each attempt (`'2s'`), or attempt and total. Whoever waits gets a TimedOutError; the work is told through
 * `currentCall().signal` and its late result is discarded.
 * @throws ConfigurationError when the class is defined, on a wrong option or a method that returns no Promise.
 */
export function Timeout(timeout: Duration | TimeoutOptions): AsyncMethodDecorator {
  return policyDecorator(timeoutPolicy, timeout, Timeout) as AsyncMethodDecorator;
}
