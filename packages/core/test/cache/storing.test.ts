import { Readable } from 'node:stream';
import { Cached, ConfigurationError, hours, minutes } from '../../src/index.js';
import { deferred, recordEvents } from '../../../testing/src/index.js';
import { coded, virtualWorld } from '../support/virtual-world.js';
import { Counter, type Options, cached, cachedSync, handleOf } from './support.js';

const DOWN = coded('ECONNREFUSED');

const stored = async (options: Options, ...given: unknown[]) => {
  const value = given.length === 0 ? 'value' : given[0];
  const world = virtualWorld();
  const service = cached(world, options, () => value);
  const answer = await service.get('1', 2);
  const { remainingTtl, state } = await handleOf(service).lookup('1', 2);
  return { world, service, handle: handleOf(service), answer, remainingTtl, state };
};

describe('a computed ttl', () => {
  test('is asked with the result and the arguments', async () => {
    const ttl = jest.fn(() => '10s' as const);
    const { remainingTtl } = await stored({ ttl });
    expect(ttl).toHaveBeenCalledWith('value', '1', 2);
    expect(remainingTtl).toBe(10_000);
  });

  test.each([[null], [0], [-1], [Number.NaN], ['soon'], [undefined], ['0s'], [{ ttl: 0, hardUntil: Infinity }]])(
    'of %p means that the value is not stored, and says so',
    async (answer) => {
      const { answer: value, state, world } = await stored({ ttl: () => answer as never });
      expect(value).toBe('value');
      expect(state).toBe('miss');
      expect(world.events.count('cache.uncacheable')).toBe(1);
    },
  );

  test('that throws means that the value is not stored, and is reported', async () => {
    const { state, world, answer } = await stored({
      ttl: () => {
        throw new Error('broken');
      },
    });
    expect(answer).toBe('value');
    expect(state).toBe('miss');
    expect(world.events.last('listener.failed')).toMatchObject({ source: '@Cached ttl' });
  });

  test('of Infinity never expires', async () => {
    expect((await stored({ ttl: () => Infinity })).remainingTtl).toBe(Infinity);
  });
});

describe('a lease', () => {
  const leased = async (options: Options = {}) => {
    const world = virtualWorld();
    const counter = new Counter();
    const hardUntil = (): number => world.clock.wall() + 60_000;
    const service = cached(world, { ...options, ttl: () => ({ ttl: '45s', hardUntil: hardUntil() }) }, counter.load);
    await service.get('1');
    return { world, counter, service, handle: handleOf(service) };
  };

  test('is a hit while it is fresh', async () => {
    const { world, service, counter } = await leased();
    await world.clock.advance(44_999);
    expect(await service.get('1')).toBe(1);
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(1);
    expect(await service.get('1')).toBe(2);
    expect(counter.calls).toBe(2);
  });

  test('ends all windows by the monotonic clock', async () => {
    const { world, service, counter } = await leased({ staleIfError: '1h', staleWhileRevalidate: '1h' });
    counter.failure = DOWN;
    await world.clock.advance(59_999);
    expect(await service.get('1')).toBe(1);
    await world.clock.settle();
    await world.clock.advance(1);
    await expect(service.get('1')).rejects.toBe(DOWN);
  });

  test('ends by the wall clock too: a suspended machine serves nothing whose lease has ended', async () => {
    const { world, service, counter, handle } = await leased({ staleIfError: '1h' });
    world.clock.skewWall(60_000);
    expect(handle.peek('1')).toBeUndefined();
    expect(await service.get('1')).toBe(2);
    world.clock.skewWall(60_000);
    counter.failure = DOWN;
    await expect(service.get('1')).rejects.toBe(DOWN);
  });

  test('caps a longer ttl, and shows it', async () => {
    const world = virtualWorld();
    const service = cached(world, { ttl: () => ({ ttl: '1h', hardUntil: world.clock.wall() + 1000 }) }, () => 1);
    await service.get('1');
    expect((await handleOf(service).lookup('1')).remainingTtl).toBe(1000);
    await world.clock.advance(1000);
    expect(await handleOf(service).get('1')).toBeUndefined();
  });

  test.each([0, Number.NaN, 'soon'])('that has ended already (%p) is not stored', async (hardUntil) => {
    const { state, world } = await stored({ ttl: () => ({ ttl: '1m', hardUntil: hardUntil as number }) });
    expect(state).toBe('miss');
    expect(world.events.last('cache.uncacheable')).toMatchObject({ reason: 'the lease has ended' });
  });

  test('without an end is an ordinary ttl', async () => {
    const { remainingTtl } = await stored({ ttl: () => ({ ttl: '1m' }) as never });
    expect(remainingTtl).toBe(60_000);
  });

  test('does not stay with the slot when the next value of the key has none', async () => {
    const world = virtualWorld();
    let lease = true;
    const service = cached(
      world,
      { ttl: () => (lease ? { ttl: '1m', hardUntil: world.clock.wall() + 60_000 } : '1h') },
      () => 1,
    );
    await service.get('1');
    lease = false;
    await handleOf(service).refresh(['1']);
    expect((await handleOf(service).lookup('1')).remainingTtl).toBe(hours(1));
    await handleOf(service).clear();
    await service.get('1');
    await world.clock.advance(minutes(59));
    expect(handleOf(service).peek('1')).toBe(1);
  });
});

