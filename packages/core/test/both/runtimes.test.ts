import type * as Holdfast from '../../src/index.js';
import {
  Cached,
  CircuitBreaker,
  Retry,
  cacheOf,
  circuitOf,
  clearCaches,
  configure,
  createRuntime,
  currentCall,
  events,
  explain,
  health,
  resetConfiguration,
  resilient,
  stats,
  withContext,
  withRuntime,
} from '../../src/index.js';
import { recordEvents, virtualClock } from '../../../testing/src/index.js';
import { thrownBy } from '../support/dialect.js';
import { coded, settledOf } from '../support/virtual-world.js';

beforeEach(() => configure({ logger: false }));
afterEach(resetConfiguration);

class Orders {
  calls = 0;
  fails = false;

  @Cached({ ttl: '1m' })
  async find(id: string): Promise<string> {
    this.calls += 1;
    return `${id}${this.calls}`;
  }

  @CircuitBreaker({ failureThreshold: 1 })
  async place(): Promise<string> {
    if (this.fails) throw coded('ECONNRESET');
    return 'placed';
  }

  @Retry({ delay: 0 })
  async attempts(): Promise<number> {
    const { attempt } = currentCall();
    if (attempt < 10) throw coded('ECONNRESET');
    return attempt;
  }

  @Cached({ ttl: '1m' })
  static async all(): Promise<string> {
    return 'all';
  }
}

const isolated = (configuration = {}) => createRuntime({ clock: virtualClock(), logger: false, ...configuration });

