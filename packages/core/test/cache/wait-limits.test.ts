import { Retry, TimedOutError, Timeout, callOutcome } from '../../src/index.js';
import { coded, errorOf, virtualWorld } from '../support/virtual-world.js';
import { type Options, type Service, cached, handleOf } from './support.js';

type World = ReturnType<typeof virtualWorld>;

/** A source whose answers take `slowness.ms`, or never come; it answers with the number of the call. */
const slow = (world: World, options: Options, lines: readonly unknown[] = []) => {
  const source = { ms: 0, calls: 0, failure: undefined as unknown, aborted: 0 };
  const load = async (): Promise<number> => {
    source.calls += 1;
    const number = source.calls;
    if (source.ms > 0) await world.clock.sleep(source.ms);
    if (source.failure !== undefined) throw source.failure;
    return number;
  };
  return { source, service: cached(world, options, load, { lines }) };
};

/** What a call has come to after so many milliseconds. */
const within = async (world: World, call: Promise<unknown>, ms: number): Promise<unknown> => {
  let outcome: unknown = 'pending';
  call.then(
    (value) => void (outcome = value),
    (error: unknown) => void (outcome = error),
  );
  await world.clock.advance(ms);
  return outcome;
};

const SOFT: Options = { ttl: 1_000, staleIfError: '1h', softTimeout: 100 };

const expired = async (world: World, service: Service): Promise<void> => {
  await service.get('1');
  await world.clock.advance(1_000);
};

describe('a soft timeout', () => {
  test('answers with the old value, and the load goes on and is stored', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, SOFT);
    await expired(world, service);
    source.ms = 300;
    const call = service.get('1');
    expect(await within(world, call, 99)).toBe('pending');
    expect(await within(world, call, 1)).toBe(1);
    await world.clock.advance(200);
    expect(await service.get('1')).toBe(2);
    expect(source.calls).toBe(2);
    expect(world.events.of('cache.servedStale').map(({ reason }) => reason)).toEqual(['timeout']);
    expect(world.events.of('timeout.elapsed')).toEqual([]);
    expect(handleOf(service).stats).toMatchObject({ hits: 1, misses: 1, staleHits: 1, lookups: 3 });
  });

  test('does nothing where there is no old value', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, SOFT);
    source.ms = 300;
    const call = service.get('1');
    expect(await within(world, call, 299)).toBe('pending');
    expect(await within(world, call, 1)).toBe(1);
  });

  test('does nothing for a load that is quick enough, and leaves no timer', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, SOFT);
    await expired(world, service);
    source.ms = 50;
    expect(await within(world, service.get('1'), 50)).toBe(2);
    expect(world.clock.pending).toBe(0);
  });

  test('counts from the beginning of the load: who comes later waits for the rest, or not at all', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, SOFT);
    await expired(world, service);
    source.ms = 10_000;
    const first = service.get('1');
    await world.clock.advance(60);
    expect(await within(world, service.get('1'), 40)).toBe(1);
    await first;
    expect(await within(world, service.get('1'), 0)).toBe(1);
    expect(source.calls).toBe(2);
  });

  test('a load that fails after all have left is reported as a refresh that failed, and rejects for nobody', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, SOFT);
    await expired(world, service);
    source.ms = 300;
    source.failure = coded('ECONNRESET');
    await within(world, service.get('1'), 100);
    await world.clock.advance(200);
    expect(world.events.of('cache.refreshFailed')).toHaveLength(1);
    expect(await within(world, service.get('1'), 0)).toBe(1);
  });

  test('a load that fails sooner is answered at once as without', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, SOFT);
    await expired(world, service);
    source.ms = 50;
    source.failure = coded('ECONNRESET');
    expect(await within(world, service.get('1'), 50)).toBe(1);
    expect(world.events.of('cache.servedStale').map(({ reason }) => reason)).toEqual(['error']);
    expect(world.clock.pending).toBe(0);
  });

  test('an old value whose time ends while the caller waits does not answer', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ...SOFT, staleIfError: 50 });
    await expired(world, service);
    source.ms = 300;
    expect(await within(world, service.get('1'), 100)).toBe('pending');
    await world.clock.advance(200);
    expect(await service.get('1')).toBe(2);
  });

  test('an old value that is removed while the caller waits does not answer', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, SOFT);
    await expired(world, service);
    source.ms = 300;
    const call = service.get('1');
    await world.clock.advance(50);
    await handleOf(service).invalidate('1');
    expect(await within(world, call, 249)).toBe('pending');
    expect(await within(world, call, 1)).toBe(2);
  });

  test('the retries of a load that was left wait without keeping the process alive', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, SOFT, [Retry({ delay: '1m', jitter: 'none' })]);
    await expired(world, service);
    source.ms = 300;
    source.failure = coded('ECONNRESET');
    await within(world, service.get('1'), 100);
    await world.clock.advance(250);
    expect([world.clock.pending > 0, world.clock.refCount]).toEqual([true, 0]);
  });

  test("a caller's total timeout that comes first answers as ever", async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ...SOFT, softTimeout: 500 }, [Timeout({ total: 200 })]);
    await expired(world, service);
    source.ms = 10_000;
    expect(await within(world, service.get('1'), 200)).toBe(1);
    expect(world.events.of('timeout.elapsed').map(({ scope }) => scope)).toEqual(['total']);
    expect(handleOf(service).stats).toMatchObject({ staleHits: 1, misses: 1, lookups: 2 });
  });

  test('a load that was left is bounded by the total timeout of the method', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, SOFT, [Timeout({ total: 5_000 })]);
    await expired(world, service);
    source.ms = 1e9;
    await within(world, service.get('1'), 100);
    await world.clock.advance(5_000);
    expect(world.events.of('cache.refreshFailed')).toHaveLength(1);
    await world.clock.advance(2_000);
    source.ms = 0;
    expect(await within(world, service.get('1'), 0)).toBe(3);
  });

  test('the outcome says that an old value has answered', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, SOFT);
    await expired(world, service);
    source.ms = 300;
    const outcome = await within(world, callOutcome(service, 'get', '1'), 100);
    expect(outcome).toMatchObject({ ok: true, value: 1, source: 'stale' });
  });
});

