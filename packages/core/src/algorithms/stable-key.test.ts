import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { type CacheKey, type Unkeyable, isUnkeyable, keyOf, keyOfValue } from './stable-key.js';

const RESERVED = '\u0001';
const KIB_64 = 65_536;

type Args = readonly unknown[];

class Tagged {
  constructor(private readonly key: unknown) {}

  toCacheKey(): unknown {
    return this.key;
  }
}

/** Equality of keys as a Map sees it. */
const meet = (a: CacheKey | Unkeyable, b: CacheKey | Unkeyable): boolean => new Map([[a, true]]).has(b);

const keyable = (args: Args): CacheKey => {
  const key = keyOf(args);
  if (isUnkeyable(key)) {
    throw new Error(`no key: ${key.unkeyable}`);
  }
  return key;
};

const reasonOf = (...args: Args): string => {
  const key = keyOf(args);
  if (!isUnkeyable(key)) {
    throw new Error('there is a key');
  }
  return key.unkeyable;
};

const nested = (levels: number): unknown => {
  let value: unknown = [];
  for (let level = 1; level < levels; level++) {
    value = [value];
  }
  return value;
};

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

describe('a single primitive', () => {
  it.each<CacheKey>(['a', '', '1', 1, 1.5, NaN, Infinity, true, false, 1n, -1n, null, undefined])(
    '%p is its own key',
    (value) => {
      expect(keyOf([value])).toBe(value);
      expect(keyOfValue(value)).toBe(value);
    },
  );

  it('has 0 for −0', () => {
    expect(keyOf([-0])).toBe(0);
    expect(keyOfValue(-0)).toBe(0);
  });

  it('is encoded when it is a string that starts with the reserved character', () => {
    expect(keyOf([`${RESERVED}a`])).toBe(`${RESERVED}S2:${RESERVED}a`);
    expect(keyOf([`a${RESERVED}`])).toBe(`a${RESERVED}`);
  });

  it('is kept raw up to 64 KiB of text and refused above', () => {
    const longest = 'x'.repeat(KIB_64);
    expect(keyOf([longest])).toBe(longest);
    expect(reasonOf(`${longest}x`)).toBe('argument 1 makes the key larger than 64 KiB');
  });

  it('is kept raw up to 64 KiB of hexadecimal digits of a bigint and refused above', () => {
    const large = 1n << BigInt(KIB_64 * 4 - 2);
    expect(keyOf([large])).toBe(large);
    expect(reasonOf(large * 16n)).toBe('argument 1 makes the key larger than 64 KiB');
    expect(reasonOf(-large * 16n)).toBe('argument 1 makes the key larger than 64 KiB');
  });
});

describe('the arguments that count', () => {
  it('are the first `count` ones', () => {
    expect(keyOf(['a', 'b'], 1)).toBe('a');
    expect(keyOf(['a', 'b', 'c'], 2)).toBe(keyOf(['a', 'b']));
    expect(keyOf(['a', new AbortController().signal], 1)).toBe('a');
    expect(keyOf(['a'], 0)).toBe(keyOf([]));
  });

  it('leave out trailing undefined', () => {
    expect(keyOf([])).toBe(keyOf([undefined]));
    expect(keyOf([undefined, undefined])).toBe(keyOf([]));
    expect(keyOf(['a', undefined, undefined])).toBe('a');
    expect(keyOf([{}, undefined])).toBe(keyOf([{}]));
    expect(keyOf(['a', 1, undefined])).toBe(keyOf(['a', 1]));
    expect(keyOf(['a'], 3)).toBe('a');
  });

  it('keep leading undefined', () => {
    expect(meet(keyOf([undefined, 1]), keyOf([1]))).toBe(false);
    expect(meet(keyOf([undefined, 1]), keyOf([null, 1]))).toBe(false);
  });
});

const sparse = (length: number, members: Record<number, unknown>): unknown[] =>
  Object.assign(new Array(length), members);

