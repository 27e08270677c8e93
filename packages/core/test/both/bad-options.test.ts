import {
  Cached,
  CircuitBreaker,
  Fallback,
  Invalidates,
  Resilient,
  Retry,
  Timeout,
  configure,
  createRuntime,
  explain,
} from '../../src/index.js';
import { dialect, stacked, thrownBy, withoutSource } from '../support/dialect.js';
import { virtualWorld } from '../support/virtual-world.js';

/** The message of one line above a method, at definition or, for contradictions, at binding. */
const refusal = (line: () => unknown) =>
  thrownBy(() => {
    class Orders {
      @stacked(line())
      async place(): Promise<void> {}
    }
    return explain(virtualWorld().own(new Orders()));
  });

/** Standard decorators do not know the class. */
const site = (decorator: string): string => `${decorator} on ${dialect === 'legacy' ? 'Orders.place' : 'place'}`;

const DURATION = "must be a duration: milliseconds as a number, or a string such as '250ms', '2s', '5m', '1h', '1d'";
const JITTERS = "'full', 'equal', 'proportional', 'additive', 'decorrelated', 'none'";

type Row = readonly [option: string | undefined, options: unknown, problem: string];

const check = (name: string, line: (options: any) => unknown, rows: readonly Row[]): void => {
  describe(`${name} refuses`, () => {
    test.each(rows.map(([option, options, problem]) => [problem, option, options] as const))(
      '%s',
      (problem, option, options) => {
        const error = refusal(() => line(options));
        expect(withoutSource(error.message)).toBe(`${site(name)}: ${problem}`);
        expect(error).toMatchObject({ name: 'ConfigurationError', code: 'CONFIGURATION', option });
      },
    );
  });
};

check('@Retry', Retry, [
  [undefined, null, 'options must be an object, got null'],
  [undefined, 3, 'options must be an object, got 3'],
  [undefined, [], 'options must be an object, got an array'],
  ['maxAttempts', { maxAttempts: 0 }, 'maxAttempts must be >= 1, got 0'],
  ['maxAttempts', { maxAttempts: 2.5 }, 'maxAttempts must be a whole number, got 2.5'],
  ['maxAttempts', { maxAttempts: '3' }, "maxAttempts must be a whole number, got '3'"],
  ['maxAttempts', { maxAttempts: NaN }, 'maxAttempts must be a whole number, got NaN'],
  ['maxAttempts', { maxAttempts: 3n }, 'maxAttempts must be a whole number, got 3n'],
  ['maxAttempt', { maxAttempt: 3 }, "maxAttempt is not an option; did you mean 'maxAttempts'?"],
  [
    'somethingElse',
    { somethingElse: 1 },
    'somethingElse is not an option; known options: backoff, budget, delay, factor, idempotent, ignoreOn, jitter, maxAttempts, maxDelay, maxElapsed, maxRetryAfter, onAuthFailure, respectRetryAfter, retries, retryIf, retryOn, retryOnResult',
  ],
  ['retries', { retries: -1 }, 'retries must be >= 0, got -1'],
  ['retries', { retries: 1, maxAttempts: 2 }, 'maxAttempts and retries say the same thing twice; keep maxAttempts'],
  ['delay', { delay: -1 }, 'delay must be >= 0 ms, got -1'],
  ['delay', { delay: '5' }, `delay ${DURATION}, got '5'`],
  ['delay', { delay: '5 minutes' }, `delay ${DURATION}, got '5 minutes'`],
  ['delay', { delay: Infinity }, 'delay must be finite, got Infinity'],
  ['maxDelay', { maxDelay: NaN }, `maxDelay ${DURATION}, got NaN`],
  [
    'backoff',
    { backoff: 'exponental' },
    "backoff must be one of 'exponential', 'linear', 'constant', 'decorrelated' (did you mean 'exponential'?), or a function, got 'exponental'",
  ],
  ['factor', { factor: 0.5 }, 'factor must be >= 1, got 0.5'],
  ['factor', { factor: '2' }, "factor must be a finite number, got '2'"],
  [
    'jitter',
    { jitter: 'ful' },
    `jitter must be one of ${JITTERS} (did you mean 'full'?), or true or false, or a function, or an object, got 'ful'`,
  ],
  [
    'jitter.kind',
    { jitter: { kind: 'ful' } },
    `jitter.kind must be one of ${JITTERS} (did you mean 'full'?), got 'ful'`,
  ],
  ['jitter.ratio', { jitter: { kind: 'full', ratio: 2 } }, 'jitter.ratio must be a number from 0 to 1, got 2'],
  ['jitter.knd', { jitter: { knd: 'full' } }, "jitter.knd is not an option; did you mean 'kind'?"],
  ['retryOn', { retryOn: Error }, 'retryOn must be an array, got a function'],
  ['retryOn[0]', { retryOn: [null] }, 'retryOn[0] must be an error class, a code, a status or a predicate, got null'],
  [
    'ignoreOn[1]',
    { ignoreOn: ['A', {}] },
    'ignoreOn[1] must be an error class, a code, a status or a predicate, got an object',
  ],
  ['retryIf', { retryIf: true }, 'retryIf must be a function, got true'],
  ['retryOnResult', { retryOnResult: 1 }, 'retryOnResult must be a function, got 1'],
  ['respectRetryAfter', { respectRetryAfter: 'yes' }, "respectRetryAfter must be true or false, got 'yes'"],
  ['maxRetryAfter', { maxRetryAfter: '1 week' }, `maxRetryAfter ${DURATION}, got '1 week'`],
  ['maxElapsed', { maxElapsed: 0 }, 'maxElapsed must be longer than 0, got 0'],
  ['idempotent', { idempotent: 1 }, 'idempotent must be true or false, got 1'],
  [
    'budget',
    { budget: { ratio: 0.2 } },
    'budget must be a RetryBudget: new RetryBudget({ ratio, minPerSecond }), or the name of one of configure({ budgets }), got an object',
  ],
  ['onAuthFailure', { onAuthFailure: 'login' }, "onAuthFailure must be a function, got 'login'"],
]);

