import * as fc from 'fast-check';
import { FrequencySketch } from './frequency-sketch.js';
import { seededStream } from './seeded-random.js';

const hashes = fc.array(
  fc.integer({ min: 0, max: 40 }).map((key) => Math.imul(key, 0x9e3779b1)),
  { maxLength: 200 },
);

describe('the frequency sketch', () => {
  test('never says less than how often a key was counted, up to 15', () => {
    fc.assert(
      fc.property(hashes, (counted) => {
        const sketch = new FrequencySketch(16);
        const exact = new Map<number, number>();
        for (const hash of counted) {
          exact.set(hash, (exact.get(hash) ?? 0) + 1);
          expect(sketch.increment(hash)).toBe(sketch.estimate(hash));
          for (const [key, count] of exact) expect(sketch.estimate(key)).toBeGreaterThanOrEqual(Math.min(15, count));
        }
      }),
    );
  });

  test('counts a single key exactly and stops at 15, without touching its neighbours', () => {
    const sketch = new FrequencySketch(1);
    for (let count = 1; count <= 40; count += 1) expect(sketch.increment(7)).toBe(Math.min(15, count));
    expect(sketch.estimate(-7)).toBeLessThanOrEqual(15);
    sketch.halve();
    expect(sketch.estimate(7)).toBe(7);
  });

  test('halves every count, rounded down, also in the highest bits of a word', () => {
    const sketch = new FrequencySketch(1024);
    const keys = Array.from({ length: 4000 }, (_, index) => Math.imul(index, 0x85ebca6b));
    keys.forEach((key, index) => sketch.raise(key, index % 16));
    const before = keys.map((key) => sketch.estimate(key));
    sketch.halve();
    expect(keys.map((key) => sketch.estimate(key))).toEqual(before.map((count) => count >> 1));
    for (let times = 0; times < 4; times += 1) sketch.halve();
    expect(keys.every((key) => sketch.estimate(key) === 0)).toBe(true);
  });

  test('raises to at least a count and never lowers', () => {
    const sketch = new FrequencySketch(64);
    sketch.raise(99, 9);
    sketch.raise(99, 4);
    expect(sketch.estimate(99)).toBe(9);
    expect(sketch.increment(99)).toBe(10);
  });

  test('tells as many keys apart as it was made for', () => {
    const random = seededStream(1, 'sketch');
    const sketch = new FrequencySketch(2000);
    const keys = Array.from({ length: 4000 }, () => (random() * 2 ** 32) | 0);
    keys.slice(0, 2000).forEach((key) => sketch.raise(key, 3));
    const wrong = keys.slice(2000).filter((key) => sketch.estimate(key) > 0);
    expect(wrong.length / 2000).toBeLessThan(0.12);
  });
});