describe('different arguments have different keys', () => {
  it.each<[string, Args, Args]>([
    ['a number and its text', [1], ['1']],
    ['a bigint and a number', [1n], [1]],
    ['a bigint and its text', [1n], ['1']],
    ['a boolean and its text', [true], ['true']],
    ['null and undefined', [null], [undefined]],
    ['null and its text', [null], ['null']],
    ['NaN and null', [NaN], [null]],
    ['NaN and its text', [NaN], ['NaN']],
    ['infinities of both signs', [Infinity], [-Infinity]],
    ['an empty text and no argument', [''], []],
    ['a text and an array of it', ['a'], [['a']]],
    ['two texts and one with a separator', ['a:b', 'c'], ['a', 'b:c']],
    ['two texts cut elsewhere', ['ab', 'c'], ['a', 'bc']],
    ['two texts and one', ['a', 'b'], ['ab']],
    ['two arguments and an array of two', ['a', 'b'], [['a', 'b']]],
    ['two arguments in another order', ['a', 'b'], ['b', 'a']],
    ['a number beside a bigint', ['a', 1], ['a', 1n]],
    ['two numbers and one with their digits', [1, 23], [12, 3]],
    ['a number and a text of digits after it', [1, '2'], [12, '']],
    ['nested null and undefined', [[null]], [[undefined]]],
    ['a hole and undefined', [sparse(1, {})], [[undefined]]],
    ['holes at different places', [sparse(3, { 1: 1 })], [sparse(3, { 2: 1 })]],
    ['arrays of different length', [[]], [[undefined]]],
    ['nested NaN and null', [[NaN]], [[null]]],
    ['differently grouped arrays', [[[1], [2]]], [[[1, 2]]]],
    ['an array and an object with its indexes', [['a']], [{ 0: 'a' }]],
    ['an empty array and an empty object', [[]], [{}]],
    ['an object and its JSON', [{ a: 1 }], ['{"a":1}']],
    ['a property that is undefined and one that is missing', [{ a: 1, b: undefined }], [{ a: 1 }]],
    ['a property that is undefined and one that is null', [{ a: undefined }], [{ a: null }]],
    ['another property name', [{ a: 1 }], [{ b: 1 }]],
    ['swapped values', [{ a: 1, b: 2 }], [{ a: 2, b: 1 }]],
    ['names that hold structure', [{ 'a1:b': 1 }], [{ a: 1, b: 1 }]],
    ['an own __proto__ and none', [JSON.parse('{"__proto__":1}')], [{}]],
    ['own __proto__ of different content', [JSON.parse('{"__proto__":1}')], [JSON.parse('{"__proto__":2}')]],
    ['dates a millisecond apart', [new Date(0)], [new Date(1)]],
    ['a date and its time', [new Date(0)], [0]],
    ['a date and its ISO text', [new Date(0)], [new Date(0).toISOString()]],
    ['an invalid date and NaN', [new Date(NaN)], [NaN]],
    ['an invalid date and the epoch', [new Date(NaN)], [new Date(0)]],
    ['a Map and an object', [new Map([['a', 1]])], [{ a: 1 }]],
    ['a Map and a Set', [new Map()], [new Set()]],
    ['Maps with other values', [new Map([['a', 1]])], [new Map([['a', 2]])]],
    ['Maps with keys of another type', [new Map<unknown, number>([[1, 1]])], [new Map<unknown, number>([['1', 1]])]],
    ['a Set and an array', [new Set([1])], [[1]]],
    ['Sets of other members', [new Set([1])], [new Set([2])]],
    ['Sets with one equal member and two', [new Set([[1]])], [new Set([[1], [1]])]],
    ['regular expressions', [/a/], [/b/]],
    ['flags', [/a/g], [/a/i]],
    ['a regular expression and its text', [/a/], ['/a/']],
    ['URLs', [new URL('https://a.example/')], [new URL('https://b.example/')]],
    ['a URL and its text', [new URL('https://a.example/')], ['https://a.example/']],
    ['search parameters', [new URLSearchParams('a=1')], [new URLSearchParams('a=2')]],
    ['search parameters and their text', [new URLSearchParams('a=1')], ['a=1']],
    ['views of another kind', [bytes(1)], [Int8Array.of(1)]],
    ['views of other bytes', [bytes(1)], [bytes(2)]],
    ['a view and an array', [bytes(1)], [[1]]],
    ['a view and a Buffer', [bytes(1)], [Buffer.from([1])]],
    ['a view and its ArrayBuffer', [bytes(1)], [bytes(1).buffer]],
    ['a view and a DataView', [bytes(1)], [new DataView(bytes(1).buffer)]],
    ['a Buffer and its text', [Buffer.from('a')], ['a']],
    ['a boxed number and a number', [Object(1)], [1]],
    ['a boxed number and a boxed text', [Object(1)], [Object('1')]],
    ['a date and a boxed number', [new Date(1)], [Object(1)]],
    ['a boxed bigint and a boxed number', [Object(1n)], [Object(1)]],
    ['boxed booleans', [Object(true)], [Object(false)]],
    ['a toCacheKey() and its value', [new Tagged('a')], ['a']],
    ['a nested toCacheKey() and its value', [[new Tagged('a')]], [['a']]],
    ['toCacheKey() of other values', [new Tagged(1)], [new Tagged('1')]],
    ['toCacheKey() once and twice', [new Tagged('a')], [new Tagged(new Tagged('a'))]],
    ['lone surrogates', ['\ud800', 1], ['\ud801', 1]],
    ['a lone surrogate and the replacement character', ['\ud800', 1], ['\ufffd', 1]],
    ['white space at the end', ['a', 'b '], ['a', 'b']],
    ['texts around the length of the table of heads', ['x'.repeat(255), 1], ['x'.repeat(256), 1]],
  ])('%s', (_, a, b) => {
    expect(meet(keyable(a), keyable(b))).toBe(false);
  });
});

