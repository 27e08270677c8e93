import type {
  AsyncMethodDecorator,
  ContextualAsyncMethodDecorator,
  Later,
  Settled,
} from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { RANKS } from '../../pipeline/policy.js';
import { type GivenBudget, budgetOf } from '../../pipeline/shared-budget.js';
import { RetryInterceptor } from './interceptor.js';
import { type RetryOptions, parseRetryOptions, resolveRetryOptions } from './options.js';

export const retryPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'retry',
  key: 'retry',
  decorator: '@Retry',
  isAsyncOnly: true,
  parse: parseRetryOptions,
  bind: (options, binding) => {
    const budget = budgetOf(options['budget'] as GivenBudget | undefined, binding.runtime, binding.site);
    const settings = resolveRetryOptions(options, budget);
    return [{ rank: RANKS.retry, interceptor: new RetryInterceptor(settings, binding) }];
  },
});

/**
 * Calls the method again after a failure that may pass: outages, timeouts, 5xx, 408, 425, 429, and errors that give no
 * reason. Waits between attempts, longer each time. After the last attempt the caller gets the method's own last error.
 * @throws ConfigurationError when the class is defined, on a wrong option or a method that returns no Promise.
 */
export function Retry(): AsyncMethodDecorator;
export function Retry<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: RetryOptions<Later<Settled<Result>>>,
): ContextualAsyncMethodDecorator<Self, Legacy, Args, Result>;
export function Retry(options: object = {}): unknown {
  return policyDecorator(retryPolicy, options, Retry);
}
