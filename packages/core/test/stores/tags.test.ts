import { failingStore, hangingStore, virtualClock } from '../../../testing/src/index.js';
import {
  type CacheStore,
  Cached,
  Invalidates,
  type StoreEntry,
  createRuntime,
  currentCall,
  memoryStore,
} from '../../src/index.js';
import { Counter } from '../cache/support.js';
import { virtualWorld } from '../support/virtual-world.js';
import { type Options, SHARED, handleOf, stored } from './support.js';

const TAGGED: Options = { tags: (id: string) => [`thing:${id}`, 'things'] };

/** Processes with one store: each its own runtime and class, the same method. */
const processes = (make: (over: CacheStore) => CacheStore = (over) => over, options: Options = TAGGED) => {
  const clock = virtualClock();
  const memory = memoryStore({ runtime: createRuntime({ clock, logger: false }) });
  const store = make(memory);
  const node = () => {
    const world = virtualWorld({ clock, storeGuard: { retries: 0 } });
    const counter = new Counter();
    const service = stored(world, store, counter.load, options);
    return { ...world, counter, service, handle: handleOf(service) };
  };
  return { clock, memory, store, first: node(), second: node(), node };
};

const entriesOf = async (store: CacheStore): Promise<StoreEntry[]> => {
  const entries: StoreEntry[] = [];
  for await (const key of store.keys?.() ?? []) entries.push((await store.get(key)) as StoreEntry);
  return entries;
};

describe('tags in a store', () => {
  test('go there with the entry, those of the option and those of the result', async () => {
    const { clock, memory, store } = processes();
    const world = virtualWorld({ clock });
    class Shop {
      @Cached({ ...SHARED, store, tags: ['shop'] })
      async item(id: string): Promise<string> {
        currentCall().cache?.setTags([`item:${id}`]);
        return id;
      }
    }
    await world.own(new Shop()).item('a');
    await clock.settle();
    expect((await entriesOf(memory)).map(({ tags }) => tags)).toEqual([['shop', 'item:a']]);
  });

  test('come back with what another process has loaded, and invalidate it there', async () => {
    const { clock, first, second } = processes();
    await first.service.get('a');
    await clock.settle();
    expect(await second.service.get('a')).toBe(1);
    await second.handle.invalidateTags('thing:a');
    expect(await second.service.get('a')).toBe(1);
    expect([first.counter.calls, second.counter.calls]).toEqual([1, 1]);
  });

  test.each(['invalidateTags', 'expireTags'] as const)(
    '%s reaches the store, and so a process that starts later',
    async (change) => {
      const { clock, memory, first, node } = processes();
      await first.service.get('a');
      await first.service.get('b');
      await clock.settle();
      await first.handle[change]('thing:a');
      expect(await entriesOf(memory)).toHaveLength(1);
      const later = node();
      await later.service.get('a');
      await later.service.get('b');
      expect(later.counter.calls).toBe(1);
    },
  );

  test('invalidations of many methods in one turn are one operation', async () => {
    const { clock, store, first } = processes((over) => failingStore({ over }));
    (store as ReturnType<typeof failingStore>).isDisturbed = false;
    const others = ['x', 'y', 'z'].map((name) => stored(first, store, () => name, { ...TAGGED, name }));
    await Promise.all([first.service, ...others].map((each) => each.get('a')));
    await clock.settle();
    await first.runtime.invalidateTags('things');
    expect((store as ReturnType<typeof failingStore>).calls.invalidateTags).toBe(1);
    expect(await entriesOf(store)).toEqual([]);
  });

  test('@Invalidates by tags reaches the store behind its caller', async () => {
    const { clock, memory, store, first } = processes();
    class Things {
      @Invalidates({ tags: (id) => [`thing:${id}`] })
      async change(_id: string): Promise<void> {}

      @Cached({ ...SHARED, ...TAGGED, name: 'others', store })
      async other(id: string): Promise<string> {
        return id;
      }
    }
    const things = first.own(new Things());
    await first.service.get('a');
    await things.other('a');
    await clock.settle();
    await things.change('a');
    await clock.settle();
    expect(await entriesOf(memory)).toEqual([]);
  });
});

