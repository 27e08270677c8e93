import { type Deferred, deferred } from '../../../testing/src/index.js';
import { Cached, Retry, TimedOutError, Timeout, configure, currentCall, withContext } from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';
import { cached, cachedSync, handleOf, type Options, Counter } from './support.js';

const DOWN = coded('ECONNREFUSED');

/** A service whose loads wait for the test. */
const gated = (options: Options = {}, lines: readonly unknown[] = []) => {
  const world = virtualWorld();
  const loads: (Deferred<unknown> & { readonly signal: AbortSignal | undefined; readonly args: unknown[] })[] = [];
  let readsSignal = false;
  const service = cached(
    world,
    options,
    (...args: unknown[]) => {
      const load = { ...deferred<unknown>(), signal: readsSignal ? currentCall().signal : undefined, args };
      loads.push(load);
      return load.promise;
    },
    { lines },
  );
  return { world, loads, service, handle: handleOf(service), watchSignal: () => (readsSignal = true) };
};

describe('single-flight', () => {
  test('loads of different keys run side by side', async () => {
    const { service, loads } = gated();
    const both = [service.get('1'), service.get('2')];
    expect(loads).toHaveLength(2);
    loads[1]?.resolve('b');
    expect(await both[1]).toBe('b');
    loads[0]?.resolve('a');
    expect(await both[0]).toBe('a');
  });

  test('50 callers of an expired key share one load', async () => {
    const { world, service, loads } = gated({ ttl: '1m' });
    const first = service.get('1');
    loads[0]?.resolve('old');
    await first;
    await world.clock.advance(60_000);
    const calls = Array.from({ length: 50 }, () => service.get('1'));
    expect(loads).toHaveLength(2);
    loads[1]?.resolve('new');
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['new']));
  });

  test('singleFlight: false runs every caller on its own, and a younger value is not replaced by an older one', async () => {
    const { world, service, loads, handle } = gated({ singleFlight: false });
    const first = service.get('1');
    await world.clock.advance(1);
    const second = service.get('1');
    loads[1]?.resolve('second');
    expect(await second).toBe('second');
    loads[0]?.resolve('first');
    expect(await first).toBe('first');
    expect(handle.peek('1')).toBe('second');
    expect(handle.stats).toMatchObject({ misses: 2, coalesced: 0, sets: 1 });
  });

  test.each(['invalidate', 'clear', 'set'] as const)('%s detaches loads that are not shared too', async (what) => {
    const { service, loads, handle } = gated({ singleFlight: false });
    const calls = [service.get('1'), service.get('1'), service.get('2')];
    if (what === 'invalidate') await handle.invalidate('1');
    else if (what === 'clear') await handle.clear();
    else await handle.set(['1'], 'given');
    for (const load of loads) load.resolve('loaded');
    expect(await Promise.all(calls)).toEqual(['loaded', 'loaded', 'loaded']);
    expect(handle.peek('1')).toBe(what === 'set' ? 'given' : undefined);
    expect(handle.peek('2')).toBe(what === 'clear' ? undefined : 'loaded');
  });

  test('a synchronous throw of an asynchronous method is a rejection that all share', async () => {
    const world = virtualWorld();
    class Service {
      @Cached()
      @Retry({ maxAttempts: 1 })
      get(_id: string): Promise<string> {
        throw DOWN;
      }
    }
    const service = world.own(new Service());
    expect(await errorOf(service.get('1'))).toBe(DOWN);
    expect(await errorOf(service.get('1'))).toBe(DOWN);
  });

  test('a call that comes after a failure starts afresh', async () => {
    const { service, loads } = gated();
    const first = settledOf(service.get('1'));
    loads[0]?.reject(DOWN);
    expect(await first).toEqual({ error: DOWN });
    const second = service.get('1');
    loads[1]?.resolve('ok');
    expect(await second).toBe('ok');
  });

  test.each(['invalidate', 'clear', 'set', 'refresh'] as const)(
    '%s detaches the load: it answers its callers, is not joined any more, and stores nothing',
    async (what) => {
      const { service, loads, handle } = gated();
      const early = service.get('1');
      const joined = service.get('1');
      if (what === 'invalidate') expect(await handle.invalidate('1')).toBe(false);
      else if (what === 'clear') await handle.clear();
      else if (what === 'set') await handle.set(['1'], 'new');
      else void handle.refresh(['1']);
      const late = service.get('1');
      loads[1]?.resolve('new');
      expect(await late).toBe('new');
      loads[0]?.resolve('old');
      expect(await Promise.all([early, joined])).toEqual(['old', 'old']);
      expect(await service.get('1')).toBe('new');
    },
  );

  test('a detached load that fails neither answers stale nor holds anybody back', async () => {
    const { world, service, loads, handle } = gated({ ttl: '1m', staleIfError: '1h' });
    await handle.set(['1'], 'old');
    await world.clock.advance(60_000);
    const early = settledOf(service.get('1'));
    await handle.set(['1'], 'newer', { ttl: 1 });
    loads[0]?.reject(DOWN);
    expect(await early).toEqual({ error: DOWN });
    await world.clock.advance(1);
    const late = service.get('1');
    expect(loads).toHaveLength(2);
    loads[1]?.resolve('newest');
    expect(await late).toBe('newest');
  });

  test('a load removes itself and nobody else', async () => {
    const { service, loads, handle } = gated();
    const first = service.get('1');
    await handle.invalidate('1');
    const second = service.get('1');
    loads[0]?.resolve('old');
    await first;
    const third = service.get('1');
    expect(loads).toHaveLength(2);
    loads[1]?.resolve('new');
    expect(await Promise.all([second, third])).toEqual(['new', 'new']);
  });
});

