/** Heap per entry at a million entries, beyond keys and values, which exist before. */
import { TTLCache } from '@isaacs/ttlcache';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { CacheableMemory } from 'cacheable';
import { LRUCache } from 'lru-cache';
import { LRUMapWithDelete } from 'mnemonist';
import { decorated } from '../contenders/ours.mjs';
import { core } from '../lib/core.mjs';

const TTL = 300_000;

/** What the contender before has left behind goes first: by finalizers and timers, too. */
const used = async () => {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => void setTimeout(resolve, 10));
    globalThis.gc();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const CONTENDERS = [
  { name: 'Map', make: () => new Map(), fill: (map, key, value) => map.set(key, value) },
  {
    name: 'ResultCache: values',
    ours: true,
    goal: { bytesPerEntry: 70 },
    make: (maxSize) => new core.ResultCache({ maxSize, ttl: TTL }),
    fill: (cache, key, value) => cache.put(key, value),
  },
  {
    name: '@Cached, each hit once: values and promises',
    ours: true,
    goal: { bytesPerEntry: 120 },
    make: (maxSize, values) =>
      decorated(0, [core.Cached({ ttl: TTL, maxSize })], 'async m(key) { return values.get(key); }', { values }),
    fill: async (service, key) => {
      await service.m(key);
      await service.m(key);
    },
  },
  {
    name: "ResultCache, eviction 'adaptive'",
    ours: true,
    make: (maxSize) => new core.ResultCache({ maxSize, ttl: TTL, eviction: 'adaptive' }),
    fill: (cache, key, value) => cache.put(key, value),
  },
  {
    name: 'mnemonist LRUMapWithDelete, without ttl',
    make: (max) => new LRUMapWithDelete(max),
    fill: (cache, key, value) => cache.set(key, value),
  },
  {
    name: 'lru-cache with ttl',
    make: (max) => new LRUCache({ max, ttl: TTL }),
    fill: (cache, key, value) => cache.set(key, value),
  },
  {
    name: '@isaacs/ttlcache',
    make: (max) => new TTLCache({ max, ttl: TTL }),
    fill: (cache, key, value) => cache.set(key, value),
  },
  {
    name: 'cacheable, in memory',
    make: (lruSize) => new CacheableMemory({ ttl: TTL, lruSize, useClone: false }),
    fill: (cache, key, value) => cache.set(key, value),
  },
  {
    name: 'bentocache, in memory',
    make: (maxItems) =>
      new BentoCache({
        default: 'memory',
        stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems, serialize: false })) },
        ttl: TTL,
      }),
    fill: (cache, key, value) => cache.set({ key, value }),
  },
];

const run = async ({ quick }) => {
  const entries = quick ? 100_000 : 1_000_000;
  const keys = Array.from({ length: entries }, (_, index) => `key:${index}`);
  const values = new Map(keys.map((key) => [key, { key }]));
  const rows = [];
  for (const { name, ours, goal, make, fill } of CONTENDERS) {
    const before = await used();
    const cache = make(entries, values);
    for (const key of keys) await fill(cache, key, values.get(key));
    const bytesPerEntry = Math.round(((await used()) - before) / entries);
    rows.push({
      row: ours ? 'B6' : undefined,
      name,
      ours: ours === true,
      goal,
      bytesPerEntry,
      kept: cache !== undefined,
    });
  }
  return rows.map(({ kept: _kept, ...row }) => row);
};

export const memory = {
  run,
};
