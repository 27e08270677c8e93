import { CircuitBreaker, Fallback, Retry, Timeout, circuitOf, currentCall } from '../../src/index.js';
import { coded, errorOf, virtualWorld } from '../support/virtual-world.js';

const forever = (): Promise<never> => new Promise(() => undefined);

describe('the caller’s abort', () => {
  test('settles the call within one turn with its own reason', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Retry()
      @Timeout('5s')
      async load(_id: string, _options: { signal: AbortSignal }): Promise<void> {
        return forever();
      }
    }
    const controller = new AbortController();
    const reason = { why: 'left' };
    const call = errorOf(own(new Api()).load('1', { signal: controller.signal }));
    controller.abort(reason);
    expect(await Promise.race([call, clock.settle().then(() => 'late')])).toBe(reason);
  });

  test('ends a sleep at once: no timer is left and no further attempt is made', async () => {
    const { own, clock, events } = virtualWorld();
    let runs = 0;
    class Api {
      @Retry({ delay: '10s', jitter: 'none' })
      async load(_signal: AbortSignal): Promise<void> {
        runs += 1;
        throw coded('ECONNRESET');
      }
    }
    const controller = new AbortController();
    const call = errorOf(own(new Api()).load(controller.signal));
    await clock.advance(50);
    controller.abort('left');
    expect(await call).toBe('left');
    expect([clock.pending, clock.now()]).toEqual([0, 50]);
    await clock.advance(60_000);
    expect([runs, events.count('retry.exhausted')]).toEqual([1, 0]);
  });

  test('before the call runs nothing', async () => {
    const { own, events } = virtualWorld();
    let runs = 0;
    class Api {
      @Fallback({ value: undefined })
      @Retry()
      @CircuitBreaker()
      async load(_signal: AbortSignal): Promise<void> {
        runs += 1;
      }
    }
    const api = own(new Api());
    expect(await errorOf(api.load(AbortSignal.abort('gone')))).toBe('gone');
    expect([runs, events.types(), circuitOf(api, 'load').metrics.calls]).toEqual([0, [], 0]);
  });

  test('by a method that throws at once leaves no rejection that nobody handles', async () => {
    const { own } = virtualWorld();
    const controller = new AbortController();
    class Api {
      @Timeout('5s')
      load(_signal: AbortSignal): Promise<void> {
        controller.abort('left');
        throw coded('ECONNRESET');
      }
    }
    expect(await errorOf(own(new Api()).load(controller.signal))).toMatchObject({ code: 'ECONNRESET' });
    // What nobody has handled fails the test by itself, once there was a turn for it to be noticed.
    await new Promise((resolve) => setImmediate(resolve));
  });

  test('after the call changes nothing', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Retry()
      async load(_signal: AbortSignal): Promise<number> {
        return 1;
      }
    }
    const controller = new AbortController();
    expect(await own(new Api()).load(controller.signal)).toBe(1);
    controller.abort();
    await clock.settle();
  });

  test('is told to the method through the signal it was given in the caller’s place', async () => {
    const { own } = virtualWorld();
    const given: AbortSignal[] = [];
    class Api {
      @Retry()
      async load(_id: string, { signal }: { signal: AbortSignal; deep?: boolean }): Promise<void> {
        given.push(signal, currentCall().signal);
        return forever();
      }
    }
    const controller = new AbortController();
    const options = { signal: controller.signal, deep: true };
    const call = errorOf(own(new Api()).load('1', options));
    expect(given[0] === given[1]).toBe(true);
    expect(given[0] === controller.signal).toBe(false);
    expect(options.signal === controller.signal).toBe(true);
    controller.abort('left');
    expect([await call, given[0]?.reason]).toEqual(['left', 'left']);
  });

  test('keeps its reason when the attempt times out a moment later', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      @Timeout('1s')
      async load(_signal: AbortSignal): Promise<void> {
        return forever();
      }
    }
    const controller = new AbortController();
    const call = errorOf(own(new Api()).load(controller.signal));
    await clock.advance(999);
    controller.abort('left');
    await clock.advance(100);
    expect([await call, events.count('timeout.elapsed')]).toEqual(['left', 0]);
  });

  test('ends the wait for renewed credentials and for an asynchronous fallback', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Retry({ onAuthFailure: forever })
      async load(_signal: AbortSignal): Promise<void> {
        throw Object.assign(new Error('expired'), { status: 401 });
      }
      @Fallback(forever)
      async answered(_signal: AbortSignal): Promise<void> {
        throw coded('ECONNRESET');
      }
    }
    const api = own(new Api());
    for (const name of ['load', 'answered'] as const) {
      const controller = new AbortController();
      const call = errorOf(api[name](controller.signal));
      await clock.settle();
      controller.abort('left');
      expect(await call).toBe('left');
    }
  });

  test('of one caller leaves the others alone', async () => {
    const { own } = virtualWorld();
    class Api {
      @Retry()
      async load(_signal: AbortSignal): Promise<void> {
        return forever();
      }
    }
    const api = own(new Api());
    const [mine, theirs] = [new AbortController(), new AbortController()];
    const left = errorOf(api.load(mine.signal));
    const stays = api.load(theirs.signal).catch(() => 'aborted');
    mine.abort('left');
    expect(await left).toBe('left');
    expect(await Promise.race([stays, Promise.resolve('waiting')])).toBe('waiting');
    theirs.abort();
    await stays;
  });

  test('before the call of a synchronous method throws', () => {
    const { own } = virtualWorld();
    class Api {
      @CircuitBreaker()
      load(_signal: AbortSignal): number {
        return 1;
      }
    }
    const api = own(new Api());
    expect(api.load(new AbortController().signal)).toBe(1);
    expect(() => api.load(AbortSignal.abort('gone'))).toThrow('gone');
  });
});
