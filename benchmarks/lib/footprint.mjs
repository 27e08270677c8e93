/** What a call leaves on the heap, in the promise hooks and in the microtask queue. Never in the same pass as timing. */
import { createHook } from 'node:async_hooks';
import { median } from './statistics.mjs';

const SAMPLES = 15;
const CALLS = 300;

/** Few calls after a full collection: the young generation does not fill, so that nothing is collected in between. */
const growth = async (drive, calls) => {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  await drive(calls);
  return process.memoryUsage().heapUsed - before;
};

/** Heap bytes per call, the driver's own `await` included. */
export const bytesPerCall = async (drive) => {
  const samples = [];
  await drive(2_000);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const fixed = await growth(drive, 1);
    samples.push(((await growth(drive, CALLS + 1)) - fixed) / CALLS);
  }
  return Math.round(median(samples));
};

/** Microtask turns until the caller sees the result of one call. */
export const ticksOf = async (call) => {
  let ticks = 1;
  let isSettled = false;
  const settle = () => (isSettled = true);
  const outcome = call();
  outcome.then(settle, settle);
  await new Promise((done) => {
    const count = () => {
      if (isSettled) return done();
      ticks += 1;
      if (ticks > 1_000) return done();
      queueMicrotask(count);
    };
    queueMicrotask(count);
  });
  return isSettled ? ticks : Number.NaN;
};

/** Promises and awaits, and timers, per call; the driver's own `await` is taken off. */
export const asyncResourcesOf = async (drive) => {
  const counts = { PROMISE: 0, Timeout: 0 };
  const hook = createHook({
    init: (_id, type) => {
      if (type in counts) counts[type] += 1;
    },
  });
  const during = async (calls) => {
    counts.PROMISE = 0;
    counts.Timeout = 0;
    hook.enable();
    await drive(calls);
    hook.disable();
    return { ...counts };
  };
  await drive(100);
  const one = await during(1);
  const many = await during(CALLS + 1);
  return {
    promises: round((many.PROMISE - one.PROMISE) / CALLS - 1),
    timers: round((many.Timeout - one.Timeout) / CALLS),
  };
};

const round = (value) => Math.round(value * 100) / 100;
