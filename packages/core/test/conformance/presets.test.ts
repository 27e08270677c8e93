/** pyresilience's presets (seed P, registry and presets): its figures, and what our order of policies makes of them. */
import { Cached, type PresetName, Resilient, cacheOf, circuitOf, explain, minutes } from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const stackOf = (name: PresetName): Record<string, Readonly<Record<string, unknown>>> => {
  const world = virtualWorld();
  class Api {
    @Resilient(name)
    async load(): Promise<void> {}
  }
  const { stack } = explain(world.own(new Api())).methods[0]!;
  return Object.fromEntries(stack.map(({ policy, options }) => [policy, options]));
};

const breaker = (failureThreshold: number, recoveryTimeout: number, successThreshold: number): object => ({
  failureThreshold,
  recoveryTimeout,
  successThreshold,
});

test.each<[PresetName, Record<string, object>]>([
  [
    'http',
    {
      retry: { maxAttempts: 3, delay: 500, factor: 2, maxDelay: 30_000, jitter: 'full' },
      'circuit-breaker': breaker(5, 30_000, 2),
      timeout: { attempt: 10_000 },
    },
  ],
  [
    'database',
    {
      retry: { maxAttempts: 2, delay: 1_000, factor: 1.5, maxDelay: 10_000 },
      'circuit-breaker': breaker(3, 60_000, 1),
      bulkhead: { maxConcurrent: 10, maxQueue: 100, queueTimeout: 5_000 },
      timeout: { attempt: 30_000 },
    },
  ],
  [
    'queue',
    {
      retry: { maxAttempts: 5, delay: 2_000, maxDelay: 60_000 },
      'circuit-breaker': breaker(10, 60_000, 3),
      timeout: { attempt: 15_000 },
    },
  ],
  [
    'llm',
    {
      retry: { maxAttempts: 4, delay: 1_000, maxRetryAfter: 60_000 },
      'circuit-breaker': { failureThreshold: 5, recoveryTimeout: 30_000 },
      'rate-limit': { limit: 60, interval: 60_000 },
      timeout: { attempt: 60_000 },
    },
  ],
  ['strict', { 'circuit-breaker': breaker(3, 60_000, 1), timeout: { attempt: 5_000 } }],
])('%s has the figures of pyresilience, in our order', (name, figures) => {
  const stack = stackOf(name);
  expect(stack).toMatchObject(figures);
  expect(Object.keys(stack)).toEqual(Object.keys(figures));
});

test.each<PresetName>(['http', 'database'])(
  '%s caches nothing, and lets a cached value answer for an hour',
  async (name) => {
    const { own, clock } = virtualWorld();
    class Api {
      fails = false;
      @Resilient(name)
      async plain(): Promise<string> {
        return 'value';
      }
      @Resilient(name)
      @Cached({ ttl: '1m' })
      async load(_id: string): Promise<string> {
        if (this.fails) throw coded('ECONNRESET');
        return 'value';
      }
    }
    const api = own(new Api());
    expect(() => cacheOf(api, 'plain')).toThrow('Api.plain has no @Cached');
    await api.load('1');
    api.fails = true;
    await clock.advance(minutes(59));
    expect(await clock.until(api.load('1'))).toBe('value');
    await clock.advance(minutes(2));
    expect(await clock.until(settledOf(api.load('1')))).toMatchObject({ error: { code: 'ECONNRESET' } });
  },
);

test('llm: a used-up quota is waited for, and opens no circuit', async () => {
  const { own, clock } = virtualWorld();
  let runs = 0;
  class Model {
    @Resilient('llm')
    async ask(): Promise<string> {
      runs += 1;
      if (runs < 4) throw withStatus(429, { 'retry-after': '20' });
      return 'answer';
    }
  }
  const model = own(new Model());
  expect(await clock.until(model.ask())).toBe('answer');
  expect([runs, clock.now() >= 60_000, circuitOf(model, 'ask').metrics.failureCount]).toEqual([4, true, 0]);
});

test('llm: retries take tokens of the rate limit, too', async () => {
  const { own, clock } = virtualWorld();
  let runs = 0;
  class Model {
    @Resilient({ policy: 'llm', rateLimit: { limit: 2 } })
    async ask(): Promise<string> {
      runs += 1;
      throw withStatus(500);
    }
  }
  expect(await clock.until(errorOf(own(new Model()).ask()))).toMatchObject({ status: 500 });
  expect(runs).toBe(2);
});

test('strict tries once, whatever the class says', async () => {
  const { own } = virtualWorld();
  @Resilient({ retry: { maxAttempts: 9 } })
  class Api {
    runs = 0;
    @Resilient('strict')
    async load(): Promise<void> {
      this.runs += 1;
      throw coded('ECONNRESET');
    }
  }
  const api = own(new Api());
  await settledOf(api.load());
  expect(api.runs).toBe(1);
});
