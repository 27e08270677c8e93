import { deferred } from '../../../testing/src/index.js';
import {
  Cached,
  cacheOf,
  createRuntime,
  days,
  expireTags,
  invalidateTags,
  minutes,
  withRuntime,
} from '../../src/index.js';
import { coded, errorOf, quietWorld, virtualWorld } from '../support/virtual-world.js';
import { CacheCell } from '../../src/stores/cache-cell.js';
import type { TagStamps } from '../../src/stores/tag-stamps.js';
import { Counter, type Options, cached, cachedSync, handleOf } from './support.js';
import { cellOf, checkCell } from './table-check.js';

const tagged = (options: Options = {}, counter = new Counter()) => {
  const world = virtualWorld();
  const service = cached(world, { tags: (id: string) => [`item:${id}`, 'items'], ...options }, counter.load);
  return { world, service, counter, handle: handleOf(service) };
};

describe('tags of an entry', () => {
  test('an entry goes with each of its tags, and no other entry with it', async () => {
    const { service, handle, counter } = tagged();
    await service.get('1');
    await service.get('2');
    await handle.invalidateTags('item:1');
    expect(handle.peek('1')).toBeUndefined();
    expect(handle.peek('2')).toBe(2);
    await handle.invalidateTags('items');
    expect(handle.peek('2')).toBeUndefined();
    expect(await service.get('1')).toBe(3);
    expect(counter.calls).toBe(3);
  });

  test('the same tags for all calls are given as a list', async () => {
    const { service, handle } = tagged({ tags: ['all', 'all', 'more'] });
    await service.get('1');
    await handle.invalidateTags('more');
    expect(await service.get('1')).toBe(2);
    await handle.invalidateTags('unknown');
    expect(await service.get('1')).toBe(2);
  });

  test('what was stored after the invalidation is valid, in the same millisecond too', async () => {
    const { service, handle } = tagged();
    await service.get('1');
    await handle.invalidateTags('items');
    await service.get('1');
    await handle.invalidateTags('items', 'item:1');
    await service.get('1');
    expect(await service.get('1')).toBe(3);
  });

  test('the wall clock has no part in it', async () => {
    const { service, handle, world } = tagged();
    await service.get('1');
    world.clock.skewWall(-60_000);
    await handle.invalidateTags('items');
    world.clock.skewWall(-60_000);
    expect(await service.get('1')).toBe(2);
    expect(await service.get('1')).toBe(2);
  });

  test('an entry that never expires is invalidated as well, however late', async () => {
    const { service, handle, world } = tagged({ ttl: 0 });
    await service.get('1');
    await world.clock.advance(days(30));
    await handle.invalidateTags('items');
    expect(await service.get('1')).toBe(2);
  });

  test('the function gets the arguments of the call, and this', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    class Tenant {
      readonly tenant = 'acme';
      @Cached({
        tags(this: Tenant, id: string, lang?: string) {
          return [`${this.tenant}:${id}:${lang ?? ''}`];
        },
      })
      async get(_id: string, _lang?: string): Promise<number> {
        return counter.load();
      }
    }
    const tenant = world.own(new Tenant());
    await tenant.get('1', 'de');
    await cacheOf(tenant, 'get').invalidateTags('acme:1:de');
    expect(await tenant.get('1', 'de')).toBe(2);
    await cacheOf(tenant, 'get').set(['1', 'de'], 7);
    await cacheOf(tenant, 'get').invalidateTags('acme:1:de');
    expect(await tenant.get('1', 'de')).toBe(3);
  });

  test.each([
    [
      'that throws',
      (): string[] => {
        throw new Error('no tags today');
      },
    ],
    ['that returns no list', () => 'item:1' as never],
    ['that returns an empty tag', () => ['']],
    ['that returns a number', () => [7 as never]],
    ['that returns a tag too long', () => ['x'.repeat(257)]],
    ['that returns too many', () => Array.from({ length: 65 }, (_, index) => `tag ${index}`)],
  ])('a function %s is reported, and nothing is stored that nobody could invalidate', async (_, tags) => {
    const { service, handle, world } = tagged({ tags });
    expect(await service.get('1')).toBe(1);
    expect(handle.stats.size).toBe(0);
    expect(world.events.of('listener.failed')).toMatchObject([{ source: '@Cached tags' }]);
    await handle.set(['1'], 5);
    expect(handle.stats.size).toBe(0);
    expect(await Promise.all([service.get('1'), service.get('1')])).toEqual([2, 2]);
  });

  test('a disabled cache asks for no tags', async () => {
    let asked = 0;
    const { service } = tagged({ enabled: false, tags: () => [`${(asked += 1)}`] });
    await service.get('1');
    expect(asked).toBe(0);
  });

  test('a synchronous method has tags too', async () => {
    const world = virtualWorld();
    const service = cachedSync(world, { tags: ['all'] }, new Counter().load);
    expect([service.get(1), service.get(1)]).toEqual([1, 1]);
    await handleOf(service).invalidateTags('all');
    expect(service.get(1)).toBe(2);
  });

  test('set by hand takes further tags besides those of the method', async () => {
    const { service, handle } = tagged();
    await handle.set(['1'], 10, { tags: ['import', 'import'] });
    await handle.set(['2'], 20);
    await handle.invalidateTags('import');
    expect([handle.peek('1'), handle.peek('2')]).toEqual([undefined, 20]);
    await handle.set(['1'], 11, { tags: ['import'] });
    await handle.invalidateTags('item:1');
    expect(handle.peek('1')).toBeUndefined();
    expect(await service.get('2')).toBe(20);
  });

  test('an entry stored anew has the new tags and none of the old', async () => {
    const { handle } = tagged({ tags: [] });
    await handle.set(['1'], 10, { tags: ['old'] });
    await handle.set(['1'], 11, { tags: ['new'] });
    await handle.invalidateTags('old');
    expect(handle.peek('1')).toBe(11);
    await handle.set(['1'], 12);
    await handle.invalidateTags('new');
    expect(handle.peek('1')).toBe(12);
  });

  test.each([
    [[7 as never], 'cacheOf().set: each tag must be a non-empty string'],
    ['items' as never, 'cacheOf().set: tags must be an array of strings'],
    [null as never, 'cacheOf().set: tags must be an array of strings'],
  ])('set with wrong tags %j rejects and stores nothing', async (tags, message) => {
    const { handle } = tagged();
    expect(await errorOf(handle.set(['1'], 1, { tags }))).toMatchObject({ name: 'ConfigurationError', message });
    expect(handle.stats.size).toBe(0);
  });

  test('wrong tags to invalidate reject, and are not repeated', async () => {
    const { handle } = tagged();
    const secret = `user:4711${'x'.repeat(300)}`;
    for (const act of [handle.invalidateTags(secret), handle.expireTags(secret), invalidateTags(secret)]) {
      const error = (await errorOf(act)) as Error;
      expect(error.name).toBe('ConfigurationError');
      expect(error.message).toMatch(/(invalidate|expire)Tags: each tag must be at most 256 characters long$/);
    }
  });
});

