import { failingStore, hangingStore, virtualClock } from '../../../testing/src/index.js';
import {
  Cached,
  Invalidates,
  Resilient,
  Retry,
  type CacheStore,
  type StoreEntry,
  createRuntime,
  explain,
  keyvStore,
  memoryStore,
  resilient,
} from '../../src/index.js';
import { Counter } from '../cache/support.js';
import { coded, errorOf, virtualWorld, withStatus } from '../support/virtual-world.js';
import { type Options, SHARED, handleOf, stored } from './support.js';

/** Two processes with one store: each its own runtime and class, the same method. */
const nodes = (options: Options = {}) => {
  const clock = virtualClock();
  const store = memoryStore({ runtime: createRuntime({ clock, logger: false }) });
  const node = () => {
    const world = virtualWorld({ clock });
    const counter = new Counter();
    const service = stored(world, store, counter.load, options);
    return { ...world, counter, service, handle: handleOf(service) };
  };
  return { clock, store, first: node(), second: node() };
};

const keysOf = async (store: CacheStore): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of store.keys?.() ?? []) keys.push(key);
  return keys;
};

const entryIn = async (store: CacheStore): Promise<StoreEntry> => {
  const [key = ''] = await keysOf(store);
  return (await store.get(key)) as StoreEntry;
};

describe('what one process has loaded', () => {
  test('another need not load', async () => {
    const { first, second } = nodes();
    await first.service.get('a');
    expect(await second.service.get('a')).toBe(1);
    expect(second.counter.calls).toBe(0);
    expect(second.handle.stats).toMatchObject({ hits: 1, misses: 0, lookups: 1, size: 1 });
    expect(second.events.types()).toEqual(['cache.hit', 'call.succeeded']);
    expect(second.events.last('cache.hit')).toMatchObject({ age: 0, remainingTtl: 300_000, tier: 'store' });
  });

  test('lives there for what is left of its life, never longer', async () => {
    const { clock, first, second } = nodes({ ttl: '10s' });
    await first.service.get('a');
    await clock.advance(9_999);
    expect(await second.service.get('a')).toBe(1);
    await clock.advance(1);
    await second.service.get('a');
    expect(second.counter.calls).toBe(1);
  });

  test('begins a life of its own in no third place: store to memory to store', async () => {
    const { clock, store, first, second } = nodes({ ttl: '10s' });
    await first.service.get('a');
    const written = await entryIn(store);
    await clock.advance(5_000);
    await second.service.get('a');
    await clock.settle();
    expect(await entryIn(store)).toBe(written);
  });

  test('is read once for any number of callers, and the method not at all', async () => {
    const { clock, store, first, second } = nodes();
    await first.service.get('a');
    let reads = 0;
    const get = store.get.bind(store);
    store.get = (key) => {
      reads += 1;
      return clock.sleep(50).then(() => get(key));
    };
    const answers = await clock.until(Promise.all(Array.from({ length: 50 }, () => second.service.get('a'))));
    expect(new Set(answers)).toEqual(new Set([1]));
    expect([reads, second.counter.calls]).toEqual([1, 0]);
    expect(second.handle.stats).toMatchObject({ hits: 1, coalesced: 49, misses: 0, lookups: 50 });
  });

  test('is a value even where that is undefined or null', async () => {
    const { clock, store } = nodes();
    for (const value of [undefined, null, 0, '', false]) {
      const one = stored(virtualWorld({ clock }), store, () => value, { name: `value ${String(value)}` });
      const other = stored(virtualWorld({ clock }), store, () => 'loaded', { name: `value ${String(value)}` });
      await one.get('a');
      expect(await other.get('a')).toBe(value);
    }
  });

  test('is copied on its way out where copies are wanted', async () => {
    const { clock, store } = nodes();
    const one = stored(virtualWorld({ clock }), store, () => ({ n: 1 }), { clone: 'structured' });
    await one.get('a');
    const answer = await stored(virtualWorld({ clock }), store, () => 0, { clone: 'structured' }).get('a');
    answer.n = 2;
    expect((await entryIn(store)).value).toEqual({ n: 1 });
  });
});

