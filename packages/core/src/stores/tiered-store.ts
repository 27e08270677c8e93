import { type Duration, parseDuration } from '../algorithms/duration.js';
import { ConfigurationError } from '../errors/configuration-error.js';
import { type OptionSite, type Schema, checkOptions, duration, shape, text } from '../errors/option-check.js';
import type { Runtime } from '../runtime/runtime.js';
import { world } from '../runtime/world.js';
import { type CacheStore, type StoreEntry, StoreUnsupported, storeProblem } from './cache-store.js';

export interface TierOptions {
  /** How long an entry is fresh in this tier at most, from when it got there. Default: as long as it is anyway. */
  readonly ttl?: Duration;
}

export interface TieredStoreOptions {
  /** The near tier. With a ttl, what is read is fresh for no longer: then the far tier is asked again. */
  readonly l1?: TierOptions;
  /** The far tier, which knows best. */
  readonly l2?: TierOptions;
  /** Default: the names of both, 'memory+redis'. */
  readonly name?: string;
  /** Whose clock it uses. Default: the default runtime. */
  readonly runtime?: Runtime;
}

const SITE: OptionSite = { decorator: 'tieredStore' };
const tier = { ttl: duration({ positive: true, infinite: true }) };
const schema = (): Schema => ({ l1: shape(tier), l2: shape(tier), name: text });

/** A read under way; what is written or removed meanwhile makes what it finds out of date. */
interface Reading {
  readonly key: string;
  isOutdated: boolean;
}

/**
 * Two stores as one: reads ask the near one first, writes go to both, the far one decides. What the near one is given
 * keeps the times it has and may only lose some: it never lives longer for being copied, nor a lease, nor a window.
 */
class TieredStore implements CacheStore {
  readonly name: string;
  private readonly near: CacheStore;
  private readonly far: CacheStore;
  private readonly nearTtl: number;
  private readonly farTtl: number;
  private readonly runtime: Runtime;
  private readonly readings = new Set<Reading>();

  constructor(near: CacheStore, far: CacheStore, { runtime = world.runtime, ...given }: TieredStoreOptions) {
    const { l1, l2, name } = checkOptions(SITE, schema(), given) as TieredStoreOptions;
    this.near = near;
    this.far = far;
    this.nearTtl = parseDuration(l1?.ttl ?? Infinity);
    this.farTtl = parseDuration(l2?.ttl ?? Infinity);
    this.name = name ?? `${near.name}+${far.name}`;
    this.runtime = runtime;
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    const reading = { key, isOutdated: false };
    this.readings.add(reading);
    try {
      return await this.read(reading);
    } finally {
      this.readings.delete(reading);
    }
  }

  async set(key: string, entry: StoreEntry): Promise<void> {
    const written = this.within(entry, this.farTtl);
    await this.change(
      key,
      () => this.far.set(key, written),
      () => this.near.delete(key),
    );
    await this.near.set(key, this.within(written, this.nearTtl)).catch(ignore);
  }

  delete(key: string): Promise<boolean> {
    return this.change(
      key,
      () => this.far.delete(key),
      () => this.near.delete(key),
    );
  }

  async clear(prefix?: string): Promise<void> {
    await this.change(
      undefined,
      () => this.far.clear(prefix),
      () => this.near.clear(prefix),
    );
  }

  async *keys(prefix?: string): AsyncGenerator<string> {
    if (this.far.keys === undefined) throw new StoreUnsupported(`the store '${this.far.name}' cannot list its keys`);
    yield* this.far.keys(prefix);
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    const { near, far } = this;
    if (far.invalidateTags === undefined) throw new StoreUnsupported(`the store '${far.name}' has no tags`);
    // What the near one cannot find by its tags goes with everything else.
    const forget = (): Promise<void> => near.invalidateTags?.(tags) ?? near.clear();
    await this.change(undefined, () => far.invalidateTags?.(tags), forget);
  }

  async close(): Promise<void> {
    await Promise.all([this.near.close?.(), this.far.close?.()]);
  }

  private get now(): number {
    return this.runtime.clock.wall();
  }

  private async read(reading: Reading): Promise<StoreEntry | undefined> {
    const { key } = reading;
    // A near tier that fails is no reason not to ask the far one.
    const known = await this.near.get(key).catch(ignore);
    if (known !== undefined && this.now < known.freshUntil) return known;
    let found: StoreEntry | undefined;
    try {
      found = await this.far.get(key);
    } catch (error) {
      // Old is better than nothing, where it may be used at all.
      if (known !== undefined) return known;
      throw error;
    }
    if (found === undefined) {
      if (known !== undefined && !reading.isOutdated) await this.near.delete(key).catch(ignore);
      return undefined;
    }
    const answer = this.within(found, this.nearTtl);
    if (!reading.isOutdated) await this.near.set(key, answer).catch(ignore);
    return answer;
  }

  /** The far one first, so that nobody fills the near one from it in between; who is reading just now does not either. */
  private async change<Value>(
    key: string | undefined,
    far: () => Promise<Value> | undefined,
    near: () => Promise<unknown>,
  ): Promise<Value> {
    this.outdate(key);
    const [outcome] = await Promise.allSettled([far()]);
    this.outdate(key);
    const nearly = await Promise.allSettled([near()]);
    this.outdate(key);
    for (const each of [outcome, ...nearly]) if (each.status === 'rejected') throw each.reason;
    const { value } = outcome as PromiseFulfilledResult<Value>;
    // Whether there was one: in either.
    return value === (false as Value) ? (nearly[0] as PromiseFulfilledResult<Value>).value : value;
  }

  private outdate(key: string | undefined): void {
    for (const reading of this.readings) if (key === undefined || reading.key === key) reading.isOutdated = true;
  }

  private within(entry: StoreEntry, ttl: number): StoreEntry {
    const freshUntil = Math.min(entry.freshUntil, this.now + ttl);
    return freshUntil === entry.freshUntil ? entry : { ...entry, freshUntil };
  }
}

const ignore = (): void => undefined;

/**
 * Two stores as one, the near one before the far one: `tieredStore(memoryStore(), keyvStore(keyv), { l1: { ttl: '10s' } })`.
 * A cached method has its own memory before any store: this is for values that many methods or instances share.
 * @throws ConfigurationError on a wrong option, or on what is no store.
 */
export const tieredStore = (
  l1: CacheStore,
  l2: CacheStore,
  options: TieredStoreOptions = {},
): CacheStore & Required<Pick<CacheStore, 'keys' | 'invalidateTags' | 'close'>> => {
  for (const store of [l1, l2]) {
    const problem = storeProblem(store);
    if (problem !== undefined) throw new ConfigurationError(`tieredStore: ${problem}`, { option: 'store' });
  }
  return new TieredStore(l1, l2, options);
};
