import { AsyncLocalStorage } from 'node:async_hooks';
import { deferred } from '../../../testing/src/index.js';
import {
  Bulkhead,
  Cached,
  Fallback,
  RateLimit,
  Retry,
  Timeout,
  again,
  currentCall,
  definePolicy,
  withContext,
} from '../../src/index.js';
import { type VirtualWorld, coded, settledOf, virtualWorld } from '../support/virtual-world.js';

/**
 * Timers are shared, and here every one of them fires in a context that is nobody's: whatever runs for a caller must see
 * the store of that caller all the same.
 */
const store = new AsyncLocalStorage<string>();
const CALLERS = ['ada', 'bob', 'cyd'] as const;
const forever = (): Promise<never> => new Promise(() => undefined);

/** Each caller begins a little later, so that the first has armed the timer that all share. */
const callAll = async <Value>(world: VirtualWorld, call: (caller: string) => Promise<Value>): Promise<unknown[]> => {
  const calls: Promise<unknown>[] = [];
  for (const caller of CALLERS) {
    calls.push(store.run(caller, () => settledOf(call(caller))));
    await store.run('nobody', () => world.clock.advance(10));
  }
  await store.run('nobody', () => world.clock.advance(60_000));
  return Promise.all(calls);
};

const seenBy = (): { at: (what: string, caller?: string) => void; strangers: () => string[]; total: () => number } => {
  const seen: [string, string | undefined, string | undefined][] = [];
  return {
    at: (what, caller) => void seen.push([what, caller, store.getStore()]),
    strangers: () => seen.filter(([, caller, found]) => caller !== found).map((each) => each.join(' ')),
    total: () => seen.length,
  };
};

test('the attempt after a timeout sees its caller’s store', async () => {
  const world = virtualWorld();
  const seen = seenBy();
  class Api {
    @Retry({ maxAttempts: 3, delay: 10 })
    @Timeout(100)
    async load(caller: string): Promise<void> {
      seen.at(`attempt ${currentCall().attempt}`, caller);
      return forever();
    }
  }
  const api = world.own(new Api());
  await callAll(world, (caller) => api.load(caller));
  expect([seen.total(), seen.strangers()]).toEqual([9, []]);
});

test('the attempt after a sleep, and after a renewal of credentials, sees its caller’s store', async () => {
  const world = virtualWorld();
  const seen = seenBy();
  class Api {
    @Retry({ maxAttempts: 3, delay: 100, onAuthFailure: () => world.clock.sleep(50) })
    async load(caller: string): Promise<void> {
      const { attempt } = currentCall();
      seen.at(`attempt ${attempt}`, caller);
      throw attempt === 1 ? Object.assign(new Error('expired'), { status: 401 }) : coded('ECONNRESET');
    }
  }
  const api = world.own(new Api());
  await callAll(world, (caller) => api.load(caller));
  expect([seen.total(), seen.strangers()]).toEqual([9, []]);
});

test('queued work, and the fallback of who waited in vain, see their caller’s store', async () => {
  const world = virtualWorld();
  const seen = seenBy();
  class Api {
    @Fallback((_error: unknown, caller: string) => {
      seen.at('fallback', caller);
      return undefined;
    })
    @Bulkhead({ maxConcurrent: 1, maxQueue: 2, queueTimeout: 120 })
    async load(caller: string): Promise<undefined> {
      seen.at('work', caller);
      await world.clock.sleep(100);
      return undefined;
    }
  }
  const api = world.own(new Api());
  await callAll(world, (caller) => api.load(caller));
  // The third one waits until the second has gone, and that is too long.
  expect([seen.total(), seen.strangers()]).toEqual([3, []]);
});

test('work that a rate limit held back sees its caller’s store', async () => {
  const world = virtualWorld();
  const seen = seenBy();
  class Api {
    @RateLimit({ limit: 10, interval: '1s', burst: 1, maxWait: '1s' })
    async load(caller: string): Promise<void> {
      seen.at('work', caller);
    }
  }
  const api = world.own(new Api());
  await callAll(world, (caller) => api.load(caller));
  expect([seen.total(), seen.strangers()]).toEqual([3, []]);
});

test('an event of a wait in vain carries what withContext does', async () => {
  const world = virtualWorld();
  class Api {
    @Bulkhead({ maxConcurrent: 1, maxQueue: 2, queueTimeout: 50 })
    load(): Promise<never> {
      return forever();
    }
  }
  const api = world.own(new Api());
  void api.load();
  const calls = ['a', 'b'].map((trace) => withContext({ trace }, () => settledOf(api.load())));
  await world.clock.until(Promise.all(calls));
  expect(world.events.of('bulkhead.rejected').map(({ context }) => context)).toEqual([{ trace: 'a' }, { trace: 'b' }]);
});

