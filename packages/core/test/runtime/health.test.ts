import { Cached, CircuitBreaker, circuitOf, configure, health, resetConfiguration, stats } from '../../src/index.js';
import { circuitsOf } from '../../src/handles/circuit-handle.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

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
      bulkheads: {},
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
    await own(new Api()).load(false);
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
});
