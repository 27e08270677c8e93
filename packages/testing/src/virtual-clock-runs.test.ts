import { virtualClock } from './virtual-clock.js';

test('runNext fires one timer and tells whether there was one', async () => {
  const clock = virtualClock();
  const fired: number[] = [];
  clock.setTimer(() => fired.push(1), 10);
  clock.setTimer(() => fired.push(2), 10);
  expect(await clock.runNext()).toBe(true);
  expect([fired, clock.now()]).toEqual([[1], 10]);
  expect(await clock.runNext()).toBe(true);
  expect(await clock.runNext()).toBe(false);
});

test('runAll fires until no timer is left and counts them', async () => {
  const clock = virtualClock();
  void clock.sleep(10).then(() => clock.sleep(1_000));
  expect(await clock.runAll()).toBe(2);
  expect([clock.now(), clock.pending]).toEqual([1_010, 0]);
});

test('runAll gives up on timers that re-arm themselves for ever', async () => {
  const clock = virtualClock();
  const tick = (): void => void clock.setTimer(tick, 10);
  tick();
  await expect(clock.runAll({ limit: 3 })).rejects.toThrow(
    "VirtualClock at 30 ms: timers are still pending after 3 of them fired (pending: 1 timers, 1 of them ref'd)",
  );
});

test('runAll can stop where a process would exit', async () => {
  const clock = virtualClock();
  const sweep = (): void => clock.setTimer(sweep, 10).unref();
  sweep();
  void clock.sleep(35);
  await clock.runAll({ onlyRef: true });
  expect([clock.now(), clock.pending]).toEqual([35, 1]);
});

test('until advances timer by timer and settles as the promise does', async () => {
  const clock = virtualClock();
  const work = clock
    .sleep(10)
    .then(() => clock.sleep(20))
    .then(() => 'done');
  void clock.sleep(1_000);
  expect(await clock.until(work)).toBe('done');
  expect([clock.now(), clock.pending]).toEqual([30, 1]);
  const failing = clock.sleep(1).then(() => Promise.reject(new Error('failed')));
  await expect(clock.until(failing)).rejects.toThrow('failed');
});

test('until moves no time for a promise that settles by itself', async () => {
  const clock = virtualClock();
  void clock.sleep(10);
  await clock.until(Promise.resolve());
  expect(clock.now()).toBe(0);
});

test('until says so when the promise waits for something else', async () => {
  const clock = virtualClock();
  const never = new Promise(() => undefined);
  await expect(clock.until(never)).rejects.toThrow('the promise waits for something other than this clock');
  clock.setTimer(() => undefined, 10).unref();
  await expect(clock.until(never, { onlyRef: true })).rejects.toThrow('other than this clock');
  expect(clock.now()).toBe(0);
});

test('until gives up after its limit of timers', async () => {
  const clock = virtualClock();
  const tick = (): void => void clock.setTimer(tick, 10);
  tick();
  await expect(clock.until(new Promise(() => undefined), { limit: 4 })).rejects.toThrow('still pending after 4 timers');
});

test('until prefers the error of a callback to its own complaint', async () => {
  const clock = virtualClock();
  clock.setTimer(() => {
    throw new Error('callback');
  }, 10);
  await expect(clock.until(new Promise(() => undefined))).rejects.toThrow('callback');
});
