import {
  Cached,
  CircuitBreaker,
  ConfigurationError,
  Fallback,
  RejectedError,
  ResilienceError,
  Retry,
  TimedOutError,
  cacheOf,
  circuitOf,
} from '../../src/index.js';
import { coded, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

/**
 * The one table of errors, measured at decorated methods: what each thrown value leads to in retry, breaker, stale answer
 * and fallback, and whether it drops the cached entry.
 */
interface Row {
  readonly name: string;
  readonly error: () => unknown;
  readonly retry: boolean;
  readonly breaker: 'failure' | 'success' | 'neutral';
  readonly stale: boolean;
  readonly drops?: boolean;
  readonly fallback: boolean;
}

const withCause = (message: string, cause: unknown): Error => new TypeError(message, { cause });

const transient = { retry: true, breaker: 'failure', stale: true, fallback: true } as const;
const credentials = { retry: false, breaker: 'success', stale: false, drops: true, fallback: true } as const;
const answered = { retry: false, breaker: 'success', stale: false, fallback: true } as const;
const ours = { retry: false, breaker: 'neutral', stale: false, fallback: false } as const;
const mistake = { retry: false, breaker: 'neutral', stale: false, fallback: true } as const;

const row = (name: string, error: () => unknown, verdict: Omit<Row, 'name' | 'error'>): Row => ({
  name,
  error,
  ...verdict,
});

const ROWS: readonly Row[] = [
  row('an AbortError', () => new DOMException('aborted', 'AbortError'), ours),
  row('an AbortError by code', () => coded('ABORT_ERR'), ours),
  row('a ConfigurationError', () => new ConfigurationError('wrong'), ours),
  row('a refusal', () => new RejectedError('full', { code: 'BULKHEAD_FULL' }), {
    retry: false,
    breaker: 'neutral',
    stale: true,
    fallback: true,
  }),
  row('a TimedOutError of another method', () => new TimedOutError('Other.method', 'attempt', 100), transient),
  row('a store failure', () => new ResilienceError('store', { code: 'STORE_FAILED' }), transient),
  ...[
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EAI_AGAIN',
    'ENOTFOUND',
    'EHOSTUNREACH',
    'UND_ERR_SOCKET',
    'UND_ERR_HEADERS_TIMEOUT',
  ].map((code) => row(code, () => coded(code), transient)),
  row('fetch failed with a cause', () => withCause('fetch failed', coded('ECONNREFUSED')), transient),
  row('fetch failed of Node', () => new TypeError('fetch failed'), transient),
  row('Failed to fetch of Chromium', () => new TypeError('Failed to fetch'), transient),
  row('Load failed of Safari', () => new TypeError('Load failed'), transient),
  row('NetworkError of Firefox', () => new TypeError('NetworkError when attempting to fetch resource.'), transient),
  row(
    'an AggregateError of outages',
    () => new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]),
    transient,
  ),
  row('an elapsed AbortSignal.timeout', () => new DOMException('timed out', 'TimeoutError'), transient),
  ...[408, 412, 425, 429, 472, 473, 500, 502, 503, 504, 599].map((status) =>
    row(`status ${status}`, () => withStatus(status), transient),
  ),
  row('an Error that gives no reason', () => new Error('DB is down'), transient),
  row('a thrown string', () => 'it broke', transient),
  row('a thrown undefined', () => undefined, transient),
  row('a SyntaxError from parsing', () => new SyntaxError('Unexpected token < in JSON'), transient),
  row('status 401', () => withStatus(401), credentials),
  row('status 403', () => withStatus(403), credentials),
  row('status 404', () => withStatus(404), credentials),
  row('status 410', () => withStatus(410), credentials),
  ...[400, 402, 405, 409, 422, 451].map((status) => row(`status ${status}`, () => withStatus(status), answered)),
  row('a TypeError', () => new TypeError('x is not a function'), mistake),
  row('a RangeError', () => new RangeError('out of range'), mistake),
  row('a ReferenceError', () => new ReferenceError('x is not defined'), mistake),
];

