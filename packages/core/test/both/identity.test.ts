import 'reflect-metadata';
import { Cached, CircuitBreaker, Fallback, Resilient, Retry, Timeout } from '../../src/index.js';
import { stacked } from '../support/dialect.js';
import { virtualWorld } from '../support/virtual-world.js';

const all = () => [Cached(), Retry(), CircuitBreaker(), Timeout('1s'), Fallback({ value: 'x' as never })];

/** A foreign decorator that marks the function it finds, as guards and routes do. */
const marking =
  (key: string, value: unknown) =>
  (first: any, second: any, third?: PropertyDescriptor): void => {
    const fn = typeof second === 'object' ? first : third?.value;
    Reflect.defineMetadata(key, value, fn);
    Object.defineProperty(fn, `own-${key}`, { value, enumerable: true, configurable: true });
  };

describe('a decorated method is still the method', () => {
  const symbol = Symbol('find');

  class Orders {
    @stacked(...all())
    async place(id: string, count: number, note = ''): Promise<string> {
      return `${id}${count}${note}`;
    }

    @Retry()
    async [symbol](): Promise<void> {}
  }

  test('by name', () => {
    expect(Orders.prototype.place.name).toBe('place');
    expect(Orders.prototype[symbol].name).toBe('[find]');
  });

  test('by length: parameters before the first default', () => {
    expect(Orders.prototype.place).toHaveLength(2);
    expect(Orders.prototype[symbol]).toHaveLength(0);
  });

  test('by having no prototype: nobody can construct it', () => {
    expect(Object.hasOwn(Orders.prototype.place, 'prototype')).toBe(false);
    expect(() => Reflect.construct(Orders.prototype.place, [])).toThrow(TypeError);
  });

  test('by place: its descriptor is that of a method', () => {
    expect(Object.getOwnPropertyDescriptor(Orders.prototype, 'place')).toMatchObject({
      writable: true,
      enumerable: false,
      configurable: true,
    });
    expect(Object.keys(new Orders())).toEqual([]);
  });

  test.each([
    ['before ours', (mark: unknown, ours: unknown[]) => [...ours, mark]],
    ['after ours', (mark: unknown, ours: unknown[]) => [mark, ...ours]],
    ['between ours', (mark: unknown, ours: unknown[]) => [...ours.slice(0, 2), mark, ...ours.slice(2)]],
  ])('by reflect-metadata and own properties put on %s', (_where, order) => {
    class Marked {
      @stacked(...order(marking('role', { admin: true }), all()))
      async find(): Promise<string> {
        return 'x';
      }
    }
    const { find } = Marked.prototype;
    expect(Reflect.getMetadata('role', find)).toEqual({ admin: true });
    expect(Object.getOwnPropertyDescriptor(find, 'own-role')).toEqual({
      value: { admin: true },
      enumerable: true,
      configurable: true,
      writable: false,
    });
  });

  test('own properties on the function are copied with their descriptors, accessors included', () => {
    let reads = 0;
    const withAccessor = (first: any, second: any, third?: PropertyDescriptor): void => {
      const fn = typeof second === 'object' ? first : third?.value;
      Object.defineProperty(fn, 'live', { get: () => ++reads, configurable: true });
    };
    class Marked {
      @Retry()
      @withAccessor
      async find(): Promise<void> {}
    }
    expect(reads).toBe(0);
    expect((Marked.prototype.find as unknown as { live: number }).live).toBe(1);
  });

  test('wrapping twice in one place keeps one wrapper: identity is stable for maps and spies', () => {
    const seen = new Set<unknown>();
    const collect = (first: any, second: any, third?: PropertyDescriptor): void =>
      void seen.add(typeof second === 'object' ? first : third?.value);
    class Marked {
      @stacked(collect, Retry(), collect, Timeout('1s'), collect, Resilient({ circuitBreaker: true }))
      async find(): Promise<void> {}
    }
    expect([...seen]).toEqual([Marked.prototype.find]);
  });
});

describe('a call reaches the method as it was made', () => {
  class Orders {
    seen: unknown[] = [];

    @stacked(...all())
    async place(...args: unknown[]): Promise<string> {
      this.seen.push(args);
      return `${args.length}`;
    }

    @Retry()
    async optional(first: string, second?: string): Promise<number> {
      void first;
      void second;
      return arguments.length;
    }

    @Retry()
    async own(): Promise<unknown> {
      return this;
    }
  }

  test.each([[[]], [[undefined]], [['a', undefined]], [[1, null, { x: 1 }, [2]]]])(
    'arguments are neither added nor dropped: %j',
    async (args) => {
      const orders = virtualWorld().own(new Orders());
      await orders.place(...args);
      expect(orders.seen).toEqual([args]);
      expect((orders.seen[0] as unknown[]).length).toBe(args.length);
    },
  );

  test('the same argument objects arrive', async () => {
    const orders = virtualWorld().own(new Orders());
    const given = { id: 1 };
    await orders.place(given);
    expect((orders.seen[0] as unknown[])[0]).toBe(given);
  });

  test('optional parameters keep their places', async () => {
    const orders = virtualWorld().own(new Orders());
    await expect(orders.optional('a')).resolves.toBe(1);
    await expect(orders.optional('a', undefined)).resolves.toBe(2);
  });

  test('`this` is the instance', async () => {
    const orders = virtualWorld().own(new Orders());
    await expect(orders.own()).resolves.toBe(orders);
  });

  test('`this` is what the call says: bound, borrowed, or nothing', async () => {
    const orders = virtualWorld().own(new Orders());
    const other = { other: true };
    await expect(orders.own.bind(orders)()).resolves.toBe(orders);
    await expect(Orders.prototype.own.call(other as never)).resolves.toBe(other);
    const { own } = orders;
    await expect(own()).resolves.toBeUndefined();
    await expect(Orders.prototype.own.call(7 as never)).resolves.toBe(7);
  });

  test('the proxy of an instance stays the proxy', async () => {
    const orders = virtualWorld().own(new Orders());
    const proxy = new Proxy(orders, {});
    await expect(proxy.own()).resolves.toBe(proxy);
  });
});
