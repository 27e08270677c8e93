import fc from 'fast-check';
import { Bulkhead, explain } from '../../src/index.js';
import { settledOf, virtualWorld } from '../support/virtual-world.js';

/** Hand-over under every order of events: what ends, who comes and who leaves take turns as fast-check likes. */

const stateOf = (target: object): unknown => explain(target).methods[0]?.stack[0]?.state;

test('in every order of events: never more than the limit, first come first served, and nothing is left over', async () => {
  const callers = fc.array(fc.record({ fails: fc.boolean(), leaves: fc.boolean() }), { minLength: 2, maxLength: 10 });
  const bounds = fc.record({ maxConcurrent: fc.integer({ min: 1, max: 3 }), maxQueue: fc.integer({ min: 0, max: 4 }) });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), callers, bounds, async (s, plans, { maxConcurrent, maxQueue }) => {
      const { own } = virtualWorld();
      const queued: number[] = [];
      const served: number[] = [];
      let running = 0;
      let most = 0;
      class Api {
        @Bulkhead({ maxConcurrent, maxQueue, queueTimeout: '1h' })
        async load(id: number, fails: boolean, _signal: AbortSignal): Promise<number> {
          if (queued.includes(id)) served.push(id);
          running += 1;
          most = Math.max(most, running);
          await s.schedule(Promise.resolve(), `work ${id}`);
          running -= 1;
          if (fails) throw new Error('fails');
          return id;
        }
      }
      const api = own(new Api());
      const calls = plans.map(({ fails, leaves }, id) =>
        s.schedule(Promise.resolve(), `caller ${id}`).then(async () => {
          const controller = new AbortController();
          const before = running;
          const call = settledOf(api.load(id, fails, controller.signal));
          if (running === before) queued.push(id);
          if (leaves) void s.schedule(Promise.resolve(), `leaves ${id}`).then(() => controller.abort('left'));
          return call;
        }),
      );
      await s.waitFor(Promise.all(calls));
      while (s.count() > 0) await s.waitOne();
      await new Promise(setImmediate);
      expect(most).toBeLessThanOrEqual(maxConcurrent);
      expect(served).toEqual(queued.filter((id) => served.includes(id)));
      expect(running).toBe(0);
      expect(stateOf(api)).toMatchObject({ inFlight: 0, queued: 0, abandoned: 0 });
    }),
    { numRuns: 300 },
  );
});
