import {
  Cached,
  CircuitBreaker,
  CircuitOpenError,
  ConfigurationError,
  Fallback,
  HttpError,
  Resilient,
  Retry,
  Timeout,
  TimedOutError,
  answer,
  cacheOf,
  callOutcome,
  circuitOf,
  configure,
  definePolicy,
  resetConfiguration,
  resilient,
} from '../../src/index.js';
import { deferred } from '../../../testing/src/index.js';
import { coded, quietWorld, virtualWorld } from '../support/virtual-world.js';

const failed = { ok: false, value: undefined, source: undefined };
const ended = { ok: true, kind: 'value', error: undefined };
const forever = (): Promise<never> => new Promise(() => undefined);

afterEach(() => resetConfiguration());

describe('a value', () => {
  test('comes with its source: the method, the cache, the load of another call', async () => {
    const { own } = virtualWorld();
    const gate = deferred<string>();
    class Catalog {
      @Cached()
      async product(_id: string): Promise<string> {
        return gate.promise;
      }
    }
    const catalog = own(new Catalog());
    const [first, second] = [callOutcome(catalog, 'product', '1'), callOutcome(catalog, 'product', '1')];
    gate.resolve('Widget');
    expect(await first).toEqual({ ...ended, value: 'Widget', source: 'method' });
    expect(await second).toEqual({ ...ended, value: 'Widget', source: 'shared' });
    expect(await callOutcome(catalog, 'product', '1')).toEqual({ ...ended, value: 'Widget', source: 'cache' });
    expect(cacheOf(catalog, 'product').stats).toMatchObject({ hits: 1, coalesced: 1, misses: 1 });
  });

  test('is stale while it is refreshed, held back, or answers for a failure or for time that is up', async () => {
    const { own, clock } = virtualWorld();
    let answers: () => Promise<string> = async () => 'old';
    class Catalog {
      @Cached({ ttl: '1m', staleWhileRevalidate: '1m', staleIfError: '1h' })
      @Timeout({ total: '1s' })
      product(_id: string): Promise<string> {
        return answers();
      }
    }
    const catalog = own(new Catalog());
    await catalog.product('1');
    await clock.advance(90_000);
    answers = () => Promise.reject(coded('ECONNRESET'));
    const stale = { ...ended, value: 'old', source: 'stale' };
    expect(await callOutcome(catalog, 'product', '1')).toEqual(stale);
    await clock.advance(60_000);
    const both = Promise.all([callOutcome(catalog, 'product', '1'), callOutcome(catalog, 'product', '1')]);
    expect(await both).toEqual([stale, stale]);
    expect(await callOutcome(catalog, 'product', '1')).toEqual(stale);
    await clock.advance(60_000);
    answers = forever;
    expect(await clock.until(callOutcome(catalog, 'product', '1'))).toEqual(stale);
  });

  test('that can be consumed only once is from the method’s own run for everyone', async () => {
    const { own } = virtualWorld();
    class Files {
      @Cached()
      async open(_name: string): Promise<Response> {
        return new Response('text');
      }
    }
    const files = own(new Files());
    const both = [callOutcome(files, 'open', 'a'), callOutcome(files, 'open', 'a')];
    expect((await Promise.all(both)).map(({ source }) => source)).toEqual(['method', 'method']);
  });

  test('of a fallback or of a policy of one’s own says so', async () => {
    const { own } = virtualWorld();
    const Shrug = definePolicy({ name: 'shrug-outcome', bind: () => ({ error: () => answer('shrug') }) });
    class Catalog {
      @Fallback({ value: 'none' })
      async plain(): Promise<string> {
        throw coded('ECONNRESET');
      }
      @Fallback(async () => 'later')
      @Cached()
      async cached(): Promise<string> {
        throw coded('ECONNRESET');
      }
      @Shrug()
      async shrugged(): Promise<string> {
        throw coded('ECONNRESET');
      }
    }
    const catalog = own(new Catalog());
    expect(await callOutcome(catalog, 'plain')).toEqual({ ...ended, value: 'none', source: 'fallback' });
    expect(await callOutcome(catalog, 'cached')).toEqual({ ...ended, value: 'later', source: 'fallback' });
    expect(await callOutcome(catalog, 'shrugged')).toEqual({ ...ended, value: 'shrug', source: 'policy' });
  });

  test('after retries is the method’s', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Catalog {
      @Retry({ maxAttempts: 3 })
      async product(): Promise<number> {
        runs += 1;
        if (runs < 3) throw coded('ECONNRESET');
        return runs;
      }
    }
    const outcome = callOutcome(own(new Catalog()), 'product');
    expect(await clock.until(outcome)).toEqual({ ...ended, value: 3, source: 'method' });
  });
});

