import fc from 'fast-check';
import { cacheOf, oneOf } from '../../src/index.js';
import { type Settled, settledOf, virtualWorld } from '../support/virtual-world.js';
import { listsWith } from './support.js';

const ID = fc.integer({ min: 0, max: 5 });
const CALL = fc.oneof(
  fc.record({ kind: fc.constant('list' as const), ids: fc.array(ID, { maxLength: 5 }) }),
  fc.record({ kind: fc.constant('one' as const), ids: fc.tuple(ID) }),
);
const SETUP = fc.record({
  calls: fc.array(CALL, { minLength: 1, maxLength: 8 }),
  /** Which calls of the method fail as a whole, by their number. */
  failing: fc.uniqueArray(fc.integer({ min: 0, max: 5 })),
  maxBatch: fc.constantFrom(1, 2, 100),
  form: fc.constantFrom('array' as const, 'map' as const),
});

const valueOf = (id: number): string => `value of ${id}`;

test('whenever calls begin and end, each gets its values or an error of the source, and no id is loaded twice at a time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), SETUP, async (scheduler, { calls, failing, maxBatch, form }) => {
      const world = virtualWorld();
      const loading = new Set<number>();
      const errors: Error[] = [];
      let asked = 0;
      const service = listsWith(world, { maxBatch, returns: form }, async (ids: number[]) => {
        const number = asked++;
        expect(ids.length).toBeGreaterThan(0);
        expect(ids.length).toBeLessThanOrEqual(maxBatch);
        for (const id of ids) {
          expect(loading.has(id)).toBe(false);
          loading.add(id);
        }
        await scheduler.schedule(Promise.resolve(), `answer ${number}`);
        for (const id of ids) loading.delete(id);
        if (failing.includes(number)) {
          errors.push(new Error(`call ${number} failed`));
          throw errors.at(-1);
        }
        return form === 'array' ? ids.map(valueOf) : new Map(ids.map((id) => [id, valueOf(id)]));
      });
      const one = oneOf(service, 'many');
      const begin = async ({ kind, ids }: (typeof calls)[number]): Promise<Settled<unknown>> => {
        await scheduler.schedule(Promise.resolve(), kind);
        return settledOf(kind === 'one' ? one(ids[0]) : service.many(ids));
      };
      const outcomes = calls.map(begin);
      await scheduler.waitFor(Promise.all(outcomes));
      // A list fails with the first of its loads; the others go on.
      await scheduler.waitAll();
      await world.clock.settle();

      for (const [index, { kind, ids }] of calls.entries()) {
        const outcome = (await outcomes[index]) as Settled<unknown>;
        if ('error' in outcome) expect(errors).toContain(outcome.error);
        else if (kind === 'one') expect(outcome.value).toBe(valueOf(ids[0]));
        else if (form === 'array') expect(outcome.value).toEqual(ids.map(valueOf));
        else expect(outcome.value).toEqual(new Map(ids.map((id) => [id, valueOf(id)])));
      }
      const { lookups, hits, misses, coalesced, staleHits, size, errors: failures } = cacheOf(service, 'many').stats;
      expect(lookups).toBe(calls.reduce((sum, { ids }) => sum + new Set(ids).size, 0));
      expect(hits + misses + coalesced + staleHits).toBe(lookups);
      expect(misses - failures).toBe(size);
      expect(world.runtime.health().inFlight).toBe(0);
    }),
    { numRuns: 200 },
  );
});
