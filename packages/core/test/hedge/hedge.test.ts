import { AsyncLocalStorage } from 'node:async_hooks';
import { type Deferred, deferred } from '../../../testing/src/index.js';
import {
  AdaptiveConcurrency,
  Hedge,
  type HedgeOptions,
  RetryBudget,
  Timeout,
  currentCall,
  definePolicy,
  explain,
  stats,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const outage = (): Error => coded('ECONNRESET');

/** A method whose runs the test ends by hand, one by one. */
const branching = (world: ReturnType<typeof virtualWorld>, options: HedgeOptions<unknown> = { after: 100 }) => {
  const runs: (Deferred<unknown> & { readonly signal: AbortSignal })[] = [];
  class Api {
    @Hedge(options)
    load(..._args: unknown[]): Promise<unknown> {
      const run = { ...deferred<unknown>(), signal: currentCall().signal };
      runs.push(run);
      return run.promise;
    }
  }
  return { api: world.own(new Api()), runs };
};

const run = <Item>(runs: readonly Item[], index: number): Item => runs[index] as Item;

describe('when a hedge starts', () => {
  test('none does while the first branch answers in time', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world);
    const call = api.load();
    await world.clock.advance(99);
    run(runs, 0).resolve('first');
    expect([await call, runs.length, world.clock.refCount]).toEqual(['first', 1, 0]);
    await world.clock.advance(10_000);
    expect([runs.length, world.events.count('hedge.launched'), world.clock.pending]).toEqual([1, 0, 0]);
  });

  test('one does after the delay, and the first result answers', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world);
    const call = api.load();
    await world.clock.advance(100);
    expect(runs).toHaveLength(2);
    await world.clock.advance(20);
    run(runs, 1).resolve('hedge');
    expect(await call).toBe('hedge');
    expect(world.events.of('hedge.launched')).toMatchObject([{ method: 'Api.load', hedge: 1, delay: 100 }]);
    expect(world.events.of('hedge.won')).toMatchObject([{ hedge: 1, durationMs: 120 }]);
  });

  test('further ones follow at the same distance, up to maxHedges', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, maxHedges: 3 });
    const call = api.load();
    const counts: number[] = [];
    for (let step = 0; step < 6; step += 1) {
      await world.clock.advance(100);
      counts.push(runs.length);
    }
    expect(counts).toEqual([2, 3, 4, 4, 4, 4]);
    run(runs, 2).resolve('third');
    expect([await call, world.clock.pending]).toEqual(['third', 0]);
  });

  test('after: 0 starts all branches at once', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 0, maxHedges: 2 });
    const call = api.load();
    expect(runs).toHaveLength(3);
    run(runs, 1).resolve('fast');
    expect([await call, world.clock.pending]).toEqual(['fast', 0]);
    expect(world.events.of('hedge.won')).toMatchObject([{ hedge: 1, durationMs: 0 }]);
  });

  test('a percentile hedges nothing before a hundred answers, then what takes longer', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, {});
    for (let call = 0; call < 100; call += 1) {
      const answer = api.load();
      await world.clock.advance(call < 96 ? 20 : 400);
      run(runs, call).resolve(call);
      await answer;
    }
    expect([runs.length, world.events.count('hedge.launched')]).toEqual([100, 0]);
    const slow = api.load();
    await world.clock.advance(19);
    expect(runs).toHaveLength(101);
    await world.clock.advance(3);
    expect(runs).toHaveLength(102);
    run(runs, 101).resolve('hedge');
    expect(await slow).toBe('hedge');
    expect(explain(api).methods[0]?.stack[0]?.state).toMatchObject({ launched: 1, won: 1, samples: 101 });
  });

  test('failures do not teach a percentile that calls are fast', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 'p50' });
    for (let call = 0; call < 150; call += 1) {
      const answer = settledOf(api.load());
      await world.clock.advance(50);
      if (call < 100) run(runs, runs.length - 1).resolve(call);
      else run(runs, runs.length - 1).reject(outage());
      await answer;
    }
    const delay = (): number => world.runtime.stats().hedges['Api.load']?.delay as number;
    expect(delay()).toBeGreaterThanOrEqual(50);
    for (let call = 0; call < 500; call += 1) {
      const answer = settledOf(api.load());
      run(runs, runs.length - 1).reject(outage());
      await answer;
    }
    expect(delay()).toBeGreaterThanOrEqual(50);
  });

  test('a failure starts nothing, and is what the caller gets', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world);
    const error = outage();
    const call = errorOf(api.load());
    run(runs, 0).reject(error);
    expect([(await call) === error, world.clock.refCount]).toEqual([true, 0]);
    await world.clock.advance(1_000);
    expect(runs).toHaveLength(1);
  });

  test('hedgeOn starts the next branch at once after the failures it names', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, maxHedges: 2, hedgeOn: [503, 'ECONNRESET'] });
    const call = api.load();
    run(runs, 0).reject(withStatus(503));
    await world.clock.settle();
    expect(runs).toHaveLength(2);
    run(runs, 1).reject(outage());
    await world.clock.settle();
    expect(runs).toHaveLength(3);
    run(runs, 2).resolve('third time lucky');
    expect(await call).toBe('third time lucky');
    const other = errorOf(api.load());
    const error = withStatus(500);
    run(runs, 3).reject(error);
    expect(await other).toBe(error);
  });

  test('a hedge that a failure started pushes the next one back by the whole delay', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, maxHedges: 2, hedgeOn: ['ECONNRESET'] });
    const call = api.load();
    await world.clock.advance(60);
    run(runs, 0).reject(outage());
    await world.clock.advance(99);
    expect(runs).toHaveLength(2);
    await world.clock.advance(1);
    expect(runs).toHaveLength(3);
    run(runs, 1).resolve('second');
    expect(await call).toBe('second');
  });

  test('nothing is hedged where the method may not run twice', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 10, idempotent: false });
    const call = api.load();
    await world.clock.advance(1_000);
    run(runs, 0).resolve('once');
    expect([await call, runs.length, world.clock.now()]).toEqual(['once', 1, 1_000]);
  });

  test('a method that answers without a promise is not hedged', async () => {
    const world = virtualWorld();
    class Api {
      @Hedge({ after: 0 })
      load(): Promise<number> {
        return 1 as unknown as Promise<number>;
      }
      @Hedge()
      other(): Promise<number> {
        return 2 as unknown as Promise<number>;
      }
    }
    const api = world.own(new Api());
    expect([await api.load(), await api.other(), world.clock.pending]).toEqual([1, 2, 0]);
  });
});

