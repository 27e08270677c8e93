import {
  Cached,
  CircuitBreaker,
  ConfigurationError,
  Resilient,
  Retry,
  TimedOutError,
  Timeout,
  circuitOf,
  currentCall,
} from '../../src/index.js';
import { deferred } from '../../../testing/src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

const forever = (): Promise<never> => new Promise(() => undefined);

describe('the attempt timeout', () => {
  test('ends the caller’s wait with a TimedOutError that names method, scope and bound', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Timeout('2s')
      async load(): Promise<void> {
        return forever();
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(1_999);
    expect(await Promise.race([call, clock.settle()])).toBeUndefined();
    await clock.advance(1);
    const error = await call;
    expect(error).toBeInstanceOf(TimedOutError);
    expect(error).toMatchObject({
      message: 'Api.load: attempt timed out after 2000 ms',
      code: 'TIMED_OUT',
      method: 'Api.load',
      policy: 'timeout',
      scope: 'attempt',
      timeout: 2_000,
    });
  });

  test('aborts the attempt’s signal with that very error', async () => {
    const { own, clock } = virtualWorld();
    let signal: AbortSignal | undefined;
    class Api {
      @Timeout('1s')
      async load(): Promise<void> {
        ({ signal } = currentCall());
        return forever();
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(1_000);
    expect(signal?.reason).toBe(await call);
  });

  test('gives every attempt a signal of its own', async () => {
    const { own, clock } = virtualWorld();
    const signals: AbortSignal[] = [];
    class Api {
      @Retry({ maxAttempts: 3, delay: 10 })
      @Timeout('1s')
      async load(): Promise<string> {
        const { signal } = currentCall();
        signals.push(signal);
        return signals.length === 3 ? 'ok' : forever();
      }
    }
    await clock.until(own(new Api()).load());
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
  });

  test('of one call leaves the signals of other calls alone', async () => {
    const { own, clock } = virtualWorld();
    const signals: AbortSignal[] = [];
    class Api {
      @Timeout('1s')
      async load(): Promise<void> {
        signals.push(currentCall().signal);
        return forever();
      }
    }
    const api = own(new Api());
    const first = errorOf(api.load());
    await clock.advance(500);
    const second = errorOf(api.load());
    await clock.advance(500);
    await first;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    await clock.advance(500);
    await second;
  });

  test('discards a late result and counts it', async () => {
    const { own, clock, events } = virtualWorld();
    const work = deferred<string>();
    class Api {
      @Timeout('1s')
      async load(): Promise<string> {
        return work.promise;
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(1_500);
    await call;
    work.resolve('late');
    await clock.settle();
    expect(events.of('timeout.lateResult')).toMatchObject([{ method: 'Api.load', outcome: 'fulfilled', lateMs: 500 }]);
  });

  test('swallows a late rejection and counts it', async () => {
    const { own, clock, events } = virtualWorld();
    const work = deferred<string>();
    class Api {
      @Timeout('1s')
      async load(): Promise<string> {
        return work.promise;
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(1_000);
    await call;
    work.reject(coded('ECONNRESET'));
    await clock.settle();
    expect(events.of('timeout.lateResult')).toMatchObject([{ outcome: 'rejected', lateMs: 0 }]);
  });

  test('does not touch a result that comes in time, nor an error', async () => {
    const { own, clock, events } = virtualWorld();
    const error = coded('ECONNRESET');
    class Api {
      @Timeout('1s')
      async good(): Promise<number> {
        return 1;
      }
      @Timeout('1s')
      async bad(): Promise<number> {
        throw error;
      }
    }
    const api = own(new Api());
    expect(await api.good()).toBe(1);
    expect(await errorOf(api.bad())).toBe(error);
    await clock.advance(5_000);
    expect([events.count('timeout.elapsed'), clock.pending]).toEqual([0, 0]);
  });

  test('is reported once, with its bound', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      @Timeout(250)
      async load(): Promise<void> {
        return forever();
      }
    }
    await clock.until(settledOf(own(new Api()).load()));
    expect(events.of('timeout.elapsed')).toMatchObject([{ method: 'Api.load', scope: 'attempt', timeout: 250 }]);
  });

  test('makes no controller for a method that does not read its signal', async () => {
    const { own, clock } = virtualWorld();
    const made = jest.spyOn(globalThis, 'AbortController');
    class Api {
      @Timeout('1s')
      async load(): Promise<void> {
        return forever();
      }
    }
    await clock.until(settledOf(own(new Api()).load()));
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
  });

  test('carries no stack, unless stacks are asked for', async () => {
    for (const captureStacks of [false, true]) {
      const { own, clock } = virtualWorld({ captureStacks });
      class Api {
        @Timeout('1s')
        async load(): Promise<void> {
          return forever();
        }
      }
      const error = (await clock.until(errorOf(own(new Api()).load()))) as Error;
      expect(error.stack?.includes('\n') ?? false).toBe(captureStacks);
    }
  });

  test('of 2³¹ ms does not fire at once', async () => {
    class Api {
      @Timeout(2 ** 31)
      async load(): Promise<string> {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return 'in time';
      }
    }
    expect(await new Api().load()).toBe('in time');
  });

  test('bounds the cache too, where an explicit order puts it outside', async () => {
    const { own, clock, events } = virtualWorld();
    let signal: AbortSignal | undefined;
    class Api {
      @Resilient({ timeout: { attempt: '1s' }, cache: { ttl: '1m' }, order: ['timeout', 'cached'] })
      async load(_id: string): Promise<void> {
        ({ signal } = currentCall());
        return forever();
      }
    }
    const call = errorOf(own(new Api()).load('1'));
    await clock.advance(1_000);
    expect(await call).toBeInstanceOf(TimedOutError);
    expect([signal?.aborted, events.of('timeout.elapsed').length]).toEqual([true, 1]);
  });
});

describe('the total timeout', () => {
  test('bounds sleeps: a delay that would not fit is not slept', async () => {
    const { own, clock } = virtualWorld();
    const error = coded('ECONNRESET');
    class Api {
      @Timeout({ total: '1s' })
      @Retry({ maxAttempts: 5, delay: 600, backoff: 'constant', jitter: 'none' })
      async load(): Promise<void> {
        throw error;
      }
    }
    expect(await clock.until(errorOf(own(new Api()).load()))).toBe(error);
    expect(clock.now()).toBe(600);
  });

  test('bounds attempts, all together', async () => {
    const { own, clock, events } = virtualWorld();
    let runs = 0;
    class Api {
      @Timeout({ attempt: 400, total: 1_050 })
      @Retry({ maxAttempts: 5, delay: 100, backoff: 'constant', jitter: 'none' })
      async load(): Promise<void> {
        runs += 1;
        return forever();
      }
    }
    const error = await clock.until(errorOf(own(new Api()).load()));
    expect(error).toMatchObject({ scope: 'total', timeout: 1_050 });
    expect([clock.now(), runs]).toEqual([1_050, 3]);
    expect(events.of('timeout.elapsed').map(({ scope }) => scope)).toEqual(['attempt', 'attempt', 'total']);
  });

  test('that elapses during a sleep ends it, and nothing more is tried', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Resilient({
        timeout: { total: '1s' },
        retry: { maxAttempts: 5, delay: 600, jitter: 'none', backoff: 'constant', respectRetryAfter: false },
        order: ['retry', 'total-timeout'],
      })
      async load(): Promise<void> {
        runs += 1;
        return forever();
      }
    }
    expect(await clock.until(errorOf(own(new Api()).load()))).toMatchObject({ scope: 'total' });
    await clock.advance(10_000);
    expect(runs).toBe(1);
  });

  test('aborts the work when it elapses', async () => {
    const { own, clock } = virtualWorld();
    let signal: AbortSignal | undefined;
    class Api {
      @Timeout({ total: '1s' })
      async load(): Promise<void> {
        ({ signal } = currentCall());
        return forever();
      }
    }
    const error = await clock.until(errorOf(own(new Api()).load()));
    expect(signal?.reason).toBe(error);
  });

  test('counts the late result of the work it cut short, once', async () => {
    const { own, clock, events } = virtualWorld();
    const work = deferred<void>();
    class Api {
      @Timeout({ total: '1s' })
      async load(): Promise<void> {
        return work.promise;
      }
    }
    await clock.until(settledOf(own(new Api()).load()));
    await clock.advance(250);
    work.reject(new Error('late'));
    await clock.settle();
    expect(events.of('timeout.lateResult')).toMatchObject([{ outcome: 'rejected', lateMs: 250 }]);
  });

  test.each([
    ['a cached method', { cache: true }],
    ['a cached method that is retried', { cache: true, retry: true }],
    ['a cached method with an attempt timeout', { cache: true, timeout: { attempt: '1m', total: '1s' } }],
  ] as const)('counts the late result of %s, of whose load the last caller has left', async (_name, options) => {
    const { own, clock, events } = virtualWorld();
    const work = deferred<void>();
    class Api {
      @Resilient({ timeout: { total: '1s' }, ...options })
      async load(): Promise<void> {
        return work.promise;
      }
    }
    const api = own(new Api());
    await clock.until(Promise.all([settledOf(api.load()), settledOf(api.load())]));
    await clock.advance(250);
    work.resolve();
    await clock.settle();
    expect(events.of('timeout.lateResult')).toMatchObject([{ outcome: 'fulfilled', lateMs: 250 }]);
  });

  test('does not count work that the attempt timeout has counted', async () => {
    const { own, clock, events } = virtualWorld();
    const work = deferred<void>();
    class Api {
      @Timeout({ attempt: 500, total: '1s' })
      @Retry({ maxAttempts: 2, delay: 500 - 1, jitter: 'none' })
      async load(): Promise<void> {
        return work.promise;
      }
    }
    await clock.until(settledOf(own(new Api()).load()));
    work.resolve();
    await clock.settle();
    expect(events.count('timeout.lateResult')).toBe(2);
  });

  test('belongs to the caller: one who is impatient leaves a shared load, the others get its value', async () => {
    const { own, clock } = virtualWorld();
    let signal: AbortSignal | undefined;
    const work = deferred<string>();
    class Api {
      @Timeout({ total: '1s' })
      @Cached()
      async load(): Promise<string> {
        ({ signal } = currentCall());
        return work.promise;
      }
    }
    const api = own(new Api());
    const first = errorOf(api.load());
    await clock.advance(600);
    const second = api.load();
    await clock.advance(400);
    expect(await first).toMatchObject({ scope: 'total' });
    expect(signal?.aborted).toBe(false);
    work.resolve('value');
    expect(await second).toBe('value');
  });

  test('aborts a shared load when the last caller has left', async () => {
    const { own, clock } = virtualWorld();
    let signal: AbortSignal | undefined;
    class Api {
      @Timeout({ total: '1s' })
      @Cached()
      async load(): Promise<string> {
        ({ signal } = currentCall());
        return forever();
      }
    }
    const api = own(new Api());
    const calls = [errorOf(api.load()), errorOf(api.load())];
    await clock.advance(1_000);
    await Promise.all(calls);
    expect(signal?.aborted).toBe(true);
  });

  test('answers with an old value where one may be used, and is reported all the same', async () => {
    const { own, clock, events } = virtualWorld();
    let hangs = false;
    class Api {
      @Timeout({ total: '1s' })
      @Cached({ ttl: 100, staleIfError: '1h' })
      async load(): Promise<string> {
        return hangs ? forever() : 'old';
      }
    }
    const api = own(new Api());
    await api.load();
    hangs = true;
    await clock.advance(100);
    expect(await clock.until(api.load())).toBe('old');
    expect(events.of('cache.servedStale')).toMatchObject([{ reason: 'timeout' }]);
    expect(events.of('timeout.elapsed')).toMatchObject([{ scope: 'total' }]);
  });

  test('is a failure to the breaker of the attempt it cuts short', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Timeout({ total: '1s' })
      @CircuitBreaker({ failureThreshold: 1 })
      async load(): Promise<void> {
        return forever();
      }
    }
    const api = own(new Api());
    await clock.until(settledOf(api.load()));
    expect(circuitOf(api, 'load').state).toBe('open');
  });

  test('bounds the wait for renewed credentials', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Timeout({ total: '1s' })
      @Retry({ onAuthFailure: forever })
      async load(): Promise<void> {
        throw Object.assign(new Error('expired'), { status: 401 });
      }
    }
    expect(await clock.until(errorOf(own(new Api()).load()))).toMatchObject({ scope: 'total' });
  });

  test('leaves no timer when the call ends earlier', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Timeout({ attempt: '1s', total: '5s' })
      async load(): Promise<number> {
        return 1;
      }
    }
    await own(new Api()).load();
    expect(clock.refCount).toBe(0);
    await clock.advance(5_000);
    expect(clock.pending).toBe(0);
  });
});

