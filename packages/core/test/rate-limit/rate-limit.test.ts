import { Cached, RateLimit, RateLimitedError, createRuntime, explain, withRuntime } from '../../src/index.js';
import { virtualClock } from '../../../testing/src/index.js';
import { type VirtualWorld, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

const stateOf = (target: object): Record<string, number> =>
  explain(target).methods[0]?.stack.find(({ policy }) => policy === 'rate-limit')?.state as Record<string, number>;

/** Three a second, spaced after the first; waits two seconds at most. Tells when its calls ran. */
const slow = ({ own, clock }: VirtualWorld) => {
  const ran: [string, number][] = [];
  class Api {
    @RateLimit({ limit: 2, interval: '1s', burst: 1, maxWait: '2s' })
    async load(who: string, _signal?: AbortSignal): Promise<string> {
      ran.push([who, clock.now()]);
      return who;
    }
  }
  return { api: own(new Api()), ran };
};

describe('waiting', () => {
  test('a call is held back until its time has come; one that would wait too long is refused at once', async () => {
    const world = virtualWorld();
    const { api, ran } = slow(world);
    const calls = [...'abcdef'].map((who) => settledOf(api.load(who)));
    expect(stateOf(api)).toMatchObject({ waiting: 4, available: 0, rejected: 1 });
    expect(world.events.of('rateLimit.delayed')).toMatchObject(
      [500, 1000, 1500, 2000].map((delay, index) => ({ limiter: 'Api.load', delay, waiting: index + 1 })),
    );
    const settled = await world.clock.until(Promise.all(calls));
    expect(settled[5]).toMatchObject({ error: { code: 'RATE_LIMITED', retryAfter: 500 } });
    expect(ran).toEqual([
      ['a', 0],
      ['b', 500],
      ['c', 1000],
      ['d', 1500],
      ['e', 2000],
    ]);
    expect([world.clock.pending, stateOf(api)['waiting']]).toEqual([0, 0]);
  });

  test('who aborts has taken nothing: those behind him move up', async () => {
    const world = virtualWorld();
    const { api, ran } = slow(world);
    const controller = new AbortController();
    const calls = [api.load('a'), settledOf(api.load('b', controller.signal)), api.load('c'), api.load('d')];
    await world.clock.advance(100);
    controller.abort('left');
    expect(stateOf(api)).toMatchObject({ waiting: 2 });
    const late = api.load('e');
    await world.clock.until(Promise.all([...calls, late]));
    expect(ran).toEqual([
      ['a', 0],
      ['c', 500],
      ['d', 1000],
      ['e', 1500],
    ]);
    expect(await calls[1]).toEqual({ error: 'left' });
  });

  test('when the last one leaves, no timer is left', async () => {
    const world = virtualWorld();
    const { api, ran } = slow(world);
    await api.load('a');
    const controller = new AbortController();
    const call = settledOf(api.load('b', controller.signal));
    expect([world.clock.pending, world.clock.refCount]).toEqual([1, 1]);
    controller.abort('left');
    expect(world.clock.pending).toBe(0);
    await call;
    await world.clock.advance(500);
    expect(await api.load('c')).toBe('c');
    expect(ran).toHaveLength(2);
  });

  test('a newcomer does not overtake those who wait, even when the timer is late', async () => {
    const clock = virtualClock();
    let now = 0;
    // A clock whose timers fire 300 ms late, as while the event loop is blocked.
    const late = {
      now: () => clock.now() + now,
      wall: () => clock.wall(),
      setTimer: (callback: () => void, delay: number) => clock.setTimer(callback, delay),
    };
    const runtime = createRuntime({ clock: late, logger: false });
    const ran: string[] = [];
    class Api {
      @RateLimit({ limit: 2, interval: '1s', burst: 1, maxWait: '2s' })
      async load(who: string): Promise<void> {
        ran.push(who);
      }
    }
    const api = withRuntime(new Api(), runtime);
    const calls = [api.load('a'), api.load('b')];
    now = 600;
    calls.push(api.load('newcomer'));
    await clock.settle();
    expect(ran).toEqual(['a', 'b']);
    await clock.advance(1000);
    expect(ran).toEqual(['a', 'b', 'newcomer']);
    await Promise.all(calls);
  });

  test('work in the background waits without keeping the process alive, unless somebody has joined it', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      runs = 0;
      @Cached({ ttl: 100, staleWhileRevalidate: 50 })
      @RateLimit({ limit: 1, interval: '1s', maxWait: '2s' })
      async load(): Promise<number> {
        return ++this.runs;
      }
    }
    const api = own(new Api());
    await api.load();
    await clock.advance(100);
    expect(await api.load()).toBe(1);
    await clock.settle();
    expect([clock.pending > 0, clock.refCount]).toEqual([true, 0]);
    await clock.advance(60);
    const joined = api.load();
    expect(clock.refCount).toBeGreaterThan(0);
    expect([await clock.until(joined), clock.now(), clock.refCount]).toEqual([2, 1000, 0]);
  });

  test('a method that may turn out to be synchronous is not held back', async () => {
    const { own } = virtualWorld();
    class Api {
      @RateLimit({ name: 'shared', limit: 1, interval: '1s', maxWait: '2s' })
      first(): Promise<string> {
        return Promise.resolve('first');
      }
      @RateLimit({ name: 'shared', limit: 1, interval: '1s', maxWait: '2s' })
      second(): Promise<string> {
        return Promise.resolve('second');
      }
    }
    const api = own(new Api());
    await api.first();
    expect(await errorOf((async () => api.second())())).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 1000 });
  });
});

