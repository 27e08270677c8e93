import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import {
  Bulkhead,
  Cached,
  Circuit,
  CircuitBreaker,
  Fallback,
  Hedge,
  RateLimit,
  Retry,
  Timeout,
  cacheOf,
  circuitOf,
  computeDelay,
  currentCall,
  retry,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

/** Behaviour that resilience libraries have published and got wrong. One test per defect, named by what is right. */

const forever = (): Promise<never> => new Promise(() => undefined);
const outage = (): Error => coded('ECONNRESET');

test('1: an abort during the backoff settles the call at once, and no further attempt is made', async () => {
  const { own, clock } = virtualWorld();
  let runs = 0;
  class Api {
    @Retry({ delay: 500, jitter: 'none' })
    async load(_signal: AbortSignal): Promise<never> {
      runs += 1;
      throw outage();
    }
  }
  const controller = new AbortController();
  const call = errorOf(own(new Api()).load(controller.signal));
  await clock.advance(50);
  controller.abort(new Error('left'));
  expect([await call, clock.now(), clock.pending]).toEqual([controller.signal.reason, 50, 0]);
  await clock.advance(10_000);
  expect(runs).toBe(1);
});

test('1: a signal that is aborted before the call runs nothing', async () => {
  let runs = 0;
  expect(await errorOf(retry(() => (runs += 1), { signal: AbortSignal.abort('gone') }))).toBe('gone');
  expect(runs).toBe(0);
});

test('2: a hundred callers of a half-open circuit are as many probes as the circuit allows', async () => {
  const { own, clock } = virtualWorld();
  let runs = 0;
  class Api {
    @CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 100 })
    async load(fails: boolean): Promise<void> {
      runs += 1;
      if (fails) throw outage();
      await clock.sleep(1);
    }
  }
  const api = own(new Api());
  await settledOf(api.load(true));
  await clock.advance(100);
  runs = 0;
  await clock.until(Promise.all(Array.from({ length: 100 }, () => settledOf(api.load(false)))));
  expect([runs, circuitOf(api, 'load').state]).toEqual([2, 'closed']);
});

test('3: a probe that hangs for ever does not keep the circuit half-open for ever', async () => {
  const { own, clock } = virtualWorld();
  let hangs = true;
  class Api {
    @CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 100, successThreshold: 1, halfOpenMaxWait: 1_000 })
    async load(): Promise<string> {
      return hangs ? forever() : 'fine';
    }
  }
  const api = own(new Api());
  circuitOf(api, 'load').open();
  await clock.advance(100);
  void api.load();
  expect(await errorOf(api.load())).toMatchObject({ code: 'CIRCUIT_OPEN' });
  hangs = false;
  await clock.advance(1_100);
  expect(await api.load()).toBe('fine');
});

test('4: a slow call cancels nobody but itself, also while the circuit stays closed', async () => {
  const { own, clock } = virtualWorld();
  const signals: AbortSignal[] = [];
  class Api {
    @CircuitBreaker()
    @Timeout(100)
    async load(latency: number): Promise<number> {
      signals.push(currentCall().signal);
      await clock.sleep(latency);
      return latency;
    }
  }
  const api = own(new Api());
  const slow = errorOf(api.load(1_000));
  await clock.advance(60);
  const quick = api.load(50);
  await clock.advance(50);
  expect(await quick).toBe(50);
  await slow;
  expect(await clock.until(api.load(1))).toBe(1);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, false]);
});

test('5: a bulkhead is one under timeouts: what was abandoned still counts, unless it is let go', async () => {
  for (const [maxHold, expected] of [
    [undefined, 2],
    [50, 3],
  ] as const) {
    const { own, clock } = virtualWorld();
    let running = 0;
    let most = 0;
    class Api {
      @Bulkhead({ maxConcurrent: 2, ...(maxHold !== undefined && { maxHold }) })
      @Timeout(100)
      async load(): Promise<void> {
        running += 1;
        most = Math.max(most, running);
        await clock.sleep(170);
        running -= 1;
      }
    }
    const api = own(new Api());
    const calls = [settledOf(api.load()), settledOf(api.load())];
    for (let call = 0; call < 10; call += 1) {
      await clock.advance(16);
      calls.push(settledOf(api.load()));
    }
    await clock.advance(1_000);
    await Promise.all(calls);
    expect([running, most]).toEqual([0, expected]);
  }
});

