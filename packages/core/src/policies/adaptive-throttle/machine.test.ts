import fc from 'fast-check';
import { seededRandom } from '../../../../testing/src/index.js';
import { ThrottleMachine, type ThrottleSettings } from './machine.js';

const SETTINGS: ThrottleSettings = { k: 2, padding: 8, window: 30_000, maxRejection: 0.9 };

const fed = (accepted: number, refused: number, settings = SETTINGS): ThrottleMachine => {
  const machine = new ThrottleMachine(settings);
  for (let call = 0; call < accepted; call++) machine.settle(true, 0);
  for (let call = 0; call < refused; call++) machine.settle(false, 0);
  return machine;
};

test('the share refused is (requests − k · accepts) / (requests + padding)', () => {
  expect(fed(20, 80).facts(0)).toEqual({ requests: 100, accepts: 20, rejectionRate: 60 / 108 });
});

test('while one call in k is accepted nothing is refused', () => {
  const machine = fed(50, 50);
  expect(machine.facts(0).rejectionRate).toBe(0);
  expect(machine.admit(0, () => 0)).toBe(true);
});

test('the share refused is capped', () => {
  expect(fed(0, 10_000).facts(0).rejectionRate).toBe(0.9);
});

test('a refusal counts as a request at once, an admission only when it ends', () => {
  const machine = fed(0, 92);
  expect(machine.admit(0, () => 0.999)).toBe(true);
  expect(machine.facts(0).requests).toBe(92);
  expect(machine.admit(0, () => 0)).toBe(false);
  expect(machine.facts(0).requests).toBe(93);
});

test('a machine that has seen nothing wrong asks for no random number', () => {
  const machine = fed(100, 0);
  expect(machine.isWary).toBe(false);
  expect(
    machine.admit(0, () => {
      throw new Error('asked');
    }),
  ).toBe(true);
});

test('a machine is wary from the first call that was not accepted, or was refused here', () => {
  expect(fed(0, 1).isWary).toBe(true);
  expect(fed(5, 1).isWary).toBe(true);
});

test('a draw that is the share itself lets the call go', () => {
  const machine = fed(0, 92);
  const { rejectionRate } = machine.facts(0);
  expect([machine.admit(0, () => rejectionRate), machine.admit(0, () => rejectionRate - 1e-9)]).toEqual([true, false]);
});

test('what is older than the window is forgotten', () => {
  const machine = fed(0, 100);
  expect(machine.facts(30_000)).toEqual({ requests: 0, accepts: 0, rejectionRate: 0 });
  expect(machine.isWary).toBe(false);
});

test('new thresholds keep the counts, another window begins empty', () => {
  const machine = fed(20, 80);
  machine.reconfigure({ ...SETTINGS, k: 1 });
  expect(machine.facts(0).rejectionRate).toBe(80 / 108);
  machine.reconfigure({ ...SETTINGS, window: 10_000 });
  expect(machine.facts(0).requests).toBe(0);
});

test('model: the counts are those of the formula over the calls since the start of the oldest bucket', () => {
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 40 }),
    kind: fc.constantFrom('accepted', 'turned away', 'asks'),
    luck: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  const settings = { k: 1.5, padding: 4, window: 100, maxRejection: 0.8 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const machine = new ThrottleMachine(settings);
      const log: { at: number; isAccepted: boolean }[] = [];
      let now = 0;
      for (const { wait, kind, luck } of steps) {
        now += wait;
        const before = machine.facts(now);
        if (kind !== 'asks') machine.settle(kind === 'accepted', now);
        const isAdmitted = kind === 'asks' ? machine.admit(now, () => luck) : undefined;
        if (kind === 'asks') expect(isAdmitted).toBe(luck >= before.rejectionRate);
        if (kind !== 'asks' || isAdmitted === false) log.push({ at: now, isAccepted: kind === 'accepted' });
        const { requests, accepts, rejectionRate } = machine.facts(now);
        const within = (age: number): number => log.filter(({ at }) => now - at < age).length;
        // Buckets of a tenth are forgotten as a whole.
        expect(requests).toBeGreaterThanOrEqual(within(90));
        expect(requests).toBeLessThanOrEqual(within(100));
        const kept = log.slice(log.length - requests);
        expect(accepts).toBe(kept.filter(({ isAccepted }) => isAccepted).length);
        const raw = Math.max(0, (requests - settings.k * accepts) / (requests + settings.padding));
        expect(rejectionRate).toBe(Math.min(settings.maxRejection, raw));
      }
    }),
  );
});

