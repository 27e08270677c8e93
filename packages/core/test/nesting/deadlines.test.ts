import {
  Cached,
  CircuitBreaker,
  Fallback,
  Hedge,
  Retry,
  TimedOutError,
  Timeout,
  circuitOf,
  configure,
  currentCall,
  withContext,
} from '../../src/index.js';
import { type VirtualWorld, coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

const outage = (): Error => coded('ECONNRESET');
const forever = (): Promise<never> => new Promise(() => undefined);

/** A service behind a service; the outer method awaits something first, so only async context knows the two apart. */
const nested = (world: VirtualWorld, seen: { remaining?: number; signal?: AbortSignal; runs: number }) => {
  class Store {
    @Retry({ maxAttempts: 100, delay: 100, jitter: 'none', backoff: 'constant' })
    @Timeout({ total: '60s' })
    async read(isHanging = false): Promise<string> {
      const { remaining, signal } = currentCall();
      Object.assign(seen, { remaining, signal, runs: seen.runs + 1 });
      return isHanging ? forever() : Promise.reject(outage());
    }
  }
  const store = world.own(new Store());
  class Api {
    @Timeout({ total: 1_000 })
    async load(isHanging = false, before = 250): Promise<string> {
      await world.clock.sleep(before);
      return store.read(isHanging);
    }
  }
  return { store, api: world.own(new Api()) };
};

describe('the total', () => {
  test('bounds attempts and the sleeps between them', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Retry({ maxAttempts: 10, delay: 400, jitter: 'none', backoff: 'constant' })
      @Timeout({ total: 1_000 })
      async load(): Promise<never> {
        runs += 1;
        await clock.sleep(50);
        throw outage();
      }
    }
    expect(await clock.until(errorOf(own(new Api()).load()))).toMatchObject({ code: 'ECONNRESET' });
    expect([runs, clock.now()]).toEqual([3, 950]);
  });

  test('bounds the wait for work that others lead', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Cached()
      @Timeout({ total: 1_000 })
      load(): Promise<never> {
        return forever();
      }
    }
    const api = own(new Api());
    const first = errorOf(api.load());
    await clock.advance(600);
    const second = errorOf(api.load());
    expect(await clock.until(first)).toBeInstanceOf(TimedOutError);
    expect(clock.now()).toBe(1_000);
    expect(await clock.until(second)).toBeInstanceOf(TimedOutError);
    expect(clock.now()).toBe(1_600);
  });
});

describe('without async context', () => {
  test('a nested call is on its own', async () => {
    const world = virtualWorld();
    const seen = { runs: 0 } as { remaining?: number; runs: number };
    const { api } = nested(world, seen);
    expect(await world.clock.until(errorOf(api.load(false, 0)))).toBeInstanceOf(TimedOutError);
    expect(seen.remaining).toBeGreaterThan(50_000);
    const { runs } = seen;
    await world.clock.advance(500);
    expect(seen.runs).toBeGreaterThan(runs);
  });
});