describe('nested timeouts', () => {
  test('the inner one is the outer method’s failure to handle, by its own name', async () => {
    const { own, clock } = virtualWorld();
    class Inner {
      @Timeout('1s')
      async load(): Promise<void> {
        return forever();
      }
    }
    const inner = own(new Inner());
    class Outer {
      @Timeout('5s')
      async load(): Promise<void> {
        return inner.load();
      }
    }
    expect(await clock.until(errorOf(own(new Outer()).load()))).toMatchObject({ method: 'Inner.load', timeout: 1_000 });
  });

  test('the outer one aborts the inner call through the signal that is passed on, and is neutral to its breaker', async () => {
    const { own, clock } = virtualWorld();
    class Inner {
      @CircuitBreaker({ failureThreshold: 1 })
      @Timeout('5s')
      async load(_signal: AbortSignal): Promise<void> {
        return forever();
      }
    }
    const inner = own(new Inner());
    let innerError: unknown;
    class Outer {
      @Timeout('1s')
      async load(): Promise<void> {
        const { signal } = currentCall();
        innerError = await errorOf(inner.load(signal));
      }
    }
    const error = await clock.until(errorOf(own(new Outer()).load()));
    await clock.settle();
    expect(innerError).toBe(error);
    expect(error).toMatchObject({ method: 'Outer.load' });
    expect(circuitOf(inner, 'load').metrics).toMatchObject({ state: 'closed', neutral: 1 });
    await clock.advance(5_000);
    expect(clock.pending).toBe(0);
  });
});

describe('a timeout', () => {
  test('without a duration is refused', () => {
    expect(() => Timeout({})).not.toThrow();
    expect(() => {
      class Api {
        @Timeout({})
        async load(): Promise<void> {}
      }
      return Api;
    }).toThrow("needs a duration: '2s' per attempt, or { attempt, total }");
  });

  test.each([0, -1, NaN, '2 fortnights', null])('of %p is refused', (wrong) => {
    expect(() => {
      class Api {
        @Timeout(wrong as never)
        async load(): Promise<void> {}
      }
      return Api;
    }).toThrow(ConfigurationError);
  });

  test('of Infinity is none', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Timeout({ attempt: Infinity, total: Infinity })
      async load(): Promise<number> {
        return 1;
      }
    }
    await own(new Api()).load();
    expect(clock.pending).toBe(0);
  });
});
