import { Retry, Timeout } from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';
import { type Options, type Service, cached } from './support.js';

/** Work that nobody waits for does not keep the process alive; work that somebody has joined does. */

const TIMES: Options = { ttl: 10, staleWhileRevalidate: 50, staleIfError: '1h' };
const forever = (): Promise<never> => new Promise(() => undefined);

/** A service whose entry is stale; every load after the first is `refresh`. */
const stale = async (
  world: ReturnType<typeof virtualWorld>,
  refresh: () => Promise<string>,
  lines: readonly unknown[],
): Promise<Service> => {
  let loads = 0;
  const load = async (): Promise<string> => ((loads += 1) === 1 ? 'old' : refresh());
  const service = cached(world, TIMES, load, { lines });
  await service.get('1');
  await world.clock.advance(20);
  return service;
};

const WAITS: readonly (readonly [string, () => Promise<string>, unknown])[] = [
  ['sleep before its next attempt', () => Promise.reject(coded('ECONNRESET')), Retry({ delay: '1m', jitter: 'none' })],
  ['attempt that hangs', forever, Timeout({ attempt: '1m' })],
];

describe.each(WAITS)('a refresh in the background: its %s', (_name, refresh, line) => {
  test('has a timer that does not keep the process alive', async () => {
    const world = virtualWorld();
    const service = await stale(world, refresh, [line]);
    expect(await service.get('1')).toBe('old');
    await world.clock.settle();
    expect([world.clock.pending > 0, world.clock.refCount]).toEqual([true, 0]);
  });

  test('has one that does while a caller waits for the refresh', async () => {
    const world = virtualWorld();
    const service = await stale(world, refresh, [line]);
    await service.get('1');
    await world.clock.advance(100);
    const [first, second] = [new AbortController(), new AbortController()];
    const calls = [first, second].map(({ signal }) => errorOf(service.get('1', { signal })));
    await world.clock.settle();
    expect(world.clock.refCount).toBe(1);
    first.abort();
    await calls[0];
    expect(world.clock.refCount).toBe(1);
    second.abort();
    await calls[1];
    expect([world.clock.pending > 0, world.clock.refCount]).toEqual([true, 0]);
  });

  test('leaves no timer when it is over', async () => {
    const world = virtualWorld();
    const service = await stale(world, refresh, [line]);
    await service.get('1');
    await world.clock.advance(1_000_000);
    expect(world.clock.pending).toBe(0);
  });
});

test('an attempt of a refresh that nobody waits for times out as any other', async () => {
  const world = virtualWorld();
  const service = await stale(world, forever, [Timeout({ attempt: '1s' })]);
  await service.get('1');
  await world.clock.advance(1_000);
  expect(world.events.of('timeout.elapsed').map(({ scope }) => scope)).toEqual(['attempt']);
  expect(world.events.of('cache.refreshFailed')).toHaveLength(1);
});

test('a refresh that ends in time leaves no timer of its attempt', async () => {
  const world = virtualWorld();
  const service = await stale(world, async () => 'new', [Timeout({ attempt: '1m' })]);
  await service.get('1');
  await world.clock.settle();
  expect([await service.get('1'), world.clock.pending]).toEqual(['new', 1]);
});

test('a timer that is set after a caller has joined the refresh keeps the process alive', async () => {
  const world = virtualWorld();
  const failAfter = (ms: number): Promise<never> =>
    new Promise((_resolve, reject) => {
      world.clock.setTimer(() => reject(coded('ECONNRESET')), ms).unref();
    });
  const lines = [Retry({ delay: '1m', jitter: 'none' })];
  const service = await stale(world, () => failAfter(200), lines);
  await service.get('1');
  await world.clock.advance(100);
  const call = settledOf(service.get('1'));
  await world.clock.advance(150);
  expect([world.clock.pending, world.clock.refCount]).toEqual([1, 1]);
  await world.clock.advance(1_000_000);
  expect(await call).toEqual({ value: 'old' });
});
