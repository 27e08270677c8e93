import fc from 'fast-check';
import { AdmissionLog } from './admission-log.js';
import { Gcra } from './gcra.js';
import type { Rate, RateMeter } from './rate-meter.js';
import { TokenBucket } from './token-bucket.js';

const METERS = [
  ['GCRA', Gcra],
  ['token bucket', TokenBucket],
  ['admission log', AdmissionLog],
] as const;

const SMALL = 1e-4;

/** How many of so many attempts at one time go. */
const admittedOf = (meter: RateMeter, attempts: number, now: number): number =>
  Array.from({ length: attempts }, () => meter.tryTake(now)).filter(Boolean).length;

const rates: fc.Arbitrary<Rate> = fc.record({
  limit: fc.integer({ min: 1, max: 20 }),
  interval: fc.integer({ min: 1, max: 10_000 }),
  burst: fc.integer({ min: 1, max: 30 }),
});
/** In eighths of what a call takes, so that sums are exact. */
const exactRates: fc.Arbitrary<Rate> = fc.record({
  limit: fc.constantFrom(1, 2, 4, 8, 16),
  interval: fc.constantFrom(1024, 4096),
  burst: fc.integer({ min: 1, max: 20 }),
});
const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3_000 })), {
  maxLength: 150,
});
const exactSteps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_048 })), { maxLength: 200 });

const timesOf = (meter: RateMeter, gaps: readonly number[]): number[] => {
  let now = 0;
  return gaps.flatMap((gap) => {
    now += gap;
    return meter.tryTake(now) ? [now] : [];
  });
};

describe.each(METERS)('%s', (_name, Meter) => {
  const made = (rate: Partial<Rate> = {}): RateMeter => new Meter({ limit: 4, interval: 1000, burst: 4, ...rate });

  test('after a pause as many go at once as there may, and no more', () => {
    const meter = made();
    expect([admittedOf(meter, 50, 0), meter.available(0), meter.usedShare(0)]).toEqual([4, 0, 1]);
    expect([admittedOf(meter, 50, 2000), admittedOf(meter, 50, 2000)]).toEqual([4, 0]);
  });

  test('is idle once everything may go again', () => {
    const meter = made();
    expect(meter.isIdle(0)).toBe(true);
    meter.take(0);
    expect([meter.isIdle(0), meter.available(0), meter.usedShare(0)]).toEqual([false, 3, 0.25]);
    expect([meter.isIdle(1000), meter.available(1000), meter.usedShare(1000)]).toEqual([true, 4, 0]);
  });

  test('what is owed holds up later ones', () => {
    const meter = made();
    for (let call = 0; call < 8; call++) meter.take(0);
    expect([meter.tryTake(0), meter.available(0), meter.usedShare(0)]).toEqual([false, 0, 1]);
    expect(meter.nextAt(0)).toBeGreaterThan(1000);
    expect(meter.tryTake(meter.nextAt(0))).toBe(true);
  });

  test('a limit that does not divide its interval loses nothing to rounding', () => {
    for (const limit of [3, 7, 9, 11, 13]) {
      const meter = made({ limit, burst: limit });
      for (let round = 0; round < 100; round++) expect(admittedOf(meter, 50, round * 1000)).toBe(limit);
    }
  });

  test('property: the next may go when it is said, and not before', () => {
    fc.assert(
      fc.property(rates, steps, fc.nat({ max: 60 }), (rate, gaps, ahead) => {
        const [told, real] = [made(rate), made(rate)];
        const now = gaps.reduce((sum, gap) => sum + gap, 0);
        timesOf(told, gaps);
        timesOf(real, gaps);
        const at = told.nextAt(now, ahead);
        let last = now;
        for (let other = 0; other < ahead; other++) {
          last = real.nextAt(last);
          expect(real.tryTake(last)).toBe(true);
        }
        expect(real.nextAt(last)).toBeCloseTo(at, 5);
        if (at - 0.01 > last) expect(real.tryTake(at - 0.01)).toBe(false);
        expect(real.tryTake(at + SMALL)).toBe(true);
      }),
    );
  });

  test('property: a share that is used stays used in a new meter', () => {
    fc.assert(
      fc.property(rates, steps, rates, (rate, gaps, other) => {
        const before = made(rate);
        const now = gaps.reduce((sum, gap) => sum + gap, 0);
        timesOf(before, gaps);
        const after = made(other);
        const capacity = Meter === AdmissionLog ? other.limit : other.burst;
        const share = before.usedShare(now);
        after.take(now, share * capacity);
        expect(Math.abs(after.usedShare(now) - share)).toBeLessThanOrEqual(1 / capacity);
        expect(admittedOf(after, 50, now)).toBeLessThanOrEqual(Math.ceil((1 - share) * capacity + SMALL));
      }),
    );
  });
});

describe.each(METERS.slice(0, 2))('%s', (_name, Meter) => {
  test('property: in any time t at most burst + t · limit / interval go', () => {
    fc.assert(
      fc.property(rates, steps, (rate, gaps) => {
        const times = timesOf(new Meter(rate), gaps);
        for (const [index, from] of times.entries()) {
          for (const [more, to] of times.slice(index).entries()) {
            const most = rate.burst + ((to - from) * rate.limit) / rate.interval;
            expect(more + 1).toBeLessThanOrEqual(most + SMALL);
          }
        }
      }),
    );
  });

  test('with a burst of one calls are evenly spaced', () => {
    const meter = new Meter({ limit: 10, interval: 1000, burst: 1 });
    const times = timesOf(meter, Array<number>(200).fill(5));
    expect(times.map((time, index) => time - (times[index - 1] ?? time - 100))).toEqual(times.map(() => 100));
  });
});

test('property: GCRA and the token bucket decide alike', () => {
  fc.assert(
    fc.property(exactRates, exactSteps, (rate, gaps) => {
      expect(timesOf(new Gcra(rate), gaps)).toEqual(timesOf(new TokenBucket(rate), gaps));
    }),
    { numRuns: 500 },
  );
});

describe('admission log', () => {
  test('property: no interval has more than the limit, and no call is refused without need', () => {
    fc.assert(
      fc.property(rates, steps, (rate, gaps) => {
        const { limit, interval } = rate;
        const log = new AdmissionLog(rate);
        const admitted: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const within = admitted.filter((time) => time > now - interval).length;
          expect(log.available(now)).toBe(limit - within);
          expect(log.tryTake(now)).toBe(within < limit);
          if (within < limit) admitted.push(now);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('grows with what comes, not with the limit', () => {
    const log = new AdmissionLog({ limit: 1_000_000, interval: 1000, burst: 1 });
    for (let now = 0; now < 100_000; now += 100) log.tryTake(now);
    const { length } = (log as unknown as { times: Float64Array }).times;
    expect(length).toBeLessThanOrEqual(32);
  });
});
