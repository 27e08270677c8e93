import { Retry, Timeout, currentCall } from '../../src/index.js';
import { coded, errorOf, quietWorld, settledOf, virtualWorld } from '../support/virtual-world.js';
import { Counter, type Options, type Service, cached, cachedSync, handleOf } from './support.js';
import { checkCell, cellOf } from './table-check.js';

/** Where the cache's features meet each other. */

type World = ReturnType<typeof virtualWorld>;

const slow = (world: World, options: Options, lines: readonly unknown[] = []) => {
  const source = { ms: 0, calls: 0, failure: undefined as unknown, result: (call: number): unknown => call };
  const load = async (): Promise<unknown> => {
    source.calls += 1;
    const { calls, failure } = source;
    if (source.ms > 0) await world.clock.sleep(source.ms);
    if (failure !== undefined) throw failure;
    return source.result(calls);
  };
  return { source, service: cached(world, options, load, { lines }) };
};

/** What a call has come to after so many milliseconds. */
const within = async (world: World, call: Promise<unknown>, ms: number): Promise<unknown> => {
  let outcome: unknown = 'pending';
  call.then(
    (value) => void (outcome = value),
    (error: unknown) => void (outcome = error),
  );
  await world.clock.advance(ms);
  return outcome;
};

const expired = async (world: World, service: Service, ms = 1_000): Promise<void> => {
  await service.get('1');
  await world.clock.advance(ms);
};

describe('an error with a time to live', () => {
  test('of a refresh in the background does not hide the old value that may answer for it', async () => {
    const world = virtualWorld();
    const times: Options = { ttl: 1_000, staleWhileRevalidate: 1_000, staleIfError: '1h', errorTtl: '10m' };
    const { source, service } = slow(world, times);
    await expired(world, service);
    source.failure = coded('ECONNRESET');
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(5_000);
    expect(await service.get('1')).toBe(1);
  });

  test('of a load that everyone has left does not hide the old value that has answered in its place', async () => {
    const world = virtualWorld();
    const times: Options = { ttl: 1_000, staleIfError: '1h', softTimeout: 100, errorTtl: '10m' };
    const { source, service } = slow(world, times);
    await expired(world, service);
    source.ms = 300;
    source.failure = coded('ECONNRESET');
    expect(await within(world, service.get('1'), 100)).toBe(1);
    await world.clock.advance(5_000);
    expect(await within(world, service.get('1'), 300)).toBe(1);
  });

  test('of an older load does not outlive a younger success', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ttl: 1_000, singleFlight: false, errorTtl: '10m' });
    source.ms = 300;
    source.failure = coded('ECONNRESET');
    const first = errorOf(service.get('1'));
    await world.clock.advance(100);
    source.failure = undefined;
    source.ms = 50;
    expect(await within(world, service.get('1'), 50)).toBe(2);
    await world.clock.advance(150);
    await first;
    await world.clock.advance(2_000);
    expect(await within(world, service.get('1'), 50)).toBe(3);
  });

  test('is neither kept nor answered by a cache that is switched off', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    counter.failure = coded('ECONNRESET');
    const service = cached(world, { enabled: false, errorTtl: '10m' }, counter.load);
    await errorOf(service.get('1'));
    await errorOf(service.get('1'));
    expect(counter.calls).toBe(2);
  });
});

describe('a cache that is switched off while it has entries', () => {
  test('answers none of them, not even for a failed load', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ttl: 1_000, staleIfError: '1h' });
    await expired(world, service);
    world.runtime.configure({ defaults: { cache: { enabled: false } } });
    source.failure = coded('ECONNRESET');
    expect(await errorOf(service.get('1'))).toBe(source.failure);
  });
});

test('an old value answered after a clear is not counted as a look-up that came after it', async () => {
  const world = virtualWorld();
  const { source, service } = slow(world, { ttl: 1_000, staleIfError: '1h', hardTimeout: 100 });
  source.ms = 1_000;
  const call = service.get('1');
  await world.clock.settle();
  await handleOf(service).clear();
  await handleOf(service).set(['1'], 7);
  expect(await within(world, call, 100)).toBe(7);
  expect(handleOf(service).stats).toMatchObject({ misses: 0, staleHits: 0, lookups: 0 });
});

