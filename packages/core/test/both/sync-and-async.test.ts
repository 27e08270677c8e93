import {
  Bulkhead,
  Cached,
  CircuitBreaker,
  Fallback,
  Invalidates,
  Resilient,
  Retry,
  Timeout,
  cacheOf,
  explain,
  memoryStore,
} from '../../src/index.js';
import { emitsTypes, stacked, thrownBy } from '../support/dialect.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

const kindOf = (Class: new () => object, method: string): string | undefined =>
  explain(virtualWorld().own(new Class())).methods.find((each) => each.method.endsWith(`.${method}`))?.kind;

describe('a synchronous method stays synchronous', () => {
  class Rates {
    calls = 0;
    fails = false;

    #answer(value: string): string {
      this.calls += 1;
      if (this.fails) throw coded('ECONNRESET');
      return value;
    }

    @Cached({ ttl: '1m', staleIfError: '1h' })
    cached(currency: string): string {
      return this.#answer(currency);
    }

    @CircuitBreaker({ failureThreshold: 1 })
    guarded(): string {
      return this.#answer('fine');
    }

    @Fallback((error) => `fallback for ${(error as Error).message}`)
    covered(): string {
      return this.#answer('fine');
    }

    @Fallback({ value: 'none' })
    @Cached()
    @CircuitBreaker()
    stacked(): string {
      return this.#answer('fine');
    }

    @Invalidates({ target: 'cached', keys: (currency: string) => [currency] })
    update(currency: string): string {
      return `updated ${currency}`;
    }
  }

  test('with @Cached: a value, not a promise, also from the cache', () => {
    const rates = virtualWorld().own(new Rates());
    expect(rates.cached('EUR')).toBe('EUR');
    expect(rates.cached('EUR')).toBe('EUR');
    expect(rates.calls).toBe(1);
    expect(cacheOf(rates, 'cached').stats).toMatchObject({ hits: 1, misses: 1 });
  });

  test('with @Cached({ staleIfError }): the last value instead of an exception', async () => {
    const world = virtualWorld();
    const rates = world.own(new Rates());
    rates.cached('EUR');
    rates.fails = true;
    await world.clock.advance(61_000);
    expect(rates.cached('EUR')).toBe('EUR');
    expect(world.events.last('cache.servedStale')).toMatchObject({ reason: 'error' });
    expect(() => rates.cached('CHF')).toThrow('ECONNRESET');
  });

  test('with @Cached in a store: refused as soon as it is known for one', () => {
    const store = memoryStore();
    class Shop {
      @Cached({ name: 'shop', version: '1', scope: 'class', store })
      price(id: number): number {
        return id;
      }
    }
    const shop = virtualWorld().own(new Shop());
    const call = (): number => shop.price(1);
    if (emitsTypes) expect(call).toThrow("store 'memory' needs a method that returns a Promise");
    else expect([call(), call()]).toEqual([1, 1]);
  });

  test('with @CircuitBreaker: a refusal throws', () => {
    const rates = virtualWorld().own(new Rates());
    expect(rates.guarded()).toBe('fine');
    rates.fails = true;
    expect(() => rates.guarded()).toThrow('ECONNRESET');
    expect(() => rates.guarded()).toThrow(expect.objectContaining({ code: 'CIRCUIT_OPEN' }));
    expect(rates.calls).toBe(2);
  });

  test('with @Fallback: its answer is a value', () => {
    const rates = virtualWorld().own(new Rates());
    rates.fails = true;
    expect(rates.covered()).toBe('fallback for failed with ECONNRESET');
  });

  test('with several: values all the way', () => {
    const rates = virtualWorld().own(new Rates());
    expect(rates.stacked()).toBe('fine');
    expect(rates.stacked()).toBe('fine');
    rates.fails = true;
    void cacheOf(rates, 'stacked').clear();
    expect(rates.stacked()).toBe('none');
  });

  test('with @Invalidates', () => {
    const rates = virtualWorld().own(new Rates());
    rates.cached('EUR');
    expect(rates.update('EUR')).toBe('updated EUR');
    rates.cached('EUR');
    expect(rates.calls).toBe(2);
  });

  test('through resilient(fn) and @Resilient', () => {
    class Other {
      @Resilient({ cache: true, circuitBreaker: true, fallback: { value: 0 } })
      count(): number {
        return 1;
      }
    }
    expect(virtualWorld().own(new Other()).count()).toBe(1);
  });

  test('events call.succeeded and call.failed are reported for it, too', () => {
    const world = virtualWorld();
    const rates = world.own(new Rates());
    rates.guarded();
    rates.fails = true;
    expect(() => rates.guarded()).toThrow();
    expect(world.events.types().filter((type) => type.startsWith('call.'))).toEqual(['call.succeeded', 'call.failed']);
  });
});

