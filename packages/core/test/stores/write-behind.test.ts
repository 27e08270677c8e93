import { deferred, failingStore, hangingStore } from '../../../testing/src/index.js';
import { type CacheStore, type StoreGuardOptions, memoryStore } from '../../src/index.js';
import { Counter } from '../cache/support.js';
import { virtualWorld } from '../support/virtual-world.js';
import { handleOf, stored } from './support.js';

/** A process whose store can be made ill, and another one that sees the store as it is. */
const scenario = (
  make: (inner: CacheStore, world: ReturnType<typeof virtualWorld>) => CacheStore,
  storeGuard: StoreGuardOptions = {},
) => {
  const world = virtualWorld({ storeGuard });
  const inner = memoryStore({ runtime: world.runtime });
  const counter = new Counter();
  const service = stored(world, make(inner, world), counter.load, { maxSize: 1 });
  const other = virtualWorld({ clock: world.clock });
  const elsewhere = handleOf(stored(other, inner, () => 'elsewhere'));
  /** Asked for anew, from the store. */
  const forget = (): Promise<unknown> => world.clock.until(service.get('something else'));
  return { ...world, inner, counter, service, handle: handleOf(service), elsewhere, forget };
};

test('an invalidation while the value is on its way follows it', async () => {
  const operations: string[] = [];
  const gate = deferred<void>();
  const { clock, service, handle, elsewhere } = scenario((inner) => ({
    name: 'recorded',
    get: (key) => inner.get(key),
    set: async (key, entry) => {
      operations.push('set begins');
      await gate.promise;
      await inner.set(key, entry);
      operations.push('set ends');
    },
    delete: (key) => {
      operations.push('delete');
      return inner.delete(key);
    },
    clear: (prefix) => inner.clear(prefix),
  }));
  await service.get('a');
  await clock.advance(1);
  const gone = handle.invalidate('a');
  gate.resolve();
  expect(await gone).toBe(true);
  expect(operations).toEqual(['set begins', 'set ends', 'delete']);
  expect(await elsewhere.get('a')).toBeUndefined();
});

test('of many changes of one key under way the latest alone is written', async () => {
  const { clock, handle, elsewhere, inner } = scenario((all, world) =>
    hangingStore({ over: all, delay: 10, clock: world.clock }),
  );
  let sets = 0;
  const set = inner.set.bind(inner);
  inner.set = (key, entry) => {
    sets += 1;
    return set(key, entry);
  };
  const writes = [1, 2, 3, 4, 5].map((value) => handle.set(['a'], value));
  await clock.until(Promise.all(writes));
  expect(sets).toBe(2);
  expect(await elsewhere.get('a')).toBe(5);
});

describe('a deletion that does not get through', () => {
  const ill = (times?: number) => (inner: CacheStore) =>
    failingStore({ over: inner, operations: ['delete'], ...(times !== undefined && { times }) });

  test('is made up for: the old value is not read meanwhile', async () => {
    const { clock, service, counter, handle, forget } = scenario(ill(), { circuitBreaker: false });
    await service.get('a');
    await clock.advance(1);
    expect(await clock.until(handle.invalidate('a'))).toBe(true);
    await forget();
    await clock.until(service.get('a'));
    expect(counter.calls).toBe(3);
    expect(counter.received.map(([key]) => key)).toEqual(['a', 'something else', 'a']);
  });

  test('is owed, and done as soon as the store is well', async () => {
    const { clock, service, handle, elsewhere, forget } = scenario(ill(4));
    await service.get('a');
    await clock.advance(1);
    await clock.until(handle.invalidate('a'));
    expect(await elsewhere.get('a')).toBe(1);
    await forget();
    await clock.settle();
    expect(await elsewhere.get('a')).toBeUndefined();
  });

  test('is not owed any more once a new value is there', async () => {
    const { clock, service, handle, elsewhere } = scenario(ill());
    await service.get('a');
    await clock.advance(1);
    await clock.until(handle.invalidate('a'));
    await clock.advance(1);
    await service.get('a');
    await clock.advance(10_000);
    expect(await elsewhere.get('a')).toBe(2);
  });

  test('holds for everything after a clear', async () => {
    const { clock, service, counter, handle, elsewhere, forget } = scenario((inner) =>
      failingStore({ over: inner, operations: ['clear'], times: 4 }),
    );
    await service.get('a');
    await forget();
    await clock.advance(1);
    await clock.until(handle.clear());
    await clock.advance(1);
    expect(await elsewhere.get('a')).toBe(1);
    expect(await service.get('a')).toBe(3);
    expect(counter.calls).toBe(3);
    await clock.settle();
    expect(await elsewhere.get('a')).toBe(3);
    expect(await elsewhere.get('something else')).toBeUndefined();
  });

  test('a value set by hand that cannot be written takes the old one with it', async () => {
    const { clock, service, handle, elsewhere, inner } = scenario((all) =>
      failingStore({ over: all, operations: ['set'] }),
    );
    await stored(virtualWorld({ clock }), inner, () => 'old').get('a');
    await clock.advance(1);
    await clock.until(handle.set(['a'], 'new'));
    expect(await service.get('a')).toBe('new');
    expect(await elsewhere.get('a')).toBeUndefined();
  });
});

test('a write that timed out and lands after an invalidation is removed again', async () => {
  const { clock, service, handle, elsewhere, inner } = scenario(
    (all, world) => {
      const slow: CacheStore = {
        name: 'slow',
        get: (key) => all.get(key),
        set: async (key, entry) => {
          await world.clock.sleep(5_000);
          await all.set(key, entry);
        },
        delete: (key) => all.delete(key),
        clear: (prefix) => all.clear(prefix),
      };
      return slow;
    },
    { retries: 0 },
  );
  let seen: unknown;
  const set = inner.set.bind(inner);
  inner.set = async (key, entry) => {
    await set(key, entry);
    seen = await elsewhere.get('a');
  };
  await service.get('a');
  await clock.advance(1_000);
  await clock.until(handle.invalidate('a'));
  await clock.advance(5_000);
  expect(seen).toBe(1);
  expect(await elsewhere.get('a')).toBeUndefined();
});

test('more keys than are kept under way: new values stay in the process, one more invalidation clears all', async () => {
  const world = virtualWorld({ storeGuard: { circuitBreaker: false, writeTimeout: Infinity } });
  world.events.stop();
  const store = hangingStore({ operations: ['set', 'delete'] });
  const service = stored(world, store, (key) => key, { maxSize: 20_000 });
  for (let key = 0; key < 10_050; key += 1) await service.get(key);
  expect(store.calls.set).toBe(10_000);
  await handleOf(service).invalidate('unknown');
  expect(store.calls).toMatchObject({ delete: 0, clear: 1 });
  store.release();
  await world.clock.settle();
  expect(store.inFlight).toBeLessThanOrEqual(10_000);
});
