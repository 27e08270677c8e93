/** @AdaptiveThrottle and @AdaptiveConcurrency as they are written, in every dialect. */
import { deferred } from '../../../testing/src/index.js';
import {
  AdaptiveConcurrency,
  AdaptiveThrottle,
  ConcurrencyLimitError,
  ConfigurationError,
  Resilient,
  ThrottledError,
  explain,
  isResilienceError,
  resilient,
} from '../../src/index.js';
import { thrownBy, withoutSource } from '../support/dialect.js';
import { errorOf, virtualWorld, withStatus } from '../support/virtual-world.js';

test('a concurrency limit refuses the call over it, with numbers', async () => {
  const { own, events } = virtualWorld();
  const gate = deferred<string>();
  class Api {
    @AdaptiveConcurrency({ initial: 2 })
    load(): Promise<string> {
      return gate.promise;
    }
  }
  const api = own(new Api());
  const calls = [api.load(), api.load()];
  const error = await errorOf(api.load());
  expect(error).toBeInstanceOf(ConcurrencyLimitError);
  expect(isResilienceError(error)).toBe(true);
  expect(error).toMatchObject({
    code: 'CONCURRENCY_LIMITED',
    policy: 'adaptive-concurrency',
    message: 'Api.load: 2 calls are under way, at present 2 may be',
    limit: 2,
    inFlight: 2,
    retryAfter: undefined,
  });
  expect(events.of('adaptiveConcurrency.rejected')).toMatchObject([{ method: 'Api.load', limit: 2, inFlight: 2 }]);
  gate.resolve('done');
  expect(await Promise.all(calls)).toEqual(['done', 'done']);
  expect(await api.load()).toBe('done');
});

test('a throttle refuses while calls are turned away, with numbers, and synchronous methods stay synchronous', async () => {
  const { own, events } = virtualWorld({ random: () => 0 });
  class Api {
    isUp = false;
    @AdaptiveThrottle()
    load(): string {
      if (!this.isUp) throw withStatus(503);
      return 'done';
    }
  }
  const api = own(new Api());
  expect(thrownBy(() => api.load())).toMatchObject({ status: 503 });
  const error = thrownBy(() => api.load());
  expect(error).toBeInstanceOf(ThrottledError);
  expect(error).toMatchObject({
    code: 'THROTTLED',
    policy: 'adaptive-throttle',
    message: 'Api.load: throttled; 0 of the last 2 calls were accepted, 20 % are refused for now',
    requests: 2,
    accepts: 0,
    rejectionRate: 0.2,
    retryAfter: undefined,
  });
  expect(events.of('adaptiveThrottle.rejected')).toMatchObject([{ requests: 2, accepts: 0, rejectionRate: 0.2 }]);
});

test('@Resilient, a function and explain know both', async () => {
  const { own } = virtualWorld();
  class Api {
    @Resilient({ adaptiveThrottle: true, adaptiveConcurrency: { algorithm: 'gradient', max: 50 } })
    async load(): Promise<number> {
      return 1;
    }
  }
  const api = own(new Api());
  expect(await api.load()).toBe(1);
  const [{ stack } = { stack: [] }] = explain(api).methods;
  expect(stack).toMatchObject([
    { policy: 'adaptive-throttle', options: { k: 2, padding: 8, window: 30_000, maxRejection: 0.9 } },
    { policy: 'adaptive-concurrency', options: { algorithm: 'gradient', min: 1, max: 50, initial: 20 } },
  ]);
  expect(stack[1]?.state).toEqual({ limit: 20, inFlight: 0 });
  const fn = resilient(async (x: number) => x, { adaptiveConcurrency: true, adaptiveThrottle: { k: 1.5 } });
  expect(await fn(3)).toBe(3);
});

test.each([
  [() => AdaptiveConcurrency({ min: 0 }), 'min must be >= 1, got 0'],
  [
    () => AdaptiveConcurrency({ algorithm: 'vegas' as 'aimd' }),
    "algorithm must be one of 'aimd', 'gradient', got 'vegas'",
  ],
  [() => AdaptiveConcurrency({ intial: 3 } as object), "intial is not an option; did you mean 'initial'?"],
  [
    () => AdaptiveConcurrency({ name: 'db', scope: 'instance' }),
    "name shares one limit, scope 'instance' separates them; keep one",
  ],
  [() => AdaptiveThrottle({ k: 0.5 }), 'k must be >= 1, got 0.5'],
  [() => AdaptiveThrottle({ maxRejection: 1 }), 'maxRejection must be a number from 0 to less than 1, got 1'],
  [() => AdaptiveThrottle({ window: 5 }), 'window must be >= 10 ms, got 5'],
  [
    () => AdaptiveThrottle({ name: 'db', scope: 'instance' }),
    "name shares one throttle, scope 'instance' separates them; keep one",
  ],
])('wrong options are told when the class is defined (%#)', (line, problem) => {
  const error = thrownBy(() => {
    class Api {
      @(line() as any)
      async load(): Promise<void> {}
    }
    return Api;
  });
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(withoutSource(error.message)).toMatch(new RegExp(`load: ${problem.replaceAll(/[?.]/g, '\\$&')}`));
});

test('options that contradict each other are told at the first call', async () => {
  class Api {
    @AdaptiveConcurrency({ min: 30, max: 20 })
    async load(): Promise<void> {}
  }
  const { own } = virtualWorld();
  const api = own(new Api());
  expect(await errorOf((async () => api.load())())).toMatchObject({
    message: expect.stringContaining('min must be <= max, got 30 > 20'),
  });
  class Other {
    @AdaptiveConcurrency({ initial: 3, min: 5 })
    async load(): Promise<void> {}
  }
  const other = own(new Other());
  expect(await errorOf((async () => other.load())())).toMatchObject({
    message: expect.stringContaining('initial must lie between min and max, 5 to 1000, got 3'),
  });
});
