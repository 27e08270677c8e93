import fc from 'fast-check';
import { virtualClock } from '../../../testing/src/index.js';
import { type CacheSnapshot, ConfigurationError } from '../../src/index.js';
import { type VirtualWorld, errorOf, virtualWorld } from '../support/virtual-world.js';
import { type Options, cached, handleOf } from './support.js';

const NAME = 'products';

/** A process of its own, whose wall clock shows `wall`. */
const processAt = (wall: number, options: Options = {}) => {
  const clock = virtualClock({ wall });
  const world: VirtualWorld = { ...virtualWorld({ clock }), clock };
  const service = cached(world, { snapshot: true, name: NAME, ttl: '1m', ...options }, (...args: unknown[]) => ({
    args,
  }));
  return { world, service, handle: handleOf(service) };
};

const throughJson = (snapshot: CacheSnapshot): unknown => JSON.parse(JSON.stringify(snapshot));

const START = 1_700_000_000_000;

describe('a snapshot', () => {
  test('takes the fresh entries to another process, for what is left of their lives', async () => {
    const before = processAt(START);
    await before.service.get('1');
    await before.world.clock.advance(20_000);
    await before.service.get('2', { color: 'red' });
    const snapshot = throughJson(await before.handle.export());

    const after = processAt(START + 20_000 + 10_000);
    expect(await after.handle.import(snapshot)).toEqual({ imported: 2, expired: 0, kept: 0, refused: 0 });
    expect(after.handle.peek('1')).toEqual({ args: ['1'] });
    expect(await after.handle.lookup('1')).toMatchObject({ age: 30_000, remainingTtl: 30_000, createdAt: START });
    expect(await after.handle.lookup('2', { color: 'red' })).toMatchObject({ age: 10_000, remainingTtl: 50_000 });
    expect(after.handle.keys({})).toEqual(before.handle.keys({}));
    await after.world.clock.advance(30_000);
    expect(after.handle.peek('1')).toBeUndefined();
  });

  test('is plain data', async () => {
    const { service, handle } = processAt(START, { tags: (id: string) => [`product:${id}`], snapshot: { version: 7 } });
    await service.get('1');
    const snapshot = await handle.export();
    expect(snapshot).toEqual({
      format: 'holdfast-cache/1',
      name: NAME,
      version: 7,
      takenAt: START,
      entries: [
        {
          key: '1',
          value: { args: ['1'] },
          startedAt: START,
          freshUntil: START + 60_000,
          hardUntil: null,
          tags: ['product:1'],
        },
      ],
      leftOut: 0,
    });
    expect(throughJson(snapshot)).toEqual(snapshot);
  });

  test('holds no old values, and an import skips those whose time is over', async () => {
    const { world, service, handle } = processAt(START, { staleIfError: '1h' });
    await service.get('1');
    await world.clock.advance(30_000);
    await service.get('2');
    const snapshot = await handle.export();
    await world.clock.advance(30_000);
    expect((await handle.export()).entries.map(({ key }) => key)).toEqual(['2']);
    const after = processAt(START + 60_000);
    expect(await after.handle.import(snapshot)).toEqual({ imported: 1, expired: 1, kept: 0, refused: 0 });
  });

  test('leaves out what JSON cannot hold, and counts it', async () => {
    const world = virtualWorld();
    const values: unknown[] = [1, new Date(0), new Map(), undefined, NaN, 1n, { deep: [{ at: new Set() }] }, null];
    const service = cached(world, { snapshot: true }, (index: number) => values[index]);
    for (const index of values.keys()) await service.get(index);
    const { entries, leftOut } = await handleOf(service).export();
    expect([entries.map(({ value }) => value), leftOut]).toEqual([[1, null], 6]);
  });

  test('shares nothing with the cache', async () => {
    const { service, handle } = processAt(START);
    const value = (await service.get('1')) as { args: unknown[] };
    const snapshot = await handle.export();
    value.args.push('changed');
    expect(snapshot.entries[0]?.value).toEqual({ args: ['1'] });
    const after = processAt(START);
    await after.handle.import(snapshot);
    (after.handle.peek('1') as { args: unknown[] }).args.push('changed');
    expect(snapshot.entries[0]?.value).toEqual({ args: ['1'] });
  });

  test('keeps leases and entries without end, and tags go on to work', async () => {
    const before = processAt(START, {
      ttl: (_value: unknown, id: string) => (id === 'lease' ? { ttl: '1m', hardTtl: '30s' } : Infinity),
      tags: ['all'],
    });
    await before.service.get('lease');
    await before.service.get('for ever');
    const snapshot = throughJson(await before.handle.export());
    const after = processAt(START + 10_000);
    await after.handle.import(snapshot);
    expect(await after.handle.lookup('lease')).toMatchObject({ remainingTtl: 20_000 });
    expect(await after.handle.lookup('for ever')).toMatchObject({ remainingTtl: Infinity });
    await after.world.clock.advance(20_000);
    expect(after.handle.peek('lease')).toBeUndefined();
    await after.handle.invalidateTags('all');
    expect(after.handle.peek('for ever')).toBeUndefined();
    expect((await processAt(START + 30_000).handle.import(snapshot)).expired).toBe(1);
  });

  test('gives no more life where the wall clock was set back', async () => {
    const before = processAt(START);
    await before.service.get('1');
    const snapshot = await before.handle.export();
    const after = processAt(START - 3_600_000);
    await after.handle.import(snapshot);
    expect(await after.handle.lookup('1')).toMatchObject({ remainingTtl: 60_000 });
  });

  test('does not take the place of a younger value, nor of what it has brought before', async () => {
    const { world, service, handle } = processAt(START);
    await service.get('1');
    const snapshot = await handle.export();
    await world.clock.advance(1_000);
    await handle.set(['1'], 'younger');
    expect(await handle.import(snapshot)).toEqual({ imported: 0, expired: 0, kept: 1, refused: 0 });
    expect(handle.peek('1')).toBe('younger');
    const after = processAt(START);
    await after.handle.import(snapshot);
    expect((await after.handle.import(snapshot)).kept).toBe(1);
  });

  test('is renewed ahead as other entries are', async () => {
    const before = processAt(START);
    await before.service.get('1');
    const after = processAt(START + 50_000, { refreshAhead: { after: 0.5, jitter: 0 } });
    await after.handle.import(throughJson(await before.handle.export()));
    await after.service.get('1');
    await after.world.clock.settle();
    expect(after.world.events.count('cache.refreshed')).toBe(1);
  });

  test('weighs what it brings: maxBytes holds, and what is heavier is refused', async () => {
    const before = processAt(START);
    for (const id of ['1', '2', '3', 'a long one']) await before.service.get(id);
    const snapshot = await before.handle.export();

    const weigh = ({ args }: { args: string[] }): number => String(args[0]).length;
    const after = processAt(START, { maxBytes: 2, weigh });
    expect(await after.handle.import(snapshot)).toEqual({ imported: 3, expired: 0, kept: 0, refused: 1 });
    expect(after.handle.stats.size).toBe(2);
  });

  test('stores nothing where the cache is switched off', async () => {
    const before = processAt(START);
    await before.service.get('1');
    const after = processAt(START, { enabled: false });
    expect(await after.handle.import(await before.handle.export())).toEqual({
      imported: 0,
      expired: 0,
      kept: 0,
      refused: 0,
    });
  });
});

