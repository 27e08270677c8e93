import Keyv from 'keyv';
import { failingStore, hangingStore } from '../../../testing/src/index.js';
import { CacheStoreError, type Logger, type StoreGuardOptions, keyvStore, memoryStore } from '../../src/index.js';
import { Counter } from '../cache/support.js';
import { handleOf, stored } from '../stores/support.js';
import { coded, errorOf, virtualWorld } from '../support/virtual-world.js';

/** What the resilience page of YokedCache says about the cache's backend. */

const scenario = (
  store: ReturnType<typeof failingStore>,
  storeGuard: StoreGuardOptions = {},
  logger: Logger | false = false,
) => {
  const world = virtualWorld({ store, storeGuard, logger });
  const counter = new Counter();
  const service = stored(world, undefined, counter.load);
  /** So many keys nobody has asked for yet, one after the other. */
  const ask = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) await world.clock.until(service.get(`key ${counter.calls}`));
  };
  return { ...world, counter, service, ask, handle: handleOf(service) };
};

describe('the backend of the cache', () => {
  test.each([
    ['get', failingStore({ operations: ['get'] })],
    ['set', failingStore({ operations: ['set'] })],
    ['get and set', failingStore()],
  ])('Y1 a %s that fails does not surface: the real result returns, a warning is logged', async (_what, store) => {
    const lines: string[] = [];
    const { clock, counter, service } = scenario(store, {}, { warn: (line) => void lines.push(line) });
    expect(await service.get('a')).toBe(1);
    await clock.advance(10_000);
    expect(counter.calls).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('cache.storeFailed');
  });

  test('Y2 failOpen: false lets errors of the backend propagate', async () => {
    const { service, counter } = scenario(failingStore(), { failOpen: false });
    expect(await errorOf(service.get('a'))).toBeInstanceOf(CacheStoreError);
    expect(counter.calls).toBe(0);
  });

  test('Y3 the circuit opens after five failures in a row and lets 60 s pass, by default', async () => {
    const store = failingStore();
    const { clock, events, ask } = scenario(store);
    await ask(4);
    expect(events.count('store.opened')).toBe(0);
    await ask(1);
    expect(events.last('store.opened')).toMatchObject({ failures: 5, retryAfter: 60_000 });
    await clock.settle();
    const { get } = store.calls;
    await clock.advance(59_999);
    await ask(1);
    expect(store.calls.get).toBe(get);
    await clock.advance(1);
    await ask(1);
    expect(store.calls.get).toBe(get + 1);
  });

  test('Y3 both numbers are options', async () => {
    const store = failingStore();
    const { clock, ask } = scenario(store, { circuitBreaker: { failureThreshold: 2, recoveryTimeout: '1s' } });
    await ask(2);
    await clock.settle();
    const { get } = store.calls;
    await ask(10);
    expect(store.calls.get).toBe(get);
    await clock.advance(1_000);
    await ask(1);
    expect(store.calls.get).toBe(get + 1);
  });

  test('Y4 open: the cache is passed by, every request goes to the function', async () => {
    const store = failingStore();
    const { ask, counter, clock } = scenario(store);
    await ask(5);
    await clock.settle();
    const before = { ...store.calls };
    await ask(100);
    expect(counter.calls).toBe(105);
    expect({ ...store.calls }).toEqual(before);
  });

  test('Y4 half-open: one test request of many at once; success closes, failure opens again', async () => {
    const store = failingStore();
    const { clock, ask, service, runtime, events } = scenario(store);
    await ask(5);
    await clock.advance(60_000);
    const { get } = store.calls;
    await Promise.all(['x', 'y', 'z'].map((key) => service.get(key)));
    expect(store.calls.get).toBe(get + 1);
    expect(events.count('store.opened')).toBe(2);
    store.isDisturbed = false;
    await clock.advance(60_000);
    await Promise.all(['r', 's', 't'].map((key) => service.get(key)));
    expect(store.calls.get).toBe(get + 2);
    expect(runtime.health().store.circuit.state).toBe('closed');
  });

  test('Y5 health shows the state and the count of failures', async () => {
    const { runtime, handle } = scenario(failingStore());
    expect(runtime.health().store).toEqual({ status: 'healthy', circuit: { state: 'closed', failureCount: 0 } });
    for (const key of [1, 2, 3]) await handle.get(key);
    expect(runtime.health().store).toEqual({ status: 'healthy', circuit: { state: 'closed', failureCount: 3 } });
    for (const key of [4, 5]) await handle.get(key);
    expect(runtime.health().store).toEqual({
      status: 'degraded',
      circuit: { state: 'open', failureCount: 5, retryAfter: 60_000 },
    });
  });

  test('Y6 three retries after 0.1, 0.2 and 0.4 s', async () => {
    const store = failingStore({ operations: ['set'], times: 3 });
    const { clock, service, events } = scenario(store);
    await service.get('a');
    const counts = [];
    for (const pause of [99, 1, 199, 1, 399, 1]) {
      await clock.advance(pause);
      counts.push(store.calls.set);
    }
    expect(counts).toEqual([1, 2, 2, 3, 3, 4]);
    expect(events.count('cache.storeFailed')).toBe(0);
  });

  test('Y11 connections are the client’s own: any client that is a store, or a Keyv, will do', async () => {
    const world = virtualWorld();
    const store = keyvStore(new Keyv(), { runtime: world.runtime });
    const counter = new Counter();
    await stored(world, store, counter.load).get('a');
    await world.clock.settle();
    await new Promise(setImmediate);
    expect(await stored(virtualWorld({ clock: world.clock }), store, counter.load).get('a')).toBe(1);
  });

  test('Y12 the store throws ECONNREFUSED: the real result, and the method ran once', async () => {
    const { service, counter } = scenario(failingStore({ error: coded('ECONNREFUSED') }));
    expect(await service.get(42)).toBe(1);
    expect(counter.calls).toBe(1);
  });

  test('Y12 the value was warmed, its ttl is over, the source fails: the value', async () => {
    const world = virtualWorld({ store: memoryStore() });
    const counter = new Counter();
    counter.failure = new Error('DB is down');
    const options = { ttl: '5m', staleIfError: '1h', key: (id: string) => `product:${id}` } as const;
    const store = memoryStore({ runtime: world.runtime });
    await handleOf(stored(virtualWorld({ clock: world.clock }), store, counter.load, options)).set(['1'], 'Widget');
    await world.clock.advance(5 * 60_000);
    expect(await stored(world, store, counter.load, options).get('1')).toBe('Widget');
    expect(counter.calls).toBe(1);
  });
});

