import { Cached, Retry, Timeout, configure } from '../../src/index.js';
import { coded, virtualWorld } from '../support/virtual-world.js';

/** What a refresh in the background calls is waited for by nobody, either. */

const open = (beforeFirstAwait: boolean) => {
  const world = virtualWorld();
  class Inner {
    isDown = false;

    @Retry({ maxAttempts: 3, delay: '1m', jitter: 'none' })
    @Timeout({ attempt: '1m' })
    async get(): Promise<string> {
      if (this.isDown) throw coded('ECONNRESET');
      return 'value';
    }
  }
  const inner = world.own(new Inner());
  class Outer {
    @Cached({ ttl: 10, staleWhileRevalidate: '1h' })
    async get(): Promise<string> {
      if (!beforeFirstAwait) await Promise.resolve();
      return inner.get();
    }
  }
  return { world, inner, outer: world.own(new Outer()) };
};

const refreshing = async (beforeFirstAwait: boolean) => {
  const opened = open(beforeFirstAwait);
  const { world, inner, outer } = opened;
  await outer.get();
  await world.clock.advance(20);
  inner.isDown = true;
  expect(await outer.get()).toBe('value');
  await world.clock.settle();
  return opened;
};

test('a call that a refresh begins at once has timers that keep no process alive', async () => {
  const { world } = await refreshing(true);
  expect([world.clock.pending > 0, world.clock.refCount]).toEqual([true, 0]);
});

test('without context a call that it begins later is on its own', async () => {
  const { world } = await refreshing(false);
  expect(world.clock.refCount).toBeGreaterThan(0);
});

describe('with context on', () => {
  beforeAll(() => configure({ context: true, logger: false }));

  test('every call that a refresh begins has such timers', async () => {
    const { world } = await refreshing(false);
    expect([world.clock.pending > 0, world.clock.refCount]).toEqual([true, 0]);
  });

  test('they do while a caller waits for the refresh', async () => {
    const { world, outer } = await refreshing(false);
    await world.clock.advance(3_700_000);
    const call = outer.get().catch(() => undefined);
    await world.clock.settle();
    expect(world.clock.refCount).toBeGreaterThan(0);
    await world.clock.advance(3_700_000);
    await call;
    expect(world.clock.refCount).toBe(0);
  });
});
