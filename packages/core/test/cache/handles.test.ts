import { deferred } from '../../../testing/src/index.js';
import { Cached, ConfigurationError, Retry, cacheOf, definePolicy, resilient, uncached } from '../../src/index.js';
import { coded, virtualWorld } from '../support/virtual-world.js';
import { Counter, cached, cachedSync, handleOf } from './support.js';

class Catalog {
  readonly counter = new Counter();
  #secret = 'hidden';

  @Cached({ ttl: '1m', staleIfError: '1h' })
  async product(_id: string, _more?: unknown): Promise<number> {
    return this.counter.load();
  }

  @Cached({ scope: 'class' })
  async shared(id: string): Promise<string> {
    return `shared ${id}`;
  }

  @Retry()
  async plain(): Promise<number> {
    return 1;
  }

  async bare(): Promise<string> {
    return this.#secret;
  }

  set secret(value: string) {
    this.#secret = value;
  }

  static label = 'catalog';
}

const open = () => {
  const world = virtualWorld();
  const catalog = world.own(new Catalog());
  return { world, catalog, handle: cacheOf(catalog, 'product') };
};

describe('cacheOf', () => {
  test('get and peek show a fresh value and never load', async () => {
    const { world, catalog, handle } = open();
    expect(await handle.get('1')).toBeUndefined();
    expect(catalog.counter.calls).toBe(0);
    await catalog.product('1');
    expect(await handle.get('1')).toBe(1);
    expect(handle.peek('1')).toBe(1);
    await world.clock.advance(60_000);
    expect(await handle.get('1')).toBeUndefined();
    expect(handle.peek('1')).toBeUndefined();
    expect(handle.stats).toMatchObject({ lookups: 1 });
  });

  test('lookup tells fresh from stale from missing, and a cached undefined from a miss', async () => {
    const { world, handle } = open();
    expect(await handle.lookup('1')).toEqual({
      state: 'miss',
      value: undefined,
      age: 0,
      createdAt: undefined,
      remainingTtl: 0,
    });
    const createdAt = world.clock.wall();
    await handle.set(['1'], undefined as never);
    await world.clock.advance(10_000);
    expect(await handle.lookup('1')).toEqual({
      state: 'fresh',
      value: undefined,
      age: 10_000,
      createdAt,
      remainingTtl: 50_000,
    });
    await world.clock.advance(60_000);
    expect(await handle.lookup('1')).toMatchObject({ state: 'stale', age: 70_000, remainingTtl: 0, createdAt });
    await world.clock.advance(3_600_000);
    expect(await handle.lookup('1')).toMatchObject({ state: 'miss' });
  });

  test('looking does not count as use', async () => {
    const world = virtualWorld();
    const service = cached(world, { maxSize: 2 }, new Counter().load);
    await service.get('a');
    await service.get('b');
    handleOf(service).peek('a');
    await handleOf(service).lookup('a');
    await service.get('c');
    expect(handleOf(service).keys()).toEqual(['c', 'b']);
  });

  test('set stores as if just loaded, with its own ttl where it is given', async () => {
    const { world, catalog, handle } = open();
    await handle.set(['1'], 10);
    await handle.set(['2'], 20, { ttl: '2s' });
    await handle.set(['3'], 30, { ttl: 0 });
    expect((await handle.lookup('1')).remainingTtl).toBe(60_000);
    expect((await handle.lookup('2')).remainingTtl).toBe(2000);
    expect((await handle.lookup('3')).remainingTtl).toBe(Infinity);
    expect(await catalog.product('1')).toBe(10);
    await world.clock.advance(2000);
    expect(await catalog.product('2')).toBe(1);
    expect(handle.stats).toMatchObject({ sets: 4, hits: 1, misses: 1 });
  });

  test('set of what may not be stored removes what it replaces', async () => {
    const world = virtualWorld();
    const service = cached(world, { ttl: (value: number) => (value > 5 ? null : '1m') }, new Counter().load);
    const handle = handleOf(service);
    await handle.set(['1'], 1);
    await handle.set(['1'], 9);
    expect(handle.peek('1')).toBeUndefined();
    expect(handle.stats.size).toBe(0);
  });

  test('invalidate says whether there was an entry, and keeps the counts', async () => {
    const { world, catalog, handle } = open();
    await catalog.product('1');
    await catalog.product('1');
    expect(await handle.invalidate('1')).toBe(true);
    expect(await handle.invalidate('1')).toBe(false);
    expect(handle.stats).toMatchObject({ hits: 1, misses: 1, size: 0 });
    expect(world.events.of('cache.invalidated')).toMatchObject([{ reason: 'manual', entries: 1 }]);
  });

  test('invalidateValue forgets a value that has turned out to be wrong, and not the one that came after it', async () => {
    const { handle, catalog } = open();
    const wrong = await catalog.product('1');
    expect(await handle.invalidateValue(['1'], wrong + 1)).toBe(false);
    await handle.refresh(['1']);
    expect(await handle.invalidateValue(['1'], wrong)).toBe(false);
    expect(handle.peek('1')).toBe(wrong + 1);
    expect(await handle.invalidateValue(['1'], wrong + 1)).toBe(true);
    expect(handle.peek('1')).toBeUndefined();
  });

  test('invalidateValue tells by which status a value was refused', async () => {
    const { world, catalog, handle } = open();
    const value = await catalog.product('1');
    expect(await handle.invalidateValue(['1'], value, { status: 403 })).toBe(true);
    expect(world.events.of('cache.invalidated')).toMatchObject([{ reason: 'auth-failure', status: 403, entries: 1 }]);
  });

  test('invalidateValue forgets what is past its ttl and could still answer', async () => {
    const world = virtualWorld();
    const service = cached(world, { ttl: '1s', staleIfError: '1m' }, new Counter().load);
    await service.get('1');
    await world.clock.advance(2_000);
    expect(await handleOf(service).invalidateValue(['1'], 1)).toBe(true);
    expect((await handleOf(service).lookup('1')).state).toBe('miss');
  });

  test('refresh calls the method past a fresh value, stores the result and joins no older load', async () => {
    const { world, catalog, handle } = open();
    await catalog.product('1');
    expect(await handle.refresh(['1'])).toBe(2);
    expect(await catalog.product('1')).toBe(2);
    expect(await handle.refresh(['1'], { ttl: '5s' })).toBe(3);
    expect((await handle.lookup('1')).remainingTtl).toBe(5000);
    expect(world.events.count('cache.bypassed')).toBe(2);
    expect(handle.stats).toMatchObject({ misses: 1, hits: 1 });
  });

  test('calls that come during a refresh by hand see the old value while it is fresh, or join it', async () => {
    const world = virtualWorld();
    const gate = deferred<string>();
    const service = cached(world, { ttl: '1m' }, () => gate.promise);
    const handle = handleOf(service);
    await handle.set(['1'], 'old');
    const refreshing = handle.refresh(['1']);
    expect(await service.get('1')).toBe('old');
    await world.clock.advance(60_000);
    const joined = service.get('1');
    gate.resolve('new');
    expect(await Promise.all([refreshing, joined])).toEqual(['new', 'new']);
  });

  test('refresh goes past the cached value under a policy around the cache too', async () => {
    const around = definePolicy({
      name: 'test-around-the-cache',
      before: 'cached',
      bind: () => async (_call, next) => next(),
    });
    const world = virtualWorld();
    const counter = new Counter();
    class Service {
      @around()
      @Cached()
      async get(_id: string): Promise<number> {
        return counter.load();
      }
    }
    const service = world.own(new Service());
    await service.get('1');
    expect(await service.get('1')).toBe(1);
    expect(await cacheOf(service, 'get').refresh(['1'])).toBe(2);
  });

  test('refresh of a synchronous method answers by promise, and its failure rejects', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cachedSync(world, {}, counter.load);
    expect(await handleOf(service).refresh(['1'])).toBe(1);
    expect(service.get('1')).toBe(1);
    counter.failure = coded('ECONNREFUSED');
    await expect(handleOf(service).refresh(['1'])).rejects.toBe(counter.failure);
  });

  test('clear empties the cache and resets the counts', async () => {
    const { world, catalog, handle } = open();
    await catalog.product('1');
    await catalog.product('1');
    await handle.clear();
    await handle.clear();
    expect(handle.stats).toMatchObject({ hits: 0, misses: 0, sets: 0, size: 0, lookups: 0, hitRate: 0 });
    expect(world.events.of('cache.invalidated')).toMatchObject([{ reason: 'manual', entries: 1 }]);
    expect(await catalog.product('1')).toBe(2);
  });

  test('keys are listed most recently used first', async () => {
    const { catalog, handle } = open();
    await catalog.product('1');
    await catalog.product('2', { deep: [1] });
    await catalog.product('1');
    expect(handle.keys()).toHaveLength(2);
    expect(handle.keys()[0]).toBe('1');
  });

  test('a class stands for the shared cache of its instances', async () => {
    const catalog = new Catalog();
    await catalog.shared('1');
    const handle = cacheOf(Catalog, 'shared');
    expect(handle.peek('1')).toBe('shared 1');
    expect(handle.stats.size).toBe(1);
    await handle.clear();
    expect(handle.stats.size).toBe(0);
  });

  test('a class stands for all instances where counts and clearing are meant', async () => {
    const [a, b] = [new Catalog(), new Catalog()];
    await a.product('1');
    await b.product('1');
    const handle = cacheOf(Catalog, 'product');
    expect(handle.stats).toMatchObject({ size: 2, misses: 2, maxSize: 512 });
    await handle.clear();
    expect(cacheOf(a, 'product').stats.size + cacheOf(b, 'product').stats.size).toBe(0);
  });

  test('a class cannot stand for one of its instances', async () => {
    const handle = cacheOf(Catalog, 'product');
    await expect(handle.get('1')).rejects.toThrow(ConfigurationError);
    await expect(handle.set(['1'], 1)).rejects.toThrow(/every instance has its own cache of Catalog.product/);
    await expect(handle.invalidate('1')).rejects.toThrow(ConfigurationError);
    await expect(handle.lookup('1')).rejects.toThrow(ConfigurationError);
    await expect(handle.refresh(['1'])).rejects.toThrow(ConfigurationError);
    expect(() => handle.peek('1')).toThrow(ConfigurationError);
    expect(() => handle.keys()).toThrow(ConfigurationError);
  });

  test('wrong uses are told with a remedy', async () => {
    const { catalog, handle } = open();
    expect(() => cacheOf(catalog, 'plain')).toThrow(/Catalog.plain has no @Cached/);
    expect(() => cacheOf(catalog, 'bare')).toThrow(/has no decorated method 'bare'/);
    expect(() => cacheOf<() => void>(catalog, 'prodct')).toThrow(/has no decorated method 'prodct'/);
    await expect(handle.get('1', Symbol('s'))).rejects.toThrow(/these arguments have no key/);
    await expect(handle.set(['1'], 1, { ttl: 'soon' as never })).rejects.toThrow(/ttl must be a duration, got soon/);
    await expect(handle.refresh(['1'], { ttl: -1 })).rejects.toThrow(ConfigurationError);
    expect(handle.stats.size).toBe(0);
  });

  test('the caches of one name are listed apart', async () => {
    const world = virtualWorld();
    class Twice {
      @Cached({ name: 'one' })
      async a(): Promise<number> {
        return 1;
      }

      @Cached({ name: 'one' })
      async b(): Promise<number> {
        return 2;
      }
    }
    const twice = world.own(new Twice());
    await twice.a();
    await twice.b();
    await twice.b();
    const { caches, total } = world.runtime.stats();
    expect(Object.keys(caches)).toEqual(['one', 'one#2']);
    expect(total).toMatchObject({ misses: 2, hits: 1, size: 2, maxSize: 512, hitRate: 1 / 3 });
    expect(world.runtime.health().caches).toEqual(caches);
  });

  test('clearCaches empties every cache of the runtime', async () => {
    const { world, catalog, handle } = open();
    await catalog.product('1');
    await catalog.shared('1');
    world.runtime.clearCaches();
    expect(handle.stats.size + cacheOf(catalog, 'shared').stats.size).toBe(0);
  });

  test('fn.cache is the handle of a function', async () => {
    const load = resilient(async (id: string) => `loaded ${id}`, { name: 'ofFunction', cache: {} });
    await load('1');
    expect(load.cache.peek('1')).toBe('loaded 1');
    expect(await load.cache.invalidate('1')).toBe(true);
    await load.cache.set(['1'], 'given');
    expect(await load('1')).toBe('given');
    await load.cache.clear();
    expect(() => resilient(async () => 1, { name: 'uncachedFunction', retry: true }).cache).toThrow(/has no @Cached/);
  });
});

