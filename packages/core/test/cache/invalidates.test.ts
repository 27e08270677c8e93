import { deferred } from '../../../testing/src/index.js';
import {
  Cached,
  CircuitBreaker,
  ConfigurationError,
  Fallback,
  Invalidates,
  cacheOf,
  circuitOf,
} from '../../src/index.js';
import { coded, errorOf, virtualWorld, withStatus } from '../support/virtual-world.js';

type When = 'attempted' | 'success' | 'always';

const shopWith = (when?: When, lines: { keys?: (...args: any[]) => any } = { keys: (id: string) => [id] }) => {
  class Shop {
    readonly names = new Map<string, string>([
      ['1', 'one'],
      ['2', 'two'],
    ]);
    failure: unknown = undefined;

    @Cached()
    async product(id: string, _lang?: string): Promise<string | undefined> {
      return this.names.get(id);
    }

    @CircuitBreaker({ failureThreshold: 1 })
    @Invalidates({ target: 'product', ...lines, ...(when && { when }) } as any)
    async rename(id: string, name: string): Promise<string> {
      this.names.set(id, name);
      if (this.failure !== undefined) throw this.failure;
      return name;
    }

    @Invalidates({ target: 'product', ...lines } as any)
    renameNow(id: string, name: string): string {
      this.names.set(id, name);
      return name;
    }
  }
  const world = virtualWorld();
  const shop = world.own(new Shop());
  return { world, shop, handle: cacheOf(shop, 'product') };
};

const warmed = async (...args: Parameters<typeof shopWith>) => {
  const made = shopWith(...args);
  await made.shop.product('1');
  await made.shop.product('2');
  await made.shop.product('2');
  return made;
};

