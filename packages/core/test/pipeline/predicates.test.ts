/** What anyOf, allOf and not make goes wherever an option takes a predicate or a list of errors. */
import {
  Cached,
  CircuitBreaker,
  Fallback,
  HttpError,
  Retry,
  allOf,
  anyOf,
  cacheOf,
  circuitOf,
  not,
} from '../../src/index.js';
import { coded, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const throwing = (): boolean => {
  throw new Error('predicate');
};

test.each([
  ['retryIf', { retryIf: anyOf<[unknown, number]>(418, (_error, attempt) => attempt < 2) }, [3, 2]],
  ['retryOn', { retryOn: [allOf(anyOf(418, 500), not(500))] }, [3, 1]],
  ['ignoreOn', { ignoreOn: [not(500)] }, [1, 3]],
])('@Retry: %s', async (_option, options, [ofTeapot, ofServer]) => {
  const { own, clock } = virtualWorld();
  let runs = 0;
  class Api {
    @Retry(options)
    async load(status: number): Promise<void> {
      runs += 1;
      throw withStatus(status);
    }
  }
  const api = own(new Api());
  await clock.until(settledOf(api.load(418)));
  expect(runs).toBe(ofTeapot);
  await clock.until(settledOf(api.load(500)));
  expect(runs).toBe((ofTeapot as number) + (ofServer as number));
});

test('@Retry: retryOnResult', async () => {
  const { own, clock } = virtualWorld();
  let runs = 0;
  class Api {
    @Retry({ retryOnResult: not((result: string) => result.length > 2) })
    async load(): Promise<string> {
      runs += 1;
      return 'x'.repeat(runs);
    }
  }
  expect(await clock.until(own(new Api()).load())).toBe('xxx');
});

test('@CircuitBreaker: failureIf, ignoreIf, failureOn, ignoreOn', async () => {
  const { own } = virtualWorld();
  const error = withStatus(404);
  class Api {
    @CircuitBreaker({ failureIf: anyOf(404) })
    async failing(): Promise<void> {
      throw error;
    }
    @CircuitBreaker({ failureOn: [not(500)] })
    async listed(): Promise<void> {
      throw error;
    }
    @CircuitBreaker({ failureIf: anyOf(404), ignoreIf: anyOf(404, 410) })
    async ignoring(): Promise<void> {
      throw error;
    }
    @CircuitBreaker({ failureIf: anyOf(404), ignoreOn: [allOf(404)] })
    async unlisted(): Promise<void> {
      throw error;
    }
  }
  const api = own(new Api());
  const counts: number[] = [];
  for (const name of ['failing', 'listed', 'ignoring', 'unlisted'] as const) {
    await settledOf(api[name]());
    counts.push(circuitOf(api, name).metrics.failureCount);
  }
  expect(counts).toEqual([1, 1, 0, 0]);
});

test('@Fallback: when', async () => {
  const { own } = virtualWorld();
  class Api {
    @Fallback({ value: 'none', when: anyOf(404, HttpError) })
    async load(status: number): Promise<string> {
      throw withStatus(status);
    }
  }
  const api = own(new Api());
  expect([await settledOf(api.load(404)), await settledOf(api.load(500))]).toMatchObject([
    { value: 'none' },
    { error: {} },
  ]);
});

test('@Cached: cacheIf, staleIfError.when, invalidateOn', async () => {
  const { own, clock } = virtualWorld();
  let answers = async (): Promise<string> => 'good';
  class Api {
    @Cached({
      ttl: '1m',
      cacheIf: not((result: string) => result === 'bad'),
      staleIfError: { maxStale: '1h', when: anyOf('ECONNRESET', 500) },
      invalidateOn: anyOf(500),
      staleErrorThrottle: 0,
    })
    load(_id: string): Promise<string> {
      return answers();
    }
  }
  const api = own(new Api());
  await api.load('1');
  answers = async () => 'bad';
  await api.load('2');
  expect(cacheOf(api, 'load').keys()).toEqual(['1']);
  await clock.advance(60_000);
  const ends: unknown[] = [];
  for (const error of [coded('ECONNRESET'), coded('EPIPE'), withStatus(500)]) {
    answers = () => Promise.reject(error);
    ends.push(await settledOf(api.load('1')));
  }
  expect(ends).toEqual([{ value: 'good' }, { error: expect.any(Error) }, { error: expect.any(Error) }]);
  expect(cacheOf(api, 'load').keys()).toEqual([]);
});

test('one that throws is reported, and the option’s own rule holds', async () => {
  const { own, events, clock } = virtualWorld();
  let runs = 0;
  class Api {
    @Retry({ retryIf: not(throwing) })
    @CircuitBreaker({ failureIf: not(throwing) })
    async load(): Promise<void> {
      runs += 1;
      throw withStatus(404);
    }
  }
  const api = own(new Api());
  await clock.until(settledOf(api.load()));
  expect([runs, circuitOf(api, 'load').metrics.failureCount, events.count('listener.failed')]).toEqual([1, 1, 2]);
});