const mapOf = (entries: Record<string, unknown>): Map<string, unknown> => new Map(Object.entries(entries));
const foreignMap = new Map([[1, new Set([new Date(2)])]]);
class ClockDate extends Date {}
const fakeDate = Object.defineProperty(new ClockDate(7), 'constructor', { value: Date });
const manyNames = Array.from({ length: 200 }, (_, index) => [`name${index}`, index] as const);

describe('equal arguments have equal keys', () => {
  it.each<[string, Args, Args]>([
    ['objects in another order of properties', [{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
    ['nested objects in another order', [{ x: { a: 1, b: 2 } }], [{ x: { b: 2, a: 1 } }]],
    ['large objects in another order', [Object.fromEntries(manyNames)], [Object.fromEntries([...manyNames].reverse())]],
    ['Maps filled in another order', [mapOf({ a: 1, b: 2 })], [mapOf({ b: 2, a: 1 })]],
    ['Sets filled in another order', [new Set(['a', 'b'])], [new Set(['b', 'a'])]],
    ['Sets of objects filled in another order', [new Set([{ a: 1 }, { b: 2 }])], [new Set([{ b: 2 }, { a: 1 }])]],
    ['−0 and 0 in an array', [[-0]], [[0]]],
    ['−0 and 0 beside another argument', ['a', -0], ['a', 0]],
    ['−0 and 0 in a boxed number', [Object(-0)], [Object(0)]],
    ['NaN', [[NaN]], [[NaN]]],
    ['dates', [new Date(5)], [new Date(5)]],
    ['invalid dates', [new Date(NaN)], [new Date('no')]],
    ['regular expressions', [/a/g], [new RegExp('a', 'g')]],
    ['regular expressions that stand elsewhere', [/a/g], [Object.assign(/a/g, { lastIndex: 3 })]],
    ['URLs', [new URL('https://a.example')], [new URL('https://a.example/')]],
    ['buffers over different memory', [bytes(1, 2).subarray(1)], [bytes(2)]],
    ['ArrayBuffers', [bytes(1, 2).buffer], [bytes(1, 2).buffer]],
    ['an object without a prototype', [{ a: 1 }], [Object.assign(Object.create(null), { a: 1 })]],
    ['equal keys from toCacheKey()', [new Tagged({ a: 1, b: 2 })], [new Tagged({ b: 2, a: 1 })]],
    ['toCacheKey() of a literal', [{ id: 1, toCacheKey: () => 'k' }], [new Tagged('k')]],
    ['an object seen twice in one argument', [[manyNames, manyNames]], [[[...manyNames], [...manyNames]]]],
    ['objects of a proxy', [new Proxy({ a: 1 }, {})], [{ a: 1 }]],
    ['non-enumerable properties', [Object.defineProperty({ a: 1 }, 'b', { value: 2 })], [{ a: 1 }]],
    ['non-enumerable symbols', [Object.defineProperty({ a: 1 }, Symbol.iterator, { value: 2 })], [{ a: 1 }]],
    ['a plain object of another realm', [runInNewContext('({ a: [1, undefined] })')], [{ a: [1, undefined] }]],
    ['a Map of another realm', [runInNewContext('new Map([[1, new Set([new Date(2)])]])')], [foreignMap]],
    ['a Date that a fake clock made', [fakeDate], [new Date(7)]],
  ])('%s', (_, a, b) => {
    expect(meet(keyable(a), keyable(b))).toBe(true);
  });
});

describe('what has no canonical form is refused with a reason', () => {
  class Opaque {
    readonly id = 1;
  }
  class Derived extends Map {}
  const secret = Symbol('secret');
  const cycle: Record<string, unknown> = { plain: 1 };
  cycle['self'] = { back: cycle };
  const cyclicMap = new Map<unknown, unknown>();
  cyclicMap.set('k', [cyclicMap]);
  const selfish = { toCacheKey: (): unknown => selfish };

  it.each<[string, Args]>([
    ['argument 1 is a function', [() => 1]],
    ['argument 2 is a function', ['a', class {}]],
    ['argument 1 is a symbol', [Symbol('secret')]],
    ['argument 3 is a symbol', [1, 2, Symbol.iterator]],
    ['argument 1 holds a function', [{ a: [(): void => {}] }]],
    ['argument 1 holds a symbol', [new Set([Symbol('secret')])]],
    ['argument 1 holds a symbol key', [{ [Symbol('secret')]: 1 }]],
    ['argument 1 is an opaque instance of Opaque', [new Opaque()]],
    ['argument 1 holds an opaque instance of Opaque', [new Map([['a', new Opaque()]])]],
    ['argument 1 holds an opaque instance of Opaque', [new Map([[new Opaque(), 'a']])]],
    ['argument 1 is an opaque instance of Promise', [Promise.resolve()]],
    ['argument 1 is an opaque instance of WeakMap', [new WeakMap()]],
    ['argument 1 is an opaque instance of TypeError', [new TypeError('secret')]],
    ['argument 1 is an opaque instance of Derived', [new Derived()]],
    ['argument 1 is an opaque instance of List', [new (class List extends Array {})()]],
    ['argument 1 is an opaque instance of Bytes', [new (class Bytes extends Uint8Array {})()]],
    ['argument 1 is an opaque instance of a nameless class', [new (class {})()]],
    ['argument 1 is an opaque instance of a nameless class', [Object.setPrototypeOf({}, Object.create(null))]],
    ['argument 1 is an opaque instance of Symbol', [Object(Symbol.iterator)]],
    ['argument 1 is an opaque instance of Array', [Object.create(Array.prototype)]],
    ['argument 1 is an opaque instance of Object', [Object.create({ inherited: 1 })]],
    ['argument 1 holds a cycle', [cycle]],
    ['argument 1 holds a cycle', [cyclicMap]],
    ['argument 1 holds a cycle', [selfish]],
    ['argument 1 holds a built-in object with properties of its own', ['a1'.match(/\d/)]],
    ['argument 1 holds a built-in object with properties of its own', [Object.assign(new Date(0), { zone: 'secret' })]],
    ['argument 1 holds a built-in object with properties of its own', [Object.assign(new Map(), { name: 'secret' })]],
    ['argument 1 holds a built-in object with properties of its own', [Object.assign(new Set(), { name: 'secret' })]],
    ['argument 1 holds a built-in object with properties of its own', [Object.assign(Object('a'), { name: 'secret' })]],
    ['argument 1 holds a built-in object with properties of its own', [Object.assign(new Date(0), { [secret]: 1 })]],
  ])('%s', (reason, args) => {
    expect(reasonOf(...args)).toBe(reason);
  });

  it('speaks of key() for a value that key() returned', () => {
    expect(keyOfValue(() => 1)).toEqual({ unkeyable: 'the value of key() is a function' });
  });

  it('never puts a value of an argument into the reason', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<unknown>(Symbol('SECRET'), () => 'SECRET', new Error('SECRET'), cycle),
        (bad) => {
          expect(reasonOf('SECRET', { SECRET: 'SECRET', bad })).not.toContain('SECRET');
        },
      ),
    );
  });
});

