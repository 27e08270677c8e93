import * as fc from 'fast-check';
import { CountWindow, type SlidingWindow, TimeWindow, parseWindow } from './sliding-window.js';

const recordMany = (window: SlidingWindow, calls: number, now: number, failed = true, slow = false): void => {
  for (let call = 0; call < calls; call += 1) window.record(failed, slow, now);
};
const EMPTY = { calls: 0, failures: 0, slow: 0 };

describe('CountWindow', () => {
  it('sums failed and slow calls, also those that are both', () => {
    const window = new CountWindow(5);
    window.record(true, true);
    window.record(true, false);
    window.record(false, true);
    window.record(false, false);
    expect(window.totals()).toEqual({ calls: 4, failures: 2, slow: 2 });
    expect(window).toMatchObject({ calls: 4, failures: 2, slow: 2 });
  });

  it('drops the oldest call for the newest once it is full', () => {
    const window = new CountWindow(2);
    window.record(true, true);
    window.record(false, false);
    window.record(false, true);
    expect(window.totals()).toEqual({ calls: 2, failures: 0, slow: 1 });
  });

  it('is empty after clear and counts from the beginning', () => {
    const window = new CountWindow(3);
    recordMany(window, 5, 0, true, true);
    window.clear();
    expect(window.totals()).toEqual(EMPTY);
    window.record(false, true);
    expect(window.totals()).toEqual({ calls: 1, failures: 0, slow: 1 });
  });

  it('equals the sum of the last calls of a list, and survives JSON in order', () => {
    const call = fc.tuple(fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(call), fc.array(call), (size, before, after) => {
        let window = new CountWindow(size);
        for (const [failed, slow] of before) window.record(failed, slow);
        const snapshot = parseWindow(JSON.parse(JSON.stringify(window)));
        window = new CountWindow(size);
        window.record(true, true);
        window.restore(snapshot ?? undefined);
        for (const [failed, slow] of after) window.record(failed, slow);
        const kept = [...before, ...after].slice(-size);
        expect(window.totals()).toEqual({
          calls: kept.length,
          failures: kept.filter(([failed]) => failed).length,
          slow: kept.filter(([, slow]) => slow).length,
        });
      }),
    );
  });

  it('starts empty from a snapshot of another kind or size, and from none', () => {
    for (const other of [new CountWindow(4).toJSON(), new TimeWindow(3).toJSON(0), undefined]) {
      const window = new CountWindow(3);
      recordMany(window, 2, 0);
      window.restore(other);
      expect(window.totals()).toEqual(EMPTY);
    }
  });
});

