import { Cached, CircuitBreaker, Retry, cacheOf, circuitOf, explain } from '../../src/index.js';
import { thrownBy, withoutSource } from '../support/dialect.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

class Catalog {
  static loads = 0;
  calls = 0;

  @Cached({ ttl: '1m' })
  @Retry({ maxAttempts: 3, delay: 0 })
  async #find(id: string): Promise<string> {
    this.calls += 1;
    if (this.calls < 3) throw coded('ECONNRESET');
    return `${id}${this.calls}`;
  }

  find(id: string): Promise<string> {
    return this.#find(id);
  }

  @Cached()
  static async #all(id: string): Promise<string> {
    this.loads += 1;
    return `all ${id}`;
  }

  static all(id: string): Promise<string> {
    return Catalog.#all(id);
  }

  @CircuitBreaker({ failureThreshold: 1 })
  #guarded(): string {
    throw coded('ECONNRESET');
  }

  guarded(): string {
    return this.#guarded();
  }
}

type Find = (id: string) => Promise<string>;

describe('a #private method', () => {
  test('has its policies', async () => {
    const world = virtualWorld();
    const catalog = world.own(new Catalog());
    await expect(world.clock.until(catalog.find('x'))).resolves.toBe('x3');
    await expect(catalog.find('x')).resolves.toBe('x3');
    expect(catalog.calls).toBe(3);
  });

  test('is synchronous when it is', () => {
    const catalog = virtualWorld().own(new Catalog());
    expect(() => catalog.guarded()).toThrow('ECONNRESET');
    expect(() => catalog.guarded()).toThrow(
      expect.objectContaining({ code: 'CIRCUIT_OPEN', method: 'Catalog.#guarded' }),
    );
    expect(circuitOf<() => void>(catalog, '#guarded').state).toBe('open');
  });

  test('appears in explain(instance) after its first call', async () => {
    const world = virtualWorld();
    const catalog = world.own(new Catalog());
    expect(explain(catalog).methods).toEqual([]);
    await world.clock.until(catalog.find('x'));
    expect(explain(catalog).methods.map(({ method, stack }) => [method, stack.map(({ policy }) => policy)])).toEqual([
      ['Catalog.#find', ['cached', 'retry']],
    ]);
  });

  test('is reached by cacheOf with its signature after its first call', async () => {
    const world = virtualWorld();
    const catalog = world.own(new Catalog());
    expect(thrownBy(() => cacheOf<Find>(catalog, '#find')).message).toBe(
      "cacheOf: Catalog has no decorated method '#find'; a private method is known after its first call",
    );
    await world.clock.until(catalog.find('x'));
    const cache = cacheOf<Find>(catalog, '#find');
    expect(cache.peek('x')).toBe('x3');
    await cache.set(['y'], 'given');
    await expect(catalog.find('y')).resolves.toBe('given');
    await expect(cache.refresh(['x'])).resolves.toBe('x4');
    expect(cache.stats).toMatchObject({ size: 2 });
  });

  test('of two classes with one name are two methods', async () => {
    class Other {
      @Cached()
      async #find(id: string): Promise<string> {
        return `other ${id}`;
      }
      find(id: string): Promise<string> {
        return this.#find(id);
      }
    }
    const world = virtualWorld();
    const [catalog, other] = [world.own(new Catalog()), world.own(new Other())];
    await world.clock.until(catalog.find('x'));
    await other.find('x');
    expect(cacheOf<Find>(other, '#find').peek('x')).toBe('other x');
    expect(cacheOf<Find>(catalog, '#find').peek('x')).toBe('x3');
  });

  test('belongs to the concrete class of the instance', async () => {
    class Special extends Catalog {}
    const world = virtualWorld();
    const special = world.own(new Special());
    await world.clock.until(settledOf(special.find('x')));
    expect(explain(special).methods.map(({ method }) => method)).toEqual(['Special.#find']);
  });

  test('is not reached by class-level policies', () => {
    expect(explain(Catalog).coverage).toBeUndefined();
  });
});

describe('a static #private method', () => {
  test('has its policies, on the class', async () => {
    virtualWorld().own(Catalog);
    expect([await Catalog.all('1'), await Catalog.all('1')]).toEqual(['all 1', 'all 1']);
    expect(Catalog.loads).toBe(1);
    expect(cacheOf<Find>(Catalog, '#all').peek('1')).toBe('all 1');
    expect(explain(Catalog).methods.map(({ method }) => method)).toEqual(['Catalog.#all']);
  });
});

describe('what this dialect has besides', () => {
  test('class expressions and mixins are decorated when they are made', async () => {
    const Loading = <Base extends new (...args: any[]) => object>(Parent: Base) =>
      class extends Parent {
        calls = 0;

        @Retry({ maxAttempts: 2, delay: 0 })
        async load(): Promise<void> {
          this.calls += 1;
          throw coded('ECONNRESET');
        }
      };
    const First = Loading(class Left {});
    const Second = Loading(class Right {});
    const world = virtualWorld();
    const [first, second] = [world.own(new First()), world.own(new Second())];
    await world.clock.until(settledOf(first.load()));
    await world.clock.until(settledOf(second.load()));
    expect([first.calls, second.calls]).toEqual([2, 2]);
    expect(explain(First).methods[0]?.method).toBe('load');
  });

  test.each([
    [
      '@Cached on auto: stands on an accessor; move the work into a method',
      () => {
        class Orders {
          @(Cached() as any)
          accessor auto = 1;
        }
        return Orders;
      },
    ],
    [
      '@Cached on shared: stands on an accessor; move the work into a method',
      () => {
        class Orders {
          @(Cached() as any)
          static accessor shared = 1;
        }
        return Orders;
      },
    ],
    [
      '@Retry on #field: stands on a field; write it as a method, or wrap the function with resilient(fn, options)',
      () => {
        class Orders {
          @(Retry() as any)
          #field = 1;
          get field(): number {
            return this.#field;
          }
        }
        return Orders;
      },
    ],
    [
      '@Retry on #size: stands on a getter; move the work into a method',
      () => {
        class Orders {
          @(Retry() as any)
          get #size(): number {
            return 1;
          }
          get size(): number {
            return this.#size;
          }
        }
        return Orders;
      },
    ],
  ])('%s', (message, define) => {
    const error = thrownBy(define);
    expect(error.name).toBe('ConfigurationError');
    expect(withoutSource(error.message)).toBe(message);
  });
});
