/** What this machine charges for the parts that every design is made of: a yardstick for the other figures. */
import { bareMethod, oneThen } from '../contenders/plain.mjs';
import { compile, driverOf } from '../lib/driver.mjs';
import { race } from '../lib/harness.mjs';

const loop = (expression, scope = {}) =>
  compile(
    `return function drive(calls) {
       let result;
       for (let call = 0; call < calls; call++) result = ${expression};
       return typeof result;
     };`,
    scope,
  );

const argumentLists = Array.from({ length: 64 }, (_, id) => [id]);
const map = new Map(Array.from({ length: 1_024 }, (_, id) => [`key:${id}`, id]));
const keys = Array.from({ length: 1_024 }, (_, id) => ['key', String(id)].join(':'));

const PARTS = [
  { name: 'bare async method, awaited', drive: driverOf([bareMethod.make(0)], argumentLists) },
  { name: 'the same through one then', drive: driverOf([oneThen.make(0)], argumentLists) },
  { name: 'performance.now()', drive: loop('performance.now()') },
  { name: 'Date.now()', drive: loop('Date.now()') },
  { name: 'Map.get of 1,024 strings', drive: loop('map.get(keys[call & 1023])', { map, keys }) },
  { name: 'new Promise(…)', drive: loop('new Promise(take)', { take: () => undefined }) },
  {
    name: 'setTimeout and clearTimeout',
    drive: loop('clearTimeout(setTimeout(take, 2000))', { take: () => undefined }),
  },
  { name: 'new Error with its stack', drive: loop("new Error('x')") },
];

export const machine = {
  run: async ({ rounds, batchMs }) => {
    const times = await race(PARTS, { rounds: Math.round(rounds / 2), batchMs });
    return PARTS.map(({ name }) => ({ name, ours: false, ...times.get(name) }));
  },
};
