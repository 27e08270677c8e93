import type { AsyncMethodDecorator } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { scopedStates } from '../../pipeline/scoped-states.js';
import { ConcurrencyInterceptor } from './interceptor.js';
import { BoundLimit } from './limit.js';
import { type AdaptiveConcurrencyOptions, parseConcurrencyOptions, resolveLimitSettings } from './options.js';

const bind = (options: AdaptiveConcurrencyOptions, binding: Binding): readonly BoundPiece[] => {
  const settings = resolveLimitSettings(options, binding.site);
  const limits = scopedStates<BoundLimit>(binding, {
    kind: 'concurrency limit',
    name: options.name,
    scope: options.scope,
    options: settings,
    create: () => new BoundLimit(options.name ?? binding.method, settings, binding.runtime),
    update: ({ machine }) => machine.reconfigure(settings),
  });
  const interceptor = new ConcurrencyInterceptor(options, settings, { limits, binding });
  return [{ rank: RANKS['adaptive-concurrency'], interceptor }];
};

export const adaptiveConcurrencyPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'adaptive-concurrency',
  key: 'adaptiveConcurrency',
  decorator: '@AdaptiveConcurrency',
  isAsyncOnly: true,
  parse: parseConcurrencyOptions,
  bind: (options, binding) => bind(options, binding),
});

/**
 * Bounds how many calls are under way, and finds the bound by itself: it shrinks on timeouts, 429, 503 and broken
 * connections and grows while calls end well. Calls over the limit are refused with a ConcurrencyLimitError. Put a
 * `@Timeout` below it: work that takes for ever is the sign of overload that a back end gives most often.
 * @throws ConfigurationError when the class is defined, on a wrong option or a method that returns no Promise.
 */
export function AdaptiveConcurrency(options: AdaptiveConcurrencyOptions = {}): AsyncMethodDecorator {
  return policyDecorator(adaptiveConcurrencyPolicy, options, AdaptiveConcurrency) as AsyncMethodDecorator;
}
