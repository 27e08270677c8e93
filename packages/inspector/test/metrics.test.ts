/** What a scraper is told. */
import {
  AdaptiveConcurrency,
  AdaptiveThrottle,
  Bulkhead,
  Cached,
  CircuitBreaker,
  Fallback,
  Hedge,
  RateLimit,
  Retry,
  RetryBudget,
  Timeout,
  circuitOf,
  createRuntime,
  memoryStore,
  resilient,
} from '@holdfast/core';
import fc from 'fast-check';
import { Exposition, SeriesPlaces } from '../src/metrics/exposition.js';
import { parseMetrics } from './prometheus.js';
import { type World, endAll, inspected, send } from './support.js';

afterEach(endAll);

/** The values of a family, by the values of its labels. */
const metricsOf = async ({ client }: Pick<World, 'client'>): Promise<(family: string) => Record<string, number>> => {
  const families = parseMetrics(await client.metrics());
  return (family) =>
    Object.fromEntries(
      (families.get(family)?.series ?? []).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
    );
};

const failing = async (): Promise<never> => {
  throw Object.assign(new Error('down'), { status: 503 });
};

describe('an application at rest', () => {
  test('tells what runs, that it is well, and nothing else', async () => {
    const { inspector, client } = await inspected({ name: 'the "shop"\\\n' });
    const { headers } = await send(inspector, { path: '/metrics' });
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = parseMetrics(await client.metrics());
    expect([...families.keys()]).toEqual([
      'holdfast_info',
      'holdfast_status',
      'holdfast_calls_in_flight',
      'holdfast_store_degraded',
    ]);
    expect(families.get('holdfast_info')?.series).toEqual([
      { name: 'holdfast_info', labels: { name: 'the "shop"\\\n', version: '0.1.0', node: process.version }, value: 1 },
    ]);
    expect((await metricsOf({ client }))('holdfast_status')).toEqual({ healthy: 1, degraded: 0, 'shutting-down': 0 });
  });
});

describe('calls', () => {
  class Orders {
    @Retry({ maxAttempts: 3, delay: 0 })
    async place(how: () => Promise<string>): Promise<string> {
      return how();
    }

    @Timeout({ attempt: '2s' })
    async slow(clock: World['clock'], ms: number): Promise<void> {
      await clock.sleep(ms);
    }

    @Fallback({ value: 'none' })
    async guess(): Promise<string> {
      return failing();
    }
  }

  test('are counted by how they ended, with what it took', async () => {
    const world = await inspected();
    const orders = world.own(new Orders());
    const { clock } = world;
    await orders.place(async () => 'placed');
    await clock.until(orders.place(failing).catch(() => undefined));
    await orders.guess();
    const slow = orders.slow(clock, 5_000).catch(() => undefined);
    await clock.advance(2_000);
    await slow;
    await clock.until(world.runtime.shutdown());
    await orders.place(async () => 'placed').catch(() => undefined);
    const of = await metricsOf(world);
    expect(of('holdfast_calls_total')).toEqual({
      'Orders.place succeeded': 1,
      'Orders.place failed': 1,
      'Orders.place rejected': 1,
      'Orders.place timed_out': 0,
      'Orders.guess succeeded': 1,
      'Orders.guess failed': 0,
      'Orders.guess rejected': 0,
      'Orders.guess timed_out': 0,
      'Orders.slow succeeded': 0,
      'Orders.slow failed': 0,
      'Orders.slow rejected': 0,
      'Orders.slow timed_out': 1,
    });
    expect(of('holdfast_retries_total')).toEqual({ 'Orders.place': 2 });
    expect(of('holdfast_retries_exhausted_total')).toEqual({ 'Orders.place': 1 });
    expect(of('holdfast_timeouts_total')).toEqual({ 'Orders.slow attempt': 1 });
    expect(of('holdfast_fallbacks_total')).toEqual({ 'Orders.guess': 1 });
    expect(of('holdfast_status')).toMatchObject({ 'shutting-down': 1 });
  });

  test('last in buckets of fixed bounds', async () => {
    const world = await inspected();
    const orders = world.own(new Orders());
    for (const ms of [0, 5, 6, 100, 1_999]) {
      const call = orders.slow(world.clock, ms);
      await world.clock.advance(ms);
      await call;
    }
    const families = parseMetrics(await world.client.metrics());
    const series = families.get('holdfast_call_duration_seconds')?.series ?? [];
    expect(
      series.map(({ name, labels, value }) => [
        name.replace('holdfast_call_duration_seconds_', ''),
        labels['le'],
        value,
      ]),
    ).toEqual([
      ['bucket', '0.005', 2],
      ['bucket', '0.025', 3],
      ['bucket', '0.1', 4],
      ['bucket', '0.25', 4],
      ['bucket', '0.5', 4],
      ['bucket', '1', 4],
      ['bucket', '2.5', 5],
      ['bucket', '10', 5],
      ['bucket', '+Inf', 5],
      ['sum', undefined, 2.11],
      ['count', undefined, 5],
    ]);
  });
});