describe('a snapshot is refused', () => {
  test.each(['export', 'import'] as const)('by %s without the option', async (method) => {
    const { handle } = processAt(START, { snapshot: false });
    const error = await errorOf(handle[method]({}));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({
      option: 'snapshot',
      message: expect.stringMatching(/^cacheOf\(\)\..*port: CachedService\.get does not allow snapshots/),
    });
  });

  const ENTRY = { key: '1', value: 1, startedAt: START, freshUntil: START + 60_000, hardUntil: null };
  const VALID = { format: 'holdfast-cache/1', name: NAME, version: null, takenAt: START, entries: [ENTRY] };
  const withEntry = (change: object): object => ({
    ...VALID,
    entries: [
      { ...ENTRY, key: 'first' },
      { ...ENTRY, ...change },
    ],
  });

  test.each([
    ['this is no snapshot', null],
    ['this is no snapshot', []],
    ['this is no snapshot', { ...VALID, entries: {} }],
    ['this is no snapshot', { ...VALID, takenAt: 'now' }],
    ["the format is not 'holdfast-cache/1'", { ...VALID, format: 'holdfast-cache/2' }],
    ["it is of another cache than 'products'", { ...VALID, name: 'orders' }],
    ['its version is not null', { ...VALID, version: 'v2' }],
    ['entries[1] is none', { ...VALID, entries: [ENTRY, 5] }],
    ['entries[1] is none', withEntry({ key: {} })],
    ['entries[1] is none', withEntry({ key: ['bigint', 'x'] })],
    ['entries[1] is none', withEntry({ key: ['toString', 'x'] })],
    ['entries[1] is none', withEntry({ key: ['bigint', 5] })],
    ['entries[1] is none', withEntry({ value: undefined })],
    ['entries[1] is none', withEntry({ value: new Date(0) })],
    ['entries[1] is none', withEntry({ startedAt: START + 1 })],
    ['entries[1] is none', withEntry({ startedAt: '1' })],
    ['entries[1] is none', withEntry({ freshUntil: '1' })],
    ['entries[1] is none', withEntry({ hardUntil: NaN })],
    ['entries[1] is none', withEntry({ tags: 'all' })],
  ])('as a whole: %s', async (problem, data) => {
    const { handle } = processAt(START);
    const error = await errorOf(handle.import(data));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain(`cacheOf().import: CachedService.get: ${problem}`);
    expect(handle.stats.size).toBe(0);
  });

  test.each([{ snapshot: 1 }, { snapshot: {} }, { snapshot: { version: '' } }, { snapshot: { version: null } }])(
    'with the option %p when the class is defined',
    (options) => {
      expect(() => processAt(START, options as Options)).toThrow(/^@Cached on get: snapshot/);
    },
  );
});

test('whatever the keys and values, a snapshot brings back what JSON can hold, in the same order', async () => {
  const argument = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }).map((text) => `\u0001${text}`),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(null, undefined, NaN, Infinity),
    fc.bigInt(),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.dictionary(fc.string(), fc.integer(), { maxKeys: 3 }),
  );
  const call = fc.record({ args: fc.array(argument, { maxLength: 2 }), value: fc.jsonValue() });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 8 }), fc.integer({ min: 0, max: 70_000 }), async (calls, later) => {
      const before = processAt(START);
      for (const { args, value } of calls) await before.handle.set(args, value);
      const snapshot = await before.handle.export();
      const after = processAt(START + later);
      const { imported, expired } = await after.handle.import(throughJson(snapshot));
      expect(imported + expired).toBe(before.handle.stats.size);
      if (later >= 60_000) return expect(after.handle.keys()).toEqual([]);
      expect(after.handle.keys()).toEqual(before.handle.keys());
      for (const { args } of calls) {
        const [old, now] = [await before.handle.lookup(...args), await after.handle.lookup(...args)];
        expect(now).toEqual({
          ...old,
          value: JSON.parse(JSON.stringify(old.value)),
          age: later,
          remainingTtl: 60_000 - later,
        });
      }
    }),
    { numRuns: 60 },
  );
});
