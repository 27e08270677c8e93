/** @Bulkhead beside each of the other policies. */
import { type Deferred, deferred } from '../../../testing/src/index.js';
import {
  AdaptiveConcurrency,
  Bulkhead,
  BulkheadFullError,
  Cached,
  CircuitBreaker,
  Fallback,
  Resilient,
  Retry,
  Timeout,
  circuitOf,
  definePolicy,
  explain,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const stateOf = (target: object, policy = 'bulkhead'): Record<string, number> =>
  explain(target).methods[0]?.stack.find((each) => each.policy === policy)?.state as Record<string, number>;
const forever = (): Promise<never> => new Promise(() => undefined);

describe('bulkhead and retry', () => {
  test('the slot is free while the call waits for its next attempt, which takes its place in the queue', async () => {
    const { own, clock } = virtualWorld();
    const begun: string[] = [];
    class Api {
      @Retry({ maxAttempts: 2, delay: 100, jitter: 'none' })
      @Bulkhead({ maxConcurrent: 1, maxQueue: 1 })
      async load(who: string): Promise<string> {
        begun.push(who);
        if (begun.length === 1) throw coded('ECONNRESET');
        await clock.sleep(150);
        return who;
      }
    }
    const api = own(new Api());
    const first = api.load('first');
    await clock.settle();
    expect(stateOf(api)).toMatchObject({ inFlight: 0 });
    const second = api.load('second');
    await clock.advance(100);
    expect(stateOf(api)).toMatchObject({ inFlight: 1, queued: 1 });
    expect(await clock.until(Promise.all([first, second]))).toEqual(['first', 'second']);
    expect([begun, clock.now()]).toEqual([['first', 'second', 'first'], 300]);
  });

  test('a refusal is not retried; after an attempt its error is the one that counts', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      @Retry({ maxAttempts: 5, delay: 100, jitter: 'none' })
      @Bulkhead({ maxConcurrent: 1 })
      async load(isSlow: boolean): Promise<void> {
        if (isSlow) return forever();
        throw withStatus(503);
      }
    }
    const api = own(new Api());
    const failing = errorOf(api.load(false));
    await clock.settle();
    void api.load(true);
    expect(await errorOf(api.load(true))).toBeInstanceOf(BulkheadFullError);
    expect(await clock.until(failing)).toMatchObject({ status: 503 });
    expect(events.count('bulkhead.rejected')).toBe(2);
  });

  test('attempts that timed out hold their slots beside the next one', async () => {
    const { own, clock } = virtualWorld();
    let most = 0;
    let running = 0;
    class Api {
      @Retry({ maxAttempts: 4, delay: 10, jitter: 'none' })
      @Bulkhead({ maxConcurrent: 2 })
      @Timeout(50)
      async load(): Promise<void> {
        running += 1;
        most = Math.max(most, running);
        await clock.sleep(1000);
        running -= 1;
      }
    }
    const api = own(new Api());
    expect(await clock.until(errorOf(api.load()))).toMatchObject({ code: 'TIMED_OUT' });
    expect([most, stateOf(api)['abandoned']]).toEqual([2, 2]);
    await clock.advance(1000);
    expect([running, stateOf(api)['inFlight']]).toEqual([0, 0]);
  });
});

