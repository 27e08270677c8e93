import { FailureTally, type TallyRules } from './failure-tally.js';

const rules = (changes: Partial<TallyRules> = {}): TallyRules => ({
  failureThreshold: 3,
  window: { type: 'consecutive' },
  slowCall: undefined,
  ...changes,
});
const byCount = (size: number, failureRate: number, minimumCalls: number): TallyRules =>
  rules({ window: { type: 'count', size, failureRate, minimumCalls } });
const lastOf = (tally: FailureTally, calls: string, now = 0): unknown =>
  Array.from(calls, (call) => (call === 'f' ? tally.recordFailure(0, now) : tally.recordSuccess(0, now))).at(-1);

describe('FailureTally', () => {
  it('counts failures in a row, which a success ends', () => {
    const tally = new FailureTally(rules());
    expect(lastOf(tally, 'ffsff')).toBeUndefined();
    expect(tally.totals(0)).toEqual({ calls: 2, failures: 2, slow: 0 });
    expect(lastOf(tally, 'f')).toBe('consecutive-failures');
    expect(tally.failures).toBe(3);
    expect([tally.failureRate, tally.slowRate]).toEqual([undefined, undefined]);
  });

  it('reaches a rate exactly, where multiplication would round past it', () => {
    for (const percent of [29, 55, 57, 58]) {
      const tally = new FailureTally(byCount(100, percent / 100, 100));
      expect(lastOf(tally, 's'.repeat(100 - percent) + 'f'.repeat(percent))).toBe('failure-rate');
    }
  });

  it('judges a success too: it may complete the sample', () => {
    const tally = new FailureTally(byCount(20, 0.5, 20));
    expect(lastOf(tally, 'f'.repeat(19))).toBeUndefined();
    expect(lastOf(tally, 's')).toBe('failure-rate');
    expect(tally.failureRate).toBe(0.95);
  });

  it('is content with a full window when the sample is larger', () => {
    expect(lastOf(new FailureTally(byCount(4, 0.5, 1000)), 'ssff')).toBe('failure-rate');
  });

  it('has a rate of 0 in an empty window', () => {
    const tally = new FailureTally(byCount(4, 0.5, 1));
    expect([tally.failureRate, tally.slowRate]).toEqual([0, 0]);
  });

  it('judges slow calls among the last ten where failures are counted in a row', () => {
    const tally = new FailureTally(rules({ slowCall: { duration: 100, rate: 0.5 } }));
    expect(tally.isTimed).toBe(true);
    expect(tally.isSlow(100)).toBe(false);
    expect(tally.isSlow(NaN)).toBe(false);
    for (let call = 0; call < 9; call += 1) expect(tally.recordSuccess(101, 0)).toBeUndefined();
    expect(tally.recordSuccess(1, 0)).toBe('slow-call-rate');
    expect(tally.slowRate).toBe(0.9);
    expect(tally.failures).toBe(0);
    for (let call = 0; call < 4; call += 1) tally.recordSuccess(1, 0);
    expect(tally.recordSuccess(1, 0)).toBeUndefined();
    expect([tally.recordFailure(1, 0), tally.recordFailure(1, 0), tally.recordFailure(1, 0)].at(-1)).toBe(
      'consecutive-failures',
    );
  });

  it('is timed by a window of time or by slow calls only', () => {
    expect(new FailureTally(rules()).isTimed).toBe(false);
    expect(new FailureTally(byCount(1, 1, 1)).isTimed).toBe(false);
    const window = { type: 'time', duration: 1000, failureRate: 0.5, minimumCalls: 2 } as const;
    expect(new FailureTally(rules({ window })).isTimed).toBe(true);
  });

  it('keeps what was counted under new thresholds, and clears it under another kind or size of window', () => {
    const tally = new FailureTally(byCount(10, 0.5, 10));
    lastOf(tally, 'fff');
    tally.reconfigure(byCount(10, 0.5, 4));
    expect(lastOf(tally, 's')).toBe('failure-rate');
    tally.reconfigure(byCount(11, 0.5, 4));
    expect(tally.totals(0).calls).toBe(0);
    lastOf(tally, 'ff');
    tally.reconfigure(rules());
    expect(lastOf(tally, 'f')).toBeUndefined();
    lastOf(tally, 'f');
    tally.reconfigure(rules({ slowCall: { duration: 100, rate: 1 } }));
    expect(tally.failures).toBe(2);
    expect(tally.totals(0).calls).toBe(0);
    const window = { type: 'time', duration: 1000, failureRate: 1, minimumCalls: 1 } as const;
    tally.reconfigure(rules({ window }));
    expect(tally.failures).toBe(0);
    lastOf(tally, 'f');
    tally.reconfigure(rules({ window: { ...window, duration: 2000 } }));
    expect(tally.failures).toBe(0);
  });
});