describe('a failure', () => {
  test('is the error that the call would have thrown, the same object', async () => {
    const { own, clock } = virtualWorld();
    const error = new HttpError({ status: 500 });
    class Api {
      @Retry()
      @CircuitBreaker()
      async load(): Promise<void> {
        throw error;
      }
      @Resilient({ circuitBreaker: true, async: true })
      thrown(): Promise<void> {
        throw error;
      }
    }
    const api = own(new Api());
    const outcome = await clock.until(callOutcome(api, 'load'));
    expect(outcome).toEqual({ ...failed, kind: 'failed', error });
    expect(outcome.error === error).toBe(true);
    expect(await callOutcome(api, 'thrown')).toEqual({ ...failed, kind: 'failed', error });
    expect(circuitOf(api, 'load').metrics.failureCount).toBe(3);
  });

  test('of a policy that refuses is rejected, without an exception or a rejected promise', async () => {
    const { own } = quietWorld();
    class Api {
      @CircuitBreaker()
      async load(): Promise<void> {}
    }
    const api = own(new Api());
    circuitOf(api, 'load').isolate();
    const [outcome, thrown] = await Promise.all([
      callOutcome(api, 'load'),
      api.load().catch((error: unknown) => error),
    ]);
    expect(outcome).toMatchObject({ ...failed, kind: 'rejected' });
    expect(outcome.error).toBeInstanceOf(CircuitOpenError);
    expect((outcome.error as Error).message).toBe((thrown as Error).message);
  });

  test('of time that is up is timed-out, of the caller’s abort is aborted', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Timeout({ attempt: '1s', total: '2s' })
      async load(_options?: { signal: AbortSignal }): Promise<void> {
        return forever();
      }
    }
    const api = own(new Api());
    const timedOut = await clock.until(callOutcome(api, 'load'));
    expect(timedOut).toMatchObject({ ...failed, kind: 'timed-out' });
    expect(timedOut.error).toBeInstanceOf(TimedOutError);
    const controller = new AbortController();
    const outcome = callOutcome(api, 'load', { signal: controller.signal });
    controller.abort('left');
    expect(await outcome).toEqual({ ...failed, kind: 'aborted', error: 'left' });
    const late = await callOutcome(api, 'load', { signal: controller.signal });
    expect(late).toEqual({ ...failed, kind: 'aborted', error: 'left' });
  });

  test('of options that contradict each other is one, too', async () => {
    const { own } = virtualWorld();
    class Api {
      @CircuitBreaker({ successThreshold: 3, halfOpenMaxCalls: 2 })
      async load(): Promise<void> {}
      @CircuitBreaker({ successThreshold: 3, halfOpenMaxCalls: 2 })
      count(): number {
        return 1;
      }
    }
    const api = own(new Api());
    const [load, count] = [await callOutcome(api, 'load'), callOutcome(api, 'count')];
    expect([load.kind, load.error, count.kind]).toEqual(['failed', expect.any(ConfigurationError), 'failed']);
  });
});

describe('callOutcome', () => {
  test('answers at once for a synchronous method', () => {
    const { own } = virtualWorld();
    class Shapes {
      @Cached()
      @CircuitBreaker()
      area(width: number): number {
        if (width < 0) throw new RangeError('negative');
        return width * width;
      }
    }
    const shapes = own(new Shapes());
    expect(callOutcome(shapes, 'area', 2)).toEqual({ ...ended, value: 4, source: 'method' });
    expect(callOutcome(shapes, 'area', 2)).toEqual({ ...ended, value: 4, source: 'cache' });
    expect(callOutcome(shapes, 'area', -1)).toMatchObject({ ...failed, kind: 'failed' });
    circuitOf(shapes, 'area').isolate();
    expect(callOutcome(shapes, 'area', 3)).toMatchObject({ ...failed, kind: 'rejected' });
  });

  test('reaches statics, functions and private methods', async () => {
    configure({ logger: false });
    class Catalog {
      @Retry()
      static async count(table: string): Promise<number> {
        return table.length;
      }
      @Retry()
      async #secret(): Promise<string> {
        return 'secret';
      }
      async read(): Promise<unknown> {
        await this.#secret();
        return callOutcome<() => Promise<string>>(this, '#secret');
      }
    }
    const load = resilient(async (id: string) => `loaded ${id}`, { retry: true });
    expect(await callOutcome(Catalog, 'count', 'users')).toMatchObject({ value: 5 });
    expect(await callOutcome(load, '1')).toMatchObject({ value: 'loaded 1' });
    expect(await new Catalog().read()).toMatchObject({ value: 'secret' });
  });

  test('remembers the stack of a method, and forgets it when settings change', async () => {
    configure({ logger: false });
    let runs = 0;
    class Api {
      @Retry({ delay: 0 })
      async load(): Promise<void> {
        runs += 1;
        throw coded('ECONNRESET');
      }
    }
    const api = new Api();
    for (const [maxAttempts, expected] of [
      [1, 1],
      [2, 3],
    ] as const) {
      configure({ defaults: { retry: { maxAttempts } } });
      await callOutcome(api, 'load');
      expect(runs).toBe(expected);
    }
  });

  test('tells what is no decorated method', () => {
    class Plain {
      method(): void {}
    }
    expect(() => callOutcome(new Plain(), 'method')).toThrow("callOutcome: Plain has no decorated method 'method'");
    expect(() => callOutcome<() => void>(undefined as never, 'method')).toThrow(
      'callOutcome: needs an instance or a class',
    );
  });

  test('is reported as any other call', async () => {
    const { own, events } = virtualWorld();
    class Api {
      @CircuitBreaker()
      async load(fails: boolean): Promise<void> {
        if (fails) throw coded('ECONNRESET');
      }
    }
    const api = own(new Api());
    await callOutcome(api, 'load', false);
    await callOutcome(api, 'load', true);
    circuitOf(api, 'load').isolate();
    await callOutcome(api, 'load', false);
    expect(events.types()).toEqual([
      'call.succeeded',
      'call.failed',
      'circuit.isolated',
      'circuit.rejected',
      'call.failed',
    ]);
  });

  test('leaves a signal without listeners', async () => {
    const { own } = virtualWorld();
    class Api {
      @Retry()
      async load(_signal: AbortSignal): Promise<number> {
        return 1;
      }
    }
    const { signal } = new AbortController();
    const counted = { added: 0, removed: 0 };
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      counted.added += 1;
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      counted.removed += 1;
      remove(...given);
    };
    expect(await callOutcome(own(new Api()), 'load', signal)).toMatchObject({ value: 1 });
    expect(counted).toEqual({ added: 1, removed: 1 });
  });
});