describe('who answers', () => {
  test('a failure of one branch waits for the others', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world);
    const call = api.load();
    await world.clock.advance(100);
    run(runs, 0).reject(outage());
    await world.clock.advance(500);
    run(runs, 1).resolve('late but well');
    expect(await call).toBe('late but well');
  });

  test('when all have failed the caller gets the error of the first', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, maxHedges: 2 });
    const [first, second, third] = [outage(), outage(), outage()];
    const call = errorOf(api.load());
    await world.clock.advance(200);
    run(runs, 2).reject(third);
    run(runs, 0).reject(first);
    run(runs, 1).reject(second);
    expect([(await call) === first, world.clock.pending]).toEqual([true, 0]);
  });

  test('an answer that would be the same everywhere is not waited past', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world);
    const call = errorOf(api.load());
    await world.clock.advance(100);
    run(runs, 1).reject(withStatus(404));
    expect(await call).toMatchObject({ status: 404 });
    expect(run(runs, 0).signal.aborted).toBe(true);
    expect(world.events.count('hedge.won')).toBe(0);
  });

  test('a result that accept turns down waits for the others; for want of a better one the first is the answer', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, accept: (result) => result !== 'empty' });
    const good = api.load();
    await world.clock.advance(100);
    run(runs, 0).resolve('empty');
    await world.clock.advance(100);
    run(runs, 1).resolve('full');
    expect(await good).toBe('full');
    const none = api.load();
    await world.clock.advance(100);
    run(runs, 3).resolve('empty');
    run(runs, 2).reject(outage());
    expect(await errorOf(none)).toMatchObject({ code: 'ECONNRESET' });
    const alone = api.load();
    run(runs, 4).resolve('empty');
    expect(await alone).toBe('empty');
  });

  test('a result of the first that is turned down is the answer when the hedge fails', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, accept: () => false });
    const call = api.load();
    await world.clock.advance(100);
    run(runs, 0).resolve('meagre');
    run(runs, 1).reject(outage());
    expect(await call).toBe('meagre');
  });

  test('an accept that throws is reported and turns nothing down', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, {
      after: 100,
      accept: () => {
        throw new Error('predicate');
      },
    });
    const call = api.load();
    await world.clock.advance(100);
    run(runs, 1).resolve('taken');
    expect(await call).toBe('taken');
    expect(world.events.of('listener.failed')).toMatchObject([{ source: '@Hedge accept' }]);
  });

  test('a hedgeOn predicate that throws is reported and starts nothing', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, {
      after: 100,
      hedgeOn: [
        () => {
          throw new Error('predicate');
        },
      ],
    });
    const call = errorOf(api.load());
    run(runs, 0).reject(outage());
    expect(await call).toMatchObject({ code: 'ECONNRESET' });
    expect([runs.length, world.events.count('listener.failed')]).toEqual([1, 1]);
  });
});