describe('uncached', () => {
  test('a call neither reads nor writes nor joins', async () => {
    const world = virtualWorld();
    const gate = deferred<string>();
    let calls = 0;
    const service = cached(world, {}, () => {
      calls += 1;
      return gate.promise;
    });
    const both = [service.get('1'), uncached(service).get('1')];
    expect(calls).toBe(2);
    gate.resolve('value');
    await Promise.all(both);
    await uncached(service).get('1');
    expect(calls).toBe(3);
    expect(handleOf(service).stats).toMatchObject({ sets: 1, lookups: 1 });
  });

  test('the other policies stay', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, {}, counter.load, { lines: [Retry({ maxAttempts: 2, delay: 0 })] });
    counter.failure = coded('ECONNRESET');
    await expect(world.clock.until(uncached(service).get('1'))).rejects.toBe(counter.failure);
    expect(counter.calls).toBe(2);
  });

  test('everything else of the instance is as it was', async () => {
    const { catalog } = open();
    const view = uncached(catalog);
    expect(view.counter).toBe(catalog.counter);
    expect(view.constructor).toBe(Catalog);
    expect(view).toBeInstanceOf(Catalog);
    expect(await view.bare()).toBe('hidden');
    view.secret = 'changed';
    expect(await catalog.bare()).toBe('changed');
    const fixed = Object.freeze(Object.assign(new Catalog(), { own: () => 'own' }));
    expect(uncached(fixed).own()).toBe('own');
  });

  test('static methods and classes work too', async () => {
    class Statics {
      static calls = 0;

      @Cached()
      static async get(): Promise<number> {
        return (this.calls += 1);
      }
    }
    await Statics.get();
    expect(await uncached(Statics).get()).toBe(2);
    expect(await Statics.get()).toBe(1);
    await cacheOf(Statics, 'get').clear();
  });
});
