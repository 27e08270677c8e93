import { seededRandom } from '../../../testing/src/index.js';
import { Hedge, type HedgeOptions, RetryBudget } from '../../src/index.js';
import { virtualWorld } from '../support/virtual-world.js';

/**
 * What a hedge is for, on virtual time: an upstream that answers in 5 to 25 ms, but one time in fifty takes 1 to 2 s for
 * no reason of the call's.
 */
const CALLS = 1_500;

const simulate = async (
  options: HedgeOptions,
  isSlow: () => boolean,
): Promise<{ p50: number; p99: number; load: number }> => {
  const { clock, own } = virtualWorld();
  const random = seededRandom(7);
  let runs = 0;
  class Upstream {
    @Hedge(options)
    async load(): Promise<void> {
      runs += 1;
      await clock.sleep(isSlow() || random() < 0.02 ? 1_000 + 1_000 * random() : 5 + 20 * random());
    }
  }
  const upstream = own(new Upstream());
  const latencies: number[] = [];
  for (let call = 0; call < CALLS; call += 1) {
    const startedAt = clock.now();
    await clock.until(upstream.load());
    latencies.push(clock.now() - startedAt);
  }
  // The first few hundred are how it learns.
  const learnt = latencies.slice(300).sort((a, b) => a - b);
  const at = (share: number): number => learnt[Math.floor(share * learnt.length)] as number;
  return { p50: at(0.5), p99: at(0.99), load: runs / CALLS };
};

const usually = (): boolean => false;

test('the slowest answers get thirty times faster for a few percent more calls', async () => {
  const without = await simulate({ idempotent: false }, usually);
  const hedged = await simulate({}, usually);
  expect(without).toMatchObject({ load: 1 });
  expect(without.p99).toBeGreaterThan(1_000);
  expect(hedged.p99).toBeLessThan(50);
  expect(hedged.p50).toBeLessThan(20);
  expect(hedged.load).toBeLessThan(1.08);
});

test('an upstream that gets slow as a whole is not hedged for long, and never beyond the budget', async () => {
  let calls = 0;
  const always = (): boolean => (calls += 1) > 200;
  const bounded = await simulate({ budget: new RetryBudget({ ratio: 0.1, minPerSecond: 0 }) }, always);
  expect(bounded.load).toBeLessThan(1.1);
});
