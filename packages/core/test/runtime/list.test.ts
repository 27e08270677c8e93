/** What an admin page needs, which knows a runtime and none of its classes. */
import {
  Cached,
  CachedMany,
  CircuitBreaker,
  Retry,
  Timeout,
  caches,
  configure,
  createRuntime,
  explain,
  explainAll,
  memoryStore,
  resetConfiguration,
} from '../../src/index.js';
import { virtualWorld } from '../support/virtual-world.js';

class Catalog {
  loads = 0;

  @Cached({ tags: (id: string) => [`item:${id}`] })
  async product(id: string): Promise<string> {
    this.loads += 1;
    return id;
  }

  @Cached({ name: 'prices', tags: ['prices'] })
  async price(id: string): Promise<number> {
    this.loads += 1;
    return id.length;
  }

  @CachedMany()
  async names(ids: string[]): Promise<string[]> {
    return ids;
  }

  @Retry({ maxAttempts: 2 })
  @CircuitBreaker()
  @Timeout('1s')
  async save(): Promise<void> {}
}

class Shelf {
  @Cached({ name: 'prices' })
  async price(): Promise<number> {
    return 1;
  }
}

afterEach(resetConfiguration);

describe('caches of a runtime', () => {
  test('every cached method that was called is listed, by its name in the report of health', async () => {
    const { own, runtime } = virtualWorld();
    const catalog = own(new Catalog());
    expect(runtime.caches()).toEqual([]);
    await catalog.product('1');
    await catalog.names(['1', '2']);
    await catalog.price('1');
    const shelf = own(new Shelf());
    await shelf.price();
    await catalog.save();
    expect(runtime.caches().map(({ name, method, store }) => [name, method, store])).toEqual([
      ['Catalog.product', 'Catalog.product', undefined],
      ['Catalog.names', 'Catalog.names', undefined],
      ['prices', 'Catalog.price', undefined],
      ['prices#2', 'Shelf.price', undefined],
    ]);
    expect(runtime.caches().map(({ name, stats }) => [name, stats])).toEqual(Object.entries(runtime.stats().caches));
  });

  test('one is cleared, of all instances, and the others are not', async () => {
    const { own, runtime } = virtualWorld();
    const [one, other] = [own(new Catalog()), own(new Catalog())];
    await one.product('1');
    await one.product('2');
    await other.product('1');
    await one.price('1');
    const [products, prices] = runtime.caches();
    expect(await products?.clear()).toBe(3);
    expect([products?.stats.size, products?.stats.misses, prices?.stats.size]).toEqual([0, 0, 1]);
    expect(await products?.clear()).toBe(0);
    await one.product('1');
    expect(one.loads).toBe(4);
  });

  test('tags of one cache are invalidated, and it is told whether they were in use', async () => {
    const { own, runtime } = virtualWorld();
    const catalog = own(new Catalog());
    await catalog.product('1');
    await catalog.price('1');
    const [products, prices] = runtime.caches();
    expect(await products?.invalidateTags('prices')).toBe(0);
    expect(await products?.invalidateTags('item:1', 'item:2')).toBe(1);
    await catalog.product('1');
    await catalog.price('1');
    expect([catalog.loads, prices?.stats.hits]).toEqual([3, 1]);
    await expect(prices?.invalidateTags('')).rejects.toThrow('caches().invalidateTags');
  });

  test('a cache with a store is cleared there, too', async () => {
    const world = virtualWorld({ store: memoryStore({ runtime: createRuntime({ logger: false }) }) });
    class Stored {
      loads = 0;

      @Cached({ name: 'stored', scope: 'class', version: '1', tags: ['all'] })
      async find(id: string): Promise<string> {
        this.loads += 1;
        return id;
      }
    }
    const stored = world.own(new Stored());
    await stored.find('1');
    const [cache] = world.runtime.caches();
    expect(cache?.store).toBe('memory');
    await cache?.clear();
    await stored.find('1');
    await cache?.invalidateTags('all');
    await stored.find('1');
    expect(stored.loads).toBe(3);
  });

  test('those of the default runtime are listed as well', async () => {
    const catalog = new Catalog();
    await catalog.product('1');
    expect(caches().map(({ name }) => name)).toContain('Catalog.product');
  });
});

describe('explaining a runtime', () => {
  test('every method that was called is explained as its class would explain it', async () => {
    const { own, runtime } = virtualWorld();
    expect(explainAll(runtime).methods).toEqual([]);
    const catalog = own(new Catalog());
    await catalog.save();
    await catalog.product('1');
    const all = explainAll(runtime);
    expect(all.methods.map(({ method }) => method)).toEqual(['Catalog.save', 'Catalog.product']);
    const { methods } = explain(catalog);
    expect(all.methods).toEqual(
      ['Catalog.save', 'Catalog.product'].map((name) => methods.find(({ method }) => method === name)),
    );
    expect(all.warnings).toEqual(all.methods.flatMap(({ warnings }) => warnings));
    expect(String(all)).toContain('Catalog.save (async)');
  });

  test('methods whose options contradict each other are left out, and the others explained', async () => {
    const { own, runtime } = virtualWorld();
    class Contradiction {
      @Cached({ maxBytes: 10 })
      async find(): Promise<number> {
        return 1;
      }
    }
    await expect(own(new Contradiction()).find()).rejects.toThrow('weigh');
    await own(new Catalog()).save();
    expect(explainAll(runtime).methods.map(({ method }) => method)).toEqual(['Catalog.save']);
  });

  test('without a runtime it is the default one', async () => {
    configure({ logger: false });
    await new Catalog().save();
    expect(explainAll().methods.map(({ method }) => method)).toContain('Catalog.save');
  });
});
