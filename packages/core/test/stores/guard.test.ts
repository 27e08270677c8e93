import { failingStore, hangingStore } from '../../../testing/src/index.js';
import { CacheStoreError, type CacheStore, type StoreGuardOptions, memoryStore } from '../../src/index.js';
import { Counter } from '../cache/support.js';
import { coded, errorOf, virtualWorld } from '../support/virtual-world.js';
import { handleOf, stored } from './support.js';

const scenario = (store: CacheStore, storeGuard: StoreGuardOptions = {}) => {
  const world = virtualWorld({ storeGuard });
  const counter = new Counter();
  const service = stored(world, store, counter.load);
  return { ...world, counter, service, handle: handleOf(service) };
};

const GARBAGE = [42, 'text', {}, [], { value: 1 }, { value: 1, startedAt: 0, freshUntil: Number.NaN }, () => 1];

describe('a store that is not well', () => {
  test.each<[string, CacheStore]>([
    ['rejects', failingStore()],
    ['throws at once', failingStore({ throws: true })],
    ['rejects with nothing', failingStore({ error: () => undefined })],
    ...GARBAGE.map((garbage): [string, CacheStore] => [
      `answers with ${typeof garbage}`,
      failingStore({ garbage, operations: ['get'] }),
    ]),
  ])('that %s: the method runs once and its result is returned', async (_how, store) => {
    const { clock, counter, service } = scenario(store);
    expect(await clock.until(service.get('a'))).toBe(1);
    expect(await clock.until(service.get('a'))).toBe(1);
    await clock.advance(10_000);
    expect(counter.calls).toBe(1);
  });

  test('that hangs costs its readTimeout and no more', async () => {
    const store = hangingStore();
    const { clock, counter, service } = scenario(store, { readTimeout: '70ms' });
    expect(await clock.until(service.get('a'))).toBe(1);
    expect(clock.now()).toBe(70);
    expect(counter.calls).toBe(1);
  });

  test('that answers after the bound is not listened to any more', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const inner = memoryStore({ runtime: world.runtime });
    const first = stored(world, inner, () => 'from the store');
    await first.get('a');
    await world.clock.settle();
    const other = virtualWorld({ clock: world.clock });
    const late = hangingStore({ over: inner, delay: 101, clock: world.clock, operations: ['get'] });
    const service = stored(other, late, counter.load);
    expect(await world.clock.until(service.get('a'))).toBe(1);
    await world.clock.advance(1_000);
    expect(await service.get('a')).toBe(1);
    expect(counter.calls).toBe(1);
  });

  test('whose late answer is a failure leaves no unhandled rejection', async () => {
    const world = virtualWorld();
    const slow = failingStore({
      operations: ['get'],
      error: () => coded('ECONNRESET'),
      over: failingStore(),
    });
    const get = slow.get.bind(slow);
    slow.get = async (key) => {
      await world.clock.sleep(500);
      return get(key);
    };
    const service = stored(world, slow, () => 1);
    expect(await world.clock.until(service.get('a'))).toBe(1);
    await world.clock.advance(10_000);
  });

  test('fails each of fifty concurrent callers nothing and is asked once for them', async () => {
    const store = hangingStore({ operations: ['get'] });
    const { clock, counter, service } = scenario(store);
    const answers = await clock.until(Promise.all(Array.from({ length: 50 }, () => service.get('a'))));
    expect(new Set(answers)).toEqual(new Set([1]));
    expect(store.calls.get).toBe(1);
    expect(counter.calls).toBe(1);
  });
});

describe('retries', () => {
  test('a write is retried after 100, 200 and 400 ms, then given up', async () => {
    const store = failingStore({ operations: ['set'] });
    const { clock, service } = scenario(store);
    await service.get('a');
    const at: number[] = [];
    for (let calls = 0; clock.now() < 2_000; await clock.advance(50)) {
      if (store.calls.set > calls) at.push(clock.now());
      calls = store.calls.set;
    }
    expect(at).toEqual([0, 100, 300, 700]);
  });

  test('a write that fails at first arrives in the end', async () => {
    const store = failingStore({ operations: ['set'], times: 2 });
    const { clock, service, events } = scenario(store);
    await service.get('a');
    await clock.advance(1_000);
    expect(store.calls.set).toBe(3);
    expect(events.count('cache.storeFailed')).toBe(0);
  });

  test('a read is retried inside of its own timeout alone', async () => {
    const store = failingStore({ operations: ['get'] });
    const { clock, service } = scenario(store, { readTimeout: '350ms' });
    await clock.until(service.get('a'));
    expect(store.calls.get).toBe(3);
    expect(clock.now()).toBe(300);
  });

  test('a value that the store cannot represent is told and not tried again', async () => {
    const store = failingStore({ operations: ['set'], error: () => new TypeError('Do not know how to serialize') });
    const { clock, service, events, runtime } = scenario(store);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) expect(await service.get(key)).toBeGreaterThan(0);
    await clock.advance(10_000);
    expect(store.calls.set).toBe(6);
    expect(events.of('cache.storeFailed').map(({ failures }) => failures)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(runtime.health().store).toEqual({ status: 'healthy', circuit: { state: 'closed', failureCount: 0 } });
  });
});

