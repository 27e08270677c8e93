import {
  Bulkhead,
  Cached,
  CircuitBreaker,
  Fallback,
  Invalidates,
  RateLimit,
  Resilient,
  Retry,
  Timeout,
  cacheOf,
  circuitOf,
  explain,
  resilient,
} from '../../src/index.js';
import { stacked, thrownBy } from '../support/dialect.js';
import { virtualWorld } from '../support/virtual-world.js';

const explained = (...lines: unknown[]) => {
  class Orders {
    @stacked(...lines)
    async find(): Promise<void> {}
  }
  const [method] = explain(virtualWorld().own(new Orders())).methods;
  if (method === undefined) throw new Error('nothing explained');
  return method;
};
const codes = (...lines: unknown[]): string[] => explained(...lines).warnings.map(({ code }) => code);

describe('explain', () => {
  class Catalog {
    @Fallback({ value: 'none' })
    @Cached({ ttl: '5m', staleIfError: '1h' })
    @Retry({ maxAttempts: 3, maxDelay: '1s', maxRetryAfter: '2s' })
    @CircuitBreaker({ name: 'catalog' })
    @Timeout({ attempt: '2s', total: '20s' })
    async product(id: string): Promise<string> {
      return id;
    }

    @Invalidates({ target: 'product' })
    rename(): void {}

    plain(): void {}

    get size(): number {
      throw new Error('explain does not run getters');
    }
  }

  test('shows each method with its stack in running order, options in milliseconds and present state', () => {
    const { methods } = explain(virtualWorld().own(new Catalog()));
    expect(methods.map(({ method }) => method)).toEqual(['Catalog.product', 'Catalog.rename']);
    expect(methods[0]?.stack.map(({ policy }) => policy)).toEqual([
      'fallback',
      'total-timeout',
      'cached',
      'retry',
      'circuit-breaker',
      'timeout',
    ]);
    expect(methods[0]?.stack).toMatchObject([
      { options: { answers: 'value' } },
      { options: { total: 20_000 } },
      { options: { ttl: 300_000, staleIfError: 3_600_000, maxSize: 256 }, state: { size: 0 } },
      { options: { maxAttempts: 3, delay: 500, maxDelay: 1000 } },
      { options: { name: 'catalog' }, state: 'closed' },
      { options: { attempt: 2000 } },
    ]);
  });

  test('of a class shows what its instances and statics have', () => {
    class Both extends Catalog {
      @Retry()
      static async all(): Promise<void> {}
    }
    virtualWorld().own(Both);
    expect(explain(Both).methods.map(({ method }) => method)).toEqual(['Both.product', 'Both.rename', 'Both.all']);
  });

  test('binds no state that a later call would not find', async () => {
    const catalog = virtualWorld().own(new Catalog());
    explain(catalog);
    await catalog.product('1');
    expect(cacheOf(catalog, 'product').stats.size).toBe(1);
    expect(explain(catalog).methods[0]?.stack.find(({ policy }) => policy === 'cached')?.state).toMatchObject({
      size: 1,
    });
  });

  test('shows the state of a circuit as it is now', () => {
    const catalog = virtualWorld().own(new Catalog());
    circuitOf(catalog, 'product').isolate();
    expect(String(explain(catalog))).toMatch(/circuit-breaker {2}\[isolated\]/);
  });

  test('prints for people', () => {
    const world = virtualWorld();
    expect(String(explain(world.own(new Catalog()))).split('\n')).toEqual([
      'Catalog.product (async)  worst case 10 s, up to 3 runs per call',
      '    fallback  answers=value',
      '    total-timeout  total=20000',
      expect.stringMatching(/^ {4}cached {2}ttl=300000 /),
      expect.stringMatching(/^ {4}retry {2}maxAttempts=3 delay=500 maxDelay=1000 /),
      expect.stringMatching(/^ {4}circuit-breaker {2}\[closed\] {2}name=catalog/),
      '    timeout  attempt=2000',
      expect.stringMatching(/^Catalog\.rename \((sync|unknown)\) {2}worst case forever, up to 1 run per call$/),
      '    invalidates  target=product when=attempted',
    ]);
  });

  test('is plain data that can be sent as JSON', () => {
    const { methods } = JSON.parse(JSON.stringify(explain(virtualWorld().own(new Catalog())))) as {
      methods: unknown[];
    };
    expect(methods).toHaveLength(2);
  });

  test('of a decorated function', () => {
    const load = resilient(async () => 'x', { retry: true, name: 'load' });
    expect(explain(load).methods.map(({ method }) => method)).toEqual(['load']);
  });

  test.each([
    ['a plain class', class {}],
    ['a plain function', () => undefined],
    ['an object without a prototype', Object.create(null) as object],
    ['an array', []],
  ])('of %s shows nothing', (_what, target) => {
    expect(explain(target)).toMatchObject({ methods: [], warnings: [] });
    expect(String(explain(target))).toBe('');
  });

  test.each([[undefined], [null], [5], ['Catalog']])('of %s is a ConfigurationError', (target) => {
    expect(thrownBy(() => explain(target as never))).toMatchObject({
      name: 'ConfigurationError',
      message: 'explain: needs a class, an instance or a decorated function',
    });
  });

  test('runs no getter and calls no method', () => {
    expect(() => explain(virtualWorld().own(new Catalog()))).not.toThrow();
  });
});

