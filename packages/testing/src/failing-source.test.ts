import { deferred } from './deferred.js';
import { after, fail, hang, ok, scripted } from './failing-source.js';
import { virtualClock } from './virtual-clock.js';

test('calls end as the script says, and the last outcome repeats', async () => {
  const error = new Error('down');
  const source = scripted<number>([fail(error), ok(1), ok(2)]);
  await expect(source()).rejects.toBe(error);
  expect([await source(), await source(), await source()]).toEqual([1, 2, 2]);
  expect(source.calls).toBe(4);
});

test('a function given to fail makes a fresh error for each call', async () => {
  const source = scripted<never>([fail(() => new Error('fresh'))]);
  const errors = await Promise.all([source(), source()].map((call) => call.catch((error: unknown) => error)));
  expect(errors).toEqual([new Error('fresh'), new Error('fresh')]);
  expect(errors[0]).not.toBe(errors[1]);
});

test('arguments are kept in order', async () => {
  const source = scripted<string, [id: number, name: string]>([ok('x')]);
  await source(1, 'a');
  await source(2, 'b');
  expect(source.received).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
});

test('calls in flight are counted', async () => {
  const source = scripted<string>([hang()]);
  const calls = [source(), source()];
  expect([source.calls, source.inFlight, source.maxInFlight]).toEqual([2, 2, 2]);
  expect(source.release(ok('free'))).toBe(2);
  expect(await Promise.all(calls)).toEqual(['free', 'free']);
  expect([source.inFlight, source.maxInFlight, source.release()]).toEqual([0, 2, 0]);
});

test('a hanging call that is released without an outcome fails', async () => {
  const source = scripted<string>([hang()]);
  const call = source();
  source.release();
  await expect(call).rejects.toThrow('the hanging call was released');
});

test('after ends a call later on the clock', async () => {
  const clock = virtualClock();
  const source = scripted<string>([after(100, ok('slow')), after(10, after(5, fail(new Error('late'))))], { clock });
  expect(await clock.until(source())).toBe('slow');
  expect(clock.now()).toBe(100);
  await expect(clock.until(source())).rejects.toThrow('late');
  expect(clock.now()).toBe(115);
});

test('a script that cannot be played is refused at once', () => {
  expect(() => scripted([])).toThrow(new RangeError('scripted: at least one outcome is needed'));
  expect(() => scripted([after(1, ok(1))])).toThrow('after() needs a clock');
});

test('a deferred promise settles by hand', async () => {
  const good = deferred<number>();
  good.resolve(1);
  expect(await good.promise).toBe(1);
  const bad = deferred();
  bad.reject(new Error('no'));
  await expect(bad.promise).rejects.toThrow('no');
});
