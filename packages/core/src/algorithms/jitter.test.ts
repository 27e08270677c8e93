import * as fc from 'fast-check';
import { type Jitter, type JitterKind, decorrelatedDelay, jitterOptions, jitteredDelay } from './jitter.js';

/** Small, fast and repeatable: mulberry32. */
const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
const draws = (count: number, draw: (random: () => number) => number): number[] => {
  const random = seeded(1);
  return Array.from({ length: count }, () => draw(random));
};
const LAST = 1 - 2 ** -53;

describe('jitteredDelay', () => {
  it.each<[Jitter, number, number]>([
    ['none', 1000, 1000],
    [false, 1000, 1000],
    ['full', 0, 1000],
    ['equal', 500, 1000],
    ['proportional', 750, 1250],
    [true, 750, 1250],
    ['additive', 1000, 1100],
    [{ kind: 'proportional', ratio: 0.5 }, 500, 1500],
    [{ kind: 'additive', ratio: 1 }, 1000, 2000],
    [{ kind: 'additive' }, 1000, 1100],
    [{ kind: 'proportional', ratio: 0 }, 1000, 1000],
  ])('spreads a second by %p over [%p, %p]', (jitter, low, high) => {
    expect(jitteredDelay(1000, 30_000, jitter, () => 0)).toBe(low);
    expect(jitteredDelay(1000, 30_000, jitter, () => 0.5)).toBeCloseTo((low + high) / 2, 6);
    expect(jitteredDelay(1000, 30_000, jitter, () => LAST)).toBeCloseTo(high, 6);
  });

  it.each<[Jitter, number, number]>([
    ['full', 0, 1000],
    ['equal', 500, 1000],
    ['proportional', 500, 1000],
    ['additive', 900, 1000],
    [{ kind: 'proportional', ratio: 1 }, 0, 1000],
  ])('shifts the interval of %p down at the cap, to [%p, %p]', (jitter, low, high) => {
    expect(jitteredDelay(1000, 1000, jitter, () => 0)).toBeCloseTo(low, 6);
    expect(jitteredDelay(1000, 1000, jitter, () => LAST)).toBeCloseTo(high, 6);
  });

  it('keeps the width of an interval that passes the cap in part', () => {
    expect(jitteredDelay(1000, 1100, 'proportional', () => 0)).toBeCloseTo(600, 6);
    expect(jitteredDelay(1000, 1100, 'proportional', () => LAST)).toBeCloseTo(1100, 6);
  });

  it.each<JitterKind>(['full', 'equal', 'proportional', 'additive'])('has no atom at the cap under %s', (kind) => {
    const values = draws(1000, (random) => Math.round(jitteredDelay(30_000, 30_000, kind, random)));
    const counts = new Map<number, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    expect(counts.size).toBeGreaterThanOrEqual(20);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(10);
  });

  it.each<[JitterKind, number]>([
    ['full', 0],
    ['equal', 15_000],
    ['proportional', 15_000],
    ['additive', 27_000],
  ])('stays between floor and cap over 10,000 draws of %s', (kind, floor) => {
    for (const value of draws(10_000, (random) => jitteredDelay(30_000, 30_000, kind, random))) {
      if (!(value >= floor && value <= 30_000)) throw new Error(`${value} is outside [${floor}, 30000]`);
    }
  });

  it.each([
    [() => 400, 400],
    [() => '2s' as const, 1000],
    [() => -5, 0],
    [() => NaN, 0],
    [(delay: number, random: () => number) => delay * random(), 450],
  ])('bounds the answer of a function (%#)', (jitter, expected) => {
    expect(jitteredDelay(900, 1000, jitter, () => 0.5)).toBe(expected);
  });

  it('never leaves [0, max], whatever the numbers', () => {
    const size = fc.double({ min: 0, noNaN: true });
    const jitters = fc.constantFrom<Jitter>(
      'none',
      'full',
      'equal',
      'proportional',
      'additive',
      'decorrelated',
      true,
      false,
    );
    const draw = fc.double({ min: 0, max: LAST, noNaN: true });
    fc.assert(
      fc.property(size, size, jitters, draw, (delay, max, jitter, drawn) => {
        const pause = jitteredDelay(Math.min(delay, max), max, jitter, () => drawn);
        expect(pause >= 0 && pause <= max).toBe(true);
      }),
    );
  });

  it('waits forever only where the cap allows it', () => {
    expect(jitteredDelay(Infinity, Infinity, 'full', () => 0)).toBe(Infinity);
  });
});

describe('decorrelatedDelay', () => {
  it.each([
    [undefined, 100, 300],
    [100, 100, 300],
    [200, 100, 600],
    [50, 100, 300],
    [NaN, 100, 300],
    [333, 100, 999],
    [400, 100, 1000],
    [5000, 100, 1000],
  ])('after %p draws from [%p, %p]', (previous, low, high) => {
    expect(decorrelatedDelay(100, 1000, previous, () => 0)).toBe(low);
    expect(decorrelatedDelay(100, 1000, previous, () => LAST)).toBeCloseTo(high, 6);
  });

  it('stays between base and cap over 10,000 pauses, without an atom at the cap', () => {
    let previous: number | undefined;
    const values = draws(10_000, (random) => (previous = decorrelatedDelay(500, 30_000, previous, random)));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...values)).toBeLessThanOrEqual(30_000);
    expect(values.filter((value) => value > 29_999).length).toBeLessThanOrEqual(100);
    expect(new Set(values).size).toBeGreaterThan(9000);
  });

  it('is the cap where the base is above it', () => {
    expect(decorrelatedDelay(5000, 1000, undefined, () => 0.5)).toBe(1000);
  });
});

it('reads true as proportional and false as none', () => {
  expect([true, false, 'equal' as const].map((jitter) => jitterOptions(jitter).kind)).toEqual([
    'proportional',
    'none',
    'equal',
  ]);
});