describe('callers who leave', () => {
  test('one who aborts leaves alone, with his own reason', async () => {
    const { service, loads, watchSignal } = gated();
    watchSignal();
    const [a, b] = [new AbortController(), new AbortController()];
    const first = settledOf(service.get('1', a.signal));
    const second = settledOf(service.get('1', b.signal));
    expect(loads).toHaveLength(1);
    a.abort('enough');
    expect(await first).toEqual({ error: 'enough' });
    expect(loads[0]?.signal?.aborted).toBe(false);
    loads[0]?.resolve('value');
    expect(await second).toEqual({ value: 'value' });
  });

  test('when the last one leaves, the work is aborted and the next caller starts anew', async () => {
    const { service, loads, watchSignal, handle } = gated();
    watchSignal();
    const [a, b] = [new AbortController(), new AbortController()];
    const calls = [settledOf(service.get('1', a.signal)), settledOf(service.get('1', b.signal))];
    a.abort('a');
    b.abort('b');
    expect(await Promise.all(calls)).toEqual([{ error: 'a' }, { error: 'b' }]);
    expect(loads[0]?.signal?.aborted).toBe(true);
    expect(loads[0]?.signal?.reason).toBe('b');
    const next = service.get('1');
    loads[0]?.resolve('late');
    loads[1]?.resolve('new');
    expect(await next).toBe('new');
    expect(handle.peek('1')).toBe('new');
  });

  test('a caller who cannot leave keeps the work alive', async () => {
    const { service, loads, watchSignal } = gated();
    watchSignal();
    const a = new AbortController();
    const patient = service.get('1');
    const leaving = settledOf(service.get('1', a.signal));
    a.abort('enough');
    expect(await leaving).toEqual({ error: 'enough' });
    expect(loads[0]?.signal?.aborted).toBe(false);
    loads[0]?.resolve('value');
    expect(await patient).toBe('value');
  });

  test('several callers under one signal leave together', async () => {
    const { service, loads, watchSignal } = gated();
    watchSignal();
    const a = new AbortController();
    const calls = [1, 2, 3].map(() => settledOf(service.get('1', a.signal)));
    a.abort('enough');
    expect(await Promise.all(calls)).toEqual([1, 2, 3].map(() => ({ error: 'enough' })));
    expect(loads[0]?.signal?.aborted).toBe(true);
  });

  test.each([
    ['a trailing signal', (signal: AbortSignal) => ['1', signal]],
    ['a signal in a trailing object', (signal: AbortSignal) => ['1', { signal }]],
    ['a signal beside other options', (signal: AbortSignal) => ['1', { signal, deep: true }]],
  ] as const)(
    '%s is no part of the key, and the method gets the signal of the load in its place',
    async (_name, argsOf) => {
      const { service, loads, handle } = gated();
      const [a, b] = [new AbortController(), new AbortController()];
      const first = service.get(...argsOf(a.signal));
      const second = service.get(...argsOf(b.signal));
      expect(loads).toHaveLength(1);
      const last = loads[0]?.args.at(-1) as AbortSignal | { signal: AbortSignal };
      const given = last instanceof AbortSignal ? last : last.signal;
      expect(given).toBeInstanceOf(AbortSignal);
      expect(given).not.toBe(a.signal);
      a.abort('enough');
      expect(await settledOf(first)).toEqual({ error: 'enough' });
      expect(given.aborted).toBe(false);
      loads[0]?.resolve('value');
      expect(await second).toBe('value');
      expect(handle.stats.size).toBe(1);
      expect(await service.get(...argsOf(new AbortController().signal))).toBe('value');
    },
  );

  test('a caller whose signal is aborted already makes no call', async () => {
    const { service, loads } = gated();
    expect(await settledOf(service.get('1', AbortSignal.abort('no')))).toEqual({ error: 'no' });
    expect(loads).toHaveLength(0);
  });

  test('a caller who is aborted by the method itself, synchronously, leaves at once', async () => {
    const world = virtualWorld();
    const controller = new AbortController();
    const service = cached(world, {}, () => {
      controller.abort('from inside');
      return new Promise(() => undefined);
    });
    expect(await settledOf(service.get('1', controller.signal))).toEqual({ error: 'from inside' });
  });

  test('an aborted caller never gets a stale value', async () => {
    const { world, service, handle } = gated({ ttl: '1m', staleIfError: '1h' });
    await handle.set(['1'], 'old');
    await world.clock.advance(60_000);
    const a = new AbortController();
    const call = settledOf(service.get('1', a.signal));
    a.abort('enough');
    expect(await call).toEqual({ error: 'enough' });
  });

  test('a refresh is not ended by the caller who set it off', async () => {
    const { world, service, loads, handle } = gated({ ttl: '1m', staleWhileRevalidate: '1h' });
    await handle.set(['1'], 'old');
    await world.clock.advance(60_000);
    const a = new AbortController();
    expect(await service.get('1', a.signal)).toBe('old');
    a.abort('enough');
    expect(loads[0]?.args[1]).toMatchObject({ aborted: false });
    loads[0]?.resolve('new');
    await world.clock.settle();
    expect(handle.peek('1')).toBe('new');
  });

  test('nor by one who joined it and left', async () => {
    const { world, service, loads, handle } = gated({ ttl: '1m', staleWhileRevalidate: '1s' });
    await handle.set(['1'], 'old');
    await world.clock.advance(60_000);
    await service.get('1');
    await world.clock.advance(1000);
    const a = new AbortController();
    const joined = settledOf(service.get('1', a.signal));
    a.abort('enough');
    expect(await joined).toEqual({ error: 'enough' });
    loads[0]?.resolve('new');
    await world.clock.settle();
    expect(handle.peek('1')).toBe('new');
  });
});