check('@Cached', Cached, [
  [undefined, '5m', "options must be an object, got '5m'"],
  ['ttl', { ttl: -1 }, 'ttl must be >= 0 ms, or a function, got -1'],
  ['ttl', { ttl: null }, `ttl ${DURATION}, or a function, got null`],
  ['ttl', { ttl: {} }, `ttl ${DURATION}, or a function, got an object`],
  ['ttl', { ttl: Symbol('5m') }, `ttl ${DURATION}, or a function, got Symbol(5m)`],
  [
    'ttl',
    { ttl: 'a very long text that nobody would ever write as a duration' },
    `ttl ${DURATION}, or a function, got 'a very long text that nobody would ever …'`,
  ],
  ['tll', { tll: 1 }, "tll is not an option; did you mean 'ttl'?"],
  ['maxSize', { maxSize: 0 }, 'maxSize must be >= 1, got 0'],
  ['maxSize', { maxSize: Infinity }, 'maxSize must be a whole number, got Infinity'],
  ['maxBytes', { maxBytes: 0, weigh: () => 1 }, 'maxBytes must be >= 1, got 0'],
  ['weigh', { maxBytes: 10, weigh: 1 }, 'weigh must be a function, got 1'],
  ['eviction', { eviction: 'lfu' }, "eviction must be one of 'lru', 'adaptive' (did you mean 'lru'?), got 'lfu'"],
  ['staleWhileRevalidate', { staleWhileRevalidate: -5 }, 'staleWhileRevalidate must be >= 0 ms, got -5'],
  ['staleIfError', { staleIfError: false }, `staleIfError must be true, or ${DURATION.slice(8)}, got false`],
  ['staleIfError.maxStale', { staleIfError: {} }, 'staleIfError.maxStale is missing'],
  ['staleIfError.maxStale', { staleIfError: { maxStale: '1x' } }, `staleIfError.maxStale ${DURATION}, got '1x'`],
  ['staleIfError.when', { staleIfError: { maxStale: '1h', when: 1 } }, 'staleIfError.when must be a function, got 1'],
  [
    'staleIfError.wen',
    { staleIfError: { maxStale: '1h', wen: 1 } },
    "staleIfError.wen is not an option; did you mean 'when'?",
  ],
  ['staleErrorThrottle', { staleErrorThrottle: Infinity }, 'staleErrorThrottle must be finite, got Infinity'],
  ['singleFlight', { singleFlight: 0 }, 'singleFlight must be true or false, got 0'],
  ['key', { key: 'id' }, "key must be a function, got 'id'"],
  [
    'scope',
    { scope: 'klass' },
    "scope must be one of 'instance', 'class' (did you mean 'class'?), or a function, got 'klass'",
  ],
  ['cacheIf', { cacheIf: true }, 'cacheIf must be a function, got true'],
  ['ttlJitter', { ttlJitter: 1.5 }, 'ttlJitter must be a number from 0 to 1, got 1.5'],
  ['ttlBounds', { ttlBounds: 5 }, 'ttlBounds must be an object, got 5'],
  ['ttlBounds', { ttlBounds: { min: '2m', max: '1m' } }, 'ttlBounds.min must be <= ttlBounds.max'],
  [
    'clone',
    { clone: 'structred' },
    "clone must be one of 'none', 'structured' (did you mean 'structured'?), or a function, got 'structred'",
  ],
  ['tags', { tags: 'product' }, "tags must be an array, or a function, got 'product'"],
  ['tags[1]', { tags: ['product', 7] }, 'tags[1] must be a non-empty string, got 7'],
  ['tags[0]', { tags: ['x'.repeat(257)] }, `tags[0] must be at most 256 characters long, got '${'x'.repeat(40)}…'`],
  ['tags', { tags: Array(65).fill('x') }, 'tags must hold at most 64, got an array'],
  ['invalidateOn', { invalidateOn: 401 }, 'invalidateOn must be a function, got 401'],
  ['enabled', { enabled: 'yes' }, "enabled must be true or false, got 'yes'"],
  ['name', { name: '' }, "name must be a non-empty string, got ''"],
]);