describe('policies', () => {
  test('circuits tell their state and their changes', async () => {
    const world = await inspected();
    class Stock {
      @CircuitBreaker({ failureThreshold: 1, recoveryTimeout: '10s', successThreshold: 1 })
      async left(how: () => Promise<number>): Promise<number> {
        return how();
      }
    }
    const stock = world.own(new Stock());
    await stock.left(failing).catch(() => undefined);
    await stock.left(failing).catch(() => undefined);
    let of = await metricsOf(world);
    expect(of('holdfast_circuit_state')).toEqual({ 'Stock.left': 2 });
    expect(of('holdfast_rejections_total')).toEqual({ 'Stock.left circuit-breaker': 1 });
    expect(of('holdfast_calls_total')).toMatchObject({ 'Stock.left failed': 1, 'Stock.left rejected': 1 });
    await world.clock.advance(10_000);
    expect((await metricsOf(world))('holdfast_circuit_state')).toEqual({ 'Stock.left': 1 });
    await stock.left(async () => 1);
    const control = circuitOf(stock, 'left');
    for (const [move, state] of [
      ['reset', 0],
      ['isolate', 3],
      ['reset', 0],
      ['disable', -2],
      ['metricsOnly', -1],
      ['reset', 0],
    ] as const) {
      control[move]();
      expect((await metricsOf(world))('holdfast_circuit_state')).toEqual({ 'Stock.left': state });
    }
    of = await metricsOf(world);
    expect(of('holdfast_circuit_transitions_total')).toEqual({
      'Stock.left open': 1,
      'Stock.left half-open': 1,
      'Stock.left closed': 3,
      'Stock.left isolated': 1,
      'Stock.left disabled': 1,
      'Stock.left metrics-only': 1,
    });
  });

  test('limits tell how full they are and whom they refuse', async () => {
    const world = await inspected();
    class Limited {
      @RateLimit({ limit: 1, interval: '1m', name: 'rate' })
      async rated(): Promise<void> {}

      @Bulkhead({ maxConcurrent: 1, name: 'places' })
      async placed(clock: World['clock']): Promise<void> {
        await clock.sleep(1_000);
      }

      @AdaptiveConcurrency()
      async adapted(): Promise<void> {}

      @AdaptiveThrottle()
      async throttled(): Promise<void> {}

      @Hedge({ after: '10ms' })
      async hedged(clock: World['clock']): Promise<void> {
        await clock.sleep(50);
      }
    }
    const limited = world.own(new Limited());
    await limited.rated();
    await limited.rated().catch(() => undefined);
    await limited.adapted();
    await limited.throttled();
    const hedged = limited.hedged(world.clock);
    await world.clock.advance(100);
    await hedged;
    const placed = limited.placed(world.clock);
    await limited.placed(world.clock).catch(() => undefined);
    const of = await metricsOf(world);
    expect(of('holdfast_rejections_total')).toEqual({ 'Limited.rated rate-limit': 1, 'Limited.placed bulkhead': 1 });
    expect([of('holdfast_rate_limit_available'), of('holdfast_rate_limit_waiting')]).toEqual([
      { rate: 0 },
      { rate: 0 },
    ]);
    expect([
      of('holdfast_bulkhead_in_flight'),
      of('holdfast_bulkhead_max_concurrent'),
      of('holdfast_bulkhead_queued'),
    ]).toEqual([{ places: 1 }, { places: 1 }, { places: 0 }]);
    expect(of('holdfast_calls_in_flight')).toEqual({ '': 1 });
    expect(Object.keys(of('holdfast_concurrency_limit'))).toEqual(['Limited.adapted']);
    expect(of('holdfast_throttle_rejection_ratio')).toEqual({ 'Limited.throttled': 0 });
    expect(of('holdfast_hedges_total')).toEqual({
      'Limited.hedged launched': 1,
      'Limited.hedged won': 0,
      'Limited.hedged suppressed': 0,
    });
    await world.clock.advance(1_000);
    await placed;
  });

  test('budgets tell what they allow, and that they ran dry', async () => {
    const world = await inspected();
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.1, name: 'shared' });
    class Orders {
      @Retry({ maxAttempts: 5, delay: 0, budget })
      async place(): Promise<void> {
        await failing();
      }
    }
    await world
      .own(new Orders())
      .place()
      .catch(() => undefined);
    const of = await metricsOf(world);
    expect([
      of('holdfast_budget_available'),
      of('holdfast_budget_exhausted'),
      of('holdfast_budget_exhaustions_total'),
    ]).toEqual([{ shared: 0 }, { shared: 1 }, { shared: 1 }]);
  });
});