describe('what throws while it is read is refused', () => {
  const fail = (): never => {
    throw new Error('secret');
  };
  const handler = new Proxy({}, { get: () => fail });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it.each<[string, unknown]>([
    ['a getter', Object.defineProperty({}, 'a', { get: fail, enumerable: true })],
    ['toCacheKey()', { toCacheKey: fail }],
    ['a getter named toCacheKey', Object.defineProperty({}, 'toCacheKey', { get: fail })],
    ['a proxy', new Proxy({}, handler)],
    ['a revoked proxy', revoked.proxy],
    ['a proxied array', new Proxy([1], { ownKeys: fail })],
    ['an impostor of Date', Object.create(Date.prototype)],
    ['an impostor of Map', Object.create(Map.prototype)],
    ['an impostor of Set', Object.create(Set.prototype)],
    ['an impostor of URL', Object.create(URL.prototype)],
    ['an impostor of ArrayBuffer', Object.create(ArrayBuffer.prototype)],
    ['an impostor of RegExp', Object.create(RegExp.prototype)],
  ])('%s', (_, value) => {
    expect(reasonOf(0, value)).toBe('argument 2 throws when it is read');
    expect(reasonOf(0, [value])).toBe('argument 2 throws when it is read');
    expect(keyOfValue(value)).toEqual({ unkeyable: 'the value of key() throws when it is read' });
  });

  it('is not when toCacheKey() makes keys itself', () => {
    const inner = { toCacheKey: () => keyOf([{ a: 1 }, 2]) };
    expect(keyOf([[1, inner, 2]])).toBe(keyOf([[1, new Tagged(keyOf([{ a: 1 }, 2])), 2]]));
  });
});