test('a fallback after a total timeout sees its caller’s store', async () => {
  const world = virtualWorld();
  const seen = seenBy();
  class Api {
    @Fallback((_error: unknown, caller: string) => {
      seen.at('fallback', caller);
      return undefined;
    })
    @Timeout({ total: 100 })
    async load(_caller: string): Promise<undefined> {
      return forever();
    }
  }
  const api = world.own(new Api());
  await callAll(world, (caller) => api.load(caller));
  expect([seen.total(), seen.strangers()]).toEqual([3, []]);
});

test('listeners hear of a timeout and a late result in the caller’s context', async () => {
  const world = virtualWorld();
  const works: ReturnType<typeof deferred<void>>[] = [];
  const heard: [string, string | undefined][] = [];
  world.runtime.events.onAny(({ type }) => heard.push([type, store.getStore()]));
  const work = (): Promise<void> => {
    const next = deferred<void>();
    works.push(next);
    return next.promise;
  };
  class Api {
    @Timeout(100)
    async attempt(): Promise<void> {
      return work();
    }
    @Timeout({ total: 100 })
    async total(): Promise<void> {
      return work();
    }
  }
  const api = world.own(new Api());
  await callAll(world, () => api.attempt());
  await callAll(world, () => api.total());
  for (const each of works) each.resolve();
  await world.clock.settle();
  const expected = [
    'timeout.elapsed',
    'call.failed',
    'timeout.elapsed',
    'call.failed',
    'timeout.lateResult',
    'timeout.lateResult',
  ];
  for (const caller of CALLERS) {
    expect(heard.filter(([, found]) => found === caller).map(([type]) => type)).toEqual(expected);
  }
  expect(heard).toHaveLength(CALLERS.length * expected.length);
});

test('what runs after a wait or a repetition of a user’s policy sees its caller’s store', async () => {
  const world = virtualWorld();
  const seen = seenBy();
  const stubborn = definePolicy({
    name: 'stubborn-context',
    bind: (_options, { clock }) => ({
      enter: () => new Promise<void>((resolve) => void clock.setTimer(resolve, 30)),
      error: (call) => (call.attempt < 3 ? again(40) : undefined),
    }),
  });
  class Api {
    @stubborn()
    async load(caller: string): Promise<void> {
      seen.at('attempt', caller);
      throw coded('ECONNRESET');
    }
  }
  const api = world.own(new Api());
  await callAll(world, (caller) => api.load(caller));
  expect([seen.total(), seen.strangers()]).toEqual([9, []]);
});

test('what a joiner does with the shared value sees his own store', async () => {
  const world = virtualWorld();
  const work = deferred<string>();
  const seen = seenBy();
  class Api {
    @Cached()
    async load(): Promise<string> {
      return work.promise;
    }
  }
  const api = world.own(new Api());
  const calls = CALLERS.map((caller) => store.run(caller, () => api.load().then(() => seen.at('value', caller))));
  store.run('nobody', () => work.resolve('value'));
  await Promise.all(calls);
  expect([seen.total(), seen.strangers()]).toEqual([3, []]);
});

test('withContext is carried on every event of its caller, also of timers that another one has armed', async () => {
  const world = virtualWorld();
  class Api {
    @Retry({ maxAttempts: 2, delay: 10 })
    @Timeout(100)
    async load(): Promise<void> {
      return forever();
    }
  }
  const api = world.own(new Api());
  const calls = CALLERS.map((caller) => withContext({ caller }, () => settledOf(api.load())));
  await world.clock.advance(10_000);
  await Promise.all(calls);
  for (const caller of CALLERS) {
    const mine = world.events.events.filter(({ context }) => context?.['caller'] === caller);
    expect(mine.map(({ type }) => type)).toEqual([
      'timeout.elapsed',
      'retry.scheduled',
      'timeout.elapsed',
      'retry.exhausted',
      'call.failed',
    ]);
  }
});

test('facts of nested contexts are merged and frozen', () => {
  const world = virtualWorld();
  class Api {
    @Fallback({ value: 1 })
    load(): number {
      throw coded('ECONNRESET');
    }
  }
  const api = world.own(new Api());
  withContext({ tenant: 't', traceId: 1 }, () => withContext({ traceId: 2 }, () => api.load()));
  const { context } = world.events.last('fallback.applied') ?? {};
  expect(context).toEqual({ tenant: 't', traceId: 2 });
  expect(Object.isFrozen(context)).toBe(true);
});