describe('an old value in the store', () => {
  test('answers when the method fails, within its window', async () => {
    const { clock, first, second } = nodes({ ttl: '10s', staleIfError: '1m' });
    await first.service.get('a');
    await clock.advance(10_000);
    second.counter.failure = coded('ECONNREFUSED');
    expect(await second.service.get('a')).toBe(1);
    expect(second.counter.calls).toBe(1);
    expect(second.events.last('cache.servedStale')).toMatchObject({ reason: 'error', age: 10_000 });
    await clock.advance(60_000);
    expect(await errorOf(second.service.get('a'))).toBe(second.counter.failure);
  });

  test('is answered at once and refreshed behind it, once', async () => {
    const { clock, first, second } = nodes({ ttl: '10s', staleWhileRevalidate: '1m' });
    await first.service.get('a');
    await clock.advance(10_000);
    const answers = await Promise.all([second.service.get('a'), second.service.get('a')]);
    expect(answers).toEqual([1, 1]);
    await clock.settle();
    expect(second.counter.calls).toBe(1);
    expect(second.handle.stats).toMatchObject({ staleHits: 1, coalesced: 1, misses: 0, lookups: 2 });
    expect(second.events.last('cache.servedStale')).toMatchObject({ reason: 'revalidating', age: 10_000 });
    expect(second.events.count('cache.refreshed')).toBe(1);
  });

  test('never answers where nothing failed and no window says so', async () => {
    const { clock, first, second } = nodes({ ttl: '10s', staleIfError: '1m' });
    await first.service.get('a');
    await clock.advance(10_000);
    await second.service.get('a');
    expect(second.counter.calls).toBe(1);
  });

  test('is seen by the method as what it replaces', async () => {
    const { clock, store } = nodes();
    const options: Options = { ttl: '10s', staleIfError: '1m' };
    await stored(virtualWorld({ clock }), store, () => 'old', options).get('a');
    await clock.advance(12_000);
    const { currentCall } = await import('../../src/index.js');
    const seen: unknown[] = [];
    await stored(virtualWorld({ clock }), store, () => seen.push(currentCall().cache?.stale), options).get('a');
    expect(seen).toEqual([{ value: 'old', age: 12_000 }]);
  });

  test('is refreshed from the store where another process has done so', async () => {
    const { clock, first, second } = nodes({ ttl: '10s', staleWhileRevalidate: '1m' });
    await first.service.get('a');
    await second.service.get('a');
    await clock.advance(10_000);
    first.counter.calls = 10;
    await first.service.get('a');
    await clock.settle();
    expect(await second.service.get('a')).toBe(1);
    await clock.settle();
    expect(await second.service.get('a')).toBe(11);
    expect(second.counter.calls).toBe(0);
  });

  test('is not answered after the end of a lease, whatever the windows say', async () => {
    const { clock, store } = nodes();
    const leased: Options = { ttl: () => ({ ttl: '1h', hardUntil: clock.wall() + 5_000 }), staleIfError: '1d' };
    await stored(virtualWorld({ clock }), store, () => 'secret', leased).get('a');
    const failing = stored(
      virtualWorld({ clock }),
      store,
      () => {
        throw coded('ECONNREFUSED');
      },
      leased,
    );
    await clock.advance(5_000);
    expect(await errorOf(failing.get('a'))).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('of a writer whose clock runs ahead lives no longer than it was meant to', async () => {
    const { clock, store, second } = nodes({ ttl: '10s' });
    const ahead = virtualClock({ wall: clock.wall() + 60_000 });
    await stored(virtualWorld({ clock: ahead }), store, () => 'ahead', { ttl: '10s' }).get('a');
    expect(await second.service.get('a')).toBe('ahead');
    await clock.advance(10_000);
    expect(second.handle.peek('a')).toBeUndefined();
  });
});

describe('writes', () => {
  test('are made behind the caller, and a store that hangs delays nobody', async () => {
    const store = hangingStore({ operations: ['set'] });
    const world = virtualWorld();
    const service = stored(world, store, () => 1);
    expect(await service.get('a')).toBe(1);
    expect(world.clock.now()).toBe(0);
    expect(store.inFlight).toBe(1);
  });

  test('of what may not be stored are not made', async () => {
    const store = failingStore();
    store.isDisturbed = false;
    const world = virtualWorld({ store });
    const service = stored(world, undefined, () => 1, { cacheIf: () => false });
    await service.get('a');
    const failing = stored(world, undefined, () => Promise.reject(coded('ECONNREFUSED')), { name: 'failing' });
    await errorOf(failing.get('a'));
    await world.clock.advance(1_000);
    expect(store.calls.set).toBe(0);
  });

  test('carry the windows and the lease', async () => {
    const { clock, store } = nodes();
    const options: Options = {
      ttl: () => ({ ttl: '10s', hardUntil: clock.wall() + 30_000 }),
      staleIfError: '1m',
      staleWhileRevalidate: '5s',
    };
    const at = clock.wall();
    await stored(virtualWorld({ clock }), store, () => 1, options).get('a');
    expect(await entryIn(store)).toEqual({
      value: 1,
      startedAt: at,
      freshUntil: at + 10_000,
      staleUntil: at + 70_000,
      hardUntil: at + 30_000,
    });
  });

  test('are not repeated by a process that reads what it has not written yet', async () => {
    const store = hangingStore({ operations: ['set'] });
    const world = virtualWorld();
    const counter = new Counter();
    const service = stored(world, store, counter.load, { maxSize: 1 });
    await service.get('a');
    await service.get('b');
    expect(await service.get('a')).toBe(1);
    expect(counter.calls).toBe(2);
  });

  test('are waited for by a shutdown', async () => {
    const world = virtualWorld();
    const store = hangingStore({ operations: ['set'], delay: 200, clock: world.clock });
    await stored(world, store, () => 1).get('a');
    expect(await world.clock.until(world.runtime.shutdown())).toMatchObject({ drained: true, waitedMs: 200 });
  });

  test('that do not end are in its report', async () => {
    const world = virtualWorld({ storeGuard: { writeTimeout: '1h' } });
    await stored(world, hangingStore({ operations: ['set'] }), () => 1).get('a');
    const report = await world.clock.until(world.runtime.shutdown({ timeout: '1s' }));
    expect(report.abandoned).toEqual([{ method: 'Stored.get', calls: 0, refreshes: 0, writes: 1 }]);
  });
});

describe('by hand', () => {
  test('set, invalidate and clear reach the store', async () => {
    const { store, first, second } = nodes();
    await first.handle.set(['a'], 'by hand');
    expect(await second.service.get('a')).toBe('by hand');
    expect(await first.handle.invalidate('a')).toBe(true);
    expect(await first.handle.invalidate('a')).toBe(false);
    await first.handle.set(['b'], 2);
    await first.handle.set(['c'], 3);
    await first.handle.clear();
    expect(await keysOf(store)).toEqual([]);
  });

  test('invalidate tells of an entry that only the store had', async () => {
    const { first, second } = nodes();
    await first.service.get('a');
    expect(await second.handle.invalidate('a')).toBe(true);
  });

  test('get and lookup read the store and load nothing; peek looks at this process', async () => {
    const { clock, first, second } = nodes({ ttl: '10s', staleIfError: '1m' });
    await first.service.get('a');
    expect(second.handle.peek('a')).toBeUndefined();
    expect(await second.handle.get('a')).toBe(1);
    await clock.advance(10_000);
    expect(await second.handle.get('a')).toBeUndefined();
    expect(await second.handle.lookup('a')).toMatchObject({ state: 'stale', value: 1, age: 10_000, remainingTtl: 0 });
    expect(await second.handle.lookup('b')).toMatchObject({ state: 'miss' });
    expect(second.counter.calls).toBe(0);
  });

  test('refresh asks the method and not the store, which gets the result', async () => {
    const { clock, first, second } = nodes();
    await first.service.get('a');
    second.counter.calls = 10;
    expect(await second.handle.refresh(['a'])).toBe(11);
    await clock.settle();
    expect(await first.handle.get('a')).toBe(1);
    await first.handle.invalidate('a');
    await second.handle.refresh(['a']);
    await clock.settle();
    expect(await first.service.get('a')).toBe(12);
  });

  test('clear empties one cache of the store and no other', async () => {
    const { clock, store, first } = nodes();
    const other = stored(virtualWorld({ clock }), store, () => 'other', { name: 'things:1' });
    await other.get('a');
    await first.service.get('a');
    await first.handle.clear();
    expect(await handleOf(other).get('a')).toBe('other');
    expect((await keysOf(store)).length).toBe(1);
  });

  test('clearCaches, @Invalidates and an error that drops the entry reach the store as well', async () => {
    const world = virtualWorld();
    const store = memoryStore({ runtime: world.runtime });
    const source: { failure?: unknown } = {};
    class Catalog {
      @Cached({ ...SHARED, store })
      async get(id: string): Promise<string> {
        if (source.failure !== undefined) throw source.failure;
        return id;
      }

      @Invalidates({ target: 'get', keys: (id) => [id] })
      async rename(_id: string): Promise<void> {}
    }
    const catalog = world.own(new Catalog());
    for (const id of ['a', 'b', 'c']) await catalog.get(id);
    await catalog.rename('a');
    await world.clock.settle();
    expect((await keysOf(store)).length).toBe(2);
    source.failure = withStatus(404);
    await errorOf(handleOf(catalog).refresh(['b']));
    await world.clock.settle();
    expect((await keysOf(store)).length).toBe(1);
    world.runtime.clearCaches();
    await world.clock.settle();
    expect(await keysOf(store)).toEqual([]);
  });
});

test('a store that cannot clear a part of itself is not asked again, and what was in it is not read', async () => {
  const world = virtualWorld();
  const entries = new Map<string, string>();
  const bare = {
    get: async (key: string) => entries.get(key),
    set: async (key: string, value: string) => entries.set(key, value),
    delete: async (key: string) => entries.delete(key),
    clear: async () => entries.clear(),
  };
  const counter = new Counter();
  const service = stored(world, keyvStore(bare, { runtime: world.runtime }), counter.load);
  await service.get('a');
  await world.clock.advance(1);
  await handleOf(service).clear();
  expect(world.events.of('cache.storeFailed')).toMatchObject([
    { operation: 'clear', error: { name: 'StoreUnsupported', code: 'STORE_UNSUPPORTED' } },
  ]);
  await world.clock.advance(1);
  expect([await service.get('a'), await service.get('b')]).toEqual([2, 3]);
  await world.clock.advance(10_000);
  expect(world.events.count('cache.storeFailed')).toBe(1);
  const other = stored(
    virtualWorld({ clock: world.clock }),
    keyvStore(bare, { runtime: world.runtime }),
    () => 'loaded',
  );
  expect(await other.get('a')).toBe(2);
});

test('what is not there, and was not in the store, is not deleted there', async () => {
  const world = virtualWorld();
  const store = failingStore();
  store.isDisturbed = false;
  const service = stored(world, store, () => Promise.reject(withStatus(404)));
  await errorOf(service.get('a'));
  expect(store.calls).toMatchObject({ get: 1, delete: 0 });
  await errorOf(handleOf(service).refresh(['a']));
  expect(store.calls).toMatchObject({ get: 1, delete: 1 });
});

describe('names and keys', () => {
  test('arguments do not leave the process; a key made by hand does', async () => {
    const { clock, store } = nodes();
    const world = virtualWorld({ clock });
    await stored(world, store, () => 1, { name: 'a b:c' }).get('secret', { token: 'secret' });
    await stored(world, store, () => 1, { name: 'single' }).get('secret');
    await stored(world, store, () => 1, { name: 'own', key: (id) => `product:${id}` }).get(42);
    await stored(world, store, () => 1, { name: 'number', key: (id) => id }).get(42);
    await stored(world, store, () => 1, { name: 'long', key: () => 'x'.repeat(201) }).get(42);
    await stored(world, store, () => 1, { name: 'blank', key: () => 'a b' }).get(42);
    const keys = await keysOf(store);
    expect(keys.filter((key) => key.includes('secret'))).toEqual([]);
    expect(keys.map((key) => key.replace(/h\.[\w-]{43}$/, 'h.…')).sort()).toEqual([
      'holdfast:a%20b%3Ac:1:h.…',
      'holdfast:blank:1:h.…',
      'holdfast:long:1:h.…',
      'holdfast:number:1:n.42',
      'holdfast:own:1:s.product:42',
      'holdfast:single:1:h.…',
    ]);
  });

  test('1, "1", true and undefined are four keys, with and without a key of the user’s', async () => {
    const { clock, store } = nodes();
    for (const options of [{}, { key: (each: unknown) => each }]) {
      const service = stored(virtualWorld({ clock }), store, (each) => typeof each, options);
      for (const key of [1, '1', true, undefined]) expect(await service.get(key)).toBe(typeof key);
    }
    expect(new Set(await keysOf(store)).size).toBe(6);
  });

  test('another version reads nothing of the one before', async () => {
    const { clock, store, first } = nodes();
    await first.service.get('a');
    const service = stored(virtualWorld({ clock }), store, () => 'new shape', { version: '2' });
    expect(await service.get('a')).toBe('new shape');
  });

  test('a scope function keeps tenants apart', async () => {
    const { clock, store } = nodes();
    const options: Options = { scope: (self) => (self as { tenant: string }).tenant };
    const of = (tenant: string) =>
      Object.assign(
        stored(virtualWorld({ clock }), store, () => tenant, options),
        { tenant },
      );
    expect(await of('red').get('a')).toBe('red');
    expect(await of('blue').get('a')).toBe('blue');
    expect(await of('red').get('a')).toBe('red');
  });

  test('two methods cannot have one name', async () => {
    const world = virtualWorld();
    const store = memoryStore({ runtime: world.runtime });
    await stored(world, store, () => 1).get('a');
    const error = await errorOf(stored(world, store, () => 2).get('a'));
    expect(error).toMatchObject({ name: 'ConfigurationError' });
    expect((error as Error).message).toContain("name 'things@1' is already used");
  });

  test('a subclass has no share in what its parent has loaded, unless a scope function says so', async () => {
    const world = virtualWorld({ store: memoryStore() });
    class Repository {
      @Cached({ name: 'rows', version: '1', scope: 'class' })
      async find(_id: number): Promise<string> {
        return this.constructor.name;
      }

      @Cached({ name: 'named rows', version: '1', scope: (self) => (self as object).constructor.name })
      async named(_id: number): Promise<string> {
        return this.constructor.name;
      }
    }
    class Users extends Repository {}
    class Orders extends Repository {}
    expect(await world.own(new Users()).named(1)).toBe('Users');
    expect(await world.own(new Orders()).named(1)).toBe('Orders');
    expect(await world.own(new Users()).find(1)).toBe('Users');
    expect(await errorOf(world.own(new Orders()).find(1))).toMatchObject({ name: 'ConfigurationError' });
  });

  test('a function has no instances and needs no scope', async () => {
    const { clock, store } = nodes();
    const runtime = createRuntime({ clock, store, logger: false });
    const load = resilient(async (id: string) => `loaded ${id}`, { cache: { name: 'functions', version: '1' } });
    expect(await runtime.run(() => load('a'))).toBe('loaded a');
    await clock.settle();
    expect((await keysOf(store)).length).toBe(1);
  });
});

describe('wrong options', () => {
  const store = memoryStore();
  test.each<[string, Options, string]>([
    ['no name', { name: undefined as never }, "store 'memory' needs a name that outlives the process"],
    ['no version', { version: undefined as never }, "store 'memory' needs a version that changes with the shape"],
    ['a cache per instance', { scope: 'instance' }, "store 'memory' outlives instances; set scope: 'class'"],
  ])('%s: the first call says what to write', async (_what, options, message) => {
    const error = await errorOf(stored(virtualWorld(), store, () => 1, options).get('a'));
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toContain('or set store: false');
  });

  test('a synchronous method', () => {
    class Catalog {
      @Resilient({ cache: { ...SHARED, name: 'told', store }, async: false })
      told(id: number): number {
        return id;
      }

      @Cached({ store: false })
      alone(id: number): number {
        return id;
      }
    }
    const catalog = virtualWorld({ store }).own(new Catalog());
    const message = "store 'memory' needs a method that returns a Promise";
    expect(() => catalog.told(1)).toThrow(message);
    expect([catalog.alone(1), catalog.alone(2)]).toEqual([1, 2]);
  });

  test.each([42, {}, null, 'memory', { name: 'x', get() {}, set() {}, delete() {} }])('%p is no store', (given) => {
    expect(() => stored(virtualWorld(), undefined, () => 1, { store: given as never })).toThrow(
      'store must be false, or a CacheStore',
    );
    expect(() => createRuntime({ store: given as never })).toThrow('store must be false, or a CacheStore');
  });
});

test('a method that has not shown that it returns promises does without the store', async () => {
  const world = virtualWorld();
  const store = hangingStore();
  class Catalog {
    @Cached({ ...SHARED, store })
    get(id: number): number {
      return id;
    }
  }
  const catalog = world.own(new Catalog());
  expect([catalog.get(1), catalog.get(2), catalog.get(1)]).toEqual([1, 2, 1]);
  expect(store.inFlight).toBe(0);
});

describe('settings that change', () => {
  test('another store, or none, drops what this process remembers', async () => {
    const world = virtualWorld();
    const one = memoryStore({ runtime: world.runtime });
    const counter = new Counter();
    const service = stored(world, undefined, counter.load);
    await service.get('a');
    world.runtime.configure({ store: one });
    expect(await service.get('a')).toBe(2);
    world.runtime.configure({ store: memoryStore({ runtime: world.runtime }) });
    expect(await service.get('a')).toBe(3);
    world.runtime.configure({ store: one });
    expect(await service.get('a')).toBe(2);
    world.runtime.configure({ store: false });
    expect(await service.get('a')).toBe(4);
  });

  test('a guard keeps its state under new terms', async () => {
    const world = virtualWorld({ store: failingStore() });
    const service = stored(world, undefined, () => 1);
    for (const key of [1, 2, 3, 4, 5]) await service.get(key);
    world.runtime.configure({ storeGuard: { failOpen: false } });
    expect(await errorOf(service.get(6))).toMatchObject({ code: 'STORE_FAILED' });
    world.runtime.configure({ storeGuard: { circuitBreaker: false } });
    expect(await service.get(7)).toBe(1);
    expect(world.runtime.health().store.circuit.state).toBe('disabled');
    world.runtime.configure({ storeGuard: {} });
    await service.get(8);
    expect(world.runtime.health().store.circuit.state).toBe('closed');
  });

  test.each<[object, string]>([
    [{ readTimeout: 0 }, 'createRuntime storeGuard: readTimeout must be longer than 0'],
    [{ retries: -1 }, 'createRuntime storeGuard: retries must be >= 0'],
    [{ failClosed: true }, 'createRuntime storeGuard: failClosed is not an option'],
    [{ circuitBreaker: true }, 'createRuntime storeGuard: circuitBreaker must be false, or options'],
    [{ circuitBreaker: { name: 'x' } }, 'createRuntime storeGuard circuitBreaker: name is not an option'],
    [{ circuitBreaker: { failureThreshold: 0 } }, 'failureThreshold must be >= 1'],
  ])('%p is refused', (storeGuard, message) => {
    expect(() => createRuntime({ storeGuard })).toThrow(message);
  });
});

test('explain names the store and shows nothing of it', async () => {
  const world = virtualWorld();
  const store = Object.assign(memoryStore({ name: 'redis' }), { password: 'secret' });
  const service = stored(world, store, () => 1);
  await service.get('a');
  const [method] = explain(service).methods;
  expect(method?.stack[0]?.options).toMatchObject({ name: 'things', version: '1', store: 'redis' });
  expect(explain(service).toString()).toContain('store=redis');
  expect(explain(service).toString()).not.toContain('secret');
});

test('retries of the method and the store do not meet', async () => {
  const world = virtualWorld({ store: failingStore() });
  let calls = 0;
  class Catalog {
    @Cached(SHARED)
    @Retry({ maxAttempts: 3, delay: 10, jitter: 'none' })
    async get(): Promise<number> {
      calls += 1;
      if (calls < 3) throw coded('ECONNRESET');
      return calls;
    }
  }
  expect(await world.clock.until(world.own(new Catalog()).get())).toBe(3);
});

test('a caller who leaves while the store is read is let go, and the method does not run', async () => {
  const world = virtualWorld();
  const counter = new Counter();
  const service = stored(world, hangingStore({ operations: ['get'] }), counter.load);
  const controller = new AbortController();
  const call = errorOf(service.get('a', controller.signal));
  controller.abort(new Error('left'));
  expect(await call).toMatchObject({ message: 'left' });
  await world.clock.advance(1_000);
  expect(counter.calls).toBe(0);
});