describe('the bounds', () => {
  it('admit 32 levels and no more', () => {
    expect(isUnkeyable(keyOf([nested(32)]))).toBe(false);
    expect(reasonOf(nested(33))).toBe('argument 1 is nested deeper than 32 levels');
    expect(reasonOf('a', nested(100_000))).toBe('argument 2 is nested deeper than 32 levels');
  });

  it('count a level for each toCacheKey()', () => {
    const endless = (): unknown => ({ toCacheKey: endless });
    expect(reasonOf(endless())).toBe('argument 1 is nested deeper than 32 levels');
  });

  it('admit 10,000 nodes and no more', () => {
    const tooMany = 'argument 1 gives the key more than 10,000 nodes';
    const members = Array.from({ length: 9_999 }, (_, index) => index);
    const names = Object.fromEntries(members.slice(0, 5_000).map((index) => [index, 0]));
    expect(isUnkeyable(keyOf([members]))).toBe(false);
    expect(isUnkeyable(keyOf([names]))).toBe(false);
    expect(isUnkeyable(keyOf([new Set(members)]))).toBe(false);
    expect(isUnkeyable(keyOf([new Map(members.slice(0, 4_999).map((index) => [index, 0]))]))).toBe(false);
    expect(reasonOf([...members, 0])).toBe(tooMany);
    expect(reasonOf([names, names])).toBe(tooMany);
    expect(reasonOf(new Set([...members, -1]))).toBe(tooMany);
    expect(reasonOf(new Map(members.slice(0, 5_000).map((index) => [index, 0])))).toBe(tooMany);
    expect(reasonOf(new Array(4_294_967_295))).toBe(tooMany);
    expect(isUnkeyable(keyOf(new Array(10_000).fill(0)))).toBe(false);
    expect(reasonOf(...new Array(10_001).fill(0))).toBe('argument 10001 gives the key more than 10,000 nodes');
  });

  it('admit 64 KiB of text and no more', () => {
    const overhead = `${RESERVED}S65000:#1`.length;
    const tooLarge = 'makes the key larger than 64 KiB';
    expect(keyOf(['x'.repeat(KIB_64 - overhead), 1])).toHaveLength(KIB_64);
    expect(reasonOf('x'.repeat(KIB_64 - overhead + 1), 1)).toBe(`argument 2 ${tooLarge}`);
    const half = 'x'.repeat(40_000);
    expect(reasonOf([half, half])).toBe(`argument 1 ${tooLarge}`);
    expect(reasonOf({ a: half, b: half })).toBe(`argument 1 ${tooLarge}`);
    expect(reasonOf(new Set([half, `${half}y`]))).toBe(`argument 1 ${tooLarge}`);
    expect(reasonOf(new Map([[half, half]]))).toBe(`argument 1 ${tooLarge}`);
    expect(reasonOf({ [half]: 1, [`${half}y`]: 2 })).toBe(`argument 1 ${tooLarge}`);
  });

  it('hold for binary data, whatever its size', () => {
    expect(isUnkeyable(keyOf([new Uint8Array(65_000)]))).toBe(false);
    expect(reasonOf(new Uint8Array(KIB_64))).toBe('argument 1 makes the key larger than 64 KiB');
    expect(reasonOf(Buffer.alloc(50_000_000))).toBe('argument 1 makes the key larger than 64 KiB');
    expect(reasonOf(new ArrayBuffer(50_000_000))).toBe('argument 1 makes the key larger than 64 KiB');
  });

  it('end the reading where they are reached', () => {
    let readings = 0;
    const large = Array.from({ length: 10 }, (_, index) => ({
      toCacheKey: () => {
        readings++;
        return `${index}`.repeat(30_000);
      },
    }));
    for (const holder of [large, { ...large }, new Set(large), new Map(large.map((member) => [member, 1]))]) {
      readings = 0;
      expect(reasonOf(holder)).toBe('argument 1 makes the key larger than 64 KiB');
      expect(readings).toBe(3);
    }
  });

  it('leave objects of many shapes apart', () => {
    const keys = new Set<unknown>();
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 2_000; index++) {
        keys.add(keyOf([{ [`p${index}`]: 1, q: 2 }]));
        keys.add(keyOf([{ q: 2, [`p${index}`]: 1 }]));
      }
    }
    expect(keys.size).toBe(2_000);
  });
});

