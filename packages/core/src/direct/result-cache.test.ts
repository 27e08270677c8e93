import { virtualClock, deferred } from '../../../testing/src/index.js';
import { ConfigurationError, createRuntime } from '../index.js';
import { ResultCache, type ResultCacheOptions } from './result-cache.js';

const make = <Value = unknown>(options: ResultCacheOptions = {}) => {
  const clock = virtualClock();
  const cache = new ResultCache<Value>({ runtime: createRuntime({ clock, logger: false }), ...options });
  return { clock, cache };
};

describe('ResultCache', () => {
  test('stores by key, and tells a stored undefined from a miss', () => {
    const { cache } = make();
    cache.put('a', undefined);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.has('a')).toBe(true);
    expect(cache.has('b')).toBe(false);
    expect(cache.lookup('a')).toMatchObject({ state: 'fresh', value: undefined });
    expect(cache.lookup('b')).toEqual({
      state: 'miss',
      value: undefined,
      age: 0,
      createdAt: undefined,
      remainingTtl: 0,
    });
    expect(cache.stats).toMatchObject({ hits: 1, misses: 0, sets: 1 });
  });

  test('an entry is fresh before its ttl has passed and gone at the ttl', () => {
    const { cache, clock } = make({ ttl: '1s' });
    cache.put('a', 1);
    clock.advanceSync(999);
    expect(cache.get('a')).toBe(1);
    clock.advanceSync(1);
    expect(cache.size).toBe(1);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.size).toBe(0);
    expect(cache.stats).toMatchObject({ expirations: 1, hits: 1, misses: 1, hitRate: 0.5 });
  });

  test('entries put with tags are invalidated by them, and entries put without are not', async () => {
    const { cache } = make<number>({ staleIfError: '1h' });
    cache.put('a', 1, { tags: ['odd', 'all'] });
    cache.put('b', 2, { tags: ['all'] });
    cache.put('c', 3);
    cache.invalidateTags('odd', 'unknown');
    expect(cache.keys()).toEqual(['c', 'b']);
    expect(cache.lookup('a').state).toBe('miss');
    cache.invalidateTags('all');
    expect([cache.size, cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
    expect(await cache.getOrLoad('b', () => 4)).toBe(4);
    cache.invalidateTags('all');
    expect(cache.get('b')).toBe(4);
  });

  test.each([[null], [['']], ['all'], [[7]]])('put refuses %j as tags', (tags) => {
    const { cache } = make();
    expect(() => cache.put('a', 1, { tags: tags as never })).toThrow(ConfigurationError);
    expect(cache.size).toBe(0);
  });

  test('invalidateTags refuses what is no tag', () => {
    expect(() => make().cache.invalidateTags('')).toThrow(
      'ResultCache.invalidateTags: each tag must be a non-empty string',
    );
  });

  test('staleIfError keeps the value for lookup, not for get', () => {
    const { cache, clock } = make({ ttl: '1s', staleIfError: '1s' });
    const createdAt = clock.wall();
    cache.put('a', 1);
    clock.advanceSync(1500);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.lookup('a')).toEqual({ state: 'stale', value: 1, age: 1500, createdAt, remainingTtl: 0 });
    clock.advanceSync(500);
    expect(cache.lookup('a').state).toBe('miss');
    expect(cache.get('a')).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  test.each([0, Infinity])('a ttl of %p never expires', (ttl) => {
    const { cache, clock } = make({ ttl });
    cache.put('a', 1);
    cache.put('b', 2, { ttl: '1s' });
    clock.advanceSync(1e12);
    expect(cache.get('a')).toBe(1);
    expect(cache.get('b')).toBeUndefined();
    cache.put('c', 3, { ttl: 0 });
    expect(cache.lookup('c').remainingTtl).toBe(Infinity);
  });

  test('the least recently used entry goes first; peeking is no use', () => {
    const { cache } = make({ maxSize: 2 });
    cache.put('a', 1);
    cache.put('b', 2);
    cache.get('a');
    cache.lookup('b');
    cache.put('c', 3);
    expect(cache.keys()).toEqual(['c', 'a']);
    expect(cache.stats).toMatchObject({ evictions: 1, size: 2, maxSize: 2 });
  });

  test('invalidate says whether there was an entry; clear resets the counts', () => {
    const { cache } = make();
    cache.put('a', 1);
    cache.get('a');
    expect([cache.invalidate('a'), cache.invalidate('a')]).toEqual([true, false]);
    expect(cache.stats.hits).toBe(1);
    cache.put('b', 1);
    cache.clear();
    expect(cache.stats).toMatchObject({ hits: 0, size: 0, sets: 0 });
  });

  test('makeKey makes the key of a decorated method, and refuses what has none', () => {
    expect(ResultCache.makeKey('user')).toBe('user');
    expect(ResultCache.makeKey()).toBeUndefined();
    expect(ResultCache.makeKey('user', 42)).toBe(ResultCache.makeKey('user', 42, undefined));
    expect(ResultCache.makeKey('user', 42)).not.toBe(ResultCache.makeKey('user', '42'));
    expect(() => ResultCache.makeKey(() => 1)).toThrow(
      /ResultCache.makeKey: argument 1 is a function; give it a toCacheKey/,
    );
  });

  test('works on the default runtime without options', () => {
    const cache = new ResultCache<number>();
    cache.put('a', 1);
    expect(cache.get('a')).toBe(1);
    expect(cache.stats.maxSize).toBe(256);
  });

  test.each([
    [{ ttl: -1 }, /ttl must be a duration|ttl/],
    [{ ttl: 'soon' }, /ttl/],
    [{ maxSize: 0 }, /maxSize must be >= 1, got 0/],
    [{ maxSise: 1 }, /did you mean 'maxSize'/],
    [{ staleIfError: true }, /staleIfError/],
  ])('refuses %p', (options, message) => {
    expect(() => new ResultCache(options as ResultCacheOptions)).toThrow(ConfigurationError);
    expect(() => new ResultCache(options as ResultCacheOptions)).toThrow(message);
  });

  test('refuses a wrong ttl of one entry', () => {
    const { cache } = make();
    expect(() => cache.put('a', 1, { ttl: 'soon' as never })).toThrow(
      /ResultCache.put: ttl must be a duration, got soon/,
    );
    expect(() => cache.getOrLoad('a', () => 1, { ttl: -1 })).toThrow(/ResultCache.getOrLoad: ttl/);
    expect(cache.size).toBe(0);
  });
});

describe('getOrLoad', () => {
  test('loads once for all who ask meanwhile, then hits', async () => {
    const { cache } = make<string>();
    const gate = deferred<string>();
    const load = jest.fn(() => gate.promise);
    const calls = Array.from({ length: 50 }, () => cache.getOrLoad('a', load));
    gate.resolve('value');
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['value']));
    expect(await cache.getOrLoad('a', load)).toBe('value');
    expect(load).toHaveBeenCalledTimes(1);
    expect(cache.stats).toMatchObject({ misses: 1, coalesced: 49, hits: 1, lookups: 51, sets: 1 });
  });

  test('shares a rejection, stores no failure, and loads anew for the next call', async () => {
    const { cache } = make<number>();
    const error = new Error('down');
    const load = jest.fn(async () => {
      throw error;
    });
    const outcomes = await Promise.allSettled([cache.getOrLoad('a', load), cache.getOrLoad('a', load)]);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([error, error]);
    expect(load).toHaveBeenCalledTimes(1);
    expect(await cache.getOrLoad('a', () => 2)).toBe(2);
    expect(cache.stats).toMatchObject({ errors: 1, misses: 2, coalesced: 1 });
  });

  test('a synchronous throw is a rejection', async () => {
    const { cache } = make();
    const error = new Error('down');
    await expect(
      cache.getOrLoad('a', () => {
        throw error;
      }),
    ).rejects.toBe(error);
  });

  test.each(['invalidate', 'clear', 'put'] as const)(
    '%s during the load keeps its value from being stored',
    async (what) => {
      const { cache } = make<string>();
      const gate = deferred<string>();
      const early = cache.getOrLoad('a', () => gate.promise);
      if (what === 'invalidate') cache.invalidate('a');
      else if (what === 'clear') cache.clear();
      else cache.put('a', 'new');
      const late = cache.getOrLoad('a', () => 'new');
      gate.resolve('old');
      expect(await Promise.all([early, late])).toEqual(['old', 'new']);
      expect(cache.get('a')).toBe('new');
    },
  );

  test('a load of its own key from inside runs directly while it is synchronous', async () => {
    const { cache } = make<string>();
    expect(await cache.getOrLoad('a', async () => `outer ${await cache.getOrLoad('a', () => 'inner')}`)).toBe(
      'outer inner',
    );
    expect(cache.stats).toMatchObject({ misses: 2, coalesced: 0, size: 1 });
  });

  test('a single-use result is neither stored nor shared', async () => {
    const { cache } = make<Response>();
    const load = jest.fn(async () => new Response('body'));
    const [a, b] = await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('a', load)]);
    expect(a).not.toBe(b);
    expect(load).toHaveBeenCalledTimes(2);
    expect(cache.size).toBe(0);
  });

  test('its own ttl counts from the beginning of the load', async () => {
    const { cache, clock } = make<number>();
    const loading = cache.getOrLoad(
      'a',
      async () => {
        await clock.sleep(400);
        return 1;
      },
      { ttl: 1000 },
    );
    await clock.until(loading);
    expect(cache.lookup('a')).toMatchObject({ age: 400, remainingTtl: 600 });
  });
});
