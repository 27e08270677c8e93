import {
  Cached,
  CircuitBreaker,
  ConfigurationError,
  Fallback,
  Resilient,
  Retry,
  Timeout,
  again,
  circuitOf,
  configure,
  currentCall,
  definePolicy,
  events,
  explain,
  resetConfiguration,
} from '../../src/index.js';
import { deferred } from '../../../testing/src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

/** Waits on the way in, inside of the attempt timeout. */
const slowDoor = definePolicy<number>({
  name: 'slow-door',
  after: 'timeout',
  bind: (ms, { clock }) => ({ enter: () => new Promise<void>((resolve) => void clock.setTimer(resolve, ms)) }),
});
const repeatInside = definePolicy({
  name: 'repeat-inside',
  after: 'timeout',
  bind: () => ({ error: () => again(10) }),
});
const aroundInside = definePolicy({
  name: 'around-inside',
  after: 'timeout',
  async: true,
  bind: () => (_call, next) => next(),
});

const policiesOf = (target: object): string[] =>
  explain(target).methods.flatMap(({ stack }) => stack.map(({ policy }) => policy));

beforeEach(() => configure({ logger: false }));
afterEach(() => resetConfiguration());

describe('the canonical order', () => {
  const CANONICAL = ['fallback', 'total-timeout', 'cached', 'retry', 'circuit-breaker', 'timeout'];

  test('holds whatever the order of the lines', () => {
    class Upwards {
      @Timeout({ attempt: '1s', total: '5s' })
      @CircuitBreaker()
      @Retry()
      @Cached()
      @Fallback({ value: 0 })
      async load(): Promise<number> {
        return 1;
      }
    }
    class Downwards {
      @Fallback({ value: 0 })
      @Cached()
      @Retry()
      @CircuitBreaker()
      @Timeout({ attempt: '1s', total: '5s' })
      async load(): Promise<number> {
        return 1;
      }
    }
    expect(policiesOf(Upwards)).toEqual(CANONICAL);
    expect(policiesOf(Downwards)).toEqual(CANONICAL);
  });

  test('a hit touches nothing else', async () => {
    const { own, events: seen } = virtualWorld();
    let runs = 0;
    class Catalog {
      @Fallback({ value: 0 })
      @Cached()
      @Retry()
      @CircuitBreaker({ failureThreshold: 1 })
      @Timeout({ attempt: '1s', total: '5s' })
      async product(): Promise<number> {
        runs += 1;
        return 1;
      }
    }
    const catalog = own(new Catalog());
    await catalog.product();
    circuitOf(catalog, 'product').isolate();
    seen.clear();
    expect(await catalog.product()).toBe(1);
    expect([runs, seen.types()]).toEqual([1, ['cache.hit']]);
    expect(circuitOf(catalog, 'product').metrics.calls).toBe(0);
  });

  test('joiners of a flight take no breaker sample and no attempt of their own', async () => {
    const { own } = virtualWorld();
    const source = deferred<number>();
    class Catalog {
      @Cached()
      @Retry()
      @CircuitBreaker({ window: { type: 'count', size: 10 } })
      async product(): Promise<number> {
        return source.promise;
      }
    }
    const catalog = own(new Catalog());
    const calls = Array.from({ length: 50 }, () => catalog.product());
    source.resolve(7);
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, () => 7));
    expect(circuitOf(catalog, 'product').metrics.calls).toBe(1);
  });

  test('a fallback lies outside of the cache: its answer is not stored', async () => {
    const { own } = virtualWorld();
    let isDown = true;
    class Catalog {
      @Fallback({ value: 'none' })
      @Cached()
      async product(): Promise<string> {
        if (isDown) throw coded('ECONNREFUSED');
        return 'real';
      }
    }
    const catalog = own(new Catalog());
    expect(await catalog.product()).toBe('none');
    isDown = false;
    expect(await catalog.product()).toBe('real');
  });

  test('every attempt passes the breaker, and is counted by it', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Retry({ maxAttempts: 3, delay: 10 })
      @CircuitBreaker({ failureThreshold: 10 })
      async load(): Promise<void> {
        throw coded('ECONNRESET');
      }
    }
    const api = own(new Api());
    await clock.until(settledOf(api.load()));
    expect(circuitOf(api, 'load').metrics.failureCount).toBe(3);
  });

  test('the attempt timeout bounds one attempt, its work is what the breaker counts', async () => {
    const { own, clock, events: seen } = virtualWorld();
    class Api {
      @Retry({ maxAttempts: 2, delay: 10, jitter: 'none' })
      @CircuitBreaker()
      @Timeout('100ms')
      async load(): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    const api = own(new Api());
    const error = await clock.until(errorOf(api.load()));
    expect(error).toMatchObject({ name: 'TimedOutError', scope: 'attempt', timeout: 100 });
    expect(clock.now()).toBe(210);
    expect(circuitOf(api, 'load').metrics.failureCount).toBe(2);
    expect(seen.types()).toEqual([
      'timeout.elapsed',
      'retry.scheduled',
      'timeout.elapsed',
      'retry.exhausted',
      'call.failed',
    ]);
  });

  test('a call refused at entry is not retried', async () => {
    const { own, events: seen } = virtualWorld();
    class Api {
      @Retry({ delay: 10 })
      @CircuitBreaker()
      async load(): Promise<void> {}
    }
    const api = own(new Api());
    circuitOf(api, 'load').open();
    expect(await errorOf(api.load())).toMatchObject({ code: 'CIRCUIT_OPEN' });
    expect(seen.count('retry.scheduled')).toBe(0);
  });

  test('nobody sleeps towards a probe that will not be due at the wake-up', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Retry({ maxAttempts: 5, delay: 100, jitter: 'none' })
      @CircuitBreaker({ failureThreshold: 1, recoveryTimeout: '10s' })
      async load(): Promise<void> {
        throw coded('ECONNRESET');
      }
    }
    const api = own(new Api());
    expect(await errorOf(api.load())).toMatchObject({ code: 'ECONNRESET' });
    expect(clock.now()).toBe(0);
  });

  test('a sleep that ends when the probe is due is slept', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Retry({ maxAttempts: 2, delay: 100, jitter: 'none' })
      @CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 100 })
      async load(): Promise<number> {
        runs += 1;
        if (runs === 1) throw coded('ECONNRESET');
        return runs;
      }
    }
    expect(await clock.until(own(new Api()).load())).toBe(2);
  });

  test('a circuit that others open during the sleep ends the call with its own last error', async () => {
    const { own, clock } = virtualWorld();
    const own1 = coded('ECONNRESET');
    class Api {
      @Retry({ maxAttempts: 3, delay: 100, jitter: 'none' })
      @CircuitBreaker()
      async load(): Promise<void> {
        throw own1;
      }
    }
    const api = own(new Api());
    const call = errorOf(api.load());
    await clock.advance(50);
    circuitOf(api, 'load').open();
    await clock.advance(50);
    expect(await call).toBe(own1);
  });

  test('a refusal by a nested method is not retried, neutral to the breaker, and answered by the fallback', async () => {
    const { own, events: seen } = virtualWorld();
    class Inner {
      @CircuitBreaker()
      async load(): Promise<string> {
        return 'x';
      }
    }
    const inner = own(new Inner());
    circuitOf(inner, 'load').isolate();
    class Outer {
      @Fallback({ value: 'fallback' })
      @Retry({ delay: 10 })
      @CircuitBreaker({ failureThreshold: 1 })
      async load(): Promise<string> {
        return inner.load();
      }
    }
    const outer = own(new Outer());
    expect(await outer.load()).toBe('fallback');
    expect(circuitOf(outer, 'load').metrics).toMatchObject({ state: 'closed', neutral: 1, failureCount: 0 });
    expect(seen.count('retry.scheduled')).toBe(0);
  });

  test('an explicit order is followed and explained', async () => {
    const { own } = virtualWorld();
    let runs = 0;
    class Api {
      @Resilient({
        retry: { delay: 0, maxAttempts: 3 },
        circuitBreaker: { failureThreshold: 2 },
        order: ['circuit-breaker', 'retry'],
      })
      async load(): Promise<void> {
        runs += 1;
        throw coded('ECONNRESET');
      }
    }
    const api = own(new Api());
    await settledOf(api.load());
    expect(policiesOf(api)).toEqual(['circuit-breaker', 'retry']);
    expect([runs, circuitOf(api, 'load').metrics.failureCount]).toEqual([3, 1]);
  });

  test('an attempt timeout that is put outside of the retry bounds all attempts and leaves no timer behind', async () => {
    const { own, clock, events: seen } = virtualWorld();
    const signals: AbortSignal[] = [];
    class Api {
      @Resilient({
        retry: { delay: 30, jitter: 'none', backoff: 'constant', maxAttempts: 100 },
        timeout: '100ms',
        order: ['timeout', 'retry'],
      })
      async load(): Promise<void> {
        signals.push(currentCall().signal);
        throw coded('ECONNRESET');
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(100);
    expect(await call).toMatchObject({ code: 'TIMED_OUT', timeout: 100 });
    await clock.advance(1_000);
    expect([signals.length, clock.pending, seen.count('timeout.elapsed')]).toEqual([4, 0, 1]);
  });

  test('two equal direct decorators are refused when the class is defined', () => {
    expect(() => {
      class Api {
        @Retry()
        @Retry()
        async load(): Promise<void> {}
      }
      return Api;
    }).toThrow(ConfigurationError);
  });
});

