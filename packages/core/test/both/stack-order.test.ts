import { Cached, CircuitBreaker, Retry, Resilient, Timeout, explain } from '../../src/index.js';
import { permutations, stacked } from '../support/dialect.js';
import { type VirtualWorld, coded, settledOf, virtualWorld } from '../support/virtual-world.js';

const cache = { ttl: '1m', staleIfError: '1h' } as const;
const retry = { maxAttempts: 3, delay: '100ms', jitter: 'none' } as const;
const circuitBreaker = { failureThreshold: 4, recoveryTimeout: '30s' } as const;
const timeout = { attempt: '1s', total: '10s' } as const;

const lines = {
  Cached: () => Cached(cache),
  Retry: () => Retry(retry),
  CircuitBreaker: () => CircuitBreaker(circuitBreaker),
  Timeout: () => Timeout(timeout),
};
type Line = keyof typeof lines;

/** A class whose source runs through a script: 'ok', a code, or 'hang'. */
const catalogWith = (decorator: any) => {
  class Catalog {
    readonly log: string[] = [];
    script: string[] = [];

    @decorator
    async product(id: string): Promise<string> {
      const next = this.script.shift() ?? 'ok';
      this.log.push(`${id}:${next}`);
      if (next === 'hang') return new Promise<string>(() => undefined);
      if (next !== 'ok') throw coded(next);
      return `product ${id}`;
    }
  }
  return Catalog;
};

const stacksOf = (world: VirtualWorld, Catalog: ReturnType<typeof catalogWith>): unknown =>
  explain(world.own(new Catalog())).methods.map(({ stack, kind, worstCaseMs, amplification }) => ({
    kind,
    worstCaseMs,
    amplification,
    stack: stack.map(({ policy, options }) => ({ policy, options })),
  }));

/** One story that every policy has a part in: retries, a timeout, hits, an open circuit, a stale answer. */
const story = async (Catalog: ReturnType<typeof catalogWith>): Promise<unknown> => {
  const world = virtualWorld();
  const catalog = world.own(new Catalog());
  const results: unknown[] = [];
  const call = async (id: string, ...script: string[]): Promise<void> => {
    catalog.script = script;
    const result = settledOf(catalog.product(id));
    results.push(await world.clock.until(result), world.clock.now());
  };
  await call('1', 'ECONNRESET', 'hang', 'ok');
  await call('1');
  await world.clock.advance(61_000);
  await call('1', 'ECONNRESET', 'ECONNRESET', 'ECONNRESET');
  await call('2', 'ECONNRESET', 'ECONNRESET', 'ECONNRESET');
  await call('2');
  await call('1');
  return {
    log: catalog.log,
    results: results.map((each) =>
      JSON.stringify(each, (_key, value: unknown) => (value instanceof Error ? value.message : value)),
    ),
    events: world.events.types(),
  };
};

describe('the order of a stack', () => {
  const orders = permutations(Object.keys(lines) as Line[]);
  const reference = catalogWith(Resilient({ cache, retry, circuitBreaker, timeout }));

  test('there are 24 source orders of four lines', () => {
    expect(new Set(orders.map(String)).size).toBe(24);
  });

  test('it is total timeout, cache, retry, circuit breaker, attempt timeout', () => {
    const [method] = explain(virtualWorld().own(new reference())).methods;
    expect(method?.stack.map(({ policy }) => policy)).toEqual([
      'total-timeout',
      'cached',
      'retry',
      'circuit-breaker',
      'timeout',
    ]);
  });

  test.each(orders.map((order) => [order.join(' '), order] as const))(
    'written as %s it equals one @Resilient in explain() and in behaviour',
    async (_name, order) => {
      const Catalog = catalogWith(stacked(...order.map((line) => lines[line]())));
      expect(stacksOf(virtualWorld(), Catalog)).toEqual(stacksOf(virtualWorld(), reference));
      expect(await story(Catalog)).toEqual(await story(reference));
    },
  );

  test('the story above really has retries, a timeout, a hit, an open circuit and stale answers', async () => {
    const { events } = (await story(reference)) as { events: string[] };
    expect(events).toEqual(
      expect.arrayContaining([
        'retry.scheduled',
        'timeout.elapsed',
        'cache.hit',
        'circuit.opened',
        'circuit.rejected',
        'cache.servedStale',
      ]),
    );
  });

  test('lines written out by hand give the same stack as lines in canonical order', () => {
    class ByHand {
      @Timeout(timeout)
      @CircuitBreaker(circuitBreaker)
      @Cached(cache)
      @Retry(retry)
      async product(): Promise<string> {
        return 'x';
      }

      @Cached(cache)
      @Retry(retry)
      @CircuitBreaker(circuitBreaker)
      @Timeout(timeout)
      async canonical(): Promise<string> {
        return 'x';
      }
    }
    const [byHand, canonical] = explain(virtualWorld().own(new ByHand())).methods;
    expect(byHand?.stack).toEqual(canonical?.stack);
  });

  test('a method is wrapped once, however many lines stand above it', () => {
    const seen: unknown[] = [];
    const look = (first: any, second: any, third?: PropertyDescriptor): void => {
      seen.push(typeof second === 'object' ? first : third?.value);
    };
    class Orders {
      @look
      @Retry()
      @look
      @CircuitBreaker()
      async place(): Promise<void> {}
    }
    expect(seen[0]).toBe(seen[1]);
    expect(Orders.prototype.place).toBe(seen[1]);
  });

  test('@Resilient above direct lines and below them gives the same stack', () => {
    class Orders {
      @Resilient({ retry: { maxAttempts: 5 }, timeout: '1s' })
      @Retry({ delay: 10 })
      async above(): Promise<void> {}

      @Retry({ delay: 10 })
      @Resilient({ retry: { maxAttempts: 5 }, timeout: '1s' })
      async below(): Promise<void> {}
    }
    const [above, below] = explain(virtualWorld().own(new Orders())).methods;
    expect(above?.stack).toEqual(below?.stack);
    expect(above?.stack[0]?.options).toMatchObject({ maxAttempts: 5, delay: 10 });
  });
});

