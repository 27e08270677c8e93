import fc from 'fast-check';
import { virtualClock } from './virtual-clock.js';

const NEW_YEAR = Date.UTC(2024, 0, 1);

test('time starts at 0 and wall time at a fixed date', () => {
  const clock = virtualClock();
  expect([clock.now(), clock.wall()]).toEqual([0, NEW_YEAR]);
});

test('time starts where the options say', async () => {
  const clock = virtualClock({ now: 500, wall: 1_000 });
  expect([clock.now(), clock.wall()]).toEqual([500, 1_000]);
  await clock.advance(20);
  expect([clock.now(), clock.wall()]).toEqual([520, 1_020]);
});

test('options that are not finite are refused', () => {
  expect(() => virtualClock({ now: NaN })).toThrow('now must be a finite number');
  expect(() => virtualClock({ wall: Infinity })).toThrow('wall must be a finite number');
});

test('timers fire in order of due time, then of scheduling, each at its own time', async () => {
  const clock = virtualClock();
  const fired: string[] = [];
  const note = (name: string) => () => void fired.push(`${name}@${clock.now()}`);
  clock.setTimer(note('late'), 30);
  clock.setTimer(note('first'), 10);
  clock.setTimer(note('second'), 10);
  clock.setTimer(note('beyond'), 31);
  await clock.advance(30);
  expect(fired).toEqual(['first@10', 'second@10', 'late@30']);
  expect([clock.now(), clock.pending, clock.nextDue]).toEqual([30, 1, 31]);
});

test('an advance reaches the timers that woken code schedules', async () => {
  const clock = virtualClock();
  const slept: number[] = [];
  const work = async () => {
    for (let round = 0; round < 5; round += 1) {
      await clock.sleep(100);
      for (let hop = 0; hop < 50; hop += 1) await Promise.resolve();
      slept.push(clock.now());
    }
  };
  const done = work();
  await clock.advance(450);
  expect(slept).toEqual([100, 200, 300, 400]);
  await clock.advance(50);
  await done;
  expect(clock.now()).toBe(500);
});

test('an advance reaches the timers of code that goes through setImmediate', async () => {
  const clock = virtualClock();
  const work = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.sleep(10);
    await new Promise((resolve) => setImmediate(resolve));
    await clock.sleep(10);
    return clock.now();
  };
  const done = work();
  await clock.advance(100);
  expect(await done).toBe(20);
});

test('negative and NaN delays count as 0', () => {
  const clock = virtualClock();
  const fired: string[] = [];
  clock.setTimer(() => fired.push('NaN'), NaN);
  clock.setTimer(() => fired.push('negative'), -5);
  clock.advanceSync(0);
  expect(fired).toEqual(['NaN', 'negative']);
  expect(clock.now()).toBe(0);
});

test('delays beyond 2^31-1 ms are kept to, infinite ones never fall due', async () => {
  const clock = virtualClock();
  const fired: number[] = [];
  clock.setTimer(() => fired.push(clock.now()), 2 ** 32);
  clock.setTimer(() => fired.push(clock.now()), Infinity);
  await clock.advance(2 ** 32 - 1);
  expect(fired).toEqual([]);
  expect(await clock.runAll()).toBe(1);
  expect(fired).toEqual([2 ** 32]);
  expect([clock.pending, await clock.runNext()]).toEqual([1, false]);
});

test('a cancelled timer does not fire, and cancelling twice or late is harmless', () => {
  const clock = virtualClock();
  const callback = jest.fn();
  const cancelled = clock.setTimer(callback, 10);
  const other = clock.setTimer(callback, 10);
  cancelled.cancel();
  cancelled.cancel();
  expect(clock.pending).toBe(1);
  clock.advanceSync(10);
  other.cancel();
  expect(callback).toHaveBeenCalledTimes(1);
  expect([clock.pending, clock.refCount]).toEqual([0, 0]);
});

test('refCount counts the pending timers that would keep a process alive', () => {
  const clock = virtualClock();
  const timer = clock.setTimer(() => undefined, 10);
  const fired = clock.setTimer(() => undefined, 0);
  clock.advanceSync(0);
  expect(clock.refCount).toBe(1);
  timer.unref();
  timer.unref();
  expect([clock.pending, clock.refCount]).toEqual([1, 0]);
  fired.unref();
  fired.ref();
  timer.ref();
  expect(clock.refCount).toBe(1);
  timer.unref();
  timer.cancel();
  timer.ref();
  expect([clock.pending, clock.refCount]).toEqual([0, 0]);
});

