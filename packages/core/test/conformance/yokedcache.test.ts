import { ResultCache } from '../../src/index.js';
import { Counter, type Options, cached, cachedSync, handleOf } from '../cache/support.js';
import { cellOf } from '../cache/table-check.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

/** What the resilience page of YokedCache says about the cached function; its store guard is tested with the stores. */

const DOWN = coded('ECONNREFUSED');

describe('stale answers and single-flight', () => {
  test('Y7 ttl 300, stale 60: hit; then the old value at once and a refresh; then a miss that waits', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '300s', staleWhileRevalidate: '60s' }, counter.load);
    await service.get('popular');
    await world.clock.advance(299_999);
    expect(await service.get('popular')).toBe(1);
    expect(counter.calls).toBe(1);
    await world.clock.advance(1);
    expect(await service.get('popular')).toBe(1);
    await world.clock.settle();
    expect(counter.calls).toBe(2);
    expect(await service.get('popular')).toBe(2);
    await world.clock.advance(360_000);
    expect(await service.get('popular')).toBe(3);
  });

  test('Y8 when the function raises, the last value that was cached is returned', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '300s', staleIfError: true }, counter.load);
    await service.get('a');
    await world.clock.advance(300_000);
    counter.failure = new Error('DB is down');
    expect(await service.get('a')).toBe(1);
    expect(counter.calls).toBe(2);
  });

  test('Y9 of 50 simultaneous misses one executes, the other 49 share its result', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, {}, async () => {
      await world.clock.sleep(10);
      return counter.load();
    });
    await world.clock.until(Promise.all(Array.from({ length: 50 }, () => service.get('a'))));
    expect(counter.calls).toBe(1);
    expect(handleOf(service).stats).toMatchObject({ misses: 1, coalesced: 49 });
  });

  test('Y10 all of it composes on one decorator', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(
      world,
      { ttl: '300s', staleWhileRevalidate: '60s', staleIfError: '1h', singleFlight: true },
      counter.load,
    );
    expect(await Promise.all([service.get('a'), service.get('a')])).toEqual([1, 1]);
    await world.clock.advance(300_000);
    expect(await service.get('a')).toBe(1);
    await world.clock.settle();
    expect(await service.get('a')).toBe(2);
    await world.clock.advance(360_000);
    counter.failure = DOWN;
    expect(await service.get('a')).toBe(2);
  });
});

describe('defects that are absent', () => {
  test('YX1 the options exist, and single-flight is on by default', () => {
    const options: Options = { staleWhileRevalidate: '1m', staleIfError: '1h', singleFlight: true };
    expect(() => cached(virtualWorld(), options, () => 1)).not.toThrow();
  });

  test('YX2 the window for errors counts from expiry, not from the set', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '10m', staleIfError: '2m' }, counter.load);
    await service.get('a');
    counter.failure = DOWN;
    await world.clock.advance(12 * 60_000 - 1);
    expect(await service.get('a')).toBe(1);
    await world.clock.advance(1);
    await expect(service.get('a')).rejects.toBe(DOWN);
  });

  test('YX3 a plain expired miss without an error calls the function: short times to live are not stretched', async () => {
    const world = virtualWorld();
    const service = cached(world, { ttl: '5s', staleIfError: '2m' }, new Counter().load);
    await service.get('a');
    await world.clock.advance(5000);
    expect(await service.get('a')).toBe(2);
  });

  test('YX4 manual and decorated keys meet: what is set by hand is what the method finds, stale too', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    counter.failure = DOWN;
    const service = cached(
      world,
      { ttl: '5s', staleIfError: '1h', key: (id: number) => `product:${id}` },
      counter.load,
    );
    await handleOf(service).set([1], 'Widget');
    expect(handleOf(service).keys()).toEqual([ResultCache.makeKey('product:1')]);
    await world.clock.advance(5000);
    expect(await service.get(1)).toBe('Widget');
    expect(counter.calls).toBe(1);
  });

  test('YX5 the function never runs twice for one call that fails', async () => {
    const counter = new Counter();
    counter.failure = DOWN;
    const service = cached(virtualWorld(), {}, counter.load);
    await expect(service.get('a')).rejects.toBe(DOWN);
    expect(counter.calls).toBe(1);
    const sync = cachedSync(virtualWorld(), {}, counter.load);
    expect(() => sync.get('a')).toThrow(DOWN);
    expect(counter.calls).toBe(2);
  });

  test('YX7 the memory cache expires its entries', async () => {
    const world = virtualWorld();
    const service = cached(world, { ttl: '1s' }, new Counter().load);
    await service.get('a');
    await world.clock.advance(1000);
    expect(await handleOf(service).get('a')).toBeUndefined();
  });

  test('YX8 a result of nothing is a hit', async () => {
    const counter = new Counter();
    const service = cached(virtualWorld(), { ttl: 0 }, () => (counter.load(), null));
    await service.get('a');
    await service.get('a');
    expect(counter.calls).toBe(1);
  });

  test('YX9 loads under way are never pushed out: 60,000 keys at once have one leader each', async () => {
    const world = virtualWorld();
    world.events.stop();
    let calls = 0;
    const service = cached(world, { maxSize: 10 }, async () => {
      calls += 1;
      await Promise.resolve();
    });
    const keys = Array.from({ length: 60_000 }, (_, index) => index);
    const all = [...keys.map((key) => service.get(key)), ...keys.map((key) => service.get(key))];
    expect(cellOf(service).flights.size).toBe(60_000);
    await Promise.all(all);
    expect(calls).toBe(60_000);
    expect(cellOf(service).flights.size).toBe(0);
  });

  test('YX11 a failed refresh is an event and is held back; it is no unhandled rejection', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '1s', staleWhileRevalidate: '1m' }, counter.load);
    await service.get('a');
    counter.failure = DOWN;
    await world.clock.advance(1000);
    for (let call = 0; call < 10; call += 1) expect(await settledOf(service.get('a'))).toEqual({ value: 1 });
    await world.clock.settle();
    expect(counter.calls).toBe(2);
    expect(world.events.of('cache.refreshFailed')).toMatchObject([{ retryIn: 1000, error: { code: 'ECONNREFUSED' } }]);
  });
});