test('6: failures that left the window, calls in flight and refusals do not lie in the rate', async () => {
  const { runtime, clock } = virtualWorld();
  const options = { runtime, window: { type: 'time', duration: '5s', minimumCalls: 4, failureRate: 0.5 } } as const;
  const old = new Circuit(options);
  for (let call = 0; call < 3; call += 1) old.recordFailure(outage());
  await clock.advance(3_600_000);
  old.recordFailure(outage());
  expect(old.state).toBe('closed');
  const busy = new Circuit(options);
  const inFlight = Array.from({ length: 100 }, () => busy.admit());
  for (let call = 0; call < 4; call += 1) busy.recordFailure(outage());
  expect([busy.state, inFlight.length]).toEqual(['open', 100]);
});

test('7: outcomes of calls that began before the circuit opened do not move it', async () => {
  const { runtime, clock } = virtualWorld();
  const circuit = new Circuit({ runtime, failureThreshold: 2, recoveryTimeout: 100, successThreshold: 1 });
  const stale = Array.from({ length: 4 }, () => circuit.admit());
  circuit.recordFailure(outage());
  circuit.recordFailure(outage());
  await clock.advance(100);
  stale[0]?.succeed();
  expect(circuit.state).toBe('half-open');
  circuit.recordSuccess();
  expect(circuit.state).toBe('closed');
  for (const each of stale.slice(1)) each.fail(outage());
  expect(circuit.metrics).toMatchObject({ state: 'closed', failureCount: 0 });
});

test('8: a listener or predicate that throws changes no outcome, runs nothing again, and leaves no call hanging', async () => {
  const broken = (): never => {
    throw new Error('mine');
  };
  const { own, clock, runtime } = virtualWorld();
  runtime.events.onAny(broken);
  runtime.events.onAny(() => Promise.reject(new Error('mine')));
  class Api {
    runs = 0;
    @Fallback({ value: 'fallback', when: broken })
    @Cached({ cacheIf: broken })
    @Retry({ delay: 1, retryIf: broken, retryOnResult: broken })
    @CircuitBreaker({ failureIf: broken, ignoreIf: broken })
    @Timeout({ attempt: 100, total: 500 })
    async load(outcome: string): Promise<string> {
      this.runs += 1;
      if (outcome === 'fail') throw outage();
      return outcome === 'hang' ? forever() : outcome;
    }
  }
  const api = own(new Api());
  expect(await api.load('fine')).toBe('fine');
  expect(await errorOf(api.load('fail'))).toMatchObject({ code: 'ECONNRESET' });
  expect(await clock.until(errorOf(api.load('hang')))).toMatchObject({ code: 'TIMED_OUT' });
  expect(api.runs).toBe(3);
});

test('9: retried and hedged calls run in their caller’s async context', async () => {
  const storage = new AsyncLocalStorage<string>();
  const { own, clock } = virtualWorld();
  const seen: string[] = [];
  class Api {
    @Retry({ maxAttempts: 2, delay: 10, jitter: 'none' })
    @Hedge({ after: 10 })
    async load(caller: string): Promise<void> {
      seen.push(`${caller} in ${storage.getStore()}`);
      await clock.sleep(15);
      throw outage();
    }
  }
  const api = own(new Api());
  const calls = ['one', 'other'].map((caller) => storage.run(caller, () => settledOf(api.load(caller))));
  await storage.run('nobody', () => clock.until(Promise.all(calls)));
  expect(new Set(seen)).toEqual(new Set(['one in one', 'other in other']));
  expect(seen).toHaveLength(8);
});

