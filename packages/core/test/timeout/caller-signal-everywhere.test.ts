/** Wherever a call waits, its caller's abort ends the wait at once, and the call ends with the caller's own reason. */
import { deferred } from '../../../testing/src/index.js';
import {
  Bulkhead,
  Cached,
  Fallback,
  RateLimit,
  Resilient,
  Retry,
  Timeout,
  callOutcome,
  definePolicy,
} from '../../src/index.js';
import { type VirtualWorld, coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

const forever = (): Promise<never> => new Promise(() => undefined);

interface Api {
  load(id: string, options?: { signal: AbortSignal }): Promise<unknown>;
}
type Runs = { count: number };

const Queue = definePolicy({ name: 'abort-queue', bind: () => ({ enter: forever }) });
const Judge = definePolicy({ name: 'abort-leave', bind: () => ({ leave: forever }) });

/** Each place to wait in, as a method whose call comes to wait there. */
const PLACES: Record<string, (runs: Runs, { own }: VirtualWorld) => Api> = {
  'the method': (runs, { own }) => {
    class Working {
      @Retry()
      async load(_id: string, _options?: { signal: AbortSignal }): Promise<void> {
        runs.count += 1;
        return forever();
      }
    }
    return own(new Working());
  },
  'a queue in front of the method': (runs, { own }) => {
    class Queued {
      @Retry()
      @Queue()
      async load(_id: string, _options?: { signal: AbortSignal }): Promise<void> {
        runs.count += 1;
      }
    }
    runs.count += 1;
    return own(new Queued());
  },
  'the queue of a bulkhead': (runs, { own }) => {
    class Full {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 1, queueTimeout: '30s' })
      async load(_id: string, _options?: { signal: AbortSignal }): Promise<void> {
        runs.count += 1;
        return forever();
      }
    }
    const api = own(new Full());
    void api.load('0');
    return api;
  },
  'the line of a rate limit': (runs, { own }) => {
    class Limited {
      @RateLimit({ limit: 1, interval: '1h', maxWait: '2h' })
      async load(_id: string, _options?: { signal: AbortSignal }): Promise<void> {
        runs.count += 1;
      }
    }
    const api = own(new Limited());
    void api.load('0');
    return api;
  },
  'a sleep between attempts': (runs, { own }) => {
    class Sleeping {
      @Retry({ delay: '10s', jitter: 'none' })
      @Timeout('1s')
      async load(_id: string, _options?: { signal: AbortSignal }): Promise<void> {
        runs.count += 1;
        throw coded('ECONNRESET');
      }
    }
    return own(new Sleeping());
  },
  'a policy that thinks about the result': (runs, { own }) => {
    class Judged {
      @Judge()
      async load(_id: string, _options?: { signal: AbortSignal }): Promise<void> {
        runs.count += 1;
      }
    }
    return own(new Judged());
  },
  'a load of its own': (runs, { own }) => {
    class Loading {
      @Cached({ staleIfError: '1h' })
      @Retry()
      async load(_id: string, _options?: { signal: AbortSignal }): Promise<void> {
        runs.count += 1;
        return forever();
      }
    }
    return own(new Loading());
  },
  'the load of another call': (runs, { own }) => {
    class Joining {
      @Cached()
      async load(_id: string, _options?: { signal: AbortSignal }): Promise<void> {
        runs.count += 1;
        return forever();
      }
    }
    const api = own(new Joining());
    void api.load('1');
    return api;
  },
  'an asynchronous fallback': (runs, { own }) => {
    class Answered {
      @Fallback(forever)
      async load(_id: string, _options?: { signal: AbortSignal }): Promise<void> {
        runs.count += 1;
        throw coded('ECONNRESET');
      }
    }
    return own(new Answered());
  },
};

describe.each(Object.entries(PLACES))('in %s', (_place, make) => {
  test.each(['a call', 'an outcome'])('%s ends within the turn with the caller’s reason', async (kind) => {
    const world = virtualWorld();
    const runs = { count: 0 };
    const api = make(runs, world);
    const controller = new AbortController();
    const reason = { why: 'left' };
    const options = { signal: controller.signal };
    const call =
      kind === 'a call'
        ? errorOf(api.load('1', options))
        : callOutcome(api, 'load', '1', options).then((outcome) =>
            outcome.kind === 'aborted' ? outcome.error : outcome,
          );
    await world.clock.advance(1_000);
    controller.abort(reason);
    expect(await Promise.race([call, world.clock.settle().then(() => 'late')])).toBe(reason);
    await world.clock.advance(60_000);
    expect([runs.count, world.clock.pending]).toEqual([1, 0]);
  });
});

describe('stale-while-revalidate', () => {
  const setUp = async (): Promise<{
    world: VirtualWorld;
    api: Api;
    refreshes: AbortSignal[];
    gate: ReturnType<typeof deferred<string>>;
  }> => {
    const world = virtualWorld();
    const refreshes: AbortSignal[] = [];
    const gate = deferred<string>();
    class Catalog {
      runs = 0;
      @Cached({ ttl: '1m', staleWhileRevalidate: '2s' })
      @Timeout({ total: '10s' })
      async load(_id: string, options?: { signal: AbortSignal }): Promise<string> {
        this.runs += 1;
        if (this.runs === 1) return 'old';
        if (options !== undefined) refreshes.push(options.signal);
        return gate.promise;
      }
    }
    const api = world.own(new Catalog());
    await api.load('1');
    await world.clock.advance(60_000);
    return { world, api, refreshes, gate };
  };

  test('a caller who has his answer and aborts then does not end the refresh', async () => {
    const { world, api, refreshes, gate } = await setUp();
    const controller = new AbortController();
    expect(await api.load('1', { signal: controller.signal })).toBe('old');
    controller.abort('left');
    expect(refreshes.map(({ aborted }) => aborted)).toEqual([false]);
    gate.resolve('new');
    await world.clock.settle();
    expect(await api.load('1')).toBe('new');
  });

  test('a caller who joins the refresh leaves it without ending it', async () => {
    const { world, api, refreshes, gate } = await setUp();
    await api.load('1', { signal: new AbortController().signal });
    await world.clock.advance(5_000);
    const controller = new AbortController();
    const joined = errorOf(api.load('1', { signal: controller.signal }));
    controller.abort('left');
    expect([await joined, refreshes.map(({ aborted }) => aborted)]).toEqual(['left', [false]]);
    gate.resolve('new');
    await world.clock.settle();
    expect(await api.load('1')).toBe('new');
  });

  test('a caller who had aborted before gets no old value, and nothing is refreshed', async () => {
    const { api, refreshes } = await setUp();
    expect(await settledOf(api.load('1', { signal: AbortSignal.abort('gone') }))).toEqual({ error: 'gone' });
    expect(refreshes).toEqual([]);
  });
});

test('an abort is answered neither by a fallback nor by an old value', async () => {
  const { own, clock, events } = virtualWorld();
  class Catalog {
    runs = 0;
    @Resilient({ cache: { ttl: '1m', staleIfError: '1h' }, fallback: { value: 'none' }, retry: true })
    async load(_id: string, _options?: { signal: AbortSignal }): Promise<string> {
      this.runs += 1;
      return this.runs === 1 ? 'old' : forever();
    }
  }
  const api = own(new Catalog());
  await api.load('1');
  await clock.advance(60_000);
  const controller = new AbortController();
  const call = errorOf(api.load('1', { signal: controller.signal }));
  controller.abort('left');
  expect([await call, events.count('fallback.applied'), events.count('cache.servedStale')]).toEqual(['left', 0, 0]);
});
