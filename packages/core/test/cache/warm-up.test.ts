import { deferred } from '../../../testing/src/index.js';
import { ConfigurationError, Fallback } from '../../src/index.js';
import { errorOf, virtualWorld, withStatus } from '../support/virtual-world.js';
import { Counter, cached, cachedSync, handleOf } from './support.js';

/** Answers with the id, or fails for the ids in `broken`. */
const catalog = (options: object = {}, lines: readonly unknown[] = []) => {
  const world = virtualWorld();
  const broken = new Set<string>();
  const asked: string[] = [];
  const service = cached(
    world,
    options,
    (id: string) => {
      asked.push(id);
      if (broken.has(id)) throw withStatus(503);
      return `product ${id}`;
    },
    { lines },
  );
  return { world, service, asked, broken, handle: handleOf(service) };
};

describe('warm', () => {
  test('loads what is not fresh and tells of each list of arguments how it went', async () => {
    const { service, asked, broken, handle } = catalog();
    await service.get('1');
    broken.add('3');
    const warmUp = await handle.warm([['1'], ['2'], ['3'], ['4']]);
    expect(warmUp).toEqual({
      loaded: 2,
      fresh: 1,
      stale: 0,
      unstored: 0,
      failed: 1,
      skipped: 0,
      outcomes: [
        { args: ['1'], state: 'fresh' },
        { args: ['2'], state: 'loaded' },
        { args: ['3'], state: 'failed', error: expect.objectContaining({ status: 503 }) },
        { args: ['4'], state: 'loaded' },
      ],
    });
    expect(asked).toEqual(['1', '2', '3', '4']);
    expect(handle.stats).toMatchObject({ hits: 0, misses: 4, size: 3 });
  });

  test('reports its end and its failures', async () => {
    const { world, broken, handle } = catalog();
    broken.add('2');
    await handle.warm([['1'], ['2']]);
    expect(world.events.last('cache.warmFailed')).toMatchObject({
      method: 'CachedService.get',
      error: { status: 503 },
    });
    expect(world.events.last('cache.warmed')).toMatchObject({ loaded: 1, failed: 1, skipped: 0, durationMs: 0 });
  });

  test('runs eight loads at a time, or as many as it is told', async () => {
    const world = virtualWorld();
    const gate = deferred<void>();
    let underWay = 0;
    let most = 0;
    const service = cached(world, {}, async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await gate.promise;
      underWay -= 1;
    });
    const ids = (from: number): [number][] => Array.from({ length: 20 }, (_, index) => [from + index]);
    const eight = handleOf(service).warm(ids(0));
    await world.clock.settle();
    expect(underWay).toBe(8);
    gate.resolve();
    await eight;
    most = 0;
    expect((await handleOf(service).warm(ids(100), { concurrency: 3 })).loaded).toBe(20);
    expect(most).toBe(3);
  });

  test('reads its list as far as the loads have come', async () => {
    const { handle } = catalog();
    let read = 0;
    const endless = function* (): Generator<[string]> {
      while (read < 5) yield [String((read += 1))];
    };
    expect((await handle.warm(endless(), { concurrency: 1 })).loaded).toBe(5);
  });

  test('begins nothing after its signal is aborted, and waits for what is under way', async () => {
    const world = virtualWorld();
    const controller = new AbortController();
    const service = cached(world, {}, async (id: string) => {
      if (id === '2') controller.abort();
      await world.clock.sleep(10);
      return id;
    });
    const warming = handleOf(service).warm([['1'], ['2'], ['3']], { concurrency: 1, signal: controller.signal });
    await world.clock.advance(20);
    const { outcomes } = await warming;
    expect(outcomes.map(({ state }) => state)).toEqual(['loaded', 'loaded', 'skipped']);
  });

  test('joins a load under way', async () => {
    const world = virtualWorld();
    const gate = deferred<string>();
    const counter = new Counter();
    const service = cached(world, {}, (id: string) => (counter.load(id), gate.promise));
    const call = service.get('1');
    const warming = handleOf(service).warm([['1']]);
    gate.resolve('value');
    expect(await call).toBe('value');
    expect((await warming).loaded).toBe(1);
    expect(counter.calls).toBe(1);
  });

  test('tells of an old value that remains', async () => {
    const { world, broken, handle } = catalog({ ttl: '1m', staleIfError: '1h' });
    await handle.warm([['1']]);
    await world.clock.advance(60_000);
    broken.add('1');
    expect((await handle.warm([['1']])).stale).toBe(1);
  });

  test('tells of results that are not kept: by a rule, of a fallback', async () => {
    expect((await catalog({ cacheIf: () => false }).handle.warm([['1']])).unstored).toBe(1);
    const { broken, handle } = catalog({}, [Fallback({ value: 'instead' })]);
    broken.add('1');
    expect((await handle.warm([['1']])).unstored).toBe(1);
  });

  test('warms synchronous methods', async () => {
    const service = cachedSync(virtualWorld(), {}, (id: string) => {
      if (id === '2') throw withStatus(500);
      return id;
    });
    expect(await handleOf(service).warm([['1'], ['2']])).toMatchObject({ loaded: 1, failed: 1 });
  });

  test('takes arguments without a key, and what is no list of arguments, for failures', async () => {
    const { handle } = catalog();
    const { outcomes } = await handle.warm([[() => 1], 'x' as unknown as [string]]);
    expect(outcomes.map(({ error }) => error)).toEqual([
      expect.any(ConfigurationError),
      expect.any(ConfigurationError),
    ]);
  });

  test.each([0, 1.5, NaN, '8'])('refuses a concurrency of %p', async (concurrency) => {
    const refused = await errorOf(catalog().handle.warm([['1']], { concurrency: concurrency as number }));
    expect((refused as Error).message).toMatch(/^cacheOf\(\)\.warm: concurrency must be a whole number of at least 1/);
  });

  test.each([undefined, 5, {}])('refuses %p as a list', async (list) => {
    expect(await errorOf(catalog().handle.warm(list as unknown as [string][]))).toBeInstanceOf(ConfigurationError);
  });
});

