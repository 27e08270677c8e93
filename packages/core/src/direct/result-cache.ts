import { type Duration, parseDuration } from '../algorithms/duration.js';
import { isSingleUse } from '../algorithms/single-use.js';
import { type CacheKey, isUnkeyable, keyOf } from '../algorithms/stable-key.js';
import { ConfigurationError } from '../errors/configuration-error.js';
import { type Schema, checkOptions, callback, duration, oneOf, whole } from '../errors/option-check.js';
import { type Windows, judge } from '../policies/cached/machine.js';
import type { Runtime } from '../runtime/runtime.js';
import { processSecret } from '../runtime/system.js';
import type { Work } from '../runtime/work.js';
import { world } from '../runtime/world.js';
import { CacheCell, type CellFlight, type Label } from '../stores/cache-cell.js';
import type { CacheStats } from '../stores/cache-stats.js';
import { tagsGiven, tagsToInvalidate } from '../handles/tags-given.js';
import { type Eviction, slotsFor } from '../stores/evictions.js';
import { WEIGHING_REMEDY, type Weighing, missingOfWeighing, weightOf } from '../stores/weighing.js';

export interface ResultCacheOptions<Value = any> {
  /** Entries kept; which goes first is for `eviction` to say. Default 256. */
  readonly maxSize?: number;
  /** 'lru': the least recently used goes first. 'adaptive': by how often and how lately, as the load rewards it. Default 'lru'. */
  readonly eviction?: Eviction;
  /** What all values may weigh together, in bytes as `weigh` counts them; one that is heavier is not stored. Default: none. */
  readonly maxBytes?: number;
  /** The bytes of a value, a whole number. A value it throws for is not stored. Needed with `maxBytes`. */
  readonly weigh?: (value: Value) => number;
  /** How long a value is fresh; 0 or Infinity: for ever. Default '5m'. */
  readonly ttl?: Duration;
  /** How long past the ttl `lookup` still shows the value, as stale. Default 0. */
  readonly staleIfError?: Duration;
  /** Whose clock it uses. Default: the default runtime. */
  readonly runtime?: Runtime;
}

export interface ResultCachePut {
  /** The entry's own ttl; 0 or Infinity: for ever. Default: the cache's. */
  readonly ttl?: Duration;
  /** Names by which entries can be invalidated together. */
  readonly tags?: readonly string[];
}

export interface ResultCacheLookup<Value> {
  readonly state: 'fresh' | 'stale' | 'miss';
  readonly value: Value | undefined;
  /** Milliseconds since the value was put; 0 on a miss. */
  readonly age: number;
  /** Epoch milliseconds; undefined on a miss. */
  readonly createdAt: number | undefined;
  /** Milliseconds of freshness left. */
  readonly remainingTtl: number;
}

/** A load under way. */
class Load<Value> implements CellFlight {
  isDetached = false;
  isOutdated = false;
  sequence = 0;
  tags: readonly string[] | undefined = undefined;
  hasSingleUseResult = false;
  /** Undefined while the function given runs synchronously: whoever asks for the key now is called by it. */
  promise: Promise<Value> | undefined = undefined;
}

const schema = (): Schema => ({
  maxSize: whole(1),
  eviction: oneOf('lru', 'adaptive'),
  maxBytes: whole(1),
  weigh: callback,
  ttl: duration({ infinite: true }),
  staleIfError: duration({ infinite: true }),
});
/** In events and reports, in the place of a method. */
const NAME = 'ResultCache';
const MISSED = { state: 'miss', value: undefined, age: 0, createdAt: undefined, remainingTtl: 0 } as const;

const weighingOf = <Value>({ maxBytes, weigh }: ResultCacheOptions<Value>): Weighing | undefined => {
  const missing = missingOfWeighing(maxBytes, weigh);
  if (missing !== undefined)
    throw new ConfigurationError(`new ResultCache: ${WEIGHING_REMEDY[missing]}`, { option: missing });
  return maxBytes === undefined ? undefined : { maxBytes, weigh: weigh as Weighing['weigh'] };
};

const milliseconds = (ttl: Duration, caller: string): number => {
  const parsed = parseDuration(ttl);
  if (!Number.isNaN(parsed)) return parsed === 0 ? Infinity : parsed;
  throw new ConfigurationError(`${caller}: ttl must be a duration, got ${String(ttl)}`, { option: 'ttl' });
};

