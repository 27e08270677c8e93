/** The store at 65,536 entries: a look-up, an overwrite, and a new key that pushes an old one out. */
import { LRUCache } from 'lru-cache';
import { core } from '../lib/core.mjs';
import { compile } from '../lib/driver.mjs';
import { race } from '../lib/harness.mjs';
import { loadEntryTable } from '../lib/store-source.mjs';
import { shuffle } from '../lib/statistics.mjs';

const SIZES = [1_024, 65_536];
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

const tableOf = (EntryTable) => ({
  name: 'store of @Cached',
  ours: true,
  make: (size) => {
    const table = new EntryTable(size, () => undefined);
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

const contenderFor = (operation, size, { name, ours, make }) => {
  const { store, get, set } = make(size);
  const fill = loopOver(keysOf(0, size), store, set);
  fill(size);
  // A set of four times the size: when a key comes again it has long been pushed out.
  const keys = operation === 'evicting set' ? keysOf(0, size * 4) : keysOf(0, size);
  return { name, ours, drive: loopOver(keys, store, operation === 'get' ? get : set) };
};

const run = async ({ rounds, batchMs }) => {
  const table = tableOf(await loadEntryTable());
  const rows = [];
  for (const [operation, { goal, references }] of Object.entries(OPERATIONS)) {
    for (const size of SIZES) {
      const contenders = [references, table, resultCache, lruCache].map((each) => contenderFor(operation, size, each));
      const times = await race(contenders, { rounds, batchMs });
      for (const { name, ours } of contenders) {
        const isGoal = ours === true && size === 65_536;
        rows.push({
          row: isGoal ? 'B5' : undefined,
          name: `${operation}, ${size.toLocaleString('en')}: ${name}`,
          ours: ours === true,
          goal: isGoal ? { ratio: goal } : undefined,
          ...times.get(name),
        });
      }
    }
  }
  return rows;
};

export const store = {
  run,
};
