import { LatencyGradient } from './latency-gradient.js';

const middle = (): number => 0.5;

/** Fifty samples of one latency over a second: one window ends on the way. Returns the limit after them. */
const second = (gradient: LatencyGradient, limit: number, latency: number, from: number, isBusy = true): number => {
  let next = limit;
  for (let at = 0; at < 1000; at += 20) next = gradient.sample(next, latency, isBusy, from + at, middle);
  return next;
};

test('calls that take no time at all let the limit grow', () => {
  const gradient = new LatencyGradient();
  expect(second(gradient, 100, 0, 0)).toBeGreaterThan(100);
});

test('what is slower than tolerated shrinks the limit, by at most half before smoothing', () => {
  const gradient = new LatencyGradient();
  second(gradient, 100, 10, 0);
  const once = 100 + 0.2 * (100 * 0.5 + Math.sqrt(100) - 100);
  const shrunk = second(gradient, 100, 1000, 1000);
  expect(shrunk).toBeLessThanOrEqual(once);
  expect(gradient.baseline).toBe(10);
});

test('a window in which less than half was in use moves no limit, and may raise the baseline', () => {
  const gradient = new LatencyGradient();
  second(gradient, 100, 10, 0, false);
  expect(second(gradient, 100, 15, 1000, false)).toBe(100);
  expect(gradient.baseline).toBe(15);
});

test('half a minute of load is followed by one window at half the limit', () => {
  const gradient = new LatencyGradient();
  const shares = new Set<number>();
  for (let from = 0; from < 29_000; from += 1000) {
    second(gradient, 100, 10, from);
    shares.add(gradient.share);
  }
  expect([...shares]).toEqual([1]);
  for (let at = 29_000; at < 35_000 && gradient.share === 1; at += 20) gradient.sample(100, 10, true, at, middle);
  expect(gradient.share).toBe(0.5);
  second(gradient, 100, 10, 35_000);
  expect(gradient.share).toBe(1);
});
