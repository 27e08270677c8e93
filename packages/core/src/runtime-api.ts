import { type Configuration, configureRuntime, configureRuntimeFromEnvironment, resetRuntime } from './configure.js';
import type { Events } from './events/event-bus.js';
import { clearCachesOf } from './handles/cache-handle.js';
import { type Health, type Stats, healthOf, statsOf } from './handles/health.js';
import { Runtime, builtInSettings } from './runtime/runtime.js';
import { enableContext, runAmbient, runIn, withRuntime, world } from './runtime/world.js';

/** A world of its own: settings, events, circuits and caches that nothing else touches. */
export class HoldfastRuntime extends Runtime {
  constructor(configuration: Configuration) {
    super(builtInSettings());
    this.events.useContext(() => world.ambient.current?.facts);
    configureRuntime(this, configuration, { decorator: 'createRuntime' });
  }

  /** Runs `fn`, and every decorated call it makes, in this runtime. Switches async context on. */
  run<Result>(fn: () => Result): Result {
    return runIn(this, fn);
  }

  configure(configuration: Configuration): void {
    configureRuntime(this, configuration);
  }

  configureFromEnv(environment?: Readonly<Record<string, string | undefined>>): void {
    configureRuntimeFromEnvironment(this, environment);
  }

  health(): Health {
    return healthOf(this);
  }

  stats(): Stats {
    return statsOf(this);
  }

  clearCaches(): void {
    clearCachesOf(this);
  }

  /** Back to the built-ins; drops state and listeners. */
  reset(): void {
    resetRuntime(this);
  }
}

/** An isolated runtime, for a test, a tenant or an app. @throws ConfigurationError */
export const createRuntime = (configuration: Configuration = {}): HoldfastRuntime => new HoldfastRuntime(configuration);

/**
 * Changes the default runtime's settings, at any time: classes decorated before follow at their next call and keep their
 * state. A wrong configuration changes nothing.
 * @throws ConfigurationError naming the option, the value and the remedy.
 */
export const configure = (configuration: Configuration): void => configureRuntime(world.runtime, configuration);

/** Reads `HOLDFAST_*` into the default runtime. @throws ConfigurationError naming the variable. */
export const configureFromEnv = (environment?: Readonly<Record<string, string | undefined>>): void =>
  configureRuntimeFromEnvironment(world.runtime, environment);

/** Back to the built-in settings; drops all entries, circuits and listeners. For tests. */
export const resetConfiguration = (): void => resetRuntime(world.runtime);

/** What the default runtime reports. */
export const events: Events = /* @__PURE__ */ (() => world.runtime.events)();

/** How the default runtime's methods are doing, as plain data for a health endpoint. */
export const health = (): Health => healthOf(world.runtime);

/** Counts of the default runtime's caches, one by one and in total. */
export const stats = (): Stats => statsOf(world.runtime);

/** Empties every cache of the default runtime. */
export const clearCaches = (): void => clearCachesOf(world.runtime);

/**
 * Runs `fn` with facts that every event from inside carries as `context`, background refreshes included. Switches async
 * context on.
 */
export const withContext = <Result>(facts: Readonly<Record<string, unknown>>, fn: () => Result): Result => {
  enableContext();
  return runAmbient({ facts: Object.freeze({ ...world.ambient.current?.facts, ...facts }) }, fn);
};

export { withRuntime };
