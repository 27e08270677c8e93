import * as fc from 'fast-check';
import { coded, quietWorld, settledOf, virtualWorld } from '../support/virtual-world.js';
import { type Options, cached, handleOf } from './support.js';
import { cellOf, checkCell } from './table-check.js';

/**
 * Concurrency in every order: fast-check decides which load, caller or writer goes on next. The source counts versions;
 * a load reads one at its start and brings it later.
 */

interface Read {
  readonly version: number;
  readonly load: number;
}

const sourceOf = (s: fc.Scheduler) => {
  const source = { version: 0, loads: 0, running: 0, mostRunning: 0, fails: (): boolean => false };
  const read = s.scheduleFunction(async (found: Read, isFailing: boolean): Promise<Read> => {
    if (isFailing) throw coded('ECONNREFUSED');
    return found;
  });
  const load = async (): Promise<Read> => {
    const isFailing = source.fails();
    source.loads += 1;
    source.running += 1;
    source.mostRunning = Math.max(source.mostRunning, source.running);
    try {
      return await read({ version: source.version, load: source.loads }, isFailing);
    } finally {
      source.running -= 1;
    }
  };
  return { source, load };
};

const flush = async (s: fc.Scheduler): Promise<void> => {
  await s.waitIdle();
};

const WORLDS = [
  ['while someone listens', virtualWorld],
  ['while nobody listens', quietWorld],
] as const;

let createWorld = virtualWorld;

const scenario = (s: fc.Scheduler, options: Options = {}) => {
  const world = createWorld();
  const { source, load } = sourceOf(s);
  const service = cached(world, options, load);
  return { world, source, service, handle: handleOf(service) };
};

const writes = fc.array(fc.constantFrom('invalidate', 'clear', 'set', 'refresh'), { minLength: 1, maxLength: 4 });

describe.each(WORLDS)('in whatever order things happen, %s', (_name, create) => {
  beforeEach(() => {
    createWorld = create;
  });

  test('callers of a cold key share one load, whenever they come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 8 }), async (s, callers) => {
        const { source, service } = scenario(s);
        const arrivals = Array.from({ length: callers }, (_, index) =>
          s.schedule(Promise.resolve(), `caller ${index}`).then(() => service.get('1')),
        );
        await flush(s);
        const answers = await Promise.all(arrivals);
        expect(new Set(answers.map(({ load }) => load))).toEqual(new Set([1]));
        expect(source.loads).toBe(1);
        checkCell(cellOf(service));
      }),
      { numRuns: 150 },
    );
  });

  test('callers who share a failing load share its error, and the next one loads anew', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 8 }), async (s, callers) => {
        const { source, service, handle } = scenario(s);
        source.fails = () => source.loads < 1;
        const arrivals = Array.from({ length: callers }, (_, index) =>
          settledOf(s.schedule(Promise.resolve(), `caller ${index}`).then(() => service.get('1'))),
        );
        await flush(s);
        const outcomes = await Promise.all(arrivals);
        const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
        expect(errors.length).toBeGreaterThan(0);
        expect(new Set(errors).size).toBe(1);
        const { stats } = handle;
        expect(stats.lookups).toBe(callers);
        expect(source.loads).toBe(stats.misses);
        expect(source.loads).toBeLessThanOrEqual(2);
        checkCell(cellOf(service));
      }),
      { numRuns: 150 },
    );
  });

  test('nobody who comes after a change gets what was read before it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), writes, fc.integer({ min: 1, max: 5 }), async (s, changes, readers) => {
        const { source, service, handle } = scenario(s);
        let oldestAllowed = 0;
        const change = async (how: string): Promise<void> => {
          source.version += 1;
          oldestAllowed = source.version;
          if (how === 'invalidate') await handle.invalidate('1');
          else if (how === 'clear') await handle.clear();
          else if (how === 'set') await handle.set(['1'], { version: source.version, load: 0 });
          else void settledOf(handle.refresh(['1']));
        };
        const writing = s.scheduleSequence(
          changes.map((how, index) => ({
            label: `${how} ${index}`,
            builder: () => (how === 'refresh' ? handle.invalidate('1').then(() => change(how)) : change(how)),
          })),
        );
        const reading = Array.from({ length: readers }, async (_, index) => {
          for (let round = 0; round < 3; round += 1) {
            await s.schedule(Promise.resolve(), `reader ${index}.${round}`);
            const floor = oldestAllowed;
            const { version } = await service.get('1');
            expect(version).toBeGreaterThanOrEqual(floor);
          }
        });
        await flush(s);
        await Promise.all([writing.task, ...reading]);
        const { version } = await settledValue(s, service.get('1'));
        expect(version).toBe(source.version);
        checkCell(cellOf(service));
      }),
      { numRuns: 200 },
    );
  });

  test('a refresh, its joiners and hard misses cost one load at a time and never bring an older value back', async () => {
    const gaps = fc.array(fc.constantFrom(0, 1, 20, 60), { minLength: 5, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        gaps,
        fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
        async (s, waits, failures) => {
          const { world, source, service, handle } = scenario(s, {
            ttl: 10,
            staleWhileRevalidate: 10,
            staleIfError: 1000,
            staleErrorThrottle: 5,
          });
          source.fails = () => source.loads > 0 && failures[source.loads % failures.length] === true;
          const answers: Promise<void>[] = [];
          for (const by of waits) {
            world.clock.advanceSync(by);
            source.version += 1;
            answers.push(service.get('1'));
            if (s.count() > 0 && by !== 20) await s.waitOne();
          }
          await flush(s);
          const outcomes = await Promise.all(answers.map(settledOf));
          expect(source.mostRunning).toBe(1);
          // Only the very first load may fail without anything to answer with, and it does not.
          for (const outcome of outcomes) expect(outcome).toMatchObject({ value: { load: expect.any(Number) } });
          expect(handle.stats.lookups).toBe(waits.length);
          checkCell(cellOf(service));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('joiners who abort leave alone; the load is ended exactly when all have left', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), async (s, leaves) => {
        const { source, service } = scenario(s);
        const controllers = leaves.map(() => new AbortController());
        const calls = controllers.map(({ signal }) => settledOf(service.get('1', signal)));
        const aborts = leaves.map((leaving, index) =>
          leaving
            ? s.schedule(Promise.resolve(), `abort ${index}`).then(() => controllers[index]?.abort(index))
            : undefined,
        );
        expect(source.loads).toBe(1);
        await flush(s);
        await Promise.all(aborts.filter((each) => each !== undefined));
        const outcomes = await Promise.all(calls);
        for (const [index, outcome] of outcomes.entries()) {
          if (leaves[index] !== true) expect(outcome).toMatchObject({ value: { load: 1 } });
          else if ('error' in outcome) expect(outcome.error).toBe(index);
        }
        checkCell(cellOf(service));
        const hasLoaded = outcomes.some((outcome) => 'value' in outcome);
        void settledOf(service.get('1'));
        expect(source.loads).toBe(hasLoaded ? 1 : 2);
        await flush(s);
      }),
      { numRuns: 200 },
    );
  });
});

const settledValue = async <Value>(s: fc.Scheduler, promise: Promise<Value>): Promise<Value> => {
  await flush(s);
  return promise;
};