describe('the circuit', () => {
  test('opens after five operations that failed in a row; then nobody asks for a minute', async () => {
    const store = failingStore();
    const { clock, service, counter, events } = scenario(store);
    for (const key of [1, 2, 3, 4]) await service.get(key);
    expect(events.count('store.opened')).toBe(0);
    await service.get(5);
    expect(events.of('store.opened')).toMatchObject([
      { method: 'failing', store: 'failing', failures: 5, retryAfter: 60_000, error: { code: 'ECONNREFUSED' } },
    ]);
    const openedAt = clock.now();
    await clock.settle();
    const asked = { ...store.calls };
    for (let key = 6; clock.now() < openedAt + 59_000; key += 1) {
      await service.get(key);
      await clock.advance(1_000);
    }
    expect({ ...store.calls }).toEqual(asked);
    expect(counter.calls).toBe(64);
    await clock.advance(1_000);
    await service.get('after a minute');
    expect(store.calls.get).toBe(asked.get + 1);
  });

  test('counts failures in a row alone', async () => {
    const store = failingStore({ operations: ['get'] });
    const { service, events } = scenario(store);
    for (let key = 0; key < 20; key += 1) {
      store.isDisturbed = key % 5 !== 4;
      await service.get(key);
    }
    expect(store.calls.get).toBe(20);
    expect(events.count('store.opened')).toBe(0);
  });

  test('a read that is refused makes no promise and no timer, and the call is as quick as without a store', async () => {
    const store = hangingStore();
    const { clock, service, runtime, events } = scenario(store);
    for (const key of [1, 2, 3, 4, 5]) await clock.until(service.get(key));
    await clock.advance(2_000);
    expect(runtime.health()).toMatchObject({
      status: 'degraded',
      store: { status: 'degraded', circuit: { state: 'open' } },
    });
    const { calls } = store;
    const before = { ...calls };
    const { pending } = clock;
    const at = clock.now();
    await service.get(6);
    expect({ ...calls }).toEqual(before);
    expect(clock.pending).toBe(pending);
    expect(clock.now()).toBe(at);
    expect(events.count('store.opened')).toBe(1);
  });

  test('tries one call alone when the minute is over, and closes when it is answered', async () => {
    const store = failingStore();
    const { clock, service, runtime, events } = scenario(store);
    for (const key of [1, 2, 3, 4, 5]) await service.get(key);
    await clock.advance(60_000);
    store.isDisturbed = false;
    const asked = store.calls.get;
    await Promise.all([6, 7, 8].map((key) => service.get(key)));
    expect(store.calls.get - asked).toBe(1);
    expect(runtime.health().store).toEqual({ status: 'healthy', circuit: { state: 'closed', failureCount: 0 } });
    expect(events.count('store.closed')).toBe(1);
  });

  test('opens again for another minute when the probe fails, and the probe is not retried', async () => {
    const store = failingStore();
    const { clock, service, events } = scenario(store, { readTimeout: '10s' });
    for (const key of [1, 2, 3, 4, 5]) await clock.until(service.get(key));
    await clock.advance(61_000);
    const asked = store.calls.get;
    await clock.until(service.get(6));
    await clock.advance(59_000);
    await clock.until(service.get(7));
    expect(store.calls.get - asked).toBe(1);
    expect(events.count('store.opened')).toBe(2);
  });

  test('can be switched off', async () => {
    const store = failingStore({ operations: ['get'] });
    const { clock, service, events, runtime } = scenario(store, { circuitBreaker: false, retries: 0 });
    for (let key = 0; key < 20; key += 1) await clock.until(service.get(key));
    expect(store.calls.get).toBe(20);
    expect(events.count('store.opened')).toBe(0);
    expect(runtime.health().store.status).toBe('healthy');
  });
});

describe('what is told', () => {
  test('every failure is an event; a logger hears of the first in a row', async () => {
    const lines: string[] = [];
    const store = failingStore({ operations: ['get', 'delete'] });
    const world = virtualWorld({ logger: { warn: (line) => void lines.push(line) } });
    const service = stored(world, store, () => 1, { name: 'products' });
    for (const key of [1, 2, 3]) await handleOf(service).get(key);
    expect(world.events.of('cache.storeFailed').map(({ failures }) => failures)).toEqual([1, 2, 3]);
    expect(lines).toEqual([
      'holdfast: cache.storeFailed Stored.get operation=get store=failing failures=1 (Error ECONNREFUSED)',
    ]);
  });
});

describe('failOpen: false', () => {
  test('a read that fails is thrown, and the method does not run', async () => {
    const cause = coded('ECONNREFUSED', 'redis://user:secret@host');
    const { counter, service } = scenario(failingStore({ error: cause }), { failOpen: false });
    const error = (await errorOf(service.get('a'))) as CacheStoreError;
    expect(error).toBeInstanceOf(CacheStoreError);
    expect(error).toMatchObject({ code: 'STORE_FAILED', method: 'Stored.get', cause });
    expect(error.message).toBe("Stored.get: get of the store 'failing' failed (Error ECONNREFUSED)");
    expect(counter.calls).toBe(0);
  });

  test('an open guard says when it tries again', async () => {
    const { service } = scenario(failingStore(), { failOpen: false });
    for (const key of [1, 2, 3, 4, 5]) await errorOf(service.get(key));
    expect(((await errorOf(service.get(6))) as Error).message).toBe(
      "Stored.get: get of the store 'failing' is not asked, its guard is open; next probe in 60000 ms",
    );
  });

  test('a result that cannot be written fails no call', async () => {
    const { clock, service } = scenario(failingStore({ operations: ['set'] }), { failOpen: false });
    expect(await service.get('a')).toBe(1);
    await clock.advance(10_000);
  });

  test('what is done by hand tells its failure', async () => {
    const { clock, handle } = scenario(failingStore({ operations: ['set', 'delete', 'clear'] }), {
      failOpen: false,
      circuitBreaker: false,
    });
    for (const act of [() => handle.set(['a'], 1), () => handle.invalidate('a'), () => handle.clear()])
      expect(await clock.until(errorOf(act()))).toBeInstanceOf(CacheStoreError);
  });
});
