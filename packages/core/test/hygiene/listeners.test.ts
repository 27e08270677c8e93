import { getEventListeners } from 'node:events';
import { Cached, CircuitBreaker, Retry, Timeout } from '../../src/index.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

class Api {
  @Retry({ maxAttempts: 2, delay: 0 })
  @CircuitBreaker({ failureThreshold: 1_000_000 })
  @Timeout({ attempt: '1s', total: '5s' })
  async load(fails: boolean, _signal: AbortSignal): Promise<void> {
    if (fails) throw coded('ECONNRESET');
  }

  @Cached({ ttl: '1h', maxSize: 10 })
  async cached(_id: number, _options: { signal: AbortSignal }): Promise<void> {}

  @CircuitBreaker()
  sync(fails: boolean, _signal: AbortSignal): void {
    if (fails) throw new RangeError('x');
  }
}

describe('one AbortSignal', () => {
  test('has no listener left after 100,000 calls', async () => {
    const { own, runtime, events } = virtualWorld();
    events.stop();
    const api = own(new Api());
    const { signal } = new AbortController();
    for (let batch = 0; batch < 100; batch += 1) {
      const calls = Array.from({ length: 1_000 }, (_each, index) =>
        index % 4 === 0 ? api.cached(index, { signal }) : settledOf(api.load(index % 10 === 0, signal)),
      );
      await Promise.all(calls);
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(runtime.health().status).toBe('healthy');
  }, 60_000);

  test('has one listener for all calls in flight, and none after an abort', async () => {
    const { own, clock } = virtualWorld();
    class Hanging {
      @Retry()
      @CircuitBreaker()
      @Timeout({ attempt: '1s', total: '5s' })
      async load(_signal: AbortSignal): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    const api = own(new Hanging());
    const controller = new AbortController();
    const calls = Array.from({ length: 1_000 }, () => settledOf(api.load(controller.signal)));
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort();
    const settled = await Promise.all(calls);
    expect(settled.every((each) => 'error' in each && each.error === controller.signal.reason)).toBe(true);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await clock.advance(10_000);
    expect(clock.pending).toBe(0);
  });

  test('ends those who still wait, and nobody who has left', async () => {
    const { own } = virtualWorld();
    class Two {
      @Retry()
      async quick(_signal: AbortSignal): Promise<string> {
        return 'done';
      }
      @Retry()
      async slow(_signal: AbortSignal): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    const two = own(new Two());
    const controller = new AbortController();
    const slow = [settledOf(two.slow(controller.signal)), settledOf(two.slow(controller.signal))];
    expect(await two.quick(controller.signal)).toBe('done');
    controller.abort('left');
    expect(await Promise.all(slow)).toEqual([{ error: 'left' }, { error: 'left' }]);
    const later = new AbortController();
    const again = settledOf(two.slow(later.signal));
    later.abort('later');
    expect(await again).toEqual({ error: 'later' });
  });

  test('has none left after a synchronous call, whether it returns or throws', () => {
    const { own } = virtualWorld();
    const api = own(new Api());
    const { signal } = new AbortController();
    api.sync(false, signal);
    expect(() => api.sync(true, signal)).toThrow(RangeError);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

test('no timer is left once everything has settled, whatever was in flight', async () => {
  const { own, clock } = virtualWorld();
  class Busy {
    @Retry({ maxAttempts: 3, delay: 50 })
    @CircuitBreaker({ failureThreshold: 1_000 })
    @Timeout({ attempt: 100, total: 400 })
    async load(kind: number, _signal?: AbortSignal): Promise<number> {
      if (kind % 3 === 0) throw coded('ECONNRESET');
      if (kind % 3 === 1) return new Promise(() => undefined);
      await clock.sleep(kind % 90);
      return kind;
    }
  }
  const api = own(new Busy());
  const controllers = Array.from({ length: 300 }, () => new AbortController());
  const calls = controllers.map(({ signal }, index) => settledOf(api.load(index, signal)));
  await clock.advance(60);
  for (const [index, controller] of controllers.entries()) if (index % 5 === 0) controller.abort('left');
  await clock.until(Promise.all(calls));
  expect(clock.refCount).toBe(0);
  await clock.advance(400);
  expect(clock.pending).toBe(0);
});