/**
 * The cache of `@Cached` for direct use: a bound, time to live, one load per key.
 * @throws ConfigurationError on a wrong option.
 */
export class ResultCache<Value = unknown> {
  private readonly runtime: Runtime;
  private readonly work: Work;
  private readonly ttl: number;
  private readonly windows: Windows;
  private readonly weighing: Weighing | undefined;
  private readonly cell: CacheCell<Value, Load<Value>>;

  constructor({ runtime = world.runtime, ...given }: ResultCacheOptions<Value> = {}) {
    const options = checkOptions({ decorator: 'new ResultCache' }, schema(), given) as Omit<
      ResultCacheOptions<Value>,
      'runtime'
    >;
    this.runtime = runtime;
    this.work = runtime.directWork.of(NAME);
    this.ttl = milliseconds(options.ttl ?? '5m', 'new ResultCache');
    this.windows = { staleWhileRevalidate: 0, staleIfError: parseDuration(options.staleIfError ?? 0) };
    this.weighing = weighingOf(options);
    this.cell = new CacheCell(
      options.maxSize ?? 256,
      () => undefined,
      slotsFor(options.eviction ?? 'lru', processSecret),
    );
    this.cell.table.limitBytes(this.weighing?.maxBytes ?? Infinity);
  }

  /** The key that `@Cached` makes of these arguments. @throws ConfigurationError when they have none. */
  static makeKey(...args: readonly unknown[]): CacheKey {
    const key = keyOf(args);
    if (isUnkeyable(key))
      throw new ConfigurationError(
        `ResultCache.makeKey: ${key.unkeyable}; give it a toCacheKey() method, or make the key by hand`,
      );
    return key;
  }

  get size(): number {
    return this.cell.size;
  }

  get stats(): CacheStats {
    return this.cell.stats;
  }

  /** Stores a value. `ttl` overrides the cache's. @throws ConfigurationError on a wrong ttl or tag. */
  put(key: CacheKey, value: Value, { ttl, tags }: ResultCachePut = {}): void {
    const given = ttl === undefined ? this.ttl : milliseconds(ttl, 'ResultCache.put');
    const names = tags === undefined ? undefined : tagsGiven(tags, 'ResultCache.put');
    const label = names && { tags: names, sequence: this.cell.sequence };
    this.cell.detach(key);
    const now = this.runtime.clock.now();
    // What it replaces is out of date, stored or not.
    if (!this.store(key, value, given, { startedAt: now, now, label })) this.cell.drop(key);
  }

  /** The fresh value, or undefined. Counts as a look-up and as use. */
  get(key: CacheKey): Value | undefined {
    const slot = this.findFresh(key);
    return slot < 0 ? undefined : this.cell.table.valueAt(slot);
  }

  /** Tells a stored undefined from a miss and a stale value from a fresh one. Counts as neither. */
  lookup(key: CacheKey): ResultCacheLookup<Value> {
    const { table } = this.cell;
    const { clock } = this.runtime;
    const slot = table.find(key);
    if (slot < 0) return MISSED;
    const now = clock.now();
    const { startedAt, freshUntil, hardUntil } = table.timesAt(slot);
    const freshness = judge({ freshUntil, hardUntil }, this.windows, now);
    if (freshness === 'gone') return MISSED;
    return {
      state: freshness === 'fresh' ? 'fresh' : 'stale',
      value: table.valueAt(slot),
      age: now - startedAt,
      createdAt: clock.wall() - (now - startedAt),
      remainingTtl: Math.max(0, freshUntil - now),
    };
  }

  /** Whether there is a fresh value. */
  has(key: CacheKey): boolean {
    return this.lookup(key).state === 'fresh';
  }

