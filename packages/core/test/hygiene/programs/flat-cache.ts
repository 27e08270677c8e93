import { Cached, ResultCache, cacheOf, configure, invalidateTags, resetConfiguration } from '../../../src/index.js';

/** Millions of keys through caches that are full: the heap has to be where it was. */
declare const gc: () => void;

const ENTRIES = 1_000_000;

const heap = new Map<string, number[]>();
const measure = (what: string): void => {
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  heap.set(what, [...(heap.get(what) ?? []), heapUsed + arrayBuffers]);
};

/** A million entries, then two million more keys. */
const fill = (eviction: 'lru' | 'adaptive'): void => {
  const cache = new ResultCache<number>({ maxSize: ENTRIES, ttl: '1h', eviction });
  for (let key = 0; key < ENTRIES; key += 1) cache.put(key, key);
  // Measured from the first round on: a Map needs room of its own for what it has forgotten, once.
  for (let round = 1; round <= 3; round += 1) {
    for (let key = 0; key < ENTRIES / 2; key += 1) {
      cache.put(round * ENTRIES + key, key);
      if (key % 4 === 0) cache.get(key);
    }
    measure(eviction);
  }
  if (cache.size !== ENTRIES) throw new Error(`${cache.size} entries`);
};

class Api {
  @Cached({
    maxSize: 2_000,
    maxBytes: 100_000,
    weigh: (value: string) => value.length,
    tags: (id: number) => [`one:${id}`, `some:${id % 100}`],
    staleIfError: '1h',
    errorTtl: '1h',
    softTimeout: '1s',
    hardTimeout: '1m',
    refreshAhead: 0.5,
  })
  async page(id: number): Promise<string> {
    if (id % 10 === 0) throw Object.assign(new Error('down'), { code: 'ECONNRESET' });
    return `page ${id}`;
  }
}

/** Every way of coming in and going out, with keys that never come again. */
const use = async (): Promise<void> => {
  const api = new Api();
  const cache = cacheOf(api, 'page');
  let id = 0;
  for (let round = 0; round < 4; round += 1) {
    for (let call = 0; call < 10_000; call += 1) {
      id += 1;
      await api.page(id).catch(() => undefined);
      if (id % 7 === 0) await cache.invalidate(id);
      if (id % 11 === 0) await invalidateTags(`one:${id}`);
      if (id % 501 === 0) await cache.expireTags(`some:${id % 100}`);
    }
    measure('use');
  }
};

const main = async (): Promise<void> => {
  configure({ logger: false });
  const stackTraceLimit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  fill('lru');
  fill('adaptive');
  await use();
  Error.stackTraceLimit = stackTraceLimit;
  for (const [what, [first = 0, ...later]] of heap) {
    const growth = Math.max(...later) - first;
    console.log(`${what}: ${growth < 2_000_000 ? 'flat' : `grew by ${growth}: ${[first, ...later].join(' ')}`}`);
  }
  resetConfiguration();
};

void main();