describe('getMany', () => {
  test('reads several entries in their order and loads nothing', async () => {
    const { service, asked, handle } = catalog();
    await service.get('1');
    expect(await handle.getMany([['2'], ['1'], ['1']])).toEqual([undefined, 'product 1', 'product 1']);
    expect(asked).toEqual(['1']);
  });
});

describe('keys for people', () => {
  const filled = async () => {
    const world = virtualWorld();
    const service = cached(world, {}, () => 1);
    await service.get('product:1');
    await service.get('product:2', { Color: 'red' });
    await service.get(7);
    return handleOf(service);
  };

  test('are readable, the most recently used first', async () => {
    expect((await filled()).keys({})).toEqual(['7', '"product:2", {"Color": "red"}', 'product:1']);
  });

  test('are found by how they begin, by what they contain in whatever case, and up to a limit', async () => {
    const handle = await filled();
    expect(handle.keys({ prefix: 'product:' })).toEqual(['product:1']);
    expect(handle.keys({ search: 'PRODUCT' })).toEqual(['"product:2", {"Color": "red"}', 'product:1']);
    expect(handle.keys({ search: 'product', limit: 1 })).toEqual(['"product:2", {"Color": "red"}']);
    expect(handle.keys({ limit: 0 })).toEqual([]);
  });

  test.each([
    [{ prefix: 1 }, 'prefix'],
    [{ search: /x/ }, 'search'],
    [{ limit: -1 }, 'limit'],
    [{ limit: 'many' }, 'limit'],
  ])('refuse the query %p', async (query, option) => {
    const handle = await filled();
    expect(() => handle.keys(query as never)).toThrow(expect.objectContaining({ option }));
  });

  test('without a query are those of the table', async () => {
    expect((await filled()).keys()).toHaveLength(3);
  });
});
