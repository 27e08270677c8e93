import fc from 'fast-check';
import { type FreshnessHeaders, freshnessOf, parseCacheControl } from './cache-control.js';

const NONE: FreshnessHeaders = {
  cacheControl: undefined,
  expires: undefined,
  date: undefined,
  age: undefined,
  vary: undefined,
};
const SUNDAY = 'Sun, 06 Nov 1994 08:49:37 GMT';
const NEXT_MINUTE = 'Sun, 06 Nov 1994 08:50:37 GMT';

const of = (headers: Partial<FreshnessHeaders>, rules: { isShared?: boolean; now?: number } = {}) =>
  freshnessOf({ ...NONE, ...headers }, { isShared: false, now: undefined, ...rules });
const lifetime = (cacheControl: string, isShared = false): number | undefined =>
  of({ cacheControl }, { isShared })?.lifetime;

test('directives are read in any case, with quotes and commas inside of them, and with blanks', () => {
  expect(parseCacheControl('Max-Age=60, private="a, b" , no-transform,x = "y\\"z"')).toEqual(
    new Map([
      ['max-age', ['60']],
      ['private', ['a, b']],
      ['no-transform', ['']],
      ['x', ['y\\"z']],
    ]),
  );
});

test('a directive inside of quotes is none', () => {
  expect(lifetime('max-age=60, ext="no-store, max-age=1"')).toBe(60_000);
});

test.each([
  ['max-age=60', 60_000],
  ['max-age="60"', 60_000],
  ['max-age=60, immutable', 60_000],
  ['max-age=60, s-maxage=10', 60_000],
  ['public, must-understand', undefined],
  ['', undefined],
  ['max-age=60, max-age=30', 30_000],
  ['max-age=abc', 0],
  ['max-age=-5', 0],
  ['max-age', 0],
  ['max-age=99999999999999', 2 ** 31 * 1000],
])('%p gives a private cache the lifetime %p', (cacheControl, expected) => {
  expect(lifetime(cacheControl)).toBe(expected);
});

test('s-maxage counts in shared caches, and forbids old answers there', () => {
  expect(of({ cacheControl: 'max-age=60, s-maxage=10' }, { isShared: true })).toMatchObject({
    lifetime: 10_000,
    mustRevalidate: true,
  });
  expect(of({ cacheControl: 'max-age=60, s-maxage=10' })?.mustRevalidate).toBe(false);
});

test.each(['no-store', 'no-cache', 'max-age=60, no-cache="set-cookie"', 'NO-STORE, max-age=60'])(
  '%p is not to be kept',
  (cacheControl) => expect(of({ cacheControl })).toBeUndefined(),
);

test('private responses are kept in private caches alone, and those that vary by everything nowhere', () => {
  expect(lifetime('private, max-age=60')).toBe(60_000);
  expect(of({ cacheControl: 'private, max-age=60' }, { isShared: true })).toBeUndefined();
  expect(of({ cacheControl: 'max-age=60', vary: '*' })).toBeUndefined();
  expect(of({ cacheControl: 'max-age=60', vary: 'accept' })).toBeDefined();
});

test('Expires counts from Date, where max-age does not say', () => {
  expect(of({ expires: NEXT_MINUTE, date: SUNDAY })?.lifetime).toBe(60_000);
  expect(of({ expires: NEXT_MINUTE, date: SUNDAY, cacheControl: 'max-age=5' })?.lifetime).toBe(5_000);
  expect(of({ expires: SUNDAY, date: NEXT_MINUTE })?.lifetime).toBe(0);
  expect(of({ expires: '0', date: SUNDAY })?.lifetime).toBe(0);
});

test('Expires without Date counts from now where that is given, and else says nothing', () => {
  const now = Date.parse(SUNDAY);
  expect(of({ expires: NEXT_MINUTE })?.lifetime).toBeUndefined();
  expect(of({ expires: NEXT_MINUTE }, { now })?.lifetime).toBe(60_000);
  expect(of({ expires: NEXT_MINUTE, date: 'never' }, { now })?.lifetime).toBe(60_000);
});

test.each([
  ['30', 30_000],
  ['30, 40', 30_000],
  [undefined, 0],
  ['old', 0],
])('the Age %p is %p ms', (age, expected) => {
  expect(of({ age })?.age).toBe(expected);
});

test('old answers are spoken of by stale-while-revalidate, stale-if-error, must-revalidate and proxy-revalidate', () => {
  expect(of({ cacheControl: 'stale-while-revalidate=10, stale-if-error=20' })).toMatchObject({
    staleWhileRevalidate: 10_000,
    staleIfError: 20_000,
    mustRevalidate: false,
  });
  expect(of({ cacheControl: 'must-revalidate' })?.mustRevalidate).toBe(true);
  expect(of({ cacheControl: 'proxy-revalidate' })?.mustRevalidate).toBe(false);
  expect(of({ cacheControl: 'proxy-revalidate' }, { isShared: true })?.mustRevalidate).toBe(true);
});

test('whatever the headers, nothing throws and no lifetime is negative or endless', () => {
  const text = fc.option(
    fc.oneof(fc.string(), fc.constantFrom('max-age=', 's-maxage=1', SUNDAY, '"'), fc.string({ unit: 'binary' })),
    { nil: undefined },
  );
  const headers = fc.record({ cacheControl: text, expires: text, date: text, age: text, vary: text });
  fc.assert(
    fc.property(headers, fc.boolean(), (given, isShared) => {
      const found = freshnessOf(given, { isShared, now: undefined });
      for (const value of [found?.lifetime, found?.age, found?.staleIfError])
        expect(value === undefined || (value >= 0 && value < Infinity)).toBe(true);
    }),
  );
});
