import fc from 'fast-check';
import { seededRandom } from './seeded-random.js';

const take = (count: number, random: () => number): number[] => Array.from({ length: count }, random);

test('a seed gives the published sequence of mulberry32', () => {
  expect(take(3, seededRandom(0))).toEqual([0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]);
  expect(take(2, seededRandom(1))).toEqual([0.6270739405881613, 0.002735721180215478]);
});

test('a seed repeats its sequence and another gives another', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const sequence = take(20, seededRandom(seed));
      expect(take(20, seededRandom(seed))).toEqual(sequence);
      expect(take(20, seededRandom(seed + 1))).not.toEqual(sequence);
      expect(sequence.every((value) => value >= 0 && value < 1)).toBe(true);
    }),
  );
});

test('values spread evenly', () => {
  const buckets = new Array<number>(10).fill(0);
  for (const value of take(10_000, seededRandom(42))) buckets[Math.floor(value * 10)]! += 1;
  expect(Math.min(...buckets)).toBeGreaterThan(900);
  expect(Math.max(...buckets)).toBeLessThan(1_100);
});

test('the generator tells its seed, 1 by default', () => {
  expect(seededRandom(7).seed).toBe(7);
  expect(seededRandom().seed).toBe(1);
});

test('a seed that is not an integer is refused', () => {
  expect(() => seededRandom(1.5)).toThrow(new RangeError('seededRandom: seed must be an integer, got 1.5'));
  expect(() => seededRandom(NaN)).toThrow(RangeError);
});