describe('negativeTtl', () => {
  test.each([null, undefined])('is the ttl of %p', async (value) => {
    expect((await stored({ ttl: '1h', negativeTtl: '5s' }, value)).remainingTtl).toBe(5000);
  });

  test.each([0, '', false])('is not the ttl of %p', async (value) => {
    expect((await stored({ ttl: '1h', negativeTtl: '5s' }, value)).remainingTtl).toBe(hours(1));
  });
});

describe('ttlJitter and ttlBounds', () => {
  test('jitter ends entries earlier by up to its share, never later', async () => {
    const ends = new Set<number>();
    const world = virtualWorld();
    const service = cached(world, { ttl: '100s', ttlJitter: 0.2 }, () => 1);
    for (let index = 0; index < 50; index += 1) {
      await service.get(index);
      ends.add((await handleOf(service).lookup(index)).remainingTtl);
    }
    expect(ends.size).toBeGreaterThan(40);
    expect(Math.min(...ends)).toBeGreaterThanOrEqual(80_000);
    expect(Math.max(...ends)).toBeLessThanOrEqual(100_000);
  });

  test.each([
    ['1s', 60_000],
    ['2h', hours(1)],
  ] as const)('bounds clamp a ttl of %s, with an event', async (ttl, expected) => {
    const { remainingTtl, world } = await stored({ ttl: () => ttl, ttlBounds: { min: '1m', max: '1h' } });
    expect(remainingTtl).toBe(expected);
    expect(world.events.of('cache.ttlClamped')).toMatchObject([{ clampedTo: expected }]);
  });

  test('a ttl inside the bounds is left alone, and half-open bounds have one end', async () => {
    const inside = await stored({ ttl: () => '30m', ttlBounds: { min: '1m', max: '1h' } });
    expect(inside.remainingTtl).toBe(minutes(30));
    expect(inside.world.events.count('cache.ttlClamped')).toBe(0);
    expect((await stored({ ttl: '1d', ttlBounds: { min: '1m' } })).remainingTtl).toBe(hours(24));
    expect((await stored({ ttl: '1d', ttlBounds: { max: '1m' } })).remainingTtl).toBe(60_000);
  });

  test('a ttl that means "do not store" is not raised by the lower bound', async () => {
    expect((await stored({ ttl: () => 0, ttlBounds: { min: '1m' } })).state).toBe('miss');
  });

  test('an upper bound of 0 stores nothing', async () => {
    expect((await stored({ ttl: '1m', ttlBounds: { max: 0 } })).state).toBe('miss');
  });

  test('bounds in the wrong order are refused when the class is defined', () => {
    expect(() => cached(virtualWorld(), { ttlBounds: { min: '2m', max: '1m' } }, () => 1)).toThrow(ConfigurationError);
  });
});

