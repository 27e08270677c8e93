import { deferred, failingStore, virtualClock } from '../../../testing/src/index.js';
import {
  type CacheStore,
  type StoreEntry,
  type TieredStoreOptions,
  createRuntime,
  memoryStore,
  tieredStore,
} from '../../src/index.js';

const scenario = (options: TieredStoreOptions = {}) => {
  const clock = virtualClock();
  const runtime = createRuntime({ clock, logger: false });
  const near = memoryStore({ runtime });
  const far = memoryStore({ runtime, name: 'far' });
  const entry = (value: unknown, ttl = 60_000, stale = ttl): StoreEntry => ({
    value,
    startedAt: clock.wall(),
    freshUntil: clock.wall() + ttl,
    staleUntil: clock.wall() + stale,
    hardUntil: Infinity,
  });
  return { clock, runtime, near, far, entry, store: tieredStore(near, far, { runtime, ...options }) };
};

test('the far tier is asked only where the near one knows nothing fresh, and fills it', async () => {
  const { near, far, entry, store } = scenario();
  await far.set('a', entry(1));
  expect((await store.get('a'))?.value).toBe(1);
  await far.delete('a');
  expect((await store.get('a'))?.value).toBe(1);
  expect((await near.get('a'))?.value).toBe(1);
});

test('what fills the near tier keeps its times and lives no longer', async () => {
  const { clock, near, far, entry, store } = scenario();
  const written = entry(1, 10_000, 20_000);
  await far.set('a', written);
  await clock.advance(9_000);
  await store.get('a');
  expect(await near.get('a')).toEqual(written);
});

test('a ttl of a tier shortens and never prolongs', async () => {
  const { clock, near, far, entry, store } = scenario({ l1: { ttl: '5s' }, l2: { ttl: '30s' } });
  const at = clock.wall();
  await store.set('a', entry(1, 60_000, 90_000));
  expect((await near.get('a'))?.freshUntil).toBe(at + 5_000);
  expect(await far.get('a')).toMatchObject({ freshUntil: at + 30_000, staleUntil: at + 90_000 });
  await store.set('b', entry(2, 1_000));
  expect([(await near.get('b'))?.freshUntil, (await far.get('b'))?.freshUntil]).toEqual([at + 1_000, at + 1_000]);
  await clock.advance(28_000);
  await store.get('a');
  expect((await near.get('a'))?.freshUntil).toBe(at + 30_000);
});

test('with a ttl of the near tier, nothing read is fresh for longer, whichever tier knew it', async () => {
  const { clock, far, entry, store } = scenario({ l1: { ttl: '5s' } });
  const at = clock.wall();
  await far.set('a', entry(1));
  expect((await store.get('a'))?.freshUntil).toBe(at + 5_000);
  await clock.advance(2_000);
  expect((await store.get('a'))?.freshUntil).toBe(at + 5_000);
});

test('when the ttl of the near tier is over, the far one decides: newer, unchanged, or gone', async () => {
  const { clock, near, far, entry, store } = scenario({ l1: { ttl: '5s' } });
  for (const key of ['newer', 'same', 'gone']) await store.set(key, entry('old'));
  await far.set('newer', entry('new'));
  await far.delete('gone');
  expect((await store.get('newer'))?.value).toBe('old');
  await clock.advance(5_000);
  expect((await store.get('newer'))?.value).toBe('new');
  expect((await store.get('same'))?.value).toBe('old');
  expect(await store.get('gone')).toBeUndefined();
  expect(await near.get('gone')).toBeUndefined();
});

describe('a tier that fails', () => {
  test('near: the far one answers and takes', async () => {
    const { far, entry, runtime } = scenario();
    const store = tieredStore(failingStore(), far, { runtime });
    await far.set('a', entry(1));
    expect((await store.get('a'))?.value).toBe(1);
    await expect(store.set('b', entry(2))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('far: an old value of the near one answers, without one the failure', async () => {
    const { clock, near, entry, runtime } = scenario();
    const store = tieredStore(near, failingStore(), { runtime });
    await near.set('a', entry(1, 1_000, 60_000));
    await clock.advance(1_000);
    expect((await store.get('a'))?.value).toBe(1);
    await expect(store.get('b')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('far, on a write: the near one does not keep what the far one has refused', async () => {
    const { near, entry, runtime } = scenario();
    const store = tieredStore(near, failingStore({ operations: ['set', 'delete'] }), { runtime });
    await near.set('a', entry('old'));
    await expect(store.set('a', entry('new'))).rejects.toThrow();
    expect(await near.get('a')).toBeUndefined();
    await near.set('b', entry('old'));
    await expect(store.delete('b')).rejects.toThrow();
    expect(await near.get('b')).toBeUndefined();
  });
});

test.each<[string, (store: CacheStore) => Promise<unknown>]>([
  ['delete', (store) => store.delete('a')],
  ['clear', (store) => store.clear()],
  ['clear of a prefix', (store) => store.clear('a')],
  [
    'set',
    (store) =>
      store.set('a', { value: 'new', startedAt: 0, freshUntil: Infinity, staleUntil: Infinity, hardUntil: Infinity }),
  ],
])('a %s while the far tier is read is not undone by what was read before', async (_how, change) => {
  const { near, far, entry, store } = scenario();
  await far.set('a', entry('old'));
  const gate = deferred<void>();
  const get = far.get.bind(far);
  far.get = async (key) => {
    const found = await get(key);
    await gate.promise;
    return found;
  };
  const reading = store.get('a');
  await Promise.resolve();
  await change(store);
  gate.resolve();
  await reading;
  expect((await near.get('a'))?.value).not.toBe('old');
});

test.each<[unknown, unknown, object, string]>([
  [memoryStore(), memoryStore(), { l1: { ttl: 0 } }, 'tieredStore: l1.ttl must be longer than 0'],
  [memoryStore(), memoryStore(), { l3: {} }, 'tieredStore: l3 is not an option'],
  [memoryStore(), undefined, {}, 'tieredStore: must be a CacheStore'],
])('%p over %p with %j is refused', (near, far, options, message) => {
  expect(() => tieredStore(near as CacheStore, far as CacheStore, options)).toThrow(message);
});
