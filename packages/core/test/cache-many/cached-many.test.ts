import { deferred } from '../../../testing/src/index.js';
import {
  BulkheadFullError,
  Cached,
  CachedMany,
  CircuitBreaker,
  ConfigurationError,
  Fallback,
  Invalidates,
  Resilient,
  Retry,
  TimedOutError,
  Timeout,
  cacheOf,
  callOutcome,
  currentCall,
  explain,
  stats,
  uncached,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';
import { Source, lists, listsWith } from './support.js';

describe('a list of ids', () => {
  test('is answered from the cache, with one call for the missing ones', async () => {
    const { source, service, handle } = lists();
    expect(await service.many(['a', 'b'])).toEqual(['a@1', 'b@1']);
    expect(await service.many(['c', 'b', 'd', 'a'])).toEqual(['c@1', 'b@1', 'd@1', 'a@1']);
    expect(await service.many(['a', 'd'])).toEqual(['a@1', 'd@1']);
    expect(source.asked).toEqual([['a', 'b'], ['c', 'd']]); // prettier-ignore
    expect(handle.stats).toMatchObject({ hits: 4, misses: 4, coalesced: 0, lookups: 8, size: 4, sets: 4 });
  });

  test('keeps order and duplicates, and counts each id once', async () => {
    const { source, service, handle } = lists();
    expect(await service.many(['b', 'a', 'b', 'b'])).toEqual(['b@1', 'a@1', 'b@1', 'b@1']);
    expect(source.asked).toEqual([['b', 'a']]);
    expect(handle.stats.lookups).toBe(2);
  });

  test('may be empty, and then asks nobody', async () => {
    const { source, service } = lists();
    expect(await service.many([])).toEqual([]);
    expect(source.asked).toEqual([]);
  });

  test('waits for ids that another call is loading instead of asking again', async () => {
    const { world, source, service, handle } = lists();
    const gate = deferred<void>();
    source.work = gate.promise;
    const first = service.many(['a', 'b']);
    const second = service.many(['b', 'c']);
    const third = service.many(['a', 'c']);
    await world.clock.settle();
    gate.resolve();
    expect(await Promise.all([first, second, third])).toEqual([['a@1', 'b@1'], ['b@1', 'c@1'], ['a@1', 'c@1']]); // prettier-ignore
    expect(source.asked).toEqual([['a', 'b'], ['c']]);
    expect(handle.stats).toMatchObject({ misses: 3, coalesced: 3 });
  });

  test('has undefined for ids that were not found, and asks for them again', async () => {
    const { source, service, handle } = lists();
    source.missing.add('x');
    expect(await service.many(['a', 'x'])).toEqual(['a@1', undefined]);
    await service.many(['a', 'x']);
    expect(source.asked).toEqual([['a', 'x'], ['x']]);
    expect(handle.stats.size).toBe(1);
  });

  test('remembers that an id was not found as long as negativeTtl says', async () => {
    const { world, source, service } = lists({ negativeTtl: '10s' });
    source.missing.add('x');
    await service.many(['x']);
    expect(await service.many(['a', 'x'])).toEqual(['a@1', undefined]);
    await world.clock.advance(10_000);
    await service.many(['a', 'x']);
    expect(source.asked).toEqual([['x'], ['a'], ['x']]);
  });

  test('is split into several calls where it is longer than maxBatch', async () => {
    const { source, service } = lists({ maxBatch: 2 });
    expect(await service.many([1, 2, 3, 4, 5])).toEqual(['1@1', '2@1', '3@1', '4@1', '5@1']);
    expect(source.asked).toEqual([[1, 2], [3, 4], [5]]);
  });

  test('may be answered by a Map or an object, and the callers get the same', async () => {
    const world = virtualWorld();
    const source = new Source();
    source.missing.add('x');
    const maps = listsWith(world, {}, source.loadMap);
    await maps.many(['a']);
    expect(await maps.many(['b', 'x', 'a'])).toEqual(new Map([['b', 'b@1'], ['a', 'a@1']])); // prettier-ignore
    const objects = listsWith(world, {}, async (ids: string[]) => Object.fromEntries(await source.loadMap(ids)));
    await objects.many(['a', '__proto__']);
    expect(await objects.many(['a', 'toString', 'x'])).toEqual({ a: 'a@1', toString: 'toString@1' });
    expect(await objects.many(['a'])).toEqual({ a: 'a@1' });
  });

  test('is answered in the form that returns names where the method has not answered yet', async () => {
    const world = virtualWorld();
    const service = listsWith(world, { returns: 'map' }, new Source().loadMap);
    await cacheOf(service, 'many').set([['a']], new Map([['a', 'by hand']]));
    expect(await service.many(['a'])).toEqual(new Map([['a', 'by hand']]));
  });

  test.each([
    ['null', null],
    ['a value of type string', 'a'],
    ['a value of type object', new Set(['a'])],
    ['1 elements for 2 ids', ['a']],
  ])('is refused with %s as the answer', async (problem, answer) => {
    const service = listsWith(virtualWorld(), { staleIfError: '1h' }, async () => answer);
    const error = await errorOf(service.many(['a', 'b']));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain(`Service.many: the method answered with ${problem};`);
  });

  test('that is none runs uncached, and is told', async () => {
    const world = virtualWorld();
    const service = listsWith(world, {}, async (ids: unknown) => ids);
    const set = new Set(['a']);
    expect(await service.many(set)).toBe(set);
    expect(world.events.last('cache.uncacheable')).toMatchObject({ reason: 'the first argument is no array of ids' });
  });

  test('may hold ids of any kind that has a key; those without are asked for each time', async () => {
    const { source, service, handle } = lists();
    const opaque = Symbol('id');
    await service.many([1, '1', { shop: 7 }, opaque]);
    expect(await service.many([1, '1', { shop: 7 }, opaque])).toHaveLength(4);
    expect(source.asked).toEqual([[1, '1', { shop: 7 }, opaque], [opaque]]); // prettier-ignore
    expect(handle.stats.size).toBe(3);
  });

  test('has further arguments, which are part of every key', async () => {
    const { source, service } = lists();
    await service.many(['a'], 'en');
    await service.many(['a', 'b'], 'de');
    await service.many(['a', 'b'], 'en');
    expect(source.asked).toEqual([['a'], ['a', 'b'], ['b']]);
  });
});

describe('each id', () => {
  test('has the options of @Cached for itself: key, tags, ttl, cacheIf get one id and one value', async () => {
    const world = virtualWorld();
    const source = new Source();
    const seen: unknown[] = [];
    const service = listsWith(
      world,
      {
        key: (id: string, locale: string) => `${locale}/${id.toLowerCase()}`,
        tags: (id: string) => [`product:${id}`],
        ttl: (value: string, id: string, locale: string) => (seen.push([value, id, locale]), '1m'),
        cacheIf: (value: string) => !value.startsWith('no'),
      },
      source.load,
    );
    await service.many(['A', 'b', 'no'], 'en');
    const handle = cacheOf(service, 'many');
    expect(new Set(handle.keys())).toEqual(new Set(['en/a', 'en/b']));
    expect(seen).toEqual([['A@1', 'A', 'en'], ['b@1', 'b', 'en']]); // prettier-ignore
    await handle.invalidateTags('product:A');
    await service.many(['a', 'b'], 'en');
    expect(source.asked.at(-1)).toEqual(['a']);
  });

  test('has its own events', async () => {
    const { world, service } = lists();
    await service.many(['a', 'b']);
    await service.many(['a', 'c']);
    expect(['cache.miss', 'cache.stored', 'cache.hit'].map((type) => world.events.count(type as 'cache.hit'))).toEqual([
      3, 3, 1,
    ]);
    expect(new Set(world.events.of('cache.miss').map(({ keyHash }) => keyHash)).size).toBe(3);
  });

  test('is answered old at once, with one refresh for all that are due', async () => {
    const { world, source, service, handle } = lists({ ttl: '1m', staleWhileRevalidate: '1m' });
    await service.many(['a', 'b', 'c']);
    await world.clock.advance(61_000);
    source.version = 2;
    expect(await service.many(['a', 'd', 'b'])).toEqual(['a@1', 'd@2', 'b@1']);
    await world.clock.settle();
    expect(source.asked.slice(1)).toEqual([['d'], ['a', 'b']]);
    expect(await service.many(['a', 'b'])).toEqual(['a@2', 'b@2']);
    expect(handle.stats).toMatchObject({ staleHits: 2, hits: 2, misses: 4 });
  });

  test('is answered old where its load fails; ids without an old value fail the call with the error itself', async () => {
    const { world, source, service } = lists({ ttl: '1m', staleIfError: '1h' });
    await service.many(['a', 'b']);
    await world.clock.advance(60_000);
    source.failure = coded('ECONNREFUSED');
    expect(await service.many(['a', 'b'])).toEqual(['a@1', 'b@1']);
    expect(await errorOf(service.many(['a', 'c']))).toBe(source.failure);
    expect(world.events.of('cache.servedStale').map(({ reason }) => reason)).toEqual(['error', 'error', 'error']);
  });

  test('may have an error in its place, which is the answer to that id alone and is not kept', async () => {
    const { world, source, service } = lists({ ttl: '1m', staleIfError: '1h' });
    const gone = withStatus(503);
    await service.many(['a']);
    source.errors.set('b', gone);
    expect(await service.many(['a', 'b', 'c'])).toEqual(['a@1', gone, 'c@1']);
    await world.clock.advance(60_000);
    source.errors.set('a', gone);
    expect(await service.many(['a', 'b', 'c'])).toEqual(['a@1', gone, 'c@1']);
    expect(source.asked).toEqual([['a'], ['b', 'c'], ['a', 'b', 'c']]);
  });

  test('keeps its error as long as errorTtl says', async () => {
    const { source, service } = lists({ errorTtl: '10s' });
    source.failure = withStatus(503);
    expect(await errorOf(service.many(['a', 'b']))).toBe(source.failure);
    expect(await errorOf(service.many(['b']))).toBe(source.failure);
    expect(source.asked).toEqual([['a', 'b']]);
  });

  test('is not stored where it was invalidated under way', async () => {
    const { world, source, service, handle } = lists();
    const gate = deferred<void>();
    source.work = gate.promise;
    const call = service.many(['a', 'b']);
    await world.clock.settle();
    expect(await handle.invalidate(['a'])).toBe(false);
    gate.resolve();
    expect(await call).toEqual(['a@1', 'b@1']);
    expect(handle.keys()).toEqual(['b']);
  });

  test('is copied where clone says so', async () => {
    const service = listsWith(virtualWorld(), { clone: 'structured' }, async (ids: string[]) =>
      ids.map((id) => ({ id })),
    );
    const [first] = await service.many(['a']);
    first.id = 'changed';
    expect(await service.many(['a'])).toEqual([{ id: 'a' }]);
  });

  test('that cannot be shared is loaded by each caller', async () => {
    const world = virtualWorld();
    const source = new Source();
    const service = listsWith(world, {}, async (ids: string[]) => {
      await source.load(ids);
      return ids.map((id) => new Response(id));
    });
    const [[first], [second]] = await Promise.all([service.many(['a']), service.many(['a'])]);
    expect(await Promise.all([first.text(), second.text()])).toEqual(['a', 'a']);
    expect(source.asked).toEqual([['a'], ['a']]);
    expect(world.events.count('cache.uncacheable')).toBe(1);
  });
});

describe('in the stack', () => {
  test('retries run for the missing ids alone, below the cache', async () => {
    const { world, source, service } = lists({}, [Retry({ maxAttempts: 3, delay: 100, jitter: false })]);
    await service.many(['a']);
    source.failure = coded('ECONNRESET');
    const call = settledOf(service.many(['a', 'b', 'c']));
    await world.clock.advance(50);
    source.failure = undefined;
    await world.clock.advance(100);
    expect(await call).toEqual({ value: ['a@1', 'b@1', 'c@1'] });
    expect(source.asked).toEqual([['a'], ['b', 'c'], ['b', 'c']]);
    expect(world.events.last('call.succeeded')).toMatchObject({ attempts: 2 });
  });

  test('a circuit breaker counts one call, and old values answer while it is open', async () => {
    const { world, source, service } = lists({ ttl: '1m', staleIfError: '1h' }, [
      CircuitBreaker({ failureThreshold: 1, recoveryTimeout: '1h' }),
    ]);
    await service.many(['a']);
    source.failure = coded('ECONNREFUSED');
    await errorOf(service.many(['b', 'c']));
    await world.clock.advance(60_000);
    expect(await service.many(['a'])).toEqual(['a@1']);
    expect(world.events.last('cache.servedStale')).toMatchObject({ reason: 'circuit-open' });
    expect(source.asked).toHaveLength(2);
  });

  test('a total timeout is each caller’s own; with the last one the call is aborted', async () => {
    const world = virtualWorld();
    const signals: AbortSignal[] = [];
    const service = listsWith(
      world,
      {},
      async () => {
        signals.push(currentCall().signal);
        await world.clock.sleep(10_000);
      },
      [Timeout({ total: '1s' })],
    );
    const first = settledOf(service.many(['a', 'b']));
    await world.clock.advance(500);
    const second = settledOf(service.many(['b']));
    await world.clock.advance(500);
    expect(await first).toEqual({ error: expect.any(TimedOutError) });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await world.clock.advance(500);
    expect(await second).toEqual({ error: expect.any(TimedOutError) });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('a caller who aborts leaves alone; the method gets the signal of the shared call', async () => {
    const world = virtualWorld();
    const signals: AbortSignal[] = [];
    const service = listsWith(world, {}, async (ids: string[], { signal }: { signal: AbortSignal }) => {
      signals.push(signal);
      await world.clock.sleep(100);
      return ids;
    });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = settledOf(service.many(['a', 'b'], { signal: one.signal }));
    const second = settledOf(service.many(['b'], { signal: two.signal }));
    await world.clock.settle();
    one.abort(new Error('enough'));
    expect(await first).toEqual({ error: one.signal.reason });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await world.clock.advance(100);
    expect(await second).toEqual({ value: ['b'] });
    const third = settledOf(service.many(['c'], { signal: two.signal }));
    await world.clock.settle();
    two.abort();
    expect(await third).toEqual({ error: two.signal.reason });
    expect(signals.at(-1)?.aborted).toBe(true);
    expect(await errorOf(service.many(['d'], { signal: two.signal }))).toBe(two.signal.reason);
  });

  test('a caller who leaves while his list is taken apart leaves no load behind that never ends', async () => {
    const world = virtualWorld();
    const controller = new AbortController();
    const source = new Source();
    const key = (id: string): string => (id === 'b' && controller.abort(new Error('now')), id);
    const service = listsWith(world, { key }, source.load);
    expect(await errorOf(service.many(['a', 'b', 'c'], controller.signal))).toBe(controller.signal.reason);
    expect(await service.many(['a'])).toEqual(['a@1']);
  });

  test('hard and soft timeouts are those of each id', async () => {
    const { world, source, service } = lists({ ttl: '1m', staleIfError: '1h', softTimeout: 10, hardTimeout: 50 });
    await service.many(['a']);
    await world.clock.advance(60_000);
    source.work = world.clock.sleep(200);
    const known = service.many(['a']);
    const unknown = settledOf(service.many(['b']));
    await world.clock.advance(10);
    expect(await known).toEqual(['a@1']);
    await world.clock.advance(40);
    expect(await unknown).toEqual({ error: expect.any(TimedOutError) });
    await world.clock.advance(150);
    expect(await service.many(['a', 'b'])).toEqual(['a@1', 'b@1']);
  });

  test('a fallback answers for the whole list, and is not stored', async () => {
    const { source, service, handle } = lists({}, [Fallback((_error, ids: string[]) => ids.map(() => 'instead'))]);
    source.failure = coded('ECONNREFUSED');
    expect(await service.many(['a', 'b'])).toEqual(['instead', 'instead']);
    expect(handle.stats.size).toBe(0);
  });

  test('the outcome tells the least fresh of what the list has come from', async () => {
    const { world, source, service } = lists({ ttl: '1m', staleIfError: '1h' });
    const outcome = async (...ids: string[]): Promise<unknown> => {
      const { kind, source: from } = await callOutcome(service, 'many', ids);
      return [kind, from];
    };
    expect(await outcome('a')).toEqual(['value', 'method']);
    expect(await outcome('a')).toEqual(['value', 'cache']);
    expect(await outcome('a', 'b')).toEqual(['value', 'method']);
    expect(await outcome()).toEqual(['value', 'method']);
    await world.clock.advance(60_000);
    source.failure = coded('ECONNREFUSED');
    expect(await outcome('a', 'b')).toEqual(['value', 'stale']);
    expect(await outcome('c')).toEqual(['failed', undefined]);
  });

  test('explain shows it where the cache stands', () => {
    const { service } = lists({ maxBatch: 50, ttl: '1m' }, [Retry()]);
    const [{ stack }] = explain(service).methods as [ReturnType<typeof explain>['methods'][number]];
    expect(stack.map(({ policy }) => policy)).toEqual(['cached', 'retry']);
    expect(stack[0]?.options).toMatchObject({ maxBatch: 50, ttl: 60_000 });
  });

  test('a call from inside of its own load runs by itself', async () => {
    const world = virtualWorld();
    const asked: unknown[] = [];
    const service = listsWith(world, {}, async (ids: string[]): Promise<unknown> => {
      asked.push(ids);
      return asked.length === 1 ? service.many(ids) : ids;
    });
    expect(await service.many(['a'])).toEqual(['a']);
    expect(asked).toEqual([['a'], ['a']]);
  });

  test('with async context on, so does one that comes later from inside of it', async () => {
    const world = virtualWorld({ context: true });
    const asked: unknown[] = [];
    const service = listsWith(world, {}, async (ids: string[]): Promise<unknown> => {
      asked.push(ids);
      await Promise.resolve();
      return asked.length === 1 ? service.many([...ids, 'b']) : ids;
    });
    const answer = await settledOf(service.many(['a']));
    expect(asked).toEqual([['a'], ['a', 'b']]);
    expect(answer).toEqual({ error: expect.any(ConfigurationError) });
  });

  test('a bulkhead outside of the cache holds its slot until all ids have ended', async () => {
    const world = virtualWorld();
    const source = new Source();
    class Service {
      @Resilient({ order: ['bulkhead', 'cached'], bulkhead: { maxConcurrent: 1 } })
      @CachedMany({ maxBatch: 1 })
      async many(ids: string[]): Promise<unknown[]> {
        if (ids[0] === 'bad') throw coded('ECONNREFUSED');
        await world.clock.sleep(100);
        return source.load(ids);
      }
    }
    const service = world.own(new Service());
    const call = settledOf(service.many(['bad', 'slow']));
    await world.clock.advance(50);
    expect(await errorOf(service.many(['a']))).toBeInstanceOf(BulkheadFullError);
    await world.clock.advance(50);
    expect(await call).toEqual({ error: expect.objectContaining({ code: 'ECONNREFUSED' }) });
    const next = service.many(['slow']);
    expect(await next).toEqual(['slow@1']);
  });

  test('writes invalidate single ids, or all', async () => {
    const world = virtualWorld();
    class Service {
      @CachedMany()
      async many(ids: string[]): Promise<string[]> {
        return ids;
      }

      @Invalidates({ target: 'many', keys: (id: string) => [id] })
      async rename(_id: string): Promise<void> {}

      @Invalidates({ target: 'many' })
      async replaceAll(): Promise<void> {}
    }
    const service = world.own(new Service());
    await service.many(['a', 'b', 'c']);
    await service.rename('b');
    expect(new Set(cacheOf(service, 'many').keys())).toEqual(new Set(['a', 'c']));
    await service.replaceAll();
    expect(cacheOf(service, 'many').keys()).toEqual([]);
  });

  test('calls and refreshes under way are counted once each', async () => {
    const { world, source, service } = lists();
    source.work = world.clock.sleep(10);
    const call = service.many(['a', 'b', 'c']);
    await world.clock.settle();
    expect(world.runtime.health().inFlight).toBe(1);
    await world.clock.advance(10);
    await call;
    expect(world.runtime.health().inFlight).toBe(0);
  });

  test('uncached passes it by', async () => {
    const { source, service } = lists();
    await service.many(['a']);
    expect(await uncached(service).many(['a'])).toEqual(['a@1']);
    expect(source.asked).toEqual([['a'], ['a']]);
  });

  test('with the cache switched off calls still share their loads', async () => {
    const { source, service } = lists({ enabled: false });
    await Promise.all([service.many(['a', 'b']), service.many(['b'])]);
    await service.many(['a']);
    expect(source.asked).toEqual([['a', 'b'], ['a']]);
  });
});

describe('the handle', () => {
  test('takes the arguments of the method, and does for every id what it is asked', async () => {
    const { source, service, handle } = lists();
    await service.many(['a', 'b', 'c']);
    expect(await handle.get(['a', 'c'])).toEqual(['a@1', 'c@1']);
    expect(handle.peek(['a', 'x'])).toBeUndefined();
    expect(await handle.invalidate(['a', 'x'])).toBe(true);
    expect(await handle.invalidate(['x'])).toBe(false);
    await handle.set([['x', 'y', 'z']], ['X', undefined, 'Z']);
    expect(new Set(handle.keys())).toEqual(new Set(['b', 'c', 'x', 'z']));
    expect(await handle.lookup(['b', 'x'])).toMatchObject({ state: 'fresh', value: ['b@1', 'X'] });
    expect(await handle.refresh([['b', 'c']])).toEqual(['b@1', 'c@1']);
    expect(source.asked.at(-1)).toEqual(['b', 'c']);
    expect(await handle.warm([[['b', 'q']], [['b']]])).toMatchObject({ loaded: 1, fresh: 1 });
    await handle.clear();
    expect(handle.stats.size).toBe(0);
  });

  test('looks a list up as the least fresh of its entries', async () => {
    const { world, service, handle } = lists({ ttl: '1m', staleIfError: '1h' });
    await service.many(['a']);
    await world.clock.advance(30_000);
    await service.many(['b']);
    await world.clock.advance(30_000);
    expect(await handle.lookup(['a', 'b'])).toMatchObject({ state: 'stale', age: 60_000, remainingTtl: 0 });
    expect(await handle.lookup(['b'])).toMatchObject({ state: 'fresh', remainingTtl: 30_000 });
    expect(await handle.expire(['b', 'x'])).toBe(true);
    expect(await handle.lookup(['b'])).toMatchObject({ state: 'stale' });
  });

  test.each([
    ['no list of ids', 'a', ['A']],
    ['no values', ['a'], 'A'],
  ])('refuses to set %s', async (_what, ids, value) => {
    const { handle } = lists();
    expect(await errorOf(handle.set([ids], value))).toBeInstanceOf(ConfigurationError);
  });

  test('takes its entries to another process', async () => {
    const before = lists({ snapshot: true, returns: 'map' });
    await before.service.many(['a', 'b']);
    const after = lists({ snapshot: true, returns: 'map' });
    expect(await after.handle.import(await before.handle.export())).toMatchObject({ imported: 2 });
    expect(await after.service.many(['b'])).toEqual(new Map([['b', 'b@1']]));
    expect(after.source.asked).toEqual([]);
  });

  test('shows in the stats of the runtime, and is cleared with all caches', async () => {
    const { world, service, handle } = lists({ name: 'products', scope: 'class' });
    await service.many(['prefix:a', 'prefix:b', 'c']);
    expect(world.runtime.stats().caches['products']).toMatchObject({ size: 3 });
    expect(await handle.invalidatePrefix('prefix:')).toBe(2);
    world.runtime.clearCaches();
    expect(handle.stats.size).toBe(0);
    expect(stats().caches['products']).toBeUndefined();
  });
});

describe('one cache for one and many', () => {
  const shop = (shareWith = 'product') => {
    const world = virtualWorld();
    class Shop {
      readonly asked: unknown[] = [];
      work: Promise<unknown> | undefined = undefined;

      @Cached({ maxSize: 3 })
      async product(id: string): Promise<string> {
        this.asked.push(id);
        await this.work;
        return `${id} alone`;
      }

      @CachedMany({ shareWith })
      async products(ids: string[]): Promise<string[]> {
        this.asked.push(ids);
        await this.work;
        return ids.map((id) => `${id} of many`);
      }

      @Retry()
      async retried(): Promise<void> {}
    }
    return { world, service: world.own(new Shop()) };
  };

  test('answers either from what the other has loaded', async () => {
    const { service } = shop();
    await service.product('a');
    expect(await service.products(['a', 'b'])).toEqual(['a alone', 'b of many']);
    expect(await service.product('b')).toBe('b of many');
    expect(service.asked).toEqual(['a', ['b']]);
  });

  test('lets each wait for the loads of the other', async () => {
    const { world, service } = shop();
    service.work = world.clock.sleep(10);
    const calls = Promise.all([service.products(['a', 'b']), service.product('a'), service.product('c')]);
    const list = service.products(['c']);
    await world.clock.advance(10);
    expect(await calls).toEqual([['a of many', 'b of many'], 'a of many', 'c alone']);
    expect(await list).toEqual(['c alone']);
    expect(service.asked).toEqual([['a', 'b'], 'c']);
  });

  test('has one bound and one set of counts', async () => {
    const { world, service } = shop();
    await service.products(['a', 'b', 'c', 'd']);
    await service.product('d');
    expect(cacheOf(service, 'product').stats).toMatchObject({ size: 3, hits: 1, misses: 4, evictions: 1 });
    expect(cacheOf(service, 'products').stats).toEqual(cacheOf(service, 'product').stats);
    expect(world.runtime.stats().total).toMatchObject({ lookups: 5, size: 3 });
    expect(await cacheOf(service, 'products').invalidate(['c'])).toBe(true);
    expect(cacheOf(service, 'product').peek('c')).toBeUndefined();
  });

  test('weighs by the measure of the method that it belongs to, whoever has loaded a value', async () => {
    const world = virtualWorld();
    class Shop {
      @Cached({ maxBytes: 100, weigh: (value: string) => value.length })
      async product(id: string): Promise<string> {
        return id.padEnd(40, '.');
      }

      @CachedMany({ shareWith: 'product' })
      async products(ids: readonly string[]): Promise<string[]> {
        return ids.map((id) => id.padEnd(40, '.'));
      }
    }
    const service = world.own(new Shop());
    await service.products(['a', 'b', 'c', 'd']);
    await service.product('e');
    expect(cacheOf(service, 'product').stats).toMatchObject({ size: 2, evictions: 3 });
  });

  test.each([
    ['prodct', "shareWith 'prodct' is no decorated method of this object"],
    ['retried', "shareWith 'retried' is not cached"],
    ['products', "shareWith 'products' has no @Cached of its own"],
  ])('is refused with %s, which has none', async (shareWith, problem) => {
    const error = await errorOf(shop(shareWith).service.products(['a']));
    expect(error).toMatchObject({ option: 'shareWith', message: expect.stringContaining(problem) });
  });
});

describe('wrong options', () => {
  const optionOf = (options: object | null): unknown => {
    try {
      class Service {
        @CachedMany(options as object)
        async many(ids: string[]): Promise<string[]> {
          return ids;
        }
      }
      return Service;
    } catch (error) {
      return [(error as ConfigurationError).option, (error as Error).message];
    }
  };

  test.each([
    [{ maxBatch: 0 }, 'maxBatch'],
    [{ window: -1 }, 'window'],
    [{ returns: 'list' }, 'returns'],
    [{ shareWith: '' }, 'shareWith'],
    [{ ttl: 'soon' }, 'ttl'],
    [{ maxBach: 5 }, 'maxBach'],
    [null, undefined],
    [5, undefined],
    [() => 1, undefined],
  ])('%p are refused when the class is defined', (options, option) => {
    expect(optionOf(options as object)).toEqual([option, expect.stringMatching(/^@CachedMany/)]);
  });

  test('on one method with @Cached it is one cache too many', () => {
    expect(() => {
      class Twice {
        @Cached()
        @CachedMany()
        async many(ids: string[]): Promise<string[]> {
          return ids;
        }
      }
      return Twice;
    }).toThrow(/is written twice/);
  });
});