describe('cacheIf', () => {
  test('is asked with the result and the arguments; false means not stored', async () => {
    const cacheIf = jest.fn(() => false);
    const { state, answer } = await stored({ cacheIf });
    expect(cacheIf).toHaveBeenCalledWith('value', '1', 2);
    expect(answer).toBe('value');
    expect(state).toBe('miss');
  });

  test('that throws means not stored, and is reported', async () => {
    const { state, answer, world } = await stored({
      cacheIf: () => {
        throw new Error('broken');
      },
    });
    expect(answer).toBe('value');
    expect(state).toBe('miss');
    expect(world.events.last('listener.failed')).toMatchObject({ source: '@Cached cacheIf' });
  });

  test('keeps the value that was stored before', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(
      world,
      { ttl: '1m', staleIfError: '1h', cacheIf: (value: number) => value === 1 },
      counter.load,
    );
    await service.get('1');
    await world.clock.advance(60_000);
    expect(await service.get('1')).toBe(2);
    counter.failure = DOWN;
    expect(await service.get('1')).toBe(1);
  });

  test('that invalidates the key itself keeps the value from being stored', async () => {
    const world = virtualWorld();
    const service = cached(
      world,
      {
        cacheIf: () => {
          void handleOf(service).invalidate('1');
          return true;
        },
      },
      () => 1,
    );
    await service.get('1');
    expect(handleOf(service).peek('1')).toBeUndefined();
  });
});

describe('single-use results', () => {
  const web = (): unknown => new Response('body');
  const KINDS: readonly (readonly [string, () => unknown])[] = [
    ['a Response', web],
    ['a Request', () => new Request('http://localhost/')],
    ['a Node stream', () => Readable.from(['a'])],
    ['a web stream', () => new ReadableStream()],
    ['a writable web stream', () => new WritableStream()],
    [
      'a generator',
      () =>
        (function* numbers() {
          yield 1;
        })(),
    ],
    [
      'an async generator',
      () =>
        (async function* numbers() {
          yield 1;
        })(),
    ],
    ['an iterator of a collection', () => new Map([[1, 2]]).entries()],
    [
      'what throws when it is read',
      () =>
        new Proxy(
          {},
          {
            get: (_target, name) => {
              if (name === 'then') return undefined;
              throw new Error();
            },
          },
        ),
    ],
  ];

  test.each(KINDS)('%s is neither stored nor shared: every joiner runs his own', async (_name, make) => {
    const world = virtualWorld();
    const gate = deferred();
    let calls = 0;
    const service = cached(world, {}, async () => {
      calls += 1;
      await gate.promise;
      return make();
    });
    const three = [service.get('1'), service.get('1'), service.get('1')];
    await world.clock.settle();
    expect(calls).toBe(1);
    gate.resolve();
    const results = await Promise.all(three);
    expect(new Set(results).size).toBe(3);
    expect(calls).toBe(3);
    expect(handleOf(service).stats.size).toBe(0);
    expect(world.events.count('cache.uncacheable')).toBe(1);
    await service.get('1');
    expect(calls).toBe(4);
  });

  test.each([
    ['a collection', new Map([[1, 2]])],
    ['an array', [1, 2]],
    ['a Blob', new Blob(['a'])],
    ['an object with next()', { next: () => 1 }],
    ['an object with pipe()', { pipe: () => 1 }],
    ['a function', () => 1],
  ])('%s is not single-use', async (_name, value) => {
    const { handle } = await stored({}, value);
    expect(handle.peek('1', 2)).toBe(value);
  });

  test('of a synchronous method are not stored either', () => {
    const world = virtualWorld();
    const service = cachedSync(world, {}, () => [1, 2].values());
    expect([...service.get('1')]).toEqual([1, 2]);
    expect([...service.get('1')]).toEqual([1, 2]);
  });

  test('set by hand are refused', async () => {
    const world = virtualWorld();
    const service = cached(world, {}, web);
    await handleOf(service).set(['1'], web());
    expect(handleOf(service).stats.size).toBe(0);
    expect(world.events.count('cache.uncacheable')).toBe(1);
  });

  test('are told of once per method, by the advisor, unless that is silenced', async () => {
    const { own, runtime } = virtualWorld();
    const advice = recordEvents(runtime, 'advisor.warned');
    class Pages {
      @Cached()
      async page(path: string): Promise<Response> {
        return new Response(path);
      }
    }
    const pages = own(new Pages());
    for (const path of ['a', 'b']) await pages.page(path);
    expect(advice.events).toMatchObject([
      { method: 'Pages.page', code: 'CACHES_SINGLE_USE', docs: 'docs/advisor.md#caches_single_use' },
    ]);
    runtime.configure({ advisor: { silence: ['CACHES_SINGLE_USE'] } });
    class Silent extends Pages {}
    await own(new Silent()).page('c');
    expect(advice.events).toHaveLength(1);
  });
});