describe('a policy of the user', () => {
  test('that waits on the way in is bounded by the attempt timeout', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Timeout('100ms')
      @slowDoor(1_000)
      async load(): Promise<void> {}
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(100);
    expect(await call).toMatchObject({ code: 'TIMED_OUT' });
  });

  test('that waits on the way in is bounded by the total timeout, and the method is not run', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Timeout({ total: 100 })
      @slowDoor(1_000)
      async load(): Promise<void> {
        runs += 1;
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(100);
    expect(await call).toMatchObject({ code: 'TIMED_OUT', scope: 'total' });
    await clock.advance(2_000);
    expect(runs).toBe(0);
  });

  test('that waits on the way in ends at once when the caller aborts', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @slowDoor(1_000)
      async load(_signal: AbortSignal): Promise<void> {}
    }
    const controller = new AbortController();
    const call = errorOf(own(new Api()).load(controller.signal));
    await clock.settle();
    controller.abort('left');
    expect(await call).toBe('left');
  });

  test('that lets the method run after its wait, hands on the method’s result', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Timeout({ total: '5s' })
      @slowDoor(1_000)
      async load(): Promise<number> {
        return 3;
      }
    }
    expect(await clock.until(own(new Api()).load())).toBe(3);
  });

  test('that repeats inside of an attempt is bounded by the attempt timeout, and its error is reported once', async () => {
    const { own, clock, events: seen } = virtualWorld();
    class Api {
      @Timeout('100ms')
      @repeatInside()
      async load(): Promise<void> {
        throw coded('ECONNRESET');
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(100);
    expect(await call).toMatchObject({ code: 'TIMED_OUT' });
    await clock.advance(1_000);
    expect([clock.pending, seen.count('timeout.elapsed')]).toEqual([0, 1]);
  });

  test('that goes around inside of an attempt: the method’s signal is aborted when the attempt times out', async () => {
    const { own, clock } = virtualWorld();
    let signal: AbortSignal | undefined;
    class Api {
      @Timeout('100ms')
      @aroundInside()
      async load(): Promise<void> {
        ({ signal } = currentCall());
        return new Promise(() => undefined);
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(100);
    const error = await call;
    expect(signal?.reason).toBe(error);
  });

  test('that goes around and comes too late runs the method no more', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    const lateStart = definePolicy({
      name: 'late-start',
      async: true,
      bind:
        (_options, { clock: time }) =>
        async (_call, next) => {
          await new Promise<void>((resolve) => void time.setTimer(resolve, 1_000));
          return next();
        },
    });
    class Api {
      @Timeout({ total: 100 })
      @lateStart()
      async load(): Promise<void> {
        runs += 1;
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(5_000);
    expect(await call).toMatchObject({ code: 'TIMED_OUT' });
    expect(runs).toBe(0);
  });

  test('stands where it says: before and after the built-in policies', () => {
    const first = definePolicy({ name: 'stands-first', before: 'fallback', bind: () => ({}) });
    const inRetry = definePolicy({ name: 'stands-in-retry', bind: () => ({}) });
    class Api {
      @Fallback({ value: undefined })
      @Retry()
      @CircuitBreaker()
      @inRetry()
      @first()
      async load(): Promise<void> {}
    }
    expect(policiesOf(Api)).toEqual(['stands-first', 'fallback', 'retry', 'stands-in-retry', 'circuit-breaker']);
  });
});

describe('what an asynchronous method returns', () => {
  class Api {
    @Fallback({ value: 0 })
    @CircuitBreaker({ failureThreshold: 1 })
    async load(): Promise<number> {
      throw coded('ECONNRESET');
    }
  }

  test('is a promise also when a refusal is answered by the fallback, watched or not', async () => {
    for (const isWatched of [false, true]) {
      const { own, events: seen } = virtualWorld();
      if (!isWatched) seen.stop();
      const api = own(new Api());
      await api.load();
      const refused = api.load();
      expect(refused).toBeInstanceOf(Promise);
      expect(await refused).toBe(0);
    }
  });

  test('is a rejection where its options contradict each other at the first call', async () => {
    const { own } = virtualWorld();
    class Contradiction {
      @CircuitBreaker({ name: 'shared', failureThreshold: 2 })
      async one(): Promise<void> {}
      @CircuitBreaker({ name: 'shared', failureThreshold: 3 })
      async two(): Promise<void> {}
    }
    const contradiction = own(new Contradiction());
    await contradiction.one();
    const call = contradiction.two();
    expect(await errorOf(call)).toBeInstanceOf(ConfigurationError);
  });
});

describe('enabled: false', () => {
  test('runs the method as written: its own arguments, no policy, no event but the call', async () => {
    const { own, events: seen } = virtualWorld({ enabled: false });
    let received: unknown;
    class Api {
      @Retry()
      @Timeout('1s')
      async load(signal: AbortSignal): Promise<void> {
        received = signal;
        throw coded('ECONNRESET');
      }
    }
    const { signal } = new AbortController();
    expect(await errorOf(own(new Api()).load(signal))).toMatchObject({ code: 'ECONNRESET' });
    expect(received === signal).toBe(true);
    expect(seen.types()).toEqual(['call.failed']);
  });

  test('leaves currentCall() usable', async () => {
    const { own } = virtualWorld({ enabled: false });
    class Api {
      @Retry()
      async load(): Promise<unknown[]> {
        const { attempt, remaining, signal, method } = currentCall();
        return [attempt, remaining, signal.aborted, method];
      }
    }
    expect(await own(new Api()).load()).toEqual([1, Infinity, false, 'Api.load']);
  });
});

test('the default runtime serves classes that name no other', async () => {
  const heard: string[] = [];
  events.on('retry.scheduled', ({ method }) => heard.push(method));
  class Api {
    runs = 0;
    @Retry({ delay: 0 })
    async load(): Promise<number> {
      this.runs += 1;
      if (this.runs < 2) throw coded('ECONNRESET');
      return this.runs;
    }
  }
  expect(await new Api().load()).toBe(2);
  expect(heard).toEqual(['Api.load']);
});
