import { CachedMany, Retry, Timeout, cacheOf, oneOf } from '../../src/index.js';
import { permutations, stacked } from '../support/dialect.js';
import { virtualWorld } from '../support/virtual-world.js';

interface Product {
  readonly id: string;
}

class Catalog {
  readonly asked: (readonly string[])[] = [];

  @CachedMany({ ttl: '1m', tags: (id: string) => [`product:${id}`] })
  async products(ids: readonly string[]): Promise<Product[]> {
    this.asked.push(ids);
    return ids.map((id) => ({ id }));
  }

  @CachedMany()
  promised(ids: string[], locale: string): Promise<Map<string, string>> {
    return Promise.resolve(new Map(ids.map((id) => [id, `${id} in ${locale}`])));
  }

  static readonly loads: string[][] = [];

  @CachedMany()
  static async rates(ids: string[]): Promise<Record<string, number>> {
    Catalog.loads.push(ids);
    return Object.fromEntries(ids.map((id) => [id, 1]));
  }
}

describe('@CachedMany', () => {
  test('answers lists from the cache and asks for the rest', async () => {
    const catalog = virtualWorld().own(new Catalog());
    await catalog.products(['1']);
    expect(await catalog.products(['2', '1'])).toEqual([{ id: '2' }, { id: '1' }]);
    expect(catalog.asked).toEqual([['1'], ['2']]);
    expect(cacheOf(catalog, 'products').stats.size).toBe(2);
  });

  test('gathers single ids', async () => {
    const catalog = virtualWorld().own(new Catalog());
    const product = oneOf(catalog, 'products');
    expect(await Promise.all([product('1'), product('2')])).toEqual([{ id: '1' }, { id: '2' }]);
    expect(catalog.asked).toEqual([['1', '2']]);
    expect(await oneOf(catalog, 'promised')('a', 'en')).toBe('a in en');
  });

  test('stands on static methods', async () => {
    await Catalog.rates(['a']);
    expect(await Catalog.rates(['a', 'b'])).toEqual({ a: 1, b: 1 });
    expect(Catalog.loads).toEqual([['a'], ['b']]);
  });

  test.each(permutations(['CachedMany', 'Retry', 'Timeout']))(
    'stands at one place, written as %s, %s, %s',
    async (...names) => {
      const lines = {
        CachedMany: CachedMany(),
        Retry: Retry({ maxAttempts: 2, delay: 0 }),
        Timeout: Timeout({ total: '1s' }),
      };
      class Flaky {
        readonly asked: string[][] = [];

        @stacked(...names.map((name) => lines[name as keyof typeof lines]))
        async many(ids: string[]): Promise<string[]> {
          this.asked.push(ids);
          if (this.asked.length === 2) throw new Error('once');
          return ids;
        }
      }
      const world = virtualWorld();
      const flaky = world.own(new Flaky());
      await flaky.many(['a']);
      const call = flaky.many(['a', 'b']);
      await world.clock.advance(1);
      expect(await call).toEqual(['a', 'b']);
      expect(flaky.asked).toEqual([['a'], ['b'], ['b']]);
    },
  );

  test('makes a promise of what a method answers at once', async () => {
    class Service {
      @stacked(CachedMany())
      many(ids: string[]): unknown {
        return ids;
      }
    }
    expect(await virtualWorld().own(new Service()).many(['a'])).toEqual(['a']);
  });
});
