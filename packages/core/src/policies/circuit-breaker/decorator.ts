import { hashKey } from '../../algorithms/key-hash.js';
import type { CacheKey } from '../../algorithms/stable-key.js';
import type { Later, MethodDecorator } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { type KeyFunction, callKey } from '../../pipeline/call-key.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import { processSalt } from '../../runtime/system.js';
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

/** Every instance's circuit has a name of its own: in `health()` and in events one must not hide another. */
interface Instances {
  readonly circuits: WeakMap<object, BoundCircuit>;
  readonly live: Set<WeakRef<BoundCircuit>>;
  count: number;
}

const perInstance = (settings: BreakerSettings, binding: Binding): Circuits => {
  const instances = binding.state<Instances>('instances', () => ({
    circuits: new WeakMap(),
    live: new Set(),
    count: 0,
  }));
  const { circuits, live } = instances;
  const all = (): BoundCircuit[] => {
    for (const reference of live) if (reference.deref() === undefined) live.delete(reference);
    return [...live].flatMap((reference) => reference.deref() ?? []);
  };
  const create = (): BoundCircuit => {
    instances.count += 1;
    const name = instances.count === 1 ? binding.method : `${binding.method}@${instances.count}`;
    const circuit = new BoundCircuit(name, settings, binding.runtime);
    live.add(new WeakRef(circuit));
    return circuit;
  };
  for (const circuit of all()) updated(circuit, settings);
  /** Calls without an instance share one. */
  const unowned = (): BoundCircuit => binding.state('unowned', create);
  const find: CircuitFinder = (self) => {
    if (typeof self !== 'object' || self === null) return unowned();
    let circuit = circuits.get(self);
    if (circuit === undefined) {
      circuit = create();
      circuits.set(self, circuit);
    }
    return circuit;
  };
  return { only: undefined, find, all };
};

const perKey = (
  key: KeyFunction,
  name: string,
  settings: BreakerSettings,
  { circuits, binding }: { circuits: Map<CacheKey, BoundCircuit>; binding: Binding },
): Circuits => {
  for (const circuit of circuits.values()) updated(circuit, settings);
  const find: CircuitFinder = (self, args) => {
    const id = callKey(key, self, args, binding);
    const known = circuits.get(id);
    // Keys may be names of customers: what shows in events is a hash.
    const circuit = known ?? new BoundCircuit(`${name}[${hashKey(id, processSalt())}]`, settings, binding.runtime);
    if (known !== undefined) circuits.delete(id);
    else if (circuits.size >= MOST_KEYS) circuits.delete(circuits.keys().next().value);
    circuits.set(id, circuit);
    return circuit;
  };
  return { only: undefined, find, all: () => [...circuits.values()] };
};

/** The same options in whatever order and spelling; functions are compared by identity. */
const comparable = (options: CircuitBreakerOptions, settings: BreakerSettings): Readonly<Record<string, unknown>> => {
  const { recoveryTimeout, failureIf, ignoreIf, failureOn, ignoreOn, key } = options;
  const { recoveryTimeout: resolved, ...plain } = settings;
  const breaks = typeof recoveryTimeout === 'function' ? recoveryTimeout : resolved(1);
  return { ...plain, breaks, failureIf, ignoreIf, failureOn, ignoreOn, key };
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

const circuitsFor = (options: CircuitBreakerOptions, settings: BreakerSettings, binding: Binding): Circuits => {
  const { name, key, scope } = options;
  if (scope === 'instance' && key === undefined) return perInstance(settings, binding);
  const shared = <State>(kind: string, create: () => State): State =>
    name === undefined
      ? binding.state(kind, create)
      : binding.shared(kind, name, comparable(options, settings), create);
  const label = name ?? binding.method;
  if (key === undefined) {
    const circuit = shared('circuit', () => new BoundCircuit(label, settings, binding.runtime));
    return oneCircuit(updated(circuit, settings));
  }
  return perKey(key, label, settings, { circuits: shared('circuits', () => new Map()), binding });
};

const bind = (options: CircuitBreakerOptions, binding: Binding): readonly BoundPiece[] => {
  const settings = resolveBreakerSettings(options, binding.site);
  const circuits = {
    ...circuitsFor(options, settings, binding),
    slowCall: settings.slowCall?.duration,
    resolved: resolvedOptions(options, settings),
  };
  return [{ rank: RANKS['circuit-breaker'], interceptor: new BreakerInterceptor(options, binding, circuits) }];
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