test('9: queued calls run in the request that they belong to, not in that of whoever made room', async () => {
  const { own, clock } = virtualWorld();
  const request = new AsyncLocalStorage<number>();
  const seen: [number, number | undefined][] = [];
  class Api {
    @Bulkhead({ maxConcurrent: 1, maxQueue: 20 })
    async load(id: number): Promise<void> {
      seen.push([id, request.getStore()]);
      await clock.sleep(10);
      seen.push([id, request.getStore()]);
    }
  }
  const api = own(new Api());
  await clock.until(Promise.all(Array.from({ length: 20 }, (_, id) => request.run(id, () => api.load(id)))));
  expect([seen.length, seen.filter(([id, found]) => id !== found)]).toEqual([40, []]);
});

test('10: a decorated method keeps its name, its length and its arguments', async () => {
  const { own } = virtualWorld();
  class Api {
    @Retry()
    @Timeout('1s')
    async load(_id: string, ...rest: unknown[]): Promise<number> {
      return rest.length;
    }
  }
  const api = own(new Api());
  expect([api.load.name, api.load.length, await api.load('a'), await api.load('a', undefined)]).toEqual([
    'load',
    1,
    0,
    1,
  ]);
});

test('11: refusals of our own neither open a circuit nor burn attempts, and keep the last failure as the cause', async () => {
  const { own, clock } = virtualWorld();
  class Inner {
    @CircuitBreaker({ failureThreshold: 1 })
    async load(): Promise<never> {
      throw withStatus(503);
    }
  }
  const inner = own(new Inner());
  let runs = 0;
  class Outer {
    @Retry({ maxAttempts: 5, delay: 1 })
    @CircuitBreaker({ failureThreshold: 3 })
    async load(): Promise<never> {
      runs += 1;
      return inner.load();
    }
  }
  const outer = own(new Outer());
  expect(await clock.until(errorOf(outer.load()))).toMatchObject({ status: 503 });
  expect(runs).toBe(2);
  for (let call = 0; call < 5; call += 1) {
    expect(await errorOf(outer.load())).toMatchObject({ code: 'CIRCUIT_OPEN', cause: { status: 503 } });
  }
  expect([runs, circuitOf(outer, 'load').state]).toEqual([7, 'closed']);
});

test('12: what was accepted is not refused later: newcomers never overtake the queue, and who left holds no place', async () => {
  const { own, clock } = virtualWorld();
  const served: string[] = [];
  class Api {
    @Bulkhead({ maxConcurrent: 1, maxQueue: 1 })
    async load(who: string, _signal?: AbortSignal): Promise<void> {
      served.push(who);
      await clock.sleep(10);
    }
  }
  const api = own(new Api());
  const first = api.load('first');
  const accepted = settledOf(api.load('accepted'));
  const newcomers = first.then(() => Promise.all([0, 1, 2].map(() => settledOf(api.load('newcomer')))));
  await clock.until(Promise.all([accepted, newcomers]));
  expect([served, 'error' in (await accepted)]).toEqual([['first', 'accepted', 'newcomer'], false]);
  const controller = new AbortController();
  const busy = api.load('busy');
  const left = errorOf(api.load('left', controller.signal));
  controller.abort('left');
  const next = api.load('next');
  await clock.until(Promise.all([busy, left, next]));
  expect(served.slice(3)).toEqual(['busy', 'next']);
});

test.each(['gcra', 'token-bucket', 'sliding-window'] as const)(
  '13: of fifty calls at once three pass a limit of three (%s)',
  async (algorithm) => {
    const { own } = virtualWorld();
    let runs = 0;
    class Api {
      @RateLimit({ limit: 3, interval: '1s', algorithm })
      async load(): Promise<void> {
        runs += 1;
      }
    }
    const api = own(new Api());
    const settled = await Promise.all(Array.from({ length: 50 }, () => settledOf(api.load())));
    expect([runs, settled.filter((each) => 'error' in each).length]).toEqual([3, 47]);
  },
);

