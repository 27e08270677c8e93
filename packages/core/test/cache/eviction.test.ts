/** Hit ratios on generated loads beside those of LRU, and eviction as `@Cached` and `ResultCache` show it. */
import { cached, Counter, handleOf } from './support.js';
import { virtualWorld } from '../support/virtual-world.js';
import { ResultCache } from '../../src/index.js';
import { seededStream } from '../../src/algorithms/seeded-random.js';
import type { CacheKey } from '../../src/algorithms/stable-key.js';
import { EntryTable } from '../../src/stores/entry-table.js';
import { type Eviction, slotsFor } from '../../src/stores/evictions.js';

const NO_END = { startedAt: 0, freshUntil: Infinity, hardUntil: Infinity, hardUntilWall: Infinity };

const ratioOf = (eviction: Eviction, maxSize: number, keys: readonly CacheKey[]): number => {
  const table = new EntryTable(
    maxSize,
    () => undefined,
    slotsFor(eviction, () => [1, 2]),
  );
  let hits = 0;
  for (const key of keys) {
    if (table.hit(key, 0) >= 0) hits += 1;
    else table.put(key, key, NO_END, { now: 0, retainedFor: 0 });
  }
  return hits / keys.length;
};
const ratios = (maxSize: number, keys: readonly CacheKey[]) => ({
  lru: ratioOf('lru', maxSize, keys),
  adaptive: ratioOf('adaptive', maxSize, keys),
});

const many = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));
const loop = (length: number, rounds: number, from = 0): number[] =>
  many(length * rounds, (at) => from + (at % length));

/** Key k is drawn with a weight of 1 / (k + 1). */
const zipf = (keys: number, count: number, from = 0): number[] => {
  const random = seededStream(1, `zipf ${from}`);
  // The inverse of the sum of 1/k, which is a logarithm.
  return many(count, () => from + Math.floor(keys ** random()) - 1);
};
const recent = (count: number, from = 0): number[] => {
  const random = seededStream(1, 'recent');
  return many(count, (index) => from + Math.max(0, (index >> 1) - Math.floor(random() * 300)));
};

describe("eviction: 'adaptive'", () => {
  test.each([100, 500, 900])('keeps %i of a loop over 1,000 keys, where LRU never hits', (maxSize) => {
    const { lru, adaptive } = ratios(maxSize, loop(1000, 60));
    expect(lru).toBe(0);
    expect(adaptive).toBeGreaterThan((maxSize / 1000) * 0.7);
  });

  test.each([50, 200, 1000])('with room for %i it hits more of what is used often', (maxSize) => {
    const { lru, adaptive } = ratios(maxSize, zipf(10_000, 60_000));
    expect(adaptive).toBeGreaterThan(lru + 0.03);
  });

  test('a scan does not wash out what is used often', () => {
    const often = zipf(2000, 40_000);
    const keys = often.flatMap((key, index) =>
      index % 4000 < 2000 ? [key] : [key, 1_000_000 + index, 2_000_000 + index],
    );
    const { lru, adaptive } = ratios(300, keys);
    expect(adaptive).toBeGreaterThan(lru + 0.05);
  });

  test.each([100, 350, 1000, 5000])(
    'with room for %i it does as LRU does where recency is all that counts',
    (maxSize) => {
      const { lru, adaptive } = ratios(maxSize, recent(60_000));
      expect(adaptive).toBeGreaterThan(lru - 0.04);
    },
  );

  test('follows a load that changes', () => {
    const keys = [
      ...zipf(4000, 20_000),
      ...loop(1500, 20, 10_000),
      ...recent(40_000, 20_000),
      ...zipf(4000, 20_000, 500_000),
    ];
    for (const maxSize of [200, 700, 1200, 2000]) {
      const { lru, adaptive } = ratios(maxSize, keys);
      expect(adaptive).toBeGreaterThan(lru - 0.02);
    }
  });

  test('forgets what was popular: a new set of keys gets in', () => {
    const old = loop(300, 40);
    const { adaptive } = ratios(300, [...old, ...loop(250, 40, 1000)]);
    expect(adaptive).toBeGreaterThan(0.8);
  });

  test('entries that expire early do not mislead it', () => {
    const ratio = (eviction: Eviction): number => {
      const table = new EntryTable(
        300,
        () => undefined,
        slotsFor(eviction, () => [1, 2]),
      );
      let hits = 0;
      const keys = zipf(5000, 60_000);
      for (const [now, key] of keys.entries()) {
        if (table.hit(key, now) >= 0) hits += 1;
        else {
          table.expire(key);
          table.put(key, key, { ...NO_END, startedAt: now, freshUntil: now + 400 }, { now, retainedFor: 0 });
        }
      }
      return hits / keys.length;
    };
    expect(ratio('adaptive')).toBeGreaterThan(ratio('lru') - 0.02);
  });

  test('strings, and numbers that differ in high bits alone, are told apart', () => {
    const keys = loop(1000, 30);
    for (const as of [(key: number): CacheKey => `user:${key}`, (key: number): CacheKey => key * 2 ** 32]) {
      const { adaptive } = ratios(500, keys.map(as));
      expect(adaptive).toBeGreaterThan(0.4);
    }
  });

  test('what nobody asks for again is refused by what is asked for often, and the reason is told', async () => {
    const world = virtualWorld();
    const service = cached(world, { maxSize: 20, eviction: 'adaptive' }, new Counter().load);
    for (let round = 0; round < 5; round += 1) for (let id = 0; id < 20; id += 1) await service.get(id);
    for (let id = 100; id < 200; id += 1) await service.get(id);
    const reasons = world.events.of('cache.evicted').map(({ reason }) => reason);
    expect(reasons).toHaveLength(100);
    expect(reasons.filter((reason) => reason === 'admission').length).toBeGreaterThan(90);
    const { hits } = handleOf(service).stats;
    for (let id = 0; id < 20; id += 1) await service.get(id);
    expect(handleOf(service).stats.hits - hits).toBeGreaterThanOrEqual(18);
    expect(handleOf(service).stats).toMatchObject({ size: 20, maxSize: 20 });
  });

  test('entries expire, are invalidated and listed as ever', async () => {
    const world = virtualWorld();
    const service = cached(world, { maxSize: 5, ttl: '1m', eviction: 'adaptive' }, new Counter().load);
    for (const id of ['a', 'b', 'c']) await service.get(id);
    expect(new Set(handleOf(service).keys())).toEqual(new Set(['a', 'b', 'c']));
    expect(await handleOf(service).invalidate('b')).toBe(true);
    await world.clock.advance(60_000);
    expect(await service.get('a')).toBe(4);
    await handleOf(service).clear();
    expect(handleOf(service).stats).toMatchObject({ size: 0, evictions: 0 });
  });

  test('can be taken and given up while the program runs; entries stay', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, {}, counter.load);
    for (let id = 0; id < 100; id += 1) await service.get(id);
    for (const eviction of ['adaptive', 'lru'] as const) {
      world.runtime.configure({ defaults: { cache: { eviction } } });
      for (let id = 0; id < 100; id += 1) await service.get(id);
    }
    expect(counter.calls).toBe(100);
  });

  test('ResultCache has it too', () => {
    const cache = new ResultCache<number>({ maxSize: 100, eviction: 'adaptive' });
    let hits = 0;
    for (const key of loop(150, 40)) {
      if (cache.get(key) === undefined) cache.put(key, key);
      else hits += 1;
    }
    expect(hits).toBeGreaterThan(40 * 150 * 0.5);
    expect(cache.size).toBe(100);
  });
});
