import * as fc from 'fast-check';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';
import { Counter, cached, handleOf } from './support.js';
import { cellOf, checkCell } from './table-check.js';

describe('the counts of a cache', () => {
  test('one look-up counts once: as a hit, a stale hit, coalesced or a miss', async () => {
    const windows = fc.constantFrom(0, 50, 1000);
    const step = fc.record({
      key: fc.integer({ min: 0, max: 3 }),
      callers: fc.integer({ min: 1, max: 3 }),
      fails: fc.boolean(),
      wait: fc.constantFrom(0, 1, 10, 50, 100, 1000, 3000),
    });
    const options = fc.record({
      staleWhileRevalidate: windows,
      staleIfError: windows,
      singleFlight: fc.boolean(),
      maxSize: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(options, fc.array(step, { maxLength: 25, size: 'max' }), async (given, script) => {
        const world = virtualWorld();
        let fails = false;
        let loads = 0;
        const service = cached(world, { ttl: 50, ...given }, async () => {
          const isFailing = fails;
          loads += 1;
          await world.clock.sleep(10);
          if (isFailing) throw coded('ECONNRESET');
          return loads;
        });
        let lookups = 0;
        const calls: Promise<unknown>[] = [];
        for (const { key, callers, wait, ...rest } of script) {
          fails = rest.fails;
          for (let caller = 0; caller < callers; caller += 1) calls.push(settledOf(service.get(key)));
          lookups += callers;
          if (wait > 0) await world.clock.advance(wait);
        }
        await world.clock.advance(100);
        await Promise.all(calls);
        const { stats } = handleOf(service);
        expect(stats.hits + stats.staleHits + stats.coalesced + stats.misses).toBe(lookups);
        expect(stats.lookups).toBe(lookups);
        expect(stats.hitRate).toBe(lookups === 0 ? 0 : (lookups - stats.misses) / lookups);
        expect(stats.sets + stats.errors).toBe(loads);
        expect(stats.size).toBe(stats.sets - overwrites(world.events.events, stats));
        const count = (
          type: 'cache.hit' | 'cache.coalesced' | 'cache.evicted' | 'cache.expired' | 'cache.stored',
        ): number => world.events.count(type);
        expect([stats.hits, stats.coalesced]).toEqual([count('cache.hit'), count('cache.coalesced')]);
        expect([stats.evictions, stats.expirations, stats.sets]).toEqual([
          count('cache.evicted'),
          count('cache.expired'),
          count('cache.stored'),
        ]);
        checkCell(cellOf(service));
      }),
      { numRuns: 40 },
    );
  });

  test('they begin at zero, and the rate of nothing is 0', async () => {
    const service = cached(virtualWorld(), { maxSize: 7 }, new Counter().load);
    expect(handleOf(service).stats).toEqual({
      hits: 0,
      misses: 0,
      staleHits: 0,
      coalesced: 0,
      lookups: 0,
      hitRate: 0,
      size: 0,
      maxSize: 7,
      sets: 0,
      evictions: 0,
      expirations: 0,
      errors: 0,
    });
  });
});

/** Sets that added no entry, told by the events: an entry stored again before it was dropped. */
const overwrites = (
  events: readonly { readonly type: string; readonly keyHash?: string | undefined }[],
  { evictions, expirations }: { readonly evictions: number; readonly expirations: number },
): number => {
  const present = new Set<string>();
  let count = 0;
  for (const { type, keyHash = '' } of events) {
    if (type === 'cache.stored') {
      if (present.has(keyHash)) count += 1;
      present.add(keyHash);
    } else if (type === 'cache.evicted' || type === 'cache.expired') present.delete(keyHash);
  }
  return count + evictions + expirations;
};
