/** @Hedge beside each of the other policies. */
import { type Deferred, deferred } from '../../../testing/src/index.js';
import {
  AdaptiveConcurrency,
  AdaptiveThrottle,
  Bulkhead,
  Cached,
  CircuitBreaker,
  CircuitOpenError,
  Fallback,
  Hedge,
  RateLimit,
  Resilient,
  type ResilientOptions,
  Retry,
  RetryBudget,
  TimedOutError,
  Timeout,
  circuitOf,
  currentCall,
  explain,
} from '../../src/index.js';
import { coded, errorOf, virtualWorld } from '../support/virtual-world.js';

const outage = (): Error => coded('ECONNRESET');

interface Run extends Deferred<string> {
  readonly signal: AbortSignal;
  readonly attempt: number;
}

/** Runs that the test ends by hand. */
class Upstream {
  readonly runs: Run[] = [];

  run(): Promise<string> {
    const { signal, attempt } = currentCall();
    const run = { ...deferred<string>(), signal, attempt };
    this.runs.push(run);
    return run.promise;
  }

  end(index: number, outcome: string | Error): void {
    const run = this.runs[index] as Run;
    if (typeof outcome === 'string') run.resolve(outcome);
    else run.reject(outcome);
  }
}

describe('hedge and retry', () => {
  test('every attempt has branches of its own; a retry follows when all of them have failed', async () => {
    const { own, clock } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Retry({ maxAttempts: 2, delay: 10, jitter: 'none' })
      @Hedge({ after: 100 })
      load(): Promise<string> {
        return upstream.run();
      }
    }
    const call = own(new Api()).load();
    await clock.advance(100);
    upstream.end(0, outage());
    await clock.advance(50);
    expect(upstream.runs).toHaveLength(2);
    upstream.end(1, outage());
    await clock.advance(110);
    upstream.end(3, 'second attempt, hedge');
    expect(await call).toBe('second attempt, hedge');
    expect(upstream.runs.map(({ attempt }) => attempt)).toEqual([1, 1, 2, 2]);
  });

  test('a budget that both use counts a call once, and is bounded by both together', async () => {
    const { own, clock, events } = virtualWorld();
    const budget = new RetryBudget({ ratio: 1, minPerSecond: 0 });
    const upstream = new Upstream();
    class Api {
      @Retry({ maxAttempts: 3, delay: 10, jitter: 'none', budget })
      @Hedge({ after: 100 })
      load(): Promise<string> {
        return upstream.run();
      }
    }
    const api = own(new Api());
    const call = errorOf(api.load());
    expect(budget.available(clock.now())).toBe(1);
    await clock.advance(100);
    expect([upstream.runs.length, budget.available(clock.now())]).toEqual([2, 0]);
    upstream.end(0, outage());
    upstream.end(1, outage());
    expect(await call).toMatchObject({ code: 'ECONNRESET' });
    expect([events.count('retry.budgetExhausted'), events.count('retry.scheduled')]).toEqual([1, 0]);
    const other = api.load();
    await clock.advance(100);
    upstream.end(2, 'x');
    await other;
    expect([upstream.runs.length, budget.available(clock.now())]).toEqual([4, 0]);
  });

  test('ordered inside, each branch retries by itself, and a loser neither sleeps on nor tries again', async () => {
    const { own, clock } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Resilient({
        retry: { maxAttempts: 5, delay: 1_000, jitter: 'none' },
        hedge: { after: 100 },
        order: ['hedge', 'retry'],
      })
      load(): Promise<string> {
        return upstream.run();
      }
    }
    const call = own(new Api()).load();
    upstream.end(0, outage());
    await clock.advance(100);
    expect(upstream.runs).toHaveLength(2);
    upstream.end(1, 'hedge');
    expect([await call, clock.refCount]).toEqual(['hedge', 0]);
    await clock.advance(10_000);
    expect(upstream.runs).toHaveLength(2);
  });

  test('a result that the retry does not accept wins over nobody', async () => {
    const { own, clock } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Retry({ maxAttempts: 2, delay: 10, retryOnResult: (result) => result === 'pending' })
      @Hedge({ after: 100 })
      load(): Promise<string> {
        return upstream.run();
      }
    }
    const call = own(new Api()).load();
    await clock.advance(100);
    upstream.end(1, 'pending');
    await clock.advance(100);
    upstream.end(0, 'done');
    expect([await call, upstream.runs.length]).toEqual(['done', 2]);
  });
});

