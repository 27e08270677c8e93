/**
 * Caches around a loader. `shape` says what the arguments are: most peers want a string key, which the caller makes the
 * usual way; only ours and async-cache-dedupe make a key of their own. All hold as many entries as ours and have a ttl of
 * five minutes.
 */
import { cachified } from '@epic-web/cachified';
import { createCache } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { Cacheable } from 'cacheable';
import { LRUCache } from 'lru-cache';
import { core } from '../lib/core.mjs';
import { defineClass } from '../lib/driver.mjs';
import { decorated } from './ours.mjs';

export const MAX_SIZE = 1_024;
const TTL = 300_000;

/** Parameters, the key as plain code makes it, and the key for those that take strings alone. */
const SHAPES = {
  string: { parameters: 'a', key: 'a', text: 'a' },
  number: { parameters: 'a', key: 'a', text: 'String(a)' },
  two: { parameters: 'a, b', key: '`${a}:${b}`', text: '`${a}:${b}`' },
  object: { parameters: 'a', key: 'JSON.stringify(a)', text: 'JSON.stringify(a)' },
};

export const plainMap = (shape) => ({
  name: 'async method with Map.get',
  make: (index, { load }) => {
    const { parameters, key } = SHAPES[shape];
    const members = `
      entries = new Map();
      async m(${parameters}) { return this.entries.get(${key}); }
      async fill(...args) { const [${parameters}] = args; this.entries.set(${key}, await load(...args)); }`;
    return new (defineClass(`Plain${index}`, members, { load }))();
  },
});

export const oursCached = (shape, goal, row) => ({
  row,
  name: '@Cached',
  ours: true,
  goal,
  make: (index, { load, maxSize = MAX_SIZE }) => {
    const { parameters } = SHAPES[shape];
    return decorated(
      index,
      [core.Cached({ ttl: TTL, maxSize })],
      `async m(${parameters}) { return load(${parameters}); }`,
      { load },
    );
  },
});

export const lruCacheFetch = (shape) => ({
  name: 'lru-cache fetch',
  make: (index, { load, maxSize = MAX_SIZE }) => {
    const { parameters, key } = SHAPES[shape];
    if (key === 'a') {
      const cache = new LRUCache({ max: maxSize, ttl: TTL, fetchMethod: (a) => load(a) });
      return new (defineClass(`LruCache${index}`, 'm(a) { return cache.fetch(a); }', { cache }))();
    }
    // The arguments travel beside the key, so that the loader need not read them out of it.
    const cache = new LRUCache({ max: maxSize, ttl: TTL, fetchMethod: (_key, _old, { context }) => load(...context) });
    const members = `m(${parameters}) { return cache.fetch(${key}, { context: [${parameters}] }); }`;
    return new (defineClass(`LruCache${index}`, members, { cache }))();
  },
});

export const asyncCacheDedupe = (shape) => ({
  name: 'async-cache-dedupe',
  make: (index, { load, maxSize = MAX_SIZE }) => {
    const cache = createCache({ ttl: TTL / 1_000, storage: { type: 'memory', options: { size: maxSize } } });
    // It takes one argument: two become an array, of which it makes the key.
    if (shape === 'two') {
      cache.define('load', ([a, b]) => load(a, b));
      return new (defineClass(`Dedupe${index}`, 'm(a, b) { return cache.load([a, b]); }', { cache }))();
    }
    cache.define('load', (a) => load(a));
    return new (defineClass(`Dedupe${index}`, 'm(a) { return cache.load(a); }', { cache }))();
  },
});

export const viaCachified = (shape) => ({
  name: 'cachified + lru-cache',
  make: (index, { load, maxSize = MAX_SIZE }) => {
    const { parameters, text } = SHAPES[shape];
    const cache = new LRUCache({ max: maxSize });
    const members = `m(${parameters}) {
      return cachified({ key: ${text}, cache, ttl: ${TTL}, getFreshValue: () => load(${parameters}) });
    }`;
    return new (defineClass(`Cachified${index}`, members, { cachified, cache, load }))();
  },
});

/** In memory alone, without copying values, its fastest mode. */
export const bentoCache = (shape) => ({
  name: 'bentocache',
  make: (index, { load, maxSize = MAX_SIZE }) => {
    const { parameters, text } = SHAPES[shape];
    const store = bentostore().useL1Layer(memoryDriver({ maxItems: maxSize, serialize: false }));
    const cache = new BentoCache({ default: 'memory', stores: { memory: store }, ttl: TTL });
    const members = `m(${parameters}) { return cache.getOrSet({ key: ${text}, factory: () => load(${parameters}) }); }`;
    return new (defineClass(`Bento${index}`, members, { cache, load }))();
  },
});

export const viaCacheable = (shape) => ({
  name: 'cacheable',
  make: (index, { load }) => {
    const { parameters, text } = SHAPES[shape];
    const cache = new Cacheable({ ttl: TTL });
    const members = `m(${parameters}) { return cache.getOrSet(${text}, () => load(${parameters})); }`;
    return new (defineClass(`Cacheable${index}`, members, { cache, load }))();
  },
});

export const cachePeers = (shape) =>
  [lruCacheFetch, asyncCacheDedupe, viaCachified, bentoCache, viaCacheable].map((peer) => peer(shape));
