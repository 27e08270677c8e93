import type { MethodDecorator } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { scopedStates } from '../../pipeline/scoped-states.js';
import { type BoundThrottle, ThrottleInterceptor } from './interceptor.js';
import { ThrottleMachine } from './machine.js';
import { type AdaptiveThrottleOptions, parseThrottleOptions, resolveThrottleSettings } from './options.js';

const bind = (options: AdaptiveThrottleOptions, binding: Binding): readonly BoundPiece[] => {
  const settings = resolveThrottleSettings(options);
  const throttles = scopedStates<BoundThrottle>(binding, {
    kind: 'throttle',
    name: options.name,
    scope: options.scope,
    options: settings,
    create: () => ({ name: options.name ?? binding.method, machine: new ThrottleMachine(settings) }),
    update: ({ machine }) => machine.reconfigure(settings),
  });
  const interceptor = new ThrottleInterceptor(options, settings, { throttles, binding });
  return [{ rank: RANKS['adaptive-throttle'], interceptor }];
};

export const adaptiveThrottlePolicy = /* @__PURE__ */ builtInPolicy({
  name: 'adaptive-throttle',
  key: 'adaptiveThrottle',
  decorator: '@AdaptiveThrottle',
  isAsyncOnly: false,
  parse: parseThrottleOptions,
  bind: (options, binding) => bind(options, binding),
});

/**
 * Refuses a share of the calls while the other side turns many away: timeouts, 429, 503, broken connections, refusals
 * of nested methods. The share follows what is accepted; at least one call in ten goes through and finds out when the
 * other side is back.
 * @throws ConfigurationError when the class is defined, on a wrong option.
 */
export function AdaptiveThrottle<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: AdaptiveThrottleOptions = {},
): MethodDecorator<Self, Legacy, Args, Result> {
  return policyDecorator(adaptiveThrottlePolicy, options, AdaptiveThrottle) as MethodDecorator<
    Self,
    Legacy,
    Args,
    Result
  >;
}