describe.each(ROWS)('$name', ({ error, ...expected }) => {
  test(`is ${expected.retry ? '' : 'not '}retried`, async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Retry({ maxAttempts: 2, delay: 10 })
      async load(): Promise<never> {
        runs += 1;
        throw error();
      }
    }
    await clock.until(settledOf(own(new Api()).load()));
    expect(runs).toBe(expected.retry ? 2 : 1);
  });

  test(`is ${expected.breaker} to a breaker`, async () => {
    const { own } = virtualWorld();
    class Api {
      @CircuitBreaker({ window: { type: 'count', size: 10 } })
      async load(): Promise<never> {
        throw error();
      }
    }
    const api = own(new Api());
    await settledOf(api.load());
    const { calls, failures, neutral } = circuitOf(api, 'load').metrics;
    const seen = neutral === 1 ? 'neutral' : failures === 1 ? 'failure' : 'success';
    expect([seen, calls]).toEqual([expected.breaker, expected.breaker === 'neutral' ? 0 : 1]);
  });

  test(`is ${expected.stale ? '' : 'not '}answered by an old value, which is ${expected.drops ? 'dropped' : 'kept'}`, async () => {
    const { own, clock } = virtualWorld();
    let fails = false;
    class Api {
      @Cached({ ttl: 100, staleIfError: '1h' })
      async load(): Promise<string> {
        if (fails) throw error();
        return 'old';
      }
    }
    const api = own(new Api());
    await api.load();
    fails = true;
    await clock.advance(100);
    expect('value' in (await settledOf(api.load()))).toBe(expected.stale);
    expect(cacheOf(api, 'load').stats.size).toBe(expected.drops === true ? 0 : 1);
  });

  test(`is ${expected.fallback ? '' : 'not '}answered by a fallback`, async () => {
    const { own } = virtualWorld();
    class Api {
      @Fallback({ value: 'fallback' })
      async load(): Promise<string> {
        throw error();
      }
    }
    expect('value' in (await settledOf(own(new Api()).load()))).toBe(expected.fallback);
  });
});

/** By whatever reason a caller aborts: an Error, a code of an outage, a string, an elapsed signal, another method's timeout. */
const REASONS: readonly (readonly [string, unknown])[] = [
  ['the default reason', undefined],
  ['an Error', new Error('user left')],
  ['a string', 'user left'],
  ['what looks like an outage', coded('ECONNRESET')],
  ['an elapsed AbortSignal.timeout', new DOMException('timed out', 'TimeoutError')],
  ['the timeout of an outer method', new TimedOutError('Outer.load', 'attempt', 50)],
];

describe.each(REASONS)('the caller’s abort with %s', (_name, reason) => {
  const aborted = async (api: { load(signal: AbortSignal): Promise<unknown> }): Promise<unknown> => {
    const controller = new AbortController();
    const call = settledOf(api.load(controller.signal));
    controller.abort(reason);
    const settled = await call;
    expect(settled).toEqual({ error: controller.signal.reason as unknown });
    return settled;
  };

  test('is not retried', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Retry({ delay: 10 })
      async load(_signal: AbortSignal): Promise<void> {
        runs += 1;
        return new Promise(() => undefined);
      }
    }
    await aborted(own(new Api()));
    await clock.advance(1_000);
    expect(runs).toBe(1);
  });

  test('is neutral to a breaker', async () => {
    const { own } = virtualWorld();
    class Api {
      @CircuitBreaker({ failureThreshold: 1 })
      async load(_signal: AbortSignal): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    const api = own(new Api());
    await aborted(api);
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'closed', neutral: 1, failureCount: 0 });
  });

  test('is not answered by an old value, which stays', async () => {
    const { own, clock } = virtualWorld();
    let hangs = false;
    class Api {
      @Cached({ ttl: 100, staleIfError: '1h', key: () => 'one' })
      async load(_signal: AbortSignal): Promise<string> {
        return hangs ? new Promise(() => undefined) : 'old';
      }
    }
    const api = own(new Api());
    await api.load(new AbortController().signal);
    hangs = true;
    await clock.advance(100);
    await aborted(api);
    expect(cacheOf(api, 'load').stats.size).toBe(1);
  });

  test('is not answered by a fallback', async () => {
    const { own } = virtualWorld();
    class Api {
      @Fallback({ value: 'fallback' })
      async load(_signal: AbortSignal): Promise<string> {
        return new Promise(() => undefined);
      }
    }
    await aborted(own(new Api()));
  });
});
