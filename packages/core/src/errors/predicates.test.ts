import { ConfigurationError } from './configuration-error.js';
import { HttpError } from './http-error.js';
import { allOf, anyOf, not } from './predicates.js';

const coded = (code: string): Error => Object.assign(new Error(code), { code });
const throwing = (_value: unknown): boolean => {
  throw new Error('predicate');
};
const unsaid = (() => 1) as unknown as (value: unknown) => boolean;

describe('a term', () => {
  test('is an error class, a code, a status or a predicate', () => {
    expect([anyOf(HttpError)(new HttpError({ status: 404 })), anyOf(HttpError)(new Error('other'))]).toEqual([
      true,
      false,
    ]);
    expect([anyOf('ECONNRESET')(coded('ECONNRESET')), anyOf('ECONNRESET')(coded('EPIPE'))]).toEqual([true, false]);
    expect([anyOf(503)({ status: 503 }), anyOf(503)({ status: 500 })]).toEqual([true, false]);
    expect([anyOf((value) => value === 1)(1), anyOf((value) => value === 1)(2)]).toEqual([true, false]);
  });

  test('is another predicate of predicates', () => {
    const isOther4xx = allOf(HttpError, not(404), (error) => (error as HttpError).status < 500);
    const statuses = [400, 404, 500].map((status) => isOther4xx(new HttpError({ status })));
    expect(statuses).toEqual([true, false, false]);
  });

  test('gets all arguments', () => {
    const isEarly = anyOf((_error: unknown, attempt: number) => attempt < 2);
    expect([isEarly(undefined, 1), isEarly(undefined, 2)]).toEqual([true, false]);
  });

  test('says yes with true alone', () => {
    expect([anyOf(unsaid)(1), allOf(unsaid)(1), not(unsaid)(1)]).toEqual([false, false, true]);
  });

  test('that answers with a promise makes the whole throw, and its rejection is nobody’s', async () => {
    const later = (async () => {
      throw new Error('late');
    }) as unknown as (value: unknown) => boolean;
    expect(() => not(later)(1)).toThrow('a predicate must answer synchronously, got a promise');
    expect(() => anyOf(later)(1)).toThrow(TypeError);
    await new Promise(setImmediate);
  });

  test('that throws makes the whole throw', () => {
    for (const predicate of [anyOf(throwing), allOf(throwing), not(throwing)])
      expect(() => predicate(1)).toThrow('predicate');
  });
});

describe('anyOf', () => {
  test('asks until one term says yes', () => {
    expect(anyOf((_value: unknown) => true, throwing)(1)).toBe(true);
    expect(() => anyOf((_value: unknown) => false, throwing)(1)).toThrow('predicate');
  });
});

describe('allOf', () => {
  test('asks until one term does not say yes', () => {
    expect(allOf((_value: unknown) => false, throwing)(1)).toBe(false);
    expect(allOf((_value: unknown) => true, unsaid, throwing)(1)).toBe(false);
    expect(
      allOf(
        (_value: unknown) => true,
        (_value: unknown) => true,
      )(1),
    ).toBe(true);
  });
});

describe('not', () => {
  test('of several terms says yes when none of them does', () => {
    const isOther = not(404, 'ECONNRESET');
    expect([{ status: 404 }, coded('ECONNRESET'), coded('EPIPE')].map((each) => isOther(each))).toEqual([
      false,
      false,
      true,
    ]);
  });
});

test.each([
  [() => anyOf(), 'anyOf(): needs a predicate, an error class, a code or a status, got nothing'],
  [() => not(...([] as never[])), 'not(): needs a predicate, an error class, a code or a status, got nothing'],
  [
    () => allOf(404, { status: 404 } as never),
    'allOf(): argument 2 must be a predicate, an error class, a code or a status, got an object',
  ],
])('what is no term is refused where it is written (%#)', (make, message) => {
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
});
