import { type AdviceCode, adviceCodes } from './advisor/codes.js';
import { registerBuiltInPolicies } from './built-in-policies.js';
import type { AnyMethod, ClassOrMethodDecorator, Later, Settled, ThisOf } from './decorate/decorator-types.js';
import { type LayerParts, decorateClass, isClassDecoration, layerFrom } from './decorate/class-decorator.js';
import { presets } from './decorate/named-policies.js';
import { methodDecorator, sourceLine } from './decorate/method-decorator.js';
import { refuseBareUse } from './decorate/policy-decorator.js';
import type { Layer } from './decorate/method-record.js';
import {
  type OptionSite,
  type Schema,
  arrayOf,
  checkOptions,
  configurationError,
  flag,
  isRecord,
  shown,
  text,
} from './errors/option-check.js';
import type { AdaptiveConcurrencyOptions } from './policies/adaptive-concurrency/options.js';
import type { AdaptiveThrottleOptions } from './policies/adaptive-throttle/options.js';
import type { BulkheadOptions } from './policies/bulkhead/options.js';
import type { CachedOptions } from './policies/cached/options.js';
import type { ChaosOptions } from './policies/chaos/options.js';
import type { CircuitBreakerOptions } from './policies/circuit-breaker/options.js';
import type { FallbackFor } from './policies/fallback/decorator.js';
import type { HedgeOptions } from './policies/hedge/options.js';
import type { InvalidatesOptions } from './policies/invalidates/options.js';
import type { RateLimitOptions } from './policies/rate-limit/options.js';
import type { RetryOptions } from './policies/retry/options.js';
import type { TimeoutOptions } from './policies/timeout/options.js';
import type { Duration } from './algorithms/duration.js';
import type { PolicyDefinition } from './pipeline/policy.js';
import { PRESETS, type Preset } from './presets.js';
import { world } from './runtime/world.js';

/**
 * Options of policies made with `definePolicy`, for the compiler:
 * `declare module '@holdfast/core' { interface UserPolicies { readonly loadShed?: { max: number } } }`.
 */
export interface UserPolicies {}

/** The options of `@Resilient` that name no policy. */
export type GeneralOption = 'policy' | 'order' | 'async' | 'include' | 'exclude' | 'silence';

/** Policies by name; `true` means with defaults, `false` takes one away that a weaker layer gave. */
export interface ResilientOptions<
  Self = unknown,
  Args extends unknown[] = never[],
  Result = never,
> extends UserPolicies {
  readonly cache?: boolean | CachedOptions<Args, Settled<Result>, Self>;
  readonly retry?: boolean | RetryOptions<Settled<Result>>;
  readonly circuitBreaker?: boolean | CircuitBreakerOptions<Args>;
  readonly hedge?: boolean | HedgeOptions<Settled<Result>>;
  readonly adaptiveThrottle?: boolean | AdaptiveThrottleOptions;
  readonly rateLimit?: boolean | Partial<RateLimitOptions<Args>>;
  readonly bulkhead?: boolean | BulkheadOptions<Args>;
  readonly adaptiveConcurrency?: boolean | AdaptiveConcurrencyOptions;
  readonly timeout?: false | Duration | TimeoutOptions;
  readonly chaos?: boolean | ChaosOptions<Args, Result, Self>;
  readonly fallback?: false | FallbackFor<Self, Args, Result>;
  readonly invalidates?: false | InvalidatesOptions<Args, Self>;
  /** A preset, or a named policy of `configure({ policies })`, that these options refine. */
  readonly policy?: string;
  /**
   * Another order than the canonical one, outermost first, by policy name as in `explain()`. The policies named here
   * change places among themselves; all others stay where they are.
   */
  readonly order?: readonly string[];
  /** Whether the method returns a Promise, where Holdfast cannot know before the first call. */
  readonly async?: boolean;
  /** Findings of the advisor that are meant so here. */
  readonly silence?: readonly AdviceCode[];
  /** On a class: only these methods. Needed for `cache`. */
  readonly include?: readonly (string | symbol)[];
  /** On a class: all but these. */
  readonly exclude?: readonly (string | symbol)[];
}

const names = arrayOf((value) => (typeof value === 'symbol' ? undefined : text(value)));
const general = (): Schema => ({
  policy: text,
  order: arrayOf(text),
  async: flag,
  include: names,
  exclude: names,
  silence: adviceCodes,
});

const parsePolicy = (
  definition: PolicyDefinition,
  given: unknown,
  site: OptionSite,
): LayerParts['policies'][string] => {
  if (given === false) return false;
  const at = { ...site, decorator: `${site.decorator} ${definition.key}`, policy: definition.name };
  if (given === null && definition.isUsers !== true)
    throw configurationError(at, 'options must be an object, got null; leave the policy out, or write false');
  // A user's policy with defaults is one without options, whatever kind they are.
  const nothing = definition.isUsers === true ? undefined : {};
  return definition.parse(given === true ? nothing : given, at);
};