describe('invalidated entries are gone', () => {
  test('for all that looks at the cache', async () => {
    const { service, handle, world } = tagged({ maxSize: 8 });
    for (const id of ['1', '2', '3']) await service.get(id);
    await handle.invalidateTags('item:1', 'item:3');
    expect(handle.stats.size).toBe(1);
    expect(handle.keys()).toEqual(['2']);
    expect(await handle.lookup('1')).toMatchObject({ state: 'miss' });
    expect(await handle.invalidate('1')).toBe(false);
    expect(await handle.expire('3')).toBe(false);
    expect(world.runtime.health().caches).toMatchObject({ 'CachedService.get': { size: 1 } });
    checkCell(cellOf(service));
  });

  test('a listener that empties the cache while an entry is stored leaves none behind without its tags', async () => {
    const { service, handle, world } = tagged({ ttl: '1m', maxSize: 2 });
    await service.get('1');
    await world.clock.advance(minutes(2));
    world.runtime.events.on('cache.expired', () => void handle.clear());
    await service.get('2');
    await service.get('3');
    expect(handle.keys()).toEqual(['3']);
    await handle.invalidateTags('items');
    expect(handle.keys()).toEqual([]);
    checkCell(cellOf(service));
  });

  test('the counts go on', async () => {
    const { service, handle } = tagged();
    await service.get('1');
    await service.get('1');
    await handle.invalidateTags('items');
    await service.get('1');
    expect(handle.stats).toMatchObject({ hits: 1, misses: 2, evictions: 0, expirations: 0, size: 1 });
  });

  test('a value removed by its tag is no stale value, not even on error', async () => {
    const { service, handle, counter } = tagged({ staleIfError: '1h', staleWhileRevalidate: '1h' });
    await service.get('1');
    await handle.invalidateTags('items');
    counter.failure = coded('ECONNREFUSED');
    await expect(service.get('1')).rejects.toBe(counter.failure);
  });

  test('writes let go of them a few at a time, without being told as evicted or expired', async () => {
    const { service, handle, world } = tagged({ maxSize: 16 });
    for (let id = 0; id < 16; id += 1) await service.get(`${id}`);
    await handle.invalidateTags('items');
    for (let id = 16; id < 32; id += 1) await service.get(`${id}`);
    expect(handle.stats).toMatchObject({ size: 16, evictions: 0, expirations: 0 });
    expect(world.events.of('cache.evicted')).toEqual([]);
    checkCell(cellOf(service));
  });

  test('events say how many tags were in use and never which', async () => {
    const { service, handle, world } = tagged();
    await service.get('1');
    await handle.invalidateTags('item:1', 'item:9');
    await handle.invalidateTags('item:9');
    await handle.expireTags('items');
    const told = world.events.of('cache.invalidated');
    expect(told.map(({ reason, tags, mode, entries }) => ({ reason, tags, mode, entries }))).toEqual([
      { reason: 'tag', tags: 1, mode: undefined, entries: undefined },
      { reason: 'tag', tags: 1, mode: 'expire', entries: undefined },
    ]);
    expect(JSON.stringify(world.events.events)).not.toContain('item');
  });
});