describe('hedge and circuit breaker', () => {
  test('the circuit counts one outcome per attempt, however many branches there were', async () => {
    const { own, clock } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @CircuitBreaker({ failureThreshold: 2 })
      @Hedge({ after: 100 })
      load(): Promise<string> {
        return upstream.run();
      }
    }
    const api = own(new Api());
    const good = api.load();
    await clock.advance(100);
    upstream.end(0, outage());
    upstream.end(1, 'fine');
    await good;
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'closed', failureCount: 0 });
    const bad = errorOf(api.load());
    await clock.advance(100);
    upstream.end(2, outage());
    upstream.end(3, outage());
    await bad;
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'closed', failureCount: 1 });
    circuitOf(api, 'load').open();
    expect(await errorOf(api.load())).toBeInstanceOf(CircuitOpenError);
    expect(upstream.runs).toHaveLength(4);
  });

  test('ordered inside, it sees each branch as an attempt; a loser is nothing to it', async () => {
    const { own, clock } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Resilient({
        circuitBreaker: { failureThreshold: 2 },
        hedge: { after: 100 },
        order: ['hedge', 'circuit-breaker'],
      })
      load(): Promise<string> {
        const { signal } = currentCall();
        const work = upstream.run();
        const aborted = new Promise<never>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
        return Promise.race([work, aborted]);
      }
    }
    const api = own(new Api());
    const call = api.load();
    await clock.advance(100);
    upstream.end(1, 'hedge');
    await call;
    await clock.settle();
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'closed', failureCount: 0, neutral: 1 });
    const failing = errorOf(api.load());
    await clock.advance(100);
    upstream.end(2, outage());
    upstream.end(3, outage());
    await failing;
    expect(circuitOf(api, 'load').state).toBe('open');
  });
});

describe('hedge and timeout', () => {
  test('the total ends every branch with its error, and no timer stays', async () => {
    const { own, clock } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Timeout({ total: 250 })
      @Hedge({ after: 100, maxHedges: 3 })
      load(): Promise<string> {
        return upstream.run();
      }
    }
    const error = await clock.until(errorOf(own(new Api()).load()));
    expect(error).toBeInstanceOf(TimedOutError);
    expect([clock.now(), upstream.runs.length, clock.refCount]).toEqual([250, 3, 0]);
    expect(upstream.runs.map(({ signal }) => signal.reason as unknown)).toEqual([error, error, error]);
  });

  test('an attempt that stands outside bounds all branches together', async () => {
    const { own, clock } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Resilient({ timeout: 150, hedge: { after: 100 }, order: ['timeout', 'hedge'] })
      load(): Promise<string> {
        return upstream.run();
      }
    }
    const error = await clock.until(errorOf(own(new Api()).load()));
    await clock.settle();
    expect([clock.now(), upstream.runs.map(({ signal }) => signal.reason as unknown)]).toEqual([150, [error, error]]);
    expect(clock.refCount).toBe(0);
  });

  test('branches that time out are failures like others: the first one’s error is the call’s', async () => {
    const { own, clock } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Hedge({ after: 100 })
      @Timeout(150)
      load(): Promise<string> {
        return upstream.run();
      }
    }
    expect(await clock.until(errorOf(own(new Api()).load()))).toMatchObject({ code: 'TIMED_OUT', scope: 'attempt' });
    expect([clock.now(), clock.refCount]).toEqual([250, 0]);
  });
});