describe('what was invalidated by a tag does not come back', () => {
  test('while the store is down: it is not read, and told as soon as it is well', async () => {
    const { clock, memory, store, first, second } = processes((over) => failingStore({ over }));
    const disturbed = store as ReturnType<typeof failingStore>;
    disturbed.isDisturbed = false;
    await first.service.get('a');
    await clock.settle();
    disturbed.isDisturbed = true;
    await first.handle.invalidateTags('thing:a');
    expect(await entriesOf(memory)).toHaveLength(1);
    await first.handle.clear();
    disturbed.isDisturbed = false;
    // Whatever the store says of other keys tells that it is well.
    await first.service.get('b');
    await clock.settle();
    expect(await first.service.get('a')).toBe(3);
    expect(await second.service.get('a')).not.toBe(1);
  });

  test('an entry of the store that was loaded before is not read, although the store still has it', async () => {
    const { clock, store, first } = processes((over) => failingStore({ over, operations: ['invalidateTags'] }));
    (store as ReturnType<typeof failingStore>).isDisturbed = false;
    await first.service.get('a');
    await clock.advance(10);
    (store as ReturnType<typeof failingStore>).isDisturbed = true;
    await first.handle.invalidateTags('thing:a');
    await clock.advance(10);
    expect(await first.service.get('a')).toBe(2);
    await clock.settle();
    // What was loaded after it is.
    const { size } = first.handle.stats;
    expect([await first.service.get('a'), size]).toEqual([2, 1]);
  });

  test('a write that is on its way when its tag is invalidated is undone', async () => {
    const { clock, memory, store, first } = processes((over) => hangingStore({ over, operations: ['set'] }));
    const hanging = store as ReturnType<typeof hangingStore>;
    await first.service.get('a');
    await first.handle.invalidateTags('thing:a');
    hanging.release();
    await clock.advance(60_000);
    expect(await entriesOf(memory)).toEqual([]);
  });

  test('a load that began before the invalidation is not written', async () => {
    const { clock, memory, store, first } = processes();
    let land = (_value: string): void => undefined;
    const slow = stored(first, store, () => new Promise<string>((resolve) => (land = resolve)), {
      ...TAGGED,
      name: 'slow',
    });
    const call = slow.get('a');
    await clock.settle();
    await first.runtime.invalidateTags('things');
    land('old');
    expect(await call).toBe('old');
    await clock.settle();
    expect(await entriesOf(memory)).toEqual([]);
  });

  test('a store that knows no tags is given nothing that has any', async () => {
    const withoutTags = (over: CacheStore): CacheStore => ({
      name: 'plain',
      get: (key) => over.get(key),
      set: (key, entry) => over.set(key, entry),
      delete: (key) => over.delete(key),
      clear: (prefix) => over.clear(prefix),
    });
    const { clock, memory, store, first } = processes(withoutTags);
    const untagged = stored(first, store, () => 'u', { name: 'untagged' });
    await first.service.get('a');
    await first.handle.set(['b'], 7);
    await untagged.get('a');
    await clock.settle();
    expect((await entriesOf(memory)).map(({ value }) => value)).toEqual(['u']);
    expect(await first.service.get('b')).toBe(7);
  });
});

test('an entry that is expired by hand, or whose prefix is invalidated, leaves the store', async () => {
  const { clock, memory, first } = processes((over) => over, { key: (id: string) => id });
  await first.service.get('a');
  await first.service.get('b');
  await clock.settle();
  await first.handle.expire('a');
  await clock.settle();
  expect(await entriesOf(memory)).toHaveLength(1);
  await first.handle.invalidatePrefix('b');
  await clock.settle();
  expect(await entriesOf(memory)).toEqual([]);
});

test('values from the store are weighed like all others', async () => {
  const options: Options = { maxBytes: 100, weigh: () => 60 };
  const { clock, first, second } = processes((over) => over, options);
  await first.service.get('a');
  await clock.settle();
  await first.service.get('b');
  await clock.settle();
  await second.service.get('a');
  await second.service.get('b');
  expect([second.counter.calls, second.handle.stats.size, second.handle.stats.evictions]).toEqual([0, 1, 1]);
});
