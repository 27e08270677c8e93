import { Cached, Resilient, Retry, Timeout, configure, explain, resetConfiguration } from '../../src/index.js';
import { emitsTypes, thrownBy, withoutSource } from '../support/dialect.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

const policiesOf = (Class: new () => object): Record<string, string[]> =>
  Object.fromEntries(
    explain(virtualWorld().own(new Class())).methods.map(({ method, stack }) => [
      method.slice(method.indexOf('.') + 1),
      stack.map(({ policy }) => policy),
    ]),
  );

const definition = (options: any, make: (decorate: any) => unknown = plainClass) =>
  thrownBy(() => make(Resilient(options)));

const plainClass = (decorate: any): unknown => {
  @decorate
  class Orders {
    async find(): Promise<void> {}
    count(): number {
      return 1;
    }
    get size(): number {
      return 0;
    }
  }
  return Orders;
};

beforeAll(() => configure({ logger: false }));
afterAll(resetConfiguration);

describe('@Resilient on a class', () => {
  @Resilient({ retry: { maxAttempts: 2, delay: 0 }, timeout: '1s' })
  class Orders {
    calls = 0;

    async find(): Promise<void> {
      this.calls += 1;
      throw coded('ECONNRESET');
    }

    @Timeout('2s')
    async slow(): Promise<void> {}

    @Resilient({ retry: false })
    async once(): Promise<void> {
      this.calls += 1;
      throw coded('ECONNRESET');
    }

    count(): number {
      return 1;
    }

    get size(): number {
      return 0;
    }

    static async all(): Promise<void> {}
  }

  test('gives every own asynchronous method its policies', async () => {
    const world = virtualWorld();
    const orders = world.own(new Orders());
    await world.clock.until(settledOf(orders.find()));
    expect(orders.calls).toBe(2);
    expect(policiesOf(Orders)).toEqual({
      find: ['retry', 'timeout'],
      slow: ['retry', 'timeout'],
      once: ['timeout'],
    });
  });

  test('is refined by the method, option by option', () => {
    const [, slow] = explain(virtualWorld().own(new Orders())).methods;
    expect(slow?.stack.map(({ options }) => options)).toMatchObject([{ maxAttempts: 2 }, { attempt: 2000 }]);
  });

  test('leaves synchronous methods, getters, statics and the constructor alone', () => {
    expect(new Orders().count()).toBe(1);
    expect(new Orders().size).toBe(0);
    expect(explain(Orders).methods.map(({ method }) => method)).not.toContain('Orders.all');
    expect(Orders.name).toBe('Orders');
  });

  test('says in explain() what it covered and what not, with the reason', () => {
    const { coverage } = explain(Orders);
    expect(coverage?.covered).toEqual(['find', 'slow', 'once']);
    expect(coverage?.notCovered).toEqual([
      { method: 'count', reason: 'not known to be asynchronous; write it in include, or as an async method' },
    ]);
    expect(String(explain(new Orders()))).toContain('count: not covered by the class, not known to be asynchronous');
  });

  test('covers methods that return promises without being async where the compiler tells the type', () => {
    @Resilient({ retry: true })
    class Promising {
      @Cached()
      promised(): Promise<string> {
        return Promise.resolve('x');
      }
    }
    expect(policiesOf(Promising)).toEqual({ promised: emitsTypes ? ['cached', 'retry'] : ['cached'] });
  });

  test('covers a method whose own line needs a promise', () => {
    @Resilient({ timeout: '1s' })
    class Promising {
      @Retry()
      promised(): Promise<string> {
        return Promise.resolve('x');
      }
    }
    expect(policiesOf(Promising)).toEqual({ promised: ['retry', 'timeout'] });
  });

  test('does not reach overrides of subclasses, and does reach what they inherit', () => {
    class Special extends Orders {
      override async find(): Promise<void> {}
    }
    expect(Object.keys(policiesOf(Special)).sort()).toEqual(['once', 'slow']);
  });

  test('of a subclass covers its own methods only', () => {
    @Resilient({ circuitBreaker: true })
    class Special extends Orders {
      override async find(): Promise<void> {}
      async extra(): Promise<void> {}
    }
    expect(policiesOf(Special)).toEqual({
      find: ['circuit-breaker'],
      extra: ['circuit-breaker'],
      slow: ['retry', 'timeout'],
      once: ['timeout'],
    });
    expect(policiesOf(Orders)['slow']).toEqual(['retry', 'timeout']);
  });

  test('include names the methods, synchronous ones too', () => {
    @Resilient({ circuitBreaker: true, include: ['count', 'find'] })
    class Chosen {
      async find(): Promise<void> {}
      async other(): Promise<void> {}
      count(): number {
        return 1;
      }
    }
    expect(policiesOf(Chosen)).toEqual({ find: ['circuit-breaker'], count: ['circuit-breaker'] });
    expect(virtualWorld().own(new Chosen()).count()).toBe(1);
    expect(explain(Chosen).coverage?.notCovered).toEqual([{ method: 'other', reason: 'not in include' }]);
  });

  test('exclude leaves methods out', () => {
    const key = Symbol('quiet');
    @Resilient({ retry: true, exclude: ['place', key] })
    class Chosen {
      async find(): Promise<void> {}
      async place(): Promise<void> {}
      async [key](): Promise<void> {}
    }
    expect(policiesOf(Chosen)).toEqual({ find: ['retry'] });
    expect(explain(Chosen).coverage?.notCovered).toEqual([
      { method: 'place', reason: 'excluded' },
      { method: '[quiet]', reason: 'excluded' },
    ]);
  });

  test('caches the methods that include names', async () => {
    @Resilient({ cache: { ttl: '1m' }, include: ['find'] })
    class Catalog {
      calls = 0;
      async find(id: string): Promise<string> {
        this.calls += 1;
        return id;
      }
      async save(): Promise<void> {}
    }
    const catalog = virtualWorld().own(new Catalog());
    await catalog.find('1');
    await catalog.find('1');
    expect(catalog.calls).toBe(1);
    expect(policiesOf(Catalog)).toEqual({ find: ['cached'] });
  });

  test('a named policy works on a class', () => {
    @Resilient('patient')
    class Named {
      async find(): Promise<void> {}
    }
    const world = virtualWorld({ policies: { patient: { retry: { maxAttempts: 9 } } } });
    expect(explain(world.own(new Named())).methods[0]?.stack[0]?.options).toMatchObject({ maxAttempts: 9 });
  });

  test('two lines on a class: the upper one wins option by option', () => {
    @Resilient({ retry: { maxAttempts: 5 } })
    @Resilient({ retry: { maxAttempts: 2, delay: 7 } })
    class Twice {
      async find(): Promise<void> {}
    }
    expect(explain(virtualWorld().own(new Twice())).methods[0]?.stack[0]?.options).toMatchObject({
      maxAttempts: 5,
      delay: 7,
    });
  });
});

