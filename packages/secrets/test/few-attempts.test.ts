import { WORLDS } from './provider-worlds.js';

describe.each(WORLDS)('%s: without retries', (_, make) => {
  test.each([{ maxAttempts: 1 }, { retries: 0 }])('%j: the next call has new credentials', async (retry) => {
    const world = await make({ retry });
    const path = world.put('a', { k: 'one' });
    await world.ended(world.provider.get(path));
    world.expireCredentials();
    await world.errorOf(world.provider.get(path, { bypassCache: true }));
    const all = Array.from({ length: 10 }, () => world.provider.get(path, { bypassCache: true }));
    expect(await world.ended(Promise.all(all))).toContainEqual({ k: 'one' });
    expect(world.logins()).toBe(2);
  });

  test('nothing else is asked twice', async () => {
    const world = await make({ retry: { maxAttempts: 1 } });
    const path = world.put('a', { k: 'one' });
    await world.ended(world.provider.get(path));
    const before = world.reads();
    world.breakDown();
    await world.provider.invalidate(path);
    await world.errorOf(world.provider.get(path));
    expect(world.reads() - before).toBe(1);
  });
});
