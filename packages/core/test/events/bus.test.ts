import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  Cached,
  CircuitBreaker,
  Fallback,
  type HoldfastEvent,
  Retry,
  Timeout,
  createRuntime,
  events as globalEvents,
  resetConfiguration,
  withContext,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

class Api {
  runs = 0;
  @Retry({ maxAttempts: 2, delay: '1ms' })
  async load(fails = true): Promise<number> {
    this.runs += 1;
    if (fails) throw coded('ECONNRESET');
    return 1;
  }
}

const broken = (): never => {
  throw new Error('mine');
};

afterEach(() => resetConfiguration());

describe('a listener', () => {
  test('is called synchronously, in the order of subscription, those of the type before those of all', () => {
    const { own, runtime } = virtualWorld();
    class Sync {
      @Fallback({ value: 1 })
      load(): number {
        throw coded('ECONNRESET');
      }
    }
    const sync = own(new Sync());
    const heard: string[] = [];
    runtime.events.onAny(({ type }) => heard.push(`any ${type}`));
    runtime.events.on('fallback.applied', () => heard.push('first'));
    runtime.events.on('fallback.applied', () => heard.push('second'));
    sync.load();
    expect(heard).toEqual(['first', 'second', 'any fallback.applied', 'any call.succeeded']);
  });

  test.each<[string, () => unknown]>([
    ['throws', broken],
    ['rejects', () => Promise.reject(new Error('mine'))],
    [
      'rejects with a promise of another library',
      () => ({ then: (_ok: unknown, no: (why: Error) => void) => no(new Error('mine')) }),
    ],
    ['returns what throws when it is looked at', () => Object.defineProperty({}, 'then', { get: broken })],
  ])('that %s harms nobody, and is reported', async (_name, listener) => {
    const { own, runtime, clock } = virtualWorld();
    const heard: HoldfastEvent[] = [];
    runtime.events.on('retry.scheduled', listener);
    runtime.events.on('retry.scheduled', () => heard.push({} as HoldfastEvent));
    runtime.events.on('listener.failed', (event) => heard.push(event));
    const api = own(new Api());
    await clock.until(settledOf(api.load()));
    await clock.settle();
    expect([api.runs, heard.length]).toEqual([2, 2]);
    expect(heard.find(({ type }) => type === 'listener.failed')).toMatchObject({
      source: 'listener of retry.scheduled',
      method: 'Api.load',
      error: { name: 'Error' },
    });
  });

  test('of listener.failed that fails itself ends there', async () => {
    const { own, runtime, clock } = virtualWorld();
    let calls = 0;
    runtime.events.on('listener.failed', () => {
      calls += 1;
      return broken();
    });
    runtime.events.onAny(broken);
    await clock.until(settledOf(own(new Api()).load()));
    expect(calls).toBe(3);
  });

  test('may unsubscribe itself or others while an event is delivered', async () => {
    const { own, runtime } = virtualWorld();
    const heard: string[] = [];
    const offs: (() => void)[] = [];
    offs.push(
      runtime.events.on('call.succeeded', () => {
        heard.push('one');
        for (const off of offs) off();
      }),
    );
    offs.push(runtime.events.on('call.succeeded', () => heard.push('two')));
    const api = own(new Api());
    await api.load(false);
    await api.load(false);
    expect(heard).toEqual(['one', 'two']);
  });

  test('hears nothing after unsubscribing, twice is harmless; the same function twice is two subscriptions', async () => {
    const { own, runtime } = virtualWorld();
    let heard = 0;
    const count = (): void => void (heard += 1);
    const off = runtime.events.on('call.succeeded', count);
    runtime.events.on('call.succeeded', count);
    const api = own(new Api());
    await api.load(false);
    off();
    off();
    await api.load(false);
    runtime.events.off('call.succeeded', count);
    runtime.events.off('call.succeeded', count);
    await api.load(false);
    expect([heard, runtime.events.listenerCount('call.succeeded')]).toEqual([3, 0]);
  });

  test('subscribed once hears one event, or none when unsubscribed before', async () => {
    const { own, runtime } = virtualWorld();
    let heard = 0;
    runtime.events.once('call.succeeded', () => (heard += 1));
    runtime.events.once('call.succeeded', () => (heard += 10))();
    const api = own(new Api());
    await api.load(false);
    await api.load(false);
    expect(heard).toBe(1);
  });

  test('of an unknown type, and one that is no function, are refused', () => {
    expect(() => globalEvents.on('cache.hitt' as never, () => undefined)).toThrow("there is no event 'cache.hitt'");
    expect(() => globalEvents.on('cache.hit', 5 as never)).toThrow('a listener must be a function');
  });

  test('is gone after resetConfiguration', () => {
    const { runtime } = virtualWorld();
    runtime.events.on('cache.hit', () => undefined);
    runtime.events.onAny(() => undefined);
    expect(runtime.events.listenerCount()).toBeGreaterThan(1);
    runtime.reset();
    expect(runtime.events.listenerCount()).toBe(0);
  });
});