describe('two equal direct decorators', () => {
  const twice = (decorator: () => any) => (): unknown => {
    class Orders {
      @decorator()
      @decorator()
      async place(): Promise<void> {}
    }
    return Orders;
  };

  test.each([
    ['@Retry', () => Retry()],
    ['@Cached', () => Cached()],
    ['@CircuitBreaker', () => CircuitBreaker()],
    ['@Timeout', () => Timeout('1s')],
  ])('%s twice on a method is a ConfigurationError', (name, decorator) => {
    expect(twice(decorator)).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        message: expect.stringMatching(
          new RegExp(
            `^${name} on (Orders\\.)?place: is written twice; keep one, or give both sets of options to one decorator`,
          ),
        ),
      }),
    );
  });

  test('two @Resilient lines are no repetition: the upper one wins option by option', () => {
    class Orders {
      @Resilient({ retry: { maxAttempts: 5 } })
      @Resilient({ retry: { maxAttempts: 2, delay: 7 } })
      async find(): Promise<void> {}
    }
    const [method] = explain(virtualWorld().own(new Orders())).methods;
    expect(method?.stack[0]?.options).toMatchObject({ maxAttempts: 5, delay: 7 });
  });
});

describe('order', () => {
  const policiesOf = (options: any): string[] => {
    class Orders {
      @Resilient(options)
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const [method] = explain(virtualWorld().own(new Orders())).methods;
    return method?.stack.map(({ policy }) => policy) ?? [];
  };

  test('overrides the canonical one explicitly, and explain() prints it', () => {
    const options = { retry: true, circuitBreaker: true, timeout: '1s' };
    expect(policiesOf(options)).toEqual(['retry', 'circuit-breaker', 'timeout']);
    expect(policiesOf({ ...options, order: ['timeout', 'circuit-breaker', 'retry'] })).toEqual([
      'timeout',
      'circuit-breaker',
      'retry',
    ]);
  });

  test('leaves the policies that it does not name where they stand', () => {
    const options = { fallback: { value: 'x' }, cache: true, retry: true, circuitBreaker: true, timeout: '1s' };
    expect(policiesOf({ ...options, order: ['circuit-breaker', 'retry'] })).toEqual([
      'fallback',
      'cached',
      'circuit-breaker',
      'retry',
      'timeout',
    ]);
  });

  test('may name policies that the method does not have', () => {
    expect(policiesOf({ retry: true, order: ['cached', 'retry', 'timeout'] })).toEqual(['retry']);
  });

  test('changes what happens: a breaker outside of the retry counts calls, not attempts', async () => {
    const failures = async (order: readonly string[] | undefined): Promise<number> => {
      class Orders {
        calls = 0;

        @Resilient({
          retry: { maxAttempts: 3, delay: 0 },
          circuitBreaker: { failureThreshold: 3 },
          ...(order && { order }),
        })
        async find(): Promise<void> {
          this.calls += 1;
          throw coded('ECONNRESET');
        }
      }
      const world = virtualWorld();
      const orders = world.own(new Orders());
      for (let round = 0; round < 4; round += 1) await world.clock.until(settledOf(orders.find()));
      return orders.calls;
    };
    expect(await failures(undefined)).toBe(3);
    expect(await failures(['circuit-breaker', 'retry'])).toBe(9);
  });
});
