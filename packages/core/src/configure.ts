import { ADVICE_CODES, type AdviceCode, adviceCodes } from './advisor/codes.js';
import type { RetryBudgetOptions } from './algorithms/retry-budget.js';
import type { Classifier } from './errors/classify.js';
import {
  type Check,
  type OptionSite,
  type Schema,
  arrayOf,
  callback,
  checkOptions,
  configurationError,
  either,
  flag,
  isRecord,
  literal,
  oneOf,
  shape,
} from './errors/option-check.js';
import { parseBudgets } from './configured-budgets.js';
import { dropBindings } from './decorate/bind.js';
import { policyChain } from './decorate/named-policies.js';
import { readHoldfastEnvironment } from './environment.js';
import type { Logger, LoggerLevel } from './events/taps.js';
import type { CachedOptions } from './policies/cached/options.js';
import type { ChaosOptions } from './policies/chaos/options.js';
import type { CircuitBreakerOptions } from './policies/circuit-breaker/options.js';
import type { AdaptiveConcurrencyOptions } from './policies/adaptive-concurrency/options.js';
import type { AdaptiveThrottleOptions } from './policies/adaptive-throttle/options.js';
import type { HedgeOptions } from './policies/hedge/options.js';
import type { BulkheadOptions } from './policies/bulkhead/options.js';
import type { RateLimitOptions } from './policies/rate-limit/options.js';
import { type StoreGuardOptions, isStoreOrNone, storeSettings } from './direct/store-guard-options.js';
import { withStoreGuards } from './direct/guarded-store.js';
import type { CacheStore } from './stores/cache-store.js';
import type { RetryOptions } from './policies/retry/options.js';
import type { TimeoutOptions } from './policies/timeout/options.js';
import { type GeneralOption, type ResilientOptions, type UserPolicies, parseResilientOptions } from './resilient.js';
import type { Clock } from './runtime/clock.js';
import { type NamedOptions, type PolicyOptions, type Sections, give, sectionsOf } from './runtime/given-sections.js';
import type { Random } from './runtime/random.js';
import { type Runtime, type Settings, builtInSettings } from './runtime/runtime.js';
import { readEnvironment } from './runtime/system.js';
import { enableContext } from './runtime/world.js';

/** Defaults per policy: they refine what a decorator leaves open and add no policy to any method. */
export interface PolicyDefaults extends UserPolicies {
  readonly cache?: Omit<CachedOptions<any[], any, any>, 'key' | 'name'>;
  readonly retry?: RetryOptions<any>;
  readonly circuitBreaker?: Omit<CircuitBreakerOptions<any[]>, 'name' | 'key'>;
  readonly hedge?: HedgeOptions<any>;
  readonly adaptiveThrottle?: Omit<AdaptiveThrottleOptions, 'name'>;
  readonly rateLimit?: Partial<Omit<RateLimitOptions<any[]>, 'name' | 'key'>>;
  readonly bulkhead?: Omit<BulkheadOptions<any[]>, 'name' | 'key'>;
  readonly adaptiveConcurrency?: Omit<AdaptiveConcurrencyOptions, 'name'>;
  readonly timeout?: TimeoutOptions;
  /** The switch and the rate for all methods with `@Chaos`; `enabled: false` keeps all of them off. */
  readonly chaos?: Omit<ChaosOptions<any[], any, any>, 'result'>;
}

/** What `@Resilient('payments')` stands for. */
export interface NamedPolicy extends Omit<ResilientOptions<any, any[], any>, GeneralOption> {
  /** The preset or named policy that this one refines, option by option; under a preset's own name: that preset. */
  readonly policy?: string;
  /** Refines policies that a method has for itself, and gives it none: `{ cache: { staleIfError: '1h' } }`. */
  readonly defaults?: PolicyDefaults;
}

