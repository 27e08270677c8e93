/** @RateLimit beside each of the other policies. */
import {
  AdaptiveThrottle,
  Bulkhead,
  Cached,
  CircuitBreaker,
  Fallback,
  RateLimit,
  RateLimitedError,
  Resilient,
  Retry,
  Timeout,
  circuitOf,
  explain,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const stateOf = (target: object, policy = 'rate-limit'): Record<string, number> =>
  explain(target).methods[0]?.stack.find((each) => each.policy === policy)?.state as Record<string, number>;
const forever = (): Promise<never> => new Promise(() => undefined);

describe('rate limit and retry', () => {
  test('each attempt takes a token; with maxWait the next one is held back after its delay', async () => {
    const { own, clock } = virtualWorld();
    const ran: number[] = [];
    class Api {
      @Retry({ maxAttempts: 3, delay: 100, backoff: 'constant', jitter: 'none' })
      @RateLimit({ limit: 2, interval: '1s', burst: 1, maxWait: '1s' })
      async load(): Promise<never> {
        ran.push(clock.now());
        throw coded('ECONNRESET');
      }
    }
    expect(await clock.until(errorOf(own(new Api()).load()))).toMatchObject({ code: 'ECONNRESET' });
    expect(ran).toEqual([0, 500, 1000]);
  });

  test('a refusal is not retried, and one that is sure to come is not slept towards', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      runs = 0;
      @Retry({ maxAttempts: 5, delay: 100, backoff: 'constant', jitter: 'none' })
      @RateLimit({ limit: 1, interval: '1s' })
      async load(): Promise<never> {
        this.runs += 1;
        throw withStatus(503);
      }
    }
    const api = own(new Api());
    expect(await errorOf(api.load())).toMatchObject({ status: 503 });
    expect(await errorOf(api.load())).toBeInstanceOf(RateLimitedError);
    expect([api.runs, clock.now(), events.count('retry.scheduled')]).toEqual([1, 0, 0]);
  });

  test('a retry whose delay is long enough finds its token', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      runs = 0;
      @Retry({ maxAttempts: 3, delay: 1000, backoff: 'constant', jitter: 'none' })
      @RateLimit({ limit: 1, interval: '1s' })
      async load(): Promise<number> {
        this.runs += 1;
        if (this.runs < 3) throw withStatus(503);
        return clock.now();
      }
    }
    expect(await clock.until(own(new Api()).load())).toBe(2000);
  });
});

describe('rate limit and timeout', () => {
  test('being held back does not count for the attempt', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @RateLimit({ limit: 1, interval: '1s', maxWait: '5s' })
      @Timeout(100)
      async load(): Promise<number> {
        await clock.sleep(90);
        return clock.now();
      }
    }
    const api = own(new Api());
    expect(await clock.until(Promise.all([api.load(), api.load()]))).toEqual([90, 1090]);
  });

  test('who would be held back longer than his total is refused at once', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @RateLimit({ limit: 1, interval: '1s', maxWait: '5s' })
      @Timeout({ total: 1500 })
      async load(): Promise<number> {
        return clock.now();
      }
    }
    const api = own(new Api());
    const calls = [api.load(), api.load()];
    expect(await errorOf(api.load())).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 500 });
    expect(await clock.until(Promise.all(calls))).toEqual([0, 1000]);
    expect(clock.refCount).toBe(0);
  });

  test('where the order puts the attempt outside of the rate limit, it ends the waiting, too', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Resilient({
        order: ['timeout', 'rate-limit'],
        timeout: 300,
        rateLimit: { limit: 1, interval: '1s', maxWait: '5s' },
      })
      async load(): Promise<void> {
        runs += 1;
      }
    }
    const api = own(new Api());
    await api.load();
    const second = errorOf(api.load());
    await clock.advance(300);
    expect(await second).toMatchObject({ code: 'TIMED_OUT', scope: 'attempt' });
    expect([runs, stateOf(api)['waiting'], clock.refCount]).toEqual([1, 0, 0]);
  });
});

describe('rate limit and cached', () => {
  test('a hit takes no token; callers who share a load take one', async () => {
    const { own } = virtualWorld();
    class Api {
      @Cached()
      @RateLimit({ limit: 1, interval: '1m' })
      async load(id: number): Promise<number> {
        return id;
      }
    }
    const api = own(new Api());
    expect(await Promise.all([api.load(1), api.load(1), api.load(1)])).toEqual([1, 1, 1]);
    expect(await api.load(1)).toBe(1);
    expect(await errorOf(api.load(2))).toBeInstanceOf(RateLimitedError);
  });

  test('a refusal is answered with an old value', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      @Cached({ ttl: 100, staleIfError: '1h' })
      @RateLimit({ limit: 1, interval: '1m' })
      async load(): Promise<string> {
        return 'value';
      }
    }
    const api = own(new Api());
    await api.load();
    await clock.advance(100);
    expect(await api.load()).toBe('value');
    expect(events.of('cache.servedStale')).toMatchObject([{ reason: 'rejected' }]);
  });

  test('a load that is held back leaves the line when its last caller does', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Cached()
      @RateLimit({ limit: 1, interval: '1s', maxWait: '5s' })
      async load(id: number, _signal?: AbortSignal): Promise<number> {
        return id;
      }
    }
    const api = own(new Api());
    await api.load(1);
    const [one, two] = [new AbortController(), new AbortController()];
    const calls = [errorOf(api.load(2, one.signal)), errorOf(api.load(2, two.signal))];
    one.abort('one');
    await clock.settle();
    expect(stateOf(api)['waiting']).toBe(1);
    two.abort('two');
    expect(await Promise.all(calls)).toEqual(['one', 'two']);
    expect([stateOf(api)['waiting'], clock.pending]).toEqual([0, 0]);
  });
});

