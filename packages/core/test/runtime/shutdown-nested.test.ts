/** In a file of its own: context that is on once stays on, and the other tests of shutdown are about calls without it. */
import { deferred } from '../../../testing/src/index.js';
import {
  Cached,
  CircuitBreaker,
  Retry,
  Timeout,
  cacheOf,
  callOutcome,
  createRuntime,
  withRuntime,
} from '../../src/index.js';
import { errorOf, virtualWorld } from '../support/virtual-world.js';

test('with context on, a call under way may still make calls, and new ones are refused', async () => {
  const { own, clock, runtime } = virtualWorld({ context: true });
  const gate = deferred<void>();
  class Jobs {
    @Cached()
    @CircuitBreaker()
    async load(id: string): Promise<string> {
      return `loaded ${id}`;
    }

    @Retry()
    async run(): Promise<unknown[]> {
      await gate.promise;
      const loaded = await this.load('1');
      const again = await callOutcome<Jobs['load']>(this, 'load', '1');
      const other = await callOutcome<Jobs['load']>(this, 'load', '2');
      const anew = await cacheOf(this, 'load').refresh(['1']);
      return [loaded, again.source, other.source, anew];
    }
  }
  const jobs = own(new Jobs());
  const call = jobs.run();
  await clock.settle();
  const report = runtime.shutdown();
  expect(await errorOf(jobs.load('1'))).toMatchObject({ code: 'SHUTTING_DOWN' });
  expect(await callOutcome(jobs, 'load', '1')).toMatchObject({ kind: 'rejected' });
  expect(await errorOf(cacheOf(jobs, 'load').refresh(['1']))).toMatchObject({ code: 'SHUTTING_DOWN' });
  gate.resolve();
  expect(await call).toEqual(['loaded 1', 'cache', 'method', 'loaded 1']);
  await clock.advance(20);
  expect(await report).toMatchObject({ drained: true, abandoned: [] });
});

test('once nothing is under way any more, what ended calls have left behind is refused, too', async () => {
  const { own, clock, runtime } = virtualWorld({ context: true });
  const ticks = [deferred<void>(), deferred<void>()] as const;
  const seen: unknown[] = [];
  class Jobs {
    @CircuitBreaker()
    async load(): Promise<string> {
      return 'loaded';
    }

    @Retry()
    async start(): Promise<void> {
      for (const { promise } of ticks) {
        const loaded = promise.then(() => this.load());
        void loaded.then(
          (value) => seen.push(value),
          (error: { code: string }) => seen.push(error.code),
        );
      }
    }
  }
  await own(new Jobs()).start();
  ticks[0].resolve();
  await clock.settle();
  expect(await clock.until(runtime.shutdown())).toMatchObject({ drained: true });
  ticks[1].resolve();
  await clock.settle();
  expect(seen).toEqual(['loaded', 'SHUTTING_DOWN']);
});

/** Two runtimes; each of their methods does what it is given. */
class Jobs {
  @Retry()
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  @CircuitBreaker()
  async load(): Promise<string> {
    return 'loaded';
  }
}

const twoWorlds = () => {
  const mine = virtualWorld({ context: true });
  const other = createRuntime({ clock: mine.clock, logger: false });
  const gate = deferred<void>();
  const seen: unknown[] = [];
  const noted = async (call: Promise<unknown>): Promise<void> =>
    void seen.push(await call.catch((error: { code: string }) => error.code));
  return { ...mine, gate, seen, noted, jobs: mine.own(new Jobs()), others: withRuntime(new Jobs(), other) };
};

describe('while the runtime drains', () => {
  test('a call inside of a call of another runtime is a new one', async () => {
    const { clock, runtime, gate, seen, noted, jobs, others } = twoWorlds();
    void jobs.run(() => gate.promise);
    const report = runtime.shutdown();
    await others.run(async () => {
      await Promise.resolve();
      await noted(jobs.load());
    });
    gate.resolve();
    expect(await clock.until(report)).toMatchObject({ drained: true });
    expect(seen).toEqual(['SHUTTING_DOWN']);
  });

  test('one that a call under way makes through another runtime passes', async () => {
    const { clock, runtime, gate, seen, noted, jobs, others } = twoWorlds();
    const call = jobs.run(async () => {
      await gate.promise;
      return others.run(() => noted(jobs.load()));
    });
    const report = runtime.shutdown();
    gate.resolve();
    await call;
    expect(await clock.until(report)).toMatchObject({ drained: true });
    expect(seen).toEqual(['loaded']);
  });

  test('calls that others have left behind are new ones: they do not stretch the shutdown', async () => {
    const { clock, runtime, seen, noted, jobs } = twoWorlds();
    /** Calls on and on, each longer than the time between two looks of the shutdown. */
    const poll = async (): Promise<void> => {
      for (let turn = 0; turn < 100; turn += 1) await noted(jobs.run(() => clock.sleep(25)));
    };
    await jobs.run(async () => void poll());
    await clock.advance(30);
    const report = await clock.until(runtime.shutdown());
    expect(report).toMatchObject({ drained: true, abandoned: [] });
    expect(report.waitedMs).toBeLessThan(50);
    expect(new Set(seen)).toEqual(new Set([undefined, 'SHUTTING_DOWN']));
  });

  test('so are those of an attempt that has timed out', async () => {
    const { clock, own, runtime, gate, seen, noted, jobs } = twoWorlds();
    class Api {
      @Timeout(100)
      async load(): Promise<void> {
        await clock.sleep(200);
        await noted(jobs.load());
      }
    }
    const call = own(new Api()).load();
    void jobs.run(() => gate.promise);
    void call.catch(() => undefined);
    const report = runtime.shutdown();
    await clock.advance(300);
    gate.resolve();
    expect(await clock.until(report)).toMatchObject({ drained: true });
    expect(seen).toEqual(['SHUTTING_DOWN']);
  });
});