check('@CircuitBreaker', CircuitBreaker, [
  ['failureThreshold', { failureThreshold: 0 }, 'failureThreshold must be >= 1, got 0'],
  ['failureTreshold', { failureTreshold: 5 }, "failureTreshold is not an option; did you mean 'failureThreshold'?"],
  ['recoveryTimeout', { recoveryTimeout: 0 }, 'recoveryTimeout must be longer than 0, or a function, got 0'],
  ['recoveryTimeout', { recoveryTimeout: 'soon' }, `recoveryTimeout ${DURATION}, or a function, got 'soon'`],
  ['halfOpenMaxCalls', { halfOpenMaxCalls: 0 }, 'halfOpenMaxCalls must be >= 1, got 0'],
  ['window', { window: 'count' }, "window must be an object such as { type: 'count', size: 20 }, got 'count'"],
  ['window.size', { window: { type: 'count' } }, 'window.size is missing'],
  ['window.size', { window: { type: 'count', size: 0 } }, 'window.size must be >= 1, got 0'],
  ['window.duration', { window: { type: 'time' } }, 'window.duration is missing'],
  ['window.duration', { window: { type: 'time', duration: 1 } }, 'window.duration must be >= 10 ms, got 1'],
  [
    'window.failureRate',
    { window: { type: 'time', duration: '1m', failureRate: 50 } },
    'window.failureRate must be a number from 0 to 1, got 50',
  ],
  [
    'window.failureRate',
    { window: { type: 'count', size: 5, failureRate: 0 } },
    'window.failureRate must be greater than 0, got 0',
  ],
  ['window.size', { window: { type: 'consecutive', size: 5 } }, 'window.size is not an option; known options: type'],
  ['slowCall', { slowCall: '2s' }, "slowCall must be an object, got '2s'"],
  ['slowCall.rate', { slowCall: { duration: '1s', rate: 0 } }, 'slowCall.rate must be greater than 0, got 0'],
  ['recoveryJitter', { recoveryJitter: 2 }, 'recoveryJitter must be a number from 0 to 1, got 2'],
  ['failureIf', { failureIf: [] }, 'failureIf must be a function, got an array'],
  ['failureOn', { failureOn: 'E' }, "failureOn must be an array, got 'E'"],
  [
    'scope',
    { scope: 'instances' },
    "scope must be one of 'class', 'instance' (did you mean 'instance'?), got 'instances'",
  ],
  ['name', { name: 'a', scope: 'instance' }, "name shares one circuit, scope 'instance' separates them; keep one"],
]);

check('@Timeout', Timeout, [
  ['attempt', 0, 'attempt must be longer than 0, got 0'],
  ['attempt', -1, 'attempt must be >= 0 ms, got -1'],
  ['attempt', NaN, `attempt ${DURATION}, got NaN`],
  ['attempt', '2 s econds', `attempt ${DURATION}, got '2 s econds'`],
  [undefined, {}, "needs a duration: '2s' per attempt, or { attempt, total }"],
  [undefined, undefined, "needs a duration: '2s' per attempt, or { attempt, total }"],
  ['attemp', { attemp: '2s' }, "attemp is not an option; did you mean 'attempt'?"],
  ['total', { total: 'x' }, `total ${DURATION}, got 'x'`],
  [undefined, null, 'options must be an object, got null'],
]);