describe('a stream of events', () => {
  test('hands out what happened, also what happens while it waits, and unsubscribes when the loop is left', async () => {
    const { own, runtime, clock, events } = virtualWorld();
    events.stop();
    const api = own(new Api());
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of runtime.events) {
        seen.push(event.type);
        if (event.type === 'call.failed') break;
      }
    })();
    await clock.until(settledOf(api.load()));
    await reading;
    expect(seen).toEqual(['retry.scheduled', 'retry.exhausted', 'call.failed']);
    expect(runtime.events.listenerCount()).toBe(0);
  });

  test('of one type has that type alone; of a limit loses the oldest', async () => {
    const { own, runtime } = virtualWorld();
    const api = own(new Api());
    const stream = runtime.events.stream('call.succeeded', { limit: 2 });
    const all = runtime.events.stream({ limit: 1 });
    for (let call = 0; call < 3; call += 1) await api.load(false);
    expect((await all.next()).value).toMatchObject({ type: 'call.succeeded' });
    expect([(await stream.next()).done, (await stream.next()).done]).toEqual([false, false]);
    const waiting = stream.next();
    await stream.return?.();
    expect([(await waiting).done, (await stream.next()).done]).toEqual([true, true]);
    await all.return?.();
  });
});

describe('an event', () => {
  test('is frozen, says what, where and when, and survives JSON as it is', async () => {
    const { own, runtime, clock, events } = virtualWorld();
    class Rich {
      runs = 0;
      @Fallback({ value: 'none' })
      @Cached({ ttl: 100, staleWhileRevalidate: 100, staleIfError: '1h' })
      @Retry({ maxAttempts: 2, delay: 10 })
      @CircuitBreaker({ failureThreshold: 3, recoveryTimeout: 100 })
      @Timeout({ attempt: 50, total: '1m' })
      async load(id: string): Promise<string> {
        this.runs += 1;
        if (id === 'hang') return new Promise(() => undefined);
        if (this.runs > 1) throw coded('ECONNRESET');
        return id;
      }
    }
    const rich = own(new Rich());
    await withContext({ traceId: 't' }, async () => {
      await rich.load('a');
      await rich.load('a');
      await clock.advance(150);
      await rich.load('a');
      await clock.until(settledOf(rich.load('hang')));
      await clock.advance(1_000);
      await clock.until(settledOf(rich.load('a')));
      await clock.until(settledOf(rich.load('b')));
    });
    runtime.clearCaches();
    expect(new Set(events.types()).size).toBeGreaterThan(9);
    for (const event of events.events) {
      expect(Object.isFrozen(event)).toBe(true);
      if (event.error !== undefined) expect(Object.isFrozen(event.error)).toBe(true);
      expect(JSON.parse(JSON.stringify(event))).toEqual(event);
      expect([typeof event.type, event.method, event.at >= Date.UTC(2024, 0, 1)]).toEqual([
        'string',
        'Rich.load',
        true,
      ]);
    }
  });

  test('is not built when nobody listens', async () => {
    const wall = jest.fn(() => 0);
    const runtime = createRuntime({
      logger: false,
      clock: { now: () => 0, wall, setTimer: () => ({ cancel() {}, ref() {}, unref() {} }) },
    });
    runtime.events.emit('fallback.applied', 'x', { errorClass: 'transient' });
    expect(wall).not.toHaveBeenCalled();
  });

  test('goes to node:diagnostics_channel, the same object, without any listener', async () => {
    const { own, clock, events } = virtualWorld();
    const published: unknown[] = [];
    const hear = (message: unknown): void => void published.push(message);
    for (const type of ['retry.scheduled', 'call.failed']) subscribe(`holdfast:${type}`, hear);
    await clock.until(settledOf(own(new Api()).load()));
    expect(published.map((event) => (event as HoldfastEvent).type)).toEqual(['retry.scheduled', 'call.failed']);
    expect(published[0] === events.of('retry.scheduled')[0]).toBe(true);
    events.stop();
    await clock.until(settledOf(own(new Api()).load()));
    expect(published).toHaveLength(4);
    for (const type of ['retry.scheduled', 'call.failed']) unsubscribe(`holdfast:${type}`, hear);
    expect(channel('holdfast:call.failed').hasSubscribers).toBe(false);
  });
});

describe('the events of a call', () => {
  test('come in order: a miss, a retry, the answer, what is stored', async () => {
    const { own, clock, events } = virtualWorld();
    class Catalog {
      runs = 0;
      @Cached()
      @Retry({ delay: 1 })
      async load(): Promise<number> {
        this.runs += 1;
        if (this.runs === 1) throw coded('ECONNRESET');
        return 1;
      }
    }
    await clock.until(own(new Catalog()).load());
    expect(events.types()).toEqual(['cache.miss', 'retry.scheduled', 'cache.stored', 'call.succeeded']);
    expect(events.last('call.succeeded')).toMatchObject({ attempts: 2, method: 'Catalog.load' });
  });

  test('end with call.failed where it fails, also synchronously', async () => {
    const { own, events } = virtualWorld();
    class Sync {
      @CircuitBreaker()
      load(): never {
        throw coded('ECONNRESET');
      }
    }
    expect(() => own(new Sync()).load()).toThrow();
    expect(events.of('call.failed')).toMatchObject([{ attempts: 1, durationMs: 0, error: { code: 'ECONNRESET' } }]);
    expect(await errorOf(Promise.reject(new Error('x')))).toBeDefined();
  });

  test('that begin when a listener comes in the middle are told from there on', async () => {
    const { own, runtime, clock, events } = virtualWorld();
    events.stop();
    const api = own(new Api());
    const call = settledOf(api.load());
    const heard: string[] = [];
    runtime.events.onAny(({ type }) => heard.push(type));
    await clock.until(call);
    expect(heard).toContain('retry.exhausted');
  });
});
