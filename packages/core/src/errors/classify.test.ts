import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import * as fc from 'fast-check';
import { CacheStoreError } from './cache-store-error.js';
import {
  type Classifier,
  type ErrorClass,
  VERDICTS,
  classifyError,
  classifyInternal,
  isBeforeSending,
} from './classify.js';
import { ConfigurationError } from './configuration-error.js';
import { RejectedError } from './rejected-error.js';
import { ResilienceError } from './resilience-error.js';
import { TimedOutError } from './timed-out-error.js';

const withCode = (code: unknown, extra: object = {}): Error => Object.assign(new Error('x'), { code }, extra);
const withStatus = (status: number, message = 'x'): Error => Object.assign(new Error(message), { status });
const named = (name: string, message = 'x', extra: object = {}): Error =>
  Object.assign(new Error(message), { name }, extra);
const caused = (cause: unknown, message = 'x'): Error => new Error(message, { cause });
const fetchError = (message: string, cause?: unknown): TypeError => new TypeError(message, { cause });
const refused = (): RejectedError => new RejectedError('no', { code: 'CIRCUIT_OPEN' });
const throwing = (): never => {
  throw new Error('trap');
};
const hostileProxy = new Proxy(new Error('x'), {
  get: throwing,
  has: throwing,
  getPrototypeOf: throwing,
  ownKeys: throwing,
});

/** One line of the table: class, then what follows from it. */
const TABLE: [ErrorClass, retry: boolean, breaker: string, stale: boolean, dropsEntry: boolean, fallback: boolean][] = [
  ['abort', false, 'neutral', false, false, false],
  ['configuration', false, 'neutral', false, false, false],
  ['rejection', false, 'neutral', true, false, true],
  ['transient', true, 'failure', true, false, true],
  ['unknown', true, 'failure', true, false, true],
  ['authentication', false, 'success', false, true, true],
  ['authorization', false, 'success', false, true, true],
  ['notFound', false, 'success', false, true, true],
  ['permanent', false, 'success', false, false, true],
  ['programmer', false, 'neutral', false, false, true],
];

describe('VERDICTS', () => {
  it.each(TABLE)('follow the table for %s', (errorClass, retry, breaker, stale, dropsEntry, fallback) => {
    expect(VERDICTS[errorClass]).toEqual({ retry, breaker, stale, dropsEntry, fallback });
    expect(Object.isFrozen(VERDICTS[errorClass])).toBe(true);
  });

  it('have no other class and cannot be changed', () => {
    expect(Object.keys(VERDICTS)).toEqual(TABLE.map(([errorClass]) => errorClass));
    expect(Object.isFrozen(VERDICTS)).toBe(true);
  });
});

const TRANSIENT_CODES = [
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND', 'EHOSTUNREACH', 'ECONNABORTED'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_SOCKET', 'ERR_NETWORK'],
  ...['ConnectionRefused', 'ConnectionClosed', 'FailedToOpenSocket'],
];
const FETCH_MESSAGES = [
  ...['fetch failed', 'terminated', 'Failed to fetch', 'network error', 'Load failed', 'Network request failed'],
  'NetworkError when attempting to fetch resource.',
  'The Internet connection appears to be offline.',
  'error sending request for url (https://example.invalid/)',
  'error sending request from 127.0.0.1:1 for http://localhost/ (127.0.0.1:2): client error (SendRequest): connection error',
  'client error (Connect)',
  'Unable to connect. Is the computer able to access the url?',
];