describe('the losers', () => {
  test('each is aborted once through its own signal, the winner never', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, maxHedges: 2 });
    const call = api.load();
    await world.clock.advance(200);
    const aborts: number[] = [];
    runs.forEach(({ signal }, index) => signal.addEventListener('abort', () => aborts.push(index)));
    run(runs, 1).resolve('second');
    await call;
    expect(aborts).toEqual([0, 2]);
    expect(run(runs, 0).signal.reason).toMatchObject({
      name: 'AbortError',
      code: 'ABORT_ERR',
      message: 'Api.load: another branch of this call has answered',
    });
  });

  test('what they still throw is nobody’s unhandled rejection', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, maxHedges: 2 });
    const call = api.load();
    await world.clock.advance(200);
    run(runs, 1).resolve('second');
    await call;
    run(runs, 0).reject(new Error('late'));
    run(runs, 2).reject(new Error('later'));
    // It would fail this test by itself, once there was a turn for it to be noticed.
    await new Promise((resolve) => setImmediate(resolve));
  });

  test('a body that they still bring is cancelled', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, maxHedges: 1 });
    const call = api.load();
    await world.clock.advance(100);
    run(runs, 1).resolve('fast');
    await call;
    let isCancelled = false;
    const body = new ReadableStream({ cancel: () => void (isCancelled = true) });
    run(runs, 0).resolve(new Response(body));
    await world.clock.settle();
    expect(isCancelled).toBe(true);
  });

  test('a body that accept turns down is cancelled, unless it is the answer', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, accept: () => false });
    const call = api.load();
    await world.clock.advance(100);
    const cancelled: string[] = [];
    const bodyOf = (name: string): Response =>
      new Response(new ReadableStream({ cancel: () => void cancelled.push(name) }));
    const first = bodyOf('first');
    run(runs, 0).resolve(first);
    run(runs, 1).resolve(bodyOf('hedge'));
    expect([(await call) === first, cancelled]).toEqual([true, ['hedge']]);
  });

  test('a body that two branches share is left alone: it is the answer', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, maxHedges: 2, accept: () => runs.length > 3 });
    let isCancelled = false;
    const shared = new Response(new ReadableStream({ cancel: () => void (isCancelled = true) }));
    const declined = api.load();
    await world.clock.advance(200);
    for (const index of [1, 0, 2]) run(runs, index).resolve(shared);
    expect(await declined).toBe(shared);
    const accepted = api.load();
    await world.clock.advance(200);
    for (const index of [4, 3, 5]) run(runs, index).resolve(shared);
    expect(await accepted).toBe(shared);
    await world.clock.settle();
    expect(isCancelled).toBe(false);
  });

  test('one that waits on its way in leaves at once and never runs', async () => {
    const gates: Deferred<void>[] = [];
    const gate = definePolicy({
      name: 'hedge-gate',
      after: 'hedge',
      bind: () => ({
        enter: () => {
          gates.push(deferred());
          return gates.at(-1)?.promise;
        },
      }),
    });
    const world = virtualWorld();
    let runs = 0;
    class Api {
      @Hedge({ after: 100 })
      @gate()
      async load(): Promise<number> {
        return (runs += 1);
      }
    }
    const call = world.own(new Api()).load();
    await world.clock.advance(100);
    gates[1]?.resolve();
    expect(await call).toBe(1);
    gates[0]?.resolve();
    await world.clock.settle();
    expect(runs).toBe(1);
    expect(world.events.of('hedge.launched')).toHaveLength(1);
  });
});

