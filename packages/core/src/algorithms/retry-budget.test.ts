import * as fc from 'fast-check';
import { RetryBudget } from './retry-budget.js';

const drained = (budget: RetryBudget, now: number): number => {
  let taken = 0;
  while (budget.withdraw(now)) taken += 1;
  return taken;
};

describe('RetryBudget', () => {
  test('allows a share of the calls and a floor, over ten seconds', () => {
    const budget = new RetryBudget({ ratio: 0.5, minPerSecond: 0.2 });
    for (let call = 0; call < 6; call += 1) budget.recordCall(0);
    expect([budget.available(0), drained(budget, 0), budget.available(0)]).toEqual([5, 5, 0]);
    expect(budget.available(10_000)).toBe(2);
  });

  test('is exhausted from the first that it turns down until a fifth of its allowance is back, and says so once', () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 1 });
    for (let second = 0; second < 10; second += 1) expect(budget.withdraw(second * 1_000)).toBe(true);
    expect([budget.isExhausted, budget.recovers(9_000)]).toEqual([false, false]);
    expect([budget.withdraw(9_500), budget.isExhausted]).toEqual([false, true]);
    expect([budget.available(10_000), budget.recovers(10_000)]).toEqual([1, false]);
    expect([budget.available(11_000), budget.recovers(11_000), budget.recovers(11_000)]).toEqual([2, true, false]);
  });

  test('a small budget recovers with the first that is back', () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.1 });
    expect([drained(budget, 0), budget.recovers(9_999), budget.recovers(10_000)]).toEqual([1, false, true]);
  });

  test('goes on under other terms with its calls and retries', () => {
    const budget = new RetryBudget({ ratio: 1, minPerSecond: 0, name: 'db' });
    budget.recordCall(0);
    budget.recordCall(0);
    expect(drained(budget, 0)).toBe(2);
    const wider = budget.onTerms({ ratio: 3, minPerSecond: 0, name: 'db' });
    expect(wider.facts(0)).toEqual({ available: 4, isExhausted: true, ratio: 3, minPerSecond: 0 });
    wider.recordCall(0);
    expect(budget.available(0)).toBe(1);
  });

  test('never gives more than its allowance within ten seconds', () => {
    const step = fc.record({ after: fc.integer({ min: 0, max: 4_000 }), isCall: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (steps, ratio, minPerSecond) => {
          const budget = new RetryBudget({ ratio, minPerSecond });
          const calls: number[] = [];
          const retries: number[] = [];
          let now = 0;
          for (const { after, isCall } of steps) {
            now += after;
            const recent = (times: readonly number[]): number => times.filter((at) => at > now - 10_000).length;
            if (isCall) {
              budget.recordCall(now);
              calls.push(now);
            } else if (budget.withdraw(now)) {
              retries.push(now);
              // Buckets forget up to a second early: the calls of nine seconds are surely counted, those of ten at most.
              const sure = retries.filter((at) => at > now - 9_000).length;
              expect(sure).toBeLessThanOrEqual(recent(calls) * ratio + minPerSecond * 10 + 1e-9);
            }
          }
        },
      ),
    );
  });
});
