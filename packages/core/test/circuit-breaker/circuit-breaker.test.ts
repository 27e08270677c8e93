import fc from 'fast-check';
import { deferred } from '../../../testing/src/index.js';
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  ConfigurationError,
  Resilient,
  Retry,
  Timeout,
  circuitOf,
  configure,
  explain,
  resetConfiguration,
} from '../../src/index.js';
import { type VirtualWorld, coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const forever = (): Promise<never> => new Promise(() => undefined);
const outage = (): Error => coded('ECONNRESET');

beforeEach(() => configure({ logger: false }));
afterEach(() => resetConfiguration());

/** A service whose calls end as told. */
class Api {
  runs = 0;
  async load(outcome?: unknown): Promise<unknown> {
    this.runs += 1;
    if (outcome instanceof Error || outcome instanceof DOMException) throw outcome;
    return outcome;
  }
}

const apiWith = (options: CircuitBreakerOptions<[unknown?]>, { own }: VirtualWorld): Api => {
  class Guarded extends Api {
    @CircuitBreaker(options)
    override async load(outcome?: unknown): Promise<unknown> {
      return super.load(outcome);
    }
  }
  return own(new Guarded());
};

const failTimes = async (api: Api, times: number): Promise<void> => {
  for (let call = 0; call < times; call += 1) await settledOf(api.load(outage()));
};

describe('a consecutive window', () => {
  test('opens at failureThreshold failures in a row, five by default', async () => {
    const world = virtualWorld();
    const api = apiWith({}, world);
    await failTimes(api, 4);
    expect(circuitOf(api, 'load').state).toBe('closed');
    await failTimes(api, 1);
    expect(circuitOf(api, 'load').state).toBe('open');
  });

  test('begins anew at a success', async () => {
    const api = apiWith({ failureThreshold: 2 }, virtualWorld());
    for (let round = 0; round < 20; round += 1) {
      await failTimes(api, 1);
      await api.load('fine');
    }
    expect(circuitOf(api, 'load').state).toBe('closed');
  });
});

describe('an open circuit', () => {
  test('never calls the method, and says when to try again', async () => {
    const world = virtualWorld();
    const api = apiWith({ failureThreshold: 1, recoveryTimeout: '30s' }, world);
    await failTimes(api, 1);
    await world.clock.advance(4_000);
    const error = await errorOf(api.load());
    expect(api.runs).toBe(1);
    expect(error).toBeInstanceOf(CircuitOpenError);
    expect(error).toMatchObject({
      message: 'Guarded.load: circuit is open; next probe in 26 s',
      code: 'CIRCUIT_OPEN',
      method: 'Guarded.load',
      circuit: 'Guarded.load',
      policy: 'circuit-breaker',
      retryAfter: 26_000,
    });
  });

  test('captures no stack', async () => {
    const api = apiWith({ failureThreshold: 1 }, virtualWorld());
    await failTimes(api, 1);
    expect(((await errorOf(api.load())) as Error).stack).not.toContain('\n');
  });

  test('tells the last failure as a summary, never the error itself', async () => {
    const api = apiWith({ failureThreshold: 1 }, virtualWorld());
    const secret = Object.assign(new Error('password=hunter2'), { status: 503, code: 'E_DOWN', token: 'hunter2' });
    await settledOf(api.load(secret));
    const error = (await errorOf(api.load())) as CircuitOpenError;
    expect(error.cause).toEqual({ name: 'Error', status: 503, code: 'E_DOWN' });
    expect(Object.isFrozen(error.cause)).toBe(true);
  });

  test('reports each refusal', async () => {
    const world = virtualWorld();
    const api = apiWith({ failureThreshold: 1, recoveryTimeout: 1_000 }, world);
    await failTimes(api, 1);
    await settledOf(api.load());
    expect(world.events.of('circuit.rejected')).toMatchObject([
      { method: 'Guarded.load', circuit: 'Guarded.load', retryAfter: 1_000 },
    ]);
  });

  test('of a synchronous method throws', () => {
    const { own } = virtualWorld();
    class Sync {
      @CircuitBreaker({ failureThreshold: 1 })
      load(fails: boolean): number {
        if (fails) throw outage();
        return 1;
      }
    }
    const sync = own(new Sync());
    expect(sync.load(false)).toBe(1);
    expect(() => sync.load(true)).toThrow('ECONNRESET');
    expect(() => sync.load(false)).toThrow(CircuitOpenError);
  });
});

describe('a half-open circuit', () => {
  const opened = async (options: CircuitBreakerOptions<[unknown?]> = {}): Promise<VirtualWorld & { api: Api }> => {
    const world = virtualWorld();
    const api = apiWith({ failureThreshold: 1, recoveryTimeout: 1_000, ...options }, world);
    await failTimes(api, 1);
    await world.clock.advance(1_000);
    api.runs = 0;
    return { ...world, api };
  };

  test('admits exactly halfOpenMaxCalls of 100 concurrent callers', async () => {
    const { api } = await opened({ halfOpenMaxCalls: 3, successThreshold: 3 });
    const probes = Array.from({ length: 100 }, () => settledOf(api.load(forever())));
    const refused = await Promise.all(probes.slice(3));
    expect(refused.every((settled) => 'error' in settled && settled.error instanceof CircuitOpenError)).toBe(true);
    expect([api.runs, circuitOf(api, 'load').metrics.probesInFlight]).toEqual([3, 3]);
  });

  test('closes after successThreshold successes, two by default', async () => {
    const { api, events } = await opened();
    events.clear();
    await api.load('fine');
    expect(circuitOf(api, 'load').state).toBe('half-open');
    await api.load('fine');
    expect(circuitOf(api, 'load').state).toBe('closed');
    expect(events.types().filter((type) => type.startsWith('circuit.'))).toEqual([
      'circuit.halfOpened',
      'circuit.closed',
    ]);
  });

  test('opens again at a failure that puts the threshold out of reach', async () => {
    const { api, events } = await opened();
    events.clear();
    await failTimes(api, 1);
    expect(events.types().filter((type) => type.startsWith('circuit.'))).toEqual([
      'circuit.halfOpened',
      'circuit.opened',
    ]);
    expect(events.last('circuit.opened')).toMatchObject({ openings: 2, reason: 'probes-failed', retryAfter: 1_000 });
  });

  test('shows in state before the first probe, and emits nothing until then', async () => {
    const { api, events } = await opened();
    events.clear();
    expect(circuitOf(api, 'load').state).toBe('half-open');
    expect(circuitOf(api, 'load').metrics.state).toBe('half-open');
    expect(events.types()).toEqual([]);
  });

  test('gets the permit back from a neutral outcome', async () => {
    const { api } = await opened({ halfOpenMaxCalls: 1, successThreshold: 1 });
    await settledOf(api.load(new DOMException('aborted', 'AbortError')));
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'half-open', probesInFlight: 0 });
    await api.load('fine');
    expect(circuitOf(api, 'load').state).toBe('closed');
  });

  test('gets the permit back from a probe whose caller aborts', async () => {
    const world = virtualWorld();
    class Aborted {
      @CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 1_000, halfOpenMaxCalls: 1, successThreshold: 1 })
      async load(_signal: AbortSignal, fails = false): Promise<void> {
        if (fails) throw outage();
        return forever();
      }
      @CircuitBreaker()
      async other(): Promise<void> {}
    }
    const api = world.own(new Aborted());
    circuitOf(api, 'load').open();
    await world.clock.advance(1_000);
    const controller = new AbortController();
    const probe = errorOf(api.load(controller.signal));
    controller.abort(new Error('user left'));
    await probe;
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'half-open', probesInFlight: 0, neutral: 1 });
  });

  test('takes a probe back that hangs longer than halfOpenMaxWait, as a failure', async () => {
    const { api, clock, events } = await opened({ halfOpenMaxCalls: 1, successThreshold: 1, halfOpenMaxWait: '5s' });
    const hanging = deferred<string>();
    void api.load(hanging.promise);
    await clock.advance(5_000);
    expect(circuitOf(api, 'load').state).toBe('open');
    expect(events.last('circuit.opened')).toMatchObject({ reason: 'probe-hung' });
    hanging.resolve('late');
    await clock.settle();
    expect(circuitOf(api, 'load').state).toBe('open');
    await clock.advance(1_000);
    await api.load('fine');
    expect(circuitOf(api, 'load').state).toBe('closed');
  });

  test('is not told anything by a call that began before the circuit opened', async () => {
    const world = virtualWorld();
    const api = apiWith({ failureThreshold: 1, recoveryTimeout: 1_000 }, world);
    const [success, failure] = [deferred<string>(), deferred<string>()];
    const early = [settledOf(api.load(success.promise)), settledOf(api.load(failure.promise))];
    await failTimes(api, 1);
    await world.clock.advance(1_000);
    await api.load('probe');
    success.resolve('late');
    failure.reject(outage());
    await Promise.all(early);
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'half-open', probesInFlight: 0, openings: 1 });
  });

  test('counts a late failure of an earlier period to a closed circuit as nothing', async () => {
    const world = virtualWorld();
    const api = apiWith({ failureThreshold: 2, recoveryTimeout: 1_000 }, world);
    const late = [deferred<string>(), deferred<string>()];
    const early = late.map(({ promise }) => settledOf(api.load(promise)));
    await failTimes(api, 2);
    await world.clock.advance(1_000);
    await api.load('probe');
    await api.load('probe');
    for (const each of late) each.reject(outage());
    await Promise.all(early);
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'closed', failureCount: 0 });
  });
});

