import * as fc from 'fast-check';
import type { VirtualClock } from '../../../testing/src/index.js';
import { Hedge, currentCall } from '../../src/index.js';
import { coded, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

/**
 * Branches that end in every order, beside hedges that fall due, a caller who may leave, and a time that moves: exactly
 * one outcome, one abort for each loser, and nothing left behind.
 */

type Ending = 'value' | 'failure' | 'final' | 'never';

interface Run {
  readonly number: number;
  readonly signal: AbortSignal;
  aborts: number;
  ended: Ending | undefined;
}

const ENDINGS: readonly Ending[] = ['value', 'value', 'failure', 'final', 'never'];

const errorFor = (ending: Ending, number: number): Error =>
  Object.assign(ending === 'final' ? withStatus(404) : coded('ECONNRESET'), { number });

const scenario = (s: fc.Scheduler, endings: readonly Ending[], maxHedges: number) => {
  const world = virtualWorld();
  const runs: Run[] = [];
  const finish = s.scheduleFunction(async (run: Run, ending: Ending): Promise<number> => {
    run.ended = ending;
    if (ending !== 'value') throw errorFor(ending, run.number);
    return run.number;
  });
  class Api {
    @Hedge({ after: 10, maxHedges })
    load(_signal: AbortSignal): Promise<number> {
      const { signal } = currentCall();
      const run: Run = { number: runs.length, signal, aborts: 0, ended: undefined };
      runs.push(run);
      signal.addEventListener('abort', () => (run.aborts += 1));
      const ending = endings[run.number] ?? 'never';
      return ending === 'never' ? new Promise(() => undefined) : finish(run, ending);
    }
  }
  return { world, runs, api: world.own(new Api()) };
};

/** Lets time move by a few milliseconds now and then, as the scheduler decides. */
const ticks = (s: fc.Scheduler, advance: (ms: number) => Promise<void>): void => {
  const tick = async (): Promise<void> => advance(4);
  for (let step = 0; step < 11; step += 1) void s.schedule(Promise.resolve(), `tick ${step}`).then(tick);
};

/** Hedges that are still due are started, and what they schedule ends as well. */
const finished = async (s: fc.Scheduler, clock: VirtualClock): Promise<void> => {
  await clock.advance(100);
  await s.waitAll();
  await clock.settle();
};

const endings = fc.array(fc.constantFrom(...ENDINGS), { minLength: 4, maxLength: 4 });

test('whatever ends first, there is one outcome, every loser is aborted once, and nobody else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), endings, fc.integer({ min: 1, max: 3 }), async (s, plan, maxHedges) => {
      const { world, runs, api } = scenario(s, plan, maxHedges);
      const outcomes: unknown[] = [];
      const endedBefore: (Ending | undefined)[] = [];
      void settledOf(api.load(new AbortController().signal)).then((outcome) => {
        outcomes.push(outcome);
        return endedBefore.push(...runs.map(({ ended }) => ended));
      });
      ticks(s, (ms) => world.clock.advance(ms));
      await s.waitAll();
      await finished(s, world.clock);
      expect(runs.length).toBeLessThanOrEqual(1 + maxHedges);
      const winners = runs.filter(({ ended }) => ended === 'value');
      const finals = runs.filter(({ ended }) => ended === 'final');
      const isOver = winners.length + finals.length > 0 || runs.every(({ ended }) => ended !== undefined);
      expect(outcomes).toHaveLength(isOver ? 1 : 0);
      const [outcome] = outcomes as [{ value?: number; error?: { number: number } } | undefined];
      const answering = outcome?.value ?? outcome?.error?.number;
      if (isOver && winners.length + finals.length === 0) expect(answering).toBe(0);
      for (const { number, aborts, signal } of runs) {
        expect(aborts).toBeLessThanOrEqual(1);
        if (number === answering) expect(signal.aborted).toBe(false);
        else if (isOver && endedBefore[number] === undefined) expect(aborts).toBe(1);
      }
      expect(world.clock.refCount).toBe(0);
      if (isOver) {
        expect(world.events.count('hedge.launched')).toBe(runs.length - 1);
        expect(world.events.count('hedge.won')).toBe(outcome?.value !== undefined && outcome.value > 0 ? 1 : 0);
      }
    }),
    { numRuns: 200 },
  );
  // What nobody has handled fails the test by itself, once there was a turn for it to be noticed.
  await new Promise((resolve) => setImmediate(resolve));
});

test('whenever the caller leaves, he gets his reason or an answer that came before, and no branch stays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), endings, fc.integer({ min: 1, max: 3 }), async (s, plan, maxHedges) => {
      const { world, runs, api } = scenario(s, plan, maxHedges);
      const controller = new AbortController();
      const reason = new Error('left');
      const call = settledOf(api.load(controller.signal));
      void s.schedule(Promise.resolve(), 'leave').then(() => controller.abort(reason));
      ticks(s, (ms) => world.clock.advance(ms));
      await s.waitAll();
      await finished(s, world.clock);
      const outcome = (await call) as { value?: number; error?: unknown };
      const answer = outcome.value ?? (outcome.error as { number?: number }).number;
      if (answer === undefined) expect(outcome.error).toBe(reason);
      for (const { ended, signal } of runs.filter(({ number }) => number !== answer)) {
        if (ended === undefined) expect(signal.aborted).toBe(true);
      }
      expect(world.clock.refCount).toBe(0);
    }),
    { numRuns: 200 },
  );
});
