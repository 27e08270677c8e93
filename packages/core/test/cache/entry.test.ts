import {
  CircuitOpenError,
  ConfigurationError,
  RejectedError,
  Resilient,
  Timeout,
  hours,
  minutes,
} from '../../src/index.js';
import { coded, errorOf, virtualWorld, withStatus } from '../support/virtual-world.js';
import { Counter, cached, cachedSync, handleOf } from './support.js';

const DOWN = coded('ECONNREFUSED');
const openElsewhere = new CircuitOpenError({
  method: 'Other.get',
  circuit: 'other',
  retryAfter: 1,
  isIsolated: false,
  cause: undefined,
});

describe('freshness', () => {
  test('an entry is a hit until one millisecond before its ttl has passed, and expired at the ttl itself', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '5m' }, counter.load);
    await service.get('1');
    await world.clock.advance(minutes(5) - 1);
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(1);
    expect(await service.get('1')).toBe(2);
    await world.clock.advance(1);
    expect(await service.get('1')).toBe(2);
  });

  test('the default ttl is five minutes and the default size 256', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, {}, counter.load);
    await service.get('1');
    expect(handleOf(service).stats.maxSize).toBe(256);
    expect((await handleOf(service).lookup('1')).remainingTtl).toBe(minutes(5));
  });

  test.each([0, Infinity] as const)('a literal ttl of %p never expires', async (ttl) => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl }, counter.load);
    await service.get('1');
    await world.clock.advance(hours(24) * 10_000);
    expect(await service.get('1')).toBe(1);
    expect(handleOf(service).peek('1')).toBe(1);
    expect((await handleOf(service).lookup('1')).remainingTtl).toBe(Infinity);
  });

  test('the age of a value counts from when its load began, not from when it ended', async () => {
    const world = virtualWorld();
    const service = cached(world, { ttl: '1m' }, async () => {
      await world.clock.sleep(20_000);
      return 'slow';
    });
    await world.clock.until(service.get('1'));
    expect(await handleOf(service).lookup('1')).toMatchObject({ state: 'fresh', age: 20_000, remainingTtl: 40_000 });
  });

  test('an overwritten entry gets a new life and keeps the number of entries', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '1m', maxSize: 2 }, counter.load);
    await service.get('a');
    await service.get('b');
    await handleOf(service).set(['a'], 'given');
    expect(handleOf(service).stats).toMatchObject({ size: 2, evictions: 0, sets: 3 });
    expect(await service.get('a')).toBe('given');
    expect(await service.get('b')).toBe(2);
  });

  test('the least recently used entry is evicted first, and use counts as use', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { maxSize: 2 }, counter.load);
    await service.get('a');
    await service.get('b');
    await service.get('a');
    await service.get('c');
    expect(handleOf(service).keys()).toEqual(['c', 'a']);
    expect(world.events.of('cache.evicted')).toMatchObject([{ reason: 'size' }]);
    expect(handleOf(service).stats).toMatchObject({ size: 2, evictions: 1 });
  });

  test('errors are not stored', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    counter.failure = DOWN;
    const service = cached(world, {}, counter.load);
    await expect(service.get('1')).rejects.toBe(DOWN);
    counter.failure = undefined;
    expect(await service.get('1')).toBe(2);
    expect(handleOf(service).stats).toMatchObject({ errors: 1, sets: 1, misses: 2 });
  });

  test('an expired entry that can serve no more goes when it is met, and its going is told', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '1m' }, counter.load);
    await service.get('1');
    await world.clock.advance(60_000);
    counter.failure = DOWN;
    await expect(service.get('1')).rejects.toBe(DOWN);
    expect(handleOf(service).stats).toMatchObject({ size: 0, expirations: 1 });
    expect(world.events.count('cache.expired')).toBe(1);
  });

  test('writes purge expired entries in small batches', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '1m', maxSize: 1000 }, counter.load);
    for (let index = 0; index < 100; index += 1) await service.get(index);
    await world.clock.advance(60_000);
    for (let index = 1000; index < 1200; index += 1) await service.get(index);
    expect(handleOf(service).stats).toMatchObject({ size: 200, expirations: 100 });
  });

  test('the wall clock may jump: durations use the monotonic one', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '1m' }, counter.load);
    await service.get('1');
    world.clock.skewWall(hours(48));
    expect(await service.get('1')).toBe(1);
    world.clock.skewWall(-hours(96));
    await world.clock.advance(60_000);
    expect(await service.get('1')).toBe(2);
  });
});