test('14: a shared call lives exactly as long as it is in flight, also when it fails or times out', async () => {
  const { own, clock } = virtualWorld();
  class Api {
    runs = 0;
    @Cached({ ttl: 1 })
    @Timeout(100)
    async load(): Promise<number> {
      this.runs += 1;
      if (this.runs === 1) throw withStatus(400);
      return this.runs === 2 ? forever() : this.runs;
    }
  }
  const api = own(new Api());
  expect(await Promise.all([errorOf(api.load()), errorOf(api.load())])).toEqual([
    expect.objectContaining({ status: 400 }),
    expect.objectContaining({ status: 400 }),
  ]);
  expect(await clock.until(errorOf(api.load()))).toMatchObject({ code: 'TIMED_OUT' });
  expect([await api.load(), cacheOf(api, 'load').stats.coalesced]).toEqual([3, 1]);
});

test.each([1, 2, 3, 4])(
  '15: maxAttempts %i is that many calls; the delays really grow, by the factor given',
  async (maxAttempts) => {
    const { own, clock } = virtualWorld();
    const at: number[] = [];
    class Api {
      @Retry({ maxAttempts, delay: 100, factor: 3, jitter: 'none' })
      async load(): Promise<never> {
        at.push(clock.now());
        throw outage();
      }
    }
    await clock.until(settledOf(own(new Api()).load()));
    expect(at).toEqual([0, 100, 400, 1_300].slice(0, maxAttempts));
  },
);

test('16: every timer is gone or unref’d when its call is over', async () => {
  const { own, clock } = virtualWorld();
  class Api {
    @Retry({ delay: 100 })
    @Timeout({ attempt: '1h', total: '2h' })
    async load(fails: boolean): Promise<void> {
      if (fails) throw withStatus(400);
    }
  }
  const api = own(new Api());
  await api.load(false);
  await settledOf(api.load(true));
  expect(clock.refCount).toBe(0);
});

test('17: circuits per key are bounded, and none has a timer', async () => {
  const { own, clock, runtime } = virtualWorld();
  class Api {
    @CircuitBreaker({ key: (tenant: number) => tenant })
    async load(_tenant: number): Promise<void> {}
  }
  const api = own(new Api());
  for (let tenant = 0; tenant < 5_000; tenant += 1) await api.load(tenant);
  expect([Object.keys(runtime.health().circuits).length, clock.pending]).toEqual([1_000, 0]);
});

test('18: failures cost no more than successes, however many lie in the window', async () => {
  const { runtime } = virtualWorld();
  const timeOf = (record: (circuit: Circuit) => void): number => {
    const circuit = new Circuit({ runtime, window: { type: 'time', duration: '1h', minimumCalls: 10_000_000 } });
    const startedAt = performance.now();
    for (let call = 0; call < 20_000; call += 1) record(circuit);
    return performance.now() - startedAt;
  };
  const error = outage();
  timeOf((circuit) => circuit.recordFailure(error));
  const successes = timeOf((circuit) => circuit.recordSuccess());
  const failures = timeOf((circuit) => circuit.recordFailure(error));
  expect(failures).toBeLessThan(200 + successes * 50);
});

test('19: Retry-After is kept in full, or the call gives up; it is never cut short', async () => {
  const { own, clock } = virtualWorld();
  const at: number[] = [];
  class Api {
    @Retry({ maxAttempts: 2, maxRetryAfter: '2m' })
    async patient(): Promise<never> {
      at.push(clock.now());
      throw withStatus(429, { 'retry-after': '60' });
    }
    @Retry({ maxAttempts: 2 })
    async impatient(): Promise<never> {
      at.push(clock.now());
      throw withStatus(429, { 'retry-after': '60' });
    }
  }
  const api = own(new Api());
  await clock.until(settledOf(api.patient()));
  await clock.until(settledOf(api.impatient()));
  expect(at).toEqual([0, 60_000, 60_000]);
});

test('20: the caller’s abort is not a timeout; the last error is the one thrown, with its own cause', async () => {
  const { own, clock } = virtualWorld();
  const errors = [withStatus(500), withStatus(500), Object.assign(new Error('last'), { status: 502, cause: 'root' })];
  class Api {
    @Timeout('1s')
    async load(_signal: AbortSignal): Promise<void> {
      return forever();
    }
    @Retry({ delay: 1 })
    async many(): Promise<never> {
      throw errors.shift();
    }
  }
  const api = own(new Api());
  const controller = new AbortController();
  const call = errorOf(api.load(controller.signal));
  controller.abort();
  expect(await call).toMatchObject({ name: 'AbortError' });
  expect(await clock.until(errorOf(api.many()))).toMatchObject({ message: 'last', status: 502, cause: 'root' });
});