describe('the event of an opening', () => {
  test('has no rate where failures in a row opened the circuit', async () => {
    const world = virtualWorld();
    await failTimes(apiWith({ failureThreshold: 2 }, world), 2);
    expect(world.events.last('circuit.opened')).toMatchObject({ reason: 'consecutive-failures', failures: 2 });
    expect(world.events.last('circuit.opened')).not.toHaveProperty('failureRate');
  });

  test.each([
    [0.1 + 0.2, 1_000, 1_000],
    [1e6 + 1 / 3, 1_000, 1_000],
    [0.7, 1_000.25, 1_001],
  ])('says in whole milliseconds when to come back: at %p after a break of %p ms, %p', async (at, pause, expected) => {
    const world = virtualWorld();
    const api = apiWith({ failureThreshold: 1, recoveryTimeout: () => pause }, world);
    await world.clock.advance(at);
    await failTimes(api, 1);
    expect(world.events.last('circuit.opened')).toMatchObject({ retryAfter: expected });
  });
});

describe('rates', () => {
  test('count completed calls only, and need minimumCalls', async () => {
    const world = virtualWorld();
    const api = apiWith({ window: { type: 'time', duration: '10s', minimumCalls: 10, failureRate: 0.5 } }, world);
    const inFlight = Array.from({ length: 50 }, () => settledOf(api.load(forever())));
    await failTimes(api, 9);
    expect(circuitOf(api, 'load').state).toBe('closed');
    await failTimes(api, 1);
    expect(circuitOf(api, 'load').state).toBe('open');
    expect(world.events.last('circuit.opened')).toMatchObject({ reason: 'failure-rate', failureRate: 1, failures: 10 });
    expect(inFlight).toHaveLength(50);
  });

  test('forget what has left the window', async () => {
    const world = virtualWorld();
    const api = apiWith({ window: { type: 'time', duration: '5s', minimumCalls: 2 } }, world);
    await failTimes(api, 1);
    await world.clock.advance(3_600_000);
    await failTimes(api, 1);
    expect(circuitOf(api, 'load').state).toBe('closed');
  });

  test('open although the last call was a success', async () => {
    const api = apiWith({ window: { type: 'count', size: 20 } }, virtualWorld());
    await failTimes(api, 19);
    await api.load('fine');
    expect(circuitOf(api, 'load').state).toBe('open');
  });

  test('open for the whole break when a success completes the sample', async () => {
    const world = virtualWorld();
    const api = apiWith({ window: { type: 'count', size: 4 }, recoveryTimeout: 1_000 }, world);
    await world.clock.advance(60_000);
    await failTimes(api, 3);
    await api.load('fine');
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'open', openedAt: 60_000, retryAfter: 1_000 });
  });

  test('are cleared on close', async () => {
    const world = virtualWorld();
    const api = apiWith({ window: { type: 'count', size: 4 }, recoveryTimeout: 1_000 }, world);
    await failTimes(api, 4);
    await world.clock.advance(1_000);
    await api.load('fine');
    await api.load('fine');
    await failTimes(api, 1);
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'closed', calls: 1, failures: 1 });
  });

  test('record in constant time', async () => {
    const world = virtualWorld();
    const api = apiWith({ window: { type: 'time', duration: '1h', minimumCalls: 1_000_000 } }, world);
    await failTimes(api, 20_000);
    expect(circuitOf(api, 'load').metrics.failures).toBe(20_000);
  });
});

