import fc from 'fast-check';
import { scripted, fail, ok, virtualClock, sequenceRandom } from '../../../testing/src/index.js';
import {
  ConfigurationError,
  Retry,
  RetryBudget,
  type RetryOptions,
  Timeout,
  computeDelay,
  configure,
  createRuntime,
  currentCall,
  events as globalEvents,
  explain,
  resetConfiguration,
  resilient,
  retry,
  withRuntime,
} from '../../src/index.js';
import { decideRetry } from '../../src/policies/retry/machine.js';
import { resolveRetryOptions } from '../../src/policies/retry/options.js';
import { world } from '../../src/runtime/world.js';
import { type VirtualWorld, coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const forever = (): Promise<never> => new Promise(() => undefined);

/** Runs a method that always fails, and tells when each attempt began. */
const attemptsOf = async (
  options: RetryOptions,
  error: () => unknown = () => coded('ECONNRESET'),
  virtual: VirtualWorld = virtualWorld(),
): Promise<{ at: number[]; error: unknown }> => {
  const { own, clock } = virtual;
  const at: number[] = [];
  class Api {
    @Retry(options)
    async load(): Promise<never> {
      at.push(clock.now());
      throw error();
    }
  }
  return { error: await clock.until(errorOf(own(new Api()).load())), at };
};

afterEach(() => resetConfiguration());

describe('attempts', () => {
  test.each([1, 2, 3, 7])('maxAttempts %i is that many calls in all, the first included', async (maxAttempts) => {
    expect((await attemptsOf({ maxAttempts, delay: 1 })).at).toHaveLength(maxAttempts);
  });

  test('retries is one less', async () => {
    expect((await attemptsOf({ retries: 3, delay: 1 })).at).toHaveLength(4);
  });

  test('are three by default, half a second and more apart at most', async () => {
    const { at } = await attemptsOf({ jitter: 'none' });
    expect(at).toEqual([0, 500, 1_500]);
  });

  test('end with the method’s own last error, the same object', async () => {
    const errors = [coded('ECONNRESET'), coded('ECONNRESET'), coded('ETIMEDOUT')];
    let index = 0;
    const { error } = await attemptsOf({ delay: 1 }, () => errors[index++]);
    expect(error).toBe(errors[2]);
  });

  test('are not followed by a sleep after the last', async () => {
    const { events, clock, ...rest } = virtualWorld();
    await attemptsOf({ maxAttempts: 2, delay: 100, jitter: 'none' }, undefined, { events, clock, ...rest });
    expect([clock.now(), clock.pending, events.count('retry.scheduled')]).toEqual([100, 0, 1]);
  });

  test('end at the first success', async () => {
    const { own, clock } = virtualWorld();
    const source = scripted([fail(coded('ECONNRESET')), ok('second')]);
    class Api {
      @Retry({ delay: 1 })
      load(): Promise<string> {
        return source();
      }
    }
    expect(await clock.until(own(new Api()).load())).toBe('second');
    expect(source.calls).toBe(2);
  });

  test('are not made again by a policy that was used before', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Api {
      @Retry({ maxAttempts: 3, delay: 1 })
      async load(): Promise<never> {
        runs += 1;
        throw coded('ECONNRESET');
      }
    }
    const api = own(new Api());
    for (const expected of [3, 6, 9]) {
      await clock.until(settledOf(api.load()));
      expect(runs).toBe(expected);
    }
  });

  test('know their number', async () => {
    const { own, clock } = virtualWorld();
    const seen: number[] = [];
    class Api {
      @Retry({ delay: 1 })
      async load(): Promise<never> {
        seen.push(currentCall().attempt);
        throw coded('ECONNRESET');
      }
    }
    await clock.until(settledOf(own(new Api()).load()));
    expect(seen).toEqual([1, 2, 3]);
  });

  test('without end and without delay let timers and I/O be served', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Timeout({ total: 50 })
      @Retry({ maxAttempts: Infinity, delay: 0 })
      async load(): Promise<never> {
        throw coded('ECONNRESET');
      }
    }
    const error = await clock.until(errorOf(own(new Api()).load()));
    expect([clock.now() <= 50, (error as { code: string }).code]).toEqual([true, 'ECONNRESET']);
  });
});