describe('defects that are absent', () => {
  test('YX5 the function does not run twice when the backend fails around it', async () => {
    const { service, counter, clock } = scenario(failingStore());
    counter.failure = coded('ECONNRESET');
    expect(await errorOf(service.get('a'))).toBe(counter.failure);
    await clock.advance(10_000);
    expect(counter.calls).toBe(1);
  });

  test('YX6 one operation is one failure however often it was tried, and an open guard is free', async () => {
    const store = failingStore();
    const { clock, ask, events } = scenario(store, { readTimeout: '10s' });
    await ask(1);
    await clock.advance(10_000);
    expect(store.calls.get).toBe(4);
    expect(events.of('cache.storeFailed').map(({ operation, failures }) => [operation, failures])).toEqual([
      ['get', 1],
      ['set', 2],
    ]);
    await ask(10);
    await clock.advance(2_000);
    const at = clock.now();
    await ask(1);
    expect(clock.now()).toBe(at);
  });

  test('YX10 half-open admits one and no more', async () => {
    const store = failingStore();
    const { clock, ask, service } = scenario(store);
    await ask(5);
    await clock.advance(60_000);
    const { get, set } = store.calls;
    await Promise.all(Array.from({ length: 50 }, (_, key) => service.get(key)));
    expect(store.calls.get + store.calls.set - get - set).toBe(1);
  });
});

describe('acceptance: the guard of the store', () => {
  test.each([
    ['get throws', failingStore({ operations: ['get'], throws: true })],
    ['set throws', failingStore({ operations: ['set'], throws: true })],
    ['get hangs', hangingStore({ operations: ['get'] })],
    ['set hangs', hangingStore({ operations: ['set'] })],
    ['everything hangs', hangingStore()],
  ])('%s: the method runs once, its result is returned, a warning is logged', async (_how, store) => {
    const lines: string[] = [];
    const { clock, counter, service } = scenario(store, {}, { warn: (line) => void lines.push(line) });
    const [one, other] = await clock.until(Promise.all([service.get('a'), service.get('a')]));
    expect([one, other, counter.calls]).toEqual([1, 1, 1]);
    expect(clock.now()).toBeLessThanOrEqual(100);
    await clock.advance(10_000);
    expect(lines).toHaveLength(1);
    expect(counter.calls).toBe(1);
  });

  test('after five failures in a row the backend is not called for 60 s, then once', async () => {
    const store = hangingStore();
    const { clock, ask, events } = scenario(store);
    await ask(5);
    await clock.advance(5_000);
    const [opened] = events.of('store.opened');
    const at = opened?.at ?? 0;
    const before = { ...store.calls };
    while (clock.wall() < at + 59_000) {
      await ask(1);
      await clock.advance(1_000);
    }
    expect({ ...store.calls }).toEqual(before);
    await clock.advance(at + 60_000 - clock.wall());
    await ask(1);
    expect(store.calls.get).toBe(before.get + 1);
  });

  test('failOpen: false propagates', async () => {
    const { clock, service } = scenario(hangingStore(), { failOpen: false });
    const error = await clock.until(errorOf(service.get('a')));
    expect(error).toMatchObject({ name: 'CacheStoreError', code: 'STORE_FAILED', cause: { code: 'ETIMEDOUT' } });
    expect(clock.now()).toBe(100);
  });
});
