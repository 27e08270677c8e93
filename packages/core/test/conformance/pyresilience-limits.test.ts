import { Bulkhead, BulkheadFullError, Retry, explain } from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

/** What pyresilience says of its bulkhead, by the rows of its own tests and pages. */

const forever = (): Promise<never> => new Promise(() => undefined);

describe('bulkhead', () => {
  test('defaults: ten at once, nobody waits', async () => {
    const { own, events } = virtualWorld();
    class Service {
      @Bulkhead()
      load(): Promise<void> {
        return forever();
      }
    }
    const service = own(new Service());
    for (let call = 0; call < 10; call += 1) void service.load();
    expect(await errorOf(service.load())).toBeInstanceOf(BulkheadFullError);
    expect(events.count('bulkhead.rejected')).toBe(1);
    expect(explain(service).methods[0]?.stack[0]?.options).toMatchObject({ maxConcurrent: 10, maxQueue: 0 });
  });

  test('with a wait, a call is served when a slot comes free within it, and refused when none does', async () => {
    const { own, clock } = virtualWorld();
    class Service {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 10, queueTimeout: '5s' })
      async load(latency: number): Promise<number> {
        await clock.sleep(latency);
        return latency;
      }
    }
    const service = own(new Service());
    const calls = [4_000, 3_000, 1].map((latency) => settledOf(service.load(latency)));
    expect(await clock.until(Promise.all(calls))).toMatchObject([
      { value: 4_000 },
      { value: 3_000 },
      { error: { code: 'BULKHEAD_FULL', waited: 5_000 } },
    ]);
  });

  test('the slot is released during the backoff and taken again', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    class Service {
      @Retry({ maxAttempts: 2, delay: 100, jitter: 'none' })
      @Bulkhead({ maxConcurrent: 1 })
      async load(): Promise<number> {
        runs += 1;
        if (runs === 1) throw coded('ECONNRESET');
        return runs;
      }
    }
    const service = own(new Service());
    const first = service.load();
    await clock.settle();
    expect(await service.load()).toBe(2);
    expect(await clock.until(first)).toBe(3);
  });
});
