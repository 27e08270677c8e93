/** Making a key and looking it up in a Map, and whether different arguments ever get the same key. */
import { core } from '../lib/core.mjs';
import { compile } from '../lib/driver.mjs';
import { race } from '../lib/harness.mjs';

const COUNT = 256;

const SHAPES = {
  'one string': { goal: 0.15, make: (id) => [['user', String(id)].join(':')] },
  'one number': { goal: 0.15, make: (id) => [id * 7] },
  'two primitives': { goal: 0.7, make: (id) => [['tenant', String(id % 8)].join('-'), id] },
  'small object': { goal: 0.8, make: (id) => [{ id, kind: 'invoice', page: id % 10 }] },
  nested: {
    goal: 1.5,
    make: (id) => [
      { id, filter: { tags: ['a', 'b', String(id)], range: { from: id, to: id + 10 } }, sort: ['name', true] },
    ],
  },
};

const MAKERS = {
  'JSON.stringify': (args) => JSON.stringify(args),
  'ResultCache.makeKey': (args) => core.ResultCache.makeKey(...args),
};

const loopOver = (argumentLists, makeKey) => {
  const map = new Map(argumentLists.map((args, index) => [makeKey(args), index]));
  const text = `
    return function drive(calls) {
      let sum = 0;
      for (let call = 0; call < calls; call++) sum += map.get(makeKey(argumentLists[call & mask]));
      if (!(sum >= 0)) throw new Error('a key was not found again');
      return sum;
    };`;
  return compile(text, { argumentLists, mask: argumentLists.length - 1, map, makeKey });
};

const speed = async ({ rounds, batchMs }) => {
  const rows = [];
  for (const [shape, { goal, make }] of Object.entries(SHAPES)) {
    const argumentLists = Array.from({ length: COUNT }, (_, id) => make(id));
    const contenders = Object.entries(MAKERS).map(([name, makeKey]) => ({
      name,
      drive: loopOver(argumentLists, makeKey),
    }));
    const times = await race(contenders, { rounds, batchMs });
    for (const { name } of contenders) {
      const ours = name === 'ResultCache.makeKey';
      rows.push({
        row: ours ? 'D' : undefined,
        name: `${shape}: ${name}`,
        ours,
        goal: ours ? { ratio: goal } : undefined,
        ...times.get(name),
      });
    }
  }
  return rows;
};

class Point {
  constructor(x) {
    this.x = x;
  }
}

const bytes = (...values) => Uint8Array.from(values);

/** Argument lists that must not have the same key. Refusing to make one is right too. */
const DIFFERENT = [
  [[1], ['1']],
  [[null], [undefined]],
  [[null], ['null']],
  [[undefined], ['undefined']],
  [[Number.NaN], [null]],
  [[Number.NaN], ['NaN']],
  [[Infinity], [null]],
  [[true], ['true']],
  [[true], [1]],
  [[1n], [1]],
  [[1n], ['1']],
  [[''], []],
  [['a', 'b'], ['a,b']],
  [['a', 'b'], [['a', 'b']]],
  [
    ['ab', 'c'],
    ['a', 'bc'],
  ],
  [
    ['a', ''],
    ['', 'a'],
  ],
  [
    ['a:b', 'c'],
    ['a', 'b:c'],
  ],
  [['"a","b"'], ['a', 'b']],
  [
    [1, 23],
    [12, 3],
  ],
  [[[]], [{}]],
  [[[1, [2]]], [[1, 2]]],
  [[[undefined]], [[null]]],
  [[[undefined]], [[]]],
  [[{ a: 1 }], ['{"a":1}']],
  [[{ a: undefined }], [{}]],
  [[{ a: 1, b: 2 }], [{ a: 12 }]],
  [[{ a: { b: 1 } }], [{ a: 1, b: 1 }]],
  [[{ a: Number.NaN }], [{ a: null }]],
  [[new Date(0)], ['1970-01-01T00:00:00.000Z']],
  [[new Date(0)], [0]],
  [[new Map([[1, 2]])], [new Map([[1, 3]])]],
  [[new Map()], [{}]],
  [[new Set([1])], [new Set([2])]],
  [[new Set([1])], [[1]]],
  [[/a/], [/b/]],
  [[/a/], [/a/i]],
  [[bytes(1)], [bytes(2)]],
  [[bytes(1)], [[1]]],
  [[new URL('https://a.example/')], [new URL('https://b.example/')]],
  [[new Error('a')], [new Error('b')]],
  [[new Point(1)], [new Point(2)]],
  [[new Point(1)], [{ x: 1 }]],
  [[Symbol('a')], [Symbol('b')]],
  [[() => 1], [() => 2]],
];

/** Argument lists that must have the same key. */
const EQUAL = [
  [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
  [[0], [-0]],
  [['a'], ['a', undefined]],
  [[[new Date(5)]], [[new Date(5)]]],
  [
    [
      new Map([
        [1, 2],
        [3, 4],
      ]),
    ],
    [
      new Map([
        [3, 4],
        [1, 2],
      ]),
    ],
  ],
  [[new Set([1, 2])], [new Set([2, 1])]],
  [[{ a: [1, { b: 'x' }] }], [{ a: [1, { b: ['x'].join('') }] }]],
];

const keyOrRefusal = (makeKey, args) => {
  try {
    return { key: makeKey(args) };
  } catch {
    return undefined;
  }
};

/** As a Map sees it. */
const isSame = (one, other) => one !== undefined && other !== undefined && new Set([one.key, other.key]).size === 1;

const wrong = (makeKey) => {
  const verdict = ([one, other]) => isSame(keyOrRefusal(makeKey, one), keyOrRefusal(makeKey, other));
  return DIFFERENT.filter(verdict).length + EQUAL.filter((pair) => !verdict(pair)).length;
};

const collisions = () =>
  Object.entries(MAKERS).map(([name, makeKey]) => {
    const ours = name === 'ResultCache.makeKey';
    return {
      row: ours ? 'D' : undefined,
      name: `${DIFFERENT.length + EQUAL.length} pairs of arguments: ${name}`,
      ours,
      goal: ours ? { wrong: 0 } : undefined,
      wrong: wrong(makeKey),
    };
  });

export const keys = {
  run: async (options) => [...(await speed(options)), ...collisions()],
};
