import { keyOfValue, isUnkeyable } from '../../algorithms/stable-key.js';
import type { Later, MethodDecorator } from '../../decorate/decorator-types.js';
import { policyDecorator, registerPolicy } from '../../decorate/policy-decorator.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { BoundCircuit } from './circuit.js';
import { BreakerInterceptor, type CircuitFinder } from './interceptor.js';
import type { BreakerSettings } from './machine.js';
import { type CircuitBreakerOptions, parseBreakerOptions, resolveBreakerSettings } from './options.js';

/** More circuits per method than this are not kept: the one unused longest is forgotten. */
const MOST_KEYS = 1000;

interface Circuits {
  readonly only: BoundCircuit | undefined;
  readonly find: CircuitFinder;
  readonly all: () => readonly BoundCircuit[];
}

const updated = (circuit: BoundCircuit, settings: BreakerSettings): BoundCircuit => {
  circuit.machine.reconfigure(settings, circuit.now);
  return circuit;
};

const oneCircuit = (circuit: BoundCircuit): Circuits => ({ only: circuit, find: () => circuit, all: () => [circuit] });

const perInstance = (settings: BreakerSettings, binding: Binding): Circuits => {
  const circuits = binding.state('instances', () => new WeakMap<object, BoundCircuit>());
  const unowned = binding.state('unowned', () => new BoundCircuit(binding.method, settings, binding.runtime));
  const live = binding.state('live', () => new Set<WeakRef<BoundCircuit>>());
  const all = (): BoundCircuit[] => {
    for (const reference of live) if (reference.deref() === undefined) live.delete(reference);
    return [...live].flatMap((reference) => reference.deref() ?? []);
  };
  for (const circuit of all()) updated(circuit, settings);
  const find: CircuitFinder = (self) => {
    if (typeof self !== 'object' || self === null) return unowned;
    let circuit = circuits.get(self);
    if (circuit === undefined) {
      circuit = new BoundCircuit(binding.method, settings, binding.runtime);
      circuits.set(self, circuit);
      live.add(new WeakRef(circuit));
    }
    return circuit;
  };
  return { only: undefined, find, all };
};

const perKey = (
  key: (...args: never[]) => unknown,
  name: string,
  settings: BreakerSettings,
  binding: Binding,
): Circuits => {
  const circuits = binding.state('keys', () => new Map<unknown, BoundCircuit>());
  for (const circuit of circuits.values()) updated(circuit, settings);
  const find: CircuitFinder = (self, args) => {
    const given: unknown = key.apply(self, args as never[]);
    const id = keyOfValue(given);
    const known = isUnkeyable(id) ? undefined : circuits.get(id);
    const circuit = known ?? new BoundCircuit(`${name}[${String(given)}]`, settings, binding.runtime);
    if (known !== undefined) circuits.delete(id);
    else if (circuits.size >= MOST_KEYS) circuits.delete(circuits.keys().next().value);
    circuits.set(id, circuit);
    return circuit;
  };
  return { only: undefined, find, all: () => [...circuits.values()] };
};

const circuitsFor = (options: CircuitBreakerOptions, settings: BreakerSettings, binding: Binding): Circuits => {
  const { name, key, scope } = options;
  if (key !== undefined) return perKey(key, name ?? binding.method, settings, binding);
  if (scope === 'instance') return perInstance(settings, binding);
  const create = (as: string) => (): BoundCircuit => new BoundCircuit(as, settings, binding.runtime);
  const circuit =
    name === undefined
      ? binding.state('circuit', create(binding.method))
      : binding.shared('circuit', name, options, create(name));
  return oneCircuit(updated(circuit, settings));
};

const bind = (options: CircuitBreakerOptions, binding: Binding): readonly BoundPiece[] => {
  const settings = resolveBreakerSettings(options, binding.site);
  const circuits = { ...circuitsFor(options, settings, binding), slowCall: settings.slowCall?.duration };
  return [{ rank: RANKS['circuit-breaker'], interceptor: new BreakerInterceptor(options, binding, circuits) }];
};

export const circuitBreakerPolicy = registerPolicy({
  name: 'circuit-breaker',
  key: 'circuitBreaker',
  decorator: '@CircuitBreaker',
  rank: RANKS['circuit-breaker'],
  isAsyncOnly: false,
  parse: parseBreakerOptions,
  bind: (options, binding) => bind(options as CircuitBreakerOptions, binding),
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
