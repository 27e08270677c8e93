import { AsyncContext } from './context.js';
import { Runtime, builtInSettings } from './runtime.js';

/** What async context carries, once it is on. */
export interface Ambient {
  readonly runtime: Runtime | undefined;
  /** `withContext`: facts for events. */
  readonly facts: Readonly<Record<string, unknown>> | undefined;
  /** The loads this code runs in, for re-entrance: flight objects. */
  readonly flights: readonly object[];
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
  /** True once calls may belong to several runtimes: then every call asks which. */
  hasSeveralRuntimes: boolean;
  /** Called when what calls remember of the default runtime is out of date. */
  readonly onForget: Set<() => void>;
  nextOrdinal: number;
}

const KEY = Symbol.for('@holdfast/core/world@1');

const createWorld = (): World => {
  const world: World = {
    records: new WeakMap(),
    policies: new Map(),
    runtime: new Runtime(builtInSettings()),
    assigned: new WeakMap(),
    ambient: new AsyncContext(),
    hasSeveralRuntimes: false,
    onForget: new Set(),
    nextOrdinal: 1,
  };
  world.runtime.onChange(() => forget(world));
  return world;
};

const forget = ({ onForget }: World): void => {
  for (const each of onForget) each();
};

const shared = globalThis as { [KEY]?: World };

export const world: World = (shared[KEY] ??= createWorld());

/** Makes every call ask which runtime it belongs to. */
const expectSeveralRuntimes = (): void => {
  if (world.hasSeveralRuntimes) return;
  world.hasSeveralRuntimes = true;
  forget(world);
};

/** The runtime of a call: the instance's, else the ambient one, else the default. */
export const runtimeOf = (self: unknown): Runtime => {
  const assigned = typeof self === 'object' && self !== null ? world.assigned.get(self) : undefined;
  return assigned ?? world.ambient.current?.runtime ?? world.runtime;
};

/** All decorated methods of `instance` run in `runtime` from now on. Returns the instance. */
export const withRuntime = <Instance extends object>(instance: Instance, runtime: Runtime): Instance => {
  expectSeveralRuntimes();
  world.assigned.set(instance, runtime);
  return instance;
};

/** Switches async context on. Returns false where the platform has none. */
export const enableContext = (): boolean => {
  const isNew = !world.ambient.isOn;
  const isOn = world.ambient.enable();
  if (isOn && isNew) world.runtime.events.useContext(() => world.ambient.current?.facts);
  return isOn;
};

const EMPTY: Ambient = { runtime: undefined, facts: undefined, flights: [] };

/** Runs `fn` with part of the ambient context replaced. */
export const runAmbient = <Result>(change: Partial<Ambient>, fn: () => Result): Result =>
  world.ambient.run({ ...(world.ambient.current ?? EMPTY), ...change }, fn);

/** Runs `fn` and everything it starts in `runtime`. Switches async context on. */
export const runIn = <Result>(runtime: Runtime, fn: () => Result): Result => {
  if (enableContext()) runtime.events.useContext(() => world.ambient.current?.facts);
  expectSeveralRuntimes();
  return runAmbient({ runtime }, fn);
};
