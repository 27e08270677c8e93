import { type Duration, parseDuration } from '../../algorithms/duration.js';
import {
  type Check,
  type OptionSite,
  type Schema,
  callback,
  checkOptions,
  configurationError,
  duration,
  either,
  finite,
  flag,
  fraction,
  literal,
  ofPlainObject,
  oneOf,
  shape,
  text,
  whole,
} from '../../errors/option-check.js';
import { type CacheStore, storeProblem } from '../../stores/cache-store.js';
import type { Eviction } from '../../stores/evictions.js';
import { entryTags } from '../../stores/tag-names.js';

/** A ttl with an end that nothing may pass: a lease. */
export interface LeasedTtl {
  readonly ttl: Duration;
  /** Milliseconds since the epoch. Default: none. */
  readonly hardUntil?: number;
  /** The same as a duration, counted like the ttl from when the load began. Default: none. */
  readonly hardTtl?: Duration;
}

/** What a ttl function may answer; null, 0, negative or NaN: do not store. */
export type ComputedTtl = Duration | LeasedTtl | null;

/** Renews a value that is still fresh behind its use. */
export interface RefreshAheadOptions {
  /** Share of the ttl, between 0 and 1, after which a use renews the value. */
  readonly after: number;
  /** Share of that time (0..1) by which it may come sooner, so that entries are not renewed together. Default 0.1. */
  readonly jitter?: number;
}

export interface StaleIfErrorOptions {
  /** How long past its ttl a value may answer for a failed load. */
  readonly maxStale: Duration;
  /** Which errors it may answer for. Never 401, 403, 404 or 410. Default: by the table of errors. */
  readonly when?: (error: unknown) => boolean;
}

/** Options of `@Cached`. `Self`, `Args` and `Value` are inferred from the method. */
export interface CachedOptions<Args extends readonly unknown[] = never[], Value = never, Self = never> {
  /** How long a value is fresh, counted from when its load began. 0 or Infinity: for ever, until evicted. A function decides per result. Default '5m'. */
  readonly ttl?: Duration | ((result: Value, ...args: Args) => ComputedTtl);
  /** Entries kept; which goes first is for `eviction` to say. Default 256. */
  readonly maxSize?: number;
  /** 'lru': the least recently used goes first. 'adaptive': by how often and how lately, as the load rewards it. Default 'lru'. */
  readonly eviction?: Eviction;
  /** What all values may weigh together, in bytes as `weigh` counts them; one that is heavier is not stored. Default: none. */
  readonly maxBytes?: number;
  /** The bytes of a value, a whole number. A value it throws for is not stored. Needed with `maxBytes`. */
  readonly weigh?: (value: Value) => number;
  /** How long past the ttl the old value is answered at once while it is being refreshed. Default 0. */
  readonly staleWhileRevalidate?: Duration;
  /** How long past the ttl the old value answers for a failed load; `true` is '1d'. Default 0. */
  readonly staleIfError?: Duration | true | StaleIfErrorOptions;
  /** After a failed load further ones of that key are held back this long, doubling up to '30s', while there is a stale value. Default '1s'. */
  readonly staleErrorThrottle?: Duration;
  /** Concurrent calls of one key share one load. Default true. */
  readonly singleFlight?: boolean;
  /** The key of a call. Default: an encoding of all arguments. */
  readonly key?: (this: Self, ...args: Args) => unknown;
  /** One cache per instance, per concrete class, or one for all with the answer as part of the key. Default 'instance'. */
  readonly scope?: 'instance' | 'class' | ((self: Self) => string);
  /** Names by which entries can be invalidated together, up to 64 of at most 256 characters. A function that throws: not stored. Default: none. */
  readonly tags?: readonly string[] | ((this: Self, ...args: Args) => readonly string[]);
  /** Whether a result is worth storing. One that throws means no. */
  readonly cacheIf?: (result: Value, ...args: Args) => boolean;
  /**
   * How long a caller who could have an old value waits for the load, counted from when that began; then he gets the old
   * value, and the load goes on. Needs `staleIfError`. Default: none.
   */
  readonly softTimeout?: Duration;
  /**
   * How long a caller waits for a load at most; then he gets an old value or a TimedOutError, and the load goes on for
   * those who come later. A load that everyone has left, and any refresh, is given up after ten times as long. Default: none.
   */
  readonly hardTimeout?: Duration;
  /** A use after this share of the ttl (between 0 and 1) renews the value behind it, while it is still fresh. Default: none. */
  readonly refreshAhead?: number | RefreshAheadOptions;
  /**
   * A use shortly before the end may renew the value: the sooner, the longer its load took, and by chance, so that not
   * all processes do it at once (XFetch). `beta` above 1 renews sooner. Default false; `true` is `{ beta: 1 }`.
   */
  readonly earlyRefresh?: boolean | { readonly beta: number };
  /**
   * A failed load that no old value answers for is not repeated for this long: its error answers. A function decides per
   * error; null, 0 or less: not kept. Never kept: refusals, aborts, wrong options. Default: none.
   */
  readonly errorTtl?: Duration | ((error: unknown, ...args: Args) => Duration | null);
  /** The ttl of null and undefined. Default: `ttl`. */
  readonly negativeTtl?: Duration;
  /** Share of the ttl (0..1) by which entries may end earlier, so that they do not all end together. Default 0. */
  readonly ttlJitter?: number;
  /** Clamps computed ttls, with an event. Default: none. */
  readonly ttlBounds?: { readonly min?: Duration; readonly max?: Duration };
  /** Copies the value on its way in and out, so that callers cannot change the cached one: 'structured' or a function. Default 'none'. */
  readonly clone?: 'none' | 'structured' | ((value: Value) => Value);
  /** Errors that remove the key's entry, besides 401, 403, 404 and 410. */
  readonly invalidateOn?: (error: unknown) => boolean;
  /**
   * Allows `cacheOf().export()` and `import()`: entries as plain data, their values in clear. Never for secrets. A version
   * tells values of different releases apart. Default false.
   */
  readonly snapshot?: boolean | { readonly version: string | number };
  /**
   * Entries leave the memory as soon as nothing can be answered with them any more, by a timer that keeps no process
   * alive: for secrets, and for caches that are rarely written. Default false: when they are met, or by later writes.
   */
  readonly sweep?: boolean;
  /** False: neither read nor written; concurrent calls still share one load. Default true. */
  readonly enabled?: boolean;
  /** The cache's name in `health()` and `stats()`, and in a store. Default: `Class.method`. */
  readonly name?: string;
  /** Of what is kept in a store: values of another version are not read. Needed with a store, as `name` and a `scope` are. */
  readonly version?: string;
  /** The second tier behind the process's own memory; false: none, whatever `configure` says. Default: `configure`'s. */
  readonly store?: CacheStore | false;
}

