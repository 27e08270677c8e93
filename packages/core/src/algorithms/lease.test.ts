import fc from 'fast-check';
import { termOfLease } from './lease.js';

const rules = { margin: 60_000, min: 10_000 };

describe('the term of a leased value', () => {
  test.each([
    [3_600_000, 3_540_000],
    [120_000, 60_000],
    [70_000, 10_000],
    [60_000, 10_000],
    [20_000, 10_000],
    [10_000, 5_000],
    [1_000, 500],
  ])('a lease of %i ms is used for %i ms', (lease, term) => {
    expect(termOfLease(lease, rules)).toBe(term);
  });

  test('it never passes the lease, and grows with it', () => {
    const durations = fc.integer({ min: 1, max: 10_000_000 });
    fc.assert(
      fc.property(durations, durations, durations, durations, (lease, more, margin, min) => {
        const term = termOfLease(lease, { margin, min });
        expect(term).toBeGreaterThan(0);
        expect(term).toBeLessThan(lease);
        expect(termOfLease(lease + more, { margin, min })).toBeGreaterThanOrEqual(term);
      }),
    );
  });
});
