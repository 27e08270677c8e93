/** @Bulkhead as it is written, in every dialect. */
import { deferred } from '../../../testing/src/index.js';
import {
  Bulkhead,
  BulkheadFullError,
  ConfigurationError,
  RejectedError,
  Resilient,
  explain,
  isResilienceError,
  resilient,
} from '../../src/index.js';
import { thrownBy, withoutSource } from '../support/dialect.js';
import { errorOf, virtualWorld } from '../support/virtual-world.js';

test('a bulkhead refuses what is over its slots and its queue, with numbers', async () => {
  const { own, events } = virtualWorld();
  const gate = deferred<string>();
  class Api {
    @Bulkhead({ maxConcurrent: 2, maxQueue: 1 })
    load(): Promise<string> {
      return gate.promise;
    }
  }
  const api = own(new Api());
  const calls = [api.load(), api.load(), api.load()];
  const error = await errorOf(api.load());
  expect(error).toBeInstanceOf(BulkheadFullError);
  expect(error).toBeInstanceOf(RejectedError);
  expect(isResilienceError(error)).toBe(true);
  const facts = { bulkhead: 'Api.load', inFlight: 2, maxConcurrent: 2, queued: 1, maxQueue: 1, waited: 0 };
  expect(error).toMatchObject({
    name: 'BulkheadFullError',
    code: 'BULKHEAD_FULL',
    policy: 'bulkhead',
    method: 'Api.load',
    message: 'Api.load: bulkhead is full; 2 of 2 calls are under way, 1 of 1 are queued',
    retryAfter: undefined,
    ...facts,
  });
  expect(events.of('bulkhead.rejected')).toMatchObject([{ method: 'Api.load', ...facts }]);
  gate.resolve('done');
  expect(await Promise.all(calls)).toEqual(['done', 'done', 'done']);
});

test('refusals have a stack only where captureStacks is set', async () => {
  for (const captureStacks of [false, true]) {
    const { own } = virtualWorld({ captureStacks });
    class Api {
      @Bulkhead({ maxConcurrent: 1 })
      load(): Promise<string> {
        return new Promise(() => undefined);
      }
    }
    const api = own(new Api());
    void api.load();
    expect(/\n\s+at /.test(((await errorOf(api.load())) as Error).stack as string)).toBe(captureStacks);
  }
});

test('@Resilient, a function and explain know it', async () => {
  const { own, runtime } = virtualWorld();
  class Api {
    @Resilient({ bulkhead: { maxConcurrent: 3, maxQueue: 2, queueTimeout: '1s', maxHold: '1m' } })
    async load(): Promise<number> {
      return 1;
    }
    @Resilient({ bulkhead: true })
    async plain(): Promise<number> {
      return 2;
    }
  }
  const api = own(new Api());
  expect([await api.load(), await api.plain()]).toEqual([1, 2]);
  const [load, plain] = explain(api).methods.map(({ stack }) => stack[0]);
  expect(load).toMatchObject({
    policy: 'bulkhead',
    options: { maxConcurrent: 3, maxQueue: 2, queueTimeout: 1000, maxHold: 60_000 },
    state: { inFlight: 0, maxConcurrent: 3, queued: 0, maxQueue: 2, abandoned: 0, rejected: 0 },
  });
  expect(plain?.options).toMatchObject({ maxConcurrent: 10, maxQueue: 0, queueTimeout: 5000, maxHold: Infinity });
  expect(Object.keys(runtime.health().bulkheads)).toEqual(['Api.load', 'Api.plain']);
  const gate = deferred();
  const fn = resilient(() => gate.promise, { bulkhead: { maxConcurrent: 1 } });
  void fn();
  expect(await errorOf(fn())).toBeInstanceOf(BulkheadFullError);
});

test.each([
  [() => Bulkhead({ maxConcurrent: 0 }), 'maxConcurrent must be >= 1, got 0'],
  [() => Bulkhead({ maxConcurrent: Infinity }), 'maxConcurrent must be a whole number, got Infinity'],
  [() => Bulkhead({ maxQueue: -1 }), 'maxQueue must be >= 0, got -1'],
  [() => Bulkhead({ maxQueue: Infinity }), 'maxQueue must be a whole number, got Infinity'],
  [() => Bulkhead({ queueTimeout: 0 }), 'queueTimeout must be longer than 0, got 0'],
  [() => Bulkhead({ queueTimeout: Infinity }), 'queueTimeout must be finite, got Infinity'],
  [() => Bulkhead({ maxHold: 0 }), 'maxHold must be longer than 0, got 0'],
  [() => Bulkhead({ key: 'tenant' as never }), "key must be a function, got 'tenant'"],
  [() => Bulkhead({ shadow: 1 as never }), 'shadow must be true or false, got 1'],
  [() => Bulkhead({ maxConcurent: 3 } as object), "maxConcurent is not an option; did you mean 'maxConcurrent'?"],
  [
    () => Bulkhead({ name: 'db', scope: 'instance' }),
    "name shares one bulkhead, scope 'instance' separates them; keep one",
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
  expect(withoutSource(error.message)).toContain(`load: ${problem}`);
});

test('defaults of a program are no place for key and name', () => {
  const { runtime } = virtualWorld();
  expect(() => runtime.configure({ defaults: { bulkhead: { name: 'all' } as object } })).toThrow(
    'defaults.bulkhead.name: belongs to one method',
  );
  expect(() => runtime.configure({ defaults: { bulkhead: { key: () => 'all' } as object } })).toThrow(
    'defaults.bulkhead.key: belongs to one method',
  );
});