describe('clone', () => {
  test('none: callers share the cached object', async () => {
    const { service, answer } = await stored({}, { list: [1] });
    expect(await service.get('1', 2)).toBe(answer);
  });

  test.each([['structured'], [(value: object) => structuredClone(value)]] as const)(
    '%p: what a caller changes is not what the next one gets',
    async (clone) => {
      const { service, answer, handle } = await stored({ clone }, { list: [1] });
      (answer as { list: number[] }).list.push(2);
      const second = await service.get('1', 2);
      expect(second).toEqual({ list: [1] });
      second.list.push(3);
      expect(handle.peek('1', 2)).toEqual({ list: [1] });
      handle.peek('1', 2).list.push(4);
      expect((await handle.lookup('1', 2)).value).toEqual({ list: [1] });
      expect(await service.get('1', 2)).toEqual({ list: [1] });
    },
  );

  test('copies are hits without anybody listening too', async () => {
    const world = virtualWorld();
    world.events.stop();
    const service = cached(world, { clone: 'structured' }, () => ({ list: [1] }));
    await service.get('1');
    (await service.get('1')).list.push(2);
    expect(await service.get('1')).toEqual({ list: [1] });
    expect(handleOf(service).stats).toMatchObject({ hits: 2, misses: 1 });
  });

  test('joiners and stale answers get copies too', async () => {
    const world = virtualWorld();
    let isDown = false;
    const service = cached(
      world,
      { clone: 'structured', ttl: '1m', staleWhileRevalidate: '1m', staleIfError: '1h' },
      async () => {
        await world.clock.sleep(1);
        if (isDown) throw DOWN;
        return { list: [1] };
      },
    );
    const [leader, joiner] = await world.clock.until(Promise.all([service.get('1'), service.get('1')]));
    expect(joiner).toEqual(leader);
    expect(joiner).not.toBe(leader);
    leader.list.push(2);
    await world.clock.advance(60_000);
    isDown = true;
    const revalidating = await service.get('1');
    expect(revalidating).toEqual({ list: [1] });
    revalidating.list.push(3);
    await world.clock.advance(60_000);
    const onError = await world.clock.until(service.get('1'));
    expect(onError).toEqual({ list: [1] });
    onError.list.push(4);
    expect(await service.get('1')).toEqual({ list: [1] });
  });

  test('of a value given by hand keeps the giver from changing it', async () => {
    const { handle } = await stored({ clone: 'structured' });
    const given = { list: [1] };
    await handle.set(['2'], given);
    given.list.push(2);
    expect(handle.peek('2')).toEqual({ list: [1] });
  });

  test('that throws on the way in: the value is answered and not stored', async () => {
    const { answer, state, world } = await stored({ clone: 'structured' }, { fn: () => 1 });
    expect(answer).toEqual({ fn: expect.any(Function) });
    expect(state).toBe('miss');
    expect(world.events.last('cache.uncacheable')).toMatchObject({ reason: 'the value cannot be copied' });
    expect(world.events.last('listener.failed')).toMatchObject({ source: '@Cached clone' });
  });

  test('that throws for a joiner: he runs his own', async () => {
    const world = virtualWorld();
    let calls = 0;
    const service = cached(world, { clone: 'structured' }, async () => {
      calls += 1;
      await world.clock.sleep(1);
      return { calls, fn: () => 1 };
    });
    const [first, second] = await world.clock.until(Promise.all([service.get('1'), service.get('1')]));
    expect([first.calls, second.calls]).toEqual([1, 2]);
  });

  test('that throws on the way out: the entry goes and the call loads', async () => {
    for (const watch of [false, true]) {
      const world = virtualWorld();
      const counter = new Counter();
      let isBroken = false;
      const clone = (value: unknown): unknown => {
        if (isBroken) throw new Error('broken');
        return value;
      };
      const service = cached(world, { clone, ttl: '1m', staleWhileRevalidate: '1m', staleIfError: '1h' }, counter.load);
      if (!watch) world.events.stop();
      await service.get('1');
      isBroken = true;
      expect(handleOf(service).peek('1')).toBeUndefined();
      expect(await service.get('1')).toBe(2);
      expect(handleOf(service).stats).toMatchObject({ hits: 0, misses: 2, size: 0 });
      isBroken = false;
      await service.get('1');
      await world.clock.advance(60_000);
      isBroken = true;
      expect(await service.get('1')).toBe(4);
      isBroken = false;
      await service.get('1');
      await world.clock.advance(120_000);
      isBroken = true;
      counter.failure = DOWN;
      await expect(service.get('1')).rejects.toBe(DOWN);
    }
  });

  test('that throws while a key is held back: there is nothing to answer with, so the call loads', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    let isBroken = false;
    const clone = (value: unknown): unknown => {
      if (isBroken) throw new Error('broken');
      return value;
    };
    const service = cached(world, { clone, ttl: '1m', staleIfError: '1h' }, counter.load);
    await service.get('1');
    counter.failure = DOWN;
    await world.clock.advance(60_000);
    expect(await service.get('1')).toBe(1);
    isBroken = true;
    await expect(service.get('1')).rejects.toBe(DOWN);
    expect(counter.calls).toBe(3);
  });

  test('of a leased entry that throws on the way out: the entry goes and the call loads', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    let isBroken = false;
    const clone = (value: unknown): unknown => {
      if (isBroken) throw new Error('broken');
      return value;
    };
    const ttl = () => ({ ttl: '1m', hardUntil: world.clock.wall() + 60_000 }) as const;
    const service = cached(world, { clone, ttl }, counter.load);
    await service.get('1');
    expect(await service.get('1')).toBe(1);
    isBroken = true;
    expect(await service.get('1')).toBe(2);
  });
});