describe('a hard timeout', () => {
  test('ends a refresh that hangs, and the next caller starts anew', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ttl: 1_000, staleWhileRevalidate: 1_000, hardTimeout: 200 });
    await expired(world, service);
    source.ms = 1e9;
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(2_500);
    source.ms = 0;
    expect(await within(world, service.get('1'), 0)).toBe(3);
  });

  test('is not begun again where the soft one has found no old value', async () => {
    const world = virtualWorld();
    const times: Options = { ttl: 1_000, staleIfError: '1h', softTimeout: 100, hardTimeout: 200 };
    const { source, service } = slow(world, times);
    await expired(world, service);
    source.ms = 1_000;
    const call = service.get('1');
    await world.clock.advance(50);
    await handleOf(service).invalidate('1');
    expect(await within(world, call, 149)).toBe('pending');
    expect(await within(world, call, 1)).toMatchObject({ scope: 'load', timeout: 200 });
    await world.clock.advance(10_000);
    expect(world.clock.refCount).toBe(0);
  });

  test('is not begun again where the old value cannot be copied', async () => {
    const world = virtualWorld();
    let isBroken = false;
    const clone = (value: unknown): unknown => {
      if (isBroken) throw new Error('no copy');
      return value;
    };
    const times: Options = { ttl: 1_000, staleIfError: '1h', softTimeout: 100, hardTimeout: 200, clone };
    const { source, service } = slow(world, times);
    await expired(world, service);
    source.ms = 1_000;
    const call = service.get('1');
    isBroken = true;
    expect(await within(world, call, 199)).toBe('pending');
    expect(await within(world, call, 1)).toMatchObject({ scope: 'load', timeout: 200 });
    await world.clock.advance(10_000);
    expect(world.clock.pending).toBe(0);
  });

  test.each([
    ['sleep before the next attempt', Retry({ delay: '1m', jitter: 'none' })],
    ['attempt', Timeout({ attempt: '1m' })],
  ])('leaves a load whose %s has begun before, and that keeps no process alive', async (name, line) => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ttl: 1_000, hardTimeout: 200 }, [line]);
    if (name !== 'attempt') source.failure = coded('ECONNRESET');
    source.result = () => new Promise(() => undefined);
    const call = errorOf(service.get('1'));
    await world.clock.settle();
    expect(world.clock.refCount).toBeGreaterThan(0);
    await world.clock.advance(200);
    await call;
    expect([world.clock.pending > 0, world.clock.refCount]).toEqual([true, 0]);
  });

  test('a result that can be consumed only once is let go where its caller has left and another waits', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ttl: 1_000, hardTimeout: 200 });
    const cancelled: number[] = [];
    source.result = (call) => ({ getReader: () => undefined, locked: false, cancel: () => void cancelled.push(call) });
    source.ms = 300;
    const first = errorOf(service.get('1'));
    await world.clock.advance(150);
    const second = settledOf(service.get('1'));
    await world.clock.advance(1_000);
    await Promise.all([first, second]);
    expect(source.calls).toBe(2);
    expect(cancelled).toEqual([1]);
  });

  test('a caller who has left leaves the load going, though the last one aborts', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ttl: 1_000, hardTimeout: 200 });
    source.ms = 300;
    const first = errorOf(service.get('1'));
    await world.clock.advance(150);
    const controller = new AbortController();
    const second = errorOf(service.get('1', { signal: controller.signal }));
    await world.clock.advance(100);
    controller.abort();
    await Promise.all([first, second]);
    await world.clock.advance(50);
    expect(await service.get('1')).toBe(1);
    expect(source.calls).toBe(1);
  });
});

describe('a caller who joins a refresh whose entry has gone', () => {
  test('keeps the process alive while he waits', async () => {
    const world = quietWorld();
    const { source, service } = slow(world, { ttl: 1_000, maxSize: 1, staleWhileRevalidate: '1h' }, [
      Retry({ delay: '1m', jitter: 'none' }),
    ]);
    await expired(world, service);
    source.failure = coded('ECONNRESET');
    await service.get('1');
    await world.clock.settle();
    expect(world.clock.refCount).toBe(0);
    await handleOf(service).set(['2'], 2);
    source.failure = undefined;
    const call = service.get('1');
    await world.clock.settle();
    expect(world.clock.refCount).toBe(1);
    await world.clock.advance(60_000);
    expect(await call).toBe(3);
  });
});