describe('@Invalidates', () => {
  test('removes the keys that the method makes out of date, after its success, and no others', async () => {
    const { shop, handle, world } = await warmed();
    await shop.rename('1', 'uno');
    expect(handle.peek('1')).toBeUndefined();
    expect(handle.peek('2')).toBe('two');
    expect(await shop.product('1')).toBe('uno');
    expect(world.events.of('cache.invalidated')).toMatchObject([
      { method: 'Shop.product', reason: 'manual', entries: 1 },
    ]);
  });

  test('works on synchronous methods', async () => {
    const { shop } = await warmed();
    shop.renameNow('1', 'uno');
    expect(await shop.product('1')).toBe('uno');
  });

  test('without keys removes all entries of the target and keeps its counts', async () => {
    const { shop, handle } = await warmed(undefined, {});
    await shop.rename('1', 'uno');
    expect(handle.stats).toMatchObject({ size: 0, hits: 1, misses: 2 });
    await shop.rename('1', 'uno');
  });

  test('an element that is an array stands for several arguments', async () => {
    const { shop, handle } = shopWith(undefined, { keys: (id: string) => [[id, 'de'], id] });
    await shop.product('1', 'de');
    await shop.product('1', 'fr');
    await shop.product('1');
    await shop.rename('1', 'uno');
    expect([handle.peek('1', 'de'), handle.peek('1', 'fr'), handle.peek('1')]).toEqual([undefined, 'one', undefined]);
  });

  test('keys are made on the instance with the arguments of the call', async () => {
    const seen: unknown[] = [];
    const { shop } = await warmed(undefined, {
      keys(this: unknown, ...args: unknown[]) {
        seen.push(this, args);
        return [];
      },
    });
    await shop.rename('1', 'uno');
    expect(seen).toEqual([shop, ['1', 'uno']]);
  });

  const timedOut = coded('ETIMEDOUT');
  test.each([
    ['attempted', timedOut, true],
    ['attempted', withStatus(503), true],
    ['attempted', withStatus(408), true],
    ['attempted', new TypeError('oops'), true],
    ['attempted', new DOMException('aborted', 'AbortError'), true],
    ['attempted', withStatus(422), false],
    ['attempted', withStatus(401), false],
    ['attempted', withStatus(404), false],
    ['attempted', new ConfigurationError('wrong'), false],
    ['success', timedOut, false],
    ['success', withStatus(422), false],
    ['always', timedOut, true],
    ['always', withStatus(422), true],
  ] as const)('%s, after %s: removed is %p', async (when, failure, isRemoved) => {
    const { shop, handle } = await warmed(when);
    shop.failure = failure;
    expect(await errorOf(shop.rename('1', 'uno'))).toBe(failure);
    expect(handle.peek('1')).toBe(isRemoved ? undefined : 'one');
  });

  test.each([
    [undefined, false],
    ['success', false],
    ['always', true],
  ] as const)('%p, after a refusal: removed is %p', async (when, isRemoved) => {
    const { shop, handle } = await warmed(when);
    circuitOf(shop, 'rename').open();
    expect(await errorOf(shop.rename('1', 'uno'))).toMatchObject({ code: 'CIRCUIT_OPEN' });
    expect(handle.peek('1')).toBe(isRemoved ? undefined : 'one');
  });

  test.each(['attempted', 'success', 'always'] as const)('%s: success removes', async (when) => {
    const { shop, handle } = await warmed(when);
    await shop.rename('1', 'uno');
    expect(handle.peek('1')).toBeUndefined();
  });

  test('a fallback outside is no success of the method', async () => {
    const world = virtualWorld();
    class Shop {
      @Cached()
      async product(id: string): Promise<string> {
        return id;
      }

      @Fallback({ value: 'later' })
      @Invalidates({ target: 'product', keys: (id: string) => [id], when: 'success' })
      async rename(_id: string): Promise<string> {
        throw withStatus(503);
      }
    }
    const shop = world.own(new Shop());
    await shop.product('1');
    expect(await shop.rename('1')).toBe('later');
    expect(cacheOf(shop, 'product').peek('1')).toBe('1');
  });

  test('a load under way is detached: what it brings is not stored', async () => {
    const world = virtualWorld();
    const gate = deferred<string>();
    class Shop {
      @Cached()
      async product(_id: string): Promise<string> {
        return gate.promise;
      }

      @Invalidates({ target: 'product', keys: (id: string) => [id] })
      async rename(_id: string): Promise<void> {}
    }
    const shop = world.own(new Shop());
    const early = shop.product('1');
    await shop.rename('1');
    gate.resolve('old');
    expect(await early).toBe('old');
    expect(cacheOf(shop, 'product').peek('1')).toBeUndefined();
  });

  test('one key that cannot be made keeps none of the others, and is reported', async () => {
    const { shop, handle, world } = await warmed(undefined, { keys: () => [Symbol('s'), '1'] });
    expect(await shop.rename('1', 'uno')).toBe('uno');
    expect(handle.peek('1')).toBeUndefined();
    expect(world.events.of('listener.failed')).toMatchObject([{ source: '@Invalidates keys' }]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['returns a string', () => '12'],
    ['returns nothing', () => undefined],
  ])('keys that %s is reported and leaves the call as it is', async (_name, keys) => {
    const { shop, handle, world } = await warmed(undefined, { keys });
    expect(await shop.rename('1', 'uno')).toBe('uno');
    expect(handle.stats.size).toBe(2);
    expect(world.events.of('listener.failed')).toMatchObject([{ source: '@Invalidates keys' }]);
  });

  test('a wrong target is told before the method runs, at every call', async () => {
    const world = virtualWorld();
    let calls = 0;
    class Shop {
      async plain(): Promise<void> {}

      @Invalidates({ target: 'prodct' })
      async missing(): Promise<void> {
        calls += 1;
      }

      @CircuitBreaker()
      async uncached(): Promise<void> {}

      @Invalidates({ target: 'uncached' })
      async notCached(): Promise<void> {
        calls += 1;
      }
    }
    const shop = world.own(new Shop());
    for (let repeated = 0; repeated < 2; repeated += 1) {
      expect(await errorOf(shop.missing())).toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringContaining("target 'prodct' is no decorated method of this object"),
      });
      expect(await errorOf(shop.notCached())).toMatchObject({
        message: expect.stringContaining("target 'uncached' is not cached"),
      });
    }
    expect(calls).toBe(0);
  });

  test.each([
    [{}, /target is missing/],
    [{ target: '' }, /target must be a non-empty string/],
    [{ target: 'product', keys: ['1'] }, /keys must be a function/],
    [{ target: 'product', when: 'sucess' }, /did you mean 'success'/],
    [{ target: 'product', tag: ['a'] }, /tag is not an option/],
    [undefined, /target is missing/],
  ])('the options %p are refused when the class is defined', (options, message) => {
    expect(() => shopWithOptions(options)).toThrow(message);
  });

  test('a symbol may be the target', async () => {
    const world = virtualWorld();
    const read = Symbol('read');
    class Shop {
      @Cached()
      async [read](id: string): Promise<string> {
        return id;
      }

      @Invalidates({ target: read })
      async write(): Promise<void> {}
    }
    const shop = world.own(new Shop());
    await shop[read]('1');
    await shop.write();
    expect(cacheOf(shop, read).stats.size).toBe(0);
  });
});

const shopWithOptions = (options: unknown): unknown => {
  class Shop {
    @Invalidates(options as any)
    async write(): Promise<void> {}
  }
  return Shop;
};