describe('slow calls', () => {
  test('open the circuit by their share, and each is reported', async () => {
    const world = virtualWorld();
    const api = apiWith(
      { slowCall: { duration: '1s', rate: 0.5 }, window: { type: 'count', size: 2, minimumCalls: 2 } },
      world,
    );
    for (let call = 0; call < 2; call += 1) {
      const work = deferred<string>();
      const result = api.load(work.promise);
      await world.clock.advance(1_500);
      work.resolve('slow');
      expect(await result).toBe('slow');
    }
    expect(world.events.of('circuit.slowCall')).toMatchObject([
      { circuit: 'Guarded.load', durationMs: 1_500 },
      { circuit: 'Guarded.load', durationMs: 1_500 },
    ]);
    expect(world.events.last('circuit.opened')).toMatchObject({ reason: 'slow-call-rate', slowCallRate: 1 });
    expect(world.events.last('circuit.opened')).not.toHaveProperty('failureRate');
  });

  test('that the caller aborts are not slow', async () => {
    const world = virtualWorld();
    class Aborted {
      @CircuitBreaker({ slowCall: { duration: 10, rate: 0.1 } })
      async load(_signal: AbortSignal): Promise<void> {
        return forever();
      }
    }
    const controller = new AbortController();
    const call = errorOf(world.own(new Aborted()).load(controller.signal));
    await world.clock.advance(1_000);
    controller.abort();
    await call;
    expect(world.events.count('circuit.slowCall')).toBe(0);
  });
});

