/**
 * A fleet through an outage and an overload, with and without retry budget, throttle and adaptive limit. What the fleet
 * does to a back end whose capacity a queue eats up is in `examples/overload`.
 */
import type { VirtualClock } from '../../../testing/src/index.js';
import { RetryBudget } from '../../src/index.js';
import { coded, withStatus } from '../support/virtual-world.js';
import { type Policies, type Second, ratio, recoveryTime, runFleet } from './fleet.js';

const LATENCY = 50;
const OUTAGE = [20, 80] as const;
/** When the throttle's window of 30 s holds nothing from before. */
const LEARNED = [55, 80] as const;

const retry = { maxAttempts: 3, delay: '100ms' } as const;
const FLEETS = {
  'retries alone': () => ({ retry }),
  'retry budget': () => ({ retry: { ...retry, budget: new RetryBudget({ minPerSecond: 1 }) } }),
  'adaptive throttle': () => ({ retry, adaptiveThrottle: true }),
  'adaptive limit': () => ({ retry, adaptiveConcurrency: true }),
  'all three': () => ({
    retry: { ...retry, budget: new RetryBudget({ minPerSecond: 1 }) },
    adaptiveThrottle: true,
    adaptiveConcurrency: true,
  }),
} satisfies Record<string, () => Policies>;
type FleetName = keyof typeof FLEETS;

describe('a back end that is gone for a minute', () => {
  const courses = new Map<FleetName, readonly Second[]>();
  const of = (name: FleetName): readonly Second[] => courses.get(name) as readonly Second[];
  const loadOf = (name: FleetName): number => ratio(of(name), ['attempts', 'calls'], LEARNED);
  const recoveryOf = (name: FleetName): number => recoveryTime(of(name), OUTAGE[1]);

  const serve = async (clock: VirtualClock): Promise<void> => {
    const second = clock.now() / 1000;
    if (second >= OUTAGE[0] && second < OUTAGE[1]) throw coded('ECONNREFUSED');
    await clock.sleep(LATENCY);
  };

  beforeAll(async () => {
    for (const name of Object.keys(FLEETS) as FleetName[])
      courses.set(name, await runFleet({ processes: 3, rate: 60, seconds: 140, policies: FLEETS[name], serve }));
  });

  test.each(Object.keys(FLEETS) as FleetName[])('%s: nothing is refused before it', (name) => {
    expect(ratio(of(name), ['good', 'calls'], [0, OUTAGE[0] - 1])).toBeGreaterThan(0.98);
  });

  test('retries alone treble the load on it, to no end', () => {
    expect(loadOf('retries alone')).toBeGreaterThan(2.9);
  });

  test('a budget lets one retry in five calls through, and costs no time afterwards', () => {
    expect(loadOf('retry budget')).toBeLessThan(1.3);
    expect(recoveryOf('retry budget')).toBeLessThanOrEqual(1);
  });

  test('the throttle keeps nine tenths of the calls away, their retries too', () => {
    expect(loadOf('adaptive throttle')).toBeLessThan(0.15);
    expect(loadOf('adaptive throttle')).toBeGreaterThan(0.07);
  });

  test('the throttle lets nearly all through again as late as one client alone: after 50 s, a fifth more or less', () => {
    expect(recoveryOf('adaptive throttle')).toBeGreaterThan(40);
    expect(recoveryOf('adaptive throttle')).toBeLessThanOrEqual(60);
  });

  test('an adaptive limit cannot see refusals that take no time, and recovers at once', () => {
    expect(loadOf('adaptive limit')).toBeGreaterThan(2);
    expect(recoveryOf('adaptive limit')).toBeLessThanOrEqual(3);
  });

  test('together they spare the back end as the best of them, and recover no later than a throttle', () => {
    expect(loadOf('all three')).toBeLessThan(0.15);
    expect(recoveryOf('all three')).toBeLessThanOrEqual(60);
  });
});

describe('a back end that takes 25 calls a second and is asked for 100', () => {
  const course = async (policies: Policies): Promise<readonly Second[]> => {
    let second = -1;
    let taken = 0;
    const serve = async (clock: VirtualClock): Promise<void> => {
      if (Math.floor(clock.now() / 1000) !== second) [second, taken] = [Math.floor(clock.now() / 1000), 0];
      if ((taken += 1) > 25) throw withStatus(503);
    };
    return runFleet({ processes: 1, rate: 100, seconds: 80, policies: () => policies, serve });
  };
  const settled = [40, 80] as const;

  test('without a throttle it says no three times for each yes', async () => {
    const seconds = await course({ retry: false });
    expect(ratio(seconds, ['good', 'attempts'], settled)).toBeLessThan(0.27);
  });

  test('with one, half as many reach it, twice what it takes, and it still takes 25', async () => {
    const seconds = await course({ adaptiveThrottle: true });
    expect(ratio(seconds, ['attempts', 'calls'], settled)).toBeGreaterThan(0.45);
    expect(ratio(seconds, ['attempts', 'calls'], settled)).toBeLessThan(0.55);
    expect(seconds.slice(...settled).every(({ good }) => good === 25)).toBe(true);
  });
});

test('a healthy back end that takes three seconds for each answer loses no call to the throttle', async () => {
  const serve = (clock: VirtualClock): Promise<void> => clock.sleep(3000);
  const policies = (): Policies => ({ adaptiveThrottle: true });
  const seconds = await runFleet({ processes: 1, rate: 100, seconds: 60, policies, serve });
  expect(ratio(seconds, ['attempts', 'calls'], [0, 60])).toBe(1);
});
