import { Cached, cacheOf, explain, resilient } from '../../src/index.js';
import { thrownBy } from '../support/dialect.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

describe('resilient(fn)', () => {
  test('keeps name and length, and gives the function its policies', async () => {
    let calls = 0;
    async function loadProduct(id: string, language = 'en'): Promise<string> {
      calls += 1;
      if (calls < 3) throw coded('ECONNRESET');
      return `${id} ${language}`;
    }
    const load = resilient(loadProduct, { retry: { maxAttempts: 3, delay: 0 } });
    expect([load.name, load.length]).toEqual(['loadProduct', 1]);
    const world = virtualWorld();
    await expect(world.clock.until(world.runtime.run(() => load('1')))).resolves.toBe('1 en');
    expect(explain(load).methods[0]).toMatchObject({ method: 'loadProduct', kind: 'async' });
  });

  test('leaves the function itself alone', async () => {
    const plain = async (): Promise<string> => 'x';
    resilient(plain, { cache: true });
    expect(explain(plain).methods).toEqual([]);
    expect('cache' in plain).toBe(false);
  });

  test('twice on one function makes two strangers', async () => {
    let calls = 0;
    const plain = async (): Promise<number> => (calls += 1);
    const one = resilient(plain, { cache: true });
    const other = resilient(plain, { cache: true });
    await virtualWorld().runtime.run(async () => {
      expect([await one(), await one(), await other()]).toEqual([1, 1, 2]);
    });
  });

  test('of a resilient function is a stack around a stack', async () => {
    let calls = 0;
    const inner = resilient(
      async () => {
        calls += 1;
        throw coded('ECONNRESET');
      },
      { retry: { maxAttempts: 2, delay: 0 }, name: 'inner' },
    );
    const outer = resilient(inner, { retry: { maxAttempts: 2, delay: 0 }, name: 'outer' });
    const world = virtualWorld();
    await world.clock.until(world.runtime.run(() => settledOf(outer())));
    expect(calls).toBe(4);
  });

  test('passes `this` on', async () => {
    const fn = resilient(
      async function (this: { name: string }) {
        return this.name;
      },
      { retry: true },
    );
    await expect(virtualWorld().runtime.run(() => fn.call({ name: 'Ada' }))).resolves.toBe('Ada');
  });

  test('of a synchronous function stays synchronous', () => {
    const double = resilient((n: number) => n * 2, { cache: true });
    expect(virtualWorld().runtime.run(() => [double(2), double(2)])).toEqual([4, 4]);
  });

  test('takes a name for events', async () => {
    const world = virtualWorld();
    const load = resilient(async () => 'x', { retry: true, name: 'products' });
    await world.runtime.run(() => load());
    expect(world.events.last('call.succeeded')?.method).toBe('products');
    const anonymous = resilient(
      (
        () => async () =>
          'x'
      )(),
      { retry: true },
    );
    await world.runtime.run(() => anonymous());
    expect(world.events.last('call.succeeded')?.method).toBe('anonymous');
  });

  test('takes the name of a policy', () => {
    const { runtime } = virtualWorld({ policies: { patient: { retry: { maxAttempts: 9 } } } });
    const load = resilient(async () => 'x', 'patient');
    expect(runtime.run(() => explain(load)).methods[0]?.amplification).toBe(9);
  });

  test('has its cache under fn.cache', async () => {
    let calls = 0;
    const load = resilient(async (id: string) => `${id}${(calls += 1)}`, { cache: { ttl: '1m' } });
    await virtualWorld().runtime.run(async () => {
      await load('a');
      expect(load.cache.peek('a')).toBe('a1');
      await load.cache.set(['b'], 'given');
      expect(await load('b')).toBe('given');
      expect(await load.cache.invalidate('a')).toBe(true);
      expect(await load('a')).toBe('a2');
      expect(load.cache.stats).toMatchObject({ hits: 1, misses: 2 });
      expect(await load.cache.refresh(['a'])).toBe('a3');
      expect(load.cache.keys()).toHaveLength(2);
      await load.cache.clear();
      expect(load.cache.peek('a')).toBeUndefined();
    });
  });

  test('has one cache when it is an arrow function, whatever object it is called on', async () => {
    let calls = 0;
    const load = resilient(async (id: string) => `${id}${(calls += 1)}`, { cache: true });
    const service = { load };
    class Other {
      readonly load = load;
    }
    await virtualWorld().runtime.run(async () => {
      expect([await load('x'), await service.load('x'), await new Other().load('x')]).toEqual(['x1', 'x1', 'x1']);
      expect(service.load.cache.peek('x')).toBe('x1');
    });
  });

  test('written in a field is the method of that instance, with a cache of its own', async () => {
    class Products {
      readonly #shop: string;
      calls = 0;
      constructor(shop: string) {
        this.#shop = shop;
      }
      readonly load = resilient(
        async (id: string) => {
          this.calls += 1;
          return `${this.#shop} ${id}`;
        },
        { cache: true },
      );
    }
    const [a, b] = [new Products('a'), new Products('b')];
    await virtualWorld().runtime.run(async () => {
      expect([await a.load('1'), await b.load('1'), await a.load('1')]).toEqual(['a 1', 'b 1', 'a 1']);
      expect(a.calls).toBe(1);
      expect(a.load.cache.peek('1')).toBe('a 1');
    });
  });

  test('around one that is an arrow function has one cache as well', async () => {
    let calls = 0;
    const inner = resilient(async (id: string) => `${id}${(calls += 1)}`, { retry: true });
    const service = { load: resilient(inner, { cache: true }) };
    await virtualWorld().runtime.run(async () => {
      await service.load('x');
      expect(service.load.cache.peek('x')).toBe('x1');
    });
  });

  test('made and dropped in great numbers leaves no references behind', async () => {
    const { runtime } = virtualWorld();
    const { all } = await runtime.run(async () => {
      for (let round = 0; round < 4; round += 1) {
        for (let n = 0; n < 250; n += 1) await resilient(async () => n, { cache: true, name: 'short-lived' })();
        await new Promise((resolve) => setImmediate(resolve));
        globalThis.gc?.();
      }
      return runtime.state.get('bindings') as { all: Set<unknown> };
    });
    // When garbage is collected is the engine's affair; that it can be collected is ours.
    for (let round = 0; round < 50 && all.size >= 700; round += 1) {
      globalThis.gc?.();
      await new Promise((resolve) => setImmediate(resolve));
      runtime.health();
    }
    expect(all.size).toBeLessThan(700);
  });

  test('keeps the entries of different `this` apart when the function can see it', async () => {
    const load = resilient(
      async function (this: { tenant: string }, id: string) {
        return `${this.tenant} ${id}`;
      },
      { cache: true },
    );
    await virtualWorld().runtime.run(async () => {
      expect(await load.call({ tenant: 'a' }, '1')).toBe('a 1');
      expect(await load.call({ tenant: 'b' }, '1')).toBe('b 1');
    });
  });

  test('treats a bound function as one that cannot see `this`', async () => {
    const source = {
      calls: 0,
      async load(id: string) {
        this.calls += 1;
        return id;
      },
    };
    const load = resilient(source.load.bind(source), { cache: true });
    const holder = { load };
    await virtualWorld().runtime.run(async () => {
      await holder.load('1');
      await load('1');
    });
    expect(source.calls).toBe(1);
  });

  test('replaces a property named cache that the function had, on the wrapper only', () => {
    const memoized = Object.assign(async () => 'x', { cache: new Map() });
    const load = resilient(memoized, { cache: true });
    expect(memoized.cache).toBeInstanceOf(Map);
    expect(virtualWorld().runtime.run(() => load.cache.stats.size)).toBe(0);
  });

  test('without a cache says so under fn.cache', () => {
    const load = resilient(async () => 'x', { retry: true, name: 'products' });
    expect(thrownBy(() => virtualWorld().runtime.run(() => load.cache)).message).toBe(
      'cacheOf: products has no @Cached; add one, or enable the framework',
    );
  });

  test('may stand in the place of a method, decorated further', async () => {
    let calls = 0;
    class Products {
      @Cached()
      async load(id: string): Promise<string> {
        return resilient(async () => `${id}${(calls += 1)}`, { retry: true })();
      }
    }
    const world = virtualWorld();
    const products = world.own(new Products());
    expect([await products.load('a'), await products.load('a')]).toEqual(['a1', 'a1']);
    expect(cacheOf(products, 'load').peek('a')).toBe('a1');
  });

  test.each([
    ['nothing to wrap', () => resilient(undefined as never, {}), 'resilient(): needs a function, got undefined'],
    [
      'no options',
      () => resilient(function load() {} as never, undefined as never),
      'resilient() on load: needs options or the name of a policy, got undefined',
    ],
    [
      'a number',
      () => resilient(function load() {} as never, 5 as never),
      'resilient() on load: needs options or the name of a policy, got 5',
    ],
    [
      'an empty name',
      () => resilient(function load() {}, { name: '' }),
      "resilient() on load: name must be a non-empty string, got ''",
    ],
    [
      'a typo',
      () => resilient(function load() {}, { rtry: 1 } as never),
      "resilient() on load: rtry is not an option; did you mean 'retry'?",
    ],
    [
      'a wrong option',
      () => resilient(function load() {}, { retry: { delay: -1 } }),
      'resilient() retry on load: delay must be >= 0 ms, got -1',
    ],
    [
      'include',
      () => resilient(function load() {}, { retry: true, include: ['x'] }),
      'resilient() on load: include and exclude belong to @Resilient on a class',
    ],
    [
      'a synchronous function with retry',
      () => resilient(function load() {}, { async: false, retry: true }),
      'resilient() on load: @Retry needs a method that returns a Promise; make it async, or remove the policy',
    ],
  ])('refuses %s', (_what, make, message) => {
    expect(thrownBy(make)).toMatchObject({ name: 'ConfigurationError', message });
  });
});