test('rate limit and circuit breaker: refusals are nothing to the circuit, and an open circuit takes no token', async () => {
  const { own, clock } = virtualWorld();
  class Api {
    @CircuitBreaker({ failureThreshold: 2, recoveryTimeout: 100, successThreshold: 1 })
    @RateLimit({ limit: 1, interval: '1m' })
    async load(): Promise<string> {
      return 'value';
    }
  }
  const api = own(new Api());
  await api.load();
  for (let call = 0; call < 5; call++) await errorOf(api.load());
  expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'closed', neutral: 5 });
  circuitOf(api, 'load').open();
  await clock.advance(60_000);
  circuitOf(api, 'load').open();
  await errorOf(api.load());
  expect(stateOf(api)).toMatchObject({ available: 1 });
  await clock.advance(100);
  await api.load();
  expect(circuitOf(api, 'load').state).toBe('closed');
});

test('rate limit and circuit breaker: a probe that is refused gives its permit back', async () => {
  const { own, clock } = virtualWorld();
  class Api {
    @CircuitBreaker({ recoveryTimeout: 100, successThreshold: 1 })
    @RateLimit({ limit: 1, interval: '1m' })
    async load(): Promise<string> {
      return 'value';
    }
  }
  const api = own(new Api());
  await api.load();
  circuitOf(api, 'load').open();
  await clock.advance(100);
  expect(await errorOf(api.load())).toBeInstanceOf(RateLimitedError);
  expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'half-open', probesInFlight: 0 });
});

test('rate limit and fallback: a refusal has an answer', async () => {
  const { own } = virtualWorld();
  class Api {
    @Fallback({ value: 'spare' })
    @RateLimit({ limit: 1, interval: '1m' })
    async load(): Promise<string> {
      return 'value';
    }
  }
  const api = own(new Api());
  expect([await api.load(), await api.load()]).toEqual(['value', 'spare']);
});

describe('rate limit and bulkhead', () => {
  test('who is held back by the rate takes no slot; who waits for a slot has taken his token', async () => {
    const { own, clock } = virtualWorld();
    const ran: number[] = [];
    class Api {
      @RateLimit({ limit: 2, interval: '1s', burst: 1, maxWait: '5s' })
      @Bulkhead({ maxConcurrent: 1, maxQueue: 5 })
      async load(): Promise<void> {
        ran.push(clock.now());
        await clock.sleep(700);
      }
    }
    const api = own(new Api());
    const calls = [api.load(), api.load(), api.load()];
    await clock.advance(400);
    expect([stateOf(api)['waiting'], stateOf(api, 'bulkhead')]).toEqual([2, expect.objectContaining({ queued: 0 })]);
    await clock.advance(200);
    expect([stateOf(api)['waiting'], stateOf(api, 'bulkhead')]).toEqual([1, expect.objectContaining({ queued: 1 })]);
    await clock.until(Promise.all(calls));
    expect(ran).toEqual([0, 700, 1400]);
  });

  test('a refusal of the bulkhead does not give the token back', async () => {
    const { own } = virtualWorld();
    class Api {
      @RateLimit({ limit: 2, interval: '1s' })
      @Bulkhead({ maxConcurrent: 1 })
      load(): Promise<void> {
        return forever();
      }
    }
    const api = own(new Api());
    void settledOf(api.load());
    expect(await errorOf(api.load())).toMatchObject({ code: 'BULKHEAD_FULL' });
    expect(await errorOf(api.load())).toMatchObject({ code: 'RATE_LIMITED' });
  });
});

test('rate limit and adaptive throttle: refusals of the rate are nothing to the throttle', async () => {
  const { own } = virtualWorld();
  class Api {
    @AdaptiveThrottle()
    @RateLimit({ limit: 1, interval: '1m' })
    async load(): Promise<void> {}
  }
  const api = own(new Api());
  await api.load();
  for (let call = 0; call < 20; call++) expect(await errorOf(api.load())).toBeInstanceOf(RateLimitedError);
  expect(stateOf(api, 'adaptive-throttle')).toMatchObject({ requests: 1, accepts: 1 });
});