export interface Configuration {
  /** Precedence: decorator > named policy > class `@Resilient` > these > environment > built-in. */
  readonly defaults?: PolicyDefaults;
  /**
   * Named options for `@Resilient('payments')`; a name alone is an alias. They share options; state is shared by a
   * policy's own `name`.
   */
  readonly policies?: Readonly<Record<string, NamedPolicy | string>>;
  /** The second tier of every `@Cached` method, behind the process's own memory; false: none again. Default: none. */
  readonly store?: CacheStore | false;
  /** How stores are guarded: bounds, retries, a circuit, and whether their failures are the caller's to see. */
  readonly storeGuard?: StoreGuardOptions;
  /** Budgets that `@Retry` and `@Hedge` name: `budgets: { payments: { ratio: 0.1 } }`, `@Retry({ budget: 'payments' })`. */
  readonly budgets?: Readonly<Record<string, Omit<RetryBudgetOptions, 'name'>>>;
  /** False: decorated methods run as written. */
  readonly enabled?: boolean;
  /** Hears every event of its level; false: silence. Default: changes of state on the console. */
  readonly logger?: Logger | false;
  /** Default: 'info' for the console, 'debug' for a logger of yours. */
  readonly logLevel?: LoggerLevel;
  /** Asked before the table of errors. */
  readonly classifiers?: readonly Classifier[];
  /** 'exact' reads the exact clock on cache hits and in throttles too; a `Clock` replaces the system's. */
  readonly clock?: Clock | 'exact' | 'system';
  readonly random?: Random;
  /** Refusals and timeouts carry a stack; slower. Default false. */
  readonly captureStacks?: boolean;
  /** Findings that nobody wants to hear, by code; `false` silences all. Warnings in `explain()` follow it, too. */
  readonly advisor?: false | { readonly silence: readonly AdviceCode[] };
  /** Switches async context on: re-entrance is seen across awaits. Slows every promise on Node before 24. */
  readonly context?: boolean;
}

const isClock: Check = (value) => {
  const clock = value as Partial<Clock>;
  const isOne = isRecord(value) && [clock.now, clock.wall, clock.setTimer].every((part) => typeof part === 'function');
  return isOne ? undefined : "must be 'exact', 'system', or a clock with now(), wall() and setTimer()";
};

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
const isObject: Check = (value) => (isRecord(value) ? undefined : 'must be an object');

const schema = (): Schema => ({
  defaults: isObject,
  store: isStoreOrNone,
  storeGuard: isObject,
  policies: isObject,
  budgets: isObject,
  enabled: flag,
  logger: either(isObject, literal(false)),
  logLevel: oneOf(...LEVELS),
  classifiers: arrayOf(callback),
  clock: (value: unknown) => (value === 'exact' || value === 'system' ? undefined : isClock(value)),
  random: callback,
  captureStacks: flag,
  advisor: either(literal(false), shape({ silence: adviceCodes })),
  context: flag,
});

const SITE: OptionSite = { decorator: 'configure' };

/** Options that would make all methods one. */
const OWN_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  cache: ['key', 'name'],
  circuitBreaker: ['key', 'name'],
  rateLimit: ['key', 'name'],
  bulkhead: ['key', 'name'],
  adaptiveThrottle: ['name'],
  adaptiveConcurrency: ['name'],
  chaos: ['result'],
};

const parseDefaults = (given: unknown, site: OptionSite): PolicyOptions => {
  const { policies, ...general } = parseResilientOptions(given, { ...site, decorator: `${site.decorator} defaults` });
  const stray = Object.entries(general).find(([, value]) => value !== undefined);
  if (stray !== undefined) throw configurationError(site, `defaults: '${stray[0]}' is not a policy`, 'defaults');
  for (const [key, options] of Object.entries(policies)) {
    if (options === false)
      throw configurationError(
        site,
        `defaults.${key}: false switches nothing off; use enabled: false, or false at the method`,
        'defaults',
      );
    for (const option of OWN_OPTIONS[key] ?? []) {
      if (options[option] !== undefined)
        throw configurationError(
          site,
          `defaults.${key}.${option}: belongs to one method; write it at that method`,
          'defaults',
        );
    }
  }
  return policies;
};

const parseNamedPolicy = (given: unknown, at: OptionSite): NamedOptions => {
  const { defaults, ...own } = isRecord(given) ? given : {};
  const parts = parseResilientOptions(isRecord(given) ? own : given, at);
  for (const option of ['order', 'async', 'include', 'exclude', 'silence'] as const) {
    if (parts[option] !== undefined)
      throw configurationError(at, `${option} belongs to @Resilient; write it there`, option);
  }
  return {
    base: parts.named,
    policies: parts.policies,
    defaults: defaults === undefined ? {} : parseDefaults(defaults, at),
  };
};

const named = (name: string, site: OptionSite): OptionSite => ({
  ...site,
  decorator: `${site.decorator} policies.${name}`,
});

