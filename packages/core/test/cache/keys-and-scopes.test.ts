import { Cached, ResultCache, cacheOf, resilient } from '../../src/index.js';
import { virtualWorld } from '../support/virtual-world.js';
import { Counter, cached, handleOf } from './support.js';

describe('keys', () => {
  const values = async (...calls: readonly (readonly unknown[])[]): Promise<unknown[]> => {
    const service = cached(virtualWorld(), {}, new Counter().load);
    const answers: unknown[] = [];
    for (const args of calls) answers.push(await service.get(...args));
    return answers;
  };

  test.each([
    ['1 and "1"', [1], ['1']],
    ['1n and 1', [1n], [1]],
    ['true and "true"', [true], ['true']],
    ['null and undefined', [null], [undefined]],
    ['NaN and "NaN"', [Number.NaN], ['NaN']],
    ['two arguments and their array', ['a', 'b'], [['a', 'b']]],
    ['neighbours that join up alike', ['ab', 'c'], ['a', 'bc']],
    ['an undefined in the middle', ['a', undefined, 'b'], ['a', 'b']],
    ['a hole and undefined', [new Array(1)], [[undefined]]],
    ['an object and its JSON', [{ a: 1 }], ['{"a":1}']],
    ['a Date and its number', [new Date(1)], [1]],
    ['a Map and an object', [new Map([['a', 1]])], [{ a: 1 }]],
    ['a raw string that looks encoded', ['\u0001S1:aS1:b'], ['a', 'b']],
  ])('%s are different', async (_name, first, second) => {
    expect(await values(first, second)).toEqual([1, 2]);
  });

  test.each([
    ['0 and −0', [0], [-0]],
    ['NaN and NaN', [Number.NaN], [Number.NaN]],
    ['no argument and undefined', [], [undefined]],
    ['a trailing undefined', ['a'], ['a', undefined]],
    ['the order of properties', [{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
    ['the order of a Set', [new Set([1, 2])], [new Set([2, 1])]],
    ['what toCacheKey() says', [{ toCacheKey: () => 'k', a: 1 }], [{ toCacheKey: () => 'k', a: 2 }]],
  ])('%s make no difference', async (_name, first, second) => {
    expect(await values(first, second)).toEqual([1, 1]);
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a promise', Promise.resolve(1)],
    ['an opaque instance', new (class Opaque {})()],
    [
      'a getter that throws',
      Object.defineProperty({}, 'x', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
    ],
  ])('%s as an argument: the call runs uncached, with an event', async (_name, argument) => {
    const world = virtualWorld();
    const service = cached(world, {}, new Counter().load);
    expect(await service.get(argument)).toBe(1);
    expect(await service.get(argument)).toBe(2);
    expect(world.events.count('cache.uncacheable')).toBe(2);
    expect(handleOf(service).stats).toMatchObject({ size: 0, lookups: 0 });
  });

  test('a cycle runs uncached too', async () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(await values([cycle], [cycle])).toEqual([1, 2]);
  });

  test('the key function is called once per look-up, on the instance, without the caller’s signal', async () => {
    const world = virtualWorld();
    const seen: unknown[] = [];
    const key = function key(this: unknown, ...args: unknown[]): unknown {
      seen.push([this, ...args]);
      return 'same';
    };
    const service = cached(world, { key }, new Counter().load);
    expect(await service.get('1', new AbortController().signal)).toBe(1);
    expect(await service.get('2')).toBe(1);
    expect(seen).toEqual([
      [service, '1'],
      [service, '2'],
    ]);
  });

  test('a key function may return anything that has a key', async () => {
    const service = cached(virtualWorld(), { key: (a: string, b: string) => [a, b] }, new Counter().load);
    expect(await service.get('a', 'b', 'c')).toBe(1);
    expect(await service.get('a', 'b', 'd')).toBe(1);
    expect(await service.get('a,b')).toBe(2);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['returns what has no key', () => Symbol('s')],
  ])('a key function that %s: the call runs uncached, and is reported once', async (name, key) => {
    const world = virtualWorld();
    const service = cached(world, { key }, new Counter().load);
    expect(await service.get('1')).toBe(1);
    expect(await service.get('1')).toBe(2);
    expect(world.events.count('cache.uncacheable')).toBe(2);
    expect(world.events.count('listener.failed')).toBe(name === 'throws' ? 2 : 0);
  });

  test('keys of the direct cache and of a decorated method meet', async () => {
    const service = cached(virtualWorld(), {}, new Counter().load);
    await service.get('user', 42);
    expect(handleOf(service).keys()).toEqual([ResultCache.makeKey('user', 42)]);
  });

  test('key hashes on events differ by key and show nothing of it', async () => {
    const world = virtualWorld();
    const service = cached(world, {}, new Counter().load);
    const secrets = ['token-1', 'token-2', 1, 1n, true, null, undefined];
    for (const secret of secrets) await service.get(secret);
    const hashes = world.events.of('cache.miss').map(({ keyHash }) => keyHash);
    expect(new Set(hashes).size).toBe(secrets.length);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{14}$/);
    expect(JSON.stringify(world.events.events)).not.toContain('token');
    expect(world.events.of('cache.stored').map(({ keyHash }) => keyHash)).toEqual(hashes);
  });
});

describe('scopes', () => {
  class Base {
    readonly calls: string[] = [];

    constructor(readonly tenant = 'none') {}

    @Cached()
    async own(id: string): Promise<string> {
      this.calls.push(id);
      return `${this.constructor.name} ${this.tenant} ${id}`;
    }

    @Cached({ scope: 'class' })
    async shared(id: string): Promise<string> {
      return `${this.constructor.name} ${this.tenant} ${id}`;
    }

    @Cached({ scope: (self: unknown) => (self as Base).tenant })
    async perTenant(id: string): Promise<string> {
      return `${this.tenant} ${id}`;
    }

    @Cached()
    static async fixed(id: string): Promise<string> {
      return `${this.name} ${id}`;
    }
  }
  class Users extends Base {}
  class Orders extends Base {}

  test('instance: every instance has its own entries', async () => {
    const world = virtualWorld();
    const [a, b] = [world.own(new Users('a')), world.own(new Users('b'))];
    expect(await a.own('1')).toBe('Users a 1');
    expect(await b.own('1')).toBe('Users b 1');
    await cacheOf(a, 'own').clear();
    expect(await cacheOf(b, 'own').get('1')).toBe('Users b 1');
  });

  test('class: instances share, and classes that inherit one method do not', async () => {
    const world = virtualWorld();
    const [a, b, c] = [new Users('a'), new Users('b'), new Orders('c')].map((each) => world.own(each)) as [
      Users,
      Users,
      Orders,
    ];
    expect(await a.shared('1')).toBe('Users a 1');
    expect(await b.shared('1')).toBe('Users a 1');
    expect(await c.shared('1')).toBe('Orders c 1');
    expect(await cacheOf(b, 'shared').get('1')).toBe('Users a 1');
  });

  test('a function: one cache, with the scope as part of the key', async () => {
    const world = virtualWorld();
    const [a, a2, b] = [new Users('a'), new Users('a'), new Users('b')].map((each) => world.own(each)) as [
      Users,
      Users,
      Users,
    ];
    expect(await a.perTenant('1')).toBe('a 1');
    expect(await b.perTenant('1')).toBe('b 1');
    a2.calls.push('x');
    expect(await cacheOf(a2, 'perTenant').get('1')).toBe('a 1');
    expect(cacheOf(b, 'perTenant').stats.size).toBe(2);
    await cacheOf(a, 'perTenant').invalidate('1');
    expect(cacheOf(b, 'perTenant').peek('1')).toBe('b 1');
    expect(cacheOf(a, 'perTenant').peek('1')).toBeUndefined();
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['returns no string', () => undefined as never],
  ])('a scope function that %s: the call runs uncached, so that strangers do not share', async (_name, scope) => {
    const world = virtualWorld();
    const service = cached(world, { scope }, new Counter().load);
    expect(await service.get('1')).toBe(1);
    expect(await service.get('1')).toBe(2);
    expect(world.events.count('cache.uncacheable')).toBe(2);
  });

  test('scope and key cannot be moved into each other', async () => {
    const world = virtualWorld();
    const [a, b] = [world.own(new Users('a:1')), world.own(new Users('a'))];
    expect(await a.perTenant('2')).toBe('a:1 2');
    expect(await b.perTenant('1:2')).toBe('a 1:2');
  });

  test('a static method is cached per class', async () => {
    expect(await Users.fixed('1')).toBe('Users 1');
    expect(await Orders.fixed('1')).toBe('Orders 1');
    expect(await Base.fixed('1')).toBe('Base 1');
    expect(cacheOf(Users, 'fixed').peek('1')).toBe('Users 1');
    await cacheOf(Users, 'fixed').clear();
    expect(cacheOf(Orders, 'fixed').stats.size).toBe(1);
    await cacheOf(Orders, 'fixed').clear();
    await cacheOf(Base, 'fixed').clear();
  });

  test('calls without an instance share one cache of the function', async () => {
    const counter = new Counter();
    const load = resilient(async (_id: string) => counter.load(), { name: 'loose', cache: {} });
    expect(await load('1')).toBe(1);
    expect(await load('1')).toBe(1);
    expect(load.cache.stats).toMatchObject({ size: 1, hits: 1 });
    await load.cache.clear();
    expect(await load.call(5 as never, '1')).toBe(2);
    await load.cache.clear();
  });

  test('two classes of one name, made by a function, are two', async () => {
    const make = () =>
      class Same {
        @Cached({ scope: 'class' })
        async get(): Promise<object> {
          return this;
        }
      };
    const world = virtualWorld();
    const [a, b] = [world.own(new (make())()), world.own(new (make())())];
    expect(await a.get()).toBe(a);
    expect(await b.get()).toBe(b);
    expect(Object.keys(world.runtime.stats().caches)).toEqual(['Same.get', 'Same.get#2']);
  });
});
