import * as fc from 'fast-check';
import { type BackoffOptions, backoffDelay, boundedDelay } from './backoff.js';

const options = (changes: Partial<BackoffOptions>): BackoffOptions => ({
  delay: 500,
  maxDelay: 30_000,
  backoff: 'exponential',
  factor: 2,
  ...changes,
});
const unused = (): number => {
  throw new Error('no random number is needed here');
};
const series = (changes: Partial<BackoffOptions>, length: number): number[] =>
  Array.from({ length }, (_, index) => backoffDelay(options(changes), index + 1, unused));

describe('backoffDelay', () => {
  it.each<[string, Partial<BackoffOptions>, number[]]>([
    ['exponential', {}, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]],
    ['exponential with factor 3', { factor: 3 }, [500, 1500, 4500]],
    ['exponential with factor 1', { factor: 1 }, [500, 500, 500]],
    ['linear', { backoff: 'linear', maxDelay: 1600 }, [500, 1000, 1500, 1600]],
    ['constant', { backoff: 'constant' }, [500, 500, 500]],
    ['constant above the cap', { delay: 90_000, backoff: 'constant' }, [30_000, 30_000]],
    ['a function', { backoff: (attempt, delay) => attempt * attempt * delay }, [500, 2000, 4500]],
    ['a function that answers text', { backoff: () => '1.5s' }, [1500, 1500]],
    ['a function above the cap', { backoff: () => Infinity }, [30_000]],
    ['a negative function', { backoff: () => -1 }, [0]],
    ['a function without an answer', { backoff: () => undefined as unknown as number }, [0]],
    ['delay 0', { delay: 0 }, [0, 0]],
  ])('grows as the formula of %s says', (_, changes, expected) => {
    expect(series(changes, expected.length)).toEqual(expected);
  });

  it('hands the random source to a function, so that a seed repeats', () => {
    const backoff = (attempt: number, _delay: number, random: () => number): number => 1000 * (2 ** attempt + random());
    expect(backoffDelay(options({ backoff }), 3, () => 0.5)).toBe(8500);
  });

  it('ends at the cap where the power overflows, also for delay 0', () => {
    expect(backoffDelay(options({}), 1e9, unused)).toBe(30_000);
    expect(backoffDelay(options({ maxDelay: Infinity }), 1e9, unused)).toBe(Infinity);
    expect(backoffDelay(options({ delay: 0 }), 1e9, unused)).toBe(0);
  });

  it('takes an attempt below 1 for the first', () => {
    for (const attempt of [0, -3, NaN]) expect(backoffDelay(options({}), attempt, unused)).toBe(500);
  });

  it('lets a throwing function throw', () => {
    expect(() => backoffDelay(options({ backoff: unused }), 1, unused)).toThrow('no random number');
  });

  it('never decreases and never passes the cap', () => {
    const nonNegative = fc.double({ min: 0, noNaN: true });
    const kinds = fc.constantFrom<'exponential' | 'linear' | 'constant'>('exponential', 'linear', 'constant');
    fc.assert(
      fc.property(
        nonNegative,
        nonNegative,
        fc.double({ min: 1, max: 1e9, noNaN: true }),
        kinds,
        (delay, maxDelay, factor, backoff) => {
          const pauses = series({ delay, maxDelay, factor, backoff }, 20);
          expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
          expect(Math.max(...pauses)).toBeLessThanOrEqual(maxDelay);
        },
      ),
    );
  });
});

describe('boundedDelay', () => {
  it('brings any answer into [0, max]', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const bounded = boundedDelay(value, 100);
        expect(bounded >= 0 && bounded <= 100).toBe(true);
      }),
    );
  });
});