describe('what counts', () => {
  test('failureIf decides alone', async () => {
    const api = apiWith(
      { failureThreshold: 1, failureIf: (error) => (error as Error).message === 'mine' },
      virtualWorld(),
    );
    await failTimes(api, 3);
    expect(circuitOf(api, 'load').state).toBe('closed');
    await settledOf(api.load(new RangeError('x')));
    expect(circuitOf(api, 'load').metrics.neutral).toBe(1);
    await settledOf(api.load(new Error('mine')));
    expect(circuitOf(api, 'load').state).toBe('open');
  });

  test('failureOn names what counts; ignoreOn and ignoreIf what does not, and win', async () => {
    const api = apiWith(
      {
        failureThreshold: 1,
        failureOn: [404],
        ignoreOn: ['E_MINE'],
        ignoreIf: (error) => error instanceof SyntaxError,
      },
      virtualWorld(),
    );
    await settledOf(api.load(Object.assign(withStatus(404), { code: 'E_MINE' })));
    await settledOf(api.load(new SyntaxError('x')));
    expect(circuitOf(api, 'load').metrics).toMatchObject({ neutral: 2, state: 'closed' });
    await settledOf(api.load(withStatus(404)));
    expect(circuitOf(api, 'load').state).toBe('open');
  });

  test.each<[string, CircuitBreakerOptions, string]>([
    [
      'failureIf that throws is a failure',
      {
        failureIf: () => {
          throw new Error('mine');
        },
      },
      'open',
    ],
    [
      'failureOn that throws does not match',
      {
        failureOn: [
          () => {
            throw new Error('mine');
          },
        ],
      },
      'closed',
    ],
    [
      'ignoreIf that throws ignores nothing',
      {
        ignoreIf: () => {
          throw new Error('mine');
        },
      },
      'open',
    ],
    [
      'ignoreOn that throws ignores nothing',
      {
        ignoreOn: [
          () => {
            throw new Error('mine');
          },
        ],
      },
      'open',
    ],
  ])('a predicate %s, and is reported; no permit is lost', async (_name, options, state) => {
    const world = virtualWorld();
    const api = apiWith({ failureThreshold: 1, ...options } as CircuitBreakerOptions<[unknown?]>, world);
    const error = outage();
    expect(await errorOf(api.load(error))).toBe(error);
    expect(circuitOf(api, 'load').state).toBe(state);
    expect(world.events.of('listener.failed')).toMatchObject([
      { source: `@CircuitBreaker ${Object.keys(options)[0]}` },
    ]);
  });

  test('a predicate that throws in half-open gives the permit back', async () => {
    const world = virtualWorld();
    let throws = false;
    const api = apiWith(
      {
        failureThreshold: 1,
        recoveryTimeout: 1_000,
        halfOpenMaxCalls: 1,
        successThreshold: 1,
        ignoreIf: () => {
          if (throws) throw new Error('mine');
          return false;
        },
      },
      world,
    );
    await failTimes(api, 1);
    throws = true;
    await world.clock.advance(1_000);
    await failTimes(api, 1);
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'open', probesInFlight: 0 });
  });

  test('a listener that throws loses no permit and changes no outcome', async () => {
    const world = virtualWorld();
    world.runtime.events.onAny(() => {
      throw new Error('mine');
    });
    const api = apiWith({ failureThreshold: 1, recoveryTimeout: 1_000, successThreshold: 1 }, world);
    await failTimes(api, 1);
    await world.clock.advance(1_000);
    expect(await api.load('fine')).toBe('fine');
    expect(circuitOf(api, 'load').state).toBe('closed');
  });

  test('a result that the retry does not accept is a failure', async () => {
    const { own, clock } = virtualWorld();
    class Polling {
      @Retry({ maxAttempts: 2, delay: 1, retryOnResult: (result) => result === 'pending' })
      @CircuitBreaker()
      async load(): Promise<string> {
        return 'pending';
      }
    }
    const polling = own(new Polling());
    await clock.until(polling.load());
    expect(circuitOf(polling, 'load').metrics.failureCount).toBe(2);
  });
});

