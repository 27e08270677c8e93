import { ResultCache, createRuntime } from '../../src/index.js';
import { virtualClock } from '../../../testing/src/index.js';
import { cached, handleOf } from '../cache/support.js';
import { settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

/** The cache of MLflow Secrets Auth, row by row. */

const direct = () => {
  const clock = virtualClock();
  return { clock, cache: new ResultCache<string>({ runtime: createRuntime({ clock, logger: false }) }) };
};

describe('cache', () => {
  test('M1 an entry knows when it was made and how long it still lives, never less than 0', () => {
    const { clock, cache } = direct();
    const createdAt = clock.wall();
    cache.put('a', 'secret', { ttl: '300s' });
    clock.advanceSync(100_000);
    expect(cache.lookup('a')).toEqual({
      state: 'fresh',
      value: 'secret',
      age: 100_000,
      createdAt,
      remainingTtl: 200_000,
    });
    clock.advanceSync(300_000);
    expect(cache.lookup('a')).toMatchObject({ state: 'miss', remainingTtl: 0 });
  });

  test('M2 get, set with its ttl, delete, clear; an expired entry goes when it is read', () => {
    const { clock, cache } = direct();
    cache.put('a', 'one', { ttl: '60s' });
    cache.put('b', 'two', { ttl: '120s' });
    expect(cache.get('a')).toBe('one');
    clock.advanceSync(60_000);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.keys()).toEqual(['b']);
    expect(cache.invalidate('b')).toBe(true);
    cache.put('c', 'three');
    cache.clear();
    expect(cache.size).toBe(0);
  });

  test('M14 hits, misses, all requests and their rate, which is 0 without requests', () => {
    const { cache } = direct();
    expect(cache.stats).toMatchObject({ hits: 0, misses: 0, lookups: 0, hitRate: 0 });
    cache.put('a', 'one');
    cache.get('a');
    cache.get('a');
    cache.get('a');
    cache.get('b');
    expect(cache.stats).toMatchObject({ hits: 3, misses: 1, lookups: 4, hitRate: 0.75 });
  });

  test('M15 warming up fetches ahead and is told at level info; failures are told as warnings and stop nothing', async () => {
    const lines: string[] = [];
    const logger = {
      debug: () => undefined,
      info: (line: string) => lines.push(`info ${line}`),
      warn: (line: string) => lines.push(`warn ${line}`),
      error: () => undefined,
    };
    const world = virtualWorld({ logger });
    const service = cached(world, {}, (name: string) => {
      if (name === 'broken') throw withStatus(500);
      return name;
    });
    await handleOf(service).warm([['db'], ['broken'], ['api']]);
    expect(await handleOf(service).getMany([['db'], ['api']])).toEqual(['db', 'api']);
    expect(lines.filter((line) => line.includes('cache.warm'))).toEqual([
      expect.stringMatching(/^warn holdfast: cache\.warmFailed CachedService\.get \(Error 500\)$/),
      expect.stringMatching(/^info holdfast: cache\.warmed CachedService\.get loaded=2 .*failed=1/),
    ]);
  });
});

describe('defects that are absent', () => {
  test.each([
    ['shared', true],
    ['separate', false],
  ])(
    'MX11 late 401s of %s loads do not remove the value that was fetched after they began',
    async (_name, singleFlight) => {
      const world = virtualWorld();
      let token = 'old';
      const delays = [50, 40, 30, 1];
      const service = cached(world, { singleFlight, ttl: '1h' }, async () => {
        const mine = token;
        await world.clock.sleep(delays.shift() ?? 1);
        if (mine === 'old') throw withStatus(401);
        return `with ${mine}`;
      });
      const early = [1, 2, 3].map(() => settledOf(service.get('a')));
      await world.clock.advance(1);
      token = 'new';
      if (singleFlight) {
        // Whoever has changed the token says so.
        await handleOf(service).invalidate('a');
      }
      const fresh = service.get('a');
      expect(await world.clock.until(fresh)).toBe('with new');
      await world.clock.advance(100);
      for (const outcome of await Promise.all(early)) expect(outcome).toMatchObject({ error: { status: 401 } });
      expect(handleOf(service).peek('a')).toBe('with new');
    },
  );
});