test('in shadow mode nobody waits and nobody is refused; what would have been is told', async () => {
  const { own, events, clock } = virtualWorld();
  class Api {
    @RateLimit({ limit: 2, interval: '1s', burst: 1, maxWait: '500ms', shadow: true })
    async load(): Promise<number> {
      return clock.now();
    }
  }
  const api = own(new Api());
  expect(await Promise.all([api.load(), api.load(), api.load(), api.load()])).toEqual([0, 0, 0, 0]);
  expect(events.of('shadow.rejected')).toMatchObject([
    { policy: 'rate-limit', limiter: 'Api.load', limit: 2, interval: 1000, retryAfter: 500 },
    { policy: 'rate-limit', limiter: 'Api.load', limit: 2, interval: 1000, retryAfter: 500 },
  ]);
  expect([events.count('rateLimit.rejected'), events.count('rateLimit.delayed')]).toEqual([0, 0]);
  expect(stateOf(api)).toMatchObject({ rejected: 2 });
  await clock.advance(1000);
  await api.load();
  expect(events.count('shadow.rejected')).toBe(2);
});

describe('where it is kept', () => {
  test('a name shares one limit; unequal options are an error', async () => {
    const { own, runtime } = virtualWorld();
    class Api {
      @RateLimit({ name: 'upstream', limit: 1, interval: '1s' })
      async read(): Promise<void> {}
      @RateLimit({ name: 'upstream', limit: 1, interval: 1000 })
      async write(): Promise<void> {}
      @RateLimit({ name: 'upstream', limit: 2, interval: '1s' })
      async other(): Promise<void> {}
    }
    const api = own(new Api());
    await api.read();
    expect(await errorOf(api.write())).toMatchObject({
      message: "Api.write: rate limit 'upstream' of 1 per 1 s is used up; next call in 1 s",
    });
    expect(Object.keys(runtime.stats().rateLimits)).toEqual(['upstream']);
    expect(await errorOf((async () => api.other())())).toMatchObject({ code: 'CONFIGURATION' });
  });

  test("a class has one; scope 'instance' gives each instance its own", async () => {
    const { own } = virtualWorld();
    class Api {
      @RateLimit({ limit: 1, interval: '1s' })
      async shared(): Promise<void> {}
      @RateLimit({ limit: 1, interval: '1s', scope: 'instance' })
      async alone(): Promise<void> {}
    }
    const [one, other] = [own(new Api()), own(new Api())];
    await one.shared();
    expect(await errorOf(other.shared())).toBeInstanceOf(RateLimitedError);
    await one.alone();
    await other.alone();
    expect(await errorOf(one.alone())).toMatchObject({ limiter: 'Api.alone' });
    expect(await errorOf(other.alone())).toMatchObject({ limiter: 'Api.alone@2' });
  });

  test('a key has one each; its name shows a hash, never the key; stats list those that are used up', async () => {
    const { own, runtime } = virtualWorld();
    class Api {
      @RateLimit({ limit: 2, interval: '1s', key: (user: string) => user })
      async load(_user: string): Promise<void> {}
    }
    const api = own(new Api());
    for (const user of ['secret-user', 'secret-user', 'other']) await api.load(user);
    const error = (await errorOf(api.load('secret-user'))) as RateLimitedError;
    expect(error.message).toMatch(/^Api\.load: rate limit 'Api\.load\[[\da-f]{14}\]' of 2 per 1 s is used up;/);
    const { rateLimits } = runtime.stats();
    expect(Object.keys(rateLimits)).toEqual([error.limiter]);
    expect(JSON.stringify(rateLimits)).not.toContain('secret-user');
  });

  test('keys are bounded and have no timers', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @RateLimit({ limit: 1, interval: '1s', key: (user: number) => user })
      load(user: number): number {
        return user;
      }
    }
    const api = own(new Api());
    for (let user = 0; user < 100_000; user++) api.load(user);
    expect(await settledOf((async () => api.load(0))())).toMatchObject({ error: { code: 'RATE_LIMITED' } });
    // All are used up: with one more key the oldest is forgotten.
    api.load(-1);
    expect(api.load(16)).toBe(16);
    expect(clock.pending).toBe(0);
  });

  test('a key function that throws is reported, and such calls share one limit', async () => {
    const { own, events } = virtualWorld();
    class Api {
      @RateLimit({
        limit: 1,
        interval: '1s',
        key: () => {
          throw new Error('mine');
        },
      })
      async load(): Promise<void> {}
    }
    const api = own(new Api());
    await api.load();
    expect(await errorOf(api.load())).toBeInstanceOf(RateLimitedError);
    expect(events.of('listener.failed')[0]).toMatchObject({ source: '@RateLimit key' });
  });
});

