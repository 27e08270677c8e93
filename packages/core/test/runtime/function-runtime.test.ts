import { virtualClock } from '../../../testing/src/index.js';
import { createRuntime, explain, resilient, withRuntime } from '../../src/index.js';

/** A function of `resilient()` has no instance: a runtime is given to the function itself. */

const load = (id: string): Promise<string> => Promise.resolve(`value of ${id}`);

test('withRuntime gives a function a runtime: its time, its cache, its counts', async () => {
  const clock = virtualClock();
  const runtime = createRuntime({ clock, logger: false });
  const cached = withRuntime(resilient(load, { cache: { ttl: '1s' }, name: 'load' }), runtime);
  await cached('1');
  expect([cached.cache.stats.size, runtime.stats().total.size]).toEqual([1, 1]);
  await clock.advance(1_000);
  expect(cached.cache.peek('1')).toBeUndefined();
  expect(explain(cached).methods[0]?.method).toBe('load');
});

test('a runtime given later counts from the next call on, and others of the same source are left alone', async () => {
  const runtime = createRuntime({ clock: virtualClock(), logger: false });
  const [one, other] = [resilient(load, { cache: true }), resilient(load, { cache: true })];
  await one('1');
  withRuntime(one, runtime);
  await one('1');
  await other('1');
  expect([runtime.stats().total.size, other.cache.stats.size]).toEqual([1, 1]);
});

test('a rate limit goes by the time of that runtime', async () => {
  const clock = virtualClock();
  const limited = withRuntime(
    resilient(load, { rateLimit: { limit: 1, interval: '1m' } }),
    createRuntime({ clock, logger: false }),
  );
  await limited('1');
  await expect(limited('2')).rejects.toThrow();
  await clock.advance(60_000);
  expect(await limited('3')).toBe('value of 3');
});
