import { Cached, CircuitBreaker, Fallback, ResultCache, Retry, Timeout, cacheOf, explain } from '../../src/index.js';
import { Counter, cached, cachedSync, handleOf } from '../cache/support.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

/** The cache page of pyresilience, row by row; the rows that end in X are its defects, absent here. */

const DOWN = coded('ECONNREFUSED');

describe('cache', () => {
  test('P1 stores successful results and returns them for the same arguments', async () => {
    const counter = new Counter();
    const service = cached(virtualWorld(), {}, counter.load);
    expect([await service.get('a'), await service.get('a'), await service.get('b')]).toEqual([1, 1, 2]);
  });

  test('P2 the cache is the outermost layer but for the fallback: a hit touches nothing else', async () => {
    const world = virtualWorld();
    class Service {
      @Fallback({ value: 'fallback' })
      @Retry()
      @CircuitBreaker()
      @Timeout('10s')
      @Cached()
      async get(_id: string): Promise<string> {
        return 'value';
      }
    }
    const service = world.own(new Service());
    expect(explain(service).methods[0]?.stack.map(({ policy }) => policy)).toEqual([
      'fallback',
      'cached',
      'retry',
      'circuit-breaker',
      'timeout',
    ]);
    await service.get('1');
    world.events.clear();
    await service.get('1');
    expect(world.events.types().filter((type) => type !== 'call.succeeded')).toEqual(['cache.hit']);
  });

  test('P3 evicts the least recently used at the bound, and expires by ttl', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { maxSize: 2, ttl: '1s' }, counter.load);
    for (const id of ['a', 'b', 'a', 'c']) await service.get(id);
    expect(handleOf(service).keys()).toEqual(['c', 'a']);
    await world.clock.advance(1000);
    expect(await service.get('a')).toBe(4);
  });

  test('P4 defaults: 256 entries, 300 seconds', async () => {
    const service = cached(virtualWorld(), {}, () => 1);
    await service.get('a');
    expect(handleOf(service).stats.maxSize).toBe(256);
    expect((await handleOf(service).lookup('a')).remainingTtl).toBe(300_000);
  });

  test('P5 a ttl of 0 means that entries never expire', async () => {
    const world = virtualWorld();
    const service = cached(world, { ttl: 0 }, new Counter().load);
    await service.get('a');
    await world.clock.advance(1e12);
    expect(await service.get('a')).toBe(1);
  });

  test('P6 short and fractional times to live hold', async () => {
    const world = virtualWorld();
    const service = cached(world, { ttl: '0.5s' }, new Counter().load);
    await service.get('a');
    await world.clock.advance(499);
    expect(await service.get('a')).toBe(1);
    await world.clock.advance(1);
    expect(await service.get('a')).toBe(2);
  });

  test('P7 keys are made of all arguments, different ones are separate', async () => {
    const service = cached(virtualWorld(), {}, new Counter().load);
    const calls = [
      ['u', 1],
      ['u', 2],
      ['u', { page: 1 }],
      ['u', { page: 2 }],
      ['u', 1],
    ];
    const answers: number[] = [];
    for (const args of calls) answers.push(await service.get(...args));
    expect(answers).toEqual([1, 2, 3, 4, 1]);
  });

  test('P8 one decorator serves synchronous and asynchronous methods', async () => {
    const world = virtualWorld();
    const sync = cachedSync(world, {}, new Counter().load);
    const async = cached(world, {}, new Counter().load);
    expect([sync.get('a'), sync.get('a')]).toEqual([1, 1]);
    const answer = async.get('a');
    expect(answer).toBeInstanceOf(Promise);
    expect([await answer, await async.get('a')]).toEqual([1, 1]);
  });

  test('P9 works above retry (3), breaker (5) and timeout (10 s)', async () => {
    const world = virtualWorld();
    let calls = 0;
    const service = cached(
      world,
      {},
      () => {
        calls += 1;
        if (calls < 3) throw DOWN;
        return calls;
      },
      { lines: [Retry({ maxAttempts: 3 }), CircuitBreaker({ failureThreshold: 5 }), Timeout('10s')] },
    );
    expect(await world.clock.until(service.get('a'))).toBe(3);
    expect(await service.get('a')).toBe(3);
  });

  test('P10 a stampede costs one execution, without configuration', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, {}, async () => {
      await world.clock.sleep(10);
      return counter.load();
    });
    const calls = Array.from({ length: 50 }, () => service.get('a'));
    expect(new Set(await world.clock.until(Promise.all(calls)))).toEqual(new Set([1]));
  });

  test('P11 hits and misses are events with the name of the function', async () => {
    const world = virtualWorld();
    const service = cached(world, {}, () => 1);
    await service.get('a');
    await service.get('a');
    expect(world.events.last('cache.miss')).toMatchObject({ method: 'CachedService.get' });
    expect(world.events.last('cache.hit')).toMatchObject({ method: 'CachedService.get' });
  });

  test('P12 direct use: makeKey, put, get, invalidate, stats, clear', () => {
    const cache = new ResultCache({ maxSize: 100, ttl: '1m' });
    const key = ResultCache.makeKey('user', 42);
    cache.put(key, 'value');
    expect(cache.get(key)).toBe('value');
    expect(cache.invalidate(key)).toBe(true);
    expect(cache.get(key)).toBeUndefined();
    cache.put(key, 'again');
    cache.clear();
    expect(cache.stats).toMatchObject({ size: 0, hits: 0, misses: 0 });
  });

  test('P13 stats after put, get and invalidate: one hit, rate 1, size 0 of 100', () => {
    const cache = new ResultCache({ maxSize: 100 });
    cache.put('k', 1);
    cache.get('k');
    cache.invalidate('k');
    expect(cache.stats).toMatchObject({ hits: 1, misses: 0, hitRate: 1, size: 0, maxSize: 100 });
  });
});

