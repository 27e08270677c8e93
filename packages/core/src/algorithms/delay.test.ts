import * as fc from 'fast-check';
import { type DelayOptions, computeDelay } from './delay.js';
import type { Jitter } from './jitter.js';

const options = (changes: Partial<DelayOptions>): DelayOptions => ({
  delay: 500,
  maxDelay: 30_000,
  backoff: 'exponential',
  factor: 2,
  jitter: 'none',
  ...changes,
});
const half = (): number => 0.5;
const series = (changes: Partial<DelayOptions>, length: number, random = half): number[] =>
  Array.from({ length }, (_, index) => computeDelay(options(changes), index + 1, random));

describe('computeDelay', () => {
  it('gives the series of the retry decorator (row G23)', () => {
    expect(series({}, 8)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it('gives the timing table of the retry function (row M18)', () => {
    const table = { delay: 1000, factor: 2, jitter: 'additive' as const };
    expect(series({ ...table, jitter: 'none' }, 3)).toEqual([1000, 2000, 4000]);
    expect(series(table, 3, () => 0)).toEqual([1000, 2000, 4000]);
    const latest = series(table, 3, () => 1 - 2 ** -53);
    expect(latest.map(Math.round)).toEqual([1100, 2200, 4400]);
  });

  it('jitters by ±25 % inside the cap (row G23)', () => {
    expect(series({ jitter: true }, 7, () => 0)).toEqual([375, 750, 1500, 3000, 6000, 12_000, 15_000]);
  });

  it('jitters what a backoff function answers', () => {
    expect(computeDelay(options({ backoff: () => 800, jitter: 'full' }), 1, half)).toBe(400);
  });

  it.each<Partial<DelayOptions>>([
    { backoff: 'decorrelated', jitter: 'full' },
    { backoff: 'decorrelated', jitter: () => 1 },
    { backoff: 'exponential', jitter: 'decorrelated' },
    { backoff: () => 1, jitter: { kind: 'decorrelated' } },
  ])('lets decorrelated overrule the other formula: %p', (changes) => {
    expect(computeDelay(options(changes), 1, half)).toBe(1000);
    expect(computeDelay(options(changes), 2, half, 1000)).toBe(1750);
    expect(computeDelay(options(changes), 3, half, 30_000)).toBe(15_250);
  });

  it('does not stop at 2^31−1: who sleeps splits', () => {
    expect(computeDelay(options({ maxDelay: 1e12 }), 60, half)).toBe(1e12);
  });

  it('answers a number in [0, maxDelay] for any options in range', () => {
    const size = fc.double({ min: 0, noNaN: true });
    const backoffs = fc.oneof(
      fc.constantFrom('exponential' as const, 'linear' as const, 'constant' as const, 'decorrelated' as const),
      fc.anything().map((answer) => () => answer as number),
    );
    const jitters = fc.oneof(
      fc.constantFrom<Jitter>('none', 'full', 'equal', 'proportional', 'additive', 'decorrelated', true, false),
      fc.anything().map((answer) => () => answer as number),
      fc.record({
        kind: fc.constantFrom('proportional', 'additive'),
        ratio: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    ) as fc.Arbitrary<Jitter>;
    const arbitrary = fc.record({ delay: size, maxDelay: size, backoff: backoffs, factor: size, jitter: jitters });
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        arbitrary,
        fc.double(),
        draw,
        fc.option(fc.double(), { nil: undefined }),
        (given, attempt, drawn, previous) => {
          const pause = computeDelay(given, attempt, () => drawn, previous);
          expect(pause >= 0 && pause <= given.maxDelay).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