describe('@Resilient on a class refuses', () => {
  test.each([
    [
      'a cache without include',
      { cache: true },
      "@Resilient on Orders: cache on a class needs include: ['find', …]; caching every method would cache writes",
    ],
    [
      'include of no method',
      { retry: true, include: ['fnid'] },
      "@Resilient on Orders: include: there is no own method 'fnid'; did you mean 'find'?",
    ],
    [
      'exclude of no method',
      { retry: true, exclude: ['nothing'] },
      "@Resilient on Orders: exclude: there is no own method 'nothing'",
    ],
    [
      'include of a getter',
      { retry: true, include: ['size'] },
      "@Resilient on Orders: include: there is no own method 'size'",
    ],
    [
      'include that is no array',
      { retry: true, include: 'find' },
      "@Resilient on Orders: include must be an array, got 'find'",
    ],
    ['a wrong option', { retry: { maxAttempts: 0 } }, '@Resilient retry on Orders: maxAttempts must be >= 1, got 0'],
  ])('%s', (_what, options, message) => {
    expect(withoutSource(definition(options).message)).toBe(message);
  });

  test('a generator in include', () => {
    const error = definition({ circuitBreaker: true, include: ['all'] }, (decorate) => {
      @decorate
      class Orders {
        async *all(): AsyncGenerator<number> {
          yield 1;
        }
      }
      return Orders;
    });
    expect(withoutSource(error.message)).toBe(
      '@Resilient on Orders.all: stands on a generator, whose result can be consumed only once; return an array or a Promise of one',
    );
  });

  test('include and exclude above a method', () => {
    const error = thrownBy(() => {
      class Orders {
        @(Resilient({ retry: true, exclude: ['x'] }) as any)
        async find(): Promise<void> {}
      }
      return Orders;
    });
    expect(error.message).toMatch(
      /^@Resilient on (Orders\.)?find: include and exclude belong to @Resilient on a class/,
    );
  });
});
