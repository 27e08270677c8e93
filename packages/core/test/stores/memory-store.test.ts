import { type StoreEntry, createRuntime, memoryStore } from '../../src/index.js';
import { virtualClock } from '../../../testing/src/index.js';

const world = () => {
  const clock = virtualClock();
  const runtime = createRuntime({ clock, logger: false });
  const entry = (value: unknown, ttl = 1000, tags?: string[]): StoreEntry => ({
    value,
    startedAt: clock.wall(),
    freshUntil: clock.wall() + ttl,
    staleUntil: clock.wall() + ttl,
    hardUntil: Infinity,
    ...(tags && { tags }),
  });
  return { clock, runtime, entry };
};

test('a memory store keeps maxSize entries, and the least recently read or written goes first', async () => {
  const { runtime, entry } = world();
  const store = memoryStore({ runtime, maxSize: 20 });
  for (let key = 0; key < 20; key += 1) await store.set(String(key), entry(key));
  await store.get('0');
  await store.set('1', entry('again'));
  await store.set('20', entry(20));
  await store.set('21', entry(21));
  const found = await store.getMany(['0', '1', '2', '3', '4', '21']);
  expect(found.map((each) => each?.value)).toEqual([0, 'again', undefined, undefined, 4, 21]);
});

test('a memory store keeps values by reference', async () => {
  const { runtime, entry } = world();
  const store = memoryStore({ runtime });
  const value = { id: 1 };
  await store.set('a', entry(value));
  expect((await store.get('a'))?.value).toBe(value);
});

test('an entry at its end is neither listed, deleted nor counted', async () => {
  const { clock, runtime, entry } = world();
  const store = memoryStore({ runtime });
  await store.set('a', entry(1, 10));
  await store.set('b', entry(2, 20));
  await clock.advance(10);
  const keys = [];
  for await (const key of store.keys()) keys.push(key);
  expect(keys).toEqual(['b']);
  expect(await store.delete('a')).toBe(false);
  expect(await store.deleteMany(['a', 'b'])).toBe(1);
});

test.each([0, -1, 1.5, '10'])('a maxSize of %p is refused', (maxSize) => {
  expect(() => memoryStore({ maxSize: maxSize as number })).toThrow('memoryStore: maxSize must be');
});
