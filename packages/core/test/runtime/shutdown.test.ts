import { deferred } from '../../../testing/src/index.js';
import {
  Bulkhead,
  Cached,
  CircuitBreaker,
  Fallback,
  Resilient,
  Retry,
  ShuttingDownError,
  Timeout,
  cacheOf,
  callOutcome,
  circuitOf,
  configure,
  definePolicy,
  explain,
  health,
  resetConfiguration,
  shutdown,
  uncached,
} from '../../src/index.js';
import { coded, errorOf, quietWorld, settledOf, virtualWorld } from '../support/virtual-world.js';

const gates: ReturnType<typeof deferred<string>>[] = [];
const gated = (): Promise<string> => {
  const gate = deferred<string>();
  gates.push(gate);
  return gate.promise;
};
const open = (): void => gates.splice(0).forEach((gate) => gate.resolve('value'));
beforeEach(() => void gates.splice(0));
afterEach(() => resetConfiguration());

const Queue = definePolicy({ name: 'shutdown-queue', bind: () => ({ enter: async () => void (await gated()) }) });
const Judge = definePolicy({ name: 'shutdown-judge', bind: () => ({ leave: () => gated() }) });
const Around = definePolicy({ name: 'shutdown-around', bind: () => async (_call, next) => next() });
const Enter = definePolicy({ name: 'shutdown-enter', bind: () => ({ enter: () => undefined }) });

/** A call that waits in each of the places where a call can wait; `open` ends all waits. */
class Waiting {
  runs = 0;

  @Retry()
  async method(): Promise<string> {
    return gated();
  }

  @CircuitBreaker()
  async leaves(): Promise<string> {
    return gated();
  }

  @Enter()
  async onlyEnters(): Promise<string> {
    return gated();
  }

  @Queue()
  async queued(): Promise<string> {
    return 'value';
  }

  @Bulkhead({ maxConcurrent: 1, maxQueue: 1 })
  async slotted(): Promise<string> {
    return gated();
  }

  @Judge()
  async judged(): Promise<string> {
    return 'value';
  }

  @Around()
  async inside(): Promise<string> {
    return gated();
  }

  @Timeout({ attempt: '1m', total: '1h' })
  async timed(): Promise<string> {
    return gated();
  }

  @Cached()
  async loaded(): Promise<string> {
    return gated();
  }

  @Cached()
  @Fallback({ value: 'none' })
  async loadedInside(): Promise<string> {
    return gated();
  }

  @Fallback(gated)
  async answered(): Promise<string> {
    throw coded('ECONNRESET');
  }

  @Fallback(gated)
  @CircuitBreaker({ failureThreshold: 1 })
  async refused(): Promise<string> {
    throw coded('ECONNRESET');
  }

  @Retry({ onAuthFailure: gated })
  async renewed(): Promise<string> {
    this.runs += 1;
    if (this.runs === 1) throw Object.assign(new Error('expired'), { status: 401 });
    return 'value';
  }
}

const PLACES = Object.getOwnPropertyNames(Waiting.prototype).filter((name) => name !== 'constructor') as (keyof Omit<
  Waiting,
  'runs'
>)[];

describe.each(PLACES)('a call that waits (%s)', (name) => {
  test.each(['listened to', 'alone'])('is counted until it ends, and waited for: %s', async (kind) => {
    const { own, clock, runtime } = kind === 'alone' ? quietWorld() : virtualWorld();
    const waiting = own(new Waiting());
    const call = waiting[name]();
    await clock.settle();
    expect([runtime.health().inFlight, runtime.stats().inFlight]).toEqual([1, { [`Waiting.${name}`]: 1 }]);
    const report = runtime.shutdown();
    await clock.advance(5_000);
    open();
    expect(await call).toMatch(/value|none/);
    await clock.advance(20);
    expect(await report).toEqual({ drained: true, waitedMs: expect.any(Number), abandoned: [] });
    expect(runtime.health().inFlight).toBe(0);
  });

  test('is counted as an outcome, too, and named when it was abandoned', async () => {
    const { own, clock, runtime } = virtualWorld();
    const outcome = callOutcome(own(new Waiting()), name as 'method');
    await clock.settle();
    const report = await clock.until(runtime.shutdown({ timeout: '1s' }));
    expect(report).toEqual({
      drained: false,
      waitedMs: 1_000,
      abandoned: [{ method: `Waiting.${name}`, calls: 1, refreshes: 0 }],
    });
    open();
    expect(await outcome).toMatchObject({ ok: true });
    expect(runtime.health().inFlight).toBe(0);
  });
});

