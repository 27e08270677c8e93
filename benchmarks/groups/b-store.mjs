/** The store at 65,536 entries: a look-up, an overwrite, and a new key that pushes an old one out. */
import { TTLCache } from '@isaacs/ttlcache';
import { CacheableMemory } from 'cacheable';
import { LRUCache } from 'lru-cache';
import { LRUMapWithDelete } from 'mnemonist';
import { core } from '../lib/core.mjs';
import { compile } from '../lib/driver.mjs';
import { race } from '../lib/harness.mjs';
import { loadStore } from '../lib/store-source.mjs';
import { shuffle } from '../lib/statistics.mjs';

const LARGE = 65_536;
const SIZES = [1_024, LARGE];
const TTL = 300_000;

const plainMap = {
  name: 'Map',
  make: () => ({ store: new Map(), get: 'store.get(key)', set: 'store.set(key, call)' }),
};

/** The least that a bound costs: a ring of keys, first in, first out. */
const mapWithRing = {
  name: 'Map + ring of keys',
  make: (size) => {
    const map = new Map();
    const ring = new Array(size);
    let at = 0;
    const set = (key, value) => {
      if (map.size === size) map.delete(ring[at]);
      map.set(key, value);
      ring[at] = key;
      at = at + 1 === size ? 0 : at + 1;
    };
    return { store: { set }, set: 'store.set(key, call)' };
  },
};

const SECRET = [1, 2];

const tableOf = ({ EntryTable, slotsFor }, eviction = 'lru') => ({
  name: eviction === 'lru' ? 'store of @Cached' : `store of @Cached, ${eviction}`,
  ours: true,
  make: (size) => {
    const table = new EntryTable(
      size,
      () => undefined,
      slotsFor(eviction, () => SECRET),
    );
    const times = { startedAt: 0, freshUntil: TTL, hardUntil: Infinity, hardUntilWall: Infinity };
    const sweep = { now: 1, retainedFor: 0 };
    const store = {
      get: (key) => {
        const slot = table.hit(key, 1);
        return slot < 0 ? undefined : table.valueAt(slot);
      },
      set: (key, value) => table.put(key, value, times, sweep),
    };
    return { store, get: 'store.get(key)', set: 'store.set(key, call)' };
  },
});

/** Writes read the exact clock. */
const resultCache = {
  name: 'ResultCache',
  ours: true,
  make: (maxSize) => ({
    store: new core.ResultCache({ maxSize, ttl: TTL }),
    get: 'store.get(key)',
    set: 'store.put(key, call)',
  }),
};

const lruCache = {
  name: 'lru-cache with ttl',
  make: (max) => ({ store: new LRUCache({ max, ttl: TTL }), get: 'store.get(key)', set: 'store.set(key, call)' }),
};

const storing = (store) => ({ store, get: 'store.get(key)', set: 'store.set(key, call)' });

/** What they cost without a decorator; bentocache and cacheable's own class answer with promises, see B1. */
const peers = [
  lruCache,
  { name: 'mnemonist, without ttl', make: (size) => storing(new LRUMapWithDelete(size)) },
  { name: '@isaacs/ttlcache', make: (max) => storing(new TTLCache({ max, ttl: TTL })) },
  {
    name: 'cacheable, in memory',
    make: (lruSize) => storing(new CacheableMemory({ ttl: TTL, lruSize, useClone: false })),
  },
];

const loopOver = (keys, store, statement) => {
  const text = `
    let at = 0;
    return function drive(calls) {
      let result;
      for (let call = 0; call < calls; call++) {
        const key = keys[at++ & mask];
        result = ${statement};
      }
      return result;
    };`;
  return compile(text, { keys, mask: keys.length - 1, store });
};

const keysOf = (from, count) => shuffle(Array.from({ length: count }, (_, index) => `key:${from + index}`));

const OPERATIONS = {
  get: { goal: 1.6, references: plainMap },
  overwrite: { goal: 1.5, references: plainMap },
  'evicting set': { goal: 1.3, references: mapWithRing },
};

/** Of the time that the same takes with `eviction: 'lru'`. */
const GOALS_TO_LRU = { get: 1.8, 'evicting set': 2 };

const contenderFor = (operation, size, { name, ours, make }) => {
  const { store, get, set } = make(size);
  const fill = loopOver(keysOf(0, size), store, set);
  fill(size);
  // A set of four times the size: when a key comes again it has long been pushed out.
  const keys = operation === 'evicting set' ? keysOf(0, size * 4) : keysOf(0, size);
  return { name, ours, drive: loopOver(keys, store, operation === 'get' ? get : set) };
};

const rowsOf = async (contenders, { operation, size, goalOf }, { rounds, batchMs }) => {
  const times = await race(
    contenders.map((each) => contenderFor(operation, size, each)),
    { rounds, batchMs },
  );
  return contenders.map((contender) => {
    const goal = size === LARGE ? goalOf(contender) : undefined;
    return {
      row: goal === undefined ? undefined : 'B5',
      name: `${operation}, ${size.toLocaleString('en')}: ${contender.name}`,
      ours: contender.ours === true,
      goal: goal === undefined ? undefined : { ratio: goal },
      ...times.get(contender.name),
    };
  });
};

const run = async (options) => {
  const modules = await loadStore();
  const table = tableOf(modules);
  const rows = [];
  for (const [operation, { goal, references }] of Object.entries(OPERATIONS)) {
    const contenders = [references, table, resultCache, ...peers];
    const goalOf = ({ ours }) => (ours === true ? goal : undefined);
    for (const size of SIZES) rows.push(...(await rowsOf(contenders, { operation, size, goalOf }, options)));
  }
  // Last, since what has seen two kinds of slots is compiled for both.
  const adaptive = tableOf(modules, 'adaptive');
  for (const [operation, goal] of Object.entries(GOALS_TO_LRU)) {
    const goalOf = (contender) => (contender === adaptive ? goal : undefined);
    for (const size of SIZES) {
      const [, row] = await rowsOf([table, adaptive], { operation, size, goalOf }, options);
      rows.push({ ...row, name: `${row.name} (to lru)` });
    }
  }
  return rows;
};

export const store = {
  run,
};
