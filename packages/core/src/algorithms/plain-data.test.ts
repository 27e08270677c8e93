import fc from 'fast-check';
import { NOT_PLAIN, plainCopy } from './plain-data.js';

test('what JSON gives back is plain, and copied', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.stringify(plainCopy(value))).toBe(JSON.stringify(value));
    }),
  );
  const list = [{ a: 1 }];
  expect(plainCopy(list)).toEqual(list);
  expect((plainCopy(list) as unknown[])[0]).not.toBe(list[0]);
});

test('properties that are undefined are left out', () => {
  expect(Object.keys(plainCopy({ a: undefined, b: null }) as object)).toEqual(['b']);
});

test('a property named __proto__ is a property', () => {
  expect(Object.keys(plainCopy(JSON.parse('{"__proto__": 1}')) as object)).toEqual(['__proto__']);
});

const cycle: unknown[] = [];
cycle.push(cycle);
const holed: unknown[] = [1];
holed[2] = 3;

class Product {}

test.each([
  ['undefined', undefined],
  ['NaN', NaN],
  ['an infinite number', -Infinity],
  ['a bigint', 1n],
  ['a symbol', Symbol('s')],
  ['a function', () => 1],
  ['a date', new Date(0)],
  ['a Map', new Map()],
  ['undefined in an array', [undefined]],
  ['an array with a hole', holed],
  ['an array with properties', Object.assign([1], { added: 1 })],
  ['what writes itself', { toJSON: () => 1 }],
  ['an object with symbols', { [Symbol('s')]: 1 }],
  ['what holds such', { a: { b: new Set() } }],
  ['an instance of a class', new Product()],
  ['a cycle', cycle],
])('%s is not', (_what, value) => {
  expect(plainCopy(value)).toBe(NOT_PLAIN);
});

test('what cannot be read is not', () => {
  const hostile = {
    get name(): never {
      throw new Error('no');
    },
  };
  expect(plainCopy(hostile)).toBe(NOT_PLAIN);
});