describe('one circuit', () => {
  test('serves all instances of a class, and not another class of the same name', async () => {
    const { own } = virtualWorld();
    const make = (): new () => Api => {
      class Service extends Api {
        @CircuitBreaker({ failureThreshold: 1 })
        override async load(outcome?: unknown): Promise<unknown> {
          return super.load(outcome);
        }
      }
      return Service;
    };
    const [First, Second] = [make(), make()];
    await failTimes(own(new First()), 1);
    expect(await errorOf(own(new First()).load())).toBeInstanceOf(CircuitOpenError);
    expect(await own(new Second()).load('fine')).toBe('fine');
  });

  test('per instance where the scope says so, each with a name of its own', async () => {
    const world = virtualWorld();
    class Service {
      @CircuitBreaker({ scope: 'instance', failureThreshold: 1 })
      async load(fails: boolean): Promise<string> {
        if (fails) throw outage();
        return 'fine';
      }
    }
    const [one, two] = [world.own(new Service()), world.own(new Service())];
    await settledOf(one.load(true));
    expect(await two.load(false)).toBe('fine');
    expect(await errorOf(one.load(false))).toBeInstanceOf(CircuitOpenError);
    expect(world.runtime.health()).toMatchObject({
      status: 'degraded',
      circuits: { 'Service.load': { state: 'open' }, 'Service.load@2': { state: 'closed' } },
    });
    world.runtime.configure({ defaults: { circuitBreaker: { recoveryTimeout: '1h' } } });
    await two.load(false);
    expect(circuitOf(one, 'load').state).toBe('open');
  });

  test('per instance serves calls without one, too', async () => {
    const { runtime } = virtualWorld();
    class Service {
      @CircuitBreaker({ scope: 'instance', failureThreshold: 1 })
      async load(): Promise<string> {
        throw outage();
      }
    }
    const { load } = Service.prototype;
    await runtime.run(() => settledOf(load.call(undefined as never)));
    expect(await runtime.run(() => errorOf(load.call(undefined as never)))).toBeInstanceOf(CircuitOpenError);
  });

  test('is shared by methods that give one name and equal options, in whatever order and spelling', async () => {
    const world = virtualWorld();
    class Payments {
      @CircuitBreaker({ name: 'bank', recoveryTimeout: '30s', failureThreshold: 1 })
      async charge(): Promise<void> {
        throw outage();
      }
      @CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 30_000, name: 'bank' })
      async refund(): Promise<void> {}
    }
    const payments = world.own(new Payments());
    await payments.refund();
    await settledOf(payments.charge());
    expect(await errorOf(payments.refund())).toMatchObject({
      circuit: 'bank',
      message: "Payments.refund: circuit 'bank' is open; next probe in 30 s",
    });
    expect(Object.keys(world.runtime.health().circuits)).toEqual(['bank']);
  });

  test('of one name with unequal options is refused, and health() reports on', async () => {
    const world = virtualWorld();
    class Payments {
      @CircuitBreaker({ name: 'bank', failureThreshold: 1 })
      async charge(): Promise<void> {}
      @CircuitBreaker({ name: 'bank', failureThreshold: 2 })
      async refund(): Promise<void> {}
    }
    const payments = world.own(new Payments());
    await payments.charge();
    expect(await errorOf(payments.refund())).toMatchObject({ code: 'CONFIGURATION', option: 'name' });
    expect(world.runtime.health().status).toBe('healthy');
  });

  test('in shadow mode it opens and refuses nothing: what it would have refused runs, is not counted, and is reported', async () => {
    const world = virtualWorld();
    class Tried {
      calls = 0;
      @CircuitBreaker({ failureThreshold: 2, recoveryTimeout: 1_000, successThreshold: 1, shadow: true })
      async load(): Promise<number> {
        this.calls += 1;
        if (this.calls < 4) throw outage();
        return this.calls;
      }
    }
    const api = world.own(new Tried());
    for (let call = 0; call < 3; call += 1) expect(await errorOf(api.load())).toMatchObject({ code: 'ECONNRESET' });
    expect(await api.load()).toBe(4);
    const facts = { method: 'Tried.load', policy: 'circuit-breaker', circuit: 'Tried.load', retryAfter: 1_000 };
    expect(world.events.of('shadow.rejected')).toMatchObject([facts, facts]);
    expect(world.events.types()).not.toContain('circuit.rejected');
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'open', rejected: 2 });
    expect(world.runtime.health()).toMatchObject({ status: 'healthy', circuits: { 'Tried.load': { state: 'open' } } });
    await world.clock.advance(1_000);
    await api.load();
    expect(circuitOf(api, 'load').state).toBe('closed');
  });

  test('in shadow mode slow calls are told with the time that they took, those it would have refused included', async () => {
    const { own, clock, events } = virtualWorld();
    class Tried {
      @CircuitBreaker({ failureThreshold: 1, slowCall: { duration: 10, rate: 1 }, shadow: true })
      async load(latency: number): Promise<void> {
        await clock.sleep(latency);
        throw outage();
      }
    }
    const api = own(new Tried());
    for (const latency of [1, 5, 20]) await clock.until(errorOf(api.load(latency)));
    expect(events.count('shadow.rejected')).toBe(2);
    expect(events.of('circuit.slowCall')).toMatchObject([{ durationMs: 20 }]);
  });

  test('in shadow mode it does not keep retries from being made', async () => {
    const world = virtualWorld();
    let calls = 0;
    class Tried {
      @Retry({ maxAttempts: 4, delay: 10, jitter: 'none' })
      @CircuitBreaker({ failureThreshold: 1, shadow: true })
      async load(): Promise<void> {
        calls += 1;
        throw outage();
      }
    }
    expect(await world.clock.until(errorOf(world.own(new Tried()).load()))).toMatchObject({ code: 'ECONNRESET' });
    expect(calls).toBe(4);
  });

  test('per key: keys do not harm each other, and no raw key shows', async () => {
    const world = virtualWorld();
    class Tenants {
      @CircuitBreaker({ key: (tenant: string) => tenant, failureThreshold: 1 })
      async load(tenant: string): Promise<string> {
        if (tenant === 'tenant-secret') throw outage();
        return tenant;
      }
    }
    const tenants = world.own(new Tenants());
    await settledOf(tenants.load('tenant-secret'));
    expect(await tenants.load('healthy')).toBe('healthy');
    expect(await errorOf(tenants.load('tenant-secret'))).toBeInstanceOf(CircuitOpenError);
    expect(circuitOf(tenants, 'load', 'tenant-secret').state).toBe('open');
    expect(circuitOf(tenants, 'load', 'healthy').state).toBe('closed');
    const shown = JSON.stringify([world.events.events, world.runtime.health()]);
    expect(shown).not.toContain('tenant-secret');
    expect(Object.keys(world.runtime.health().circuits)).toEqual([
      expect.stringMatching(/^Tenants\.load\[[0-9a-f]{14}\]$/),
      expect.stringMatching(/^Tenants\.load\[[0-9a-f]{14}\]$/),
    ]);
  });

  test('per key and name is shared by the methods that give both', async () => {
    const { own } = virtualWorld();
    const options = { name: 'tenants', key: (tenant: string) => tenant, failureThreshold: 1 };
    class Tenants {
      @CircuitBreaker(options)
      async load(_tenant: string): Promise<void> {
        throw outage();
      }
      @CircuitBreaker(options)
      async save(_tenant: string): Promise<void> {}
    }
    const tenants = own(new Tenants());
    await settledOf(tenants.load('one'));
    expect(await errorOf(tenants.save('one'))).toBeInstanceOf(CircuitOpenError);
    await tenants.save('two');
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['answers no usable key', () => (): void => undefined],
  ])('per key, whose key function %s, serves all such calls, and the failure is reported', async (_name, key) => {
    const world = virtualWorld();
    class Tenants {
      @Retry({ maxAttempts: 2, delay: 1 })
      @CircuitBreaker({ key: key as () => string })
      async load(): Promise<void> {
        throw outage();
      }
    }
    const tenants = world.own(new Tenants());
    expect(await world.clock.until(errorOf(tenants.load()))).toMatchObject({ code: 'ECONNRESET' });
    expect(world.events.last('listener.failed')).toMatchObject({ source: '@CircuitBreaker key' });
    expect(Object.values(world.runtime.health().circuits)).toMatchObject([{ failureCount: 2 }]);
  });

  test('per key: at most a thousand; circuits without a failure are forgotten first', async () => {
    const world = virtualWorld();
    class Tenants {
      @CircuitBreaker({ key: (tenant: number) => tenant, failureThreshold: 1 })
      async load(tenant: number): Promise<void> {
        if (tenant <= 1) throw outage();
      }
    }
    const tenants = world.own(new Tenants());
    for (let tenant = 0; tenant < 5_000; tenant += 1) await settledOf(tenants.load(tenant));
    expect(Object.keys(world.runtime.health().circuits)).toHaveLength(1_000);
    expect([0, 1].map((tenant) => circuitOf(tenants, 'load', tenant).state)).toEqual(['open', 'open']);
  });

  test('per key: at most a thousand although all of them are open', async () => {
    const world = virtualWorld();
    class Tenants {
      @CircuitBreaker({ key: (tenant: number) => tenant, failureThreshold: 1 })
      async load(_tenant: number): Promise<void> {
        throw outage();
      }
    }
    const tenants = world.own(new Tenants());
    for (let tenant = 0; tenant < 1_100; tenant += 1) await settledOf(tenants.load(tenant));
    expect(Object.keys(world.runtime.health().circuits)).toHaveLength(1_000);
  });

  test('per key and instance: neither harms the other', async () => {
    const { own } = virtualWorld();
    class Tenants {
      @CircuitBreaker({ key: (tenant: string) => tenant, scope: 'instance', failureThreshold: 1 })
      async load(_tenant: string, isDown: boolean): Promise<void> {
        if (isDown) throw outage();
      }
    }
    const [one, other] = [own(new Tenants()), own(new Tenants())];
    await settledOf(one.load('a', true));
    expect(await errorOf(one.load('a', false))).toBeInstanceOf(CircuitOpenError);
    await one.load('b', false);
    await other.load('a', false);
  });
});

