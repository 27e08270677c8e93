import { readableKey } from './readable-key.js';
import { type CacheKey, keyOf } from './stable-key.js';

const shown = (...args: unknown[]): string => readableKey(keyOf(args) as CacheKey);

test.each([
  ['product:1', ['product:1']],
  ['1', [1]],
  ['true', [true]],
  ['null', [null]],
  ['undefined', []],
  ['12n', [12n]],
  ['"shoe", 2', ['shoe', 2]],
  ['"a", undefined, null, true, false, -1.5, NaN, 1e+21, 1', ['a', undefined, null, true, false, -1.5, NaN, 1e21, 1]],
  ['255n, -16n', [255n, -16n]],
  ['"shoe", {"color": "red", "size": 42}', ['shoe', { size: 42, color: 'red' }]],
  ['[1, [2, "3"], , {}]', [[1, [2, '3'], , {}]]],
  ['Map {"a" => 1, "b" => [2]}', [new Map<string, unknown>([['b', [2]], ['a', 1]])]], // prettier-ignore
  ['Set {1, 2}', [new Set([2, 1])]],
  ['2020-01-01T00:00:00.000Z, Invalid Date', [new Date('2020-01-01'), new Date(NaN)]],
  ['/a+/g, https://example.org/x, ?a=1', [/a+/g, new URL('https://example.org/x'), new URLSearchParams('a=1')]],
  ['5, "x"', [Object(5), Object('x')]],
  ['Uint8Array(3 bytes)', [new Uint8Array([1, 2, 3])]],
  ['"user-7"', [{ toCacheKey: () => 'user-7' }]],
])('a key is read as %s', (expected, args) => {
  expect(shown(...args)).toBe(expected);
});

test('a key inside of a scope is read as well', () => {
  expect(shown('tenant', keyOf(['a', 2]))).toBe('"tenant", "a", 2');
});

test('a string that begins with the reserved character is encoded, and read back', () => {
  expect(shown('\u0001S1:')).toBe(readableKey('\u0001S1:'));
});

test('what is no code of ours does not stop the reader', () => {
  expect(readableKey('\u0001?')).toBe('?');
  expect(readableKey('\u0001#')).toBe('');
});
