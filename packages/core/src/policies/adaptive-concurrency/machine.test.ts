import fc from 'fast-check';
import { LimitMachine, type LimitSettings } from './machine.js';

const AIMD: LimitSettings = { algorithm: 'aimd', min: 1, max: 1000, initial: 20 };
const middle = (): number => 0.5;
const made = (settings: Partial<LimitSettings> = {}): LimitMachine =>
  new LimitMachine({ ...AIMD, ...settings }, middle);

const take = (machine: LimitMachine, count: number): number => {
  let taken = 0;
  for (let call = 0; call < count; call++) if (machine.tryAcquire()) taken += 1;
  return taken;
};

const end = (machine: LimitMachine, outcome: 'success' | 'dropped' | 'ignored', latency = 0, now = 0): void => {
  machine.settle(outcome, latency, now);
  machine.release();
};

test('as many calls as the limit are under way at once, and no more', () => {
  const machine = made();
  expect([take(machine, 50), machine.inFlight, machine.limit]).toEqual([20, 20, 20]);
  machine.release();
  expect(take(machine, 50)).toBe(1);
});

describe('aimd', () => {
  test('a round of calls that end well adds about one', () => {
    const machine = made();
    take(machine, 20);
    for (let call = 0; call < 21; call++) {
      machine.settle('success', 0, 0);
    }
    expect(machine.limit).toBe(21);
  });

  test('a limit of which less than half is in use does not grow', () => {
    const machine = made();
    for (let call = 0; call < 1000; call++) {
      take(machine, 9);
      for (let each = 0; each < 9; each++) end(machine, 'success');
    }
    expect(machine.limit).toBe(20);
  });

  test('a limit of which just the half is in use grows', () => {
    const machine = made();
    take(machine, 10);
    for (let call = 0; call < 21; call++) machine.settle('success', 0, 0);
    expect(machine.limit).toBe(21);
  });

  test('an ending that says nothing about load moves nothing', () => {
    const machine = made();
    take(machine, 20);
    for (let call = 0; call < 100; call++) machine.settle('ignored', 0, 0);
    expect(machine.limit).toBe(20);
  });

  test('it knows no latencies and wants none', () => {
    const machine = made();
    expect([machine.needsLatency, machine.baseline]).toEqual([false, undefined]);
  });

  test('a drop takes three tenths', () => {
    const machine = made();
    take(machine, 1);
    end(machine, 'dropped');
    expect(machine.limit).toBe(14);
  });

  test('the drops of one round count once', () => {
    const machine = made();
    take(machine, 20);
    for (let call = 0; call < 20; call++) end(machine, 'dropped');
    expect(machine.limit).toBe(14);
    take(machine, 1);
    end(machine, 'dropped');
    expect(machine.limit).toBe(9);
  });

  test('errors that are no drop move nothing', () => {
    const machine = made();
    take(machine, 20);
    for (let call = 0; call < 20; call++) end(machine, 'ignored');
    expect([machine.limit, machine.inFlight]).toEqual([20, 0]);
  });

  test('min and max hold whatever happens', () => {
    const machine = made({ min: 5, max: 21 });
    for (let call = 0; call < 200; call++) {
      take(machine, 21);
      while (machine.inFlight > 0) end(machine, 'success');
    }
    expect(machine.limit).toBe(21);
    for (let call = 0; call < 50; call++) {
      take(machine, 1);
      end(machine, 'dropped');
    }
    expect(machine.limit).toBe(5);
  });
});

describe('reconfigure', () => {
  test('new bounds hold at once; calls under way keep their slots', () => {
    const machine = made();
    take(machine, 20);
    machine.reconfigure({ ...AIMD, max: 10 });
    expect([machine.limit, machine.inFlight, machine.tryAcquire()]).toEqual([10, 20, false]);
  });

  test('another algorithm begins with the limit that there is', () => {
    const machine = made();
    take(machine, 1);
    end(machine, 'dropped');
    machine.reconfigure({ ...AIMD, algorithm: 'gradient' });
    expect([machine.limit, machine.needsLatency, machine.baseline]).toEqual([14, true, undefined]);
  });
});

