import { deferred } from '../../../testing/src/index.js';
import { Cached, Invalidates, type InvalidatesOptions, Resilient, cacheOf, explain } from '../../src/index.js';
import { stacked } from '../support/dialect.js';
import { coded, errorOf, virtualWorld, withStatus } from '../support/virtual-world.js';

type Lines = readonly unknown[];

/** Two classes that know nothing of each other, in one runtime. */
const shopWith = (...lines: Lines) => {
  class Catalog {
    loads = 0;

    @Cached({ tags: (id: string) => [`product:${id}`, 'products'], staleIfError: '1h' })
    async product(_id: string): Promise<number> {
      return (this.loads += 1);
    }

    @Cached({ tags: ['products'] })
    async bestsellers(): Promise<number> {
      return (this.loads += 1);
    }
  }
  class Prices {
    readonly tenant = 'acme';
    failure: unknown = undefined;
    work: Promise<void> | undefined = undefined;

    @stacked(...lines)
    async change(_id: string, _price?: number): Promise<string> {
      await this.work;
      if (this.failure !== undefined) throw this.failure;
      return 'changed';
    }
  }
  const world = virtualWorld();
  const catalog = world.own(new Catalog());
  const prices = world.own(new Prices());
  const [product, bestsellers] = [cacheOf(catalog, 'product'), cacheOf(catalog, 'bestsellers')];
  const warm = async (): Promise<void> => {
    await catalog.product('1');
    await catalog.product('2');
    await catalog.bestsellers();
  };
  const left = (): unknown[] => [product.peek('1'), product.peek('2'), bestsellers.peek()];
  return { world, catalog, prices, warm, left };
};

const byTags = (options: object) => Invalidates(options as InvalidatesOptions<any[], any> & { readonly tags: never });

describe('@Invalidates by tags', () => {
  test('reaches every cache of the runtime, of whatever class', async () => {
    const { prices, warm, left } = shopWith(byTags({ tags: ['products'] }));
    await warm();
    expect(await prices.change('1')).toBe('changed');
    expect(left()).toEqual([undefined, undefined, undefined]);
  });

  test('names the tags by the arguments of the call, and this', async () => {
    const seen: unknown[] = [];
    const { prices, warm, left } = shopWith(
      byTags({
        tags(this: { tenant: string }, id: string, price: number) {
          seen.push([this.tenant, price]);
          return [`product:${id}`];
        },
      }),
    );
    await warm();
    await prices.change('1', 20);
    expect(left()).toEqual([undefined, 2, 3]);
    expect(seen).toEqual([['acme', 20]]);
  });

  test('removes after the call, so that the next reader reads what was written', async () => {
    const written = deferred<void>();
    const { world, prices, warm, left } = shopWith(byTags({ tags: ['products'] }));
    await warm();
    prices.work = written.promise;
    const call = prices.change('1');
    await world.clock.settle();
    expect(left()).toEqual([1, 2, 3]);
    written.resolve();
    await call;
    expect(left()).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    ['attempted', coded('ETIMEDOUT'), true],
    ['attempted', withStatus(422), false],
    ['success', coded('ETIMEDOUT'), false],
    ['always', withStatus(422), true],
  ] as const)('%s, after %s: removed is %p', async (when, failure, isRemoved) => {
    const { prices, warm, left } = shopWith(byTags({ tags: ['products'], when }));
    await warm();
    prices.failure = failure;
    expect(await errorOf(prices.change('1'))).toBe(failure);
    expect(left()).toEqual(isRemoved ? [undefined, undefined, undefined] : [1, 2, 3]);
  });

  test('a read under way is not stored', async () => {
    const { world, prices } = shopWith(byTags({ tags: ['orders'] }));
    const gate = deferred<string>();
    class Orders {
      @Cached({ tags: ['orders'] })
      list(): Promise<string> {
        return gate.promise;
      }
    }
    const orders = world.own(new Orders());
    const read = orders.list();
    await prices.change('1');
    gate.resolve('old');
    expect(await read).toBe('old');
    expect(cacheOf(orders, 'list').peek()).toBeUndefined();
  });

  test('tags and the keys of a target go together', async () => {
    class Books {
      loads = 0;
      @Cached()
      async book(_id: string): Promise<number> {
        return (this.loads += 1);
      }
      @Cached({ tags: ['lists'] })
      async list(): Promise<number> {
        return (this.loads += 1);
      }
      @Invalidates({ target: 'book', keys: (id) => [id], tags: ['lists'] })
      async write(_id: string): Promise<void> {}
    }
    const books = virtualWorld().own(new Books());
    await books.book('1');
    await books.book('2');
    await books.list();
    await books.write('1');
    const book = cacheOf(books, 'book');
    expect([book.peek('1'), book.peek('2'), cacheOf(books, 'list').peek()]).toEqual([undefined, 2, undefined]);
  });

  test('what is no tag is reported, and keeps none of the others', async () => {
    const { world, prices, warm, left } = shopWith(byTags({ tags: () => ['', 'product:1', 7] }));
    await warm();
    expect(await prices.change('1')).toBe('changed');
    expect(left()).toEqual([undefined, 2, 3]);
    expect(world.events.of('listener.failed')).toMatchObject([{ source: '@Invalidates tags' }]);
  });

  test.each([
    ['throws', () => fail()],
    ['returns no list', () => 'products'],
  ])('a function that %s is reported; the write stays done', async (_, tags) => {
    const { world, prices, warm, left } = shopWith(byTags({ tags }));
    await warm();
    expect(await prices.change('1')).toBe('changed');
    expect(left()).toEqual([1, 2, 3]);
    expect(world.events.of('listener.failed')).toHaveLength(1);
  });

  test('options merge from the class to the method', async () => {
    @Resilient({ invalidates: { tags: ['products'], when: 'always' }, include: ['change'] })
    class Prices {
      @Invalidates({ tags: ['prices'] })
      async change(): Promise<void> {}
    }
    const described = explain(virtualWorld().own(new Prices())).methods[0]?.stack[0];
    expect(described).toMatchObject({ policy: 'invalidates', options: { tags: ['prices'], when: 'always' } });
  });

  test('another runtime is left alone', async () => {
    const { warm, left } = shopWith(byTags({ tags: ['products'] }));
    const { prices } = shopWith(byTags({ tags: ['products'] }));
    await warm();
    await prices.change('1');
    expect(left()).toEqual([1, 2, 3]);
  });
});

const fail = (): never => {
  throw new Error('no tags today');
};
