import type { CacheAdministration } from '../policies/cached/administration.js';
import type { Runtime } from '../runtime/runtime.js';
import type { CacheStats } from '../stores/cache-stats.js';
import { handlesOf, labelledHandlesOf } from './policy-handles.js';
import { tagsToInvalidate } from './tags-given.js';
import { uniqueNames } from './unique-names.js';

/** The cache of one method, of all its instances together: to list, and to empty without knowing its class. */
export interface ListedCache {
  /** As in `health()` and `stats()`: of caches that were given one name, the second is `name#2`. */
  readonly name: string;
  /** `Class.method`. */
  readonly method: string;
  /** The name of the store behind it, where there is one. */
  readonly store: string | undefined;
  /** As of now. */
  readonly stats: CacheStats;
  /** Empties it and resets its counts. Resolves to how many entries this process had, when the store is empty, too. */
  clear(): Promise<number>;
  /**
   * Forgets its entries that have one of the tags. Resolves to how many of the tags were in use in this process, when the
   * store, where there is one, has been told. A tag is in use until the memory of its last entry has come back.
   * @throws ConfigurationError on what is no tag.
   */
  invalidateTags(...tags: string[]): Promise<number>;
}

const cachesOf = (runtime: Runtime): CacheAdministration[] => handlesOf(runtime, 'cached');

class MethodCache implements ListedCache {
  readonly name: string;
  readonly method: string;
  readonly #cache: CacheAdministration;

  constructor(name: string, method: string, cache: CacheAdministration) {
    this.name = name;
    this.method = method;
    this.#cache = cache;
  }

  get store(): string | undefined {
    return this.#cache.storeName;
  }

  get stats(): CacheStats {
    return this.#cache.stats;
  }

  clear(): Promise<number> {
    return this.#cache.clear();
  }

  async invalidateTags(...tags: string[]): Promise<number> {
    return this.#cache.forgetTags(tagsToInvalidate(tags, 'caches().invalidateTags'), 'remove', undefined);
  }
}

/** Of every cached method that has been called. */
export const listCachesOf = (runtime: Runtime): ListedCache[] => {
  const labelled = labelledHandlesOf<CacheAdministration>(runtime, 'cached');
  const named = uniqueNames(labelled.map(([method, cache]) => ({ name: cache.name, method, cache })));
  return [...named].map(([name, { method, cache }]) => new MethodCache(name, method, cache));
};

/** Empties every cache of the runtime. */
export const clearCachesOf = (runtime: Runtime): void => {
  for (const cache of cachesOf(runtime)) cache.clearAll();
};

/** In every cache of the runtime. @throws ConfigurationError on what is no tag. */
export const invalidateTagsOf = async (
  runtime: Runtime,
  tags: readonly unknown[],
  mode: 'remove' | 'expire',
): Promise<void> => {
  const names = tagsToInvalidate(tags, mode === 'expire' ? 'expireTags' : 'invalidateTags');
  await Promise.all(cachesOf(runtime).map((cache) => cache.forgetTags(names, mode, undefined)));
};

/** By name; of caches that were given one name, the second is `name#2`. */
export const cacheStatsOf = (runtime: Runtime): Record<string, CacheStats> =>
  Object.fromEntries([...uniqueNames(cachesOf(runtime))].map(([name, { stats }]) => [name, stats]));
