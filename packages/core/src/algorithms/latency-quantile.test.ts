import * as fc from 'fast-check';
import { LatencyQuantile, WARM_UP } from './latency-quantile.js';

const GROWTH = 1.05;

const filled = (latencies: readonly number[], share = 0.95): LatencyQuantile => {
  const quantile = new LatencyQuantile(share);
  for (const latency of latencies) quantile.record(latency);
  return quantile;
};
const times = (count: number, latency: number): number[] => Array.from({ length: count }, () => latency);
const estimateOf = (quantile: LatencyQuantile): number => quantile.estimate ?? Number.NaN;

/** By sorting, with the same weights. */
const modelled = (latencies: readonly number[], share: number): number => {
  const weighed = latencies.map((latency, index) => ({ latency, weight: 1.001 ** index }));
  weighed.sort((a, b) => a.latency - b.latency);
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0);
  let below = 0;
  for (const { latency, weight } of weighed) {
    below += weight;
    if (below >= share * total * (1 - 1e-12)) return latency;
  }
  return Number.NaN;
};

describe('LatencyQuantile', () => {
  it('has no estimate before a hundred samples', () => {
    const quantile = filled(times(WARM_UP - 1, 10));
    expect(quantile.estimate).toBeUndefined();
    quantile.record(10);
    expect(quantile.estimate).toBeGreaterThanOrEqual(10);
  });

  it('is never below the true quantile and at most five percent above', () => {
    const latency = fc.oneof(fc.double({ min: 1, max: 600_000, noNaN: true }), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: WARM_UP, maxLength: 400 }),
        fc.constantFrom(0.5, 0.9, 0.95, 0.99, 0.999),
        (latencies, share) => {
          const truth = modelled(latencies, share);
          const estimate = estimateOf(filled(latencies, share));
          expect(estimate).toBeGreaterThanOrEqual(truth * (1 - 1e-9));
          expect(estimate).toBeLessThanOrEqual(truth * GROWTH * (1 + 1e-9));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('follows a change within a few thousand samples, and forgets what was before', () => {
    const quantile = filled(times(5_000, 10));
    for (const latency of times(60, 200)) quantile.record(latency);
    expect(estimateOf(quantile)).toBeGreaterThan(190);
    for (const latency of times(4_000, 10)) quantile.record(latency);
    expect(estimateOf(quantile)).toBeLessThan(11);
  });

  it('keeps its place over hundreds of thousands of samples', () => {
    const quantile = new LatencyQuantile(0.9);
    for (let round = 0; round < 60_000; round += 1) {
      for (const latency of [100, 5, 20, 10, 30]) quantile.record(latency);
    }
    expect(estimateOf(quantile)).toBeGreaterThanOrEqual(100);
    expect(estimateOf(quantile)).toBeLessThan(105.1);
    quantile.aimAt(0.5);
    expect(estimateOf(quantile)).toBeGreaterThanOrEqual(20);
    expect(estimateOf(quantile)).toBeLessThan(21.1);
    expect(quantile.count).toBe(300_000);
  });

  it('takes less than a millisecond for one, and more than ten minutes for ten minutes', () => {
    expect(filled(times(200, 0)).estimate).toBe(1);
    expect(estimateOf(filled(times(200, 1e9)))).toBeGreaterThan(600_000);
    expect(estimateOf(filled(times(200, 1e9)))).toBeLessThan(630_000);
  });

  it('counts a call that was cut short only where it took longer than the estimate', () => {
    const quantile = filled(times(200, 100));
    for (let cut = 0; cut < 500; cut += 1) quantile.recordAtLeast(50);
    expect(quantile.count).toBe(200);
    for (let cut = 0; cut < 20; cut += 1) quantile.recordAtLeast(400);
    expect(estimateOf(quantile)).toBeGreaterThan(390);
    const cold = new LatencyQuantile(0.95);
    cold.recordAtLeast(1_000);
    expect(cold.count).toBe(0);
  });

  it('does not sink although whatever lies above it is cut short there', () => {
    const quantile = filled(times(100, 10));
    let seed = 1;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const latencies: number[] = [];
    for (let call = 0; call < 20_000; call += 1) {
      const latency = 10 - 20 * Math.log(1 - random());
      latencies.push(latency);
      const delay = estimateOf(quantile);
      if (latency > delay) quantile.recordAtLeast(delay + 5);
      else quantile.record(latency);
    }
    const truth = 10 - 20 * Math.log(0.05);
    expect(estimateOf(quantile)).toBeGreaterThan(truth * 0.85);
    expect(estimateOf(quantile)).toBeLessThan(truth * 1.15);
  });
});