check('@Fallback', Fallback, [
  [undefined, undefined, 'needs a function (error, ...args) => value, or { value }'],
  [undefined, {}, 'needs a function (error, ...args) => value, or { value }'],
  [undefined, 'x', "options must be an object, got 'x'"],
  ['val', { val: 1 }, 'val is not an option; known options: handler, value, when'],
  ['value', { value: 1, handler: () => 1 }, 'has both a value and a handler; keep one'],
  ['handler', { handler: 1 }, 'handler must be a function, got 1'],
  ['when', { value: 1, when: true }, 'when must be a function, got true'],
  [undefined, { when: () => true }, 'needs a function (error, ...args) => value, or { value }'],
]);

check('@Invalidates', Invalidates, [
  [
    'target',
    undefined,
    "target is missing; name the cached method: { target: 'product', keys: (id) => [id] }, or give tags",
  ],
  ['target', {}, "target is missing; name the cached method: { target: 'product', keys: (id) => [id] }, or give tags"],
  ['keys', { tags: ['a'], keys: () => [] }, 'keys needs target, the cached method whose keys they are'],
  ['tags', { tags: [] }, 'tags must name a tag at least, got an array'],
  ['tags[1]', { tags: ['a', ''] }, "tags[1] must be a non-empty string, got ''"],
  ['tags', { tags: 'a' }, "tags must be an array, or a function, got 'a'"],
  ['target', { target: '' }, "target must be a non-empty string, got ''"],
  ['keys', { target: 'x', keys: 'id' }, "keys must be a function, got 'id'"],
  [
    'when',
    { target: 'x', when: 'succes' },
    "when must be one of 'attempted', 'success', 'always' (did you mean 'success'?), got 'succes'",
  ],
]);

check('@Resilient', Resilient, [
  [undefined, undefined, 'needs options or the name of a policy, got undefined'],
  [undefined, '', "needs options or the name of a policy, got ''"],
  [undefined, 5, 'needs options or the name of a policy, got 5'],
  ['rtry', { rtry: true }, "rtry is not an option; did you mean 'retry'?"],
  [
    'name',
    { name: 'x' },
    'name is not an option; known options: adaptiveConcurrency, adaptiveThrottle, async, bulkhead, cache, chaos, circuitBreaker, exclude, fallback, hedge, include, invalidates, order, policy, rateLimit, retry, silence, timeout',
  ],
  ['order', { order: 'retry' }, "order must be an array, got 'retry'"],
  ['order[0]', { order: [5] }, 'order[0] must be a non-empty string, got 5'],
  [
    'order',
    { order: ['retry', 'cahced'] },
    "order: there is no policy 'cahced'; known: adaptive-concurrency, adaptive-throttle, bulkhead, cached, chaos, circuit-breaker, fallback, hedge, invalidates, rate-limit, retry, timeout, total-timeout",
  ],
  ['order', { order: ['retry', 'retry'] }, "order names 'retry' twice"],
  ['async', { async: 'yes' }, "async must be true or false, got 'yes'"],
  ['policy', { policy: '' }, "policy must be a non-empty string, got ''"],
  ['include', { include: ['x'] }, 'include and exclude belong to @Resilient on a class'],
]);

check('@Resilient retry', (retry) => Resilient({ retry }), [
  [undefined, 3, 'options must be an object, got 3'],
  [undefined, null, 'options must be an object, got null; leave the policy out, or write false'],
  ['maxAttempts', { maxAttempts: 0 }, 'maxAttempts must be >= 1, got 0'],
]);
check('@Resilient timeout', (timeout) => Resilient({ timeout }), [
  [undefined, true, "needs a duration: '2s' per attempt, or { attempt, total }"],
]);
check('@Resilient fallback', (fallback) => Resilient({ fallback }), [
  [undefined, true, 'needs a function (error, ...args) => value, or { value }'],
]);

describe('contradictions between options are told at the first call, and in explain()', () => {
  test.each([
    [
      { halfOpenMaxCalls: 1, successThreshold: 2 },
      'halfOpenMaxCalls must be >= successThreshold, got 1 < 2; the circuit could never close',
    ],
    [
      { window: { type: 'count', size: 5, minimumCalls: 6 } as const },
      'window.minimumCalls must be <= window.size, got 6 > 5; the circuit could never open',
    ],
  ])('%j', async (options, problem) => {
    class Orders {
      @CircuitBreaker(options)
      async place(): Promise<void> {}
    }
    const message = `@CircuitBreaker on Orders.place: ${problem}`;
    expect(thrownBy(() => explain(virtualWorld().own(new Orders()))).message).toBe(message);
    await expect(virtualWorld().own(new Orders()).place()).rejects.toMatchObject({ message });
  });
});

