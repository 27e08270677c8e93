/** `maxBytes`: what all values weigh together is bounded, whichever entry makes room. */
import * as fc from 'fast-check';
import { cached, handleOf } from './support.js';
import { checkTable } from './table-check.js';
import { virtualWorld } from '../support/virtual-world.js';
import { ConfigurationError, ResultCache, createRuntime } from '../../src/index.js';
import { recordEvents } from '../../../testing/src/index.js';
import { type Gone, EntryTable } from '../../src/stores/entry-table.js';
import { slotsFor } from '../../src/stores/evictions.js';

const NO_END = { startedAt: 0, freshUntil: Infinity, hardUntil: Infinity, hardUntilWall: Infinity };
const NO_SWEEP = { now: 0, retainedFor: 0 };
const MAX_BYTES = 100;

interface Step {
  readonly do: 'put' | 'hit' | 'delete' | 'resize' | 'limit';
  readonly key: number;
  readonly weight: number;
}

const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom('put', 'put', 'put', 'put', 'hit', 'hit', 'delete', 'resize', 'limit'),
    key: fc.integer({ min: 0, max: 30 }),
    weight: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: MAX_BYTES })),
  }),
  { maxLength: 120, size: 'max' },
);

describe.each(['lru', 'adaptive'] as const)('a table with weights that evicts by %s', (eviction) => {
  test('never weighs more than its bound, and holds what it has not said to have dropped', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const expected = new Map<unknown, number>();
        const drops: Gone[] = [];
        const drop = (key: unknown, reason: Gone): void => {
          expect(expected.delete(key)).toBe(true);
          drops.push(reason);
        };
        const table = new EntryTable<number>(
          20,
          drop,
          slotsFor(eviction, () => [1, 2]),
        );
        table.limitBytes(MAX_BYTES);
        let limit = MAX_BYTES;
        for (const { do: what, key, weight } of script) {
          if (what === 'put' && weight <= limit) {
            table.put(key, weight, NO_END, { ...NO_SWEEP, weight: weight });
            expected.set(key, weight);
          } else if (what === 'hit') expect(table.hit(key, 0) >= 0).toBe(expected.has(key));
          else if (what === 'delete') expect(table.delete(key)).toBe(expected.delete(key));
          else if (what === 'resize') table.resize(1 + (weight % 30));
          else if (what === 'limit') table.limitBytes((limit = Math.max(1, weight)));
          checkTable(table);
          expect(new Set(table.keys())).toEqual(new Set(expected.keys()));
          expect(table.bytes).toBe([...expected.values()].reduce((sum, each) => sum + each, 0));
        }
      }),
      { numRuns: 150 },
    );
  });

  test('drops as many as are needed for a heavy one, and no more', () => {
    const drops: (readonly [unknown, Gone])[] = [];
    const table = new EntryTable<string>(
      50,
      (key, reason) => drops.push([key, reason]),
      slotsFor(eviction, () => [1, 2]),
    );
    table.limitBytes(MAX_BYTES);
    for (let key = 0; key < 10; key += 1) table.put(key, 'v', NO_END, { ...NO_SWEEP, weight: 10 });
    table.put('heavy', 'v', NO_END, { ...NO_SWEEP, weight: 35 });
    expect(drops).toHaveLength(4);
    expect(table.find('heavy')).toBeGreaterThanOrEqual(0);
    expect(table.bytes).toBe(95);
    // Replaced by something heavier, an entry stays.
    table.put('heavy', 'v', NO_END, { ...NO_SWEEP, weight: MAX_BYTES });
    expect(table.keys()).toEqual(['heavy']);
    checkTable(table);
  });

  test('a loop over more bytes than fit is hit as far as that eviction hits loops', () => {
    const table = new EntryTable<number>(
      10_000,
      () => undefined,
      slotsFor(eviction, () => [1, 2]),
    );
    table.limitBytes(40_000);
    let hits = 0;
    for (let call = 0; call < 60_000; call += 1) {
      const key = call % 600;
      if (table.hit(key, 0) >= 0) hits += 1;
      else table.put(key, key, NO_END, { ...NO_SWEEP, weight: 50 + (key % 100) });
    }
    if (eviction === 'lru') expect(hits).toBe(0);
    else expect(hits / 60_000).toBeGreaterThan(0.35);
    checkTable(table);
  });
});

