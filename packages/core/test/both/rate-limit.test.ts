/** @RateLimit as it is written, in every dialect. */
import {
  ConfigurationError,
  RateLimit,
  RateLimitedError,
  RejectedError,
  Resilient,
  explain,
  isResilienceError,
  resilient,
} from '../../src/index.js';
import { thrownBy, withoutSource } from '../support/dialect.js';
import { errorOf, virtualWorld } from '../support/virtual-world.js';

test('a rate limit refuses what is over it, with numbers and the time to come again', async () => {
  const { own, events, clock } = virtualWorld();
  class Api {
    @RateLimit({ limit: 2, interval: '1s' })
    async load(): Promise<string> {
      return 'done';
    }
  }
  const api = own(new Api());
  expect(await Promise.all([api.load(), api.load()])).toEqual(['done', 'done']);
  await clock.advance(100);
  const error = await errorOf(api.load());
  expect(error).toBeInstanceOf(RateLimitedError);
  expect(error).toBeInstanceOf(RejectedError);
  expect(isResilienceError(error)).toBe(true);
  const facts = { limiter: 'Api.load', limit: 2, interval: 1000, retryAfter: 400 };
  expect(error).toMatchObject({
    name: 'RateLimitedError',
    code: 'RATE_LIMITED',
    policy: 'rate-limit',
    method: 'Api.load',
    message: 'Api.load: rate limit of 2 per 1 s is used up; next call in 400 ms',
    ...facts,
  });
  expect(events.of('rateLimit.rejected')).toMatchObject([{ method: 'Api.load', ...facts }]);
  await clock.advance(399);
  await errorOf(api.load());
  await clock.advance(1);
  expect(await api.load()).toBe('done');
});

test('a synchronous method stays synchronous', () => {
  const { own } = virtualWorld();
  class Api {
    @RateLimit({ limit: 1, interval: '1s' })
    load(): number {
      return 1;
    }
  }
  const api = own(new Api());
  expect(api.load()).toBe(1);
  expect(thrownBy(() => api.load())).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 1000 });
});

test('@Resilient, a function and explain know it', async () => {
  const { own, runtime } = virtualWorld();
  class Api {
    @Resilient({ rateLimit: { limit: 10, interval: '1m', burst: 5, maxWait: '2s' } })
    async load(): Promise<number> {
      return 1;
    }
  }
  const api = own(new Api());
  expect(await api.load()).toBe(1);
  expect(explain(api).methods[0]?.stack[0]).toMatchObject({
    policy: 'rate-limit',
    options: { limit: 10, interval: 60_000, algorithm: 'gcra', burst: 5, maxWait: 2000 },
    state: { limit: 10, interval: 60_000, available: 4, waiting: 0, rejected: 0 },
  });
  expect(runtime.stats().rateLimits).toEqual({
    'Api.load': { limit: 10, interval: 60_000, available: 4, waiting: 0, rejected: 0 },
  });
  const fn = resilient(async (x: number) => x, { rateLimit: { limit: 1, interval: '1h' } });
  expect(await fn(3)).toBe(3);
  expect(await errorOf(fn(4))).toBeInstanceOf(RateLimitedError);
});

test.each([
  [{ limit: 0, interval: 1000 }, 'limit must be >= 1, got 0'],
  [{ limit: 1.5, interval: 1000 }, 'limit must be a whole number, got 1.5'],
  [{ limit: 1, interval: 0 }, 'interval must be longer than 0, got 0'],
  [{ limit: 1, interval: '1 fortnight' }, 'interval must be a duration'],
  [{ limit: 1, interval: 1, burst: 0 }, 'burst must be >= 1, got 0'],
  [{ limit: 1, interval: 1, maxWait: Infinity }, 'maxWait must be finite, got Infinity'],
  [
    { limit: 1, interval: 1, algorithm: 'fixed-window' },
    "algorithm must be one of 'gcra', 'token-bucket', 'sliding-window', got 'fixed-window'",
  ],
  [
    { limit: 1, interval: 1, algorithm: 'sliding-windwo' },
    "algorithm must be one of 'gcra', 'token-bucket', 'sliding-window' (did you mean 'sliding-window'?)",
  ],
  [{ limit: 1, intervall: 1 }, "intervall is not an option; did you mean 'interval'?"],
  [
    { limit: 1, interval: 1, name: 'api', scope: 'instance' },
    "name shares one limit, scope 'instance' separates them; keep one",
  ],
  [{ limit: 1, interval: 1, burst: 2, algorithm: 'sliding-window' }, "burst means nothing with 'sliding-window'"],
])('wrong options are told when the class is defined (%#)', (options, problem) => {
  const error = thrownBy(() => {
    class Api {
      @(RateLimit(options as never) as any)
      async load(): Promise<void> {}
    }
    return Api;
  });
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(withoutSource(error.message)).toContain(`load: ${problem}`);
});

test.each([
  [{ interval: '1s' }, 'limit is missing'],
  [{ limit: 5 }, 'interval is missing'],
  [{}, 'limit is missing'],
])('without limit or interval in any layer the first call tells what to write (%#)', async (options, problem) => {
  const { own } = virtualWorld();
  class Api {
    @(RateLimit(options as never) as any)
    async load(): Promise<void> {}
  }
  const api = own(new Api());
  expect(await errorOf((async () => api.load())())).toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining(`${problem}; write { limit: 100, interval: '1s' }`),
  });
});

test('a method that is known to be synchronous cannot be held back', () => {
  const { own } = virtualWorld();
  class Api {
    @Resilient({ async: false, rateLimit: { limit: 1, interval: '1s', maxWait: '1s' } })
    load(): number {
      return 1;
    }
  }
  const api = own(new Api());
  expect(thrownBy(() => api.load()).message).toMatch(/maxWait needs a method that returns a Promise/);
});

test('limit and interval may come from a weaker layer', async () => {
  const { own } = virtualWorld({ defaults: { rateLimit: { limit: 1, interval: '1s' } } });
  class Api {
    @Resilient({ rateLimit: { key: (tenant: string) => tenant } })
    async load(tenant: string): Promise<string> {
      return tenant;
    }
  }
  const api = own(new Api());
  expect([await api.load('a'), await api.load('b')]).toEqual(['a', 'b']);
  expect(await errorOf(api.load('a'))).toMatchObject({ limit: 1, interval: 1000 });
});

test('a burst from a weaker layer does not go with a sliding window', async () => {
  const { own } = virtualWorld({ defaults: { rateLimit: { burst: 5 } } });
  class Api {
    @RateLimit({ limit: 1, interval: '1s', algorithm: 'sliding-window' })
    async load(): Promise<void> {}
  }
  const api = own(new Api());
  expect(await errorOf((async () => api.load())())).toMatchObject({ option: 'burst' });
});