describe('the total timeout', () => {
  const TOTAL = [Timeout({ total: '1s' })];

  test('belongs to the caller: he leaves, the load goes on for the others', async () => {
    const { world, service, loads } = gated({}, TOTAL);
    const first = settledOf(service.get('1'));
    await world.clock.advance(500);
    const second = settledOf(service.get('1'));
    await world.clock.advance(500);
    expect(await first).toMatchObject({ error: { code: 'TIMED_OUT', scope: 'total' } });
    loads[0]?.resolve('value');
    expect(await second).toEqual({ value: 'value' });
  });

  test('the work is aborted when the last caller has run out of patience, and nothing is stored', async () => {
    const { world, service, loads, watchSignal, handle } = gated({}, TOTAL);
    watchSignal();
    const call = settledOf(service.get('1'));
    await world.clock.advance(1000);
    expect(await call).toMatchObject({ error: expect.any(TimedOutError) });
    expect(loads[0]?.signal?.aborted).toBe(true);
    loads[0]?.resolve('late');
    await world.clock.settle();
    expect(handle.stats.size).toBe(0);
  });

  test('a usable stale value is the answer when it elapses, and the next loads are held back', async () => {
    const { world, service, loads, handle } = gated({ ttl: '1m', staleIfError: '1h' }, TOTAL);
    await handle.set(['1'], 'old');
    await world.clock.advance(60_000);
    const [leader, joiner] = [service.get('1'), service.get('1')];
    await world.clock.advance(1000);
    expect(await Promise.all([leader, joiner])).toEqual(['old', 'old']);
    expect(world.events.of('cache.servedStale').map(({ reason }) => reason)).toEqual(['timeout', 'timeout']);
    expect(await service.get('1')).toBe('old');
    expect(loads).toHaveLength(1);
    expect(handle.stats).toMatchObject({ misses: 0, staleHits: 2, coalesced: 1, lookups: 3 });
    await world.clock.advance(1000);
    void settledOf(service.get('1'));
    expect(loads).toHaveLength(2);
  });

  test('a stale value that nobody may have is not the answer', async () => {
    const { world, service, handle } = gated({ ttl: '1m', staleIfError: { maxStale: '1h', when: () => false } }, TOTAL);
    await handle.set(['1'], 'old');
    await world.clock.advance(60_000);
    const call = settledOf(service.get('1'));
    await world.clock.advance(1000);
    expect(await call).toMatchObject({ error: { code: 'TIMED_OUT' } });
  });

  test('bounds a refresh in the background, with a timer that keeps no process alive', async () => {
    const { world, service, loads, handle, watchSignal } = gated({ ttl: '1m', staleWhileRevalidate: '1h' }, TOTAL);
    watchSignal();
    await handle.set(['1'], 'old');
    await world.clock.advance(60_000);
    expect(await service.get('1')).toBe('old');
    expect(world.clock.refCount).toBe(0);
    await world.clock.advance(1000);
    expect(loads[0]?.signal?.aborted).toBe(true);
    expect(world.events.last('cache.refreshFailed')).toMatchObject({ error: { code: 'TIMED_OUT' } });
    expect(handle.stats.size).toBe(1);
    await world.clock.advance(1000);
    expect(await service.get('1')).toBe('old');
    loads[1]?.resolve('new');
    await world.clock.settle();
    expect(handle.peek('1')).toBe('new');
    expect(world.clock.refCount).toBe(0);
  });

  test('currentCall().remaining is that of the most patient caller', async () => {
    const world = virtualWorld();
    const seen: number[] = [];
    const gate = deferred();
    const service = cached(
      world,
      {},
      async () => {
        const call = currentCall();
        seen.push(call.remaining);
        await gate.promise;
        seen.push(call.remaining);
        return 1;
      },
      { lines: TOTAL },
    );
    const first = service.get('1');
    await world.clock.advance(500);
    const second = service.get('1');
    gate.resolve();
    await Promise.all([first, second]);
    expect(seen).toEqual([1000, 1000]);
  });
});

