import { failingStore, virtualClock } from '../../../testing/src/index.js';
import { type CacheStore, createRuntime, memoryStore } from '../../src/index.js';
import { Counter } from '../cache/support.js';
import { virtualWorld } from '../support/virtual-world.js';
import { type Options, handleOf, stored } from './support.js';

/** Where a store meets what else a cached method can do. */

const nodes = (options: Options) => {
  const clock = virtualClock();
  const store = memoryStore({ runtime: createRuntime({ clock, logger: false }) });
  const node = () => {
    const world = virtualWorld({ clock });
    const counter = new Counter();
    return { ...world, counter, service: stored(world, store, counter.load, options) };
  };
  return { clock, store, first: node(), second: node() };
};

const AHEAD: Options = { ttl: 1_000, refreshAhead: { after: 0.5, jitter: 0 } };

describe('refresh ahead of the end, with a store', () => {
  test('asks the method: what the store has is what is to be renewed', async () => {
    const { clock, first } = nodes(AHEAD);
    await first.service.get('a');
    await clock.advance(500);
    expect(await first.service.get('a')).toBe(1);
    await clock.settle();
    expect(first.counter.calls).toBe(2);
    expect(await first.service.get('a')).toBe(2);
  });

  test('takes what another process has renewed meanwhile, and does not ask the method', async () => {
    const { clock, first, second } = nodes(AHEAD);
    await first.service.get('a');
    await second.service.get('a');
    await clock.advance(500);
    await first.service.get('a');
    await clock.settle();
    await second.service.get('a');
    await clock.settle();
    expect(await second.service.get('a')).toBe(2);
    expect([first.counter.calls, second.counter.calls]).toEqual([2, 0]);
  });

  test('renews what came from the store, too', async () => {
    const { clock, first, second } = nodes(AHEAD);
    await first.service.get('a');
    await second.service.get('a');
    await clock.advance(500);
    await second.service.get('a');
    await clock.settle();
    expect([first.counter.calls, second.counter.calls]).toEqual([1, 1]);
  });
});

test('of thousands of tags invalidated while the store is down it is told at once, with an end', async () => {
  const clock = virtualClock();
  const memory = memoryStore({ runtime: createRuntime({ clock, logger: false }) });
  const batches: number[] = [];
  const watched: CacheStore = {
    name: 'watched',
    get: (key) => memory.get(key),
    set: (key, entry) => memory.set(key, entry),
    delete: (key) => memory.delete(key),
    clear: (prefix) => memory.clear(prefix),
    invalidateTags: async (tags) => {
      batches.push(tags.length);
      await memory.invalidateTags?.(tags);
    },
  };
  const store = failingStore({ over: watched });
  store.isDisturbed = false;
  const world = virtualWorld({ clock, storeGuard: { retries: 0 } });
  const counter = new Counter();
  const service = stored(world, store, counter.load, { tags: (id: string) => [id] });
  await service.get('first');
  await clock.settle();
  store.isDisturbed = true;
  const cache = handleOf(service);
  await cache.invalidateTags('first');
  for (let tag = 0; tag < 3_000; tag += 1) await cache.invalidateTags(`tag ${tag}`);
  store.isDisturbed = false;
  await clock.advance(120_000);
  await service.get('another');
  await clock.settle();
  expect(store.calls.clear).toBe(1);
  expect(Math.max(0, ...batches)).toBeLessThanOrEqual(1_024);
  const values: unknown[] = [];
  for await (const key of memory.keys?.() ?? []) values.push((await memory.get(key))?.tags);
  expect(values).not.toContainEqual(['first']);
});
