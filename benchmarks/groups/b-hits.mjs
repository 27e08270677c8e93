/** Hits. What is measured asks with other strings and objects than those that filled the cache, and never loads. */
import { cachePeers, oursCached, plainMap } from '../contenders/caches.mjs';
import { core } from '../lib/core.mjs';
import { runMethods } from '../lib/group.mjs';

const ENTRIES = 1_024;

/** Each call makes its arguments anew: equal values, other objects. */
const ARGUMENTS = {
  string: (id) => [['user', String(id + 10_000)].join(':')],
  number: (id) => [id * 7 + 100_000],
  two: (id) => [['tenant', String(id % 8)].join('-'), id + 10_000],
  object: (id) => [{ id: id + 10_000, kind: 'invoice', page: id % 10 }],
};

const runHits = async (shape, contenders, options) => {
  let loads = 0;
  const load = async (...args) => {
    loads += 1;
    return { of: args[0] };
  };
  const argumentsOf = (count) => Array.from({ length: ENTRIES / count }, (_, id) => ARGUMENTS[shape](id));
  const prepare = async (target, argumentLists) => {
    const others = argumentsOf(ENTRIES / argumentLists.length);
    for (const args of others) await (target.fill?.(...args) ?? target.m(...args));
    loads = 0;
  };
  const rows = await runMethods(
    {
      contenders: contenders.map((contender) => ({ ...contender, make: (index) => contender.make(index, { load }) })),
      argumentsOf,
      prepare,
      expected: (value, args) => JSON.stringify(value?.of) === JSON.stringify(args[0]),
    },
    options,
  );
  if (loads > 0) throw new Error(`${loads} of the calls that were measured as hits were none`);
  return rows;
};

const hits = (shape, row, goal) => ({
  run: (options) => runHits(shape, [plainMap(shape), oursCached(shape, goal, row), ...cachePeers(shape)], options),
});

const HIT = { ratio: 1.3, bytes: 300, promises: 0, ticks: 1, timers: 0 };

export const stringHits = hits('string', 'B1', HIT);
export const numberHits = hits('number', 'B1', HIT);
export const pairHits = hits('two', 'B1', HIT);
export const objectHits = hits('object', 'B2', { ratio: 0.9, promises: 0, ticks: 1, timers: 0 });

export const exactHits = {
  run: (options) => {
    core.configure({ clock: 'exact' });
    return runHits(
      'string',
      [plainMap('string'), oursCached('string', { ratio: 1.7, promises: 0, ticks: 1 }, 'B4')],
      options,
    );
  },
};