describe('defects that are absent', () => {
  test('PX1 50 concurrent asynchronous cold calls are one execution', async () => {
    const world = virtualWorld();
    let calls = 0;
    const service = cached(world, {}, async () => {
      await world.clock.sleep(5);
      return (calls += 1);
    });
    await world.clock.until(Promise.all(Array.from({ length: 50 }, () => service.get('a'))));
    expect(calls).toBe(1);
  });

  test('PX2 waiters share the leader’s rejection; the next call starts afresh', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    counter.failure = DOWN;
    const service = cached(world, {}, async () => {
      await world.clock.sleep(5);
      return counter.load();
    });
    const calls = Promise.all(Array.from({ length: 20 }, () => settledOf(service.get('a'))));
    expect(new Set((await world.clock.until(calls)).map((outcome) => 'error' in outcome && outcome.error))).toEqual(
      new Set([DOWN]),
    );
    expect(counter.calls).toBe(1);
    counter.failure = undefined;
    expect(await world.clock.until(service.get('a'))).toBe(2);
  });

  test('PX3 neither a fallback’s value nor a result that retry rejects is stored', async () => {
    const world = virtualWorld();
    let answer: unknown = DOWN;
    class Service {
      @Cached({ cacheIf: (result: unknown) => result !== 429 })
      @Retry({ maxAttempts: 2, delay: 0, retryOnResult: (result: unknown) => result === 429 })
      @Fallback({ value: 'FB' })
      async get(_id: string): Promise<unknown> {
        if (answer instanceof Error) throw answer;
        return answer;
      }
    }
    const service = world.own(new Service());
    expect(await world.clock.until(service.get('a'))).toBe('FB');
    expect(cacheOf(service, 'get').stats.size).toBe(0);
    answer = 429;
    expect(await world.clock.until(service.get('a'))).toBe(429);
    expect(cacheOf(service, 'get').stats.size).toBe(0);
    answer = 200;
    expect(await service.get('a')).toBe(200);
    expect(cacheOf(service, 'get').stats.size).toBe(1);
  });

  test('PX4 one look-up counts once', async () => {
    const service = cached(virtualWorld(), {}, () => 1);
    await Promise.all([service.get('a'), service.get('a'), service.get('a')]);
    await service.get('a');
    expect(handleOf(service).stats).toMatchObject({ misses: 1, coalesced: 2, hits: 1, lookups: 4, hitRate: 0.75 });
  });

  test('PX5 keys do not collide: by type, by class, by method', async () => {
    const world = virtualWorld();
    class Payments {
      @Cached({ scope: 'class' })
      async charge(_id: unknown): Promise<string> {
        return 'charged';
      }

      @Cached({ scope: 'class' })
      async refund(_id: unknown): Promise<string> {
        return 'refunded';
      }
    }
    const payments = world.own(new Payments());
    expect(await payments.charge(1)).toBe('charged');
    expect(await payments.refund(1)).toBe('refunded');
    const service = cached(world, {}, new Counter().load);
    expect([await service.get(1), await service.get(true), await service.get('1'), await service.get(1n)]).toEqual([
      1, 2, 3, 4,
    ]);
  });

  test('PX6 equivalent spellings meet: trailing undefined, order of properties', async () => {
    const service = cached(virtualWorld(), {}, new Counter().load);
    const answers = [
      await service.get(1, { a: 1, b: 2 }),
      await service.get(1, { b: 2, a: 1 }),
      await service.get(1, { b: 2, a: 1 }, undefined),
    ];
    expect(answers).toEqual([1, 1, 1]);
  });

  test('PX8 clone keeps what callers do to a value out of the cache', async () => {
    const service = cached(virtualWorld(), { clone: 'structured' }, () => ({ list: [1] }));
    (await service.get('a')).list.push(2);
    expect(await service.get('a')).toEqual({ list: [1] });
  });

  test('PX9 a value fetched before an invalidation is not stored after it', async () => {
    const world = virtualWorld();
    let value = 'old';
    const service = cached(world, {}, async () => {
      const read = value;
      await world.clock.sleep(10);
      return read;
    });
    const early = service.get('a');
    value = 'new';
    await handleOf(service).invalidate('a');
    await world.clock.until(early);
    expect(await world.clock.until(service.get('a'))).toBe('new');
  });

  test('PX10 one miss per execution; those who wait are told apart', async () => {
    const world = virtualWorld();
    const service = cached(world, {}, () => 1);
    await Promise.all([service.get('a'), service.get('a'), service.get('a')]);
    expect([
      world.events.count('cache.miss'),
      world.events.count('cache.coalesced'),
      world.events.count('cache.hit'),
    ]).toEqual([1, 2, 0]);
  });

  test('PX11 a result of nothing is a result', async () => {
    const counter = new Counter();
    const service = cached(virtualWorld(), {}, () => {
      counter.load();
      return undefined;
    });
    await service.get('a');
    await service.get('a');
    expect(counter.calls).toBe(1);
  });
});

describe('instances', () => {
  test('PX7 the cache pins no instance', async () => {
    const world = virtualWorld();
    const reference = await (async () => {
      const service = cached(world, {}, () => 1);
      await service.get('a');
      return new WeakRef(service);
    })();
    for (let round = 0; round < 5; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      (globalThis as { gc?: () => void }).gc?.();
    }
    expect(reference.deref()).toBeUndefined();
  });
});
