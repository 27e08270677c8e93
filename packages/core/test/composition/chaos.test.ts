/** @Chaos beside each of the other policies: they cannot tell it from a method that fails, lags or errs. */
import {
  AdaptiveConcurrency,
  AdaptiveThrottle,
  Cached,
  Chaos,
  CircuitBreaker,
  CircuitOpenError,
  Fallback,
  Invalidates,
  Resilient,
  Retry,
  Timeout,
  circuitOf,
  currentCall,
  explain,
} from '../../src/index.js';
import { sequenceRandom } from '../../../testing/src/index.js';
import { errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const ON = { enabled: true, rate: 1 } as const;
const stateOf = (target: object, policy: string): object =>
  explain(target).methods[0]?.stack.find((each) => each.policy === policy)?.state as object;

describe('chaos and retry', () => {
  test('each attempt draws its own lot, and the retry makes up for a fault', async () => {
    // The lots of two attempts: a fault and which, then none.
    const { own, clock, events } = virtualWorld({ random: sequenceRandom([0.1, 0, 0.9]) });
    class Api {
      runs = 0;
      @Retry({ maxAttempts: 3, delay: 10, jitter: 'none' })
      @Chaos({ enabled: true, rate: 0.5, fault: 503 })
      async load(): Promise<string> {
        this.runs += 1;
        return 'value';
      }
    }
    const api = own(new Api());
    expect(await clock.until(api.load())).toBe('value');
    expect([api.runs, events.count('chaos.injected'), events.count('retry.scheduled')]).toEqual([1, 1, 1]);
  });

  test('a fault that is no outage is not retried', async () => {
    const { own, events } = virtualWorld();
    class Api {
      @Retry()
      @Chaos({ ...ON, fault: 404 })
      async load(): Promise<void> {}
    }
    expect(await errorOf(own(new Api()).load())).toMatchObject({ status: 404 });
    expect(events.count('chaos.injected')).toBe(1);
  });

  test('a result is judged as the method’s own', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      @Retry({ maxAttempts: 3, delay: 10, retryOnResult: (result: unknown) => result === 'pending' })
      @CircuitBreaker({ failureThreshold: 3 })
      @Chaos({ ...ON, result: { value: 'pending' } })
      async load(): Promise<string> {
        return 'value';
      }
    }
    const api = own(new Api());
    expect(await clock.until(api.load())).toBe('pending');
    expect([events.count('chaos.injected'), circuitOf(api, 'load').state]).toEqual([3, 'open']);
  });
});

test('chaos and circuit breaker: faults open the circuit, and an open one lets no chaos through', async () => {
  const { own, events } = virtualWorld();
  class Api {
    @CircuitBreaker({ failureThreshold: 2 })
    @Chaos({ ...ON, fault: ['ECONNRESET', 503] })
    async load(): Promise<void> {}
  }
  const api = own(new Api());
  for (let call = 0; call < 2; call++) await errorOf(api.load());
  expect(circuitOf(api, 'load').state).toBe('open');
  expect(await errorOf(api.load())).toBeInstanceOf(CircuitOpenError);
  expect(events.count('chaos.injected')).toBe(2);
});

test('an explicit order puts it outside of the retry: one lot for all attempts', async () => {
  const { own, events } = virtualWorld();
  class Api {
    @Resilient({ retry: { maxAttempts: 3, delay: 1 }, chaos: { ...ON, fault: 503 }, order: ['chaos', 'retry'] })
    async load(): Promise<void> {}
  }
  expect(await errorOf(own(new Api()).load())).toMatchObject({ status: 503 });
  expect([events.count('chaos.injected'), events.count('retry.scheduled')]).toEqual([1, 0]);
});

test('chaos and currentCall: the method sees its attempt, and a signal that ends with it', async () => {
  const { own, clock } = virtualWorld();
  const seen: [number, AbortSignal][] = [];
  class Api {
    @Retry({ maxAttempts: 2, delay: 10, jitter: 'none' })
    @Timeout(50)
    @Chaos({ ...ON, latency: 20 })
    load(): Promise<void> {
      const { attempt, signal } = currentCall();
      seen.push([attempt, signal]);
      return new Promise(() => undefined);
    }
  }
  await clock.until(errorOf(own(new Api()).load()));
  expect(seen.map(([attempt, signal]) => [attempt, signal.aborted])).toEqual([
    [1, true],
    [2, true],
  ]);
});

