import type { CacheAdministration } from '../policies/cached/administration.js';
import type { Runtime } from '../runtime/runtime.js';
import type { CacheStats } from '../stores/cache-stats.js';
import { handlesOf } from './policy-handles.js';
import { tagsToInvalidate } from './tags-given.js';
import { uniqueNames } from './unique-names.js';

const cachesOf = (runtime: Runtime): CacheAdministration[] => handlesOf(runtime, 'cached');

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