describe('caches', () => {
  class Catalog {
    isDown = false;

    @Cached({ ttl: '1m', staleIfError: '1h', staleErrorThrottle: 0, maxSize: 2, eviction: 'lru', name: 'products' })
    async product(id: string): Promise<string> {
      return this.isDown ? failing() : id;
    }
  }

  test('tell their look-ups, their size, and the old values that have answered', async () => {
    const world = await inspected();
    const catalog = world.own(new Catalog());
    await Promise.all(['1', '1', '1'].map((id) => catalog.product(id)));
    await catalog.product('1');
    await catalog.product('2');
    await catalog.product('3');
    catalog.isDown = true;
    await world.clock.advance(60_000);
    await catalog.product('3');
    const of = await metricsOf(world);
    const cache = (name: string): unknown => of(`holdfast_cache_${name}`)['products'];
    expect(
      Object.fromEntries(
        ['hits_total', 'misses_total', 'coalesced_total', 'stale_hits_total', 'evictions_total'].map((name) => [
          name,
          cache(name),
        ]),
      ),
    ).toEqual({ hits_total: 1, misses_total: 3, coalesced_total: 2, stale_hits_total: 1, evictions_total: 1 });
    expect([cache('entries'), cache('max_entries'), cache('errors_total')]).toEqual([2, 2, 1]);
    expect(of('holdfast_stale_answers_total')).toEqual({ 'Catalog.product error': 1 });
  });

  test('those with a store tell that it is left alone', async () => {
    const isDown = { yes: false };
    const memory = memoryStore({ runtime: createRuntime({ logger: false }) });
    const store = new Proxy(memory, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => (isDown.yes ? failing() : Reflect.apply(member, target, args));
      },
    });
    const world = await inspected({}, { store });
    class Stored {
      @Cached({ name: 'stored', scope: 'class', version: '1' })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const stored = world.own(new Stored());
    await stored.find('0');
    expect((await metricsOf(world))('holdfast_store_degraded')).toEqual({ '': 0 });
    isDown.yes = true;
    for (let id = 1; id < 20; id++) await world.clock.until(stored.find(String(id)));
    const of = await metricsOf(world);
    expect(of('holdfast_store_degraded')).toEqual({ '': 1 });
    expect(of('holdfast_store_transitions_total')).toEqual({ 'memory open': 1 });
    expect(of('holdfast_store_failures_total')['Stored.find']).toBeGreaterThan(0);
  });

  test('those of providers are counted apart', async () => {
    const stats = { ...createRuntime({ logger: false }).stats().total, hits: 5, size: 3 };
    const vault = {
      kind: 'vault',
      name: 'vault:https://vault:8200',
      stats,
      circuit: { state: 'open' as const },
      clear: () => undefined,
    };
    const of = await metricsOf(
      await inspected({ providers: [vault, { kind: 'own', name: 'own', clear: () => undefined }] }),
    );
    expect(of('holdfast_provider_hits_total')).toEqual({ 'vault:https://vault:8200 vault': 5 });
    expect(of('holdfast_provider_entries')).toEqual({ 'vault:https://vault:8200 vault': 3 });
    expect(of('holdfast_provider_circuit_state')).toEqual({ 'vault:https://vault:8200 vault': 2 });
  });
});

