import * as fc from 'fast-check';
import { decodeTree, encodeTree } from './value-codec.js';

const copy = (value: unknown): unknown => decodeTree(JSON.parse(JSON.stringify(encodeTree(value))));

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
  ['a bigint', 12n ** 40n],
  ['a date', new Date(1)],
  ['a map', new Map<unknown, unknown>([[{ a: 1 }, new Set([undefined])]])],
  ['a set', new Set([1, '1', new Date(0)])],
  ['bytes', new Uint8Array([0, 127, 255])],
  ['many bytes', new Uint8Array(20_000).fill(200)],
  ['a buffer', Buffer.from('ab\u00FF')],
  ['an object with a tag of its own', { $: 'd', v: 0, nested: { $: { $: 1 } } }],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
  ['__proto__ as a key', JSON.parse('{"__proto__":{"polluted":1},"constructor":2}')],
  ['undefined properties and elements', { a: undefined, b: [undefined, null] }],
])('%s comes back equal', (_name, value) => {
  expect(copy(value)).toStrictEqual(value);
  expect(Object.getPrototypeOf(copy({ value }) as object)).toBe(Object.prototype);
});

test('an invalid date comes back as one', () => {
  expect(Number.isNaN(Number(copy(new Date(Number.NaN))))).toBe(true);
  expect(copy(new Date(Number.NaN))).toBeInstanceOf(Date);
});

test('the text of plain JSON is plain JSON', () => {
  const value = { id: 1, tags: ['a'], nested: { ok: true, nothing: null } };
  expect(encodeTree(value)).toEqual(value);
});

test('a key that is __proto__ changes nobody’s prototype', () => {
  const found = copy(JSON.parse('{"__proto__":{"polluted":1}}')) as { polluted?: number };
  expect(found.polluted).toBeUndefined();
  expect(Object.keys(found)).toEqual(['__proto__']);
});

const PLAIN = [fc.boolean(), fc.double(), fc.string(), fc.bigInt(), fc.constantFrom(null, undefined)];

test('any value made of these comes back equal', () => {
  fc.assert(
    fc.property(
      // Two invalid dates are not equal to whoever compares them here.
      fc.anything({
        values: [...PLAIN, fc.date({ noInvalidDate: true })],
        withMap: true,
        withSet: true,
        withNullPrototype: true,
      }),
      (value) => {
        expect(copy(value)).toStrictEqual(value);
      },
    ),
    { numRuns: 300 },
  );
});

class Money {
  readonly amount = 1;
}

const cycle: { self?: unknown } = {};
cycle.self = cycle;
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

test.each<[string, unknown]>([
  ['a class’s instance', new Money()],
  ['an error', new Error('x')],
  ['a promise', Promise.resolve()],
  ['a regular expression', /x/],
  ['a function', () => 1],
  ['a symbol', Symbol('x')],
  ['a key that is a symbol', { [Symbol('x')]: 1 }],
  ['another typed array', new Float64Array(1)],
  ['a cycle', cycle],
  ['a subclass of Map', new (class Index extends Map {})()],
  ['what is nested too deep', deep(201)],
])('%s is refused, wherever it is', (_name, value) => {
  expect(() => encodeTree(value)).toThrow('cannot be stored');
  expect(() => encodeTree(new Map([[1, [{ value }]]]))).toThrow(TypeError);
});

test('the same object twice is no cycle', () => {
  const shared = { a: 1 };
  expect(copy([shared, shared])).toEqual([shared, shared]);
});

test.each([{ $: 'x' }, { $: 1 }, { $: 'b', v: 'no number' }, { $: 'm', v: 3 }])('%j is no text of ours', (tree) => {
  expect(() => decodeTree(tree)).toThrow();
});
