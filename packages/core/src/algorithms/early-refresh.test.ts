import { refreshTime } from './early-refresh.js';
import { seededStream } from './seeded-random.js';

const none = { fraction: undefined, jitter: 0, beta: undefined };
const fresh = { startedAt: 1000, ttl: 500, loadDuration: 20 };
const never = (): number => {
  throw new Error('drawn without need');
};

describe('the time of an early refresh', () => {
  test('a fraction counts from the beginning of the load', () => {
    expect(refreshTime({ ...none, fraction: 0.8 }, fresh, () => 0.5)).toBe(1400);
  });

  test('jitter brings it forward by at most its share of that time', () => {
    const rules = { ...none, fraction: 0.8, jitter: 0.25 };
    expect(refreshTime(rules, fresh, () => 0)).toBe(1400);
    expect(refreshTime(rules, fresh, () => 0.5)).toBe(1350);
    expect(refreshTime(rules, fresh, () => 1)).toBe(1300);
  });

  test('by chance it lies before the end by the duration of the load times beta times an exponential draw', () => {
    const half = (): number => 0.5;
    expect(refreshTime({ ...none, beta: 1 }, fresh, half)).toBeCloseTo(1500 - 20 * Math.LN2, 9);
    expect(refreshTime({ ...none, beta: 3 }, fresh, half)).toBeCloseTo(1500 - 60 * Math.LN2, 9);
    expect(refreshTime({ ...none, beta: 1 }, fresh, () => 0)).toBe(1500);
  });

  test('by chance it never lies before the load, however unlikely the draw', () => {
    expect(refreshTime({ ...none, beta: 1000 }, fresh, () => 1 - Number.EPSILON)).toBe(1000);
    expect(refreshTime({ ...none, beta: 1 }, fresh, () => 1)).toBe(1000);
  });

  test('a load that took no time is not renewed early by chance', () => {
    expect(refreshTime({ ...none, beta: 1 }, { ...fresh, loadDuration: 0 }, () => 0.9)).toBe(1500);
  });

  test('of two rules the earlier one holds', () => {
    const rules = { fraction: 0.5, jitter: 0, beta: 1 };
    expect(refreshTime(rules, fresh, () => 0.5)).toBe(1250);
    expect(refreshTime({ ...rules, fraction: 0.999 }, fresh, () => 0.5)).toBeCloseTo(1500 - 20 * Math.LN2, 9);
  });

  test('a value without end is never renewed', () => {
    const rules = { fraction: 0.5, jitter: 0.5, beta: 1 };
    expect(refreshTime(rules, { ...fresh, ttl: Infinity }, never)).toBe(Infinity);
  });

  test('without rules there is no time', () => {
    expect(refreshTime(none, fresh, never)).toBe(Infinity);
  });

  test('over many draws the lead has the mean of the exponential distribution', () => {
    const random = seededStream(7, 'early refresh');
    const draws = 20_000;
    let sum = 0;
    for (let draw = 0; draw < draws; draw++) sum += 1500 - refreshTime({ ...none, beta: 1 }, fresh, random);
    expect(sum / draws).toBeGreaterThan(19);
    expect(sum / draws).toBeLessThan(21);
  });
});