describe('classifyInternal', () => {
  it.each<[string, ErrorClass, unknown]>([
    ['an abort', 'abort', new DOMException('x', 'AbortError')],
    ['the reason of an AbortController', 'abort', AbortSignal.abort().reason],
    ['an AbortError by name', 'abort', named('AbortError')],
    ['ABORT_ERR', 'abort', withCode('ABORT_ERR')],
    ['an abort of undici', 'abort', withCode('UND_ERR_ABORTED')],
    ['an abort of axios', 'abort', withCode('ERR_CANCELED')],
    ['a DOMException under another name', 'abort', { name: 'Stopped', code: 20, ABORT_ERR: 20 }],
    ["a driver's own code 20", 'unknown', withCode(20)],
    ['a wrapped abort', 'abort', caused(named('AbortError'))],
    ['a fetch that failed of an abort', 'abort', fetchError('fetch failed', named('AbortError'))],
    ['an abort because of another error', 'abort', named('AbortError', 'x', { cause: new Error('changed my mind') })],
    [
      'an abort because of a timeout',
      'transient',
      named('AbortError', 'x', { cause: new DOMException('x', 'TimeoutError') }),
    ],
    [
      'an abort because of our timeout',
      'transient',
      named('AbortError', 'x', { cause: new TimedOutError('A.b', 'total', 9) }),
    ],
    ['a DOMException TimeoutError', 'transient', new DOMException('x', 'TimeoutError')],
    ['a ConfigurationError', 'configuration', new ConfigurationError('x')],
    ['a refusal', 'rejection', refused()],
    ['a wrapped refusal', 'rejection', caused(refused())],
    ['a TimedOutError', 'transient', new TimedOutError('A.b', 'attempt', 9)],
    ['a CacheStoreError', 'transient', new CacheStoreError('x', {})],
    ['an unkeyable argument', 'programmer', new ResilienceError('x', { code: 'UNKEYABLE' })],
    ["an error of a user's policy", 'unknown', new ResilienceError('x', { code: 'MY_POLICY' })],
    [
      "an error of a user's policy with a cause",
      'notFound',
      new ResilienceError('x', { code: 'MY', cause: withStatus(404) }),
    ],
    ['an error without status or code', 'unknown', new Error('DB is down')],
    ['an error with a code nobody knows', 'unknown', withCode('P2002')],
    ['a status that is no failure', 'unknown', withStatus(200)],
    ['a SyntaxError from parsing', 'unknown', new SyntaxError('"permission denied" is not valid JSON')],
    ['a TypeError', 'programmer', new TypeError("Cannot read properties of undefined (reading 'connection')")],
    ['a RangeError', 'programmer', new RangeError('x')],
    ['a ReferenceError', 'programmer', new ReferenceError('x')],
    ['a TypeError with a network code', 'transient', Object.assign(new TypeError('x'), { code: 'ECONNRESET' })],
    ['a bad URL', 'programmer', fetchError('Failed to parse URL from x', withCode('ERR_INVALID_URL'))],
    ['a wrong argument to undici', 'programmer', withCode('UND_ERR_INVALID_ARG')],
    ["undici's response error", 'notFound', withCode('UND_ERR_RESPONSE', { statusCode: 404 })],
    ["axios's response error", 'permanent', withCode('ERR_BAD_REQUEST', { response: { status: 400 } })],
    ['a cause with a status', 'notFound', caused(caused(withStatus(404)))],
    ['a cause with a code', 'transient', caused(withCode('ECONNRESET'))],
    ['a cause that is a bug', 'unknown', caused(new TypeError('x'))],
    ['words against a cause', 'transient', caused(withStatus(503), 'permission denied')],
    ["Deno's connection errors", 'transient', named('ConnectionReset')],
    [
      'an AggregateError of transient ones',
      'transient',
      new AggregateError([withCode('ECONNREFUSED'), withStatus(503)]),
    ],
    ['an AggregateError of refusals', 'authorization', new AggregateError([withStatus(403), withStatus(403)])],
    ['an AggregateError that disagrees', 'unknown', new AggregateError([withStatus(403), withStatus(503)])],
    ['an empty AggregateError', 'unknown', new AggregateError([])],
    ['a wrapped AggregateError', 'transient', fetchError('x', new AggregateError([withCode('ETIMEDOUT')]))],
    ['403 with an expired token', 'authentication', withStatus(403, 'token expired')],
    [
      '403 with an expired token in the body',
      'authentication',
      { status: 403, response: { body: { errors: ['invalid token'] } } },
    ],
    ['words: permission denied', 'authorization', new Error('permission denied: connection reset')],
    ['words: invalid token', 'authentication', new Error('Invalid token')],
    ['words: token expired', 'authentication', new Error('the token has expired')],
    ['words: no secrets', 'notFound', new Error('no secrets at kv/x')],
    ['words: not found', 'notFound', new Error('Widget not found')],
    ['words: host not found', 'unknown', new Error('host not found')],
    ['words: connection', 'transient', new Error('Connection lost')],
    ['words: timeout', 'transient', 'timeout'],
    ['words of a body', 'authorization', { data: 1, response: { data: { errors: ['permission denied'] } } }],
    ['undefined', 'unknown', undefined],
    ['null', 'unknown', null],
    ['a number', 'unknown', 404],
    ['a symbol', 'unknown', Symbol('x')],
    ['a frozen object', 'notFound', Object.freeze({ status: 404 })],
    ['a function', 'unknown', () => 1],
    ['a hostile proxy', 'unknown', hostileProxy],
    ['a wrapped hostile proxy', 'unknown', caused(hostileProxy)],
  ])('puts %s into %s', (_, errorClass, error) => {
    expect(classifyInternal(error)).toBe(errorClass);
  });

  it.each(TRANSIENT_CODES)('takes %s for transient, also as a cause and on a TypeError', (code) => {
    for (const error of [withCode(code), caused(withCode(code)), fetchError('x', withCode(code))]) {
      expect(classifyInternal(error)).toBe('transient');
    }
  });

  it.each(FETCH_MESSAGES)('takes the TypeError "%s" for transient, also as a cause', (message) => {
    for (const error of [fetchError(message), fetchError(message, new Error('why')), caused(fetchError(message))]) {
      expect(classifyInternal(error)).toBe('transient');
    }
  });

  it("takes Bun's plain errors for transient by their words", () => {
    expect(classifyInternal(new Error('Unable to connect. Is the computer able to access the url?'))).toBe('transient');
    expect(classifyInternal(new Error('Was there a typo in the url or port?'))).toBe('transient');
  });

  it('knows a fetch that this very runtime could not make', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const error: unknown = await fetch(`http://127.0.0.1:${port}/`).catch((reason: unknown) => reason);
    expect([classifyInternal(error), isBeforeSending(error)]).toEqual(['transient', true]);
  });

  it('gives every status its class', () => {
    const special: Record<number, ErrorClass> = {
      401: 'authentication',
      403: 'authorization',
      404: 'notFound',
      410: 'notFound',
    };
    for (const status of [408, 412, 425, 429, 472, 473]) special[status] = 'transient';
    for (let status = 100; status < 600; status++) {
      const ordinary = status < 400 ? 'unknown' : status < 500 ? 'permanent' : 'transient';
      expect([status, classifyInternal(withStatus(status))]).toEqual([status, special[status] ?? ordinary]);
    }
  });

  it('ends on cycles, chains without end and aggregates that contain themselves', () => {
    const cyclic = caused(undefined);
    cyclic.cause = caused(cyclic);
    const nested = new AggregateError([]);
    nested.errors.push(...Array.from({ length: 100 }, () => caused(nested)));
    const endless = (): object => ({
      get cause() {
        return endless();
      },
    });
    for (const error of [cyclic, nested, endless()]) expect(classifyInternal(error)).toBe('unknown');
  });

  it('is total', () => {
    const arbitrary = fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true });
    const field = fc.oneof(arbitrary, fc.string(), fc.integer({ min: 0, max: 700 }));
    const record = fc.record({
      name: field,
      code: field,
      status: field,
      message: field,
      errors: field,
      cause: field,
      response: field,
    });
    fc.assert(
      fc.property(fc.oneof(arbitrary, record), (thrown) => {
        expect(VERDICTS).toHaveProperty(classifyInternal(thrown));
        expect(typeof isBeforeSending(thrown)).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a classifier', () => {
  const answers =
    (answer: unknown): Classifier =>
    () =>
      answer as 'permanent';

  it('goes before the table, the first answer first', () => {
    const classifiers = [answers(undefined), answers('notFound'), answers('permanent')];
    expect(classifyInternal(withStatus(503), classifiers)).toBe('notFound');
    expect(classifyError(withStatus(503), classifiers)).toBe('notFound');
  });

  it.each([undefined, null, 'abort', 'retry it', true, {}])('says nothing with %p', (answer) => {
    expect(classifyInternal(withStatus(503), [answers(answer)])).toBe('transient');
  });

  it('is skipped and reported when it throws', () => {
    const thrown: unknown[] = [];
    const trap = new Error('bug');
    const buggy: Classifier = () => {
      throw trap;
    };
    expect(classifyInternal(withStatus(503), [buggy, answers('permanent')], (error) => thrown.push(error))).toBe(
      'permanent',
    );
    expect(thrown).toEqual([trap]);
    expect(classifyInternal(withStatus(404), [buggy])).toBe('notFound');
    expect(classifyInternal(withStatus(404), [buggy], buggy)).toBe('notFound');
  });
});

describe('classifyError', () => {
  it.each([
    ['transient', new Error('DB is down')],
    ['transient', withStatus(429)],
    ['authentication', withStatus(401)],
    ['authorization', withStatus(403)],
    ['notFound', withStatus(404)],
    ['permanent', withStatus(400)],
    ['permanent', named('AbortError')],
    ['permanent', new ConfigurationError('x')],
    ['permanent', refused()],
    ['permanent', new TypeError('x')],
  ])('answers %s (%#)', (publicClass, error) => {
    expect(classifyError(error)).toBe(publicClass);
  });

  it('says transient exactly where the table retries', () => {
    const errors = [
      null,
      'x',
      new Error('x'),
      new TypeError('x'),
      withStatus(404),
      withStatus(503),
      refused(),
      named('AbortError'),
    ];
    for (const error of errors) {
      expect(classifyError(error) === 'transient').toBe(VERDICTS[classifyInternal(error)].retry);
    }
  });
});

describe('isBeforeSending', () => {
  it.each([
    ['a refused connection', withCode('ECONNREFUSED')],
    ['a name that does not resolve', withCode('ENOTFOUND', { syscall: 'getaddrinfo' })],
    ['a name server that is busy', withCode('EAI_AGAIN')],
    ['an unreachable host', withCode('EHOSTUNREACH')],
    ['a connect timeout of undici', fetchError('fetch failed', withCode('UND_ERR_CONNECT_TIMEOUT'))],
    ['a connect timeout of the system', withCode('ETIMEDOUT', { syscall: 'connect' })],
    ['a fetch that was refused', fetchError('fetch failed', withCode('ECONNREFUSED', { syscall: 'connect' }))],
    ["Bun's refused connection", withCode('ConnectionRefused')],
    [
      "Deno's refused connection",
      fetchError('error sending request for url (http://x/): client error (Connect): tcp connect error'),
    ],
    ['a refusal of a policy', refused()],
    ['a wrapped refusal', caused(refused())],
    ['all addresses refused', new AggregateError([withCode('ECONNREFUSED'), withCode('ENOTFOUND')])],
  ])('is true for %s', (_, error) => {
    expect(isBeforeSending(error)).toBe(true);
  });

  it.each([
    ['a reset connection', withCode('ECONNRESET')],
    ['a reset connection whose reconnect was refused', withCode('ECONNRESET', { cause: withCode('ECONNREFUSED') })],
    ['a route lost while writing', withCode('EHOSTUNREACH', { syscall: 'write' })],
    ['a timeout', withCode('ETIMEDOUT')],
    ['our timeout', new TimedOutError('A.b', 'attempt', 9)],
    ['a lost socket', fetchError('fetch failed', withCode('UND_ERR_SOCKET'))],
    ['an answer', withStatus(503)],
    ['an answer about a refused connection behind', Object.assign(withStatus(502), { code: 'ECONNREFUSED' })],
    ['an abort', named('AbortError')],
    ['an error that says nothing', new Error('DB is down')],
    ['a mixed AggregateError', new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNRESET')])],
    ['an empty AggregateError', new AggregateError([])],
    ['nothing', undefined],
    ['a hostile proxy', hostileProxy],
  ])('is false for %s', (_, error) => {
    expect(isBeforeSending(error)).toBe(false);
  });

  it('ends on an aggregate that contains itself', () => {
    const nested = new AggregateError([]);
    nested.errors.push(nested);
    expect(isBeforeSending(nested)).toBe(false);
  });
});
