import { ResultCache, createRuntime, leaseTtl, uncached } from '../../src/index.js';
import { virtualClock } from '../../../testing/src/index.js';
import { Counter, cached, handleOf } from '../cache/support.js';
import { coded, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

/** The cache of the gds_vault lesson, row by row. */

const direct = (ttl: string | number = '300s') => {
  const clock = virtualClock();
  const runtime = createRuntime({ clock, logger: false });
  return { clock, cache: new ResultCache<unknown>({ ttl: ttl as '300s', runtime }) };
};
const client = () => {
  const world = virtualWorld();
  const counter = new Counter();
  const vault = cached(world, { ttl: '300s', staleIfError: '1h' }, counter.load);
  return { world, counter, vault, handle: handleOf(vault) };
};

describe('SecretCache', () => {
  test('G8 the default time to live is 300 s', () => {
    const { clock, cache } = direct(undefined);
    cache.put('secret/a', 'value');
    clock.advanceSync(299_999);
    expect(cache.get('secret/a')).toBe('value');
    clock.advanceSync(1);
    expect(cache.get('secret/a')).toBeUndefined();
  });

  test('G9 get returns the value, or nothing when absent or expired; an expired entry goes when it is read', () => {
    const { clock, cache } = direct();
    expect(cache.get('secret/a')).toBeUndefined();
    cache.put('secret/a', 'value');
    clock.advanceSync(300_000);
    expect(cache.size).toBe(1);
    expect(cache.get('secret/a')).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  test('G10 set takes a time to live of its own; 0 never expires, where the lesson expired at once', () => {
    const { clock, cache } = direct();
    cache.put('a', 1, { ttl: '10s' });
    cache.put('b', 2, { ttl: 0 });
    clock.advanceSync(10_000);
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, 2]);
  });

  test('G11 delete is silent about what is missing', () => {
    const { cache } = direct();
    expect(cache.invalidate('missing')).toBe(false);
  });

  test('G12 clear empties it', () => {
    const { cache } = direct();
    cache.put('a', 1);
    cache.clear();
    expect([cache.size, cache.get('a')]).toEqual([0, undefined]);
  });

  test('G13 an entry is expired at its boundary, by a clock that nobody can set', async () => {
    const { world, vault } = client();
    await vault.get('a');
    world.clock.skewWall(-86_400_000);
    await world.clock.advance(300_000);
    expect(await vault.get('a')).toBe(2);
  });
});

describe('CachedVaultClient', () => {
  test('G14 the path is the key; falsy values are hits', async () => {
    const world = virtualWorld();
    const seen: string[] = [];
    const vault = cached(world, { ttl: '300s' }, (path: string) => {
      seen.push(path);
      return '';
    });
    await vault.get('secret/a');
    await vault.get('secret/a');
    await vault.get('secret/b');
    expect(seen).toEqual(['secret/a', 'secret/b']);
    expect(handleOf(vault).keys()).toEqual(['secret/b', 'secret/a']);
  });

  test('G15 a forced refresh skips the read and writes; uncached() neither reads nor writes', async () => {
    const { vault, handle } = client();
    await vault.get('a');
    expect(await handle.refresh(['a'])).toBe(2);
    expect(await vault.get('a')).toBe(2);
    expect(await uncached(vault).get('a')).toBe(3);
    expect(await vault.get('a')).toBe(2);
  });

  test('G16 a call may have a time to live of its own', async () => {
    const { world, vault, handle } = client();
    await handle.refresh(['a'], { ttl: '60s' });
    await world.clock.advance(60_000);
    expect(await vault.get('a')).toBe(2);
  });

  test('G17 one path can be invalidated, and all', async () => {
    const { vault, handle } = client();
    await vault.get('a');
    await vault.get('b');
    expect(await handle.invalidate('a')).toBe(true);
    expect(await vault.get('b')).toBe(2);
    await handle.clear();
    expect(await vault.get('b')).toBe(3);
  });

  test('G18 failures are not cached', async () => {
    const { counter, vault } = client();
    counter.failure = coded('ECONNREFUSED');
    await expect(vault.get('a')).rejects.toBe(counter.failure);
    counter.failure = undefined;
    expect(await vault.get('a')).toBe(2);
  });
});

describe('defects that are absent', () => {
  test('GX1 an expired entry is kept for its stale window, so that the last resort can be had', async () => {
    const { world, counter, vault } = client();
    await vault.get('a');
    await world.clock.advance(300_000);
    counter.failure = withStatus(503);
    expect(await vault.get('a')).toBe(1);
    expect(await vault.get('a')).toBe(1);
  });

  test.each([[{}], [''], [0], [null], [undefined], [false]])(
    'GX9 %p is a value: it is a hit, and it is a stale answer',
    async (value) => {
      const world = virtualWorld();
      let isDown = false;
      const vault = cached(world, { ttl: '1s', staleIfError: '1h' }, () => {
        if (isDown) throw withStatus(503);
        return value;
      });
      await vault.get('a');
      isDown = true;
      expect(await vault.get('a')).toBe(value);
      await world.clock.advance(1000);
      expect(await settledOf(vault.get('a'))).toEqual({ value });
    },
  );

  test('GX13 concurrent misses are one request; there is a bound and there are counts', async () => {
    const { counter, vault, handle } = client();
    await Promise.all(Array.from({ length: 20 }, () => vault.get('a')));
    expect(counter.calls).toBe(1);
    for (let path = 0; path < 300; path += 1) await vault.get(path);
    expect(handle.stats).toMatchObject({ size: 256, maxSize: 256, evictions: 45, misses: 301, coalesced: 19 });
  });

  test('GX14 an invalidation during a fetch keeps the old value out', async () => {
    const world = virtualWorld();
    let value = 'old';
    const vault = cached(world, {}, async () => {
      const read = value;
      await world.clock.sleep(20);
      return read;
    });
    const early = vault.get('a');
    value = 'rotated';
    await handleOf(vault).invalidate('a');
    expect(await world.clock.until(early)).toBe('old');
    expect(await world.clock.until(vault.get('a'))).toBe('rotated');
  });
});

describe('lease-aware cache', () => {
  const leased = (lease: object) => {
    const world = virtualWorld();
    const counter = new Counter();
    const vault = cached(world, { ttl: leaseTtl(), staleIfError: '1h' }, () => ({ ...lease, reads: counter.load() }));
    return { world, counter, vault };
  };
  const LEASE = { lease_id: 'database/creds/app/7', lease_duration: 3600, renewable: true };

  test('G19 a value is kept with its lease, and used until a margin of 60 s before its end', async () => {
    const { world, counter, vault } = leased(LEASE);
    await vault.get('database/creds/app');
    await world.clock.advance(3_539_999);
    await vault.get('database/creds/app');
    expect(counter.calls).toBe(1);
    await world.clock.advance(1);
    await vault.get('database/creds/app');
    expect(counter.calls).toBe(2);
  });

  test.each([
    [3600, 3540],
    [120, 60],
    [70, 10],
    [20, 10],
    [10, 5],
    [2, 1],
  ])(
    'G20 of a lease of %i s %i s are used; never all of it, where the lesson used a short one beyond its end',
    async (lease, used) => {
      const { world, counter, vault } = leased({ ...LEASE, lease_duration: lease });
      await vault.get('database/creds/app');
      await world.clock.advance(used * 1000 - 1);
      await vault.get('database/creds/app');
      expect(counter.calls).toBe(1);
      await world.clock.advance(1);
      await vault.get('database/creds/app');
      expect(counter.calls).toBe(2);
    },
  );

  test('G20 a value without a lease has the default ttl of 300 s', async () => {
    const { world, counter, vault } = leased({ lease_id: '', lease_duration: 0, renewable: false });
    await vault.get('secret/app');
    await world.clock.advance(299_999);
    await vault.get('secret/app');
    expect(counter.calls).toBe(1);
    await world.clock.advance(1);
    await vault.get('secret/app');
    expect(counter.calls).toBe(2);
  });

  test('G21 a lease without a duration is one of 3600 s; without an id there is no lease', async () => {
    const { world, counter, vault } = leased({ lease_id: 'database/creds/app/7' });
    await vault.get('database/creds/app');
    await world.clock.advance(3_539_999);
    await vault.get('database/creds/app');
    expect(counter.calls).toBe(1);
    expect([leaseTtl()({ lease_duration: 60 }), leaseTtl()({})]).toEqual(['5m', '5m']);
  });

  test('GX2 no lease is answered after its end, whatever fails', async () => {
    const { world, counter, vault } = leased(LEASE);
    await vault.get('database/creds/app');
    counter.failure = coded('ECONNREFUSED');
    await world.clock.advance(3_599_999);
    expect(await vault.get('database/creds/app')).toMatchObject({ reads: 1 });
    await world.clock.advance(1);
    expect(await settledOf(vault.get('database/creds/app'))).toEqual({ error: counter.failure });
  });
});