describe('what a load knows', () => {
  test('the value being replaced, its age, and whether a caller waits', async () => {
    const world = virtualWorld();
    const seen: unknown[] = [];
    const service = cached(world, { ttl: '1m', staleWhileRevalidate: '1m' }, () => {
      const { cache } = currentCall();
      seen.push(cache && { stale: cache.stale, isRefresh: cache.isRefresh });
      return seen.length;
    });
    await service.get('1');
    await world.clock.advance(60_000);
    await service.get('1');
    await world.clock.advance(300_000);
    await service.get('1');
    expect(seen).toEqual([
      { stale: undefined, isRefresh: false },
      { stale: { value: 1, age: 60_000 }, isRefresh: true },
      { stale: { value: 2, age: 300_000 }, isRefresh: false },
    ]);
  });

  test('nothing of a value whose lease has ended', async () => {
    const world = virtualWorld();
    const seen: unknown[] = [];
    const ttl = () => ({ ttl: '1m', hardUntil: world.clock.wall() + 60_000 }) as const;
    const service = cached(world, { ttl }, () => seen.push(currentCall().cache?.stale));
    await service.get('1');
    await world.clock.advance(60_000);
    await service.get('1');
    expect(seen).toEqual([undefined, undefined]);
  });
});

describe('re-entrance', () => {
  test('a call of the same key while the method runs synchronously runs directly', async () => {
    const world = virtualWorld();
    let depth = 0;
    const service = cached(world, {}, async (id: string) => {
      depth += 1;
      return depth < 3 ? `${depth}>${await service.get(id)}` : 'end';
    });
    expect(await service.get('1')).toBe('1>2>end');
    expect(handleOf(service).stats).toMatchObject({ misses: 3, size: 1 });
  });

  test('synchronous methods recurse over other keys', () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cachedSync(world, {}, (n: number): number => {
      counter.load();
      return n < 2 ? n : service.get(n - 1) + service.get(n - 2);
    });
    expect(service.get(50)).toBe(12_586_269_025);
    expect(counter.calls).toBe(51);
  });

  test('across an await it runs directly where async context is on', async () => {
    configure({ context: true });
    const world = virtualWorld();
    let depth = 0;
    const service = cached(world, {}, async (id: string) => {
      await Promise.resolve();
      depth += 1;
      return depth < 3 ? `${depth}>${await service.get(id)}` : 'end';
    });
    const [first, second] = [service.get('1'), service.get('1')];
    expect(await first).toBe('1>2>end');
    expect(await second).toBe('1>2>end');
    expect(handleOf(service).stats).toMatchObject({ misses: 3, coalesced: 1 });
  });

  test('a load that calls another key which calls the first one runs directly too', async () => {
    const world = virtualWorld();
    let calls = 0;
    const service = cached(world, {}, async (id: string): Promise<string> => {
      await Promise.resolve();
      calls += 1;
      if (calls > 2) return 'end';
      return `${id}>${await service.get(id === 'a' ? 'b' : 'a')}`;
    });
    expect(await service.get('a')).toBe('a>b>end');
  });
});

describe('async context', () => {
  test('a refresh runs in the context of the caller who set it off', async () => {
    const world = virtualWorld();
    const counter = new Counter();
    const service = cached(world, { ttl: '1m', staleWhileRevalidate: '1h' }, counter.load);
    await withContext({ trace: 'first' }, () => service.get('1'));
    await world.clock.advance(60_000);
    await withContext({ trace: 'second' }, () => world.runtime.run(() => service.get('1')));
    await world.clock.settle();
    expect(world.events.last('cache.refreshed')?.context).toEqual({ trace: 'second' });
  });
});
