import type { Later, MethodDecorator, Settled, ThisOf } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { RANKS } from '../../pipeline/policy.js';
import { FallbackInterceptor } from './interceptor.js';
import { parseFallbackOptions } from './options.js';

export const fallbackPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'fallback',
  key: 'fallback',
  decorator: '@Fallback',
  isAsyncOnly: false,
  parse: parseFallbackOptions,
  bind: (options, binding) => [{ rank: RANKS.fallback, interceptor: new FallbackInterceptor(options, binding) }],
});

/** What a fallback may be for a method with these parameters and this result. */
export type FallbackFor<Self, Args extends unknown[], Result> =
  | ((this: Self, error: unknown, ...args: Args) => Settled<Result> | Result)
  | { readonly value: Settled<Result>; readonly when?: (error: unknown) => boolean }
  | {
      readonly handler: (this: Self, error: unknown, ...args: Args) => Settled<Result> | Result;
      readonly when?: (error: unknown) => boolean;
    };

/**
 * Answers with a value, or with what a function makes of the error and the arguments, when everything else has failed.
 * The answer is never cached; the caller's abort and configuration errors are not answered.
 * @throws ConfigurationError when the class is defined, on a wrong option.
 */
export function Fallback<Self, Legacy, Args extends any[] = any[], Result = any>(
  fallback: FallbackFor<Later<ThisOf<Self, Legacy>>, Later<Args>, Later<Result>>,
): MethodDecorator<Self, Legacy, Args, Result> {
  return policyDecorator(fallbackPolicy, fallback, Fallback) as MethodDecorator<Self, Legacy, Args, Result>;
}
