import { Cached, Retry, Timeout, configure } from '../../src/index.js';
import { coded, errorOf, virtualWorld } from '../support/virtual-world.js';
import { type Service, cached, handleOf } from './support.js';

/** Calls inside of calls, where async context tells. */

beforeAll(() => configure({ context: true, logger: false }));

test('a load that its caller has left is no longer bounded by the time of a call around him', async () => {
  const world = virtualWorld();
  const source = { ms: 0, calls: 0, failure: undefined as unknown };
  class Inner {
    @Cached({ ttl: 1_000, staleIfError: '1h', softTimeout: 100 })
    @Retry({ maxAttempts: 2, delay: 5_000, maxDelay: 5_000, jitter: 'none' })
    async get(_id: string): Promise<number> {
      source.calls += 1;
      const { calls, failure } = source;
      await world.clock.sleep(source.ms);
      if (failure !== undefined) throw failure;
      return calls;
    }
  }
  const inner = world.own(new Inner());
  class Outer {
    @Timeout({ total: 1_000 })
    async get(): Promise<number> {
      return inner.get('1');
    }
  }
  const outer = world.own(new Outer());
  const first = outer.get();
  await world.clock.advance(1_000);
  expect(await first).toBe(1);
  source.ms = 300;
  source.failure = coded('ECONNRESET');
  const second = outer.get();
  await world.clock.advance(100);
  expect(await second).toBe(1);
  await world.clock.advance(10_000);
  expect(source.calls).toBe(3);
});

test('a call of the same key from inside of a load that was left and joined runs directly', async () => {
  const world = virtualWorld();
  let depth = 0;
  const load = async (id: string): Promise<number> => {
    await world.clock.sleep(150);
    depth += 1;
    if (depth < 3) return (await service.get(id)) as number;
    return 7;
  };
  const service: Service = cached(world, { ttl: 10_000, hardTimeout: 200 }, load);
  const first = errorOf(service.get('1'));
  await world.clock.advance(180);
  const second = errorOf(service.get('1'));
  await world.clock.advance(1_000);
  expect([await first, await second]).toMatchObject([{ scope: 'load' }, { scope: 'load' }]);
  expect(await service.get('1')).toBe(7);
  expect(handleOf(service).stats).toMatchObject({ hits: 1, coalesced: 1, misses: 3, lookups: 5 });
});