describe('createRuntime', () => {
  test('makes a world of its own: settings', async () => {
    const runtime = isolated({ defaults: { retry: { maxAttempts: 10 } } });
    const clock = virtualClock();
    configure({ clock });
    await expect(clock.until(new Orders().attempts())).rejects.toThrow('ECONNRESET');
    await expect(withRuntime(new Orders(), runtime).attempts()).resolves.toBe(10);
  });

  test('its own circuits', async () => {
    const [one, other] = [isolated(), isolated()];
    const failing = withRuntime(new Orders(), one);
    failing.fails = true;
    await expect(failing.place()).rejects.toThrow('ECONNRESET');
    await expect(withRuntime(new Orders(), one).place()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
    await expect(withRuntime(new Orders(), other).place()).resolves.toBe('placed');
    await expect(new Orders().place()).resolves.toBe('placed');
    expect([one.health().status, other.health().status, health().status]).toEqual(['degraded', 'healthy', 'healthy']);
  });

  test('its own events', async () => {
    const [one, other] = [isolated(), isolated()];
    const recorders = [recordEvents(one), recordEvents(other), recordEvents(events)];
    await withRuntime(new Orders(), one).find('1');
    expect(recorders.map((recorder) => recorder.count('cache.miss'))).toEqual([1, 0, 0]);
    for (const recorder of recorders) recorder.stop();
  });

  test('its own caches, stats and clearCaches', async () => {
    const runtime = isolated();
    const [mine, plain] = [withRuntime(new Orders(), runtime), new Orders()];
    await mine.find('1');
    await plain.find('1');
    expect([runtime.stats().total.size, stats().total.size]).toEqual([1, 1]);
    clearCaches();
    expect([runtime.stats().total.size, stats().total.size]).toEqual([1, 0]);
    runtime.clearCaches();
    expect(runtime.stats().total.size).toBe(0);
  });

  test('its own names', async () => {
    const runtime = isolated();
    await withRuntime(new Orders(), runtime).place();
    await new Orders().place();
    expect(Object.keys(runtime.health().circuits)).toEqual(['Orders.place']);
    expect(Object.keys(health().circuits)).toEqual(['Orders.place']);
  });

  test('refuses wrong settings, naming itself', () => {
    expect(thrownBy(() => createRuntime({ logLevle: 'info' } as never)).message).toBe(
      "createRuntime: logLevle is not an option; did you mean 'logLevel'?",
    );
  });

  test('can be reset to the built-ins: state and listeners are gone', async () => {
    const runtime = isolated({ defaults: { retry: { maxAttempts: 10 } } });
    const orders = withRuntime(new Orders(), runtime);
    const heard: unknown[] = [];
    runtime.events.on('cache.miss', (event) => heard.push(event));
    await orders.find('1');
    runtime.reset();
    runtime.configure({ logger: false });
    await orders.find('1');
    expect(orders.calls).toBe(2);
    expect(heard).toHaveLength(1);
    expect(explain(orders).methods.find(({ method }) => method.endsWith('attempts'))?.amplification).toBe(3);
  });

  test('follows configure and configureFromEnv of its own', () => {
    const runtime = isolated();
    const orders = withRuntime(new Orders(), runtime);
    const attempts = () => explain(orders).methods.find(({ method }) => method.endsWith('attempts'))?.amplification;
    runtime.configureFromEnv({ HOLDFAST_RETRY_MAX_ATTEMPTS: '6' });
    expect(attempts()).toBe(6);
    runtime.configure({ defaults: { retry: { maxAttempts: 7 } } });
    expect(attempts()).toBe(7);
  });
});

describe('withRuntime', () => {
  test('returns the instance and moves all its methods', async () => {
    const runtime = isolated();
    const orders = new Orders();
    expect(withRuntime(orders, runtime)).toBe(orders);
    await orders.find('1');
    expect(cacheOf(orders, 'find').peek('1')).toBe('11');
    expect(circuitOf(orders, 'place').state).toBe('closed');
    expect(runtime.stats().total.misses).toBe(1);
  });

  test('moves an instance that has been called before', async () => {
    const orders = new Orders();
    await orders.find('1');
    const runtime = isolated();
    withRuntime(orders, runtime);
    await orders.find('1');
    expect(orders.calls).toBe(2);
    expect(runtime.stats().total.misses).toBe(1);
  });

  test('moves the statics of a class', async () => {
    class Own extends Orders {}
    const runtime = isolated();
    withRuntime(Own, runtime);
    await Own.all();
    expect(runtime.stats().total.misses).toBe(1);
    expect(cacheOf(Own, 'all').peek()).toBe('all');
  });

  test('keeps other instances where they are', async () => {
    const runtime = isolated();
    withRuntime(new Orders(), runtime);
    await new Orders().find('1');
    expect(runtime.stats().total.misses).toBe(0);
  });

  test('events of an instance carry the context of withContext', async () => {
    const runtime = isolated();
    const recorder = recordEvents(runtime);
    const orders = withRuntime(new Orders(), runtime);
    await withContext({ traceId: 't1' }, () => orders.find('1'));
    expect(recorder.last('cache.miss')?.context).toEqual({ traceId: 't1' });
    expect(recorder.last('cache.stored')?.context).toEqual({ traceId: 't1' });
  });
});

describe('on a platform without async context', () => {
  const WORLD = Symbol.for('@holdfast/core/world@1');
  const held = globalThis as Record<symbol, unknown>;

  /** The package as it loads where `node:async_hooks` cannot be had. */
  const elsewhere = (): typeof Holdfast => {
    const world = held[WORLD];
    const { getBuiltinModule } = process;
    try {
      delete held[WORLD];
      process.getBuiltinModule = () => undefined;
      let loaded!: typeof Holdfast;
      jest.isolateModules(() => {
        loaded = require('../../src/index.js') as typeof loaded;
        loaded.configure({ logger: false });
        expect(thrownBy(() => loaded.configure({ context: true })).message).toBe(
          'configure: context: this platform has no async context',
        );
        expect(thrownBy(() => loaded.createRuntime({ logger: false }).run(() => 1)).message).toBe(
          'runtime.run: this platform has no async context; use withRuntime(instance, runtime)',
        );
      });
      return loaded;
    } finally {
      process.getBuiltinModule = getBuiltinModule;
      held[WORLD] = world;
    }
  };

  test('runtime.run and context: true say so, withRuntime works', async () => {
    const other = elsewhere();
    class Far {
      @other.Cached()
      async find(): Promise<string> {
        return 'x';
      }
    }
    const runtime = other.createRuntime({ logger: false });
    await expect(other.withRuntime(new Far(), runtime).find()).resolves.toBe('x');
    expect(runtime.stats().total.misses).toBe(1);
  });
});

describe('runtime.run', () => {
  test('runs every decorated call inside in the runtime, across awaits', async () => {
    const runtime = isolated();
    const orders = new Orders();
    const fn = resilient(async () => 'x', { cache: true, name: 'fn' });
    await runtime.run(async () => {
      await orders.find('1');
      await new Promise((resolve) => setImmediate(resolve));
      await orders.find('2');
      await Orders.all();
      await fn();
    });
    expect(runtime.stats().total.misses).toBe(4);
    expect(stats().total.misses).toBe(0);
  });

  test('returns what the function returns, and throws what it throws', () => {
    const runtime = isolated();
    expect(runtime.run(() => 7)).toBe(7);
    expect(() =>
      runtime.run(() => {
        throw new Error('own');
      }),
    ).toThrow('own');
  });

  test('nests: the innermost runtime is meant', async () => {
    const [outer, inner] = [isolated(), isolated()];
    await outer.run(async () => {
      await inner.run(() => new Orders().find('1'));
      await new Orders().find('1');
    });
    expect([outer.stats().total.misses, inner.stats().total.misses]).toEqual([1, 1]);
  });

  test('does not overrule an instance that belongs to a runtime', async () => {
    const [own, ambient] = [isolated(), isolated()];
    const orders = withRuntime(new Orders(), own);
    await ambient.run(() => orders.find('1'));
    expect([own.stats().total.misses, ambient.stats().total.misses]).toEqual([1, 0]);
  });

  test('keeps concurrent runs apart', async () => {
    const runtimes = [isolated(), isolated(), isolated()];
    const orders = new Orders();
    await Promise.all(
      runtimes.map((runtime, index) =>
        runtime.run(async () => {
          for (let time = 0; time <= index; time += 1) {
            await new Promise((resolve) => setImmediate(resolve));
            await orders.find(`${time}`);
          }
        }),
      ),
    );
    expect(runtimes.map((runtime) => runtime.stats().total.misses)).toEqual([1, 2, 3]);
  });

  test('keeps the facts of withContext, and withContext inside keeps the runtime', async () => {
    const runtime = isolated();
    const recorder = recordEvents(runtime);
    await withContext({ tenant: 'a' }, () =>
      runtime.run(() => withContext({ traceId: 't' }, () => new Orders().find('1'))),
    );
    expect(recorder.last('cache.miss')?.context).toEqual({ tenant: 'a', traceId: 't' });
  });

  test('is what explain, cacheOf and circuitOf look at inside', async () => {
    const runtime = isolated();
    const orders = new Orders();
    await runtime.run(async () => {
      await orders.find('1');
      expect(cacheOf(orders, 'find').peek('1')).toBe('11');
    });
    expect(cacheOf(orders, 'find').peek('1')).toBeUndefined();
  });

  test('a failing call inside is reported to the runtime', async () => {
    const runtime = isolated();
    const recorder = recordEvents(runtime);
    const orders = new Orders();
    orders.fails = true;
    await runtime.run(() => settledOf(orders.place()));
    expect(recorder.count('call.failed')).toBe(1);
  });
});