describe('bulkhead and timeout', () => {
  const Passing = definePolicy({
    name: 'bulkhead-passing',
    after: 'adaptive-concurrency',
    bind: () => async (_call, next) => next(),
  });

  test.each(['bulkhead', 'adaptive-concurrency'])(
    'the slot (%s) is held until the work ends, although a policy of the user stands between',
    async (policy) => {
      const { own, clock } = virtualWorld();
      class Api {
        @Bulkhead({ maxConcurrent: 1 })
        @AdaptiveConcurrency({ initial: 1 })
        @Passing()
        @Timeout(100)
        async load(): Promise<void> {
          await clock.sleep(1000);
        }
      }
      const api = own(new Api());
      expect(await clock.until(errorOf(api.load()))).toMatchObject({ code: 'TIMED_OUT' });
      expect(stateOf(api, policy)).toMatchObject({ inFlight: 1 });
      await clock.advance(1000);
      expect(stateOf(api, policy)).toMatchObject({ inFlight: 0 });
    },
  );

  test('where the order puts the bulkhead outside of the hedge, its slot is held until every branch has ended', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Resilient({
        order: ['bulkhead', 'hedge'],
        bulkhead: { maxConcurrent: 1 },
        hedge: { after: 50, maxHedges: 1 },
        timeout: 100,
      })
      async load(): Promise<void> {
        await clock.sleep(1000);
      }
    }
    const api = own(new Api());
    expect(await clock.until(errorOf(api.load()))).toMatchObject({ code: 'TIMED_OUT' });
    expect([clock.now(), stateOf(api)]).toEqual([150, expect.objectContaining({ inFlight: 1, abandoned: 1 })]);
    await clock.advance(890);
    expect(stateOf(api)).toMatchObject({ inFlight: 1 });
    await clock.advance(10);
    expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
  });

  test('where the order puts the bulkhead outside of the hedge, its slot is held until the loser has ended', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Resilient({
        order: ['bulkhead', 'adaptive-concurrency', 'hedge'],
        bulkhead: { maxConcurrent: 1 },
        adaptiveConcurrency: { initial: 1 },
        hedge: { after: 50 },
      })
      async load(): Promise<string> {
        runs += 1;
        await clock.sleep(runs === 1 ? 1000 : 10);
        return 'value';
      }
    }
    const api = own(new Api());
    expect(await clock.until(api.load())).toBe('value');
    expect([clock.now(), stateOf(api)]).toEqual([60, expect.objectContaining({ inFlight: 1, abandoned: 1 })]);
    expect(stateOf(api, 'adaptive-concurrency')).toMatchObject({ inFlight: 1 });
    await clock.advance(940);
    expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
    expect(stateOf(api, 'adaptive-concurrency')).toMatchObject({ inFlight: 0 });
  });

  test('where the order puts the bulkhead outside of the retry, its slot is held until all attempts have ended', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Resilient({
        order: ['bulkhead', 'retry'],
        bulkhead: { maxConcurrent: 1 },
        retry: { maxAttempts: 4, delay: 10, jitter: 'none', backoff: 'constant' },
        timeout: 100,
      })
      async load(): Promise<string> {
        runs += 1;
        await clock.sleep([150, 2000, 1000][runs - 1] ?? 0);
        return 'value';
      }
    }
    const api = own(new Api());
    expect(await clock.until(api.load())).toBe('value');
    expect([clock.now(), stateOf(api)]).toEqual([330, expect.objectContaining({ inFlight: 1, abandoned: 1 })]);
    await clock.advance(1770);
    expect(stateOf(api)).toMatchObject({ inFlight: 1 });
    await clock.advance(10);
    expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
  });

  test('time in the queue does not count for the attempt', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 3 })
      @Timeout(100)
      async load(): Promise<string> {
        await clock.sleep(90);
        return 'in time';
      }
    }
    const api = own(new Api());
    expect(await clock.until(Promise.all([api.load(), api.load(), api.load()]))).toEqual(Array(3).fill('in time'));
  });

  test('the total ends the waiting in the queue, and the place is free at once', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 1 })
      @Timeout({ total: 100 })
      async load(latency: number): Promise<void> {
        runs += 1;
        await clock.sleep(latency);
      }
    }
    const api = own(new Api());
    const first = errorOf(api.load(500));
    const second = errorOf(api.load(1));
    await clock.advance(100);
    expect(await first).toMatchObject({ code: 'TIMED_OUT', scope: 'total' });
    expect(await second).toMatchObject({ code: 'TIMED_OUT', scope: 'total' });
    expect([runs, stateOf(api)]).toEqual([1, expect.objectContaining({ inFlight: 1, abandoned: 1, queued: 0 })]);
    await clock.advance(400);
    expect([stateOf(api)['inFlight'], clock.refCount]).toEqual([0, 0]);
  });

  test('where the order puts the attempt outside of the bulkhead, it ends the waiting, too', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Resilient({
        order: ['timeout', 'bulkhead'],
        timeout: 100,
        bulkhead: { maxConcurrent: 1, maxQueue: 1, queueTimeout: '1h' },
      })
      async load(): Promise<void> {
        runs += 1;
        await clock.sleep(500);
      }
    }
    const api = own(new Api());
    const calls = [errorOf(api.load()), errorOf(api.load())];
    await clock.advance(100);
    expect(await Promise.all(calls)).toMatchObject([{ code: 'TIMED_OUT' }, { code: 'TIMED_OUT' }]);
    expect([runs, stateOf(api)]).toEqual([1, expect.objectContaining({ inFlight: 1, abandoned: 1, queued: 0 })]);
    await clock.advance(400);
    expect([stateOf(api)['inFlight'], clock.refCount]).toEqual([0, 0]);
  });
});