describe('stale while revalidate', () => {
  const OPTIONS = { ttl: '1m', staleWhileRevalidate: '30s' } as const;

  test('50 callers get the old value at once and share one refresh; the next call gets the new value', async () => {
    const world = virtualWorld();
    let calls = 0;
    const service = cached(world, OPTIONS, async () => {
      calls += 1;
      const mine = calls;
      if (mine > 1) await world.clock.sleep(100);
      return mine;
    });
    await service.get('1');
    await world.clock.advance(60_000);
    const answers = await Promise.all(Array.from({ length: 50 }, () => service.get('1')));
    expect(new Set(answers)).toEqual(new Set([1]));
    expect(calls).toBe(2);
    await world.clock.advance(100);
    expect(await service.get('1')).toBe(2);
    expect(calls).toBe(2);
    expect(handleOf(service).stats).toMatchObject({ staleHits: 50, hits: 1, misses: 1, coalesced: 0 });
    expect(world.events.count('cache.refreshed')).toBe(1);
    expect(world.events.of('cache.servedStale')).toHaveLength(50);
    expect(world.events.last('cache.servedStale')).toMatchObject({ reason: 'revalidating', age: 60_000 });
  });

  test('one refresh serves any number of callers even without single-flight', async () => {
    const world = virtualWorld();
    let calls = 0;
    const service = cached(world, { ...OPTIONS, singleFlight: false }, async () => {
      calls += 1;
      await world.clock.sleep(10);
      return calls;
    });
    await world.clock.until(service.get('1'));
    await world.clock.advance(60_000);
    expect(await Promise.all([service.get('1'), service.get('1'), service.get('1')])).toEqual([1, 1, 1]);
    expect(calls).toBe(2);
  });

  test('the window ends at its last millisecond; after it the caller waits', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, OPTIONS, counter.load);
    await service.get('1');
    await world.clock.advance(89_999);
    expect(await service.get('1')).toBe(1);
    await world.clock.settle();
    expect(await service.get('1')).toBe(2);
    await world.clock.advance(90_000);
    expect(await service.get('1')).toBe(3);
  });

  test('a failed refresh keeps the old value, reports itself and is held back, doubling', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '1m', staleWhileRevalidate: '1h' }, counter.load);
    await service.get('1');
    await world.clock.advance(60_000);
    counter.failure = DOWN;
    expect(await service.get('1')).toBe(1);
    await world.clock.settle();
    expect(world.events.last('cache.refreshFailed')).toMatchObject({ retryIn: 1000, error: { code: 'ECONNREFUSED' } });
    await world.clock.advance(999);
    expect(await service.get('1')).toBe(1);
    expect(counter.calls).toBe(2);
    await world.clock.advance(1);
    expect(await service.get('1')).toBe(1);
    expect(counter.calls).toBe(3);
    await world.clock.settle();
    expect(world.events.last('cache.refreshFailed')).toMatchObject({ retryIn: 2000 });
  });

  test('a failed refresh that answers nobody reports no stale answer', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ...OPTIONS, staleIfError: '1h' }, counter.load);
    await service.get('1');
    await world.clock.advance(60_000);
    counter.failure = DOWN;
    await service.get('1');
    await world.clock.settle();
    expect(world.events.of('cache.servedStale').map(({ reason }) => reason)).toEqual(['revalidating']);
    expect(handleOf(service).stats).toMatchObject({ staleHits: 1, misses: 1, errors: 1 });
  });

  test('a hard miss joins the refresh that is under way', async () => {
    const world = virtualWorld();
    let calls = 0;
    const service = cached(world, OPTIONS, async () => {
      calls += 1;
      if (calls > 1) await world.clock.sleep(50_000);
      return calls;
    });
    await service.get('1');
    await world.clock.advance(60_000);
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(40_000);
    const joined = service.get('1');
    expect(await world.clock.until(joined)).toBe(2);
    expect(calls).toBe(2);
    expect(handleOf(service).stats).toMatchObject({ coalesced: 1, staleHits: 1, misses: 1 });
  });

  test('whoever joined a refresh that fails gets the old value inside staleIfError, else the error', async () => {
    for (const [staleIfError, expected] of [
      ['1h', 1],
      [0, DOWN],
    ] as const) {
      const world = virtualWorld();
      let calls = 0;
      const service = cached(world, { ...OPTIONS, staleIfError }, async () => {
        calls += 1;
        if (calls === 1) return calls;
        await world.clock.sleep(50_000);
        throw DOWN;
      });
      await service.get('1');
      await world.clock.advance(60_000);
      await service.get('1');
      await world.clock.advance(40_000);
      const joined = service.get('1').catch((error: unknown) => error);
      expect(await world.clock.until(joined)).toBe(expected);
      expect(calls).toBe(2);
    }
  });

  test.each([
    ['a permanent error', withStatus(400)],
    ['a mistake in the code', new TypeError('x is not a function')],
    ['an authorization failure', withStatus(403)],
    ['a thing that is gone', withStatus(410)],
  ])('a refresh that ends in %s drops the entry', async (_name, error) => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ...OPTIONS, staleIfError: '1h' }, counter.load);
    await service.get('1');
    await world.clock.advance(60_000);
    counter.failure = error;
    expect(await service.get('1')).toBe(1);
    await world.clock.settle();
    expect(handleOf(service).stats.size).toBe(0);
    await expect(service.get('1')).rejects.toBe(error);
  });

  test('a method known to be synchronous refuses staleWhileRevalidate', () => {
    class Sync {
      @Resilient({ async: false, cache: OPTIONS })
      get(): number {
        return 1;
      }
    }
    expect(() => virtualWorld().own(new Sync()).get()).toThrow(
      new ConfigurationError(
        '@Cached on Sync.get: staleWhileRevalidate needs a method that returns a Promise; a synchronous one cannot be refreshed behind its caller',
      ),
    );
  });

  test('a synchronous method of unknown kind is refreshed within the call and gets the old value', () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cachedSync(world, OPTIONS, counter.load);
    service.get('1');
    world.clock.advanceSync(60_000);
    expect(service.get('1')).toBe(1);
    expect(service.get('1')).toBe(2);
    world.clock.advanceSync(60_000);
    counter.failure = DOWN;
    expect(service.get('1')).toBe(2);
    expect(world.events.count('cache.refreshFailed')).toBe(1);
  });
});