test('model: slots are never lost and never invented, and the limit keeps to its bounds', () => {
  const step = fc.record({
    kind: fc.constantFrom('acquire', 'success', 'dropped', 'ignored', 'abandon', 'return'),
    wait: fc.integer({ min: 0, max: 300 }),
    latency: fc.integer({ min: 0, max: 2000 }),
  });
  const algorithm = fc.constantFrom('aimd' as const, 'gradient' as const);
  fc.assert(
    fc.property(algorithm, fc.array(step, { maxLength: 400 }), (chosen, steps) => {
      const machine = made({ algorithm: chosen, min: 2, max: 30, initial: 5 });
      let held = 0;
      let abandoned = 0;
      let now = 0;
      for (const { kind, wait, latency } of steps) {
        now += wait;
        const { limit } = machine;
        if (kind === 'acquire') {
          const hasRoom = held + abandoned < limit;
          expect(machine.tryAcquire()).toBe(hasRoom);
          if (hasRoom) held += 1;
        } else if (kind === 'return' && abandoned > 0) {
          machine.release();
          abandoned -= 1;
        } else if (kind === 'abandon' && held > 0) {
          machine.settle('dropped', 0, now);
          held -= 1;
          abandoned += 1;
        } else if (kind !== 'return' && kind !== 'abandon' && held > 0) {
          end(machine, kind, latency, now);
          held -= 1;
        }
        expect(machine.inFlight).toBe(held + abandoned);
        expect(machine.limit).toBeGreaterThanOrEqual(2);
        expect(machine.limit).toBeLessThanOrEqual(30);
      }
    }),
  );
});

/**
 * A back end that serves `capacity` calls at once, each in 100 ms, and queues the rest, under a client with more to do
 * than it may. The queue is a fluid: n calls under way take 100 · max(1, n / capacity) ms.
 */
const drive = (machine: LimitMachine, seconds: number, serve: (now: number) => number, start = 0): number => {
  const STEP = 10;
  const endings: { at: number; since: number }[] = [];
  for (let now = start; now < start + seconds * 1000; now += STEP) {
    while (endings.length > 0 && (endings[0] as { at: number }).at <= now) {
      const { since } = endings.shift() as { since: number };
      end(machine, 'success', now - since, now);
    }
    while (machine.tryAcquire()) {
      const last = endings.at(-1)?.at ?? 0;
      endings.push({ at: Math.max(last, now + 100 * Math.max(1, machine.inFlight / serve(now))), since: now });
    }
  }
  while (endings.pop() !== undefined) machine.release();
  return machine.limit;
};

describe('gradient', () => {
  const gradient = (settings: Partial<LimitSettings> = {}): LimitMachine =>
    made({ algorithm: 'gradient', ...settings });

  test('settles somewhat over what is served without a queue, and stays there', () => {
    const machine = gradient();
    const limits = Array.from({ length: 10 }, (_, minute) => drive(machine, 60, () => 40, minute * 60_000));
    for (const limit of limits.slice(1)) {
      expect(limit).toBeGreaterThanOrEqual(30);
      expect(limit).toBeLessThanOrEqual(110);
    }
  });

  test('the baseline does not drift up with a queue that lasts', () => {
    const machine = gradient();
    drive(machine, 30, () => 40);
    const early = machine.baseline as number;
    drive(machine, 900, () => 40, 30_000);
    expect(machine.baseline as number).toBeLessThan(1.3 * early);
  });

  test('a back end that has become slower by nature is learned anew', () => {
    const machine = gradient();
    drive(machine, 60, () => 1000);
    // Every call takes four times as long, whatever the load: that is no queue.
    for (let now = 60_000; now < 260_000; now += 400) {
      const taken = take(machine, 1000);
      for (let call = 0; call < taken; call++) end(machine, 'success', 400, now);
    }
    expect(machine.baseline).toBe(400);
  });

  test('grows while latency is good, and not without use', () => {
    const busy = gradient();
    drive(busy, 60, () => 10_000);
    expect(busy.limit).toBeGreaterThan(200);
    const idle = gradient();
    for (let now = 0; now < 600_000; now += 50) {
      take(idle, 1);
      end(idle, 'success', 50, now);
    }
    expect(idle.limit).toBe(20);
  });

  test('only calls that ended well tell how long one takes', () => {
    const machine = gradient();
    for (let now = 0; now < 60_000; now += 50) {
      take(machine, 1);
      end(machine, 'ignored', 50, now);
    }
    expect([machine.needsLatency, machine.baseline]).toEqual([true, undefined]);
  });

  test('new bounds keep what is known of latencies, another algorithm does not', () => {
    const machine = gradient();
    drive(machine, 60, () => 40);
    const { baseline } = machine;
    machine.reconfigure({ ...AIMD, algorithm: 'gradient', max: 500 });
    expect(machine.baseline).toBe(baseline);
    machine.reconfigure({ ...AIMD, algorithm: 'aimd' });
    expect(machine.baseline).toBeUndefined();
  });

  test('shrinks on drops: a stable timeout shows the same latency whatever the load', () => {
    const machine = gradient();
    for (let round = 0; round < 20; round++) {
      const taken = take(machine, 1000);
      for (let call = 0; call < taken; call++) end(machine, 'dropped');
    }
    expect(machine.limit).toBe(1);
  });
});