describe('delays', () => {
  test.each<[string, RetryOptions, number[]]>([
    ['double by default', {}, [100, 200, 400, 800]],
    ['grow by the factor', { factor: 3 }, [100, 300, 900, 2_700]],
    ['grow by the delay', { backoff: 'linear' }, [100, 200, 300, 400]],
    ['stay', { backoff: 'constant' }, [100, 100, 100, 100]],
    ['are capped', { maxDelay: 250 }, [100, 200, 250, 250]],
    ['follow a function of the attempt', { backoff: (attempt) => attempt ** 2 * 10 }, [10, 40, 90, 160]],
    ['follow a jitter of the user’s', { jitter: (delay) => delay + 1 }, [101, 201, 401, 801]],
  ])('%s', async (_name, options, expected) => {
    const { at } = await attemptsOf({ maxAttempts: 5, delay: 100, jitter: 'none', ...options });
    expect(at.slice(1).map((time, index) => time - (at[index] as number))).toEqual(expected);
  });

  test('are those of computeDelay, whatever the options; never more attempts than allowed', async () => {
    const options = fc.record({
      maxAttempts: fc.integer({ min: 1, max: 6 }),
      delay: fc.integer({ min: 1, max: 5_000 }),
      maxDelay: fc.integer({ min: 1, max: 20_000 }),
      factor: fc.double({ min: 1, max: 4, noNaN: true }),
      backoff: fc.constantFrom('exponential' as const, 'linear' as const, 'constant' as const, 'decorrelated' as const),
      jitter: fc.constantFrom(
        'full' as const,
        'equal' as const,
        'proportional' as const,
        'additive' as const,
        'none' as const,
      ),
      draws: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 6, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(options, async ({ draws, ...given }) => {
        const virtual = virtualWorld({ random: sequenceRandom(draws) });
        const { at } = await attemptsOf(given, undefined, virtual);
        expect(at).toHaveLength(given.maxAttempts);
        const random = sequenceRandom(draws);
        let expected = 0;
        let previous: number | undefined;
        for (const [index, time] of at.entries()) {
          expect(time).toBeCloseTo(expected, 6);
          if (index === at.length - 1) break;
          previous = computeDelay(given, index + 1, random, previous);
          expect(previous).toBeLessThanOrEqual(given.maxDelay);
          expected += previous;
        }
      }),
      { numRuns: 60 },
    );
  });

  test('never sleep beyond the total timeout, nor begin an attempt after maxElapsed', async () => {
    const options = fc.record({
      delay: fc.integer({ min: 1, max: 500 }),
      maxElapsed: fc.integer({ min: 1, max: 2_000 }),
      total: fc.integer({ min: 1, max: 2_000 }),
      work: fc.integer({ min: 0, max: 300 }),
    });
    await fc.assert(
      fc.asyncProperty(options, async ({ delay, maxElapsed, total, work }) => {
        const { own, clock } = virtualWorld();
        const at: number[] = [];
        class Api {
          @Timeout({ total })
          @Retry({ maxAttempts: Infinity, delay, maxElapsed })
          async load(): Promise<never> {
            at.push(clock.now());
            await clock.sleep(work);
            throw coded('ECONNRESET');
          }
        }
        await clock.until(settledOf(own(new Api()).load()));
        expect(clock.now()).toBeLessThanOrEqual(total);
        for (const time of at) expect(time).toBeLessThan(Math.min(maxElapsed, total));
      }),
      { numRuns: 60 },
    );
  });

  test('of a function that throws are replaced by the default, and the failure is reported', async () => {
    const virtual = virtualWorld();
    const { at } = await attemptsOf(
      {
        delay: 100,
        backoff: () => {
          throw new Error('mine');
        },
      },
      undefined,
      virtual,
    );
    expect(at).toHaveLength(3);
    expect(virtual.events.of('listener.failed')).toMatchObject([
      { source: '@Retry backoff', method: 'Api.load' },
      { source: '@Retry backoff' },
    ]);
  });

  test('of 2³¹ ms and more do not fire at once', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Retry({ maxAttempts: 2, delay: '30d', maxDelay: '30d', jitter: 'none' })
      async load(): Promise<never> {
        throw coded('ECONNRESET');
      }
    }
    await clock.until(settledOf(own(new Api()).load()));
    expect(clock.now()).toBe(30 * 24 * 3_600_000);
  });
});