describe('stale if error', () => {
  const OPTIONS = { ttl: '1m', staleIfError: '10m' } as const;
  const warmed = async (options: object = OPTIONS) => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, options, counter.load);
    await service.get('1');
    counter.failure = DOWN;
    return { world, counter, service, handle: handleOf(service) };
  };

  test('the window counts from the end of freshness and ends at its last millisecond', async () => {
    const { world, service } = await warmed();
    await world.clock.advance(11 * 60_000 - 1);
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(1);
    await expect(service.get('1')).rejects.toBe(DOWN);
  });

  test('the entry is not re-stamped, however often the source fails', async () => {
    const { world, service } = await warmed();
    for (let minute = 1; minute <= 10; minute += 1) {
      await world.clock.advance(60_000);
      expect(await service.get('1')).toBe(1);
    }
    await world.clock.advance(60_000);
    expect(await errorOf(service.get('1'))).toBe(DOWN);
  });

  test('further loads of the key are held back for one second, doubling to thirty', async () => {
    const { world, service, counter } = await warmed();
    await world.clock.advance(60_000);
    const gaps: number[] = [];
    let last = world.clock.now();
    await service.get('1');
    for (let elapsed = 0; elapsed < 120_000; elapsed += 500) {
      const { calls } = counter;
      await world.clock.advance(500);
      expect(await service.get('1')).toBe(1);
      if (counter.calls > calls) {
        gaps.push(world.clock.now() - last);
        last = world.clock.now();
      }
    }
    expect(gaps.slice(0, 6)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000]);
    expect(gaps.at(-1)).toBe(30_000);
  });

  test('a success ends the pause', async () => {
    const { world, service, counter } = await warmed();
    await world.clock.advance(60_000);
    await service.get('1');
    await world.clock.advance(1000);
    await service.get('1');
    await world.clock.advance(2000);
    counter.failure = undefined;
    expect(await service.get('1')).toBe(4);
    await world.clock.advance(60_000);
    counter.failure = DOWN;
    await service.get('1');
    await world.clock.advance(1000);
    const { calls } = counter;
    await service.get('1');
    expect(counter.calls).toBe(calls + 1);
  });

  test('a success that is not worth storing ends the pause too', async () => {
    const { world, service, counter } = await warmed({ ...OPTIONS, cacheIf: (value: number) => value === 1 });
    await world.clock.advance(60_000);
    await service.get('1');
    await world.clock.advance(1000);
    counter.failure = undefined;
    expect(await service.get('1')).toBe(3);
    expect(await service.get('1')).toBe(4);
  });

  test('a value set by hand ends the pause', async () => {
    const { world, service, handle, counter } = await warmed();
    await world.clock.advance(60_000);
    await service.get('1');
    await handle.set(['1'], 'given', { ttl: 10 });
    await world.clock.advance(10);
    const { calls } = counter;
    expect(await service.get('1')).toBe('given');
    expect(counter.calls).toBe(calls + 1);
  });

  test('the pause belongs to one key', async () => {
    const { world, service, counter } = await warmed();
    await world.clock.advance(60_000);
    await service.get('1');
    counter.failure = undefined;
    expect(await service.get('2')).toBe(3);
    expect(await service.get('1')).toBe(1);
  });

  test('nothing stale is answered where nothing was cached', async () => {
    const { service } = await warmed();
    await expect(service.get('2')).rejects.toBe(DOWN);
  });

  test('true means one day', async () => {
    const { world, service } = await warmed({ ttl: '1m', staleIfError: true });
    await world.clock.advance(60_000 + hours(24) - 1);
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(1);
    await expect(service.get('1')).rejects.toBe(DOWN);
  });

  test.each([404, 410])('a status %i is answered with the error and drops the entry', async (status) => {
    const { world, service, counter, handle } = await warmed();
    counter.failure = withStatus(status);
    await world.clock.advance(60_000);
    await expect(service.get('1')).rejects.toMatchObject({ status });
    expect(handle.stats.size).toBe(0);
    expect(world.events.last('cache.invalidated')).toMatchObject({ reason: 'error', status, entries: 1 });
  });

  test('another 4xx is answered with the error and keeps the entry', async () => {
    const { world, service, counter, handle } = await warmed();
    counter.failure = withStatus(422);
    await world.clock.advance(60_000);
    await expect(service.get('1')).rejects.toMatchObject({ status: 422 });
    expect(handle.stats.size).toBe(1);
    counter.failure = DOWN;
    expect(await service.get('1')).toBe(1);
  });

  test('an authorization failure is told as such', async () => {
    const { world, service, counter } = await warmed();
    counter.failure = withStatus(403);
    await world.clock.advance(60_000);
    await expect(service.get('1')).rejects.toMatchObject({ status: 403 });
    expect(world.events.last('cache.invalidated')).toMatchObject({ reason: 'auth-failure', status: 403 });
  });

  test('the predicate decides which errors are answered, but never for credentials and things that are gone', async () => {
    const when = jest.fn((error: unknown) => (error as { status?: number }).status !== 503);
    const { world, service, counter } = await warmed({ ttl: '1m', staleIfError: { maxStale: '10m', when } });
    await world.clock.advance(60_000);
    counter.failure = withStatus(422);
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(1000);
    counter.failure = withStatus(503);
    await expect(service.get('1')).rejects.toMatchObject({ status: 503 });
    when.mockClear();
    counter.failure = withStatus(401);
    await expect(service.get('1')).rejects.toMatchObject({ status: 401 });
    expect(when).not.toHaveBeenCalled();
  });

  test('a predicate that throws means no stale answer, and is reported', async () => {
    const { world, service } = await warmed({
      ttl: '1m',
      staleIfError: {
        maxStale: '10m',
        when: () => {
          throw new Error('broken');
        },
      },
    });
    await world.clock.advance(60_000);
    await expect(service.get('1')).rejects.toBe(DOWN);
    expect(world.events.last('listener.failed')).toMatchObject({ source: '@Cached staleIfError.when' });
  });

  test.each([
    ['longer', '10m', '1m'],
    ['shorter', '1m', '10m'],
  ] as const)('staleIfError may be %s than staleWhileRevalidate', async (_name, staleIfError, staleWhileRevalidate) => {
    const { world, service } = await warmed({ ttl: '1m', staleIfError, staleWhileRevalidate });
    await world.clock.advance(11 * 60_000 - 1);
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(1);
    await expect(service.get('1')).rejects.toBe(DOWN);
  });

  test('without staleIfError not even a fresh value hides a failed refresh by hand', async () => {
    const { handle, service } = await warmed({ ttl: '1m' });
    await expect(handle.refresh(['1'])).rejects.toBe(DOWN);
    expect(await service.get('1')).toBe(1);
  });

  test('a failed refresh by hand is answered inside the window and changes no counts of look-ups', async () => {
    const { handle, world } = await warmed();
    await world.clock.advance(60_000);
    expect(await handle.refresh(['1'])).toBe(1);
    expect(handle.stats).toMatchObject({ misses: 1, staleHits: 0, lookups: 1, errors: 1 });
  });

  test('invalidateOn drops the entry, and one that throws does not', async () => {
    const invalidateOn = jest.fn((error: unknown) => (error as { code?: string }).code === 'ECONNREFUSED');
    const { world, service, handle } = await warmed({ ...OPTIONS, invalidateOn });
    await world.clock.advance(60_000);
    await expect(service.get('1')).rejects.toBe(DOWN);
    expect(handle.stats.size).toBe(0);
    await handle.set(['1'], 'again', { ttl: 1 });
    await world.clock.advance(1);
    invalidateOn.mockImplementation(() => {
      throw new Error('broken');
    });
    expect(await service.get('1')).toBe('again');
    expect(world.events.last('listener.failed')).toMatchObject({ source: '@Cached invalidateOn' });
  });

  test.each([
    ['timeout', () => new Promise<never>(() => undefined), [Timeout({ attempt: '1s' })]],
    ['rejected', () => Promise.reject(new RejectedError('no slot', { code: 'BULKHEAD_FULL' })), []],
    ['circuit-open', () => Promise.reject(openElsewhere), []],
    ['error', () => Promise.reject(DOWN), []],
  ] as const)('the event says that the reason was %p', async (reason, fail, lines) => {
    const world = virtualWorld();
    let isDown = false;
    const service = cached(world, OPTIONS, () => (isDown ? fail() : 'old'), { lines });
    await service.get('1');
    isDown = true;
    await world.clock.advance(60_000);
    const call = service.get('1');
    await world.clock.advance(1000);
    expect(await call).toBe('old');
    expect(world.events.last('cache.servedStale')).toMatchObject({ reason });
  });

  test.each([
    [{ staleIfError: {} }, /staleIfError\.maxStale is missing/],
    [{ staleIfError: { maxStale: 'soon' } }, /staleIfError\.maxStale/],
    [{ staleIfError: { maxStale: '1m', wen: () => true } }, /did you mean 'when'/],
    [{ staleIfError: false }, /staleIfError/],
    [{ staleIfError: null }, /staleIfError/],
    [{ ttl: -1 }, /ttl/],
    [{ ttl: Number.NaN }, /ttl/],
    [{ tll: '1m' }, /did you mean 'ttl'/],
    [{ maxSize: 0 }, /maxSize must be >= 1, got 0/],
    [{ ttlJitter: 2 }, /ttlJitter must be a number from 0 to 1/],
    [{ clone: 'deep' }, /clone/],
    [{ scope: 'klass' }, /scope/],
    [{ name: '' }, /name must be a non-empty string/],
    [[], /options must be an object/],
  ])('the options %p are refused when the class is defined', (options, message) => {
    expect(() => cached(virtualWorld(), options as never, () => 1)).toThrow(message);
  });

  test('no options at all are the defaults', async () => {
    const service = cached(virtualWorld(), undefined as never, () => 1);
    await service.get('1');
    expect(handleOf(service).stats.maxSize).toBe(256);
  });
});