describe('hedge and cached', () => {
  test('callers of one load share its branches; a hit starts none', async () => {
    const { own, clock } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Cached()
      @Hedge({ after: 100 })
      load(): Promise<string> {
        return upstream.run();
      }
    }
    const api = own(new Api());
    const calls = Promise.all([api.load(), api.load(), api.load()]);
    await clock.advance(100);
    expect(upstream.runs).toHaveLength(2);
    upstream.end(1, 'shared');
    expect([await calls, await api.load()]).toEqual([['shared', 'shared', 'shared'], 'shared']);
    upstream.end(0, 'late');
    await clock.settle();
    expect([await api.load(), upstream.runs.length]).toEqual(['shared', 2]);
  });

  test('the last caller who leaves ends every branch of the load', async () => {
    const { own, clock } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Cached()
      @Hedge({ after: 100 })
      load(_signal: AbortSignal): Promise<string> {
        return upstream.run();
      }
    }
    const api = own(new Api());
    const controller = new AbortController();
    const call = errorOf(api.load(controller.signal));
    await clock.advance(100);
    controller.abort('gone');
    expect([await call, upstream.runs.map(({ signal }) => signal.aborted), clock.refCount]).toEqual([
      'gone',
      [true, true],
      0,
    ]);
  });
});

test('hedge and fallback: the answer comes when every branch has failed', async () => {
  const { own, clock } = virtualWorld();
  const upstream = new Upstream();
  class Api {
    @Fallback({ value: 'spare' })
    @Hedge({ after: 100 })
    load(): Promise<string> {
      return upstream.run();
    }
  }
  const call = own(new Api()).load();
  await clock.advance(100);
  upstream.end(0, outage());
  await clock.advance(100);
  upstream.end(1, outage());
  expect(await call).toBe('spare');
});

test('hedge and adaptive throttle: each branch counts, a loser says nothing', async () => {
  const { own, clock } = virtualWorld();
  const upstream = new Upstream();
  class Api {
    @Hedge({ after: 100 })
    @AdaptiveThrottle()
    @Timeout('1s')
    load(): Promise<string> {
      return upstream.run();
    }
  }
  const api = own(new Api());
  const call = api.load();
  await clock.advance(100);
  upstream.end(1, 'hedge');
  await call;
  await clock.settle();
  expect(explain(api).methods[0]?.stack[1]?.state).toMatchObject({ requests: 1, accepts: 1 });
});

test('hedge and adaptive concurrency: a loser holds its slot until its work really ends', async () => {
  const { own, clock } = virtualWorld();
  const upstream = new Upstream();
  class Api {
    @Hedge({ after: 100 })
    @AdaptiveConcurrency({ initial: 5 })
    @Timeout('1s')
    load(): Promise<string> {
      return upstream.run();
    }
  }
  const api = own(new Api());
  const slots = (): unknown => explain(api).methods[0]?.stack[1]?.state;
  const call = api.load();
  await clock.advance(100);
  expect(slots()).toMatchObject({ inFlight: 2 });
  upstream.end(1, 'hedge');
  await call;
  await clock.settle();
  expect(slots()).toMatchObject({ inFlight: 1 });
  upstream.end(0, 'at last');
  await clock.settle();
  expect(slots()).toMatchObject({ inFlight: 0 });
});

describe('hedge and bulkhead', () => {
  test('a hedge takes a slot where one is free, and never waits for one', async () => {
    const { own, clock, events, runtime } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Hedge({ after: 100 })
      @Bulkhead({ maxConcurrent: 3, maxQueue: 10 })
      load(): Promise<string> {
        return upstream.run();
      }
    }
    const api = own(new Api());
    const [one, other] = [api.load(), api.load()];
    await clock.advance(100);
    expect(upstream.runs).toHaveLength(3);
    expect([events.count('hedge.launched'), events.of('hedge.suppressed')[0]?.reason]).toEqual([1, 'rejected']);
    expect([events.count('bulkhead.queued'), runtime.health().bulkheads]).toMatchObject([
      0,
      { 'Api.load': { inFlight: 3, queued: 0 } },
    ]);
    upstream.end(2, 'hedge');
    upstream.end(1, 'other');
    upstream.end(0, 'late');
    expect([await one, await other]).toEqual(['hedge', 'other']);
    await clock.settle();
    expect(runtime.health().bulkheads).toMatchObject({ 'Api.load': { inFlight: 0 } });
  });

  test('a first branch that waits for a slot leaves the queue when its caller does', async () => {
    const { own, clock, runtime } = virtualWorld();
    const upstream = new Upstream();
    class Api {
      @Hedge({ after: 100 })
      @Bulkhead({ maxConcurrent: 1, maxQueue: 10, queueTimeout: '1m' })
      load(_signal?: AbortSignal): Promise<string> {
        return upstream.run();
      }
    }
    const api = own(new Api());
    const first = api.load();
    const controller = new AbortController();
    const second = errorOf(api.load(controller.signal));
    await clock.advance(150);
    controller.abort('gone');
    expect(await second).toBe('gone');
    expect(runtime.health().bulkheads).toMatchObject({ 'Api.load': { inFlight: 1, queued: 0 } });
    upstream.end(0, 'done');
    expect([await first, upstream.runs.length, clock.refCount]).toEqual(['done', 1, 0]);
  });
});

