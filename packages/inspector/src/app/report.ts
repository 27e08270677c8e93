import type { CacheRow, Info } from '../protocol.js';
import type { Settings } from '../server/settings.js';
import { VERSION } from '../version.js';
import { describeProvider, nameOf, statsOf } from './provider.js';
import type { Subject } from './subject.js';

/** @param startedAt epoch milliseconds. */
export const infoOf = (subject: Subject, settings: Settings, startedAt: number): Info => {
  const { name, providers, allowedHosts } = settings;
  const { hitRate, lookups } = subject.stats().total;
  return {
    name,
    version: VERSION,
    node: process.version,
    pid: process.pid,
    startedAt: new Date(startedAt).toISOString(),
    providers: providers.map(describeProvider),
    ...(allowedHosts.length > 0 && { allowedHosts }),
    hitRate,
    lookups,
  };
};

/** Those of methods, then those of providers. */
export const cacheRows = (subject: Subject, { providers }: Settings): CacheRow[] => {
  const ofMethods = subject.caches().map(({ name, method, store, stats }): CacheRow => ({
    name,
    method,
    ...(store !== undefined && { store }),
    stats,
  }));
  const ofProviders = providers.flatMap((provider): CacheRow[] => {
    const stats = statsOf(provider);
    return stats === undefined ? [] : [{ name: nameOf(provider), provider: provider.kind, stats }];
  });
  return [...ofMethods, ...ofProviders];
};