describe('the bound on series', () => {
  test('names beyond it are counted together, sums stay right, and a series that was there stays', async () => {
    const world = await inspected({ limits: { series: 30 } });
    const call = (name: string): Promise<unknown> =>
      world.runtime.run(() =>
        resilient(
          Object.defineProperty(async () => 1, 'name', { value: name }),
          { retry: true },
        )(),
      );
    for (let index = 0; index < 100; index++) await call(`method${index}`);
    const first = parseMetrics(await world.client.metrics());
    for (let index = 0; index < 200; index++) await call(`method${index}`);
    const text = await world.client.metrics();
    const second = parseMetrics(text);
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length).toBeLessThan(60);
    const callsOf = (families: typeof first): Map<string, number> =>
      new Map(
        families
          .get('holdfast_calls_total')
          ?.series.map(({ labels, value }) => [`${labels['method']} ${labels['outcome']}`, value]),
      );
    const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
    expect([sum(callsOf(first).values()), sum(callsOf(second).values())]).toEqual([100, 300]);
    expect(callsOf(second).get('other succeeded')).toBeGreaterThan(200);
    for (const [series, value] of callsOf(first)) expect(callsOf(second).get(series)).toBeGreaterThanOrEqual(value);
  });

  const cachedMethods = (world: World, count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, (_, index) => {
        const method = Object.defineProperty(async () => 1, 'name', { value: `method${index}` });
        return world.own(resilient(method, { cache: { ttl: '1m' } }))();
      }),
    );

  test('300 methods that are cached are told apart, each with its durations', async () => {
    const world = await inspected();
    await cachedMethods(world, 300);
    const of = await metricsOf(world);
    expect(Object.keys(of('holdfast_cache_hits_total'))).toHaveLength(300);
    expect(Object.keys(of('holdfast_calls_total'))).not.toContain('other succeeded');
    expect(Object.keys(of('holdfast_call_duration_seconds'))).not.toContain('other');
  });

  test('how calls end has a place before anything else has', async () => {
    const world = await inspected({ limits: { series: 100 } });
    await cachedMethods(world, 20);
    const of = await metricsOf(world);
    expect(of('holdfast_calls_total')['method19 succeeded']).toBe(1);
    expect(Object.keys(of('holdfast_calls_total'))).toHaveLength(80);
    expect(Object.keys(of('holdfast_cache_misses_total'))).toEqual(['other']);
  });

  test('any names make text that a scraper takes', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '\\', '"', '\n', '\r\n', '__proto__', 'a"} 1\nb{c="', '\\n'),
    );
    const value = fc.oneof(fc.nat(), fc.double({ min: 0 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), fc.nat(10), (samples, most) => {
        const out = new Exposition(new SeriesPlaces(most));
        out.gauge(
          { name: 'a', help: 'x' },
          samples.map(([method, number]) => ({ labels: { method }, value: number })),
        );
        out.histogram(
          { name: 'b', help: 'a\\b\nc' },
          [1],
          samples.map(([method]) => ({ labels: { method }, counts: [1, 2], sum: 3 })),
        );
        if (samples.length === 0) return expect(out.text).toBe('');
        const families = parseMetrics(Buffer.from(out.text, 'utf8').toString('utf8'));
        expect(families.get('a')?.series.length).toBeLessThanOrEqual(most + 1);
        const count = families.get('b')?.series.filter((each) => each.name === 'b_count');
        expect(count?.reduce((total, each) => total + each.value, 0)).toBe(3 * samples.length);
      }),
      { numRuns: 150 },
    );
  });

  test('the parser of these tests finds what is wrong', () => {
    const head = '# HELP a x\n# TYPE a gauge\n';
    const counter = '# HELP a_total x\n# TYPE a_total counter\n';
    for (const text of [
      `${head}a 1`,
      `a 1\n`,
      `${head}a 1\na 1\n`,
      `${head}a{b="c} 1\n`,
      `${head}a{b="\\x"} 1\n`,
      `${head}a{b="1",b="2"} 1\n`,
      `${head}a one\n`,
      `${head}b 1\n`,
      `${head}${head}a 1\n`,
      head,
      `# TYPE a gauge\na 1\n`,
      `${counter}a_total -1\n`,
      '# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
      '# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n',
    ])
      expect(() => parseMetrics(text)).toThrow();
  });
});

test('hits of a cache are reported to nobody: they cost what they did', async () => {
  const { runtime, own } = await inspected();
  class Catalog {
    @Cached()
    async product(id: string): Promise<string> {
      return id;
    }
  }
  const catalog = own(new Catalog());
  await catalog.product('1');
  const bus = runtime.events as unknown as { listenerCount(type: string): number };
  for (const type of [
    'cache.hit',
    'cache.miss',
    'cache.coalesced',
    'cache.stored',
    'cache.expired',
    'cache.evicted',
    '*',
  ])
    expect([type, bus.listenerCount(type)]).toEqual([type, 0]);
});