describe('by hand', () => {
  test('isolate refuses until close or reset; open does not end it', async () => {
    const world = virtualWorld();
    const api = apiWith({}, world);
    const circuit = circuitOf(api, 'load');
    circuit.isolate();
    circuit.open();
    await world.clock.advance(3_600_000);
    const error = await errorOf(api.load());
    expect(error).toMatchObject({
      message: 'Guarded.load: circuit is isolated; stays so until it is closed by hand',
      retryAfter: undefined,
    });
    expect(world.runtime.health()).toMatchObject({
      status: 'degraded',
      circuits: { [circuit.name]: { state: 'isolated' } },
    });
    circuit.close();
    expect(await api.load('fine')).toBe('fine');
    expect(world.events.types().filter((type) => type.startsWith('circuit.'))).toEqual([
      'circuit.isolated',
      'circuit.rejected',
      'circuit.closed',
    ]);
  });

  test('disable admits everything and records nothing; metricsOnly records and never opens', async () => {
    const world = virtualWorld();
    const api = apiWith({ failureThreshold: 1 }, world);
    const circuit = circuitOf(api, 'load');
    circuit.disable();
    await failTimes(api, 3);
    expect([circuit.state, circuit.metrics.failureCount]).toEqual(['disabled', 0]);
    circuit.metricsOnly();
    await failTimes(api, 3);
    expect([circuit.state, circuit.metrics.failureCount]).toEqual(['metrics-only', 3]);
    expect(world.events.of('circuit.disabled').map(({ state }) => state)).toEqual(['disabled', 'metrics-only']);
    circuit.reset();
    expect([circuit.state, circuit.metrics.failureCount]).toEqual(['closed', 0]);
  });

  test('open lasts the configured break', async () => {
    const world = virtualWorld();
    const api = apiWith({ recoveryTimeout: '10s' }, world);
    circuitOf(api, 'load').open();
    expect(await errorOf(api.load())).toMatchObject({ retryAfter: 10_000 });
    expect(world.events.last('circuit.opened')).toMatchObject({ reason: 'manual' });
  });

  test('a circuit goes through JSON into another runtime, and decides the same', async () => {
    for (const prepare of ['open', 'isolate', 'disable', 'metricsOnly', 'close'] as const) {
      const [before, after] = [virtualWorld(), virtualWorld()];
      const [one, two] = [apiWith({ recoveryTimeout: 1_000 }, before), apiWith({ recoveryTimeout: 1_000 }, after)];
      circuitOf(one, 'load')[prepare]();
      await before.clock.advance(400);
      circuitOf(two, 'load').restore(JSON.parse(JSON.stringify(circuitOf(one, 'load'))));
      for (const step of [0, 599, 1]) {
        await before.clock.advance(step);
        await after.clock.advance(step);
        expect(circuitOf(two, 'load').state).toBe(circuitOf(one, 'load').state);
        const [first, second] = [await settledOf(one.load('x')), await settledOf(two.load('x'))];
        expect('error' in second).toBe('error' in first);
      }
    }
  });

  test('restore refuses garbage and changes nothing', () => {
    const api = apiWith({}, virtualWorld());
    expect(() => circuitOf(api, 'load').restore({ state: 'ajar' })).toThrow('circuit snapshot');
    expect(circuitOf(api, 'load').state).toBe('closed');
  });

  test('a handle follows through configure, which keeps the state and takes new thresholds at once', async () => {
    const world = virtualWorld();
    class Service {
      @CircuitBreaker()
      async load(): Promise<void> {
        throw outage();
      }
    }
    const service = world.own(new Service());
    const circuit = circuitOf(service, 'load');
    await settledOf(service.load());
    world.runtime.configure({ defaults: { circuitBreaker: { failureThreshold: 2 } } });
    await settledOf(service.load());
    expect([circuit.state, circuit.metrics.openings]).toEqual(['open', 1]);
  });

  test('another kind of window begins empty', async () => {
    const world = virtualWorld();
    class Service {
      @CircuitBreaker()
      async load(): Promise<void> {
        throw outage();
      }
    }
    const service = world.own(new Service());
    for (let call = 0; call < 3; call += 1) await settledOf(service.load());
    world.runtime.configure({ defaults: { circuitBreaker: { window: { type: 'count', size: 4 } } } });
    expect(circuitOf(service, 'load').metrics).toMatchObject({ calls: 0, failureCount: 0, state: 'closed' });
  });

  test('the handle says what is missing', () => {
    class Service {
      @Retry()
      async load(): Promise<void> {}
      async bare(): Promise<void> {}
    }
    expect(() => circuitOf(new Service(), 'load')).toThrow('Service.load has no @CircuitBreaker');
    expect(() => circuitOf(new Service(), 'bare')).toThrow("Service has no decorated method 'bare'");
    expect(() => circuitOf(5 as never, 'load')).toThrow(ConfigurationError);
  });

  test('a class stands for its instances; name and metrics are those of the circuit', () => {
    class Readable {
      @CircuitBreaker()
      async load(): Promise<void> {}
    }
    const circuit = circuitOf(Readable, 'load');
    expect([circuit.name, circuit.state, circuit.metrics.calls]).toEqual(['Readable.load', 'closed', 0]);
    expect(explain(Readable).methods[0]?.stack[0]).toMatchObject({ policy: 'circuit-breaker', state: 'closed' });
  });
});

