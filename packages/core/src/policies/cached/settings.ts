import { type Duration, parseDuration } from '../../algorithms/duration.js';
import type { EarlyRefresh } from '../../algorithms/early-refresh.js';
import type { CacheStore } from '../../stores/cache-store.js';
import type { Eviction } from '../../stores/evictions.js';
import type { Weighing } from '../../stores/weighing.js';
import type { TtlRules, Windows } from './machine.js';
import type { CachedOptions, ComputedTtl } from './options.js';
import type { TagsOption } from './tags.js';

export type TtlFunction = (result: unknown, ...args: readonly unknown[]) => ComputedTtl;

export type ErrorTtlFunction = (error: unknown, ...args: readonly unknown[]) => Duration | null;

export interface CachedSettings {
  readonly ttl: number | TtlFunction;
  readonly maxSize: number;
  readonly eviction: Eviction;
  readonly weighing: Weighing | undefined;
  readonly windows: Windows;
  readonly staleWhen: ((error: unknown) => boolean) | undefined;
  readonly throttle: number;
  readonly isSingleFlight: boolean;
  readonly key: ((...args: readonly unknown[]) => unknown) | undefined;
  readonly scope: 'instance' | 'class' | ((self: unknown) => string);
  readonly tags: TagsOption;
  readonly cacheIf: ((result: unknown, ...args: readonly unknown[]) => boolean) | undefined;
  readonly softTimeout: number | undefined;
  readonly hardTimeout: number | undefined;
  readonly earlyRefresh: EarlyRefresh | undefined;
  readonly errorTtl: number | ErrorTtlFunction | undefined;
  readonly negativeTtl: number | undefined;
  readonly ttlRules: TtlRules;
  readonly clone: ((value: unknown) => unknown) | undefined;
  readonly invalidateOn: ((error: unknown) => boolean) | undefined;
  /** Undefined: not allowed. */
  readonly snapshot: { readonly version: string | number | null } | undefined;
  readonly sweeps: boolean;
  readonly isEnabled: boolean;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly store: CacheStore | false | undefined;
}

const DAY = 86_400_000;
/** The literal 0 never expires; so does Infinity. */
const orForever = (milliseconds: number): number => (milliseconds === 0 ? Infinity : milliseconds);

const staleWindow = (staleIfError: CachedOptions['staleIfError']): number => {
  if (staleIfError === undefined) return 0;
  if (staleIfError === true) return DAY;
  return parseDuration(typeof staleIfError === 'object' ? staleIfError.maxStale : staleIfError);
};

const cloneFunction = (clone: CachedOptions['clone']): CachedSettings['clone'] => {
  if (clone === 'structured') return (value) => structuredClone(value);
  return typeof clone === 'function' ? (value) => clone(value as never) : undefined;
};

const weighingOf = ({ maxBytes, weigh }: CachedOptions): Weighing | undefined =>
  maxBytes === undefined || weigh === undefined ? undefined : { maxBytes, weigh: weigh as Weighing['weigh'] };

const boundsOf = (bounds: CachedOptions['ttlBounds']): TtlRules['bounds'] =>
  bounds && {
    min: bounds.min === undefined ? 0 : parseDuration(bounds.min),
    max: bounds.max === undefined ? Infinity : parseDuration(bounds.max),
  };

const snapshotOf = (snapshot: CachedOptions['snapshot']): CachedSettings['snapshot'] => {
  if (snapshot === undefined || snapshot === false) return undefined;
  return { version: snapshot === true ? null : snapshot.version };
};

const REFRESH_JITTER = 0.1;

const earlyRefreshOf = ({ refreshAhead, earlyRefresh }: CachedOptions): EarlyRefresh | undefined => {
  const byChance = earlyRefresh === true ? { beta: 1 } : earlyRefresh || undefined;
  if (refreshAhead === undefined && byChance === undefined) return undefined;
  const { after, jitter = REFRESH_JITTER } =
    typeof refreshAhead === 'object' ? refreshAhead : { after: refreshAhead, jitter: undefined };
  return { fraction: after, jitter, beta: byChance?.beta };
};

const optional = (given: Duration | undefined): number | undefined =>
  given === undefined ? undefined : parseDuration(given);

/** Defaults filled in, durations in milliseconds. */
export const resolveCachedOptions = (options: CachedOptions): CachedSettings => ({
  ttl: typeof options.ttl === 'function' ? (options.ttl as TtlFunction) : orForever(parseDuration(options.ttl ?? '5m')),
  maxSize: options.maxSize ?? 256,
  eviction: options.eviction ?? 'lru',
  weighing: weighingOf(options),
  windows: {
    staleWhileRevalidate: parseDuration(options.staleWhileRevalidate ?? 0),
    staleIfError: staleWindow(options.staleIfError),
  },
  staleWhen: typeof options.staleIfError === 'object' ? options.staleIfError.when : undefined,
  throttle: parseDuration(options.staleErrorThrottle ?? '1s'),
  isSingleFlight: options.singleFlight ?? true,
  key: options.key as CachedSettings['key'],
  scope: (options.scope ?? 'instance') as CachedSettings['scope'],
  tags: options.tags as TagsOption,
  cacheIf: options.cacheIf as CachedSettings['cacheIf'],
  softTimeout: optional(options.softTimeout),
  hardTimeout: optional(options.hardTimeout),
  earlyRefresh: earlyRefreshOf(options),
  errorTtl:
    typeof options.errorTtl === 'function' ? (options.errorTtl as ErrorTtlFunction) : optional(options.errorTtl),
  negativeTtl: options.negativeTtl === undefined ? undefined : orForever(parseDuration(options.negativeTtl)),
  ttlRules: { jitter: options.ttlJitter ?? 0, bounds: boundsOf(options.ttlBounds) },
  clone: cloneFunction(options.clone),
  invalidateOn: options.invalidateOn,
  snapshot: snapshotOf(options.snapshot),
  sweeps: options.sweep ?? false,
  isEnabled: options.enabled ?? true,
  name: options.name,
  version: options.version,
  store: options.store,
});
