import { ConfigurationError } from '../errors/configuration-error.js';
import type { BypassedPolicies } from './bypass.js';
import { AsyncContext } from './context.js';
import { onePerProcess } from './one-per-process.js';
import { Runtime, builtInSettings } from './runtime.js';

/** What async context carries, once it is on. */
export interface Ambient {
  readonly runtime: Runtime | undefined;
  /** `withContext`: facts for events. */
  readonly facts: Readonly<Record<string, unknown>> | undefined;
  /** The run of a decorated method that this code belongs to: a `MethodRun`. */
  readonly methodRun: object | undefined;
  /** The loads this code runs in, for re-entrance: flight objects. */
  readonly flights: readonly object[];
  /** Policies that calls in here pass by. */
  readonly bypass?: BypassedPolicies | undefined;
}

/**
 * What all copies of the package in one process share: the records of decorated methods, the default runtime, and which
 * runtime is meant where. The protocol number changes when copies could no longer work on each other's records.
 */
export interface World {
  readonly records: WeakMap<object, unknown>;
  readonly policies: Map<string, unknown>;
  readonly runtime: Runtime;
  readonly assigned: WeakMap<object, Runtime>;
  readonly ambient: AsyncContext<Ambient>;
  /** True once calls may belong to several runtimes, or pass policies by: then every call asks. */
  hasSeveralRuntimes: boolean;
  /** Called when what calls remember of the default runtime is out of date. */
  readonly onForget: Set<() => void>;
  /** Told of each method when it is bound for the first time: a `MethodBinding`. */
  readonly onBound: Set<(binding: unknown) => void>;
}

const createWorld = (): World => {
  const world: World = {
    records: new WeakMap(),
    policies: new Map(),
    runtime: new Runtime(builtInSettings()),
    assigned: new WeakMap(),
    ambient: new AsyncContext(),
    hasSeveralRuntimes: false,
    onForget: new Set(),
    onBound: new Set(),
  };
  world.runtime.onChange(() => forget(world));
  world.runtime.events.useContext(() => world.ambient.current?.facts);
  return world;
};

const forget = ({ onForget }: World): void => {
  for (const each of onForget) each();
};

export const world: World = onePerProcess('world', createWorld);

/** Makes every call ask which runtime it belongs to, and what it passes by. */
const expectSeveralRuntimes = (): void => {
  if (world.hasSeveralRuntimes) return;
  world.hasSeveralRuntimes = true;
  forget(world);
};

const assignedTo = (holder: unknown): Runtime | undefined => {
  const isHolder = (typeof holder === 'object' && holder !== null) || typeof holder === 'function';
  return isHolder ? world.assigned.get(holder) : undefined;
};

/**
 * The runtime of a call: the instance's, else the ambient one, else the default.
 * @param wrapper a function of `resilient()`, which may have a runtime of its own.
 */
export const runtimeOf = (self: unknown, wrapper?: object): Runtime =>
  assignedTo(self) ?? assignedTo(wrapper) ?? world.ambient.current?.runtime ?? world.runtime;

/** All decorated methods of `instance` run in `runtime` from now on; of a class: its static ones; a function of `resilient()` itself. Returns it. */
export const withRuntime = <Instance extends object>(instance: Instance, runtime: Runtime): Instance => {
  expectSeveralRuntimes();
  world.assigned.set(instance, runtime);
  return instance;
};

/** Switches async context on. Returns false where the platform has none. */
export const enableContext = (): boolean => world.ambient.enable();

const EMPTY: Ambient = { runtime: undefined, facts: undefined, methodRun: undefined, flights: [] };

/** Runs `fn` with part of the ambient context replaced. */
export const runAmbient = <Result>(change: Partial<Ambient>, fn: () => Result): Result =>
  world.ambient.run({ ...(world.ambient.current ?? EMPTY), ...change }, fn);

/**
 * Runs `fn` and everything it starts in `runtime`. Switches async context on.
 * @throws ConfigurationError where the platform has none: the calls would silently belong to another runtime.
 */
export const runIn = <Result>(runtime: Runtime, fn: () => Result): Result => {
  if (!enableContext())
    throw new ConfigurationError('runtime.run: this platform has no async context; use withRuntime(instance, runtime)');
  expectSeveralRuntimes();
  return runAmbient({ runtime }, fn);
};

/**
 * Runs `fn` and everything it starts past some policies. Switches async context on.
 * @throws ConfigurationError where the platform has none: the calls would silently not pass them by.
 */
export const runPast = <Result>(bypass: BypassedPolicies, fn: () => Result): Result => {
  if (!enableContext())
    throw new ConfigurationError('withContext: bypass: this platform has no async context; use uncached(instance)', {
      option: 'bypass',
    });
  expectSeveralRuntimes();
  const outer = world.ambient.current?.bypass;
  return runAmbient({ bypass: outer === undefined ? bypass : outer.and(bypass) }, fn);
};