const parsePolicies = (given: Readonly<Record<string, unknown>>, site: OptionSite): Settings['policies'] =>
  Object.fromEntries(
    Object.entries(given).map(([name, each]) => [name, parseNamedPolicy(each, named(name, site))] as const),
  );

/** @throws ConfigurationError where a named policy builds on what is not there, or on itself. */
const checkBases = (policies: Settings['policies'], site: OptionSite): void => {
  for (const name of Object.keys(policies)) policyChain(name, policies, { site: named(name, site), option: 'policy' });
};

const clockOf = (given: Configuration['clock'], present: Settings): Pick<Settings, 'clock' | 'usesExactClock'> => {
  if (given === undefined) return present;
  if (given === 'exact') return { clock: present.clock, usesExactClock: true };
  return given === 'system'
    ? { clock: builtInSettings().clock, usesExactClock: false }
    : { clock: given, usesExactClock: false };
};

const generalOf = (general: Settings['general']): Pick<Settings, 'general' | 'enabled' | 'logLevel'> => {
  const { code, environment } = general;
  return {
    general,
    enabled: code.enabled ?? environment.enabled ?? true,
    logLevel: code.logLevel ?? environment.logLevel,
  };
};

const silencedBy = (advisor: Configuration['advisor']): readonly AdviceCode[] | undefined =>
  advisor === false ? ADVICE_CODES : advisor?.silence;

const parseSections = (
  { defaults, policies, budgets }: Configuration,
  present: Settings,
  site: OptionSite,
): Partial<Sections> => ({
  ...(defaults !== undefined && { defaults: parseDefaults(defaults, site) }),
  ...(policies !== undefined && { policies: parsePolicies(policies, site) }),
  ...(budgets !== undefined && { budgets: parseBudgets(budgets, present.budgets, site) }),
});

const changed = (present: Settings, value: unknown, site: OptionSite, source?: string): Settings => {
  const options = checkOptions(site, schema(), value) as Configuration;
  const given = give(present.given, parseSections(options, present, site), source);
  const sections = sectionsOf(given);
  checkBases(sections.policies, site);
  return {
    ...present,
    ...clockOf(options.clock, present),
    ...sections,
    given,
    ...generalOf({
      ...present.general,
      code: {
        enabled: options.enabled ?? present.general.code.enabled,
        logLevel: options.logLevel ?? present.general.code.logLevel,
      },
    }),
    logger: options.logger ?? present.logger,
    ...storeSettings(options, present, site),
    classifiers: options.classifiers ?? present.classifiers,
    random: options.random ?? present.random,
    captureStacks: options.captureStacks ?? present.captureStacks,
    silenced: silencedBy(options.advisor) ?? present.silenced,
  };
};

/**
 * The settings after a change: what is given replaces what was, option by option; defaults, named policies and budgets
 * merge by name.
 * @param source of a reload: what it gave before and names no longer is gone, in the sections that it gives.
 */
export const changedSettings = /* @__PURE__ */ withStoreGuards(changed);

/**
 * Changes a runtime's settings; bound methods follow at their next call and keep their state: entries, circuits, counts.
 * A wrong configuration changes nothing.
 * @throws ConfigurationError
 */
export const configureRuntime = (
  runtime: Runtime,
  given: Configuration,
  { site = SITE, source }: { readonly site?: OptionSite; readonly source?: string } = {},
): void => {
  const settings = changedSettings(runtime.settings, given, site, source);
  if (given.context === true && !enableContext())
    throw configurationError(site, 'context: this platform has no async context', 'context');
  runtime.apply(settings);
};

/** Reads `HOLDFAST_*` into the weakest layer above the built-in defaults. @throws ConfigurationError naming the variable. */
export const configureRuntimeFromEnvironment = (runtime: Runtime, environment = readEnvironment()): void => {
  const { defaults, enabled, logLevel } = readHoldfastEnvironment(environment);
  const checked = parseDefaults(defaults, { decorator: 'environment' });
  const { settings } = runtime;
  runtime.apply({
    ...settings,
    environment: checked,
    ...generalOf({ ...settings.general, environment: { enabled, logLevel } }),
  });
};

/** Back to the built-ins; drops all state and every listener. For tests. */
export const resetRuntime = (runtime: Runtime): void => {
  runtime.events.removeAllListeners();
  // First: it makes methods forget the stacks that they remember, which are found through the bindings.
  runtime.door = undefined;
  runtime.apply(builtInSettings());
  dropBindings(runtime);
};
