import {
  Cached,
  CircuitBreaker,
  ConfigurationError,
  Retry,
  Timeout,
  currentCall,
  definePolicy,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

describe('currentCall()', () => {
  test('knows method, attempt, signal and what remains of the total', async () => {
    const { own, clock } = virtualWorld();
    const seen: unknown[] = [];
    class Api {
      @Timeout({ total: 1_000 })
      @Retry({ delay: 100, jitter: 'none', maxAttempts: 2 })
      async load(): Promise<never> {
        const { method, attempt, signal, remaining } = currentCall();
        seen.push([method, attempt, signal.aborted, remaining]);
        throw coded('ECONNRESET');
      }
    }
    await clock.until(settledOf(own(new Api()).load()));
    expect(seen).toEqual([
      ['Api.load', 1, false, 1_000],
      ['Api.load', 2, false, 900],
    ]);
  });

  test('has no end without a total timeout, and no cache without a cache', async () => {
    const { own } = virtualWorld();
    class Api {
      @Retry()
      async load(): Promise<unknown[]> {
        const call = currentCall();
        return [call.remaining, call.cache];
      }
    }
    expect(await own(new Api()).load()).toEqual([Infinity, undefined]);
  });

  test('gives one signal per attempt, however often it is read, also after an await', async () => {
    const { own } = virtualWorld();
    class Api {
      @Retry()
      async load(): Promise<boolean> {
        const call = currentCall();
        const first = call.signal;
        await Promise.resolve();
        return first === call.signal;
      }
    }
    expect(await own(new Api()).load()).toBe(true);
  });

  test('throws outside of a decorated method, and after an await, with the remedy', async () => {
    const { own } = virtualWorld();
    class Api {
      @Retry()
      async load(): Promise<unknown> {
        await Promise.resolve();
        return currentCall();
      }
    }
    expect(() => currentCall()).toThrow(ConfigurationError);
    expect(await errorOf(own(new Api()).load())).toMatchObject({
      message: expect.stringContaining('before the first await: const { signal } = currentCall();') as string,
    });
  });

  test('has an optional form that answers undefined there', async () => {
    const { own } = virtualWorld();
    class Api {
      @Retry()
      async load(): Promise<unknown[]> {
        const before = currentCall.optional()?.method;
        await Promise.resolve();
        return [before, currentCall.optional()];
      }
    }
    expect(currentCall.optional()).toBeUndefined();
    expect(await own(new Api()).load()).toEqual(['Api.load', undefined]);
  });

  test('is that of the innermost method, and the outer one’s again afterwards, also when the inner one throws', () => {
    const { own } = virtualWorld();
    const seen: (string | undefined)[] = [];
    class Inner {
      @CircuitBreaker()
      load(fails: boolean): void {
        seen.push(currentCall().method);
        if (fails) throw coded('ECONNRESET');
      }
    }
    const inner = own(new Inner());
    class Outer {
      @CircuitBreaker()
      load(): void {
        seen.push(currentCall().method);
        inner.load(false);
        seen.push(currentCall().method);
        expect(() => inner.load(true)).toThrow();
        seen.push(currentCall().method);
      }
    }
    own(new Outer()).load();
    expect(seen).toEqual(['Outer.load', 'Inner.load', 'Outer.load', 'Inner.load', 'Outer.load']);
    expect(currentCall.optional()).toBeUndefined();
  });

  test('of concurrent calls do not mix', async () => {
    const { own } = virtualWorld();
    class Api {
      @Retry()
      @Timeout('1s')
      async load(_id: number): Promise<AbortSignal> {
        return currentCall().signal;
      }
    }
    const api = own(new Api());
    const signals = await Promise.all([1, 2, 3].map((id) => api.load(id)));
    expect(new Set(signals).size).toBe(3);
  });

  test('sees through a policy around the call: attempt, remaining time and cache', async () => {
    const { own, clock } = virtualWorld();
    const through = definePolicy({ name: 'through', async: true, bind: () => (_call, next) => next() });
    const seen: unknown[] = [];
    class Api {
      @Cached({ ttl: 100, staleIfError: 1_000 })
      @Timeout({ total: 500 })
      @Retry({ maxAttempts: 2, delay: 10, jitter: 'none' })
      @through()
      async load(): Promise<string> {
        const { attempt, remaining, cache } = currentCall();
        seen.push([attempt, remaining, cache?.isRefresh, cache?.stale?.value]);
        if (attempt === 1) throw coded('ECONNRESET');
        return 'value';
      }
    }
    const api = own(new Api());
    await clock.until(api.load());
    await clock.advance(200);
    await clock.until(api.load());
    expect(seen).toEqual([
      [1, 500, false, undefined],
      [2, 490, false, undefined],
      [1, 500, false, 'value'],
      [2, 490, false, 'value'],
    ]);
  });

  test('is what a policy of the user’s gets as well', async () => {
    const { own, clock } = virtualWorld();
    const seen: unknown[] = [];
    const look = definePolicy({
      name: 'look',
      bind: () => ({
        enter: (call) => {
          call.state = call.attempt;
          seen.push([call.method, call.attempt, call.args, call.remaining, call.cache, call.signal.aborted]);
        },
        leave: (call, value) => `${value as string} ${call.state as number} ${(call.self as Api).suffix}`,
      }),
    });
    class Api {
      readonly suffix = 'own';
      @Retry({ maxAttempts: 2, delay: 10 })
      @look()
      async load(id: string): Promise<string> {
        if (currentCall().attempt === 1) throw coded('ECONNRESET');
        return id;
      }
    }
    expect(await clock.until(own(new Api()).load('a'))).toBe('a 2 own');
    expect(seen).toEqual([
      ['Api.load', 1, ['a'], Infinity, undefined, false],
      ['Api.load', 2, ['a'], Infinity, undefined, false],
    ]);
  });
});