const text = (length: number): string => 'x'.repeat(length);

describe('maxBytes', () => {
  test('bounds what all values weigh together, and tells the reason', async () => {
    const world = virtualWorld();
    const weigh = (value: string): number => value.length;
    const service = cached(world, { maxBytes: 100, weigh }, (length: number) => text(length));
    await service.get(40);
    await service.get(50);
    await service.get(30);
    expect(handleOf(service).keys()).toEqual([30, 50]);
    expect(world.events.of('cache.evicted')).toMatchObject([{ reason: 'bytes' }]);
    expect(handleOf(service).stats).toMatchObject({ size: 2, evictions: 1 });
  });

  test.each([
    ['heavier than all that fits', () => 101, 'the value is heavier than maxBytes'],
    ['not a number', () => Number.NaN, 'the weigh function gave no whole number of bytes'],
    ['less than nothing', () => -1, 'the weigh function gave no whole number of bytes'],
    ['a fraction', () => 0.5, 'the weigh function gave no whole number of bytes'],
    [
      'unknown since weigh throws',
      () => {
        throw new Error('cannot weigh');
      },
      'the weigh function threw',
    ],
  ])('a value whose weight is %s is answered and not stored', async (_, weigh, reason) => {
    const world = virtualWorld();
    const service = cached(world, { maxBytes: 100, weigh }, () => 'value');
    expect(await service.get(1)).toBe('value');
    expect(handleOf(service).stats).toMatchObject({ size: 0, sets: 0 });
    expect(world.events.of('cache.uncacheable')).toMatchObject([{ reason }]);
    await handleOf(service).set([1], 'given');
    expect(handleOf(service).stats.size).toBe(0);
  });

  test('can be changed while the program runs: what is there is weighed', async () => {
    const world = virtualWorld();
    const service = cached(world, {}, (length: number) => text(length));
    for (const length of [10, 20, 30, 40]) await service.get(length);
    world.runtime.configure({ defaults: { cache: { maxBytes: 75, weigh: (value: string) => value.length } } });
    await service.get(40);
    expect(handleOf(service).keys()).toEqual([40, 30]);
    world.runtime.configure({ defaults: { cache: {} } });
    for (const length of [50, 60]) await service.get(length);
    expect(handleOf(service).stats.size).toBe(4);
  });

  test.each([
    [{ maxBytes: 100 }, 'maxBytes needs weigh, which tells the bytes of a value'],
    [{ weigh: () => 1 }, 'weigh needs maxBytes, the bound on the sum of what it answers'],
  ])('one of the two options alone is an error: %j', (options, message) => {
    const world = virtualWorld();
    const service = cached(world, options, () => 1);
    expect(() => handleOf(service).stats).toThrow(message);
    expect(() => new ResultCache(options)).toThrow(ConfigurationError);
    expect(() => new ResultCache(options)).toThrow(message);
  });

  test('ResultCache has it too', () => {
    const runtime = createRuntime({ logger: false });
    const events = recordEvents(runtime, 'cache.uncacheable');
    const cache = new ResultCache<string>({ maxBytes: 100, weigh: (value) => value.length, runtime });
    cache.put('a', text(60));
    cache.put('b', text(40));
    cache.put('c', text(1));
    expect(cache.keys()).toEqual(['c', 'b']);
    cache.put('b', text(101));
    expect(cache.keys()).toEqual(['c']);
    expect(events.of('cache.uncacheable')).toMatchObject([{ reason: 'the value is heavier than maxBytes' }]);
  });
});