const HARD: Options = { ttl: 1_000, hardTimeout: 200 };

describe('a hard timeout', () => {
  test('ends the wait with an error that says so, and the load goes on for those who come later', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, HARD);
    source.ms = 300;
    const call = service.get('1');
    expect(await within(world, call, 199)).toBe('pending');
    const error = (await within(world, call, 1)) as TimedOutError;
    expect(error).toBeInstanceOf(TimedOutError);
    expect(error).toMatchObject({ scope: 'load', timeout: 200, policy: 'cached' });
    expect(error.message).toBe('CachedService.get: waiting for the load timed out after 200 ms');
    expect(world.events.of('timeout.elapsed')).toMatchObject([{ scope: 'load', timeout: 200 }]);
    await world.clock.advance(100);
    expect(await service.get('1')).toBe(1);
    expect(source.calls).toBe(1);
  });

  test("is each caller's own patience", async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, HARD);
    source.ms = 300;
    const first = errorOf(service.get('1'));
    await world.clock.advance(150);
    const second = service.get('1');
    expect(await within(world, first, 50)).toBeInstanceOf(TimedOutError);
    expect(await within(world, second, 100)).toBe(1);
    expect(source.calls).toBe(1);
  });

  test('answers with the old value where one may answer for a timeout', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ...HARD, staleIfError: '1h' });
    await expired(world, service);
    source.ms = 300;
    expect(await within(world, service.get('1'), 200)).toBe(1);
    await world.clock.advance(100);
    expect(await service.get('1')).toBe(2);
  });

  test('with a soft one: the soft one answers, the hard one fails where there is nothing to answer with', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, { ...SOFT, hardTimeout: 200 });
    source.ms = 300;
    expect(await within(world, service.get('1'), 200)).toBeInstanceOf(TimedOutError);
    await world.clock.advance(1_100);
    expect(await within(world, service.get('1'), 100)).toBe(1);
  });

  test('a load that hangs is given up after ten times as long, and the next caller starts anew', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, HARD);
    source.ms = 1e9;
    await within(world, errorOf(service.get('1')), 200);
    await within(world, errorOf(service.get('1')), 200);
    expect(source.calls).toBe(1);
    await world.clock.advance(2_000);
    source.ms = 0;
    expect(await within(world, service.get('1'), 0)).toBe(2);
  });

  test("an error of a nested call's own hard timeout is no end of this wait", async () => {
    const world = virtualWorld();
    const load = async (id: string): Promise<string> => {
      if (id === 'outer') return service.get('inner').then((value) => `with ${value}`);
      await world.clock.sleep(300);
      return id;
    };
    const service: Service = cached(world, HARD, load);
    const outer = errorOf(service.get('outer'));
    await world.clock.advance(200);
    expect(await outer).toBeInstanceOf(TimedOutError);
    expect(handleOf(service).stats.errors).toBeLessThanOrEqual(1);
    await world.clock.advance(100);
    expect(await service.get('inner')).toBe('inner');
  });

  test('callers that wait leave no timer behind', async () => {
    const world = virtualWorld();
    const { source, service } = slow(world, HARD);
    source.ms = 50;
    const calls = Promise.all(Array.from({ length: 10 }, () => service.get('1')));
    await world.clock.advance(50);
    expect(await calls).toEqual(Array.from({ length: 10 }, () => 1));
    expect(world.clock.refCount).toBe(0);
  });
});

test.each([
  [{ ttl: 1_000, softTimeout: 100 }, 'softTimeout needs an old value to answer with'],
  [{ ...SOFT, hardTimeout: 100 }, 'softTimeout (100 ms) must be shorter than hardTimeout (100 ms)'],
])('%j is refused with the reason', async (options: Options, message) => {
  const world = virtualWorld();
  const { service } = slow(world, options);
  expect(((await errorOf(service.get('1'))) as Error).message).toContain(message);
});