describe('a listener that calls the very key', () => {
  test.each(['cache.miss', 'cache.expired'] as const)(
    'of %s: what was read before an invalidation is not stored after it',
    async (type) => {
      const world = virtualWorld();
      const { source, service } = slow(world, { ttl: 1_000 });
      let nested: Promise<unknown> | undefined;
      let hasCalled = false;
      await expired(world, service);
      world.runtime.events.on(type, () => {
        if (hasCalled) return;
        hasCalled = true;
        nested = service.get('1');
      });
      source.ms = 100;
      const call = service.get('1');
      await world.clock.settle();
      await handleOf(service).invalidate('1');
      await world.clock.advance(100);
      await Promise.all([call, nested]);
      expect(handleOf(service).stats.size).toBe(0);
      checkCell(cellOf(service));
    },
  );
});

describe('loads that are not shared', () => {
  test.each([
    [-0, 0],
    [0, -0],
    [Number.NaN, Number.NaN],
  ])('of key %p are detached by an invalidation of %p', async (asked, meant) => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ttl: 1_000, singleFlight: false });
    source.ms = 100;
    const call = service.get(asked);
    await world.clock.settle();
    await handleOf(service).invalidate(meant);
    await within(world, call, 100);
    expect(handleOf(service).stats.size).toBe(0);
    await within(world, service.get(asked), 100);
    expect(handleOf(service).keys()).toEqual([asked === 0 ? 0 : asked]);
  });

  test('an expiry under way leaves them the old value to fail with', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ttl: 1_000, staleIfError: '1h', singleFlight: false });
    await expired(world, service);
    source.ms = 100;
    source.failure = coded('ECONNRESET');
    const call = service.get('1');
    await world.clock.settle();
    await handleOf(service).expire('1');
    expect(await within(world, call, 100)).toBe(1);
  });
});

test('tags said after they have expired leave the load the old value to fail with', async () => {
  const world = virtualWorld();
  let isDown = false;
  const load = async (): Promise<number> => {
    const { cache } = currentCall();
    await world.clock.sleep(100);
    cache?.setTags(['x']);
    if (isDown) throw coded('ECONNRESET');
    return 1;
  };
  const service = cached(world, { ttl: 1_000, staleIfError: '1h' }, load);
  await within(world, service.get('1'), 1_100);
  isDown = true;
  const call = service.get('1');
  await world.clock.settle();
  await handleOf(service).expireTags('x');
  expect(await within(world, call, 100)).toBe(1);
});

describe('a lease', () => {
  test('that ends before the ttl is renewed ahead of its own end', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const ttl = () => ({ ttl: '1h', hardTtl: 100 }) as const;
    const service = cached(world, { ttl, refreshAhead: { after: 0.8, jitter: 0 } }, counter.load);
    await service.get('1');
    await world.clock.advance(80);
    expect(await service.get('1')).toBe(1);
    await world.clock.settle();
    expect(counter.calls).toBe(2);
    await world.clock.advance(20);
    expect(await service.get('1')).toBe(2);
  });
});

describe('a clone that changes the cache', () => {
  test('by an invalidation on the way in: the value is not stored', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const clone = (value: unknown): unknown => {
      void handleOf(service).invalidate('1');
      return value;
    };
    const service: Service = cached(world, { ttl: 1_000, clone }, counter.load);
    await service.get('1');
    expect(handleOf(service).stats.size).toBe(0);
  });
});

test.each([undefined, null, 'soon', -1, Number.NaN, {}, { ttl: 5, hardTtl: 'soon' }, 1n, Symbol('ttl')])(
  'a ttl of no use, %p, said by the method: its result is answered and not stored',
  async (given) => {
    const world = virtualWorld();
    const service = cached(world, { ttl: 1_000 }, () => {
      currentCall().cache?.setTtl(given as never);
      return 1;
    });
    expect(await service.get('1')).toBe(1);
    expect(handleOf(service).stats.size).toBe(0);
  },
);

test.each([
  { ttl: 1_000, hardUntil: 1n },
  { ttl: 1_000, hardUntil: Symbol('end') },
  { ttl: 1_000, hardUntil: 'x' },
])('a lease without a time at its end, said by the method: its result is answered and not stored', async (given) => {
  const world = virtualWorld();
  const service = cached(world, { ttl: 1_000 }, () => {
    currentCall().cache?.setTtl(given as never);
    return 1;
  });
  expect(await service.get('1')).toBe(1);
  expect(handleOf(service).stats.size).toBe(0);
});

test('a synchronous method whose kind is not known keeps its hard timeout for nothing', () => {
  const world = virtualWorld();
  const counter = new Counter();
  const service = cachedSync(world, { ttl: 1_000, hardTimeout: 100 }, counter.load);
  expect([service.get('1'), service.get('1')]).toEqual([1, 1]);
  expect(world.clock.pending).toBe(0);
});