test('hedge and rate limit: a hedge takes a token where one is there, and never waits for one', async () => {
  const { own, clock, events } = virtualWorld();
  const upstream = new Upstream();
  class Api {
    @Hedge({ after: 100, maxHedges: 2 })
    @RateLimit({ limit: 2, interval: '10s', maxWait: '1m' })
    load(): Promise<string> {
      return upstream.run();
    }
  }
  const call = own(new Api()).load();
  await clock.advance(500);
  expect([upstream.runs.length, events.count('rateLimit.delayed')]).toEqual([2, 0]);
  expect(events.of('hedge.suppressed')).toMatchObject([{ hedge: 2, reason: 'rejected' }]);
  upstream.end(0, 'first');
  expect([await call, clock.refCount]).toEqual(['first', 0]);
});

test.each([
  ['slot', { bulkhead: { maxConcurrent: 1, maxQueue: 5 } }],
  ['token', { rateLimit: { limit: 1, interval: '1m', maxWait: '1h' } }],
])('a hedge for which there is no %s costs no budget, and is told as a hedge alone', async (_what, options) => {
  const { own, clock, events, runtime } = virtualWorld();
  const budget = new RetryBudget({ ratio: 1, minPerSecond: 0 });
  class Api {
    @Resilient(options as ResilientOptions<any, any[], any>)
    @Hedge({ after: 100, budget })
    async load(): Promise<string> {
      await clock.sleep(300);
      return 'value';
    }
  }
  expect(await clock.until(own(new Api()).load())).toBe('value');
  expect(events.types().filter((type) => type.endsWith('.rejected'))).toEqual([]);
  expect(events.of('hedge.suppressed')).toMatchObject([{ reason: 'rejected' }]);
  const { bulkheads, rateLimits } = runtime.stats();
  expect(Object.values({ ...bulkheads, ...rateLimits })).toMatchObject([{ rejected: 0 }]);
  expect(budget.available(clock.now())).toBe(1);
});

test.each([
  ['adaptiveConcurrency', { adaptiveConcurrency: { min: 1, initial: 1, max: 1 } }],
  ['adaptiveThrottle', { adaptiveThrottle: { k: 1, padding: 1, maxRejection: 0.9 } }],
])('a hedge that %s does not let go is told as a hedge alone', async (_what, options) => {
  // The throttle draws for the call, which goes, and for its hedge, which does not.
  let draw = 0.99;
  const { own, clock, events } = virtualWorld({ random: () => draw });
  let isDown = true;
  class Api {
    @Resilient(options as ResilientOptions<any, any[], any>)
    @Hedge({ after: 100 })
    async load(): Promise<string> {
      if (isDown) throw coded('ECONNREFUSED');
      draw = 0;
      await clock.sleep(300);
      return 'value';
    }
  }
  const api = own(new Api());
  if ('adaptiveThrottle' in options) for (let call = 0; call < 20; call += 1) await errorOf(api.load());
  isDown = false;
  expect(await clock.until(api.load())).toBe('value');
  expect(events.of('hedge.suppressed')).toMatchObject([{ reason: 'rejected' }]);
  expect(events.types().filter((type) => type.endsWith('.rejected'))).toEqual([]);
});