describe('the caller', () => {
  test('who leaves aborts every branch with his reason, and no other starts', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, maxHedges: 5 });
    const controller = new AbortController();
    const call = errorOf(api.load('x', controller.signal));
    await world.clock.advance(100);
    const reason = new Error('gone');
    controller.abort(reason);
    expect([await call, world.clock.refCount]).toEqual([reason, 0]);
    expect(runs.map(({ signal }) => signal.reason as unknown)).toEqual([reason, reason]);
    await world.clock.advance(10_000);
    expect(runs).toHaveLength(2);
  });

  test('who leaves before a hedge is due ends the wait for it', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, { after: 100, hedgeOn: [() => true] });
    const controller = new AbortController();
    const call = errorOf(api.load({ signal: controller.signal }));
    await world.clock.advance(50);
    controller.abort('gone');
    expect([await call, world.clock.refCount]).toEqual(['gone', 0]);
    await world.clock.advance(1_000);
    expect(runs).toHaveLength(1);
  });

  test('every branch runs in his async context', async () => {
    const storage = new AsyncLocalStorage<string>();
    const world = virtualWorld();
    const seen: unknown[] = [];
    class Api {
      @Hedge({ after: 100, maxHedges: 2 })
      load(): Promise<never> {
        seen.push(storage.getStore());
        return new Promise(() => undefined);
      }
    }
    const api = world.own(new Api());
    storage.run('one', () => void api.load());
    storage.run('other', () => void api.load());
    await storage.run('nobody', () => world.clock.advance(500));
    expect(seen).toEqual(['one', 'other', 'one', 'other', 'one', 'other']);
  });

  test('a call may follow a call: nothing is left of the one before', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world);
    for (let call = 0; call < 5; call += 1) {
      const answer = api.load();
      run(runs, runs.length - 1).resolve(call);
      expect(await answer).toBe(call);
    }
    const slow = api.load();
    await world.clock.advance(100);
    run(runs, 5).resolve('first after all');
    expect([await slow, run(runs, 6).signal.aborted, run(runs, 5).signal.aborted]).toEqual([
      'first after all',
      true,
      false,
    ]);
  });
});