/** Read when the first named policy is, which may be one or build on one. */
const registerPresets = (): void => {
  if (presets.size > 0) return;
  for (const [name, preset] of Object.entries(PRESETS)) {
    const { defaults, ...own }: Preset = preset;
    const site = { decorator: `preset '${name}'` };
    const [{ policies }, refined] = [parseResilientOptions(own, site), parseResilientOptions(defaults ?? {}, site)];
    presets.set(name, { base: undefined, policies, defaults: refined.policies });
  }
};

/** Checks the options of `@Resilient`, of a named policy or of `configure`'s defaults. @throws ConfigurationError */
export const parseResilientOptions = (given: unknown, site: OptionSite): LayerParts => {
  if (typeof given === 'string' && given !== '') {
    registerPresets();
    return { policies: {}, named: given, order: undefined, async: undefined, include: undefined, exclude: undefined };
  }
  if (!isRecord(given)) throw configurationError(site, `needs options or the name of a policy, got ${shown(given)}`);
  registerBuiltInPolicies();
  const definitions = world.policies as ReadonlyMap<string, PolicyDefinition>;
  const accepted = Object.fromEntries([...definitions.keys()].map((key) => [key, () => undefined]));
  const options = checkOptions(site, { ...general(), ...accepted }, given);
  const keys = Object.keys(options).filter((key) => definitions.has(key));
  const policies = Object.fromEntries(
    keys.map((key) => [key, parsePolicy(definitions.get(key) as PolicyDefinition, options[key], site)]),
  );
  if (options['policy'] !== undefined) registerPresets();
  checkOrder(options['order'] as readonly string[] | undefined, site);
  return {
    policies: Object.freeze(policies),
    named: options['policy'] as string | undefined,
    order: options['order'] as readonly string[] | undefined,
    async: options['async'] as boolean | undefined,
    include: options['include'] as LayerParts['include'],
    exclude: options['exclude'] as LayerParts['exclude'],
    silence: options['silence'] as LayerParts['silence'],
  };
};

const checkOrder = (order: readonly string[] | undefined, site: OptionSite): void => {
  const known = new Set(
    [...(world.policies as ReadonlyMap<string, PolicyDefinition>).values()].map(({ name }) => name),
  ).add('total-timeout');
  const twice = order?.find((name, index) => order.indexOf(name) !== index);
  if (twice !== undefined) throw configurationError(site, `order names '${twice}' twice`, 'order');
  for (const name of order ?? []) {
    if (!known.has(name))
      throw configurationError(
        site,
        `order: there is no policy '${name}'; known: ${[...known].sort().join(', ')}`,
        'order',
      );
  }
};

/** @throws ConfigurationError on options that only a class can have. */
export const checkForOne = (parts: LayerParts, site: OptionSite): LayerParts => {
  if (parts.include === undefined && parts.exclude === undefined) return parts;
  throw configurationError(
    site,
    'include and exclude belong to @Resilient on a class',
    parts.include === undefined ? 'exclude' : 'include',
  );
};

const methodLayer = (parts: LayerParts, site: OptionSite): Layer => layerFrom(checkForOne(parts, site), 'method', site);

/**
 * Several policies in one line, by name: `@Resilient({ cache: { ttl: '1m' }, retry: true })`, or a policy that
 * `configure({ policies })` names: `@Resilient('payments')`, or a preset: `@Resilient('http')`. Equal to the stacked decorators. On a class it gives its own
 * asynchronous methods those policies, unless a method says otherwise.
 * @throws ConfigurationError when the class is defined, on a wrong option.
 */
export function Resilient<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: string | ResilientOptions<Later<ThisOf<Self, Legacy>>, Later<Args>, Later<Result>>,
): ClassOrMethodDecorator<Self, Legacy, Args, Result> {
  const site: OptionSite = { decorator: '@Resilient', source: sourceLine(Resilient as AnyMethod) };
  refuseBareUse(site, options);
  if (typeof options === 'function') throw configurationError(site, 'write @Resilient(…) with parentheses and options');
  const onMethod = methodDecorator(site, (at) => methodLayer(parseResilientOptions(options, at), at));
  const decorator = (...given: readonly unknown[]): unknown => {
    if (!isClassDecoration(given)) return onMethod(...given);
    const target = given[0] as abstract new (...args: any[]) => unknown;
    const at = { ...site, method: target.name };
    const { metadata } = (given[1] ?? {}) as { metadata?: Record<PropertyKey, unknown> };
    decorateClass({ target, metadata }, parseResilientOptions(options, at), at);
    return undefined;
  };
  return decorator as ClassOrMethodDecorator<Self, Legacy, Args, Result>;
}