describe('in-flight counts', () => {
  test('return to zero however a call ends', async () => {
    const { own, clock, runtime } = virtualWorld();
    class Api {
      @Retry({ delay: '1s' })
      @CircuitBreaker({ failureThreshold: 2 })
      @Timeout({ attempt: '1s', total: '5s' })
      async load(way: string, _signal?: AbortSignal): Promise<string> {
        if (way === 'fails') throw coded('ECONNRESET');
        if (way === 'hangs') return new Promise(() => undefined);
        return way;
      }
      @CircuitBreaker()
      sync(): number {
        return 1;
      }
    }
    const api = own(new Api());
    const controller = new AbortController();
    const calls = [api.load('works'), api.load('hangs', controller.signal), api.load('hangs'), api.load('fails')];
    api.sync();
    await clock.settle();
    expect(runtime.stats().inFlight).toEqual({ 'Api.load': 3 });
    controller.abort();
    await clock.until(Promise.all(calls.map(settledOf)));
    expect(await errorOf(api.load('refused'))).toMatchObject({ code: 'CIRCUIT_OPEN' });
    await clock.settle();
    expect([runtime.health().inFlight, runtime.stats().inFlight]).toEqual([0, {}]);
  });

  test('count a sleep between attempts, and calls of earlier settings', async () => {
    const { own, clock, runtime } = virtualWorld();
    class Api {
      @Retry({ delay: '10s', jitter: 'none', maxAttempts: 2 })
      async load(): Promise<string> {
        throw coded('ECONNRESET');
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(5_000);
    runtime.configure({ defaults: { timeout: { attempt: '1s' } } });
    expect(runtime.health().inFlight).toBe(1);
    await clock.advance(5_000);
    await call;
    expect(runtime.health().inFlight).toBe(0);
  });

  test.each([virtualWorld, quietWorld])(
    'count runs beside the cache: of no key, and of results not shared (%p)',
    async (world) => {
      const { own, clock, runtime } = world();
      class Files {
        @Cached()
        async opened(_name: unknown): Promise<unknown> {
          await gated();
          return (function* () {})();
        }
      }
      const files = own(new Files());
      const unkeyable = files.opened(() => 1);
      await clock.settle();
      expect(runtime.stats().inFlight).toEqual({ 'Files.opened': 1 });
      open();
      await unkeyable;
      expect(runtime.stats().inFlight).toEqual({});
      const calls = [files.opened('1'), files.opened('1'), files.opened('1')];
      await clock.settle();
      open();
      await clock.settle();
      expect(runtime.stats().inFlight).toEqual({ 'Files.opened': 2 });
      const report = runtime.shutdown();
      open();
      await Promise.all(calls);
      expect(await clock.until(report)).toMatchObject({ drained: true });
    },
  );

  test('count refreshes in the background, and callers of one load once where only a cache stands around', async () => {
    const { own, clock, runtime } = virtualWorld();
    class Catalog {
      runs = 0;
      @Cached({ ttl: '1m', staleWhileRevalidate: '1h' })
      async product(_id: string): Promise<string> {
        this.runs += 1;
        return this.runs === 1 ? 'old' : gated();
      }
    }
    const catalog = own(new Catalog());
    await catalog.product('1');
    await clock.advance(60_000);
    expect(await catalog.product('1')).toBe('old');
    const loads = [catalog.product('2'), catalog.product('2')];
    await clock.settle();
    expect(runtime.stats().inFlight).toEqual({ 'Catalog.product': 2 });
    const report = await clock.until(runtime.shutdown({ timeout: 100 }));
    expect(report.abandoned).toEqual([{ method: 'Catalog.product', calls: 1, refreshes: 1 }]);
    open();
    await Promise.all(loads);
    await clock.settle();
    expect(runtime.stats().inFlight).toEqual({});
  });
});

describe('shutdown', () => {
  class Api {
    @Cached()
    @CircuitBreaker({ failureThreshold: 1 })
    async load(_id: string): Promise<string> {
      return 'value';
    }

    @Fallback({ value: 0 })
    count(): number {
      return 1;
    }

    @Resilient({ retry: true })
    async nested(): Promise<string> {
      await gated();
      return this.load('2');
    }
  }

  test('refuses every new call, known values and fallbacks included', async () => {
    const { own, clock, runtime, events } = virtualWorld();
    const api = own(new Api());
    await api.load('1');
    api.count();
    await clock.until(runtime.shutdown());
    events.clear();
    const error = await errorOf(api.load('1'));
    expect(error).toBeInstanceOf(ShuttingDownError);
    expect(error).toMatchObject({
      message: 'Api.load: shutting down; no new calls are made',
      code: 'SHUTTING_DOWN',
      method: 'Api.load',
    });
    expect(() => api.count()).toThrow(ShuttingDownError);
    expect(await callOutcome(api, 'load', '1')).toMatchObject({ ok: false, kind: 'rejected' });
    expect(callOutcome(api, 'count')).toMatchObject({ ok: false, kind: 'rejected' });
    expect(await errorOf(uncached(api).load('1'))).toBeInstanceOf(ShuttingDownError);
    expect(await errorOf(cacheOf(api, 'load').refresh(['1']))).toBeInstanceOf(ShuttingDownError);
    expect(new Set(events.types())).toEqual(new Set(['call.failed']));
  });

  test('leaves state to look at', async () => {
    const { own, clock, runtime } = virtualWorld();
    const api = own(new Api());
    await api.load('1');
    await clock.until(runtime.shutdown());
    expect(runtime.health()).toMatchObject({
      status: 'shutting-down',
      circuits: { 'Api.load': { state: 'closed' } },
      caches: { 'Api.load': { size: 1 } },
    });
    expect(cacheOf(api, 'load').peek('1')).toBe('value');
    expect(circuitOf(api, 'load').state).toBe('closed');
    expect(explain(api).methods[0]?.stack.map(({ policy }) => policy)).toEqual(['cached', 'circuit-breaker']);
  });

  test('lets attempts of calls under way go on, and refuses what they call anew', async () => {
    const { own, clock, runtime } = virtualWorld();
    const api = own(new Api());
    const call = settledOf(api.nested());
    await clock.settle();
    const report = runtime.shutdown();
    open();
    await clock.advance(20);
    expect(await call).toMatchObject({ error: { code: 'SHUTTING_DOWN', method: 'Api.load' } });
    expect(await report).toMatchObject({ drained: true });
  });

  test('is one shutdown, however often it is called', async () => {
    const { runtime, clock } = virtualWorld();
    const first = runtime.shutdown({ timeout: '1s' });
    expect(runtime.shutdown() === first).toBe(true);
    expect(await clock.until(first)).toEqual({ drained: true, waitedMs: 0, abandoned: [] });
  });

  test('of one runtime leaves the others alone, and reset begins anew', async () => {
    const [stopped, other] = [virtualWorld(), virtualWorld()];
    const mine = stopped.own(new Api());
    await stopped.clock.until(stopped.runtime.shutdown());
    expect(await other.own(new Api()).load('1')).toBe('value');
    stopped.runtime.reset();
    stopped.runtime.configure({ clock: stopped.clock, logger: false });
    expect([await mine.load('1'), stopped.runtime.health().status]).toEqual(['value', 'healthy']);
    expect(await stopped.clock.until(stopped.runtime.shutdown())).toMatchObject({ drained: true });
  });

  test('of the default runtime reaches methods that have been called before', async () => {
    configure({ logger: false });
    const api = new Api();
    await api.load('1');
    await shutdown({ timeout: 0 });
    expect(await errorOf(api.load('1'))).toBeInstanceOf(ShuttingDownError);
    expect(health().status).toBe('shutting-down');
    resetConfiguration();
    configure({ logger: false });
    expect(await api.load('1')).toBe('value');
  });

  test('runs disabled methods as written', async () => {
    const { own, clock, runtime } = virtualWorld({ enabled: false });
    await clock.until(runtime.shutdown());
    expect(await own(new Api()).load('1')).toBe('value');
  });

  test('refuses a wrong timeout', () => {
    const { runtime } = virtualWorld();
    expect(() => runtime.shutdown({ timeout: 'soon' as never })).toThrow('shutdown: timeout must be a duration');
    expect(runtime.health().status).toBe('healthy');
  });
});