describe('configure', () => {
  test('another rate holds at once, with the same share used; those who wait stay in line', async () => {
    const { runtime, clock } = virtualWorld({ defaults: { rateLimit: { limit: 1, interval: '1s', maxWait: '5s' } } });
    const ran: number[] = [];
    class Api {
      @(RateLimit({} as never) as any)
      async load(): Promise<void> {
        ran.push(clock.now());
      }
    }
    const api = withRuntime(new Api(), runtime);
    const calls = [api.load(), api.load(), api.load()];
    runtime.configure({ defaults: { rateLimit: { limit: 10, interval: '1s', maxWait: '5s' } } });
    calls.push(api.load());
    await clock.until(Promise.all(calls));
    expect(ran).toEqual([0, 100, 200, 300]);
  });

  test('who could not be served in time any more is refused at once', async () => {
    const { runtime, clock, events } = virtualWorld({
      defaults: { rateLimit: { limit: 1, interval: '1s', maxWait: '5s' } },
    });
    class Api {
      @(RateLimit({} as never) as any)
      async load(): Promise<void> {}
    }
    const api = withRuntime(new Api(), runtime);
    await api.load();
    const waiting = errorOf(api.load());
    runtime.configure({ defaults: { rateLimit: { limit: 1, interval: '1h', maxWait: '5s' } } });
    const newcomer = await errorOf(api.load());
    expect(await waiting).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 3_600_000 - 5000, interval: 3_600_000 });
    expect(newcomer).toMatchObject({ retryAfter: 3_600_000 - 5000 });
    expect([events.count('rateLimit.rejected'), clock.pending]).toEqual([2, 0]);
  });
});
