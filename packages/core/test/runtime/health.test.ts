import {
  AdaptiveConcurrency,
  AdaptiveThrottle,
  Cached,
  CircuitBreaker,
  circuitOf,
  configure,
  health,
  resetConfiguration,
  stats,
} from '../../src/index.js';
import { circuitsOf } from '../../src/handles/circuit-handle.js';
import { deferred } from '../../../testing/src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

class Api {
  @Cached()
  @CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 1_000, successThreshold: 1 })
  async load(fails: boolean): Promise<string> {
    if (fails) throw coded('ECONNRESET');
    return 'value';
  }
}

afterEach(() => resetConfiguration());

describe('health()', () => {
  test('is healthy, and has nothing to tell, before anything is called', () => {
    configure({ logger: false });
    expect(health()).toEqual({
      status: 'healthy',
      inFlight: 0,
      circuits: {},
      caches: {},
      concurrencyLimits: {},
      throttles: {},
      bulkheads: {},
      budgets: {},
      store: { status: 'healthy', circuit: { state: 'closed', failureCount: 0 } },
    });
    expect(stats().total).toMatchObject({ lookups: 0, hitRate: 0 });
  });

  test('is degraded while a circuit is open, half-open or isolated, and says since when and for how long', async () => {
    const { own, clock, runtime } = virtualWorld();
    const api = own(new Api());
    await clock.advance(5_000);
    await settledOf(api.load(true));
    await clock.advance(400);
    expect(runtime.health()).toMatchObject({
      status: 'degraded',
      circuits: { 'Api.load': { state: 'open', openedAt: Date.UTC(2024, 0, 1) + 5_000, retryAfter: 600 } },
    });
    await clock.advance(600);
    expect(runtime.health()).toMatchObject({ status: 'degraded', circuits: { 'Api.load': { state: 'half-open' } } });
    await api.load(false);
    expect(runtime.health()).toMatchObject({
      status: 'healthy',
      circuits: { 'Api.load': { state: 'closed', failureCount: 0 } },
    });
    circuitOf(api, 'load').isolate();
    expect(runtime.health().status).toBe('degraded');
    expect(runtime.health().circuits['Api.load']).not.toHaveProperty('retryAfter');
  });

  test('is plain data', async () => {
    const { own, runtime } = virtualWorld();
    const api = own(new Api());
    await api.load(false);
    const report = runtime.health();
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(runtime.stats().caches).toEqual(report.caches);
    expect(Object.keys(report.caches)).toEqual(['Api.load']);
  });

  test('hides no circuit behind another one of its name', async () => {
    const { own, runtime } = virtualWorld();
    class Named {
      @CircuitBreaker({ name: 'one' })
      async first(): Promise<void> {}
      @CircuitBreaker({ name: 'two' })
      async second(): Promise<void> {}
    }
    const named = own(new Named());
    await named.first();
    await named.second();
    for (const circuit of circuitsOf(runtime).values()) Object.defineProperty(circuit, 'name', { value: 'same' });
    expect([...circuitsOf(runtime).keys()]).toEqual(['same', 'same#2']);
  });

  test('shows the present limit of adaptive concurrency and what is in flight', async () => {
    const { own, runtime } = virtualWorld();
    const gate = deferred<void>();
    class Limited {
      @AdaptiveConcurrency({ name: 'shared' })
      read(): Promise<void> {
        return gate.promise;
      }
      @AdaptiveConcurrency({ name: 'shared' })
      async write(): Promise<void> {
        throw withStatus(503);
      }
      @AdaptiveConcurrency({ initial: 5 })
      async list(): Promise<void> {}
      @AdaptiveConcurrency({ scope: 'instance' })
      async own(): Promise<void> {}
    }
    const limited = own(new Limited());
    const call = limited.read();
    await errorOf(limited.write());
    await limited.list();
    await limited.own();
    expect(runtime.health()).toMatchObject({ status: 'healthy' });
    expect(runtime.health().concurrencyLimits).toEqual({
      shared: { limit: 14, inFlight: 1 },
      'Limited.list': { limit: 5, inFlight: 0 },
    });
    gate.resolve();
    await call;
    expect(runtime.health().concurrencyLimits['shared']).toEqual({ limit: 14, inFlight: 0 });
  });

  test('is degraded while a throttle refuses calls, and shows the share that is accepted', async () => {
    const { own, runtime, clock } = virtualWorld({ random: () => 0.99 });
    class Throttled {
      @AdaptiveThrottle()
      async load(fails: boolean): Promise<void> {
        if (fails) throw withStatus(503);
      }
    }
    const throttled = own(new Throttled());
    await throttled.load(false);
    expect(runtime.health()).toMatchObject({
      status: 'healthy',
      throttles: { 'Throttled.load': { requests: 1, acceptanceRate: 1, rejectionRate: 0 } },
    });
    for (let call = 0; call < 3; call++) await errorOf(throttled.load(true));
    expect(runtime.health()).toMatchObject({
      status: 'degraded',
      throttles: { 'Throttled.load': { requests: 4, acceptanceRate: 0.25, rejectionRate: 2 / 12 } },
    });
    await clock.advance(30_000);
    expect(runtime.health()).toMatchObject({
      status: 'healthy',
      throttles: { 'Throttled.load': { requests: 0, acceptanceRate: 1, rejectionRate: 0 } },
    });
  });

  test('a throttle in the shadow refuses nothing and degrades nothing', async () => {
    const { own, runtime } = virtualWorld();
    class Shadowed {
      @AdaptiveThrottle({ shadow: true })
      async load(): Promise<void> {
        throw withStatus(503);
      }
      @AdaptiveThrottle({ scope: 'instance' })
      async own(): Promise<void> {
        throw withStatus(503);
      }
    }
    const shadowed = own(new Shadowed());
    await errorOf(shadowed.load());
    await errorOf(shadowed.own());
    expect(runtime.health()).toMatchObject({ status: 'healthy' });
    expect(Object.keys(runtime.health().throttles)).toEqual(['Shadowed.load']);
    expect(runtime.health().throttles['Shadowed.load']?.rejectionRate).toBeGreaterThan(0);
  });
});