test('a throwing callback stops neither the other timers nor the clock, and its error comes out of the advance', async () => {
  const clock = virtualClock();
  const fired: number[] = [];
  const error = new Error('callback');
  clock.setTimer(() => {
    throw error;
  }, 10);
  clock.setTimer(() => fired.push(clock.now()), 20);
  await expect(clock.advance(30)).rejects.toBe(error);
  expect([clock.now(), fired, clock.pending]).toEqual([30, [20], 0]);
});

test('the errors of several callbacks come out together', () => {
  const clock = virtualClock();
  for (const name of ['one', 'two']) {
    clock.setTimer(() => {
      throw new Error(name);
    }, 10);
  }
  const caught = thrownBy(() => clock.advanceSync(10)) as AggregateError;
  expect(caught.message).toBe('2 timer callbacks threw');
  expect(caught.errors.map(String)).toEqual(['Error: one', 'Error: two']);
});

test('time goes neither back nor to infinity', async () => {
  const clock = virtualClock({ now: 100 });
  await expect(clock.advance(-1)).rejects.toThrow(new RangeError('VirtualClock cannot advance by -1 ms'));
  await expect(clock.advance(Infinity)).rejects.toThrow(RangeError);
  await expect(clock.advanceTo(99)).rejects.toThrow('cannot go back from 100 ms to 99 ms');
  expect(() => clock.advanceSync(NaN)).toThrow('finite');
  await clock.advanceTo(150);
  expect(clock.now()).toBe(150);
});

test('a wall step leaves monotonic time and timers alone', async () => {
  const clock = virtualClock();
  const callback = jest.fn();
  clock.setTimer(callback, 10);
  clock.skewWall(3_600_000);
  expect([clock.now(), clock.wall()]).toEqual([0, NEW_YEAR + 3_600_000]);
  await clock.advance(5);
  expect(callback).not.toHaveBeenCalled();
  expect(() => clock.skewWall(NaN)).toThrow('finite');
});

test('settle lets ready code run and moves no time', async () => {
  const clock = virtualClock();
  const steps: number[] = [];
  void Promise.resolve()
    .then(() => steps.push(1))
    .then(() => process.nextTick(() => steps.push(2)));
  await clock.settle();
  expect([steps, clock.now()]).toEqual([[1, 2], 0]);
});

test('advanceSync fires nested timers without running microtasks', () => {
  const clock = virtualClock();
  const fired: string[] = [];
  clock.setTimer(() => {
    void Promise.resolve().then(() => fired.push('microtask'));
    clock.setTimer(() => fired.push(`nested@${clock.now()}`), 5);
  }, 10);
  clock.advanceSync(20);
  expect([fired, clock.now()]).toEqual([['nested@15'], 20]);
});

test('a callback may advance the clock itself, and time never goes back', async () => {
  const clock = virtualClock();
  const fired: number[] = [];
  clock.setTimer(() => clock.advanceSync(50), 10);
  clock.setTimer(() => fired.push(clock.now()), 40);
  await clock.advance(30);
  expect([clock.now(), fired]).toEqual([60, [40]]);
});

test('overlapping advances reach the later target', async () => {
  const clock = virtualClock();
  await Promise.all([clock.advance(100), clock.advance(40)]);
  expect(clock.now()).toBe(100);
});

test('a back end that advances the clock says how long it takes', async () => {
  const clock = virtualClock();
  const work = (async () => {
    await clock.advance(50);
    await clock.sleep(10);
    return clock.now();
  })();
  expect(await clock.until(work)).toBe(60);
});

test('a timer that re-arms itself with no delay is reported, not run for ever', () => {
  const clock = virtualClock();
  const spin = (): void => void clock.setTimer(spin, 0);
  spin();
  expect(() => clock.advanceSync(10)).toThrow('100000 timers fired without time moving on');
});

test('any schedule of timers and cancellations fires as a stable sort by due time says', () => {
  const action = fc.record({ delay: fc.integer({ min: 0, max: 20 }), isCancelled: fc.boolean(), isRef: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 40 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }),
      (actions, steps) => {
        const clock = virtualClock();
        const fired: number[] = [];
        const timers = actions.map(({ delay }, index) => clock.setTimer(() => fired.push(index), delay));
        actions.forEach(({ isRef, isCancelled }, index) => {
          if (!isRef) timers[index]?.unref();
          if (isCancelled) timers[index]?.cancel();
        });
        for (const step of [0, ...steps]) clock.advanceSync(step);
        const live = actions.map((value, index) => ({ ...value, index })).filter(({ isCancelled }) => !isCancelled);
        const due = live.filter(({ delay }) => delay <= clock.now()).sort((a, b) => a.delay - b.delay);
        expect(fired).toEqual(due.map(({ index }) => index));
        expect(clock.pending).toBe(live.length - due.length);
        expect(clock.refCount).toBe(live.filter(({ delay, isRef }) => isRef && delay > clock.now()).length);
      },
    ),
  );
});

function thrownBy(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