describe('loads under way', () => {
  const held = (options: Options = {}) => {
    const gates = [deferred<string>(), deferred<string>(), deferred<string>()];
    let calls = 0;
    const world = quietWorld();
    const load = () => (gates[calls++] as (typeof gates)[0]).promise;
    const service = cached(world, { tags: (id: string) => [`item:${id}`, 'items'], ...options }, load);
    return { world, service, gates, handle: handleOf(service), calls: () => calls };
  };

  test('a load that began before the stamp answers its callers, and is neither joined nor stored', async () => {
    const { service, gates, handle, calls } = held();
    const first = [service.get('1'), service.get('1')];
    await handle.invalidateTags('item:1');
    const second = service.get('1');
    gates[0]?.resolve('old');
    expect(await Promise.all(first)).toEqual(['old', 'old']);
    expect(handle.peek('1')).toBeUndefined();
    gates[1]?.resolve('new');
    expect(await second).toBe('new');
    expect(await service.get('1')).toBe('new');
    expect(calls()).toBe(2);
    checkCell(cellOf(service));
  });

  test('a load of other tags is left alone', async () => {
    const { service, gates, handle } = held();
    const first = service.get('1');
    await handle.invalidateTags('item:2');
    gates[0]?.resolve('kept');
    await first;
    expect(handle.peek('1')).toBe('kept');
  });

  test('loads that are not shared are found as well', async () => {
    const { service, gates, handle } = held({ singleFlight: false });
    const both = [service.get('1'), service.get('1')];
    await handle.invalidateTags('items');
    gates[1]?.resolve('b');
    gates[0]?.resolve('a');
    await Promise.all(both);
    expect(handle.peek('1')).toBeUndefined();
    checkCell(cellOf(service));
  });

  test('a refresh behind a stale answer is not stored when it began before the stamp', async () => {
    const { service, gates, handle, world } = held({ ttl: '1m', staleWhileRevalidate: '1h' });
    gates[0]?.resolve('first');
    await service.get('1');
    await world.clock.advance(minutes(2));
    expect(await service.get('1')).toBe('first');
    await handle.invalidateTags('items');
    gates[1]?.resolve('old');
    await world.clock.settle();
    expect(handle.peek('1')).toBeUndefined();
    gates[2]?.resolve('new');
    expect(await service.get('1')).toBe('new');
  });

  test('a caller whose load began before an expiry gets the stale value when it fails', async () => {
    const { service, gates, handle, world } = held({ ttl: '1m', staleIfError: '1h' });
    gates[0]?.resolve('first');
    await service.get('1');
    await world.clock.advance(minutes(2));
    const call = service.get('1');
    await handle.expireTags('items');
    gates[1]?.reject(coded('ECONNREFUSED'));
    expect(await call).toBe('first');
    const again = handle.refresh(['1']);
    await handle.invalidateTags('items');
    gates[2]?.reject(coded('ECONNREFUSED'));
    expect(await errorOf(again)).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('expired instead of removed', () => {
  test.each([
    ['by tag', (handle: ReturnType<typeof handleOf>) => handle.expireTags('items')],
    ['by hand', (handle: ReturnType<typeof handleOf>) => handle.expire('1')],
  ])('%s, an entry is never answered as fresh, and its windows count from then', async (_, expire) => {
    const { service, handle, world, counter } = tagged({ ttl: '1h', staleIfError: '10m' });
    await service.get('1');
    await service.get('1');
    await world.clock.advance(minutes(20));
    await expire(handle);
    expect(await handle.lookup('1')).toMatchObject({ state: 'stale', value: 1, remainingTtl: 0 });
    counter.failure = coded('ECONNREFUSED');
    await world.clock.advance(minutes(9));
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(minutes(1));
    expect(await errorOf(service.get('1'))).toBe(counter.failure);
    checkCell(cellOf(service));
  });

  test('the old value is answered once more while it is refreshed', async () => {
    const { service, handle, world } = tagged({ ttl: '1h', staleWhileRevalidate: '10m' });
    await service.get('1');
    await handle.expireTags('item:1');
    expect(await service.get('1')).toBe(1);
    await world.clock.settle();
    expect(await service.get('1')).toBe(2);
  });

  test('without windows it is gone', async () => {
    const { service, handle } = tagged();
    await service.get('1');
    expect(await handle.expire('1')).toBe(true);
    expect(await handle.expire('2')).toBe(false);
    expect(await handle.lookup('1')).toMatchObject({ state: 'miss' });
    expect(await service.get('1')).toBe(2);
    expect(await service.get('1')).toBe(2);
  });

  test('a second expiry does not prolong the windows of the first', async () => {
    const { service, handle, world, counter } = tagged({ ttl: '1h', staleIfError: '10m' });
    await service.get('1');
    await handle.expireTags('items');
    for (let turn = 0; turn < 12; turn += 1) {
      await world.clock.advance(40_000);
      await handle.expireTags('items');
    }
    counter.failure = coded('ECONNREFUSED');
    expect(await service.get('1')).toBe(1);
    await world.clock.advance(minutes(2));
    expect(await errorOf(service.get('1'))).toBe(counter.failure);
  });

  test('an expiry never prolongs what would have ended earlier', async () => {
    const { service, handle, world, counter } = tagged({ ttl: '1m', staleIfError: '10m' });
    await service.get('1');
    await world.clock.advance(minutes(6));
    await handle.expireTags('items');
    await world.clock.advance(minutes(5));
    counter.failure = coded('ECONNREFUSED');
    expect(await errorOf(service.get('1'))).toBe(counter.failure);
  });

  test('removal after expiry removes', async () => {
    const { service, handle } = tagged({ ttl: '1h', staleIfError: '10m' });
    await service.get('1');
    await handle.expireTags('items');
    await handle.invalidateTags('items');
    expect(await handle.lookup('1')).toMatchObject({ state: 'miss' });
    expect(handle.stats.size).toBe(0);
  });
});

describe('invalidatePrefix', () => {
  test('removes the entries whose key is a string that begins so, and tells how many', async () => {
    const { service, handle, world } = tagged({ tags: [] });
    for (const key of ['user:1', 'user:2', 'order:1', 17]) await service.get(key);
    await service.get('user:1', 'two arguments');
    await service.get({ id: 'user:1' });
    expect(await handle.invalidatePrefix('user:')).toBe(2);
    expect(handle.keys()).toHaveLength(4);
    expect(await handle.invalidatePrefix('nobody')).toBe(0);
    expect(world.events.of('cache.invalidated')).toMatchObject([{ reason: 'manual', entries: 2 }]);
  });

  test('goes by what key() returns', async () => {
    const { service, handle } = tagged({ tags: [], key: (kind: string, id: number) => `${kind}/${id}` });
    await service.get('user', 1);
    await service.get('order', 1);
    expect(await handle.invalidatePrefix('user/')).toBe(1);
    expect(handle.keys()).toEqual(['order/1']);
  });

  test('a string that looks like an encoded key is no prefix of any', async () => {
    const { service, handle } = tagged({ tags: [] });
    await service.get('a', 'b');
    const encoded = handle.keys()[0] as string;
    await service.get(encoded);
    expect(await handle.invalidatePrefix(encoded.charAt(0))).toBe(0);
    expect(handle.stats.size).toBe(2);
  });

  test('loads under way of such keys are not stored', async () => {
    const gate = deferred<string>();
    const world = quietWorld();
    const service = cached(world, { singleFlight: false }, () => gate.promise);
    const calls = [service.get('user:1'), service.get('order:1')];
    await handleOf(service).invalidatePrefix('user:');
    gate.resolve('x');
    await Promise.all(calls);
    expect(handleOf(service).keys()).toEqual(['order:1']);
  });

  test.each([[''], [undefined as never]])('refuses %j as a prefix', async (prefix) => {
    const { handle } = tagged();
    expect(await errorOf(handle.invalidatePrefix(prefix))).toMatchObject({ code: 'CONFIGURATION', option: 'prefix' });
  });

  test('refuses where the scope is part of the keys', async () => {
    const { handle } = tagged({ scope: () => 'acme' });
    expect(String(await errorOf(handle.invalidatePrefix('user:')))).toMatch(/CachedService\.get.*use tags/);
  });
});

describe('across caches', () => {
  class Shop {
    loads = 0;
    @Cached({ tags: (id: string) => [`product:${id}`], staleIfError: '1h' })
    async product(_id: string): Promise<number> {
      return (this.loads += 1);
    }
    @Cached({ tags: ['product:1'], scope: 'class' })
    async list(): Promise<number> {
      return (this.loads += 1);
    }
    @Cached()
    async untagged(): Promise<number> {
      return (this.loads += 1);
    }
  }

  test('one call reaches every method and instance of the runtime, and no other runtime', async () => {
    const runtime = createRuntime({ logger: false });
    const shops = [new Shop(), new Shop()].map((shop) => withRuntime(shop, runtime));
    const elsewhere = new Shop();
    const all = () =>
      Promise.all([...shops, elsewhere].flatMap((shop) => [shop.product('1'), shop.list(), shop.untagged()]));
    const before = await all();
    await runtime.invalidateTags('product:1');
    expect(await cacheOf(elsewhere, 'product').get('1')).toBe(1);
    const after = await all();
    expect(after.map((value, index) => value === before[index])).toEqual([
      ...[false, false, true],
      ...[false, false, true],
      ...[true, true, true],
    ]);
    runtime.reset();
    await cacheOf(Shop, 'product').clear();
  });

  test('the global functions are those of the default runtime', async () => {
    const shop = new Shop();
    await shop.product('1');
    await expireTags('product:1');
    expect(await cacheOf(shop, 'product').lookup('1')).toMatchObject({ state: 'stale' });
    await invalidateTags('product:1');
    expect(await cacheOf(shop, 'product').lookup('1')).toMatchObject({ state: 'miss' });
    const other = createRuntime({ logger: false });
    const one = withRuntime(new Shop(), other);
    await one.product('1');
    await other.expireTags('product:1');
    expect(await cacheOf(one, 'product').lookup('1')).toMatchObject({ state: 'stale' });
  });

  test('the handle of a class stands for all of its instances', async () => {
    const world = virtualWorld();
    const [one, two] = [world.own(new Shop()), world.own(new Shop())];
    await one.product('1');
    await two.product('1');
    await cacheOf(one, 'product').invalidateTags('product:1');
    expect([cacheOf(one, 'product').peek('1'), cacheOf(two, 'product').peek('1')]).toEqual([undefined, 1]);
  });
});

describe('no state of a tag outlives its entries', () => {
  const knownTags = (service: object): number =>
    (cellOf(service) as unknown as { stamps: { size: number } | undefined }).stamps?.size ?? 0;

  test('a tag goes with the last entry that had it, however that went', async () => {
    const { service, handle, world } = tagged({ ttl: '1m', maxSize: 4 });
    for (let id = 0; id < 100; id += 1) await service.get(`${id}`);
    expect(knownTags(service)).toBe(5);
    await handle.invalidate('99');
    await handle.invalidateTags('item:98');
    expect(handle.stats.size).toBe(2);
    expect(knownTags(service)).toBe(3);
    await world.clock.advance(minutes(2));
    await service.get('x');
    await service.get('y');
    expect(knownTags(service)).toBe(3);
    await handle.clear();
    expect(knownTags(service)).toBe(0);
  });

  test('growing and shrinking keep the tags of those that stay', async () => {
    const { service, handle } = tagged({ maxSize: 100 });
    for (let id = 0; id < 80; id += 1) await service.get(`${id}`);
    expect(knownTags(service)).toBe(81);
    await handle.invalidateTags('item:79');
    cellOf(service).table.resize(10);
    expect(handle.keys()).toEqual(Array.from({ length: 10 }, (_, back) => `${78 - back}`));
    await handle.invalidateTags('item:70', 'item:3');
    expect(handle.keys()).toHaveLength(9);
    expect(knownTags(service)).toBe(10);
    checkCell(cellOf(service));
  });

  test('loads that fail or are refused leave none behind', async () => {
    const { service, counter } = tagged();
    counter.failure = coded('ECONNREFUSED');
    for (let id = 0; id < 50; id += 1) await errorOf(service.get(`${id}`));
    expect(knownTags(service)).toBe(0);
    const uncached = tagged({ cacheIf: () => false });
    for (let id = 0; id < 50; id += 1) await uncached.service.get(`${id}`);
    expect(knownTags(uncached.service)).toBe(0);
  });

  test('a million distinct tags, invalidated or not, leave as many as there are entries', () => {
    const cell: CacheCell = new CacheCell(64, () => undefined);
    const times = { startedAt: 0, freshUntil: 1, hardUntil: Infinity, hardUntilWall: Infinity };
    for (let round = 0; round < 1_000_000; round += 1) {
      const label = { tags: [`tag ${round}`], sequence: cell.sequence };
      cell.store(round % 1000, round, times, { now: 0, retainedFor: 0, label });
      if (round % 3 === 0) cell.stampTags([`tag ${round}`, `unheard of ${round}`], undefined);
    }
    expect((cell as unknown as { stamps: TagStamps }).stamps.size).toBeLessThanOrEqual(64);
    checkCell(cell);
  });
});