describe('isUnkeyable', () => {
  it('tells a refusal from every key', () => {
    expect(isUnkeyable({ unkeyable: 'argument 1 is a function' })).toBe(true);
    for (const other of ['unkeyable', 1, true, 1n, null, undefined, {}, { unkeyable: 1 }]) {
      expect(isUnkeyable(other)).toBe(false);
    }
  });
});

/** The reference: structural equality over the kinds of `values`. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
    return meet(a as CacheKey, b as CacheKey);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && Array.from(a.keys()).every((at) => at in a === at in b && same(a[at], b[at]));
  }
  if (a instanceof Map && b instanceof Map) {
    return sameMembers([...a], [...b]);
  }
  if (a instanceof Set && b instanceof Set) {
    return sameMembers([...a], [...b]);
  }
  if (a instanceof Tagged && b instanceof Tagged) {
    return same(a.toCacheKey(), b.toCacheKey());
  }
  if (a instanceof Date && b instanceof Date) {
    return same(a.getTime(), b.getTime());
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return same([...a], [...b]);
  }
  return isLiteral(a) && isLiteral(b) && sameMembers(Object.entries(a), Object.entries(b));
}

const isLiteral = (value: object): boolean => Object.getPrototypeOf(value) === Object.prototype;

/** Whether each member of one list has its own equal in the other. */
function sameMembers(a: Args, b: Args): boolean {
  const rest = [...b];
  return (
    a.length === b.length &&
    a.every((member) => {
      const at = rest.findIndex((other) => same(member, other));
      return at >= 0 && rest.splice(at, 1).length === 1;
    })
  );
}

/** Text as an attacker would choose it: tokens, and the beginnings of tokens. */
const texts = fc.oneof(
  fc.constantFrom('', '1', 'a', 'U', '#1', 'S1:a', 'H', 'L1:', ':', '\ud800'),
  fc.constantFrom(RESERVED, `${RESERVED}U`, `${RESERVED}S1:a#1`, `${RESERVED}${RESERVED}`),
  fc.string({ unit: fc.constantFrom('S', '1', '2', ':', '#', 'L', 'O', 'a', RESERVED), maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 3 }),
);
const primitives = fc.oneof(
  texts,
  fc.constantFrom<unknown>(undefined, null, true, false, 0, -0, 1, -1, 12, 1.5, 1e21, NaN, Infinity, 0n, 1n, -1n, 18n),
  fc.integer({ min: -3, max: 30 }),
  fc.double(),
);
const names = fc.oneof(fc.constantFrom('a', 'b', '__proto__', '1', '', 'toString', '1:a'), texts);
const { values } = fc.letrec<{ values: unknown }>((tie) => ({
  values: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    primitives,
    fc.constantFrom(0, 1, NaN).map((time) => new Date(time)),
    fc.uint8Array({ maxLength: 2 }),
    fc.array(tie('values'), { maxLength: 3 }),
    fc.sparseArray(tie('values'), { maxLength: 3 }),
    fc.array(fc.tuple(names, tie('values')), { maxLength: 3 }).map(Object.fromEntries),
    fc.array(fc.tuple(tie('values'), tie('values')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie('values'), { maxLength: 3 }).map((members) => new Set(members)),
    tie('values').map((value) => new Tagged(value)),
  ),
}));
const argumentLists = fc.array(values, { maxLength: 3 });