describe('which errors', () => {
  test('ignoreOn wins over retryOn and retryIf', async () => {
    const { at } = await attemptsOf({
      delay: 1,
      ignoreOn: ['ECONNRESET'],
      retryOn: ['ECONNRESET'],
      retryIf: () => true,
    });
    expect(at).toHaveLength(1);
  });

  test.each<[string, RetryOptions['retryOn']]>([
    ['a class', [RangeError]],
    ['a predicate', [(error) => error instanceof RangeError]],
  ])('retryOn may name %s that the table would not retry', async (_name, retryOn) => {
    expect((await attemptsOf({ delay: 1, retryOn: retryOn as never }, () => new RangeError('x'))).at).toHaveLength(3);
    expect((await attemptsOf({ delay: 1, retryOn: retryOn as never })).at).toHaveLength(1);
  });

  test.each<[string, RetryOptions['retryOn']]>([
    ['a status', [409]],
    ['a code', ['E_MINE']],
  ])('retryOn may name %s', async (_name, retryOn) => {
    const error = (): Error => Object.assign(withStatus(409), { code: 'E_MINE' });
    expect((await attemptsOf({ delay: 1, retryOn: retryOn as never }, error)).at).toHaveLength(3);
  });

  test('retryIf is asked with the error and the attempt that failed', async () => {
    const asked: unknown[] = [];
    const error = coded('ECONNRESET');
    await attemptsOf(
      {
        delay: 1,
        retryIf: (given, attempt) => {
          asked.push([given === error, attempt]);
          return attempt < 2;
        },
      },
      () => error,
    );
    expect(asked).toEqual([
      [true, 1],
      [true, 2],
    ]);
  });

  test.each<[string, RetryOptions]>([
    [
      'retryIf',
      {
        retryIf: () => {
          throw new Error('mine');
        },
      },
    ],
    [
      'retryOn',
      {
        retryOn: [
          () => {
            throw new Error('mine');
          },
        ],
      },
    ],
  ])('a %s that throws means no retry, and is reported', async (_name, options) => {
    const virtual = virtualWorld();
    const { at, error } = await attemptsOf({ delay: 1, ...options }, undefined, virtual);
    expect([at.length, (error as { code: string }).code]).toEqual([1, 'ECONNRESET']);
    expect(virtual.events.of('listener.failed')).toHaveLength(1);
  });

  test('a predicate that answers with a promise means no retry, and is reported; its rejection harms nobody', async () => {
    const virtual = virtualWorld();
    const retryIf = (() => Promise.reject(new Error('mine'))) as unknown as () => boolean;
    const { at } = await attemptsOf({ delay: 1, retryIf }, undefined, virtual);
    await virtual.clock.settle();
    expect(at).toHaveLength(1);
    expect(virtual.events.of('listener.failed')).toMatchObject([
      { source: '@Retry retryIf', error: { name: 'TypeError' } },
    ]);
  });

  test('a classifier of the user’s is asked first; one that throws is skipped and reported', async () => {
    const virtual = virtualWorld({
      classifiers: [
        () => {
          throw new Error('mine');
        },
        (error) => ((error as { code?: string }).code === 'ECONNRESET' ? 'permanent' : undefined),
      ],
    });
    expect((await attemptsOf({ delay: 1 }, undefined, virtual)).at).toHaveLength(1);
    expect(virtual.events.of('listener.failed')[0]).toMatchObject({ source: '@Retry classifier' });
  });

  test('idempotent: false retries only what surely came before sending', async () => {
    expect((await attemptsOf({ delay: 1, idempotent: false }, () => coded('ECONNREFUSED'))).at).toHaveLength(3);
    expect((await attemptsOf({ delay: 1, idempotent: false }, () => coded('ECONNRESET'))).at).toHaveLength(1);
    expect(
      (await attemptsOf({ delay: 1, idempotent: false, retryIf: () => true }, () => withStatus(503))).at,
    ).toHaveLength(1);
  });
});