describe('bounds', () => {
  test('a budget that is used up suppresses the hedge and nothing else', async () => {
    const world = virtualWorld();
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.1 });
    const { api, runs } = branching(world, { after: 100, maxHedges: 2, budget });
    const call = api.load();
    await world.clock.advance(300);
    expect(runs).toHaveLength(2);
    expect(world.events.of('hedge.suppressed')).toMatchObject([{ hedge: 2, reason: 'budget' }]);
    run(runs, 0).resolve('first');
    expect([await call, world.clock.pending]).toEqual(['first', 0]);
  });

  test('a budget of its own counts each call once', async () => {
    const world = virtualWorld();
    const budget = new RetryBudget({ ratio: 1, minPerSecond: 0 });
    const { api, runs } = branching(world, { after: 100, budget });
    for (let call = 0; call < 3; call += 1) {
      const answer = api.load();
      run(runs, call).resolve(call);
      await answer;
    }
    expect(budget.available(world.clock.now())).toBe(3);
  });

  test('a hedge that a policy inside refuses is none, and the first branch is waited for', async () => {
    const world = virtualWorld();
    const gates: Deferred<string>[] = [];
    class Api {
      @Hedge({ after: 100, maxHedges: 3 })
      @AdaptiveConcurrency({ initial: 1 })
      load(): Promise<string> {
        gates.push(deferred());
        return (gates.at(-1) as Deferred<string>).promise;
      }
    }
    const api = world.own(new Api());
    const call = api.load();
    await world.clock.advance(500);
    expect(world.events.of('hedge.suppressed')).toMatchObject([{ hedge: 1, reason: 'rejected' }]);
    gates[0]?.resolve('alone');
    expect([await call, gates.length, world.events.count('hedge.launched'), world.clock.pending]).toEqual([
      'alone',
      1,
      0,
      0,
    ]);
  });

  test('a timeout of attempts bounds each branch by itself', async () => {
    const world = virtualWorld();
    let runs = 0;
    class Api {
      @Hedge({ after: 100 })
      @Timeout(150)
      async load(): Promise<string> {
        runs += 1;
        if (runs === 1) return new Promise(() => undefined);
        await world.clock.sleep(120);
        return 'hedge';
      }
    }
    const call = world.own(new Api()).load();
    expect([await world.clock.until(call), world.clock.now()]).toEqual(['hedge', 220]);
    expect(world.events.count('timeout.elapsed')).toBe(1);
  });

  test('a background refresh that is hedged keeps no process alive', async () => {
    const { Cached } = await import('../../src/index.js');
    const world = virtualWorld();
    const runs: Deferred<string>[] = [];
    class Api {
      @Cached({ ttl: 100, staleWhileRevalidate: '1h' })
      @Hedge({ after: 50, maxHedges: 2 })
      load(): Promise<string> {
        runs.push(deferred());
        return (runs.at(-1) as Deferred<string>).promise;
      }
    }
    const api = world.own(new Api());
    const first = api.load();
    runs[0]?.resolve('old');
    await first;
    await world.clock.advance(200);
    expect(await api.load()).toBe('old');
    expect(world.clock.refCount).toBe(0);
    await world.clock.advance(60);
    expect([runs.length, world.clock.refCount]).toEqual([3, 0]);
    runs[2]?.resolve('new');
    await world.clock.settle();
    expect(await api.load()).toBe('new');
  });

  test('stats count what was launched, won and suppressed, by method', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world);
    const call = api.load();
    await world.clock.advance(100);
    run(runs, 1).resolve(1);
    await call;
    expect(world.runtime.stats().hedges).toEqual({ 'Api.load': { launched: 1, won: 1, suppressed: 0, delay: 100 } });
    expect(stats().hedges).toEqual({});
  });

  test('configure changes delay and percentile at once, counts and latencies stay', async () => {
    const world = virtualWorld();
    const { api, runs } = branching(world, {});
    world.runtime.configure({ defaults: { hedge: { after: 30 } } });
    const call = api.load();
    await world.clock.advance(30);
    expect(runs).toHaveLength(2);
    run(runs, 0).resolve(0);
    await call;
    world.runtime.configure({ defaults: { hedge: { after: 60 } } });
    const other = api.load();
    await world.clock.advance(59);
    expect(runs).toHaveLength(3);
    run(runs, 2).resolve(0);
    await other;
    expect(world.runtime.stats().hedges['Api.load']).toMatchObject({ launched: 1, delay: 60 });
  });
});
