import * as fc from 'fast-check';
import { type BranchEnd, HedgePace, HedgeRace, type RaceStep } from './machine.js';
import type { HedgeSettings } from './options.js';

const settings = (after: HedgeSettings['after']): HedgeSettings => ({
  after,
  maxHedges: 1,
  accept: undefined,
  retryOnResult: undefined,
  hedgeOn: [],
  budget: undefined,
  isIdempotent: true,
});

describe('HedgePace', () => {
  test('a fixed delay is known at once, and learns nothing', () => {
    const pace = new HedgePace(settings(250));
    pace.answered(1);
    pace.cutShort(9_000);
    expect([pace.delay, pace.isLearning, pace.samples]).toEqual([250, false, 0]);
  });

  test('there is no percentile before a hundred answers', () => {
    const pace = new HedgePace(settings({ share: 0.95 }));
    for (let call = 0; call < 99; call += 1) pace.answered(40);
    pace.cutShort(1_000);
    expect([pace.delay, pace.samples, pace.isLearning]).toEqual([undefined, 99, true]);
    pace.answered(40);
    expect(pace.delay).toBeCloseTo(40, -1);
  });

  test('what is cut short above the percentile raises it', () => {
    const pace = new HedgePace(settings({ share: 0.95 }));
    for (let call = 0; call < 100; call += 1) pace.answered(40);
    for (let call = 0; call < 10; call += 1) pace.cutShort(200);
    expect(pace.delay).toBeGreaterThan(190);
  });

  test('another percentile is taken of the latencies seen; a fixed delay forgets them', () => {
    const pace = new HedgePace(settings({ share: 0.95 }));
    for (let call = 0; call < 100; call += 1) pace.answered(call < 60 ? 10 : 500);
    expect(pace.delay).toBeGreaterThan(490);
    pace.reconfigure(settings({ share: 0.5 }));
    expect(pace.delay).toBeLessThan(11);
    pace.reconfigure(settings(70));
    expect(pace.delay).toBe(70);
    pace.reconfigure(settings({ share: 0.5 }));
    expect(pace.delay).toBeUndefined();
  });
});

describe('HedgeRace', () => {
  test('the first accepted result answers; what ends later is late', () => {
    const race = new HedgeRace(1);
    expect([race.start(), race.end('accepted'), race.end('accepted'), race.mayStart]).toEqual([
      1,
      'answer',
      'late',
      false,
    ]);
  });

  test('a failure waits for the others; the last one gives up', () => {
    const race = new HedgeRace(2);
    race.start();
    race.start();
    expect([race.end('failed'), race.end('failed'), race.end('failed')]).toEqual(['wait', 'wait', 'give-up']);
  });

  test('a final failure answers at once', () => {
    const race = new HedgeRace(1);
    race.start();
    expect([race.end('final'), race.end('accepted')]).toEqual(['answer', 'late']);
  });

  test('no more hedges start than may', () => {
    const race = new HedgeRace(2);
    expect([race.start(), race.mayStart, race.start(), race.mayStart]).toEqual([1, true, 2, false]);
    const other = new HedgeRace(5);
    other.start();
    other.forgo();
    expect([other.mayStart, other.started]).toEqual([false, 2]);
  });

  /** The model keeps the history and reads every answer off it. */
  test('decides as a model that looks at the whole history', () => {
    const move = fc.oneof(
      fc.constant('start' as const),
      fc.constant('forgo' as const),
      fc.constantFrom<BranchEnd>('accepted', 'final', 'failed'),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(move, { maxLength: 20 }), (maxHedges, moves) => {
        const race = new HedgeRace(maxHedges);
        const steps: RaceStep[] = [];
        const ends: BranchEnd[] = [];
        let [started, mayStartMore] = [1, true];
        for (const next of moves) {
          const isDecided = ends.some((end) => end !== 'failed') || ends.length === started;
          expect(race.mayStart).toBe(!isDecided && mayStartMore && started <= maxHedges);
          if (next === 'forgo') {
            race.forgo();
            mayStartMore = false;
          } else if (next === 'start') {
            if (race.mayStart) expect(race.start()).toBe(started++);
          } else if (ends.length < started) {
            const step = race.end(next);
            ends.push(next);
            const alone = ends.length === started;
            expect(step).toBe(isDecided ? 'late' : next !== 'failed' ? 'answer' : alone ? 'give-up' : 'wait');
            steps.push(step);
          }
        }
        expect(steps.filter((step) => step === 'answer' || step === 'give-up').length).toBeLessThanOrEqual(1);
        if (ends.length === started) expect(race.isDecided).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
