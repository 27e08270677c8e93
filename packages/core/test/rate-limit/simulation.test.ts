/** An hour of callers who want more than they may, on virtual time: what the other side sees. */
import { seededRandom } from '../../../testing/src/index.js';
import { RateLimit, type RateLimitOptions } from '../../src/index.js';
import { type Settled, settledOf, virtualWorld } from '../support/virtual-world.js';

const LIMIT = 10;
const INTERVAL = 1000;

/** The times at which calls reached the method. Bursts of callers, pauses, and some who give up while they wait. */
const simulate = async (
  options: Partial<Omit<RateLimitOptions, 'key'>>,
  seed: number,
): Promise<{ ran: number[]; refused: number }> => {
  const { own, clock } = virtualWorld();
  const random = seededRandom(seed);
  const ran: number[] = [];
  class Api {
    @RateLimit({ limit: LIMIT, interval: INTERVAL, ...options })
    async load(_signal?: AbortSignal): Promise<void> {
      ran.push(clock.now());
    }
  }
  const api = own(new Api());
  const calls: Promise<Settled<void>>[] = [];
  for (let round = 0; round < 150; round++) {
    const callers = Math.floor(random() * 12);
    for (let caller = 0; caller < callers; caller++) {
      const controller = new AbortController();
      const leaves = random() < 0.2;
      calls.push(settledOf(api.load(controller.signal)));
      if (leaves) clock.setTimer(() => controller.abort('left'), Math.floor(random() * 800));
    }
    await clock.advance(random() < 0.1 ? 3000 : Math.floor(random() * 400));
  }
  const ends = await clock.until(Promise.all(calls));
  return { ran, refused: ends.filter((end) => 'error' in end && end.error !== 'left').length };
};

/** The most calls in any window of the interval, wherever it begins. */
const mostWithin = (times: readonly number[], interval: number): number => {
  let most = 0;
  let first = 0;
  for (const [index, time] of times.entries()) {
    while ((times[first] as number) <= time - interval) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
};

describe.each([0, 2000])('with maxWait %i', (maxWait) => {
  test.each([1, 2, 3])('a sliding window has never more than the limit in any interval (%i)', async (seed) => {
    const { ran, refused } = await simulate({ algorithm: 'sliding-window', maxWait }, seed);
    expect([mostWithin(ran, INTERVAL), refused > 0]).toEqual([LIMIT, true]);
  });

  test.each([1, 2, 3])('spaced calls have never more than the limit in any interval (%i)', async (seed) => {
    const { ran, refused } = await simulate({ burst: 1, maxWait }, seed);
    expect([mostWithin(ran, INTERVAL) <= LIMIT, refused > 0]).toEqual([true, true]);
    expect(ran.every((time, index) => index === 0 || time - (ran[index - 1] as number) >= INTERVAL / LIMIT)).toBe(true);
  });

  test.each([
    ['gcra', 1],
    ['gcra', 2],
    ['token-bucket', 1],
    ['token-bucket', 2],
  ] as const)('%s never admits more than its burst and the rate since (%i)', async (algorithm, seed) => {
    const { ran } = await simulate({ algorithm, burst: 5, maxWait }, seed);
    for (const interval of [1, 100, 500, 1000, 5000, 60_000])
      expect(mostWithin(ran, interval)).toBeLessThanOrEqual(5 + (interval * LIMIT) / INTERVAL);
  });
});

test('gcra and the token bucket serve the same calls at the same times', async () => {
  const options = { burst: 4, maxWait: 1000 };
  const one = await simulate({ ...options, algorithm: 'gcra' }, 7);
  const other = await simulate({ ...options, algorithm: 'token-bucket' }, 7);
  expect(other).toEqual(one);
});
