import type * as Holdfast from '../../src/index.js';

type Package = typeof Holdfast;

/** The package loaded twice into one process, as an application with an ES and a CommonJS copy has it. */
const load = (): Package => {
  let copy!: Package;
  jest.isolateModules(() => {
    copy = require('../../src/index.js') as Package;
  });
  return copy;
};

const first = load();
const second = load();

beforeAll(() => first.configure({ logger: false }));
afterAll(() => first.resetConfiguration());

describe('two copies of the package in one process', () => {
  test('are really two', () => {
    expect(first.Retry).not.toBe(second.Retry);
    expect(first.ConfigurationError).not.toBe(second.ConfigurationError);
  });

  test('share one registry: lines of both make one stack around one wrapper', () => {
    class Orders {
      @first.Retry()
      @second.CircuitBreaker()
      @first.Timeout('1s')
      async find(): Promise<string> {
        return 'x';
      }
    }
    for (const { explain } of [first, second])
      expect(explain(new Orders()).methods.map(({ stack }) => stack.map(({ policy }) => policy))).toEqual([
        ['retry', 'circuit-breaker', 'timeout'],
      ]);
  });

  test('share the default runtime: events, settings, health', async () => {
    class Payments {
      @first.CircuitBreaker({ failureThreshold: 1 })
      async find(): Promise<string> {
        throw new Error('down');
      }
    }
    const seen: string[] = [];
    const off = second.events.on('circuit.opened', ({ method }) => seen.push(method));
    await expect(new Payments().find()).rejects.toThrow('down');
    off();
    expect(seen).toEqual(['Payments.find']);
    expect(second.health().circuits['Payments.find']).toMatchObject({ state: 'open' });
    second.configure({ defaults: { retry: { maxAttempts: 7 } } });
    class Later {
      @first.Retry()
      async find(): Promise<void> {}
    }
    expect(first.explain(new Later()).methods[0]?.amplification).toBe(7);
  });

  test('share a runtime that one of them made', async () => {
    class Orders {
      @first.Cached()
      async find(): Promise<string> {
        return 'x';
      }
    }
    const runtime = second.createRuntime({ logger: false });
    const orders = second.withRuntime(new Orders(), runtime);
    await orders.find();
    expect(runtime.stats().total).toMatchObject({ misses: 1 });
    expect(first.cacheOf(orders, 'find').peek()).toBe('x');
  });

  test("know each other's errors by their brand", () => {
    expect(first.isResilienceError(new second.ConfigurationError('x'))).toBe(true);
    expect(second.isResilienceError(new Error('x'))).toBe(false);
  });

  test('find two equal lines of both', () => {
    expect(() => {
      class Orders {
        @first.Retry()
        @second.Retry()
        async find(): Promise<void> {}
      }
      return Orders;
    }).toThrow(/@Retry on (Orders\.)?find: is written twice/);
  });
});

describe('whatever one copy makes works in the stacks of the other', () => {
  test.each([
    ['the first', first],
    ['the second', second],
  ])('a cached method of %s answers with the value on a miss and on a hit', async (_which, { Cached }) => {
    class Orders {
      calls = 0;

      @Cached()
      async find(id: string): Promise<string> {
        this.calls += 1;
        return id;
      }
    }
    const orders = new Orders();
    expect([await orders.find('1'), await orders.find('1')]).toEqual(['1', '1']);
    expect(orders.calls).toBe(1);
  });

  test.each([
    ['the first', first],
    ['the second', second],
  ])('retries by result and by error end with the value in %s', async (_which, { Retry }) => {
    class Orders {
      calls = 0;

      @Retry({ maxAttempts: 4, delay: 0, retryOnResult: (result: string) => result === 'empty' })
      async find(): Promise<string> {
        this.calls += 1;
        if (this.calls === 1) throw new Error('down');
        return this.calls < 4 ? 'empty' : 'full';
      }
    }
    expect(await new Orders().find()).toBe('full');
  });

  test.each([
    ['the first', first],
    ['the second', second],
  ])('a fallback answers in %s', async (_which, { Fallback }) => {
    class Orders {
      @Fallback({ value: 'fallback' })
      async find(): Promise<string> {
        throw new Error('down');
      }
    }
    expect(await new Orders().find()).toBe('fallback');
  });

  test.each([
    ['first', first, second],
    ['second', second, first],
  ])('currentCall() of the other copy knows a call of the %s', async (_which, mine, other) => {
    class Orders {
      @mine.Retry()
      async find(): Promise<string> {
        return other.currentCall().method;
      }
    }
    expect(await new Orders().find()).toMatch(/^Orders\.find/);
  });

  test.each([
    ['first', 'one', first, second],
    ['second', 'two', second, first],
  ])('cacheOf().refresh of the other copy loads anew in a stack of the %s', async (_which, _name, mine, other) => {
    class Orders {
      calls = 0;

      @mine.Cached()
      async find(): Promise<number> {
        return (this.calls += 1);
      }
    }
    const orders = new Orders();
    await orders.find();
    expect(await other.cacheOf(orders, 'find').refresh([])).toBe(2);
  });

  test.each([
    ['first', 'mine', first, second],
    ['second', 'theirs', second, first],
  ])("answer() and again() of the other copy work in a user's policy of the %s", async (_which, name, mine, other) => {
    const policy = mine.definePolicy<undefined>({
      name: `crossing-${name}`,
      before: 'retry',
      bind: () => ({
        error: (call) => {
          if (call.state === undefined) {
            call.state = 'seen';
            return other.again(0);
          }
          return other.answer('answered');
        },
      }),
    });
    class Orders {
      calls = 0;

      @policy()
      async find(): Promise<string> {
        this.calls += 1;
        throw new Error('down');
      }
    }
    const orders = new Orders();
    expect(await orders.find()).toBe('answered');
    expect(orders.calls).toBe(2);
  });

  test('a RetryBudget of one copy is accepted by the other', () => {
    expect(() => first.Retry({ budget: new second.RetryBudget() })).not.toThrow();
    expect(() => {
      class Orders {
        @first.Retry({ budget: new second.RetryBudget() })
        async find(): Promise<void> {}
      }
      return Orders;
    }).not.toThrow();
  });
});
