import { Bulkhead, BulkheadFullError, CircuitBreaker, RateLimit, Retry, circuitOf, explain } from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

/** What pyresilience says of its bulkhead and its rate limiter, by the rows of its own tests and pages. */

const forever = (): Promise<never> => new Promise(() => undefined);

describe('bulkhead', () => {
  test('defaults: ten at once, nobody waits', async () => {
    const { own, events } = virtualWorld();
    class Service {
      @Bulkhead()
      load(): Promise<void> {
        return forever();
      }
    }
    const service = own(new Service());
    for (let call = 0; call < 10; call += 1) void service.load();
    expect(await errorOf(service.load())).toBeInstanceOf(BulkheadFullError);
    expect(events.count('bulkhead.rejected')).toBe(1);
    expect(explain(service).methods[0]?.stack[0]?.options).toMatchObject({ maxConcurrent: 10, maxQueue: 0 });
  });

  test('with a wait, a call is served when a slot comes free within it, and refused when none does', async () => {
    const { own, clock } = virtualWorld();
    class Service {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 10, queueTimeout: '5s' })
      async load(latency: number): Promise<number> {
        await clock.sleep(latency);
        return latency;
      }
    }
    const service = own(new Service());
    const calls = [4_000, 3_000, 1].map((latency) => settledOf(service.load(latency)));
    expect(await clock.until(Promise.all(calls))).toMatchObject([
      { value: 4_000 },
      { value: 3_000 },
      { error: { code: 'BULKHEAD_FULL', waited: 5_000 } },
    ]);
  });

  test('the slot is released during the backoff and taken again', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Service {
      @Retry({ maxAttempts: 2, delay: 100, jitter: 'none' })
      @Bulkhead({ maxConcurrent: 1 })
      async load(): Promise<number> {
        runs += 1;
        if (runs === 1) throw coded('ECONNRESET');
        return runs;
      }
    }
    const service = own(new Service());
    const first = service.load();
    await clock.settle();
    expect(await service.load()).toBe(2);
    expect(await clock.until(first)).toBe(3);
  });
});

describe('rate limiter', () => {
  test('ten calls pass at once, the eleventh is refused, and tokens come back evenly', async () => {
    const { own, clock, events } = virtualWorld();
    class Service {
      @RateLimit({ limit: 10, interval: '1s', algorithm: 'token-bucket' })
      async load(): Promise<number> {
        return clock.now();
      }
    }
    const service = own(new Service());
    for (let call = 0; call < 10; call += 1) await service.load();
    expect(await errorOf(service.load())).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 100 });
    expect(events.count('rateLimit.rejected')).toBe(1);
    await clock.advance(100);
    expect(await service.load()).toBe(100);
    await errorOf(service.load());
  });

  test('with a wait, a call is held back until there is a token, by the clock and not by polling', async () => {
    const { own, clock } = virtualWorld();
    class Service {
      @RateLimit({ limit: 1, interval: '1s', algorithm: 'token-bucket', maxWait: '2s' })
      async load(): Promise<number> {
        return clock.now();
      }
    }
    const service = own(new Service());
    const calls = Promise.all([service.load(), service.load(), service.load()]);
    expect(clock.pending).toBe(1);
    expect(await clock.until(calls)).toEqual([0, 1_000, 2_000]);
  });

  test('retries are limited, too: a token is taken for each attempt', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Service {
      @Retry({ maxAttempts: 5, delay: 10, jitter: 'none' })
      @RateLimit({ limit: 2, interval: '1m' })
      async load(): Promise<never> {
        runs += 1;
        throw coded('ECONNRESET');
      }
    }
    const service = own(new Service());
    expect(await clock.until(errorOf(service.load()))).toMatchObject({ code: 'ECONNRESET' });
    expect([runs, clock.now()]).toEqual([2, 10]);
  });

  test('the order is circuit, rate limit, bulkhead; a refusal is nothing to the circuit', async () => {
    const { own } = virtualWorld();
    class Service {
      @Bulkhead()
      @RateLimit({ limit: 1, interval: '1m' })
      @CircuitBreaker({ failureThreshold: 1 })
      async load(): Promise<string> {
        return 'value';
      }
    }
    const service = own(new Service());
    await service.load();
    await errorOf(service.load());
    expect(explain(service).methods[0]?.stack.map(({ policy }) => policy)).toEqual([
      'circuit-breaker',
      'rate-limit',
      'bulkhead',
    ]);
    expect(circuitOf(service, 'load').state).toBe('closed');
  });
});
