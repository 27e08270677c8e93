import * as fc from 'fast-check';
import { RejectedError } from './rejected-error.js';
import { headerOf, retryAfterOf } from './retry-after.js';

const NOW = Date.UTC(2026, 0, 15, 12);
const throwing = (): never => {
  throw new Error('trap');
};
const hostileProxy: object = new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing });
const endless = {
  *[Symbol.iterator]() {
    for (;;) yield ['x', '1'];
  },
};

describe('headerOf', () => {
  it.each([
    ['Headers', new Headers({ 'Retry-After': '5' })],
    ['a Map', new Map([['retry-after', '5']])],
    ['a Map in another case', new Map([['Retry-After', '5']])],
    [
      'pairs',
      [
        ['x', '1'],
        ['Retry-After', '5'],
      ],
    ],
    ['a plain object', { 'retry-after': '5' }],
    ['a plain object in another case', { 'RETRY-AFTER': '5' }],
    [
      'a frozen object without prototype',
      Object.freeze(Object.assign(Object.create(null) as object, { 'Retry-After': '5' })),
    ],
    ['an object with a getter', { get: (name: string) => (name === 'retry-after' ? '5' : undefined) }],
    ['an object with a header named get', { get: 'x', 'retry-after': '5' }],
    ['an object whose getter finds nothing', { get: () => null, 'retry-after': '5' }],
  ])('reads %s', (_, headers) => {
    expect(headerOf(headers, 'retry-after')).toBe('5');
  });

  it.each([
    undefined,
    null,
    'retry-after: 5',
    5,
    {},
    [],
    [null, 5],
    new Headers(),
    new Map([[5, 5]]),
    hostileProxy,
    endless,
    { get: throwing },
  ])('finds nothing (%#)', (headers) => {
    expect(headerOf(headers, 'retry-after')).toBeUndefined();
  });
});

describe('retryAfterOf', () => {
  it.each<[string, unknown, number]>([
    ['a number on a foreign error is seconds', { retryAfter: 2 }, 2000],
    [
      'a number on our own error is milliseconds',
      new RejectedError('x', { code: 'RATE_LIMITED', retryAfter: 250 }),
      250,
    ],
    ['text is the header', { retryAfter: '2' }, 2000],
    ['a date', { retryAfter: 'Thu, 15 Jan 2026 12:00:30 GMT' }, 30_000],
    ['a date that is past', { headers: { 'retry-after': 'Thu, 15 Jan 2026 11:00:00 GMT' } }, 0],
    ['headers', { headers: new Headers({ 'Retry-After': '5' }) }, 5000],
    ['headers of the response', { response: { headers: { 'Retry-After': '5' } } }, 5000],
    ['a number as header', { headers: { 'retry-after': 5 } }, 5000],
    ['a header given twice', { headers: { 'retry-after': ['soon', '5'] } }, 5000],
    ['milliseconds before seconds', { headers: { 'retry-after-ms': '250', 'retry-after': '1' } }, 250],
    [
      'garbage before sense',
      { retryAfter: 'soon', headers: { 'retry-after-ms': 'soon' }, response: { headers: { 'retry-after': '1' } } },
      1000,
    ],
    ['a cause', new Error('x', { cause: { headers: { 'retry-after': '5' } } }), 5000],
    ['the property before the headers', { retryAfter: 1, headers: { 'retry-after': '5' } }, 1000],
  ])('finds it: %s', (_, error, milliseconds) => {
    expect(retryAfterOf(error, NOW)).toBe(milliseconds);
  });

  it.each([
    undefined,
    null,
    'retry-after: 5',
    5,
    new Error('x'),
    { retryAfter: -1 },
    { retryAfter: NaN },
    { headers: { 'retry-after': 'soon' } },
    { headers: { 'retry-after': [] } },
    { headers: { 'retry-after': hostileProxy } },
    { headers: hostileProxy },
    { response: hostileProxy },
    hostileProxy,
    new RejectedError('x', { code: 'CIRCUIT_OPEN' }),
  ])('finds nothing (%#)', (error) => {
    expect(retryAfterOf(error, NOW)).toBeUndefined();
  });

  it('is total', () => {
    const record = fc.record({
      retryAfter: fc.anything(),
      headers: fc.anything(),
      response: fc.anything(),
      cause: fc.anything(),
    });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), record), (error) => {
        const wait = retryAfterOf(error, NOW);
        expect(wait === undefined || (wait >= 0 && Number.isFinite(wait))).toBe(true);
      }),
    );
  });
});
