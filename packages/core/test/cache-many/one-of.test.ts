import { deferred } from '../../../testing/src/index.js';
import {
  Cached,
  ConfigurationError,
  Fallback,
  Retry,
  TimedOutError,
  Timeout,
  oneOf,
  resilient,
  withRuntime,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';
import { Source, lists, listsWith } from './support.js';

describe('calls of single ids', () => {
  test('of one turn become one call of the method', async () => {
    const { source, one, handle } = lists();
    const ids = Array.from({ length: 100 }, (_, index) => index);
    expect(await Promise.all(ids.map((id) => one(id)))).toEqual(ids.map((id) => `${id}@1`));
    expect(source.asked).toEqual([ids]);
    expect(await one(7)).toBe('7@1');
    expect(handle.stats).toMatchObject({ misses: 100, hits: 1 });
  });

  test('include those that come in reactions of promises of that turn', async () => {
    const { source, one } = lists();
    const late = async (depth: number, id: string): Promise<unknown> => {
      for (let at = 0; at < depth; at++) await Promise.resolve();
      return one(id);
    };
    expect(await Promise.all([late(0, 'a'), late(1, 'b'), late(20, 'c')])).toEqual(['a@1', 'b@1', 'c@1']);
    expect(source.asked).toEqual([['a', 'b', 'c']]);
  });

  test('of one id share its load, and keep their own answers', async () => {
    const { source, one, handle } = lists();
    expect(await Promise.all([one('a'), one('b'), one('a')])).toEqual(['a@1', 'b@1', 'a@1']);
    expect(source.asked).toEqual([['a', 'b']]);
    expect(handle.stats).toMatchObject({ misses: 2, coalesced: 1 });
  });

  test('are gathered for as long as the window says', async () => {
    const { world, source, one } = lists({ window: '10ms' });
    const first = one('a');
    await world.clock.advance(9);
    const second = one('b');
    expect(source.asked).toEqual([]);
    expect(world.runtime.health().inFlight).toBe(1);
    await world.clock.advance(1);
    const third = one('c');
    expect(await Promise.all([first, second])).toEqual(['a@1', 'b@1']);
    await world.clock.advance(10);
    expect(await third).toBe('c@1');
    expect(source.asked).toEqual([['a', 'b'], ['c']]);
  });

  test('are asked for at once when a batch is full', async () => {
    const { world, source, one } = lists({ window: '10ms', maxBatch: 2 });
    const calls = ['a', 'b', 'c'].map((id) => one(id));
    await world.clock.settle();
    expect(source.asked).toEqual([['a', 'b']]);
    await world.clock.advance(10);
    expect(await Promise.all(calls)).toEqual(['a@1', 'b@1', 'c@1']);
    expect(source.asked).toEqual([['a', 'b'], ['c']]);
  });

  test('are apart where they differ in further arguments or in the instance', async () => {
    const world = virtualWorld();
    const source = new Source();
    const asked: unknown[] = [];
    const load = (ids: string[], ...rest: unknown[]): Promise<unknown> => (
      asked.push([ids, ...rest]),
      source.load(ids)
    );
    const service = listsWith(world, {}, load);
    const one = oneOf(service, 'many');
    const opaque = Symbol('opaque');
    await Promise.all([one('a', 'en'), one('b', 'de'), one('c', 'en'), one('d', opaque), one('e', opaque)]);
    expect(asked).toEqual([[['a', 'c'], 'en'], [['b'], 'de'], [['d'], opaque], [['e'], opaque]]); // prettier-ignore
    const [first, second] = [lists(), lists()];
    await Promise.all([first.one('a'), second.one('a')]);
    expect([first.source.asked, second.source.asked]).toEqual([[['a']], [['a']]]);
  });

  test('join a list that is loading the id, and are joined by lists', async () => {
    const { source, service, one } = lists();
    const [list, single] = await Promise.all([service.many(['a', 'b']), one('b')]);
    expect([list, single]).toEqual([['a@1', 'b@1'], 'b@1']);
    expect(await Promise.all([one('x'), service.many(['x', 'y'])])).toEqual(['x@1', ['x@1', 'y@1']]);
    expect(source.asked).toEqual([['a', 'b'], ['y'], ['x']]);
  });

  test('have undefined for what was not found, whatever the form of the answer', async () => {
    const world = virtualWorld();
    const source = new Source();
    source.missing.add('x');
    for (const load of [source.load, source.loadMap]) {
      const one = oneOf(listsWith(world, {}, load), 'many');
      expect(await Promise.all([one('a'), one('x')])).toEqual(['a@1', undefined]);
    }
  });

  test('are refreshed together behind old values', async () => {
    const { world, source, one } = lists({ ttl: '1m', staleWhileRevalidate: '1m', window: 5 });
    const first = Promise.all([one('a'), one('b')]);
    await world.clock.advance(5);
    await first;
    await world.clock.advance(61_000);
    source.version = 2;
    expect(await Promise.all([one('a'), one('b')])).toEqual(['a@1', 'b@1']);
    await world.clock.advance(5);
    expect(await one('a')).toBe('a@2');
    expect(source.asked).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });
});

describe('failures of single ids', () => {
  test('are each its own where an error stands in the place of a value', async () => {
    const { source, one } = lists();
    const broken = withStatus(503);
    source.errors.set('b', broken);
    const [a, b] = await Promise.all([settledOf(one('a')), settledOf(one('b'))]);
    expect([a, b]).toEqual([{ value: 'a@1' }, { error: broken }]);
  });

  test('are that of the call where it fails as a whole, and nothing is kept', async () => {
    const { source, one } = lists();
    source.failure = coded('ECONNREFUSED');
    const calls = await Promise.all(['a', 'b'].map((id) => settledOf(one(id))));
    expect(calls).toEqual([{ error: source.failure }, { error: source.failure }]);
    source.failure = undefined;
    expect(await one('a')).toBe('a@1');
  });

  test('are retried together, below the cache', async () => {
    const { world, source, one } = lists({}, [Retry({ maxAttempts: 2, delay: 100, jitter: false })]);
    source.failure = coded('ECONNRESET');
    const calls = Promise.all([one('a'), one('b')]);
    await world.clock.advance(50);
    source.failure = undefined;
    await world.clock.advance(50);
    expect(await calls).toEqual(['a@1', 'b@1']);
    expect(source.asked).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  test('are each answered old where that is allowed', async () => {
    const { world, source, one } = lists({ ttl: '1m', staleIfError: '1h' });
    await one('a');
    await world.clock.advance(60_000);
    source.failure = coded('ECONNREFUSED');
    const [a, b] = await Promise.all([settledOf(one('a')), settledOf(one('b'))]);
    expect([a, b]).toEqual([{ value: 'a@1' }, { error: source.failure }]);
  });

  test('have the fallback of the method, each for its own id', async () => {
    const { source, one } = lists({}, [Fallback((_error, ids: string[]) => ids.map((id) => `instead of ${id}`))]);
    source.failure = coded('ECONNREFUSED');
    expect(await Promise.all([one('a'), one('b')])).toEqual(['instead of a', 'instead of b']);
    const none = lists({}, [Fallback({ value: null })]);
    none.source.failure = source.failure;
    expect(await none.one('a')).toBeUndefined();
  });
});

describe('callers of single ids', () => {
  test('abort alone, in the window and after it; the call is aborted when all have left', async () => {
    const world = virtualWorld();
    const asked: unknown[] = [];
    const service = listsWith(world, { window: 10 }, async (ids: string[], signal: AbortSignal) => {
      asked.push([ids, signal]);
      await world.clock.sleep(100);
      return ids;
    });
    const one = oneOf(service, 'many');
    const [early, late, last] = [new AbortController(), new AbortController(), new AbortController()];
    const calls = [one('a', early.signal), one('b', late.signal), one('c', last.signal)].map(settledOf);
    early.abort(new Error('early'));
    await world.clock.advance(10);
    expect(asked).toEqual([[['b', 'c'], expect.any(AbortSignal)]]);
    const [, signal] = asked[0] as [unknown, AbortSignal];
    late.abort(new Error('late'));
    await world.clock.settle();
    expect(signal.aborted).toBe(false);
    last.abort(new Error('last'));
    expect(await Promise.all(calls)).toEqual([
      { error: early.signal.reason },
      { error: late.signal.reason },
      { error: last.signal.reason },
    ]);
    expect(signal.aborted).toBe(true);
  });

  test('who have all left in the window cost no call', async () => {
    const { world, source, one } = lists({ window: 10 });
    const controller = new AbortController();
    const call = settledOf(one('a', controller.signal));
    controller.abort(new Error('enough'));
    expect(await call).toEqual({ error: controller.signal.reason });
    await world.clock.advance(10);
    expect(source.asked).toEqual([]);
    expect(world.runtime.health().inFlight).toBe(0);
    expect(await Promise.all([one('a'), world.clock.advance(10)])).toEqual(['a@1', undefined]);
  });

  test('have their own total timeout, which the window counts towards', async () => {
    const { world, source, one } = lists({ window: 60 }, [Timeout({ total: 100 })]);
    source.work = world.clock.sleep(1_000);
    const first = settledOf(one('a'));
    await world.clock.advance(50);
    const second = settledOf(one('b'));
    await world.clock.advance(50);
    expect(await first).toEqual({ error: expect.any(TimedOutError) });
    source.work = undefined;
    await world.clock.advance(50);
    expect(await second).toEqual({ error: expect.any(TimedOutError) });
    expect(source.asked).toEqual([['a', 'b']]);
  });

  test('are told of refused signals at once', async () => {
    const { one } = lists();
    expect(await errorOf(one('a', AbortSignal.abort(new Error('before'))))).toMatchObject({ message: 'before' });
  });

  test('end with the call around them, where async context is on', async () => {
    const world = virtualWorld({ context: true });
    const source = new Source();
    const service = listsWith(world, {}, source.load);
    const outcomes: unknown[] = [];
    class Pages {
      @Timeout({ total: 100 })
      async page(): Promise<void> {
        await Promise.resolve();
        outcomes.push(await settledOf(oneOf(service, 'many')('a')));
      }
    }
    source.work = world.clock.sleep(1_000);
    const page = settledOf(world.own(new Pages()).page());
    await world.clock.advance(100);
    expect(await page).toEqual({ error: expect.any(TimedOutError) });
    await world.clock.settle();
    expect(outcomes).toEqual([{ error: expect.any(TimedOutError) }]);
  });

  test('keep their async context: the call runs in that of the first', async () => {
    const world = virtualWorld();
    const seen: unknown[] = [];
    const gate = deferred<void>();
    const service = listsWith(world, {}, async (ids: string[]) => (await gate.promise, seen.push(ids), ids));
    const one = oneOf(service, 'many');
    const calls = world.runtime.run(() => Promise.all([one('a'), one('b')]));
    gate.resolve();
    expect(await calls).toEqual(['a', 'b']);
    expect(seen).toEqual([['a', 'b']]);
  });
});

describe('the function', () => {
  test('has the cache with the arguments of one id', async () => {
    const { source, one } = lists({ ttl: '1m' });
    const { cache } = one;
    expect(await cache.warm([['a'], ['b'], ['a']])).toMatchObject({ loaded: 3 });
    expect(source.asked).toEqual([['a', 'b']]);
    expect(await cache.get('a')).toBe('a@1');
    expect(await cache.getMany([['a'], ['x'], ['b']])).toEqual(['a@1', undefined, 'b@1']);
    await cache.set(['c'], 'by hand');
    expect(await one('c')).toBe('by hand');
    source.version = 2;
    expect(await cache.refresh(['a'])).toBe('a@2');
    expect(await cache.invalidate('b')).toBe(true);
    expect(new Set(cache.keys())).toEqual(new Set(['a', 'c']));
  });

  test('passes an error of the only id on from a refresh', async () => {
    const { source, one } = lists();
    source.errors.set('a', withStatus(503));
    expect(await errorOf(one.cache.refresh(['a']))).toMatchObject({ status: 503 });
  });

  test('is refused for methods without @CachedMany, and for none', () => {
    class Service {
      @Cached()
      async one(id: string): Promise<string> {
        return id;
      }

      @Retry()
      async retried(ids: string[]): Promise<string[]> {
        return ids;
      }
    }
    const service = withRuntime(new Service(), virtualWorld().runtime as never);
    expect(() => oneOf(service, 'one' as 'retried')).toThrow('oneOf: Service.one has no @CachedMany; add one');
    expect(() => oneOf(service, 'retried')).toThrow(ConfigurationError);
    expect(() => oneOf(Service, 'retried' as never)).toThrow('oneOf: Service.retried needs an instance, not its class');
    expect(() => oneOf({ plain: resilient(async (ids: string[]) => ids, {}) }, 'plain')).toThrow(ConfigurationError);
  });

  test('runs the method as written while the framework is switched off', async () => {
    const world = virtualWorld({ enabled: false });
    const source = new Source();
    const one = oneOf(listsWith(world, {}, source.load), 'many');
    expect(await Promise.all([one('a'), one('b')])).toEqual(['a@1', 'b@1']);
    expect(source.asked).toEqual([['a'], ['b']]);
  });
});
