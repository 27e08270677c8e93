import { Readable } from 'node:stream';
import { deferred } from '../../../testing/src/index.js';
import { Cached, CircuitBreaker, Fallback, Hedge, Retry, Timeout, currentCall } from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

/**
 * A result that can be read only once holds its connection until somebody reads it. What comes after its caller has gone
 * is let go of; what a caller has is his.
 */

interface Reply {
  readonly response: Response;
  readonly isCancelled: () => boolean;
}

const reply = (onCancel: () => void = () => undefined): Reply => {
  let isCancelled = false;
  const cancel = (): void => {
    isCancelled = true;
    onCancel();
  };
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(8)), cancel });
  return { response: new Response(body), isCancelled: () => isCancelled };
};

/** Runs that answer when the test says so. */
const upstream = () => {
  const runs: ReturnType<typeof deferred<unknown>>[] = [];
  const run = (): Promise<any> => {
    const next = deferred<unknown>();
    runs.push(next);
    return next.promise;
  };
  const answer = async (index: number, value: unknown): Promise<void> => {
    runs[index]!.resolve(value);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { runs, run, answer };
};

describe('what comes too late is let go of', () => {
  test('after an attempt has timed out, while the next one answers', async () => {
    const { own, clock, events } = virtualWorld();
    const { run, answer } = upstream();
    class Api {
      @Retry({ maxAttempts: 2, delay: 0 })
      @CircuitBreaker()
      @Timeout(100)
      load(): Promise<Response> {
        return run();
      }
    }
    const call = own(new Api()).load();
    await clock.advance(101);
    const [late, inTime] = [reply(), reply()];
    await answer(1, inTime.response);
    expect(await call).toBe(inTime.response);
    await answer(0, late.response);
    expect([late.isCancelled(), inTime.isCancelled()]).toEqual([true, false]);
    expect(events.of('timeout.lateResult')).toMatchObject([{ outcome: 'fulfilled' }]);
  });

  test('after the total has elapsed, once, however many frames the stack has', async () => {
    const { own, clock } = virtualWorld();
    const { run, answer } = upstream();
    let cancels = 0;
    class Api {
      @Fallback({ value: undefined })
      @Hedge({ after: 1_000 })
      @Timeout({ total: 100, attempt: 5_000 })
      load(): Promise<Response | undefined> {
        return run();
      }
    }
    const call = own(new Api()).load();
    await clock.advance(100);
    await call;
    await answer(0, reply(() => (cancels += 1)).response);
    expect(cancels).toBe(1);
  });

  test('of a hedge that has lost, though a timeout of its own has cut it short', async () => {
    const { own, clock } = virtualWorld();
    const { run, answer } = upstream();
    class Api {
      @Hedge({ after: 50 })
      @Timeout(1_000)
      load(): Promise<Response> {
        return run();
      }
    }
    const call = own(new Api()).load();
    await clock.advance(60);
    const [first, second] = [reply(), reply()];
    await answer(1, second.response);
    expect(await call).toBe(second.response);
    await answer(0, first.response);
    expect([first.isCancelled(), second.isCancelled()]).toEqual([true, false]);
  });

  test('when the caller has left, with any policy around', async () => {
    const { own } = virtualWorld();
    const { run, answer } = upstream();
    class Api {
      @Fallback({ value: undefined })
      load(_signal: AbortSignal): Promise<Response | undefined> {
        return run();
      }
    }
    const controller = new AbortController();
    const call = errorOf(own(new Api()).load(controller.signal));
    controller.abort('left');
    expect(await call).toBe('left');
    const late = reply();
    await answer(0, late.response);
    expect(late.isCancelled()).toBe(true);
  });

  test('of a load whose leader has left, and each of the others gets his own', async () => {
    const { own } = virtualWorld();
    const { run, answer } = upstream();
    class Api {
      @Cached()
      load(_signal?: AbortSignal): Promise<Response> {
        return run();
      }
    }
    const api = own(new Api());
    const controller = new AbortController();
    const leader = errorOf(api.load(controller.signal));
    const joined = api.load();
    controller.abort('left');
    expect(await leader).toBe('left');
    const [first, second] = [reply(), reply()];
    await answer(0, first.response);
    await answer(1, second.response);
    expect(await joined).toBe(second.response);
    expect([first.isCancelled(), second.isCancelled()]).toEqual([true, false]);
  });

  test('of a load that all callers have left', async () => {
    const { own } = virtualWorld();
    const { run, answer } = upstream();
    class Api {
      @Cached()
      load(_signal?: AbortSignal): Promise<Response> {
        return run();
      }
    }
    const controller = new AbortController();
    const call = errorOf(own(new Api()).load(controller.signal));
    controller.abort('left');
    await call;
    const late = reply();
    await answer(0, late.response);
    expect(late.isCancelled()).toBe(true);
  });

  test('of a refresh, which has no caller', async () => {
    const { own, clock } = virtualWorld();
    const { run, answer } = upstream();
    class Api {
      @Cached({ ttl: '1m', staleWhileRevalidate: '1h' })
      load(): Promise<unknown> {
        return run();
      }
    }
    const api = own(new Api());
    const call = api.load();
    await answer(0, 'value');
    await call;
    await clock.advance(60_000);
    expect(await api.load()).toBe('value');
    const fresh = reply();
    await answer(1, fresh.response);
    expect(fresh.isCancelled()).toBe(true);
  });

  test('a generator is ended, a stream destroyed, an object with a stream emptied; what can be kept stays', async () => {
    const { own, clock } = virtualWorld();
    const { run, answer } = upstream();
    class Api {
      @Timeout(100)
      load(): Promise<unknown> {
        return run();
      }
    }
    const api = own(new Api());
    const calls = Array.from({ length: 4 }, () => settledOf(api.load()));
    await clock.advance(100);
    await Promise.all(calls);
    const generator = (async function* generate() {
      yield 1;
    })();
    const failing = new Readable({ read: () => undefined, destroy: (_error, done) => done(new Error('no')) });
    const body = Readable.from(['a']);
    const kept = { destroy: jest.fn(), cancel: jest.fn(), return: jest.fn(), body: 'text', status: 200 };
    for (const [index, value] of [generator, failing, { statusCode: 200, headers: {}, body }, kept].entries())
      await answer(index, value);
    expect([await generator.next(), failing.destroyed, body.destroyed]).toEqual([
      { value: undefined, done: true },
      true,
      true,
    ]);
    expect([kept.destroy, kept.cancel, kept.return].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0]);
  });

  test('and a body that cannot be cancelled harms nobody', async () => {
    const { own, clock } = virtualWorld();
    const { run, answer } = upstream();
    class Api {
      @Timeout(100)
      load(): Promise<unknown> {
        return run();
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(100);
    await call;
    const { response } = reply(() => {
      throw new Error('no');
    });
    await answer(0, response);
  });
});

describe('what a caller has is his', () => {
  test('whatever is given up after it has come', async () => {
    const { own, clock } = virtualWorld({ context: true });
    const { run, answer } = upstream();
    class Store {
      @Retry()
      @Timeout(1_000)
      read(_signal: AbortSignal): Promise<Response> {
        return run();
      }
    }
    const store = own(new Store());
    const controller = new AbortController();
    const mine = reply();
    let got: Response | undefined;
    class Api {
      @Timeout(500)
      async load(): Promise<void> {
        currentCall();
        got = await store.read(controller.signal);
        await clock.sleep(10_000);
      }
    }
    const call = errorOf(own(new Api()).load());
    await clock.advance(10);
    await answer(0, mine.response);
    expect(got).toBe(mine.response);
    controller.abort('left');
    await clock.advance(500);
    expect(await call).toMatchObject({ code: 'TIMED_OUT' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(mine.isCancelled()).toBe(false);
  });

  test('though he leaves in the very turn in which it comes', async () => {
    const { own } = virtualWorld();
    const { run, runs } = upstream();
    class Api {
      @Retry()
      load(_signal: AbortSignal): Promise<Response> {
        return run();
      }
    }
    const controller = new AbortController();
    const call = settledOf(own(new Api()).load(controller.signal));
    const mine = reply();
    runs[0]!.resolve(mine.response);
    await Promise.resolve();
    controller.abort('left');
    const outcome = await call;
    await new Promise((resolve) => setImmediate(resolve));
    expect(mine.isCancelled()).toBe('error' in outcome);
  });

  test('though a hedge that has lost brings the same object', async () => {
    const { own, clock } = virtualWorld();
    const { run, answer } = upstream();
    class Api {
      @Hedge({ after: 50 })
      @Timeout(1_000)
      load(): Promise<Response> {
        return run();
      }
    }
    const call = own(new Api()).load();
    await clock.advance(60);
    const shared = reply();
    await answer(1, shared.response);
    expect(await call).toBe(shared.response);
    await answer(0, shared.response);
    expect(shared.isCancelled()).toBe(false);
  });

  test('though the attempt before it failed', async () => {
    const { own, clock } = virtualWorld();
    const { run, runs, answer } = upstream();
    class Api {
      @Retry({ delay: 0 })
      @Timeout(1_000)
      load(): Promise<Response> {
        return run();
      }
    }
    const call = own(new Api()).load();
    runs[0]!.reject(coded('ECONNRESET'));
    await clock.advance(5);
    const mine = reply();
    await answer(1, mine.response);
    expect(await call).toBe(mine.response);
    await clock.advance(5_000);
    expect(mine.isCancelled()).toBe(false);
  });
});