describe('configure and createRuntime refuse', () => {
  test.each([
    [undefined, undefined, ': options must be an object, got undefined'],
    [undefined, 5, ': options must be an object, got 5'],
    ['enabld', { enabld: true }, ": enabld is not an option; did you mean 'enabled'?"],
    ['enabled', { enabled: 1 }, ': enabled must be true or false, got 1'],
    ['logger', { logger: true }, ': logger must be an object, or false, got true'],
    [
      'logLevel',
      { logLevel: 'inof' },
      ": logLevel must be one of 'debug', 'info', 'warn', 'error', 'silent' (did you mean 'info'?), got 'inof'",
    ],
    ['classifiers[0]', { classifiers: [1] }, ': classifiers[0] must be a function, got 1'],
    [
      'clock',
      { clock: {} },
      ": clock must be 'exact', 'system', or a clock with now(), wall() and setTimer(), got an object",
    ],
    [
      'clock',
      { clock: 'exakt' },
      ": clock must be 'exact', 'system', or a clock with now(), wall() and setTimer(), got 'exakt'",
    ],
    ['random', { random: 4 }, ': random must be a function, got 4'],
    ['captureStacks', { captureStacks: 1 }, ': captureStacks must be true or false, got 1'],
    ['context', { context: 1 }, ': context must be true or false, got 1'],
    ['defaults', { defaults: 5 }, ': defaults must be an object, got 5'],
    [
      'defaults',
      { defaults: { retry: false } },
      ': defaults.retry: false switches nothing off; use enabled: false, or false at the method',
    ],
    ['maxAttempts', { defaults: { retry: { maxAttempts: 0 } } }, ' defaults retry: maxAttempts must be >= 1, got 0'],
    ['rtry', { defaults: { rtry: {} } }, " defaults: rtry is not an option; did you mean 'retry'?"],
    ['defaults', { defaults: { order: ['retry'] } }, ": defaults: 'order' is not a policy"],
    [
      'defaults',
      { defaults: { cache: { name: 'x' } } },
      ': defaults.cache.name: belongs to one method; write it at that method',
    ],
    [
      'defaults',
      { defaults: { circuitBreaker: { key: () => 1 } } },
      ': defaults.circuitBreaker.key: belongs to one method; write it at that method',
    ],
    ['policies', { policies: [] }, ': policies must be an object, got an array'],
    [undefined, { policies: { a: 5 } }, ' policies.a: needs options or the name of a policy, got 5'],
    [
      'policy',
      { policies: { a: 'bb' } },
      " policies.a: there is no policy named 'bb'; known: a, database, http, llm, queue, strict",
    ],
    [
      'maxAttempts',
      { policies: { a: { retry: { maxAttempts: 0 } } } },
      ' policies.a retry: maxAttempts must be >= 1, got 0',
    ],
    ['order', { policies: { a: { order: ['retry'] } } }, ' policies.a: order belongs to @Resilient; write it there'],
    ['async', { policies: { a: { async: true } } }, ' policies.a: async belongs to @Resilient; write it there'],
  ])('%s in %j', (option, options, problem) => {
    expect(thrownBy(() => configure(options as never))).toMatchObject({
      name: 'ConfigurationError',
      code: 'CONFIGURATION',
      message: `configure${problem}`,
      option,
    });
    if (options !== undefined)
      expect(thrownBy(() => createRuntime(options as never)).message).toBe(`createRuntime${problem}`);
  });
});

describe('a wrong option names the line of source', () => {
  test('at the end of the message', () => {
    expect(refusal(() => Retry({ maxAttempts: 0 })).message).toMatch(/ \(both\/bad-options\.test\.ts:\d+:\d+\)$/);
  });

  test('also where Error.stackTraceLimit is 0: without it', () => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      expect(refusal(() => Retry({ maxAttempts: 0 })).message).toBe(
        `${site('@Retry')}: maxAttempts must be >= 1, got 0`,
      );
    } finally {
      Error.stackTraceLimit = limit;
    }
  });
});

/* Options of other folders, kept here until they are mended there. */
describe('policies/circuit-breaker/options.ts refuses', () => {
  test.each([
    [
      'window.type',
      { window: { type: 'counts', size: 5 } },
      "window.type must be one of 'consecutive', 'count', 'time' (did you mean 'count'?), got 'counts'",
    ],
    ['slowCall.rate', { slowCall: { duration: '1s' } }, 'slowCall.rate is missing'],
    ['slowCall.duration', { slowCall: { rate: 0.5 } }, 'slowCall.duration is missing'],
  ])('%s in %j', (option, options, problem) => {
    const error = refusal(() => CircuitBreaker(options as never));
    expect(withoutSource(error.message)).toBe(`${site('@CircuitBreaker')}: ${problem}`);
    expect(error).toMatchObject({ option });
  });
});