/** An equal copy that shares nothing: the other order of names, entries and members; −0 for 0. */
function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value === 0 ? -0 : value;
  }
  if (Array.isArray(value)) {
    return value.map(copied);
  }
  if (value instanceof Map) {
    return new Map([...value].reverse().map(([key, member]) => [copied(key), copied(member)]));
  }
  if (value instanceof Set) {
    return new Set([...value].reverse().map(copied));
  }
  if (value instanceof Tagged) {
    return new Tagged(copied(value.toCacheKey()));
  }
  if (isLiteral(value)) {
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([name, member]) => [name, copied(member)]),
    );
  }
  return value instanceof Date ? new Date(value) : Uint8Array.from(value as Uint8Array);
}

const withoutTrailing = (args: Args): Args => args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);

/** All values of a given number of nodes over a small alphabet. */
function everyValue(nodes: number): unknown[] {
  if (nodes === 1) {
    return [1, 'a', undefined, [], {}, new Set(), new Map()];
  }
  return everyList(nodes - 1).flatMap((members) => {
    const [first, second] = members;
    const always = [members, new Set(members)];
    if (members.length === 1) {
      return [...always, { a: first }, { b: first }, new Tagged(first), [, first]];
    }
    return members.length === 2 ? [...always, { a: first, b: second }, new Map([[first, second]])] : always;
  });
}

/** All lists of values that have a given number of nodes together. */
function everyList(nodes: number): unknown[][] {
  if (nodes === 0) {
    return [[]];
  }
  const sizes = Array.from({ length: nodes }, (_, index) => index + 1);
  return sizes.flatMap((size) =>
    everyValue(size).flatMap((head) => everyList(nodes - size).map((tail) => [head, ...tail])),
  );
}

describe('for all small arguments', () => {
  it('whatever has the same key is the same', () => {
    const lists = [0, 1, 2, 3, 4].flatMap(everyList).map(withoutTrailing);
    const byKey = new Map<CacheKey, Args>();
    for (const args of lists) {
      const key = keyable(args);
      const other = byKey.get(key);
      byKey.set(key, args);
      if (other !== undefined && !same(args, other)) {
        throw new Error(`one key for two lists of arguments: ${String(key)}`);
      }
    }
    expect(lists.length).toBeGreaterThan(5_000);
    expect(byKey.size).toBeGreaterThan(5_000);
  });
});

describe('for all arguments', () => {
  it('two keys are equal exactly when the arguments are', () => {
    fc.assert(
      fc.property(fc.array(argumentLists, { minLength: 2, maxLength: 12 }), (lists) => {
        for (const a of lists) {
          for (const b of lists) {
            expect(meet(keyable(a), keyable(b))).toBe(same(withoutTrailing(a), withoutTrailing(b)));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('an equal copy has the same key', () => {
    fc.assert(
      fc.property(argumentLists, (args) => {
        expect(keyable(args.map(copied))).toBe(keyable(args));
      }),
      { numRuns: 1_000 },
    );
  });

  it('the key of key() is that of a call with this one argument', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(keyOfValue(value)).toBe(keyOf([value]));
      }),
      { numRuns: 1_000 },
    );
  });

  it('raw and encoded keys never meet, whatever strings a caller chooses', () => {
    fc.assert(
      fc.property(argumentLists, texts, (args, text) => {
        const key = keyable(args);
        const echoed = keyable([key]);
        const isOwnKey = withoutTrailing(args).length <= 1 && same(args[0], key);
        expect(meet(echoed, key)).toBe(isOwnKey && !String(key).startsWith(RESERVED));
        expect(String(keyable([text, 1])).startsWith(RESERVED)).toBe(true);
        expect(keyable([text]) === text).toBe(!text.startsWith(RESERVED));
      }),
      { numRuns: 1_000 },
    );
  });

  it('making a key never throws and always ends in a key or a refusal', () => {
    const everything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      withUnicodeString: true,
    });
    const strange = [Symbol.iterator, Math.max, Math, globalThis, new Proxy(() => 1, {}), Date.prototype];
    const hostile = fc.constantFrom<unknown>(...strange);
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: everything }, hostile), { maxLength: 4 }), (args) => {
        const key = keyOf(args);
        expect(isUnkeyable(key) || typeof key !== 'object' || key === null).toBe(true);
        expect(keyOf(args)).toEqual(key);
      }),
      { numRuns: 2_000 },
    );
  });
});