test('21: a hedge works the second time as the first: every branch has a signal of its own', async () => {
  const { own, clock } = virtualWorld();
  const signals: AbortSignal[] = [];
  class Api {
    @Hedge({ after: 10 })
    async load(call: number): Promise<number> {
      const { signal } = currentCall();
      signals.push(signal);
      await clock.sleep(call === 2 && signals.length % 2 === 0 ? 100 : 5);
      signal.throwIfAborted();
      return call;
    }
  }
  const api = own(new Api());
  for (const call of [0, 1, 2, 3]) expect(await clock.until(api.load(call))).toBe(call);
  expect(new Set(signals).size).toBe(signals.length);
});

test('22: delays do not overflow, and a step of the wall clock leaves no circuit open', async () => {
  const options = { delay: 1_000, maxDelay: 30_000, backoff: 'exponential', factor: 2, jitter: 'none' } as const;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (attempt) => {
      const delay = computeDelay(options, attempt, () => 0.5);
      return delay >= 1_000 && delay <= 30_000;
    }),
  );
  const { runtime, clock } = virtualWorld();
  const circuit = new Circuit({ runtime, failureThreshold: 1, recoveryTimeout: 1_000 });
  circuit.recordFailure(outage());
  clock.skewWall(-3_600_000);
  await clock.advance(1_000);
  expect(circuit.state).toBe('half-open');
});

test('23: two classes of one name have two circuits', async () => {
  const { own } = virtualWorld();
  const make = (): { load(): Promise<string>; fails: boolean } => {
    class Service {
      fails = false;
      @CircuitBreaker({ failureThreshold: 1 })
      async load(): Promise<string> {
        if (this.fails) throw outage();
        return 'fine';
      }
    }
    return own(new Service());
  };
  const [one, two] = [make(), make()];
  one.fails = true;
  await settledOf(one.load());
  expect(await two.load()).toBe('fine');
  expect(circuitOf(one, 'load').name).not.toBe(circuitOf(two, 'load').name);
});

test('24: a policy used again begins again', async () => {
  let runs = 0;
  const options = { maxAttempts: 3, delay: 0 };
  const fail = (): never => {
    runs += 1;
    throw outage();
  };
  await errorOf(retry(fail, options));
  await errorOf(retry(fail, options));
  expect(runs).toBe(6);
});

test('25: a circuit that went through JSON decides as the one it was taken from, whatever had happened', () => {
  const step = fc.oneof(
    fc.constantFrom('fail', 'succeed', 'isolate', 'open', 'close', 'disable', 'metricsOnly', 'reset'),
    fc.integer({ min: 1, max: 700 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.array(step, { maxLength: 20 }), (before, after) => {
      const { runtime, clock } = virtualWorld();
      const options = { runtime, failureThreshold: 2, recoveryTimeout: 500, halfOpenMaxWait: 300 } as const;
      const original = new Circuit(options);
      const play = (circuit: Circuit, each: string | number): void => {
        if (each === 'fail') circuit.recordFailure(outage());
        else if (each === 'succeed') circuit.recordSuccess();
        else if (typeof each === 'string') (circuit as unknown as Record<string, () => void>)[each]?.();
      };
      for (const each of before) {
        if (typeof each === 'number') clock.advanceSync(each);
        else play(original, each);
      }
      const copy = new Circuit(options);
      copy.restore(JSON.parse(JSON.stringify(original)));
      for (const each of after) {
        if (typeof each === 'number') clock.advanceSync(each);
        else for (const circuit of [original, copy]) play(circuit, each);
        expect([copy.state, copy.metrics.retryAfter, copy.metrics.failureCount]).toEqual([
          original.state,
          original.metrics.retryAfter,
          original.metrics.failureCount,
        ]);
      }
    }),
    { numRuns: 200 },
  );
});
