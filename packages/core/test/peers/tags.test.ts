import { deferred } from '../../../testing/src/index.js';
import { currentCall } from '../../src/index.js';
import { Counter, type Options, cached, handleOf } from '../cache/support.js';
import { cellOf, checkCell } from '../cache/table-check.js';
import { coded, quietWorld, virtualWorld } from '../support/virtual-world.js';

/** What caches elsewhere are known to get wrong about tags and invalidation, as rules that hold here. */

const DAY = 86_400_000;

const tagged = (options: Options = {}, load: (...args: any[]) => unknown = new Counter().load) => {
  const world = virtualWorld();
  const service = cached(world, { tags: (id: string) => [`item:${id}`, 'items'], ...options }, load);
  return { world, service, handle: handleOf(service) };
};

describe('tags', () => {
  test('B7 tags said by the method are kept as they were said: the list is nobody else’s, and the next load has its own', async () => {
    const shared = ['base'];
    const { service, handle } = tagged({ tags: shared }, (id: string) => {
      currentCall().cache?.setTags([`extra:${id}`]);
      return id;
    });
    await service.get('a');
    await service.get('b');
    expect(shared).toEqual(['base']);
    await handle.invalidateTags('extra:a');
    expect(handle.keys()).toEqual(['b']);
  });

  test('B8 an invalidation is never forgotten while there is an entry it is about', async () => {
    const { service, handle, world } = tagged({ ttl: Infinity });
    await service.get('a');
    await handle.invalidateTags('items');
    for (let other = 0; other < 5000; other += 1) await handle.invalidateTags(`other:${other}`);
    await world.clock.advance(400 * DAY);
    expect(handle.peek('a')).toBeUndefined();
    expect(await service.get('a')).toBe(2);
  });

  test('B9 a wall clock that is wrong neither hides a fresh entry nor saves an invalidated one', async () => {
    const { service, handle, world } = tagged();
    await service.get('a');
    await handle.invalidateTags('items');
    world.clock.skewWall(-5000);
    await service.get('a');
    expect(handle.peek('a')).toBe(2);
    world.clock.skewWall(10_000);
    await service.get('b');
    world.clock.skewWall(-5000);
    await handle.invalidateTags('items');
    expect(handle.keys()).toEqual([]);
  });

  test('B10 an expiry by tag leaves the window of staleness as it was chosen', async () => {
    const { service, handle, world } = tagged(
      { ttl: '1m', staleIfError: '6h' },
      (() => {
        let calls = 0;
        return () => {
          calls += 1;
          if (calls > 1) throw coded('ECONNREFUSED');
          return calls;
        };
      })(),
    );
    await service.get('a');
    await handle.expireTags('items');
    await world.clock.advance(6 * 3_600_000 - 1);
    expect(await service.get('a')).toBe(1);
    await world.clock.advance(1);
    await expect(service.get('a')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('A1 what links tags and entries lives as long as the entries do', async () => {
    const { service, handle, world } = tagged({ ttl: 30 * DAY });
    await service.get('a');
    await world.clock.advance(29 * DAY);
    await handle.invalidateTags('item:a');
    expect(handle.peek('a')).toBeUndefined();
  });

  test('an entry stored under another tag has left the old one', async () => {
    const { handle } = tagged({ tags: [] });
    await handle.set(['k'], 'v', { tags: ['old'] });
    await handle.set(['k'], 'v2', { tags: ['new'] });
    await handle.invalidateTags('old');
    expect(handle.peek('k')).toBe('v2');
    await handle.invalidateTags('new');
    expect(handle.peek('k')).toBeUndefined();
  });

  test('C4 losing every trace of a tag brings no invalidated entry back', async () => {
    const { service, handle } = tagged();
    await service.get('a');
    await handle.invalidateTags('items', 'item:a');
    await service.get('b');
    await handle.invalidate('b');
    expect(handle.peek('a')).toBeUndefined();
    expect(handle.stats.size).toBe(0);
    checkCell(cellOf(service));
    await service.get('a');
    expect(handle.peek('a')).toBe(3);
  });

  test('a tag whose name is a member of every object is a tag like others', async () => {
    const { handle } = tagged({ tags: [] });
    await handle.set(['k'], 'v', { tags: ['__proto__', 'constructor'] });
    await handle.invalidateTags('toString');
    expect(handle.peek('k')).toBe('v');
    await handle.invalidateTags('__proto__');
    expect(handle.peek('k')).toBeUndefined();
  });
});

describe('invalidations meet the loads under way', () => {
  const held = (options: Options = {}) => {
    const gates = [deferred<string>(), deferred<string>()];
    let calls = 0;
    const world = quietWorld();
    const service = cached(world, { tags: ['t'], ...options }, () => (gates[calls++] as (typeof gates)[0]).promise);
    return { world, service, gates, handle: handleOf(service) };
  };

  test.each([
    ['invalidate', (handle: ReturnType<typeof handleOf>) => handle.invalidate('k')],
    ['expire', (handle: ReturnType<typeof handleOf>) => handle.expire('k')],
    ['invalidateTags', (handle: ReturnType<typeof handleOf>) => handle.invalidateTags('t')],
    ['expireTags', (handle: ReturnType<typeof handleOf>) => handle.expireTags('t')],
    ['invalidatePrefix', (handle: ReturnType<typeof handleOf>) => handle.invalidatePrefix('k')],
    ['clear', (handle: ReturnType<typeof handleOf>) => handle.clear()],
  ])('%s during a load: the old value does not come back', async (_, act) => {
    const { service, gates, handle } = held();
    const reading = service.get('k');
    await act(handle);
    gates[0]?.resolve('old');
    expect(await reading).toBe('old');
    const next = service.get('k');
    gates[1]?.resolve('new');
    expect(await next).toBe('new');
    expect(handle.peek('k')).toBe('new');
    checkCell(cellOf(service));
  });

  test('a load that ends in the background, long after its caller has gone, is as old as its beginning', async () => {
    const { service, gates, handle, world } = held({ ttl: '1m', staleWhileRevalidate: '1h' });
    gates[0]?.resolve('first');
    await service.get('k');
    await world.clock.advance(120_000);
    expect(await service.get('k')).toBe('first');
    await world.clock.advance(60_000);
    await handle.expireTags('t');
    gates[1]?.resolve('read before the change');
    await world.clock.settle();
    expect(handle.peek('k')).toBeUndefined();
    expect(await handle.lookup('k')).toMatchObject({ state: 'stale', value: 'first' });
  });

  test('invalidating other tags, over and over, keeps nothing from being stored', async () => {
    const { service, gates, handle } = held();
    const reading = service.get('k');
    for (let round = 0; round < 5000; round += 1) await handle.invalidateTags(`other:${round}`);
    gates[0]?.resolve('value');
    await reading;
    expect(handle.peek('k')).toBe('value');
  });
});

describe('room', () => {
  test('entries that were invalidated give up their room to later ones within a bounded number of writes', async () => {
    const { service, handle } = tagged({ maxSize: 32 });
    for (let id = 0; id < 16; id += 1) await service.get(`gone ${id}`);
    await handle.invalidateTags('items');
    // Half as many writes as there are slots have visited every slot.
    for (let id = 0; id < 16; id += 1) await service.get(`new ${id}`);
    expect(handle.stats).toMatchObject({ size: 16, evictions: 0 });
    const { slots } = cellOf(service).table as unknown as { slots: { size: number } };
    expect(slots.size).toBe(16);
  });
});