describe('bulkhead and cached', () => {
  test('a hit takes no slot; callers who share a load share one', async () => {
    const { own } = virtualWorld();
    let gate: Deferred<string> = deferred();
    class Api {
      @Cached()
      @Bulkhead({ maxConcurrent: 1 })
      load(_id: number): Promise<string> {
        return gate.promise;
      }
    }
    const api = own(new Api());
    const calls = [api.load(1), api.load(1), api.load(1)];
    gate.resolve('value');
    expect(await Promise.all(calls)).toEqual(['value', 'value', 'value']);
    gate = deferred();
    void api.load(2);
    expect([await api.load(1), stateOf(api)['inFlight']]).toEqual(['value', 1]);
    expect(await errorOf(api.load(3))).toBeInstanceOf(BulkheadFullError);
  });

  test('a refusal is answered with an old value', async () => {
    const { own, clock, events } = virtualWorld();
    let isSlow = false;
    class Api {
      @Cached({ ttl: 100, staleIfError: '1h' })
      @Bulkhead({ maxConcurrent: 1 })
      async load(_id: number): Promise<string> {
        return isSlow ? forever() : 'value';
      }
    }
    const api = own(new Api());
    await api.load(1);
    await clock.advance(100);
    isSlow = true;
    void api.load(2);
    expect(await api.load(1)).toBe('value');
    expect(events.of('cache.servedStale')).toMatchObject([{ reason: 'rejected' }]);
  });

  test('a queued load leaves when its last caller does', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Cached()
      @Bulkhead({ maxConcurrent: 1, maxQueue: 1 })
      load(_id: number, _signal?: AbortSignal): Promise<string> {
        return forever();
      }
    }
    const api = own(new Api());
    void api.load(1);
    const [one, two] = [new AbortController(), new AbortController()];
    const calls = [errorOf(api.load(2, one.signal)), errorOf(api.load(2, two.signal))];
    one.abort('one');
    await clock.settle();
    expect(stateOf(api)['queued']).toBe(1);
    two.abort('two');
    expect(await Promise.all(calls)).toEqual(['one', 'two']);
    expect([stateOf(api)['queued'], stateOf(api)['inFlight'], clock.refCount]).toEqual([0, 1, 0]);
  });

  test('a refresh in the background queues without keeping the process alive', async () => {
    const { own, clock } = virtualWorld();
    let isSlow = false;
    class Api {
      @Cached({ ttl: 100, staleWhileRevalidate: '1h' })
      @Bulkhead({ maxConcurrent: 1, maxQueue: 1 })
      async load(_id: number): Promise<string> {
        return isSlow ? forever() : 'value';
      }
    }
    const api = own(new Api());
    await api.load(1);
    await clock.advance(100);
    isSlow = true;
    void api.load(2);
    expect(await api.load(1)).toBe('value');
    await clock.settle();
    expect([stateOf(api)['queued'], clock.refCount]).toEqual([1, 0]);
    await clock.advance(5000);
    expect(stateOf(api)).toMatchObject({ queued: 0, rejected: 1 });
  });
});

describe('bulkhead and circuit breaker', () => {
  test('refusals are nothing to the circuit; an open circuit takes no slot', async () => {
    const { own } = virtualWorld();
    class Api {
      @CircuitBreaker({ failureThreshold: 2 })
      @Bulkhead({ maxConcurrent: 1 })
      load(): Promise<string> {
        return forever();
      }
    }
    const api = own(new Api());
    void api.load();
    for (let call = 0; call < 10; call++) expect(await errorOf(api.load())).toBeInstanceOf(BulkheadFullError);
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'closed', failureCount: 0, neutral: 10 });
    circuitOf(api, 'load').open();
    expect(await errorOf(api.load())).toMatchObject({ code: 'CIRCUIT_OPEN' });
    expect(stateOf(api)).toMatchObject({ inFlight: 1, rejected: 10 });
  });

  test('a probe that is refused gives its permit back', async () => {
    const { own, clock } = virtualWorld();
    const gate = deferred<string>();
    class Api {
      @CircuitBreaker({ recoveryTimeout: 100, successThreshold: 1 })
      @Bulkhead({ maxConcurrent: 1 })
      load(): Promise<string> {
        return gate.promise;
      }
    }
    const api = own(new Api());
    const early = api.load();
    circuitOf(api, 'load').open();
    await clock.advance(100);
    expect(await errorOf(api.load())).toBeInstanceOf(BulkheadFullError);
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'half-open', probesInFlight: 0 });
    gate.resolve('done');
    await early;
    expect(await api.load()).toBe('done');
    expect(circuitOf(api, 'load').state).toBe('closed');
  });

  test('a probe that leaves the queue gives its permit back', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @CircuitBreaker({ recoveryTimeout: 100, successThreshold: 1 })
      @Bulkhead({ maxConcurrent: 1, maxQueue: 1, queueTimeout: 50 })
      load(_signal?: AbortSignal): Promise<string> {
        return forever();
      }
    }
    const api = own(new Api());
    void api.load();
    circuitOf(api, 'load').open();
    await clock.advance(100);
    const controller = new AbortController();
    const aborted = errorOf(api.load(controller.signal));
    expect(circuitOf(api, 'load').metrics).toMatchObject({ probesInFlight: 1 });
    controller.abort('left');
    expect(await aborted).toBe('left');
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'half-open', probesInFlight: 0 });
    expect(await clock.until(errorOf(api.load()))).toBeInstanceOf(BulkheadFullError);
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'half-open', probesInFlight: 0 });
  });
});

