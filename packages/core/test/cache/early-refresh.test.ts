import { Cached, ConfigurationError, Resilient, Retry } from '../../src/index.js';
import { coded, virtualWorld } from '../support/virtual-world.js';
import { Counter, type Options, type Service, cached, handleOf } from './support.js';

const AHEAD: Options = { ttl: 100, refreshAhead: { after: 0.8, jitter: 0 } };

const loading = (world: ReturnType<typeof virtualWorld>, options: Options, ms: number) => {
  const counter = new Counter();
  const load = async (): Promise<number> => {
    await world.clock.sleep(ms);
    return counter.load();
  };
  return { counter, service: cached(world, options, load) };
};

const take = async (world: ReturnType<typeof virtualWorld>, call: Promise<unknown>): Promise<unknown> => {
  await world.clock.settle();
  return call;
};

const after = async (world: ReturnType<typeof virtualWorld>, service: Service, ms: number): Promise<unknown> => {
  await world.clock.advance(ms);
  return take(world, service.get('1'));
};

describe('refresh ahead', () => {
  test('a use after the given share of the ttl is a hit, and renews the value behind it', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, AHEAD, counter.load);
    await service.get('1');
    expect(await after(world, service, 79)).toBe(1);
    expect(counter.calls).toBe(1);
    expect(await after(world, service, 1)).toBe(1);
    expect(counter.calls).toBe(2);
    expect(await after(world, service, 0)).toBe(2);
    expect(handleOf(service).stats).toMatchObject({ hits: 3, misses: 1, staleHits: 0, lookups: 4 });
    expect(world.events.of('cache.refreshed')).toHaveLength(1);
    expect(world.events.of('cache.hit').map(({ age, remainingTtl }) => [age, remainingTtl])).toEqual([
      [79, 21],
      [80, 20],
      [0, 100],
    ]);
  });

  test('nobody uses it, and nothing is renewed', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, AHEAD, counter.load);
    await service.get('1');
    await world.clock.advance(1_000);
    expect(counter.calls).toBe(1);
  });

  test('any number of uses share one refresh', async () => {
    const world = virtualWorld();
    const { counter, service } = loading(world, AHEAD, 10);
    const first = service.get('1');
    await world.clock.advance(10);
    await first;
    await world.clock.advance(75);
    await Promise.all(Array.from({ length: 20 }, () => service.get('1')));
    await world.clock.advance(10);
    expect(counter.calls).toBe(2);
  });

  test('the time of the next refresh counts from the refresh', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, AHEAD, counter.load);
    await service.get('1');
    await after(world, service, 80);
    await after(world, service, 79);
    expect(counter.calls).toBe(2);
    await after(world, service, 1);
    expect(counter.calls).toBe(3);
  });

  test('a refresh that fails is not repeated at every use, and the value stays fresh until its end', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ...AHEAD, ttl: 10_000, staleErrorThrottle: 500 }, counter.load);
    await service.get('1');
    counter.failure = coded('ECONNRESET');
    expect(await after(world, service, 8_000)).toBe(1);
    expect(await after(world, service, 499)).toBe(1);
    expect(counter.calls).toBe(2);
    expect(await after(world, service, 1)).toBe(1);
    expect(counter.calls).toBe(3);
    expect(world.events.of('cache.refreshFailed').map(({ retryIn }) => retryIn)).toEqual([500, 1_000]);
  });

  test('a plain number has a jitter of a tenth, which only brings it forward', async () => {
    const times = await Promise.all(
      [0, 0.999999].map(async (drawn) => {
        const world = virtualWorld({ random: () => drawn });
        const counter = new Counter();
        const service = cached(world, { ttl: 1_000, refreshAhead: 0.8 }, counter.load);
        await service.get('1');
        let waited = 0;
        while (counter.calls === 1) {
          waited += 1;
          await after(world, service, 1);
        }
        return waited;
      }),
    );
    expect(times).toEqual([800, 721]);
  });

  test('values without end are not renewed', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ...AHEAD, ttl: 0 }, counter.load);
    await service.get('1');
    await after(world, service, 1e9);
    expect(counter.calls).toBe(1);
  });

  test('a lease is renewed ahead like any other value', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const ttl = () => ({ ttl: 100, hardTtl: 150 });
    const service = cached(world, { ...AHEAD, ttl }, counter.load);
    await service.get('1');
    expect(await after(world, service, 80)).toBe(1);
    expect(counter.calls).toBe(2);
  });

  test('a value that was set by hand is renewed ahead, too', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, AHEAD, counter.load);
    await handleOf(service).set(['1'], 7);
    expect(await after(world, service, 80)).toBe(7);
    expect(await after(world, service, 0)).toBe(1);
  });

  test('the refresh keeps no process alive', async () => {
    const world = virtualWorld();
    const lines = [Retry({ delay: '1m', jitter: 'none' })];
    const counter = new Counter();
    const service = cached(world, AHEAD, counter.load, { lines });
    await service.get('1');
    counter.failure = coded('ECONNRESET');
    await after(world, service, 85);
    expect([world.clock.pending > 0, world.clock.refCount]).toEqual([true, 0]);
  });
});