describe('results', () => {
  const apiWith = (options: RetryOptions<number>, results: number[]): { load(): Promise<number> } => {
    class Api {
      @Retry<object, unknown, [], Promise<number>>(options)
      async load(): Promise<number> {
        return results.shift() as number;
      }
    }
    return new Api();
  };

  test('that are none are retried', async () => {
    const { own, clock, events } = virtualWorld();
    const api = own(apiWith({ delay: 10, retryOnResult: (result) => result === 0 }, [0, 0, 5]));
    expect(await clock.until(api.load())).toBe(5);
    expect(events.of('retry.scheduled')).toMatchObject([{ errorClass: 'result' }, { errorClass: 'result' }]);
  });

  test('are returned as they are when the attempts are used up', async () => {
    const { own, clock, events } = virtualWorld();
    const api = own(apiWith({ delay: 10, maxAttempts: 2, retryOnResult: () => true }, [1, 2]));
    expect(await clock.until(api.load())).toBe(2);
    expect(events.of('retry.exhausted')).toMatchObject([{ attempts: 2, reason: 'attempts' }]);
    expect(events.last('retry.exhausted')).not.toHaveProperty('error');
  });

  test('a predicate that throws accepts, and is reported', async () => {
    const { own, events } = virtualWorld();
    const api = own(
      apiWith(
        {
          retryOnResult: () => {
            throw new Error('mine');
          },
        },
        [4],
      ),
    );
    expect(await api.load()).toBe(4);
    expect(events.of('listener.failed')).toMatchObject([{ source: '@Retry retryOnResult' }]);
  });
});

describe('Retry-After', () => {
  const wall = virtualClock().wall();
  test.each<[string, () => unknown, number]>([
    ['in seconds', () => withStatus(429, { 'retry-after': '2' }), 2_000],
    ['as an HTTP date', () => withStatus(503, { 'Retry-After': new Date(wall + 3_000).toUTCString() }), 3_000],
    ['from Headers', () => Object.assign(withStatus(429), { headers: new Headers({ 'Retry-After': '4' }) }), 4_000],
    [
      'from error.response.headers',
      () => Object.assign(new Error('x'), { response: { status: 503, headers: { 'retry-after': '5' } } }),
      5_000,
    ],
    ['from error.retryAfter', () => Object.assign(withStatus(429), { retryAfter: 6 }), 6_000],
    ['in the past is no wait', () => withStatus(503, { 'retry-after': new Date(wall - 60_000).toUTCString() }), 10],
    ['negative is no wait', () => withStatus(503, { 'retry-after': '-5' }), 10],
    ['of garbage is ignored', () => withStatus(503, { 'retry-after': 'soon' }), 10],
  ])('%s is a floor', async (_name, error, expected) => {
    const { at } = await attemptsOf({ maxAttempts: 2, delay: 10, jitter: 'none' }, error);
    expect(at[1]).toBe(expected);
  });

  test('never shortens the backoff', async () => {
    const { at } = await attemptsOf({ maxAttempts: 2, delay: '10s', jitter: 'none' }, () =>
      withStatus(429, { 'retry-after': '1' }),
    );
    expect(at[1]).toBe(10_000);
  });

  test.each<[string, RetryOptions]>([
    ['maxDelay, its default', { maxDelay: '10s' }],
    ['maxRetryAfter', { maxRetryAfter: '59s' }],
  ])('above %s ends the call at once with its own error', async (_name, options) => {
    const virtual = virtualWorld();
    const told = withStatus(429, { 'retry-after': '60' });
    const { at, error } = await attemptsOf({ delay: 10, ...options }, () => told, virtual);
    expect([at, error === told]).toEqual([[0], true]);
    expect(virtual.events.of('retry.exhausted')).toMatchObject([{ reason: 'retry-after', attempts: 1 }]);
  });

  test('within maxRetryAfter is kept in full, even above maxDelay', async () => {
    const { at } = await attemptsOf({ maxAttempts: 2, maxDelay: '10s', maxRetryAfter: '5m' }, () =>
      withStatus(429, { 'retry-after': '60' }),
    );
    expect(at[1]).toBe(60_000);
  });

  test('beyond the remaining total ends the call at once', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Timeout({ total: '5s' })
      @Retry()
      async load(): Promise<never> {
        throw withStatus(429, { 'retry-after': '10' });
      }
    }
    expect(await errorOf(own(new Api()).load())).toMatchObject({ status: 429 });
    expect(clock.now()).toBe(0);
  });

  test('is not kept with respectRetryAfter: false', async () => {
    const { at } = await attemptsOf({ maxAttempts: 2, delay: 10, jitter: 'none', respectRetryAfter: false }, () =>
      withStatus(429, { 'retry-after': '60' }),
    );
    expect(at[1]).toBe(10);
  });
});