const anyDuration = /* @__PURE__ */ duration({ infinite: true });
const stale = /* @__PURE__ */ ofPlainObject((value) =>
  value === true || typeof value !== 'object' || value === null
    ? either(literal(true), anyDuration)(value)
    : staleShape(value),
);
const staleShape: Check = (value) =>
  (value as StaleIfErrorOptions).maxStale === undefined
    ? '.maxStale is missing'
    : shape({ maxStale: anyDuration, when: callback })(value);

const innerFraction: Check = (value) =>
  typeof value === 'number' && value > 0 && value < 1
    ? undefined
    : 'must be a number between 0 and 1, without the ends';
const aheadShape: Check = (value) =>
  (value as RefreshAheadOptions).after === undefined
    ? '.after is missing'
    : shape({ after: innerFraction, jitter: fraction() })(value);
const ahead = /* @__PURE__ */ ofPlainObject((value) =>
  typeof value === 'object' && value !== null ? aheadShape(value) : innerFraction(value),
);
const positiveNumber: Check = (value) =>
  typeof value === 'number' && value > 0 && value < Infinity ? undefined : 'must be a number above 0';
const chance = /* @__PURE__ */ ofPlainObject((value) =>
  typeof value === 'object' && value !== null ? shape({ beta: positiveNumber })(value) : flag(value),
);

const snapshots = /* @__PURE__ */ ofPlainObject((value) => {
  if (typeof value !== 'object' || value === null) return flag(value);
  return (value as { version?: unknown }).version === undefined
    ? '.version is missing'
    : shape({ version: either(text, finite(-Infinity)) })(value);
});

const schema = (): Schema => ({
  ttl: either(anyDuration, callback),
  maxSize: whole(1),
  eviction: oneOf('lru', 'adaptive'),
  maxBytes: whole(1),
  weigh: callback,
  staleWhileRevalidate: anyDuration,
  staleIfError: stale,
  staleErrorThrottle: duration(),
  singleFlight: flag,
  key: callback,
  scope: either(oneOf('instance', 'class'), callback),
  tags: entryTags,
  cacheIf: callback,
  softTimeout: duration({ positive: true }),
  hardTimeout: duration({ positive: true }),
  refreshAhead: ahead,
  earlyRefresh: chance,
  errorTtl: either(duration(), callback),
  negativeTtl: anyDuration,
  ttlJitter: fraction(),
  ttlBounds: shape({ min: anyDuration, max: anyDuration }),
  clone: either(oneOf('none', 'structured'), callback),
  invalidateOn: callback,
  snapshot: snapshots,
  sweep: flag,
  enabled: flag,
  name: text,
  version: text,
  store: either(literal(false), storeProblem),
});

/** @throws ConfigurationError */
export const parseCachedOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  const options = checkOptions(site, schema(), given ?? {});
  const bounds = options['ttlBounds'] as CachedOptions['ttlBounds'];
  if (bounds?.min !== undefined && bounds.max !== undefined && parseDuration(bounds.min) > parseDuration(bounds.max)) {
    throw configurationError(site, 'ttlBounds.min must be <= ttlBounds.max', 'ttlBounds');
  }
  return options;
};