describe('worstCaseMs', () => {
  test.each([
    ['attempts and the longest delays between them', [Retry({ maxAttempts: 3, maxDelay: '1s' }), Timeout('2s')], 8000],
    [
      'a server that may ask for more',
      [Retry({ maxAttempts: 2, maxDelay: '1s', maxRetryAfter: '9s' }), Timeout('2s')],
      13_000,
    ],
    [
      'the waiting for a token and for a slot before each attempt',
      [
        Retry({ maxAttempts: 2, maxDelay: '1s' }),
        RateLimit({ limit: 1, interval: '1s', maxWait: '3s' }),
        Bulkhead({ maxQueue: 1, queueTimeout: '4s' }),
        Timeout('2s'),
      ],
      19_000,
    ],
    [
      'an attempt alone where nobody has to wait',
      [RateLimit({ limit: 1, interval: '1s', maxWait: '3s', shadow: true }), Bulkhead(), Timeout('2s')],
      2000,
    ],
    ['the total', [Retry({ maxAttempts: 9 }), Timeout({ attempt: '2s', total: '5s' })], 5000],
    ['the total alone', [Timeout({ total: '5s' })], 5000],
    ['one attempt', [Timeout('2s')], 2000],
    ['one attempt and maxElapsed', [Retry({ maxAttempts: Infinity, maxElapsed: '10s' }), Timeout('2s')], 12_000],
    ['nothing', [Retry()], Infinity],
    ['no attempt timeout', [Retry({ maxAttempts: 1 }), Cached()], Infinity],
    ['endless attempts', [Retry({ maxAttempts: Infinity }), Timeout('2s')], Infinity],
    [
      'endless attempts without delays',
      [Retry({ maxAttempts: Infinity, maxDelay: 0 }), Timeout({ attempt: '2s', total: '5s' })],
      5000,
    ],
  ])('is bounded by %s', (_what, lines, expected) => {
    expect(explained(...lines).worstCaseMs).toBe(expected);
  });
});