describe('with async context', () => {
  beforeAll(() => configure({ context: true, logger: false }));

  test('a nested call takes the smaller remaining time, and does not sleep beyond it', async () => {
    const world = virtualWorld();
    const seen = { runs: 0 } as { remaining?: number; runs: number };
    const { api } = nested(world, seen);
    expect(await world.clock.until(errorOf(api.load()))).toMatchObject({ code: 'ECONNRESET' });
    expect([seen.runs, seen.remaining, world.clock.now()]).toEqual([8, 50, 950]);
  });

  test('its own total holds where that is the smaller one', async () => {
    const world = virtualWorld();
    let remaining = 0;
    class Store {
      @Timeout({ total: 300 })
      async read(): Promise<void> {
        remaining = currentCall().remaining;
      }
    }
    const store = world.own(new Store());
    class Api {
      @Timeout({ total: 1_000 })
      async load(): Promise<void> {
        await world.clock.sleep(100);
        await store.read();
      }
    }
    await world.clock.until(world.own(new Api()).load());
    expect(remaining).toBe(300);
  });

  test('the end of the outer call ends the nested one: its signal is aborted, and nothing is tried again', async () => {
    const world = virtualWorld();
    const seen = { runs: 0 } as { signal?: AbortSignal; runs: number };
    const { api } = nested(world, seen);
    const error = await world.clock.until(errorOf(api.load(true)));
    expect(error).toMatchObject({ code: 'TIMED_OUT', method: 'Api.load', scope: 'total' });
    expect([seen.signal?.reason, world.clock.refCount]).toEqual([error, 0]);
    await world.clock.advance(10_000);
    expect(seen.runs).toBe(1);
  });

  test('a timeout of the outer attempt ends what that attempt has called, and the next one calls anew', async () => {
    const world = virtualWorld();
    const reasons: unknown[] = [];
    const left: number[] = [];
    class Store {
      @Retry()
      async read(): Promise<never> {
        const { signal, remaining } = currentCall();
        left.push(remaining);
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        return forever();
      }
    }
    const store = world.own(new Store());
    class Api {
      @Retry({ maxAttempts: 2, delay: 10, jitter: 'none' })
      @Timeout({ attempt: 200 })
      async load(): Promise<never> {
        await world.clock.sleep(50);
        return store.read();
      }
    }
    const error = await world.clock.until(errorOf(world.own(new Api()).load()));
    expect(error).toMatchObject({ code: 'TIMED_OUT', scope: 'attempt' });
    expect([left, reasons.length, reasons[1]]).toEqual([[150, 150], 2, error]);
    expect(world.clock.refCount).toBe(0);
  });

  test('the outer caller who leaves ends the nested call with his reason, which is nothing to its circuit', async () => {
    const world = virtualWorld();
    class Store {
      @Fallback({ value: 'spare' })
      @CircuitBreaker({ failureThreshold: 1 })
      read(): Promise<string> {
        return forever();
      }
    }
    const store = world.own(new Store());
    const inner: unknown[] = [];
    class Api {
      @Retry()
      async load(_signal: AbortSignal): Promise<string> {
        await world.clock.sleep(10);
        const call = store.read();
        inner.push(await settledOf(call));
        return call;
      }
    }
    const controller = new AbortController();
    const call = errorOf(world.own(new Api()).load(controller.signal));
    await world.clock.advance(10);
    const reason = coded('ECONNRESET');
    controller.abort(reason);
    expect(await call).toBe(reason);
    await world.clock.settle();
    expect(inner).toEqual([{ error: reason }]);
    expect(circuitOf(store, 'read').metrics).toMatchObject({ state: 'closed', failureCount: 0 });
  });

  test('nothing is begun for an outer call that has ended before its time', async () => {
    const world = virtualWorld();
    const seen = { runs: 0 };
    const { api } = nested(world, seen);
    const error = await world.clock.until(errorOf(api.load(false, 2_000)));
    await world.clock.advance(5_000);
    expect([error, seen.runs]).toEqual([expect.any(TimedOutError), 0]);
  });

  test('nor for an attempt that has timed out', async () => {
    const world = virtualWorld();
    let runs = 0;
    class Api {
      @Retry()
      async read(): Promise<void> {
        runs += 1;
      }
      @Timeout(100)
      async load(): Promise<void> {
        await world.clock.sleep(150);
        await this.read();
      }
    }
    const error = await world.clock.until(errorOf(world.own(new Api()).load()));
    await world.clock.advance(200);
    expect([error, runs]).toEqual([expect.any(TimedOutError), 0]);
  });

  /** An attempt that goes on after its time and calls another method while a later attempt runs. */
  const straggling = (world: VirtualWorld, first: (read: () => Promise<string>) => Promise<string>) => {
    const seen = { runs: 0, reads: 0, remaining: [] as number[], inner: [] as unknown[] };
    class Store {
      @Retry()
      async read(): Promise<string> {
        seen.reads += 1;
        seen.remaining.push(currentCall().remaining);
        await world.clock.sleep(60);
        return 'value';
      }
    }
    const store = world.own(new Store());
    const read = async (): Promise<string> => {
      const call = store.read();
      seen.inner.push(await settledOf(call));
      return call;
    };
    class Api {
      @Retry({ maxAttempts: 2, delay: 10, jitter: 'none' })
      @Timeout({ attempt: 100 })
      async load(): Promise<string> {
        seen.runs += 1;
        if (seen.runs === 1) return first(read);
        await world.clock.sleep(90);
        return 'second';
      }
    }
    return { seen, api: world.own(new Api()) };
  };

  test('nor for one that has timed out while the next one runs: the reason is that timeout', async () => {
    const world = virtualWorld();
    const { seen, api } = straggling(world, async (read) => {
      await world.clock.sleep(150);
      return read();
    });
    const call = settledOf(api.load());
    await world.clock.advance(1_000);
    expect(await call).toEqual({ value: 'second' });
    expect([seen.runs, seen.reads]).toEqual([2, 0]);
    expect(seen.inner).toMatchObject([{ error: { code: 'TIMED_OUT', method: 'Api.load', scope: 'attempt' } }]);
  });

  test('what an attempt that has failed by itself leaves behind is not bound by the next one', async () => {
    const world = virtualWorld();
    const { seen, api } = straggling(world, async (read) => {
      void world.clock.sleep(80).then(read);
      throw outage();
    });
    const call = settledOf(api.load());
    await world.clock.advance(1_000);
    expect(await call).toEqual({ value: 'second' });
    expect([seen.inner, seen.remaining]).toEqual([[{ value: 'value' }], [Infinity]]);
  });

  test('what a hedge that has lost has called ends with it', async () => {
    const world = virtualWorld();
    const runs = { inner: 0, outer: 0 };
    class Api {
      @Retry({ maxAttempts: 3, delay: 10, jitter: 'none' })
      async read(): Promise<string> {
        runs.inner += 1;
        await world.clock.sleep(500);
        throw coded('ECONNRESET');
      }
      @Hedge({ after: 50 })
      async load(): Promise<string> {
        runs.outer += 1;
        return runs.outer === 1 ? this.read() : 'value';
      }
    }
    expect(await world.clock.until(world.own(new Api()).load())).toBe('value');
    await world.clock.advance(5_000);
    expect(runs).toEqual({ inner: 1, outer: 2 });
  });

  test('a synchronous nested method is refused then by throwing', async () => {
    const world = virtualWorld();
    const thrown: unknown[] = [];
    class Store {
      @Fallback({ value: 1 })
      count(): number {
        return 2;
      }
    }
    const store = world.own(new Store());
    class Api {
      @Timeout({ total: 100 })
      async load(): Promise<void> {
        expect(store.count()).toBe(2);
        await world.clock.sleep(200);
        try {
          store.count();
        } catch (error) {
          thrown.push(error);
        }
      }
    }
    const error = await world.clock.until(errorOf(world.own(new Api()).load()));
    await world.clock.advance(200);
    expect(thrown).toEqual([error]);
  });

  test('what a method leaves behind when it has ended in time is bound by nothing', async () => {
    const world = virtualWorld();
    const left: number[] = [];
    class Store {
      @Timeout({ total: '10s' })
      async read(): Promise<void> {
        left.push(currentCall().remaining);
      }
    }
    const store = world.own(new Store());
    class Api {
      @Cached()
      @Timeout({ total: 500 })
      async load(): Promise<string> {
        world.clock.setTimer(() => undefined, 1);
        void world.clock.sleep(2_000).then(() => store.read());
        return 'value';
      }
      @Timeout({ total: 500 })
      async outer(): Promise<string> {
        await this.load();
        return 'outer';
      }
    }
    const api = world.own(new Api());
    expect(await world.clock.until(api.outer())).toBe('outer');
    await world.clock.advance(3_000);
    expect(left).toEqual([10_000]);
  });

  test('a shared load is bounded by its callers, each by his own outer call', async () => {
    const world = virtualWorld();
    class Store {
      @Cached()
      async read(): Promise<string> {
        await world.clock.sleep(1_000);
        return 'value';
      }
    }
    const store = world.own(new Store());
    class Api {
      @Timeout({ total: 300 })
      async hasty(): Promise<string> {
        await world.clock.sleep(1);
        return store.read();
      }
      @Timeout({ total: 5_000 })
      async patient(): Promise<string> {
        await world.clock.sleep(2);
        return store.read();
      }
    }
    const api = world.own(new Api());
    const hasty = settledOf(api.hasty());
    const patient = settledOf(api.patient());
    expect(await world.clock.until(hasty)).toMatchObject({ error: { code: 'TIMED_OUT' } });
    expect(await world.clock.until(patient)).toEqual({ value: 'value' });
  });

  test('a branch of a hedge that loses ends what it has called', async () => {
    const world = virtualWorld();
    const aborted: number[] = [];
    let runs = 0;
    class Store {
      @Retry()
      async read(): Promise<string> {
        const run = (runs += 1);
        const { signal } = currentCall();
        signal.addEventListener('abort', () => aborted.push(run));
        await world.clock.sleep(run === 1 ? 1_000 : 10);
        return `run ${run}`;
      }
    }
    const store = world.own(new Store());
    class Api {
      @Timeout({ total: 5_000 })
      @Hedge({ after: 100 })
      async load(): Promise<string> {
        await world.clock.sleep(1);
        return store.read();
      }
    }
    expect(await world.clock.until(world.own(new Api()).load())).toBe('run 2');
    expect(aborted).toEqual([1]);
  });

  test('a retry is seen inside of a retry after an await, and two calls further in', async () => {
    const world = virtualWorld();
    class Store {
      @Retry({ delay: 1 })
      async read(): Promise<never> {
        throw outage();
      }
    }
    const store = world.own(new Store());
    class Repository {
      @Fallback({ value: undefined })
      async find(): Promise<undefined> {
        await world.clock.sleep(1);
        return store.read();
      }
    }
    const repository = world.own(new Repository());
    class Api {
      @Retry({ delay: 1 })
      async load(): Promise<undefined> {
        await world.clock.sleep(1);
        return repository.find();
      }
    }
    await world.clock.until(world.own(new Api()).load());
    expect(world.events.of('retry.nested')).toMatchObject([{ method: 'Store.read', outer: 'Api.load', runs: 9 }]);
  });

  test('the outer call does not keep nested ones in mind that have ended', async () => {
    const world = virtualWorld();
    class Store {
      @Retry()
      async read(_question: object): Promise<void> {
        await world.clock.sleep(1);
      }
    }
    const store = world.own(new Store());
    const questions: WeakRef<object>[] = [];
    const ask = async (): Promise<void> => {
      const question = { bulk: new Array<number>(1_000).fill(1) };
      questions.push(new WeakRef(question));
      await store.read(question);
    };
    class Api {
      @Timeout({ total: 60_000 })
      async load(): Promise<number> {
        for (let call = 0; call < 50; call += 1) await ask();
        await new Promise((resolve) => setImmediate(resolve));
        globalThis.gc?.();
        return questions.filter((question) => question.deref() !== undefined).length;
      }
    }
    const call = world.own(new Api()).load();
    await world.clock.advance(60);
    expect(await call).toBeLessThan(5);
  });

  test.each([0, 120])('a method without policies passes on what bounds the call around it (%i)', async (before) => {
    const world = virtualWorld();
    const left: number[] = [];
    class Api {
      @Fallback({ value: undefined })
      async read(): Promise<void> {
        left.push(currentCall().remaining);
      }
      @Retry()
      async plain(): Promise<void> {
        await world.clock.sleep(before);
        await this.read();
      }
      @Timeout({ total: 100 })
      async load(): Promise<void> {
        await world.clock.sleep(30);
        await withContext({ bypass: 'retry' }, () => this.plain());
      }
    }
    const call = settledOf(world.own(new Api()).load());
    await world.clock.advance(500);
    expect(await call).toMatchObject(before === 0 ? { value: undefined } : { error: { code: 'TIMED_OUT' } });
    expect(left).toEqual(before === 0 ? [70] : []);
  });

  test('calls that start each other for ever do not hold on to those before them', async () => {
    const world = virtualWorld();
    const questions: WeakRef<object>[] = [];
    class Poll {
      @Retry()
      async ask(_question: object): Promise<void> {
        if (questions.length < 20) void world.clock.sleep(10).then(() => this.next());
      }

      next(): void {
        const question = { bulk: new Array<number>(1_000).fill(1) };
        questions.push(new WeakRef(question));
        void this.ask(question);
      }
    }
    world.own(new Poll()).next();
    await world.clock.advance(150);
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
    const held = questions.filter((question) => question.deref() !== undefined).length;
    await world.clock.advance(1_000);
    expect(held).toBeLessThan(5);
  });
});
