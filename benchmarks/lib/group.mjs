/**
 * The run common to most groups: contenders that are objects with a method `m`, one of them (`alone`) or 16 of 16 classes
 * in turn (`many`), which makes the call sites inside a library megamorphic, as they are in an application.
 *
 * A contender is `{ name, make(index) }` and, where it is ours, `{ row, ours, goal }`; `make` returns an instance of a
 * class of its own. The first one is the reference.
 */
import { driverOf } from './driver.mjs';
import { asyncResourcesOf, bytesPerCall, ticksOf } from './footprint.mjs';
import { race } from './harness.mjs';

const MANY = 16;

const outcomeOf = async (target, args) => {
  try {
    return await target.m(...args);
  } catch (error) {
    return error;
  }
};

const check = async ({ name, expected }, targets, argumentLists) => {
  for (const args of argumentLists.slice(0, 8)) {
    for (const target of targets) {
      const outcome = await outcomeOf(target, args);
      if (!expected(outcome, args))
        throw new Error(`${name} answers ${JSON.stringify(args)} wrongly: ${String(outcome)}`);
    }
  }
};

const enter = async (contender, { argumentLists, expected, prepare, isCaught }, count) => {
  const targets = await Promise.all(Array.from({ length: count }, (_, index) => contender.make(index)));
  for (const target of targets) await prepare?.(target, argumentLists);
  await check({ name: contender.name, expected: contender.expected ?? expected }, targets, argumentLists);
  return { ...contender, targets, drive: driverOf(targets, argumentLists, { isCaught }) };
};

/**
 * @param parts `contenders`; `argumentsOf(count)`, the argument lists for that many targets; `expected(value, args)`;
 * `prepare(target, argumentLists)`, before anything is measured; `isCaught` where rejections are the answer.
 * @returns a row per contender.
 */
export const runMethods = async ({ contenders, argumentsOf, ...parts }, { mode, rounds, batchMs }) => {
  const count = mode === 'many' ? MANY : 1;
  const argumentLists = argumentsOf(count);
  const entries = [];
  for (const contender of contenders) entries.push(await enter(contender, { ...parts, argumentLists }, count));
  const times = await race(entries, { rounds, batchMs });
  const rows = entries.map(({ row, name, ours, goal }) => ({
    row,
    name,
    ours: ours === true,
    goal,
    ...times.get(name),
  }));
  if (mode === 'many') return rows;
  for (const [index, { drive, targets }] of entries.entries()) {
    rows[index].bytes = await bytesPerCall(drive);
    rows[index].ticks = await ticksOf(() => targets[0].m(...argumentLists[0]));
  }
  // Last, since the hooks that count promises slow down everything after them.
  for (const [index, { drive }] of entries.entries()) Object.assign(rows[index], await asyncResourcesOf(drive));
  return rows;
};
