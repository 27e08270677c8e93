import * as fc from 'fast-check';
import { effectiveTtl, isUsableOnError, judge, nextThrottle, throttleAfterRefusal } from './machine.js';

const windows = (staleWhileRevalidate: number, staleIfError: number) => ({ staleWhileRevalidate, staleIfError });
const lifetime = (freshUntil: number, hardUntil = Infinity) => ({ freshUntil, hardUntil });

describe('judge', () => {
  test.each([
    [99, 'fresh'],
    [100, 'revalidate'],
    [109, 'revalidate'],
    [110, 'on-error'],
    [149, 'on-error'],
    [150, 'gone'],
  ])('at %i an entry fresh until 100 with windows of 10 and 50 is %s', (now, expected) => {
    expect(judge(lifetime(100), windows(10, 50), now)).toBe(expected);
  });

  test('a longer window for revalidation leaves nothing for errors alone', () => {
    expect(judge(lifetime(100), windows(50, 10), 149)).toBe('revalidate');
    expect(judge(lifetime(100), windows(50, 10), 150)).toBe('gone');
  });

  test('without windows an entry is gone at the end of its freshness', () => {
    expect(judge(lifetime(100), windows(0, 0), 100)).toBe('gone');
  });

  test.each([50, 105, 120])('at the end of its lease (%i) an entry is gone, whatever the windows say', (end) => {
    expect(judge(lifetime(100, end), windows(10, 50), end - 1)).not.toBe('gone');
    expect(judge(lifetime(100, end), windows(10, 50), end)).toBe('gone');
  });

  test('an entry that never expires is always fresh', () => {
    expect(judge(lifetime(Infinity), windows(0, 0), Number.MAX_VALUE)).toBe('fresh');
  });

  test('an entry only ever gets staler', () => {
    const order = ['fresh', 'revalidate', 'on-error', 'gone'];
    const time = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(time, time, time, time, (fresh, hard, swr, sie) => {
        let rank = 0;
        for (let now = 0; now < 220; now += 1) {
          const next = order.indexOf(judge(lifetime(fresh, hard), windows(swr, sie), now));
          expect(next).toBeGreaterThanOrEqual(rank);
          rank = next;
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('isUsableOnError', () => {
  test.each([
    [lifetime(100), windows(0, 50), 149, true],
    [lifetime(100), windows(0, 50), 150, false],
    [lifetime(100), windows(0, 50), 50, true],
    [lifetime(100), windows(500, 50), 150, false],
    [lifetime(100, 120), windows(0, 50), 119, true],
    [lifetime(100, 120), windows(0, 50), 120, false],
    [lifetime(100), windows(500, 0), 50, false],
  ])('%p with %p at %i: %p', (entry, given, now, expected) => {
    expect(isUsableOnError(entry, given, now)).toBe(expected);
  });
});

describe('nextThrottle', () => {
  test('begins with the first delay and doubles up to thirty seconds', () => {
    let throttle = nextThrottle(undefined, 1000, 0);
    expect(throttle).toEqual({ until: 1000, delay: 1000 });
    const delays = Array.from({ length: 7 }, () => (throttle = nextThrottle(throttle, 1000, 5)).delay);
    expect(delays).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(throttle.until).toBe(30_005);
  });

  test('a first delay above thirty seconds stays as it is', () => {
    const first = nextThrottle(undefined, 60_000, 0);
    expect(nextThrottle(first, 60_000, 0).delay).toBe(60_000);
  });

  test('a first delay of 0 holds nobody back', () => {
    const first = nextThrottle(undefined, 0, 7);
    expect(first).toEqual({ until: 7, delay: 0 });
    expect(nextThrottle(first, 0, 8).until).toBe(8);
  });
});

describe('throttleAfterRefusal', () => {
  test('a refusal does not make the pause grow, and the pause ends when the refusing policy may admit again', () => {
    const failed = nextThrottle(nextThrottle(undefined, 1000, 0), 1000, 0);
    expect(throttleAfterRefusal(failed, 1000, { retryAfter: 300, now: 10 })).toEqual({ until: 310, delay: 2000 });
    expect(throttleAfterRefusal(failed, 1000, { retryAfter: 30_000, now: 10 })).toEqual({ until: 1010, delay: 2000 });
  });

  test('without a time to come back the pause is the first one', () => {
    expect(throttleAfterRefusal(undefined, 1000, { retryAfter: undefined, now: 10 }).until).toBe(1010);
  });

  test('refusals before the first failure leave it the first pause', () => {
    const refused = throttleAfterRefusal(undefined, 1000, { retryAfter: 300, now: 10 });
    const failed = nextThrottle(throttleAfterRefusal(refused, 1000, { retryAfter: 300, now: 20 }), 1000, 30);
    expect(failed).toEqual({ until: 1030, delay: 1000 });
    expect(nextThrottle(failed, 1000, 40).delay).toBe(2000);
  });
});

describe('effectiveTtl', () => {
  const half = (): number => 0.5;
  const plain = { jitter: 0, bounds: undefined };

  test.each([0, -1, Number.NaN, -Infinity])('a ttl of %p is not stored', (ttl) => {
    expect(effectiveTtl(ttl, plain, half)).toBeUndefined();
    expect(effectiveTtl(ttl, { jitter: 0, bounds: { min: 5, max: 10 } }, half)).toBeUndefined();
  });

  test.each([
    [1, 5],
    [5, 5],
    [7, 7],
    [10, 10],
    [11, 10],
    [Infinity, 10],
  ])('bounds of 5 to 10 make %p to %i', (ttl, expected) => {
    expect(effectiveTtl(ttl, { jitter: 0, bounds: { min: 5, max: 10 } }, half)).toBe(expected);
  });

  test('an upper bound of 0 stores nothing', () => {
    expect(effectiveTtl(5, { jitter: 0.5, bounds: { min: 0, max: 0 } }, half)).toBeUndefined();
  });

  test('jitter takes its share off, and asks chance only where it is on', () => {
    const random = jest.fn(half);
    expect(effectiveTtl(100, plain, random)).toBe(100);
    expect(effectiveTtl(Infinity, { jitter: 0.5, bounds: undefined }, random)).toBe(Infinity);
    expect(random).not.toHaveBeenCalled();
    expect(effectiveTtl(100, { jitter: 0.2, bounds: undefined }, random)).toBe(90);
    expect(effectiveTtl(100, { jitter: 1, bounds: undefined }, () => 0)).toBe(100);
    expect(effectiveTtl(100, { jitter: 1, bounds: { min: 0, max: 50 } }, half)).toBe(25);
  });
});
