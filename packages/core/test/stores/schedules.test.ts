import * as fc from 'fast-check';
import { type CacheStore, type StoreEntry } from '../../src/index.js';
import { coded, virtualWorld } from '../support/virtual-world.js';
import { handleOf, stored } from './support.js';

/**
 * A store whose every operation has two moments, both in any order among all others: when it has its effect, and when its
 * answer arrives. Some of them fail, before or after they had it.
 */
class ScheduledStore implements CacheStore {
  readonly name = 'scheduled';
  readonly entries = new Map<string, StoreEntry>();
  reads = 0;
  readonly #s: fc.Scheduler;
  readonly #failures: Iterator<'before' | 'after' | undefined>;

  constructor(s: fc.Scheduler, failures: readonly ('before' | 'after' | undefined)[]) {
    this.#s = s;
    this.#failures = failures[Symbol.iterator]();
  }

  get(key: string): Promise<StoreEntry | undefined> {
    this.reads += 1;
    return this.#do(`get ${this.reads}`, () => this.entries.get(key));
  }

  set(key: string, entry: StoreEntry): Promise<void> {
    return this.#do('set', () => void this.entries.set(key, entry));
  }

  delete(key: string): Promise<boolean> {
    return this.#do('delete', () => this.entries.delete(key));
  }

  clear(): Promise<void> {
    return this.#do('clear', () => this.entries.clear());
  }

  async #do<Value>(label: string, act: () => Value): Promise<Value> {
    const failure = this.#failures.next().value as 'before' | 'after' | undefined;
    await this.#s.schedule(Promise.resolve(), `${label} ${failure === 'before' ? 'fails' : 'takes place'}`);
    if (failure === 'before') throw coded('ECONNRESET');
    const value = act();
    await this.#s.schedule(Promise.resolve(), `${label} answers`);
    if (failure === 'after') throw coded('ECONNRESET');
    return value;
  }
}

interface Read {
  readonly version: number;
}

const PATIENT = { readTimeout: Infinity, writeTimeout: Infinity, retries: 0, circuitBreaker: false } as const;

/** One entry in memory alone: whatever else is asked for, the store has to be read again. */
const scenario = (s: fc.Scheduler, failures: readonly ('before' | 'after' | undefined)[]) => {
  const store = new ScheduledStore(s, failures);
  const world = virtualWorld({ store, storeGuard: PATIENT });
  const source = { version: 0, loads: 0, running: 0, mostRunning: 0 };
  const others = { loads: 0 };
  const load = async (key: string): Promise<Read> => {
    if (key === 'other') {
      others.loads += 1;
      return { version: Infinity };
    }
    source.loads += 1;
    source.running += 1;
    source.mostRunning = Math.max(source.mostRunning, source.running);
    const { version } = source;
    await s.schedule(Promise.resolve(), `load of version ${version}`);
    source.running -= 1;
    return { version };
  };
  const service = stored(world, undefined, load, { maxSize: 1 });
  return { world, store, source, others, service, handle: handleOf(service) };
};

const failures = fc.array(fc.constantFrom('before', 'after', undefined, undefined, undefined), { maxLength: 40 });
const changes = fc.array(fc.constantFrom('invalidate', 'clear', 'set', 'refresh'), { minLength: 1, maxLength: 5 });

describe('in whatever order a store does and answers things', () => {
  test('callers of a cold key cost one read and one run of the method', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 8 }), failures, async (s, callers, failing) => {
        const { store, source, service, handle } = scenario(s, failing);
        const answers = Array.from({ length: callers }, () => service.get('1'));
        await s.waitIdle();
        expect(await Promise.all(answers)).toEqual(answers.map(() => ({ version: 0 })));
        expect([store.reads, source.loads]).toEqual([1, 1]);
        expect(handle.stats).toMatchObject({ misses: 1, coalesced: callers - 1, lookups: callers });
      }),
      { numRuns: 100 },
    );
  });

  test('nobody gets what was loaded before a change that he came after, and no call runs the method twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        changes,
        failures,
        fc.integer({ min: 1, max: 3 }),
        async (s, wishes, failing, readers) => {
          const { world, source, others, service, handle } = scenario(s, failing);
          let oldestAllowed = 0;
          const under: Promise<unknown>[] = [];
          const change = async (how: string): Promise<void> => {
            // The clock has moved on since the last one, but not since the loads that have just begun.
            await world.clock.advance(1);
            source.version += 1;
            oldestAllowed = source.version;
            if (how === 'invalidate') under.push(handle.invalidate('1'));
            else if (how === 'clear') under.push(handle.clear());
            else if (how === 'set') under.push(handle.set(['1'], { version: source.version }));
            else under.push(handle.invalidate('1'), handle.refresh(['1']));
          };
          const writing = s.scheduleSequence(
            wishes.map((how, index) => ({ label: `${how} ${index}`, builder: () => change(how) })),
          );
          const reading = Array.from({ length: readers }, async (_, reader) => {
            for (let round = 0; round < 4; round += 1) {
              await s.schedule(Promise.resolve(), `reader ${reader}.${round}`);
              const floor = oldestAllowed;
              const [{ version }] = await Promise.all([service.get('1'), service.get('other')]);
              expect(version).toBeGreaterThanOrEqual(floor);
            }
          });
          await s.waitIdle();
          await Promise.all([writing.task, ...reading, ...under]);
          const last = service.get('1');
          await s.waitIdle();
          expect((await last).version).toBe(source.version);
          const byHand = wishes.filter((how) => how === 'refresh').length;
          expect(source.loads).toBeLessThanOrEqual(readers * 4 + 1 + byHand);
          // Each miss ran the method once; clear begins to count anew, and `other` misses as well.
          const { misses } = handle.stats;
          if (!wishes.includes('clear')) expect(source.loads + others.loads).toBe(misses + byHand);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a store that is well in the end holds nothing that was invalidated', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), changes, failures, async (s, wishes, failing) => {
        const { world, store, source, service, handle } = scenario(s, failing);
        const under: Promise<unknown>[] = [];
        const writing = s.scheduleSequence(
          wishes.map((how, index) => ({
            label: `${how} ${index}`,
            builder: async () => {
              under.push(service.get('1'), service.get('other'));
              await world.clock.advance(1);
              source.version += 1;
              under.push(how === 'clear' ? handle.clear() : handle.invalidate('1'));
            },
          })),
        );
        await s.waitIdle();
        await Promise.all([writing.task, ...under]);
        // Failures have an end: what is owed is paid after the next operation that succeeds.
        for (let round = 0; round < 50; round += 1) {
          const again = handle.get(`well ${round}`);
          await s.waitIdle();
          await again;
        }
        await s.waitIdle();
        for (const { value } of store.entries.values())
          expect((value as Read).version).toBeGreaterThanOrEqual(source.version);
      }),
      { numRuns: 100 },
    );
  });
});