describe('breaks', () => {
  test('may grow by a function of the openings', async () => {
    const world = virtualWorld();
    const api = apiWith({ failureThreshold: 1, recoveryTimeout: (openings) => openings * 1_000 }, world);
    await failTimes(api, 1);
    await world.clock.advance(1_000);
    await failTimes(api, 1);
    await world.clock.advance(1_000);
    expect(await errorOf(api.load())).toMatchObject({ retryAfter: 1_000 });
  });

  test('are spread by recoveryJitter', async () => {
    const world = virtualWorld({ random: () => 0.5 });
    const api = apiWith({ failureThreshold: 1, recoveryTimeout: 1_000, recoveryJitter: 0.2 }, world);
    await failTimes(api, 1);
    expect(await errorOf(api.load())).toMatchObject({ retryAfter: 1_100 });
  });
});

describe('options', () => {
  test.each<[unknown, string]>([
    [{ failureThreshold: 0 }, 'failureThreshold must be >= 1'],
    [{ successThreshold: 3, halfOpenMaxCalls: 2 }, 'halfOpenMaxCalls must be >= successThreshold'],
    [{ window: { type: 'count', size: 5, minimumCalls: 6 } }, 'window.minimumCalls must be <= window.size'],
    [{ window: { type: 'count' } }, 'window.size is missing'],
    [{ window: { type: 'time' } }, 'window.duration is missing'],
    [{ window: { type: 'rolling' } }, 'window.type must be one of'],
    [{ window: 5 }, 'window must be an object'],
    [{ name: 'x', scope: 'instance' }, "name shares one circuit, scope 'instance' separates them"],
    [{ name: 'x', key: () => 'y', scope: 'class' }, 'name, key and scope contradict each other'],
    [{ recoveryTimeout: 0 }, 'recoveryTimeout must be longer than 0'],
    [{ recoveryJitter: 2 }, 'recoveryJitter must be a number from 0 to 1'],
    [{ failureTreshold: 2 }, "did you mean 'failureThreshold'?"],
  ])('%j are refused', (options, message) => {
    expect(() => {
      class Service {
        @CircuitBreaker(options as CircuitBreakerOptions)
        async load(): Promise<void> {}
      }
      return explain(Service);
    }).toThrow(message);
  });
});