describe('a budget', () => {
  test('is shared by the methods it is given to, and bounds their retries', async () => {
    const { own, clock, events } = virtualWorld();
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.3 });
    let runs = 0;
    class Api {
      @Retry({ maxAttempts: 3, delay: 1, budget })
      async one(): Promise<never> {
        runs += 1;
        throw coded('ECONNRESET');
      }
      @Retry({ maxAttempts: 3, delay: 1, budget })
      async two(): Promise<never> {
        runs += 1;
        throw coded('ECONNRESET');
      }
    }
    const api = own(new Api());
    await clock.until(settledOf(api.one()));
    await clock.until(settledOf(api.two()));
    await clock.until(settledOf(api.two()));
    expect(runs).toBe(3 + 3);
    expect(events.of('retry.budgetExhausted').map(({ method, attempts }) => [method, attempts])).toEqual([
      ['Api.two', 2],
      ['Api.two', 1],
    ]);
  });

  test('refills with calls and with time', async () => {
    const budget = new RetryBudget({ ratio: 0.5, minPerSecond: 0 });
    expect(budget.withdraw(0)).toBe(false);
    for (let call = 0; call < 4; call += 1) budget.recordCall(0);
    expect([budget.available(0), budget.withdraw(0), budget.available(0)]).toEqual([2, true, 1]);
    expect(budget.available(20_000)).toBe(0);
  });

  test('is shown by explain', () => {
    const budget = new RetryBudget({ minPerSecond: 1 });
    class Api {
      @Retry({ budget })
      async load(): Promise<void> {}
    }
    configure({ logger: false });
    expect(explain(Api).methods[0]?.stack[0]).toMatchObject({ policy: 'retry', state: { budgetAvailable: 10 } });
  });

  test.each([{ ratio: -1 }, { ratio: NaN }, { minPerSecond: -1 }, { minPerSecond: Infinity }])(
    'with %j is refused',
    (options) => {
      expect(() => new RetryBudget(options)).toThrow(RangeError);
    },
  );
});

