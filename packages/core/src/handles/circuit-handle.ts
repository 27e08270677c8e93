import { ConfigurationError } from '../errors/configuration-error.js';
import type {
  BoundCircuit,
  BreakerMetrics,
  BreakerSnapshot,
  BreakerState,
  CircuitControl,
} from '../policies/circuit-breaker/circuit.js';
import type { CircuitHandle as Circuits } from '../policies/circuit-breaker/interceptor.js';
import type { Runtime } from '../runtime/runtime.js';
import { type BoundMethod, boundMethod, policyOf } from './bound-method.js';
import type { HasMethod, MethodNames, NameOfAny } from './cache-handle.js';
import { handlesOf } from './policy-handles.js';
import { uniqueNames } from './unique-names.js';

/** The circuit of one method, followed through `configure`. */
class FollowedCircuit implements CircuitControl {
  readonly #method: BoundMethod;
  readonly #args: readonly unknown[];

  constructor(method: BoundMethod, args: readonly unknown[]) {
    this.#method = method;
    this.#args = args;
    void this.#circuit;
  }

  get name(): string {
    return this.#circuit.name;
  }

  get state(): BreakerState {
    return this.#circuit.state;
  }

  get metrics(): BreakerMetrics {
    return this.#circuit.metrics;
  }

  isolate(): void {
    this.#circuit.isolate();
  }

  close(): void {
    this.#circuit.close();
  }

  open(): void {
    this.#circuit.open();
  }

  reset(): void {
    this.#circuit.reset();
  }

  disable(): void {
    this.#circuit.disable();
  }

  metricsOnly(): void {
    this.#circuit.metricsOnly();
  }

  toJSON(): BreakerSnapshot {
    return this.#circuit.toJSON();
  }

  restore(snapshot: unknown): void {
    this.#circuit.restore(snapshot);
  }

  get #circuit(): CircuitControl {
    const { handle } = policyOf(this.#method, 'circuit-breaker', 'circuitOf', '@CircuitBreaker');
    return (handle as Circuits).of(this.#method.self, this.#args);
  }
}

/**
 * The circuit of a method: to look at, and to move by hand. With `key`, the arguments say which one.
 * `circuitOf<Signature>(catalog, '#find')` for private methods.
 * @throws ConfigurationError when there is no such decorated method, or it has no circuit breaker.
 */
export function circuitOf<Target extends object>(
  target: Target,
  name: MethodNames<Target>,
  ...args: unknown[]
): CircuitControl;
export function circuitOf<Class extends abstract new (...args: any[]) => any>(
  target: Class,
  name: MethodNames<InstanceType<Class>>,
  ...args: unknown[]
): CircuitControl;
export function circuitOf<Name extends PropertyKey>(
  target: HasMethod<Name>,
  name: Name,
  ...args: unknown[]
): CircuitControl;
export function circuitOf<Method extends (...args: any[]) => any = never>(
  target: object,
  name: NameOfAny<Method>,
  ...args: unknown[]
): CircuitControl;
export function circuitOf(target: object, name: string | symbol, ...args: unknown[]): CircuitControl {
  if (typeof target !== 'object' && typeof target !== 'function')
    throw new ConfigurationError('circuitOf: needs an instance or a class');
  return new FollowedCircuit(boundMethod(target, name, 'circuitOf'), args);
}

/** All circuits of a runtime by name; a name that several have gets an ordinal, so that none hides another. */
export const circuitsOf = (runtime: Runtime): ReadonlyMap<string, BoundCircuit> =>
  uniqueNames(new Set(handlesOf<Circuits>(runtime, 'circuit-breaker').flatMap((circuits) => circuits.all())));
