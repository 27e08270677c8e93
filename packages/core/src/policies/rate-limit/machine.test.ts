import { RateLimitMachine, type RateSettings, type Waiter } from './machine.js';

const RATE: RateSettings = { algorithm: 'gcra', limit: 4, interval: 1000, burst: 4 };
const made = (rate: Partial<RateSettings> = {}): RateLimitMachine => new RateLimitMachine({ ...RATE, ...rate });

const waiters = (): { named: (name: string, deadline?: number) => Waiter; told: string[] } => {
  const told: string[] = [];
  const named = (name: string, deadline = Infinity): Waiter => ({
    ahead: undefined,
    behind: undefined,
    isQueued: false,
    deadline,
    grant: () => void told.push(name),
    expire: () => void told.push(`${name} expired`),
  });
  return { named, told };
};

/** Used up at time 0, and these in line. */
const full = (names: string, rate: Partial<RateSettings> = {}) => {
  const machine = made(rate);
  const { named, told } = waiters();
  while (machine.tryTake(0));
  const line = [...names].map((name) => named(name));
  for (const waiter of line) machine.wait(waiter);
  return { machine, told, line, named };
};

test.each(['gcra', 'token-bucket', 'sliding-window'] as const)(
  '%s: of fifty calls at once as many go as may',
  (algorithm) => {
    const machine = made({ algorithm, limit: 3, burst: 3 });
    const admitted = Array.from({ length: 50 }, () => machine.tryTake(0)).filter(Boolean);
    expect([admitted.length, machine.available(0)]).toEqual([3, 0]);
    expect(machine.delay(0)).toBeCloseTo(algorithm === 'sliding-window' ? 1000 : 1000 / 3);
  },
);

test('those in line are served in order, each when his time has come', () => {
  const { machine, told } = full('abc');
  expect([machine.waiting, machine.nextAt(0), machine.delay(0)]).toEqual([3, 250, 1000]);
  machine.serve(249);
  expect(told.join('')).toBe('');
  machine.serve(250);
  expect([told.join(''), machine.nextAt(250)]).toEqual(['a', 500]);
  machine.serve(750);
  expect([told.join(''), machine.nextAt(750)]).toEqual(['abc', Infinity]);
});

test('who leaves has taken nothing: all behind him move up', () => {
  const { machine, told, line } = full('abc');
  machine.leave(line[0] as Waiter);
  machine.leave(line[0] as Waiter);
  expect([machine.waiting, machine.nextAt(0), machine.delay(0)]).toEqual([2, 250, 750]);
  machine.serve(250);
  machine.serve(500);
  expect([told.join(''), machine.tryTake(500), machine.tryTake(750)]).toEqual(['bc', false, true]);
});

test('a newcomer does not overtake those in line, even if nobody has woken them yet', () => {
  const { machine, told } = full('a');
  expect(machine.available(250)).toBe(0);
  expect([machine.tryTake(250), told.join('')]).toEqual([false, 'a']);
  const late = full('a');
  expect([late.machine.tryTake(500), late.told.join('')]).toEqual([true, 'a']);
});

test('what was taken regardless is paid for by later calls', () => {
  const { machine } = full('');
  machine.take(0);
  expect([machine.tryTake(250), machine.delay(250), machine.tryTake(500)]).toEqual([false, 250, true]);
});

test('is idle when nobody waits and nothing is taken', () => {
  const { machine, line } = full('a');
  expect(machine.isIdle(10_000)).toBe(false);
  machine.leave(line[0] as Waiter);
  expect([machine.isIdle(0), machine.isIdle(1000)]).toEqual([false, true]);
});

describe('reconfigure', () => {
  test.each(['gcra', 'token-bucket', 'sliding-window'] as const)(
    'keeps the share that is used, into %s',
    (algorithm) => {
      const machine = made();
      machine.tryTake(0);
      machine.tryTake(0);
      machine.reconfigure({ algorithm, limit: 100, interval: 1000, burst: 100 }, 0);
      expect(machine.available(0)).toBe(50);
    },
  );

  test('the share that is used of a sliding window is one of its limit, whatever its burst', () => {
    const machine = made({ algorithm: 'sliding-window', burst: 1 });
    machine.tryTake(0);
    machine.tryTake(0);
    machine.reconfigure({ algorithm: 'sliding-window', limit: 8, interval: 1000, burst: 1 }, 0);
    expect(machine.available(0)).toBe(4);
  });

  test.each([
    ['algorithm', { algorithm: 'sliding-window' }],
    ['interval', { interval: 2000 }],
    ['limit', { limit: 5 }],
  ] as const)('another %s alone is another rate', (_option, change) => {
    const machine = made();
    machine.reconfigure({ ...RATE, ...change }, 0);
    expect(machine.rate).toEqual({ ...RATE, ...change });
  });

  test('the same rate changes nothing', () => {
    const machine = made({ algorithm: 'sliding-window' });
    machine.tryTake(0);
    machine.reconfigure({ ...RATE, algorithm: 'sliding-window' }, 500);
    expect([machine.available(999), machine.available(1000)]).toEqual([3, 4]);
  });

  test('another burst alone is another rate', () => {
    const machine = made();
    machine.tryTake(0);
    machine.reconfigure({ ...RATE, burst: 8 }, 0);
    expect([machine.available(0), machine.rate.burst]).toEqual([6, 8]);
  });

  test('a faster rate serves those in line sooner', () => {
    const { machine, told } = full('ab');
    machine.reconfigure({ ...RATE, limit: 40, burst: 4 }, 0);
    expect(machine.nextAt(0)).toBe(25);
    machine.serve(50);
    expect(told).toEqual(['a', 'b']);
  });

  test('under a slower rate those who could not be served in time are told at once, the others stay', () => {
    const { machine, told, named } = full('');
    machine.wait(named('a', 2000));
    machine.wait(named('b', 1500));
    machine.wait(named('c', 2000));
    machine.reconfigure({ ...RATE, limit: 1, burst: 1 }, 0);
    expect([told, machine.waiting]).toEqual([['b expired'], 2]);
    machine.serve(1000);
    machine.serve(2000);
    expect(told).toEqual(['b expired', 'a', 'c']);
  });
});