describe('renewal of credentials', () => {
  const unauthorized = (status = 401): Error => withStatus(status);

  test.each([401, 403])('follows a %i at once, and the next attempt without a delay', async (status) => {
    const { own, clock, events } = virtualWorld();
    let token = 'old';
    class Api {
      @Retry({ delay: '10s', onAuthFailure: () => void (token = 'new') })
      async load(): Promise<string> {
        if (token === 'old') throw unauthorized(status);
        return token;
      }
    }
    expect(await own(new Api()).load()).toBe('new');
    expect([clock.now(), events.count('auth.refreshed')]).toEqual([0, 1]);
  });

  test('is made once per call', async () => {
    const { own, events } = virtualWorld();
    let renewals = 0;
    let runs = 0;
    class Api {
      @Retry({ maxAttempts: 5, onAuthFailure: () => void (renewals += 1) })
      async load(): Promise<never> {
        runs += 1;
        throw unauthorized();
      }
    }
    expect(await errorOf(own(new Api()).load())).toMatchObject({ status: 401 });
    expect([renewals, runs, events.count('auth.refreshed')]).toEqual([1, 2, 1]);
  });

  test('is not made after the last attempt', async () => {
    let renewals = 0;
    await attemptsOf({ maxAttempts: 1, onAuthFailure: () => void (renewals += 1) }, unauthorized);
    expect(renewals).toBe(0);
  });

  test('is made once for 20 callers who fail together', async () => {
    const { own, clock } = virtualWorld();
    let renewals = 0;
    let token = 'old';
    class Api {
      @Retry({
        onAuthFailure: async () => {
          renewals += 1;
          await clock.sleep(5);
          token = 'new';
        },
      })
      async load(): Promise<string> {
        if (token === 'old') throw unauthorized();
        return token;
      }
    }
    const api = own(new Api());
    const calls = Array.from({ length: 20 }, () => api.load());
    expect(await clock.until(Promise.all(calls))).toEqual(Array.from({ length: 20 }, () => 'new'));
    expect(renewals).toBe(1);
  });

  test('is made once for callers who learn late that the old credentials are worth nothing', async () => {
    const { own, clock } = virtualWorld();
    let renewals = 0;
    let token = 'old';
    class Api {
      @Retry({
        onAuthFailure: async () => {
          renewals += 1;
          token = `new ${renewals}`;
        },
      })
      async load(latency: number): Promise<string> {
        const used = token;
        await clock.sleep(latency);
        if (used === 'old') throw unauthorized();
        return used;
      }
    }
    const api = own(new Api());
    const calls = [10, 20, 30, 40].map((latency) => api.load(latency));
    expect(await clock.until(Promise.all(calls))).toEqual(['new 1', 'new 1', 'new 1', 'new 1']);
    expect(renewals).toBe(1);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('vault is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('vault is down'))],
  ])(
    'that %s leaves the original error, with its own as the cause; the next call tries again',
    async (_name, broken) => {
      const { own, events } = virtualWorld();
      let token = 'old';
      let hook: () => unknown = broken;
      class Api {
        @Retry({ onAuthFailure: () => hook() })
        async load(): Promise<string> {
          if (token === 'old') throw unauthorized();
          return token;
        }
      }
      const api = own(new Api());
      const error = await errorOf(api.load());
      expect(error).toMatchObject({ status: 401, cause: { message: 'vault is down' } });
      expect(Object.keys(error as object)).not.toContain('cause');
      expect(events.of('auth.refreshFailed')).toMatchObject([{ method: 'Api.load', error: { name: 'Error' } }]);
      hook = () => void (token = 'new');
      expect(await api.load()).toBe('new');
    },
  );
});

describe('events', () => {
  test('tell attempt, delay and class of each retry, and when the attempts are used up', async () => {
    const virtual = virtualWorld();
    await attemptsOf({ delay: 100, jitter: 'none' }, () => withStatus(503), virtual);
    const common = { method: 'Api.load', errorClass: 'transient', error: { name: 'Error', status: 503 } };
    expect(virtual.events.of('retry.scheduled')).toMatchObject([
      { ...common, attempt: 1, delay: 100 },
      { ...common, attempt: 2, delay: 200 },
    ]);
    expect(virtual.events.of('retry.exhausted')).toMatchObject([{ attempts: 3, reason: 'attempts' }]);
    expect(virtual.events.of('call.failed')).toMatchObject([{ attempts: 3, durationMs: 300 }]);
  });
});

describe('the decision', () => {
  const settings = resolveRetryOptions({ delay: 100, jitter: 'none', maxElapsed: 1_000, maxDelay: 400 });
  const question = {
    attempt: 1,
    retryAfter: undefined,
    elapsed: 0,
    remaining: Infinity,
    blockedFor: -Infinity,
    previousDelay: undefined,
  };
  const none = (): number => 0;

  test.each<[string, Partial<typeof question> & { retryAfter?: number | undefined }, object]>([
    ['waits', {}, { delay: 100 }],
    ['ends with the attempts', { attempt: 3 }, { refusal: 'attempts' }],
    ['waits as long as asked', { retryAfter: 400 as never }, { delay: 400 }],
    ['does not wait longer than allowed', { retryAfter: 401 as never }, { refusal: 'retry-after' }],
    ['does not sleep until the deadline', { remaining: 100 }, { refusal: 'deadline' }],
    ['sleeps just short of it', { remaining: 101 }, { delay: 100 }],
    ['does not begin at maxElapsed', { elapsed: 900 }, { refusal: 'elapsed' }],
    ['begins just before', { elapsed: 899 }, { delay: 100 }],
    ['does not sleep towards a refusal', { blockedFor: 101 }, { refusal: 'blocked' }],
    ['wakes when admitted', { blockedFor: 100 }, { delay: 100 }],
  ])('%s', (_name, change, expected) => {
    expect(decideRetry(settings, { ...question, ...change }, none)).toEqual(expected);
  });

  test('knows the delay before', () => {
    const decorrelated = resolveRetryOptions({ delay: 100, backoff: 'decorrelated' });
    expect(decideRetry(decorrelated, { ...question, previousDelay: 1_000 }, () => 0.5)).toEqual({
      delay: 1_550,
    });
  });

  test('does not hear a server where that is switched off', () => {
    const deaf = resolveRetryOptions({ delay: 100, jitter: 'none', respectRetryAfter: false });
    expect(decideRetry(deaf, { ...question, retryAfter: 99_000 }, none)).toEqual({ delay: 100 });
  });
});

describe('options', () => {
  test.each<[unknown, string]>([
    [{ maxAttempts: 0 }, 'maxAttempts must be >= 1, got 0'],
    [{ maxAttempts: 1.5 }, 'maxAttempts must be a whole number, got 1.5'],
    [{ maxAttempts: NaN }, 'maxAttempts must be a whole number, got NaN'],
    [{ retries: -1 }, 'retries must be >= 0, got -1'],
    [{ retries: 2, maxAttempts: 3 }, 'maxAttempts and retries say the same thing twice'],
    [{ delay: -1 }, 'delay must be >= 0 ms, got -1'],
    [{ delay: Infinity }, 'delay must be finite'],
    [{ factor: 0 }, 'factor must be >= 1, got 0'],
    [{ backoff: 'exponentail' }, "did you mean 'exponential'?"],
    [{ maxatempts: 3 }, "maxatempts is not an option; did you mean 'maxAttempts'?"],
    [{ budget: {} }, 'must be a RetryBudget'],
    [{ retryOn: [{}] }, 'retryOn[0] must be an error class, a code, a status or a predicate'],
    [{ jitter: { kind: 'full', ratio: 2 } }, 'ratio'],
    [5, 'options must be an object, got 5'],
  ])('%j are refused with their name and the remedy', (options, message) => {
    const define = (): unknown => {
      class Api {
        @Retry(options as RetryOptions)
        async load(): Promise<void> {}
      }
      return Api;
    };
    expect(define).toThrow(ConfigurationError);
    expect(define).toThrow(message);
  });
});

describe('retry()', () => {
  test('calls the function until it succeeds, with the number of the try', async () => {
    const seen: number[] = [];
    const result = await retry(
      async ({ attempt }) => {
        seen.push(attempt);
        if (attempt < 3) throw coded('ECONNRESET');
        return 'done';
      },
      { delay: 0 },
    );
    expect([result, seen]).toEqual(['done', [1, 2, 3]]);
  });

  test('rejects with the function’s own last error, a synchronous throw as well', async () => {
    const error = new RangeError('mine');
    const call = retry(() => {
      throw error;
    });
    expect(await errorOf(call)).toBe(error);
  });

  test('makes a promise of a plain value', async () => {
    expect(await retry(() => 4)).toBe(4);
  });

  test('ends with the caller’s reason, and tells the function', async () => {
    const controller = new AbortController();
    let signal: AbortSignal | undefined;
    const call = errorOf(
      retry(
        (attempt) => {
          ({ signal } = attempt);
          return forever();
        },
        { signal: controller.signal },
      ),
    );
    controller.abort('left');
    expect([await call, signal?.reason]).toEqual(['left', 'left']);
    expect(await errorOf(retry(() => 1, { signal: AbortSignal.abort('gone') }))).toBe('gone');
  });

  test('refines what configure says, and runs the function once where all is switched off', async () => {
    let runs = 0;
    const count = (): never => {
      runs += 1;
      throw coded('ECONNRESET');
    };
    configure({ defaults: { retry: { maxAttempts: 5, delay: 0 } } });
    await errorOf(retry(count));
    configure({ enabled: false });
    await errorOf(retry(count));
    expect(runs).toBe(6);
  });

  test('reports under its name', async () => {
    const heard: string[] = [];
    globalEvents.on('retry.scheduled', ({ method }) => heard.push(method));
    const options = { delay: 0, maxAttempts: 2 };
    await errorOf(
      retry(async function loadPrices() {
        throw coded('ECONNRESET');
      }, options),
    );
    await errorOf(
      retry(
        async () => {
          throw coded('ECONNRESET');
        },
        { ...options, name: 'prices' },
      ),
    );
    await errorOf(retry(() => Promise.reject(coded('ECONNRESET')), options));
    expect(heard).toEqual(['loadPrices', 'prices', 'retry']);
  });

  test('reports a predicate that throws under its name', async () => {
    const heard: string[] = [];
    configure({ logger: false });
    globalEvents.on('listener.failed', ({ source, method }) => heard.push(`${method}: ${source}`));
    const retryIf = (): never => {
      throw new Error('mine');
    };
    await errorOf(retry(() => Promise.reject(coded('ECONNRESET')), { retryIf, name: 'prices' }));
    expect(heard).toEqual(['prices: retry() retryIf']);
  });

  test('leaves nothing behind in the runtime', async () => {
    for (let call = 0; call < 1_000; call += 1) await retry(() => call);
    const bindings = world.runtime.state.get('bindings') as
      { all: Set<unknown>; labels: Map<string, number> } | undefined;
    expect([bindings?.all.size ?? 0, bindings?.labels.size ?? 0]).toEqual([0, 0]);
  });

  test('refuses a wrong option synchronously', () => {
    expect(() => retry(() => 1, { maxAttempts: 0, name: 'prices' })).toThrow(
      'retry() on prices: maxAttempts must be >= 1',
    );
  });

  test('runs in the runtime of its surroundings', async () => {
    const clock = virtualClock();
    const runtime = createRuntime({ clock, logger: false });
    const call = runtime.run(() => retry(() => Promise.reject(coded('ECONNRESET')), { delay: '10s', jitter: 'none' }));
    await errorOf(clock.until(call));
    expect(clock.now()).toBe(30_000);
    class Api {
      @Retry({ delay: '1h' })
      async load(): Promise<void> {}
    }
    await withRuntime(new Api(), runtime).load();
  });

  test('is what resilient() does for a function that is called often', async () => {
    let runs = 0;
    const load = resilient(
      async () => {
        runs += 1;
        throw coded('ECONNRESET');
      },
      { retry: { delay: 0, maxAttempts: 2 } },
    );
    await errorOf(load());
    await errorOf(load());
    expect(runs).toBe(4);
  });
});
