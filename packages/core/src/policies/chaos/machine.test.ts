import fc from 'fast-check';
import { seededRandom } from '../../../../testing/src/index.js';
import { type ChaosSettings, type Disturbance, disturb } from './machine.js';

const SETTINGS: ChaosSettings = {
  shares: { fault: 0.2, latency: 0.3, result: 0.1 },
  faults: 4,
  latency: { min: 100, max: 500 },
};

const lots = (...numbers: number[]) => {
  const given = [...numbers];
  return (): number => given.shift() ?? NaN;
};

test.each<[number, number, Disturbance | undefined]>([
  [0, 0, { kind: 'fault', index: 0 }],
  [0.199, 0.999, { kind: 'fault', index: 3 }],
  [0.2, 0, { kind: 'latency', delay: 100 }],
  [0.499, 0.5, { kind: 'latency', delay: 300 }],
  [0.5, 0.5, { kind: 'result' }],
  [0.599, 0.5, { kind: 'result' }],
  [0.6, 0.5, undefined],
  [0.999, 0.5, undefined],
])('lots of %d and %d', (first, second, expected) => {
  expect(disturb(SETTINGS, lots(first, second))).toEqual(expected);
});

test('shares of 0 disturb nothing, not even with a lot of 0', () => {
  const off = { ...SETTINGS, shares: { fault: 0, latency: 0, result: 0 } };
  expect(disturb(off, () => 0)).toBeUndefined();
});

test('a share of 1 disturbs every call', () => {
  const all = { ...SETTINGS, shares: { fault: 0, latency: 0, result: 1 } };
  const random = seededRandom(1);
  for (let call = 0; call < 1000; call++) expect(disturb(all, random)).toEqual({ kind: 'result' });
});

test('a call that is not disturbed takes one lot, a disturbed one two', () => {
  let taken = 0;
  const counted = (lot: number) => (): number => {
    taken += 1;
    return lot;
  };
  disturb(SETTINGS, counted(0.9));
  expect(taken).toBe(1);
  disturb(SETTINGS, counted(0.5));
  expect(taken).toBe(3);
});

test('model: what happens lies within the settings, and as often as the shares say', () => {
  const share = fc.double({ min: 0, max: 1 / 3, noNaN: true });
  const settings = fc.record({
    shares: fc.record({ fault: share, latency: share, result: share }),
    faults: fc.integer({ min: 1, max: 10 }),
    latency: fc
      .tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1000 }))
      .map(([one, other]) => ({ min: Math.min(one, other), max: Math.max(one, other) })),
  });
  const CALLS = 2000;
  fc.assert(
    fc.property(settings, fc.integer(), (given, seed) => {
      const counts = { fault: 0, latency: 0, result: 0 };
      const random = seededRandom(seed);
      for (let call = 0; call < CALLS; call++) {
        const found = disturb(given, random);
        if (found === undefined) continue;
        counts[found.kind] += 1;
        if (found.kind === 'fault') expect(found.index < given.faults && Number.isInteger(found.index)).toBe(true);
        if (found.kind === 'latency')
          expect(found.delay >= given.latency.min && found.delay <= given.latency.max).toBe(true);
      }
      for (const kind of ['fault', 'latency', 'result'] as const) {
        const expected = given.shares[kind];
        // Five standard deviations of a binomial count.
        const tolerance = 5 * Math.sqrt((expected * (1 - expected)) / CALLS) + 1e-9;
        expect(Math.abs(counts[kind] / CALLS - expected)).toBeLessThanOrEqual(tolerance);
      }
    }),
    { numRuns: 50, seed: 1 },
  );
});
