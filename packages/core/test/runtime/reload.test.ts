import { deferred } from '../../../testing/src/index.js';
import {
  ConfigurationError,
  type Configuration,
  Resilient,
  Retry,
  cacheOf,
  circuitOf,
  configure,
  explain,
  reload,
  resetConfiguration,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

afterEach(() => resetConfiguration());

class Orders {
  runs = 0;

  @Resilient('orders')
  async place(): Promise<void> {
    this.runs += 1;
    throw coded('ECONNRESET');
  }
}

const attempts = (maxAttempts: number): Configuration => ({
  policies: { orders: { retry: { maxAttempts, delay: 0 } } },
});

describe('reload', () => {
  test('binds the methods of a named policy anew', async () => {
    const { own, runtime, clock, events } = virtualWorld(attempts(2));
    const orders = own(new Orders());
    const placed = async (): Promise<number> => {
      orders.runs = 0;
      await clock.until(settledOf(orders.place()));
      return orders.runs;
    };
    expect(await placed()).toBe(2);
    expect(await runtime.reload(attempts(4))).toEqual({ isTaken: true, methods: 1 });
    expect(await placed()).toBe(4);
    expect(events.of('config.reloaded')).toMatchObject([{ method: 'reload', methods: 1 }]);
  });

  test('reaches what builds on the policy, and counts the methods whose options have changed', async () => {
    const { own, runtime } = virtualWorld({
      policies: { base: { retry: { maxAttempts: 2, delay: 0 } }, orders: { policy: 'base' }, other: { retry: true } },
    });
    class Other {
      @Resilient('other')
      async find(): Promise<number> {
        return 1;
      }
    }
    await settledOf(own(new Orders()).place());
    await own(new Other()).find();
    expect(await runtime.reload({ policies: { base: { retry: { maxAttempts: 1 } } } })).toMatchObject({ methods: 1 });
    expect(await runtime.reload({ policies: { base: { retry: { maxAttempts: 1 } } } })).toMatchObject({ methods: 0 });
    expect(await runtime.reload({ defaults: { retry: { factor: 3 } } })).toMatchObject({ methods: 2 });
  });

  test('lets calls under way end by the options they began with', async () => {
    const { own, runtime, clock } = virtualWorld({
      policies: { orders: { retry: { maxAttempts: 3, delay: 1_000, jitter: 'none' } } },
    });
    const orders = own(new Orders());
    const call = settledOf(orders.place());
    await clock.advance(500);
    await runtime.reload(attempts(1));
    expect(runtime.stats().inFlight).toEqual({ 'Orders.place': 1 });
    await clock.until(call);
    expect(orders.runs).toBe(3);
    await settledOf(orders.place());
    expect(orders.runs).toBe(4);
  });

  test('keeps listeners', async () => {
    const { own, runtime } = virtualWorld(attempts(1));
    const heard: string[] = [];
    runtime.events.on('call.failed', ({ method }) => heard.push(method));
    const orders = own(new Orders());
    await settledOf(orders.place());
    await runtime.reload(attempts(1));
    await runtime.reload({ policies: { orders: { circuitBreaker: true } } });
    await settledOf(orders.place());
    expect(heard).toEqual(['Orders.place', 'Orders.place']);
  });

  test('takes a function that reads, at once or later', async () => {
    const { runtime } = virtualWorld();
    expect(await runtime.reload(() => attempts(1))).toMatchObject({ isTaken: true });
    expect(await runtime.reload(async () => attempts(2))).toMatchObject({ isTaken: true });
  });

  test('of several that are read at a time takes the one begun last', async () => {
    const { own, runtime, clock, events } = virtualWorld(attempts(1));
    const orders = own(new Orders());
    const [slow, quick] = [deferred<Configuration>(), deferred<Configuration>()];
    const both = Promise.all([runtime.reload(() => slow.promise), runtime.reload(() => quick.promise)]);
    quick.resolve(attempts(2));
    await clock.settle();
    slow.resolve(attempts(5));
    expect(await both).toEqual([
      { isTaken: false, methods: 0 },
      { isTaken: true, methods: 0 },
    ]);
    await clock.until(settledOf(orders.place()));
    expect([orders.runs, events.count('config.reloadFailed')]).toEqual([2, 0]);
  });

  test('of the default runtime reaches methods that remember their stack', async () => {
    configure({ ...attempts(1), logger: false });
    const orders = new Orders();
    await settledOf(orders.place());
    await settledOf(orders.place());
    expect(await reload(attempts(3))).toMatchObject({ isTaken: true, methods: 1 });
    await settledOf(orders.place());
    expect(orders.runs).toBe(5);
  });
});

describe('what a source names no longer', () => {
  const maxAttempts = (target: object): unknown =>
    explain(target).methods[0]?.stack.find(({ policy }) => policy === 'retry')?.options['maxAttempts'];

  test('is gone where nothing uses it', async () => {
    const { runtime } = virtualWorld();
    await runtime.reload({ policies: { orders: { retry: { maxAttempts: 2 } }, base: 'http' } });
    expect(await runtime.reload({ policies: { orders: { retry: { maxAttempts: 3 } } } })).toMatchObject({
      isTaken: true,
    });
    const { error } = await runtime.reload({ policies: { orders: { policy: 'base' } } });
    expect((error as Error).message).toContain("there is no policy named 'base'");
  });

  test('is missed by the methods that use it: the old configuration stays, and the error names the policy', async () => {
    const { own, runtime, clock, events } = virtualWorld();
    await runtime.reload(attempts(2));
    const orders = own(new Orders());
    await clock.until(settledOf(orders.place()));
    const { isTaken, error } = await runtime.reload({ policies: { others: { retry: true } } });
    expect([isTaken, events.of('config.reloadFailed')]).toMatchObject([false, [{ error: { code: 'CONFIGURATION' } }]]);
    expect((error as Error).message).toMatch(/on place: there is no policy named 'orders'/);
    await clock.until(settledOf(orders.place()));
    expect(orders.runs).toBe(4);
    expect(await runtime.reload(attempts(1))).toEqual({ isTaken: true, methods: 1 });
  });

  test('was given by configure, too: that holds again', async () => {
    const { own, runtime } = virtualWorld(attempts(2));
    const orders = own(new Orders());
    await runtime.reload(attempts(5));
    expect(maxAttempts(orders)).toBe(5);
    await runtime.reload({ policies: {} });
    expect(maxAttempts(orders)).toBe(2);
  });

  test('stays when code has given it since', async () => {
    const { own, runtime } = virtualWorld();
    const orders = own(new Orders());
    await runtime.reload(attempts(5));
    runtime.configure(attempts(4));
    expect(maxAttempts(orders)).toBe(4);
    await runtime.reload({ policies: {} });
    expect(maxAttempts(orders)).toBe(4);
  });

  test('is told section by section: what is not given at all stays', async () => {
    const { own, runtime } = virtualWorld();
    class Api {
      @Retry({ budget: 'shared' })
      async load(): Promise<void> {}
    }
    const api = own(new Api());
    const budgets = { shared: { ratio: 0.5 } };
    await runtime.reload({ ...attempts(5), defaults: { retry: { maxAttempts: 7 }, cache: { ttl: 1 } }, budgets });
    await api.load();
    expect(maxAttempts(api)).toBe(7);
    expect(await runtime.reload({ defaults: { cache: { ttl: 2 } } })).toEqual({ isTaken: true, methods: 1 });
    expect([maxAttempts(api), maxAttempts(own(new Orders()))]).toEqual([3, 5]);
    const { isTaken, error } = await runtime.reload({ budgets: {} });
    expect([isTaken, (error as Error).message]).toEqual([false, expect.stringContaining("no budget named 'shared'")]);
  });

  test('belongs to its source, where sources have names: others give and take for themselves', async () => {
    const { own, runtime, clock } = virtualWorld();
    const orders = own(new Orders());
    const file = { name: 'policies.json' };
    await runtime.reload(attempts(5), file);
    await runtime.reload({ policies: { others: { retry: true } } }, { name: 'service' });
    expect(maxAttempts(orders)).toBe(5);
    const slow = deferred<Configuration>();
    const late = runtime.reload(() => slow.promise, file);
    await runtime.reload({ policies: {} }, { name: 'service' });
    slow.resolve(attempts(6));
    await clock.settle();
    expect([await late, maxAttempts(orders)]).toMatchObject([{ isTaken: true }, 6]);
    const { error } = await runtime.reload({}, { nam: 'x' } as object);
    expect((error as Error).message).toContain("did you mean 'name'?");
  });
});

describe('a bad reload', () => {
  const BAD: readonly (readonly [string, unknown, string])[] = [
    ['a typo', { policies: { orders: { rtry: true } } }, "did you mean 'retry'?"],
    ['a base that is missing', { policies: { orders: { policy: 'no' } } }, "no policy named 'no'"],
    [
      'options that contradict each other only at a method',
      { policies: { orders: { circuitBreaker: { successThreshold: 3, halfOpenMaxCalls: 2 } } } },
      'halfOpenMaxCalls must be >= successThreshold',
    ],
    ['no object', 7, 'options must be an object'],
    [
      'a source that throws',
      () => {
        throw new SyntaxError('Unexpected token');
      },
      'Unexpected token',
    ],
    ['a source that rejects', () => Promise.reject(new Error('no such file')), 'no such file'],
  ];

  test.each(BAD)('keeps the old configuration and goes on listening: %s', async (_what, source, message) => {
    const { own, runtime, clock, events } = virtualWorld(attempts(2));
    const orders = own(new Orders());
    await clock.until(settledOf(orders.place()));
    for (let time = 1; time <= 2; time++) {
      const { isTaken, methods, error } = await runtime.reload(source as never);
      expect([isTaken, methods, (error as Error).message]).toEqual([false, 0, expect.stringContaining(message)]);
      expect(events.count('config.reloadFailed')).toBe(time);
    }
    await clock.until(settledOf(orders.place()));
    expect([orders.runs, events.count('config.reloaded')]).toEqual([4, 0]);
    expect(await runtime.reload(attempts(1))).toMatchObject({ isTaken: true, methods: 1 });
    await clock.until(settledOf(orders.place()));
    expect(orders.runs).toBe(5);
  });

  test('leaves all state as it was, of policies that would have been right as well', async () => {
    const { own, runtime } = virtualWorld({
      policies: { orders: { cache: { maxSize: 3 }, circuitBreaker: { failureThreshold: 5 } } },
    });
    class Catalog {
      @Resilient('orders')
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const catalog = own(new Catalog());
    for (const id of ['1', '2', '3']) await catalog.find(id);
    circuitOf(catalog, 'find').open();
    const { isTaken } = await runtime.reload({
      policies: {
        orders: { cache: { maxSize: 1 }, circuitBreaker: { window: { type: 'count', size: 2, minimumCalls: 9 } } },
      },
    });
    expect([isTaken, cacheOf(catalog, 'find').keys().length, circuitOf(catalog, 'find').state]).toEqual([
      false,
      3,
      'open',
    ]);
  });

  test('does not speak of methods that were never called', async () => {
    const { runtime } = virtualWorld();
    class Never {
      @Resilient('never')
      async called(): Promise<void> {}
    }
    expect([Never.name, await runtime.reload(attempts(1))]).toMatchObject(['Never', { isTaken: true, methods: 0 }]);
  });

  test('tells a name that two methods would share with unequal options', async () => {
    const { own, runtime } = virtualWorld({
      policies: { one: { circuitBreaker: { name: 'db' } }, two: { circuitBreaker: { name: 'db' } } },
    });
    class Db {
      @Resilient('one')
      async first(): Promise<void> {}
      @Resilient('two')
      async second(): Promise<void> {}
    }
    const db = own(new Db());
    await db.first();
    await db.second();
    const { error } = await runtime.reload({
      policies: { one: { circuitBreaker: { name: 'db', failureThreshold: 1 } } },
    });
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain("name 'db' is already used by a circuit with other options");
    await db.first();
  });

  test('says nothing of the advisor while it is tried out', async () => {
    const { own, runtime } = virtualWorld(attempts(1));
    const warned: string[] = [];
    await settledOf(own(new Orders()).place());
    runtime.events.on('advisor.warned', ({ code }) => warned.push(code));
    await runtime.reload({ policies: { orders: { retry: true, circuitBreaker: true } } });
    expect(warned).toEqual([]);
  });
});

describe('state, when settings change while the program runs', () => {
  test('cache: entries stay, maxSize evicts at once, ttl is for new entries', async () => {
    const { own, runtime, clock } = virtualWorld({ policies: { catalog: { cache: { ttl: '1m' } } } });
    class Catalog {
      @Resilient('catalog')
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const catalog = own(new Catalog());
    for (const id of ['1', '2', '3']) await catalog.find(id);
    await runtime.reload({ policies: { catalog: { cache: { ttl: '1s', maxSize: 2 } } } });
    expect(cacheOf(catalog, 'find').keys()).toEqual(['3', '2']);
    await clock.advance(30_000);
    expect(cacheOf(catalog, 'find').peek('3')).toBe('3');
    await catalog.find('4');
    await clock.advance(1_000);
    expect(cacheOf(catalog, 'find').peek('4')).toBeUndefined();
  });

  test('circuit: its state and counts stay, thresholds hold at once, another window starts empty', async () => {
    const { own, runtime } = virtualWorld({ policies: { orders: { circuitBreaker: { failureThreshold: 5 } } } });
    const orders = own(new Orders());
    for (let run = 0; run < 3; run++) await settledOf(orders.place());
    const to = (options: object): Promise<unknown> =>
      runtime.reload({ policies: { orders: { circuitBreaker: options } } });
    await to({ failureThreshold: 4 });
    expect(circuitOf(orders, 'place').metrics.failureCount).toBe(3);
    await settledOf(orders.place());
    expect(circuitOf(orders, 'place').state).toBe('open');
    await to({ failureThreshold: 9 });
    expect(runtime.health().circuits['Orders.place']).toMatchObject({ state: 'open' });
    circuitOf(orders, 'place').close();
    await settledOf(orders.place());
    await to({ window: { type: 'count', size: 4 } });
    expect(circuitOf(orders, 'place').metrics.failureCount).toBe(0);
  });

  test('bulkhead: its limit holds at once, and who waits keeps his place', async () => {
    const { own, runtime, clock } = virtualWorld({
      policies: { jobs: { bulkhead: { maxConcurrent: 1, maxQueue: 9 } } },
    });
    const gate = deferred<void>();
    class Jobs {
      begun = 0;
      @Resilient('jobs')
      async run(): Promise<void> {
        this.begun += 1;
        return gate.promise;
      }
    }
    const jobs = own(new Jobs());
    const calls = [jobs.run(), jobs.run(), jobs.run()];
    await clock.settle();
    expect([jobs.begun, runtime.stats().inFlight]).toEqual([1, { 'Jobs.run': 3 }]);
    await runtime.reload({ policies: { jobs: { bulkhead: { maxConcurrent: 3, maxQueue: 9 } } } });
    await clock.settle();
    const more = jobs.run();
    gate.resolve();
    await clock.until(Promise.all([...calls, more]));
    expect(jobs.begun).toBe(4);
  });

  test('rate limit: the share that is used stays used', async () => {
    const { own, runtime } = virtualWorld({ policies: { calls: { rateLimit: { limit: 4, interval: '1m' } } } });
    class Api {
      @Resilient('calls')
      async call(): Promise<void> {}
    }
    const api = own(new Api());
    await api.call();
    await api.call();
    await runtime.reload({ policies: { calls: { rateLimit: { limit: 2, interval: '1m' } } } });
    await api.call();
    expect(await errorOf(api.call())).toMatchObject({ code: 'RATE_LIMITED' });
  });
});