describe('a model of many callers', () => {
  /** Whatever the order in which concurrent calls end, the permits in use are the calls in flight. */
  test('permits in use are calls in flight, and each change of state is reported once', async () => {
    const command = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('ok' as const, 'fail' as const, 'neutral' as const) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 800 }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(command, { maxLength: 40 }), async (scheduler, commands) => {
        const world = virtualWorld();
        const api = apiWith(
          { failureThreshold: 2, recoveryTimeout: 500, halfOpenMaxCalls: 3, successThreshold: 2 },
          world,
        );
        const circuit = circuitOf(api, 'load');
        let inFlight = 0;
        const calls: Promise<unknown>[] = [];
        const start = (outcome: 'ok' | 'fail' | 'neutral'): void => {
          const end = {
            ok: () => 'fine',
            fail: () => Promise.reject(outage()),
            neutral: () => Promise.reject(new DOMException('x', 'AbortError')),
          }[outcome];
          const before = api.runs;
          const work = scheduler.schedule(Promise.resolve(), outcome).then(end);
          work.catch(() => undefined);
          const call = settledOf(api.load(work));
          if (api.runs > before) {
            inFlight += 1;
            calls.push(call.then(() => void (inFlight -= 1)));
          }
        };
        for (const each of commands) {
          if (typeof each === 'number') world.clock.advanceSync(each);
          else start(each);
          if (scheduler.count() > 0 && scheduler.count() % 2 === 0) await scheduler.waitOne();
          await Promise.resolve();
          const { probesInFlight } = circuit.metrics;
          expect(probesInFlight).toBeLessThanOrEqual(Math.min(3, Math.max(inFlight, probesInFlight)));
        }
        await scheduler.waitAll();
        await Promise.all(calls);
        expect([inFlight, circuit.metrics.probesInFlight]).toEqual([0, 0]);
        const states = ['closed'];
        for (const { type } of world.events.events) {
          if (type === 'circuit.opened') states.push('open');
          else if (type === 'circuit.halfOpened') states.push('half-open');
          else if (type === 'circuit.closed') states.push('closed');
        }
        for (const [index, state] of states.entries()) expect(state).not.toBe(states[index - 1]);
        expect(states.at(-1) === 'open' ? ['open', 'half-open'] : [states.at(-1)]).toContain(circuit.state);
      }),
      { numRuns: 100 },
    );
  });
});

test('with an attempt timeout and a total timeout a hanging back end opens the circuit', async () => {
  const world = virtualWorld();
  class Service {
    @Resilient({ circuitBreaker: { failureThreshold: 2 }, timeout: '1s' })
    async one(): Promise<void> {
      return forever();
    }
    @CircuitBreaker({ failureThreshold: 2 })
    @Timeout({ total: '1s' })
    async two(): Promise<void> {
      return forever();
    }
  }
  const service = world.own(new Service());
  for (const name of ['one', 'two'] as const) {
    await world.clock.until(settledOf(service[name]()));
    await world.clock.until(settledOf(service[name]()));
    expect(circuitOf(service, name).state).toBe('open');
  }
});