describe('early refresh by chance', () => {
  test('begins before the end by the duration of the load times an exponential draw', async () => {
    const world = virtualWorld({ random: () => 1 - Math.exp(-2) });
    const { counter, service } = loading(world, { ttl: 1_000, earlyRefresh: true }, 50);
    const first = service.get('1');
    await world.clock.advance(50);
    await first;
    await world.clock.advance(849);
    await service.get('1');
    await world.clock.advance(0);
    expect(counter.calls).toBe(1);
    await world.clock.advance(2);
    await service.get('1');
    await world.clock.advance(50);
    expect(counter.calls).toBe(2);
  });

  test('the time is drawn once per value, however often it is used', async () => {
    let draws = 0;
    const world = virtualWorld({ random: () => ((draws += 1), 0.5) });
    const { service } = loading(world, { ttl: 1_000, earlyRefresh: { beta: 2 } }, 50);
    const first = service.get('1');
    await world.clock.advance(50);
    await first;
    for (let use = 0; use < 100; use += 1) await service.get('1');
    expect(draws).toBe(1);
  });
});

describe.each([
  ['refreshAhead', { refreshAhead: 0.5 }, 'be refreshed behind its caller'],
  ['earlyRefresh', { earlyRefresh: true }, 'be refreshed behind its caller'],
] as const)('%s', (option, options, why) => {
  test('is refused by a method known to be synchronous', () => {
    class Sync {
      @Resilient({ async: false, cache: options })
      get(): number {
        return 1;
      }
    }
    expect(() => virtualWorld().own(new Sync()).get()).toThrow(
      new ConfigurationError(
        `@Cached on Sync.get: ${option} needs a method that returns a Promise; a synchronous one cannot ${why}`,
      ),
    );
  });
});

test.each([
  [{ refreshAhead: 0 }, 'refreshAhead must be a number between 0 and 1, without the ends, got 0'],
  [{ refreshAhead: 1 }, 'refreshAhead must be a number between 0 and 1, without the ends, got 1'],
  [{ refreshAhead: '50%' }, "refreshAhead must be a number between 0 and 1, without the ends, got '50%'"],
  [{ refreshAhead: {} }, 'refreshAhead.after is missing'],
  [{ refreshAhead: { after: 2 } }, 'refreshAhead.after must be a number between 0 and 1, without the ends, got 2'],
  [{ refreshAhead: { after: 0.5, jitter: 2 } }, 'refreshAhead.jitter must be a number from 0 to 1, got 2'],
  [{ earlyRefresh: 1 }, 'earlyRefresh must be true or false, got 1'],
  [{ earlyRefresh: { beta: 0 } }, 'earlyRefresh.beta must be a number above 0, got 0'],
])('%j is refused with the reason', (options, message) => {
  expect(() => Cached(options as never)(async () => 1, { kind: 'method', name: 'get' } as never)).toThrow(message);
});