describe('whether a method is asynchronous is known', () => {
  test('from a native async function', () => {
    class Orders {
      @Cached()
      async find(): Promise<void> {}
    }
    expect(kindOf(Orders, 'find')).toBe('async');
  });

  test('from a policy that needs a promise', () => {
    class Orders {
      @Retry()
      retried(): Promise<string> {
        return Promise.resolve('x');
      }
      @Timeout('1s')
      timed(): Promise<string> {
        return Promise.resolve('x');
      }
    }
    expect([kindOf(Orders, 'retried'), kindOf(Orders, 'timed')]).toEqual(['async', 'async']);
  });

  test('from `async: true`', () => {
    class Orders {
      @Resilient({ cache: true, async: true })
      find(): Promise<string> {
        return Promise.resolve('x');
      }
    }
    expect(kindOf(Orders, 'find')).toBe('async');
  });

  test('from `async: false`', () => {
    class Orders {
      @Resilient({ cache: true, async: false })
      find(): string {
        return 'x';
      }
    }
    expect(kindOf(Orders, 'find')).toBe('sync');
  });

  test('from the emitted return type where there is one', () => {
    class Orders {
      @Cached()
      promised(): Promise<string> {
        return Promise.resolve('x');
      }
      @Cached()
      named(): string {
        return 'x';
      }
    }
    expect(kindOf(Orders, 'promised')).toBe(emitsTypes ? 'async' : 'unknown');
    expect(kindOf(Orders, 'named')).toBe(emitsTypes ? 'sync' : 'unknown');
  });

  test('from the first promise that it returns', async () => {
    class Orders {
      @Cached()
      find(): any {
        return Promise.resolve('x');
      }
    }
    const orders = virtualWorld().own(new Orders());
    expect(explain(orders).methods[0]?.kind).toBe('unknown');
    const first = orders.find() as unknown;
    expect(first).toBeInstanceOf(Promise);
    expect(explain(orders).methods[0]?.kind).toBe('async');
    expect(orders.find()).toBeInstanceOf(Promise);
    await expect(first).resolves.toBe('x');
  });

  test.each([
    ['@Retry', () => Retry()],
    ['@Timeout', () => Timeout('1s')],
    ['@Bulkhead', () => Bulkhead()],
  ])('and `async: false` refuses %s, in both orders', (name, line) => {
    const define =
      (...lines: unknown[]) =>
      () => {
        class Orders {
          @stacked(...lines)
          find(): string {
            return 'x';
          }
        }
        return Orders;
      };
    const sync = () => Resilient({ circuitBreaker: true, async: false });
    const message = new RegExp(`: ${name} needs a method that returns a Promise; make it async, or remove the policy`);
    expect(thrownBy(define(line(), sync())).message).toMatch(message);
    expect(thrownBy(define(sync(), line())).message).toMatch(message);
  });
});

describe('an asynchronous method', () => {
  class Orders {
    throws = true;

    @CircuitBreaker()
    async native(): Promise<string> {
      throw new Error('native');
    }

    @Retry({ maxAttempts: 2, delay: 0 })
    throwing(): Promise<string> {
      if (this.throws) throw new Error('before any promise');
      return Promise.resolve('x');
    }

    @CircuitBreaker()
    thenable(): PromiseLike<string> {
      return { then: (resolve: any) => resolve('thenable') } as PromiseLike<string>;
    }
  }

  test('rejects, and never throws, also when the method throws before its first promise', async () => {
    const world = virtualWorld();
    const orders = world.own(new Orders());
    const promise = orders.throwing();
    expect(await world.clock.until(settledOf(promise))).toMatchObject({ error: { message: 'before any promise' } });
  });

  test('that returns a thenable returns a promise of its value', async () => {
    const orders = virtualWorld().own(new Orders());
    await expect(orders.thenable()).resolves.toBe('thenable');
  });

  test('whose kind is not known yet throws a refusal, which `await` in a try still catches', async () => {
    class Unknown {
      @CircuitBreaker({ failureThreshold: 1 })
      find(): any {
        throw coded('ECONNRESET');
      }
    }
    const unknown = virtualWorld().own(new Unknown());
    expect(() => unknown.find()).toThrow('ECONNRESET');
    const caught = await (async () => {
      try {
        return await unknown.find();
      } catch (error) {
        return error;
      }
    })();
    expect(caught).toMatchObject({ code: 'CIRCUIT_OPEN' });
  });
});

describe('what needs a promise', () => {
  test('is refused for a synchronous method with @Cached: staleWhileRevalidate', () => {
    class Rates {
      @Resilient({ cache: { staleWhileRevalidate: '1m' }, async: false })
      find(): string {
        return 'x';
      }
    }
    const rates = virtualWorld().own(new Rates());
    expect(thrownBy(() => rates.find()).message).toBe(
      '@Cached on Rates.find: staleWhileRevalidate needs a method that returns a Promise; a synchronous one cannot be refreshed behind its caller',
    );
  });
});
