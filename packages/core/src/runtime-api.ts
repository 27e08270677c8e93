import { type Bypass, parseBypass } from './bypass.js';
import { type Configuration, configureRuntime, configureRuntimeFromEnvironment, resetRuntime } from './configure.js';
import type { Events } from './events/event-bus.js';
import { type ListedCache, clearCachesOf, invalidateTagsOf, listCachesOf } from './handles/all-caches.js';
import { type Health, type Stats, healthOf, statsOf } from './handles/health.js';
import { type ConfigurationSource, type Reload, type ReloadOptions, reloadRuntime } from './reload.js';
import { Runtime, builtInSettings } from './runtime/runtime.js';
import { type ShutdownOptions, type ShutdownReport, forgetShutdown, shutDown } from './shutdown.js';
import type { Clock } from './runtime/clock.js';
import { enableContext, runAmbient, runIn, runPast, runtimeOf, withRuntime, world } from './runtime/world.js';

/** A world of its own: settings, events, circuits and caches that nothing else touches. */
export class HoldfastRuntime extends Runtime {
  constructor(configuration: Configuration) {
    super(builtInSettings());
    this.events.useContext(() => world.ambient.current?.facts);
    configureRuntime(this, configuration, { site: { decorator: 'createRuntime' } });
  }

  /** Runs `fn`, and every decorated call it makes, in this runtime. Switches async context on. */
  run<Result>(fn: () => Result): Result {
    return runIn(this, fn);
  }

  configure(configuration: Configuration): void {
    configureRuntime(this, configuration);
  }

  /** As `reload`, for this runtime. */
  reload(source: ConfigurationSource, options?: ReloadOptions): Promise<Reload> {
    return reloadRuntime(this, source, options);
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

  /** As `caches`, for this runtime. */
  caches(): ListedCache[] {
    return listCachesOf(this);
  }

  clearCaches(): void {
    clearCachesOf(this);
  }

  /** As `invalidateTags`, for this runtime's caches. */
  async invalidateTags(...tags: string[]): Promise<void> {
    await invalidateTagsOf(this, tags, 'remove');
  }

  /** As `expireTags`, for this runtime's caches. */
  async expireTags(...tags: string[]): Promise<void> {
    await invalidateTagsOf(this, tags, 'expire');
  }

  /** As `shutdown`, for this runtime's methods. */
  shutdown(options?: ShutdownOptions): Promise<ShutdownReport> {
    return shutDown(this, options);
  }

  /** Back to the built-ins; drops state and listeners. */
  reset(): void {
    forgetShutdown(this);
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

/**
 * As `configure`, for a program that runs: from a file that has changed, a configuration service, a signal. Every method
 * that was called before is bound anew at once, its state kept; calls under way end by the options they began with. What
 * an earlier reload gave and this one names no longer is gone, in `policies`, `defaults` and `budgets`, each where it is
 * given at all; what `configure` gave stays. A configuration that is wrong, that lacks what methods refer to, or would
 * make them contradict themselves, changes nothing: it is told by the event `config.reloadFailed` and in the result, and
 * the next reload is as welcome as ever.
 * @param source options, or a function that reads them. Of several that are read at a time the one begun last wins.
 */
export const reload = (source: ConfigurationSource, options?: ReloadOptions): Promise<Reload> =>
  reloadRuntime(world.runtime, source, options);

/** Reads `HOLDFAST_*` into the default runtime. @throws ConfigurationError naming the variable. */
export const configureFromEnv = (environment?: Readonly<Record<string, string | undefined>>): void =>
  configureRuntimeFromEnvironment(world.runtime, environment);

/** Back to the built-in settings; drops all entries, circuits and listeners. For tests. */
export const resetConfiguration = (): void => {
  forgetShutdown(world.runtime);
  resetRuntime(world.runtime);
};

/**
 * For the end of a process, after its servers take no more requests: refuses new calls of the default runtime's methods
 * with a `ShuttingDownError`, waits for the calls and refreshes under way, and tells what it left behind when the time
 * was up. With context on, calls that one under way makes of other decorated methods still pass; else they are new ones.
 * `retry()`, `Circuit.call` and the loads of a `ResultCache` are counted and refused as well.
 * @throws ConfigurationError on a wrong option.
 */
export const shutdown = (options?: ShutdownOptions): Promise<ShutdownReport> => shutDown(world.runtime, options);

/** What the default runtime reports. */
export const events: Events = /* @__PURE__ */ (() => world.runtime.events)();

/**
 * The clock that an object's decorated methods go by, of its own runtime; without an object that of the default runtime.
 * Ask each time: `configure` may bring another one.
 */
export const clockOf = (instance?: object): Clock => runtimeOf(instance).clock;

/** How the default runtime's methods are doing, as plain data for a health endpoint. */
export const health = (): Health => healthOf(world.runtime);

/** Counts of the default runtime's caches, one by one and in total. */
export const stats = (): Stats => statsOf(world.runtime);

/** The caches of the default runtime's methods that were called so far, one by one: what to clear by name. */
export const caches = (): ListedCache[] => listCachesOf(world.runtime);

/** Empties every cache of the default runtime. */
export const clearCaches = (): void => clearCachesOf(world.runtime);

/**
 * Forgets every entry with one of the tags, in all caches of the default runtime. A load under way that has one answers
 * its callers and is not stored. The work depends on the number of caches and tags, not on that of entries.
 * @throws ConfigurationError on what is no tag.
 */
export const invalidateTags = async (...tags: string[]): Promise<void> =>
  invalidateTagsOf(world.runtime, tags, 'remove');

/**
 * As `invalidateTags`, but the entries are past their ttl instead of gone: `staleWhileRevalidate` and `staleIfError`
 * count from now.
 */
export const expireTags = async (...tags: string[]): Promise<void> => invalidateTagsOf(world.runtime, tags, 'expire');

/** What `withContext` takes. */
export interface Context {
  /**
   * Policies that calls from inside pass by, as if they were not there: `true` for all, or by name. A bypassed cache is
   * neither read nor written. Inside of another context's bypass, both hold.
   */
  readonly bypass?: Bypass;
  /** Facts for events. */
  readonly [fact: string]: unknown;
}

/**
 * Runs `fn` with facts that every event from inside carries as `context`, background refreshes included, and past the
 * policies that `bypass` names. Switches async context on.
 * @throws ConfigurationError on a bypass of what is no policy, or where the platform has no async context for it.
 */
export const withContext = <Result>(context: Context, fn: () => Result): Result => {
  const { bypass, ...facts } = context;
  const bypassed = parseBypass(bypass);
  enableContext();
  const run = (): Result => runAmbient({ facts: Object.freeze({ ...world.ambient.current?.facts, ...facts }) }, fn);
  return bypassed === undefined ? run() : runPast(bypassed, run);
};

export { withRuntime };