/** One client, 100 calls a second, each answered at once. Returns the share of calls that it let through. */
const admittedShare = (machine: ThrottleMachine, seconds: number, accepts: (now: number) => boolean): number => {
  const random = seededRandom(7);
  let admitted = 0;
  for (let now = 0; now < seconds * 1000; now += 10) {
    if (!machine.admit(now, random)) continue;
    admitted += 1;
    machine.settle(accepts(now), now);
  }
  return admitted / (seconds * 100);
};

describe('figures of the accounting study', () => {
  test('a back end that takes 25 of 100 calls a second gets k times as many', () => {
    let used = 0;
    let second = 0;
    const capacity = (now: number): boolean => {
      const current = Math.floor(now / 1000);
      if (current !== second) [second, used] = [current, 0];
      used += 1;
      return used <= 25;
    };
    const share = admittedShare(new ThrottleMachine({ ...SETTINGS, window: 10_000 }), 120, capacity);
    expect(share).toBeGreaterThan(0.47);
    expect(share).toBeLessThan(0.54);
  });

  test('a healthy but slow back end loses no call', () => {
    const machine = new ThrottleMachine(SETTINGS);
    const LATENCY = 3000;
    let refused = 0;
    for (let now = 0; now < 60_000; now += 10) {
      if (!machine.admit(now, () => 0)) refused += 1;
      if (now >= LATENCY) machine.settle(true, now);
    }
    expect(refused).toBe(0);
  });

  test('when one call in five succeeds by luck the cap keeps a tenth going', () => {
    const luck = seededRandom(3);
    const share = admittedShare(new ThrottleMachine(SETTINGS), 300, () => luck() < 0.2);
    expect(share).toBeGreaterThan(0.09);
  });

  /** Seconds after a total outage of a minute until nine calls in ten are let through again. */
  const recovery = (window: number, maxRejection: number): number => {
    const machine = new ThrottleMachine({ ...SETTINGS, window, maxRejection });
    const random = seededRandom(11);
    const begin = Math.max(60, window / 1000);
    for (let second = 0; second < begin + 600; second++) {
      let admitted = 0;
      for (let call = 0; call < 100; call++) {
        const now = second * 1000 + call * 10;
        if (!machine.admit(now, random)) continue;
        admitted += 1;
        machine.settle(second < begin || second >= begin + 60, now);
      }
      if (second >= begin + 60 && admitted >= 90) return second - begin - 60 + 1;
    }
    return Infinity;
  };

  test.each([
    [10, 0.9, 21],
    [30, 0.9, 50],
    [10, 0.95, 22],
    [30, 0.95, 68],
    [10, 0.999999, 27],
    [30, 0.999999, 117],
  ])('with a window of %i s and a cap of %d, recovery takes about %i s', (window, cap, published) => {
    expect(recovery(window * 1000, cap)).toBeGreaterThan(0.8 * published);
    expect(recovery(window * 1000, cap)).toBeLessThan(1.2 * published);
  });

  test('after a total outage of a minute the defaults let nearly all through within a minute', () => {
    expect(recovery(30_000, 0.9)).toBeLessThanOrEqual(60);
    expect(recovery(10_000, 0.9)).toBeLessThanOrEqual(25);
  });

  test('without the cap it takes at least half as long again', () => {
    expect(recovery(30_000, 0.999)).toBeGreaterThan(1.5 * recovery(30_000, 0.9));
  });
});
