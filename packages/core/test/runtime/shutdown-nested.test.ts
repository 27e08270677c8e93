/** In a file of its own: context that is on once stays on, and the other tests of shutdown are about calls without it. */
import { deferred } from '../../../testing/src/index.js';
import { Cached, CircuitBreaker, Retry, cacheOf, callOutcome } from '../../src/index.js';
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