test('bulkhead and fallback: a refusal has an answer, and so has one who waited in vain', async () => {
  const { own, clock } = virtualWorld();
  class Api {
    @Fallback({ value: 'spare' })
    @Bulkhead({ maxConcurrent: 1, maxQueue: 1, queueTimeout: 100 })
    load(): Promise<string> {
      return forever();
    }
  }
  const api = own(new Api());
  void api.load();
  const queued = api.load();
  expect(await api.load()).toBe('spare');
  expect(await clock.until(queued)).toBe('spare');
});

test('bulkhead and adaptive concurrency: a refusal inside gives the slot back', async () => {
  const { own } = virtualWorld();
  class Api {
    @Bulkhead({ maxConcurrent: 2 })
    @AdaptiveConcurrency({ initial: 1 })
    load(): Promise<string> {
      return forever();
    }
  }
  const api = own(new Api());
  void settledOf(api.load());
  for (let call = 0; call < 3; call++) expect(await errorOf(api.load())).toMatchObject({ code: 'CONCURRENCY_LIMITED' });
  expect(stateOf(api)).toMatchObject({ inFlight: 1, rejected: 0 });
});

describe('bulkhead and a policy around the call', () => {
  const once = definePolicy({
    name: 'not-waiting',
    bind: () => async (_call, next) => {
      void settledOf(next());
      return 'at once';
    },
  });
  const twice = definePolicy({
    name: 'first-of-two',
    bind: () => async (_call, next) => Promise.race([next(), next()]),
  });
  const patient = definePolicy({ name: 'patient', bind: () => async (_call, next) => next() });

  /** The bulkhead outside of the policy, whose runs end when the test says so. */
  const begin = (decorator: typeof once, own: <Held extends object>(held: Held) => Held, policy: string) => {
    const runs: Deferred<string>[] = [];
    class Api {
      @Resilient({ order: ['bulkhead', 'retry', policy, 'timeout'] })
      @Bulkhead({ maxConcurrent: 5 })
      @Retry()
      @decorator()
      @Timeout('1m')
      async load(): Promise<string> {
        const run = deferred<string>();
        runs.push(run);
        return run.promise;
      }
    }
    return { runs, api: own(new Api()) };
  };

  test('the slot is held until the work has ended that the policy did not wait for', async () => {
    const { own, clock } = virtualWorld();
    const { runs, api } = begin(once, own, 'not-waiting');
    expect(await api.load()).toBe('at once');
    expect(stateOf(api)).toMatchObject({ inFlight: 1, abandoned: 1 });
    runs[0]!.resolve('value');
    await clock.settle();
    expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
  });

  test('and longer than a timeout inside lets it wait', async () => {
    const { own, clock } = virtualWorld();
    const { runs, api } = begin(once, own, 'not-waiting');
    await api.load();
    await clock.advance(60_001);
    expect(stateOf(api)).toMatchObject({ inFlight: 1, abandoned: 1 });
    runs[0]!.reject(coded('ECONNRESET'));
    await clock.settle();
    expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
  });

  test('one slot for all that the policy has begun, given back with the last of it', async () => {
    const { own, clock } = virtualWorld();
    const { runs, api } = begin(twice, own, 'first-of-two');
    const call = api.load();
    await clock.settle();
    runs[1]!.resolve('second');
    expect(await call).toBe('second');
    expect(stateOf(api)).toMatchObject({ inFlight: 1, abandoned: 1 });
    runs[0]!.reject(coded('ECONNRESET'));
    await clock.settle();
    expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
  });

  test('a policy that waits leaves nothing behind', async () => {
    const { own, clock } = virtualWorld();
    const { runs, api } = begin(patient, own, 'patient');
    const call = api.load();
    await clock.settle();
    runs[0]!.resolve('value');
    expect(await call).toBe('value');
    expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
  });
});

test('bulkhead outside of cached: the slot is held until the load’s abandoned work has ended', async () => {
  const { own, clock } = virtualWorld();
  const run = deferred<string>();
  class Api {
    @Resilient({ order: ['bulkhead', 'cached', 'timeout'] })
    @Bulkhead({ maxConcurrent: 2 })
    @Cached()
    @Timeout(100)
    async load(): Promise<string> {
      return run.promise;
    }
  }
  const api = own(new Api());
  const calls = [errorOf(api.load()), errorOf(api.load())];
  await clock.advance(100);
  expect(await Promise.all(calls)).toMatchObject([{ code: 'TIMED_OUT' }, { code: 'TIMED_OUT' }]);
  expect(stateOf(api)).toMatchObject({ inFlight: 2, abandoned: 2 });
  run.resolve('value');
  await clock.settle();
  expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
});