describe('enabled: false', () => {
  test('neither reads nor writes, and still shares loads', async () => {
    const world = virtualWorld();
    let calls = 0;
    const service = cached(world, { enabled: false }, async () => {
      calls += 1;
      await world.clock.sleep(1);
      return calls;
    });
    expect(await world.clock.until(Promise.all([service.get('1'), service.get('1')]))).toEqual([1, 1]);
    expect(await world.clock.until(service.get('1'))).toBe(2);
    await handleOf(service).set(['1'], 'given');
    expect(handleOf(service).stats).toMatchObject({ size: 0, sets: 0, misses: 2, coalesced: 1 });
    expect(handleOf(service).peek('1')).toBeUndefined();
  });

  test('in the defaults switches caches off and on again without losing them', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, {}, counter.load);
    await service.get('1');
    world.runtime.configure({ defaults: { cache: { enabled: false } } });
    expect(await service.get('1')).toBe(2);
    expect(handleOf(service).peek('1')).toBeUndefined();
    world.runtime.configure({ defaults: { cache: { enabled: true } } });
    expect(await service.get('1')).toBe(1);
  });
});

describe('after configure', () => {
  test('entries are kept, and a new ttl holds for new ones', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, {}, counter.load);
    await service.get('1');
    world.runtime.configure({ defaults: { cache: { ttl: '1s' } } });
    await world.clock.advance(1000);
    expect(await service.get('1')).toBe(1);
    expect(await service.get('2')).toBe(2);
    await world.clock.advance(1000);
    expect(await service.get('2')).toBe(3);
  });

  test('a smaller maxSize evicts the least recently used, a larger one makes room', async () => {
    const world = virtualWorld();
    const service = cached(world, {}, (id: number) => id);
    for (let id = 0; id < 20; id += 1) await service.get(id);
    await service.get(0);
    world.runtime.configure({ defaults: { cache: { maxSize: 3 } } });
    expect(handleOf(service).keys()).toEqual([0, 19, 18]);
    expect(handleOf(service).stats).toMatchObject({ size: 3, maxSize: 3, evictions: 17 });
    expect(world.events.of('cache.evicted').every(({ reason }) => reason === 'resize')).toBe(true);
    world.runtime.configure({ defaults: { cache: { maxSize: 30 } } });
    for (let id = 0; id < 40; id += 1) await service.get(id);
    expect(handleOf(service).stats).toMatchObject({ size: 30, maxSize: 30 });
  });

  test('a load under way is joined, and stores', async () => {
    const world = virtualWorld();
    let calls = 0;
    const service = cached(world, {}, async () => {
      calls += 1;
      await world.clock.sleep(10);
      return calls;
    });
    const first = service.get('1');
    world.runtime.configure({ defaults: { cache: { ttl: '1h' } } });
    const second = service.get('1');
    expect(await world.clock.until(Promise.all([first, second]))).toEqual([1, 1]);
    expect(await service.get('1')).toBe(1);
  });
});