describe('the advisor warns', () => {
  test.each([
    [
      'of a ttl that looks like seconds',
      [Cached({ ttl: 300 })],
      'LOOKS_LIKE_SECONDS',
      "cache.ttl is 300 milliseconds; if you meant seconds, write seconds(300) or '300s'",
    ],
    [
      'of a recoveryTimeout that looks like seconds',
      [CircuitBreaker({ recoveryTimeout: 30 }), Timeout('1s')],
      'LOOKS_LIKE_SECONDS',
      "circuitBreaker.recoveryTimeout is 30 milliseconds; if you meant seconds, write seconds(30) or '30s'",
    ],
    [
      'of a delay that looks like seconds',
      [Retry({ delay: 2 })],
      'LOOKS_LIKE_SECONDS',
      "retry.delay is 2 milliseconds; if you meant seconds, write seconds(2) or '2s'",
    ],
    [
      'of an attempt that may take longer than the call',
      [Timeout({ attempt: '5s', total: '3s' })],
      'ATTEMPT_OUTLIVES_TOTAL',
      'one attempt may take 5 s, the call only 3 s; make the attempt shorter than the total',
    ],
    [
      'of a circuit that hanging calls never open',
      [CircuitBreaker()],
      'BREAKER_WITHOUT_TIMEOUT',
      "calls that hang never fail, so the circuit never opens for them; add @Timeout('2s')",
    ],
    [
      'of a window shorter than one attempt',
      [CircuitBreaker({ window: { type: 'time', duration: '1s' } }), Timeout('5s')],
      'WINDOW_SHORTER_THAN_TIMEOUT',
      'the circuit looks back 1 s, one attempt may take 5 s; make the window several times as long as the timeout',
    ],
  ])('%s', (_what, lines, code, text) => {
    const warning = explained(...lines).warnings.find((each) => each.code === code);
    expect(warning?.method).toBe('Orders.find');
    expect(`${warning?.message}; ${warning?.remedy}`).toBe(text);
  });

  test.each([
    ['a duration as text', [Cached({ ttl: '300ms' })]],
    ['a literal 0, which never expires', [Cached({ ttl: 0 })]],
    ['a second or more', [Cached({ ttl: 1000 })]],
    ['no delay at all', [Retry({ delay: 0 })]],
    ['a circuit with a timeout', [CircuitBreaker(), Timeout('1s')]],
    ['a circuit with a total timeout', [CircuitBreaker(), Timeout({ total: '1s' })]],
    ['a sensible whole', [Cached(), Retry(), CircuitBreaker(), Timeout({ attempt: '1s', total: '9s' })]],
  ])('not of %s', (_what, lines) => {
    expect(codes(...lines)).toEqual([]);
  });

  test('of a retried write by its name, and not of names that only begin like one', () => {
    const names = [
      'place',
      'placeOrder',
      'createAll',
      'delete',
      'address',
      'postal',
      'orders',
      'payments',
      'additional',
    ];
    const retried = names.filter((name) => {
      const holder = { [name]: async () => undefined };
      class Orders {}
      const descriptor = { value: holder[name], writable: true, configurable: true };
      Object.defineProperty(Orders.prototype, name, (Retry() as any)(Orders.prototype, name, descriptor));
      return explain(virtualWorld().own(new Orders())).warnings.some(({ code }) => code === 'RETRIES_A_WRITE');
    });
    expect(retried).toEqual(['place', 'placeOrder', 'createAll', 'delete']);
  });

  test('not of a write that is retried only before it was sent', () => {
    class Orders {
      @Retry({ idempotent: false })
      async place(): Promise<void> {}
    }
    expect(explain(virtualWorld().own(new Orders())).warnings).toEqual([]);
  });

  test('not of a synchronous circuit, which cannot hang', () => {
    class Orders {
      @Resilient({ circuitBreaker: true, async: false })
      find(): void {}
    }
    expect(explain(virtualWorld().own(new Orders())).warnings).toEqual([]);
  });

  test('in print, under the method', () => {
    class Orders {
      @Cached({ ttl: 300 })
      async find(): Promise<void> {}
    }
    expect(String(explain(virtualWorld().own(new Orders())))).toContain(
      "    ! LOOKS_LIKE_SECONDS: cache.ttl is 300 milliseconds; if you meant seconds, write seconds(300) or '300s'",
    );
  });
});