describe('chaos and timeout', () => {
  test('latency counts into the attempt, and a retry may be quick', async () => {
    // Late by a second, then not at all.
    const { own, clock } = virtualWorld({ random: sequenceRandom([0.1, 0, 0.9]) });
    class Api {
      runs = 0;
      @Retry({ maxAttempts: 2, delay: 10, jitter: 'none' })
      @Timeout('500ms')
      @Chaos({ enabled: true, rate: 0.5, latency: '1s' })
      async load(): Promise<string> {
        this.runs += 1;
        return 'value';
      }
    }
    const api = own(new Api());
    expect(await clock.until(api.load())).toBe('value');
    expect(clock.now()).toBe(510);
    await clock.advance(5000);
    expect([api.runs, clock.pending]).toEqual([1, 0]);
  });

  test('the caller’s total ends a wait, and what it waited for never begins', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      runs = 0;
      @Timeout({ total: 100 })
      @Retry({ maxAttempts: 3, delay: 1 })
      @Chaos({ ...ON, latency: '1s' })
      async load(): Promise<void> {
        this.runs += 1;
      }
    }
    const api = own(new Api());
    expect(await clock.until(errorOf(api.load()))).toMatchObject({ code: 'TIMED_OUT' });
    expect([clock.now(), clock.pending]).toEqual([100, 0]);
    await clock.advance(5000);
    expect(api.runs).toBe(0);
  });
});

test('chaos and cached: a hit is never disturbed, a stale value answers for a fault, an injected result is stored', async () => {
  const { own, clock, runtime, events } = virtualWorld();
  class Api {
    @Cached({ ttl: 100, staleIfError: '1h' })
    @Chaos({ fault: 503 })
    async load(): Promise<string> {
      return 'value';
    }
    @Cached({ ttl: '1m' })
    @Chaos({ ...ON, result: { value: 'garbage' } })
    async other(): Promise<string> {
      return 'value';
    }
  }
  const api = own(new Api());
  await api.load();
  runtime.configure({ defaults: { chaos: ON } });
  expect(await api.load()).toBe('value');
  expect(events.count('chaos.injected')).toBe(0);
  await clock.advance(200);
  expect(await api.load()).toBe('value');
  expect(events.of('cache.servedStale')).toMatchObject([{ reason: 'error' }]);
  expect([await api.other(), await api.other()]).toEqual(['garbage', 'garbage']);
  expect(events.of('chaos.injected').filter(({ method }) => method === 'Api.other')).toHaveLength(1);
});

test('chaos and a refresh in the background: its latency keeps no process alive', async () => {
  const { own, clock, runtime } = virtualWorld();
  class Api {
    @Cached({ ttl: 100, staleWhileRevalidate: '1h' })
    @Chaos({ latency: '1s' })
    async load(): Promise<string> {
      return 'value';
    }
  }
  const api = own(new Api());
  await api.load();
  runtime.configure({ defaults: { chaos: ON } });
  await clock.advance(200);
  expect(await api.load()).toBe('value');
  await clock.settle();
  expect([clock.pending, clock.refCount]).toEqual([1, 0]);
  await clock.advance(1000);
  expect(clock.pending).toBe(0);
});

test('chaos and fallback: the fallback answers for a fault', async () => {
  const { own, events } = virtualWorld();
  class Api {
    @Fallback({ value: 'spare' })
    @Chaos({ ...ON, fault: 503 })
    async load(): Promise<string> {
      return 'value';
    }
  }
  expect(await own(new Api()).load()).toBe('spare');
  expect(events.count('fallback.applied')).toBe(1);
});

test('chaos and invalidates: a write that may have had an effect drops the entry, as with a real fault', async () => {
  const { own } = virtualWorld();
  class Api {
    reads = 0;
    @Cached({ ttl: '1m' })
    async read(): Promise<number> {
      this.reads += 1;
      return this.reads;
    }
    @Invalidates({ target: 'read' })
    @Chaos({ ...ON, fault: 'ECONNRESET' })
    async write(): Promise<void> {}
  }
  const api = own(new Api());
  await api.read();
  await errorOf(api.write());
  expect(await api.read()).toBe(2);
});

test('chaos, adaptive throttle and adaptive limit: a fault that says overload is one, and latency holds a slot', async () => {
  const { own, clock } = virtualWorld();
  class Api {
    @AdaptiveThrottle()
    @AdaptiveConcurrency({ initial: 10 })
    @Chaos({ enabled: true, rate: { fault: 0.5, latency: 0.5 }, fault: () => withStatus(503), latency: '1s', seed: 1 })
    async load(): Promise<void> {}
  }
  const api = own(new Api());
  const calls = Array.from({ length: 6 }, () => settledOf(api.load()));
  await clock.settle();
  const { inFlight } = stateOf(api, 'adaptive-concurrency') as { inFlight: number };
  const failed = await clock.until(Promise.all(calls));
  expect(inFlight).toBe(failed.filter((settled) => 'value' in settled).length);
  expect(inFlight).toBeGreaterThan(0);
  const { requests, accepts } = stateOf(api, 'adaptive-throttle') as { requests: number; accepts: number };
  expect([requests, accepts]).toEqual([6, inFlight]);
  expect(stateOf(api, 'adaptive-concurrency')).toMatchObject({ limit: 7, inFlight: 0 });
});
