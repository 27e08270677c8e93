import type { Later, MethodDecorator } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { policyStates } from '../../decorate/policy-states.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { BoundCircuit } from './circuit.js';
import { BreakerInterceptor } from './interceptor.js';
import type { BreakerSettings } from './machine.js';
import { type CircuitBreakerOptions, parseBreakerOptions, resolveBreakerSettings } from './options.js';

/** More circuits per method than this are not kept: those without a failure are forgotten first. */
const MOST_KEYS = 1000;

/** A new circuit would be the same. */
const isIdle = ({ metrics }: BoundCircuit): boolean =>
  metrics.state === 'closed' && metrics.failures === 0 && metrics.slowCalls === 0;

/** The same options in whatever order and spelling; functions are compared by identity. */
const comparable = (options: CircuitBreakerOptions, settings: BreakerSettings): Readonly<Record<string, unknown>> => {
  const { recoveryTimeout, failureIf, ignoreIf, failureOn, ignoreOn, shadow } = options;
  const { recoveryTimeout: resolved, ...plain } = settings;
  const breaks = typeof recoveryTimeout === 'function' ? recoveryTimeout : resolved(1);
  return { ...plain, breaks, failureIf, ignoreIf, failureOn, ignoreOn, shadow };
};

/** As `explain()` shows them: all options, with their defaults and in milliseconds. */
const resolvedOptions = (
  { name, recoveryTimeout, ...given }: CircuitBreakerOptions,
  { recoveryTimeout: breaks, window, ...settings }: BreakerSettings,
): Readonly<Record<string, unknown>> => {
  const { failureThreshold, ...others } = settings;
  return Object.freeze({
    ...(name !== undefined && { name }),
    ...given,
    ...(window.type === 'consecutive' && { failureThreshold }),
    window,
    recoveryTimeout: typeof recoveryTimeout === 'function' ? 'computed' : breaks(1),
    ...others,
  });
};

const bind = (options: CircuitBreakerOptions, binding: Binding): readonly BoundPiece[] => {
  const settings = resolveBreakerSettings(options, binding.site);
  const isShadow = options.shadow === true;
  const circuits = policyStates<BoundCircuit>(binding, {
    kind: 'circuit',
    name: options.name,
    scope: options.scope,
    key: options.key,
    options: comparable(options, settings),
    mostKeys: MOST_KEYS,
    keepsBusy: false,
    isIdle,
    create: (name) => {
      const circuit = new BoundCircuit(name, settings, binding.runtime);
      circuit.isShadow = isShadow;
      return circuit;
    },
    update: (circuit) => circuit.reconfigure(settings, isShadow),
  });
  const interceptor = new BreakerInterceptor(options, binding, {
    circuits,
    slowCall: settings.slowCall?.duration,
    resolved: resolvedOptions(options, settings),
  });
  return [{ rank: RANKS['circuit-breaker'], interceptor }];
};

export const circuitBreakerPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'circuit-breaker',
  key: 'circuitBreaker',
  decorator: '@CircuitBreaker',
  isAsyncOnly: false,
  parse: parseBreakerOptions,
  bind: (options, binding) => bind(options, binding),
});

/**
 * Stops calling what keeps failing, and finds out with a few probes when to begin again. While the circuit is open calls
 * are refused with a CircuitOpenError, which costs almost nothing and says when to try again.
 * @throws ConfigurationError when the class is defined, on a wrong option.
 */
export function CircuitBreaker<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: CircuitBreakerOptions<Later<Args>> = {},
): MethodDecorator<Self, Legacy, Args, Result> {
  return policyDecorator(circuitBreakerPolicy, options, CircuitBreaker) as MethodDecorator<Self, Legacy, Args, Result>;
}