  /**
   * The fresh value, or what `load` brings: one load per key at a time, its rejection shared, failures not stored.
   * `shutdown` waits for loads under way; after it, those that would begin anew reject with a ShuttingDownError.
   */
  getOrLoad(
    key: CacheKey,
    load: () => Promise<Value> | Value,
    options: { readonly ttl?: Duration } = {},
  ): Promise<Value> {
    const ttl = options.ttl === undefined ? this.ttl : milliseconds(options.ttl, 'ResultCache.getOrLoad');
    const flight = this.cell.flights.get(key);
    const isJoining = flight?.promise !== undefined;
    const slot = this.findFresh(key, isJoining);
    if (slot >= 0) return Promise.resolve(this.cell.table.valueAt(slot));
    if (flight === undefined) return this.lead(key, load, ttl);
    if (flight.promise === undefined) return this.run(load);
    // What can be consumed only once belongs to whoever led: everyone else runs on his own.
    return flight.promise.then((value) => (flight.hasSingleUseResult ? this.run(load) : value));
  }

  /** Returns whether there was an entry. A load under way answers its callers but is not stored. */
  invalidate(key: CacheKey): boolean {
    return this.cell.invalidate(key);
  }

  /**
   * Forgets the entries that were put with one of the tags; `invalidateTags` for the caches of methods does not reach
   * this one. @throws ConfigurationError on what is no tag.
   */
  invalidateTags(...tags: string[]): void {
    this.cell.stampTags(tagsToInvalidate(tags, 'ResultCache.invalidateTags'), undefined);
  }

  /** Forgets everything and resets the counts. */
  clear(): void {
    this.cell.clear();
  }

  /** First those that would be kept longest: with `eviction: 'lru'` the most recently used. */
  keys(): CacheKey[] {
    return this.cell.table.keys();
  }

  /** The slot of a fresh entry, or −1. Counts the look-up; an entry that can serve no more goes. */
  private findFresh(key: CacheKey, isJoining = false): number {
    const { table, counters } = this.cell;
    const { clock, settings } = this.runtime;
    const now = settings.usesExactClock || clock.coarse === undefined ? clock.now() : clock.coarse();
    const slot = table.hit(key, now);
    if (slot >= 0) {
      counters.hits += 1;
      return slot;
    }
    if (isJoining) counters.coalesced += 1;
    else counters.misses += 1;
    const old = table.find(key);
    if (old >= 0 && judge(table.timesAt(old), this.windows, now) === 'gone') table.expire(key);
    return -1;
  }

  private lead(key: CacheKey, load: () => Promise<Value> | Value, ttl: number): Promise<Value> {
    const startedAt = this.runtime.clock.now();
    const flight = new Load<Value>();
    this.cell.register(key, flight, true);
    flight.promise = this.run(load).then(
      (value) => {
        this.cell.land(key, flight);
        flight.hasSingleUseResult = isSingleUse(value);
        if (!flight.isDetached && !flight.hasSingleUseResult)
          this.store(key, value, ttl, { startedAt, now: this.runtime.clock.now() });
        return value;
      },
      (error: unknown) => {
        this.cell.land(key, flight);
        this.cell.counters.errors += 1;
        throw error;
      },
    );
    return flight.promise;
  }

  /** Counted as work under way, where it may begin. */
  private async run(load: () => Promise<Value> | Value): Promise<Value> {
    const { runtime, work } = this;
    const refusal = runtime.door?.refusalOf(runtime, NAME);
    if (refusal !== undefined) throw refusal;
    work.loads += 1;
    try {
      return await load();
    } finally {
      work.loads -= 1;
    }
  }

  private store(
    key: CacheKey,
    value: Value,
    ttl: number,
    { startedAt, now, label }: { readonly startedAt: number; readonly now: number; readonly label?: Label | undefined },
  ): boolean {
    const weight = this.weightOf(value);
    if (weight === undefined) return false;
    const times = { startedAt, freshUntil: startedAt + ttl, hardUntil: Infinity, hardUntilWall: Infinity };
    this.cell.store(key, value, times, { now, retainedFor: this.windows.staleIfError, label, weight });
    return true;
  }

  /** Undefined, and reported, where the value cannot be stored. */
  private weightOf(value: Value): number | undefined {
    if (this.weighing === undefined) return 0;
    const { events } = this.runtime;
    const weight = weightOf(this.weighing, value, (thrown) => events.reportFailure('ResultCache weigh', NAME, thrown));
    if (typeof weight === 'number') return weight;
    events.emit('cache.uncacheable', NAME, { reason: weight });
    return undefined;
  }
}