describe('TimeWindow', () => {
  it('forgets a bucket when its start is as old as the duration', () => {
    const window = new TimeWindow(1000);
    window.record(true, false, 5000);
    window.record(false, true, 5099);
    window.record(true, true, 5100);
    expect(window.totals(5999)).toEqual({ calls: 3, failures: 2, slow: 2 });
    expect(window.totals(6000)).toEqual({ calls: 1, failures: 1, slow: 1 });
    expect(window.totals(6099)).toEqual({ calls: 1, failures: 1, slow: 1 });
    expect(window.totals(6100)).toEqual(EMPTY);
  });

  it('forgets before it records, so that the sums are those of the moment', () => {
    const window = new TimeWindow(1000);
    recordMany(window, 4, 0);
    window.record(false, false, 1000);
    expect(window).toMatchObject({ calls: 1, failures: 0 });
  });

  it.each([1000, 3.6e6, 1e15, Number.MAX_VALUE])('is empty after %p ms without a call, and works on', (jump) => {
    const window = new TimeWindow(1000);
    recordMany(window, 7, 12.5, true, true);
    expect(window.totals(12.5 + jump)).toEqual(EMPTY);
    window.record(true, false, 12.5 + jump);
    expect(window.totals(12.5 + jump)).toEqual({ calls: 1, failures: 1, slow: 0 });
  });

  it('counts into the newest bucket when the clock steps back', () => {
    const window = new TimeWindow(1000);
    window.record(true, false, 5000);
    window.record(true, false, -1e9);
    expect(window.totals(5999).failures).toBe(2);
    expect(window.totals(6000).failures).toBe(0);
  });

  it('uses as many buckets as told', () => {
    const window = new TimeWindow(1000, 2);
    window.record(true, false, 0);
    window.record(true, false, 499);
    window.record(true, false, 500);
    expect(window.totals(999).calls).toBe(3);
    expect(window.totals(1000).calls).toBe(1);
  });

  it('never counts a call older than the duration, and all younger than nine tenths of it', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 600 }), fc.boolean(), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const window = new TimeWindow(1000);
        const calls: { at: number; failed: boolean; slow: boolean }[] = [];
        let now = 0;
        for (const [pause, failed, slow, looks] of steps) {
          now += pause;
          if (looks) window.totals(now);
          window.record(failed, slow, now);
          calls.push({ at: now, failed, slow });
          const young = (age: number): number => calls.filter(({ at }) => now - at < age).length;
          const { calls: counted, failures, slow: slows } = window.totals(now);
          expect(counted).toBeLessThanOrEqual(young(1000));
          expect(counted).toBeGreaterThanOrEqual(young(900));
          const latest = calls.slice(-counted);
          expect(failures).toBe(latest.filter((call) => call.failed).length);
          expect(slows).toBe(latest.filter((call) => call.slow).length);
        }
      }),
    );
  });

  it('keeps the ages of its calls through JSON, under another clock', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.boolean(), fc.boolean());
    const steps = fc.array(step, { maxLength: 30 });
    fc.assert(
      fc.property(steps, steps, fc.integer({ min: -1e6, max: 1e6 }), (before, after, shift) => {
        const window = new TimeWindow(1000);
        const copy = new TimeWindow(1000);
        let now = 0;
        for (const [pause, failed, slow] of before) window.record(failed, slow, (now += pause));
        copy.restore(parseWindow(JSON.parse(JSON.stringify(window.toJSON(now)))) ?? undefined, now + shift);
        for (const [pause, failed, slow] of after) {
          now += pause;
          expect(copy.totals(now + shift)).toEqual(window.totals(now));
          window.record(failed, slow, now);
          copy.record(failed, slow, now + shift);
        }
      }),
    );
  });

  it('starts empty from a snapshot of another kind, duration or number of buckets, and from none', () => {
    const others = [new CountWindow(3).toJSON(), new TimeWindow(999).toJSON(0), new TimeWindow(1000, 5).toJSON(0)];
    for (const other of [...others, undefined]) {
      const window = new TimeWindow(1000);
      recordMany(window, 2, 0);
      window.restore(other, 0);
      expect(window.totals(0)).toEqual(EMPTY);
    }
  });
});

describe('parseWindow', () => {
  it('reads an absent window as undefined', () => {
    expect(parseWindow(undefined)).toBeUndefined();
    expect(parseWindow(null)).toBeUndefined();
  });

  it.each([
    'text',
    7,
    {},
    { type: 'count', size: 2, calls: '000' },
    { type: 'count', size: 2, calls: '04' },
    { type: 'count', size: -1, calls: '' },
    { type: 'count', size: 2.5, calls: '' },
    { type: 'count', size: 2, calls: [0] },
    { type: 'time', duration: 0, age: 0, buckets: [] },
    { type: 'time', duration: '9', age: 0, buckets: [] },
    { type: 'time', duration: 9, age: -1, buckets: [] },
    { type: 'time', duration: 9, age: Infinity, buckets: [] },
    { type: 'time', duration: 9, age: 0, buckets: 'none' },
    { type: 'time', duration: 9, age: 0, buckets: [1, 1] },
    { type: 'time', duration: 9, age: 0, buckets: [1, 2, 0] },
    { type: 'time', duration: 9, age: 0, buckets: [1, 0, -1] },
    { type: 'time', duration: 9, age: 0, buckets: [2 ** 32, 0, 0] },
  ])('answers null for garbage: %j', (value) => {
    expect(parseWindow(value)).toBeNull();
  });

  it('copies what it reads, without what it does not know', () => {
    const buckets = [2, 1, 0];
    const parsed = parseWindow({ type: 'time', duration: 9, age: 0.5, buckets, more: 1 });
    expect(parsed).toEqual({ type: 'time', duration: 9, age: 0.5, buckets: [2, 1, 0] });
    buckets.pop();
    expect(parsed).toMatchObject({ buckets: [2, 1, 0] });
  });
});
