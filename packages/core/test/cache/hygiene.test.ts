import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { Cached, ResultCache, Timeout, cacheOf, createRuntime, withRuntime } from '../../src/index.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';
import { cached, cachedSync, handleOf, type Options } from './support.js';
import { cellOf, checkCell, insideOf } from './table-check.js';

const collect = async (): Promise<void> => {
  for (let round = 0; round < 3; round += 1) {
    await turn();
    (globalThis as { gc?: () => void }).gc?.();
  }
};

const alive = async (references: readonly WeakRef<object>[]): Promise<number> => {
  await collect();
  return references.filter((reference) => reference.deref() !== undefined).length;
};

describe('memory', () => {
  test('1,000 instances with caches are collected, and their caches with them', async () => {
    const runtime = createRuntime({ logger: false });
    class Service {
      @Cached()
      async get(id: string): Promise<object> {
        return { id, self: this };
      }
    }
    const references = await (async () => {
      const made: WeakRef<object>[] = [];
      for (let index = 0; index < 1000; index += 1) {
        const service = withRuntime(new Service(), runtime);
        await service.get('1');
        await service.get('1');
        made.push(new WeakRef(service));
      }
      expect(runtime.stats().total.size).toBe(1000);
      return made;
    })();
    expect(await alive(references)).toBeLessThanOrEqual(1);
    expect(runtime.stats().total.size).toBeLessThanOrEqual(1);
  });

  test('10,000 settled keys leave an empty map of loads, whether they succeeded, failed or were detached', async () => {
    const world = virtualWorld();
    const service = cached(world, { maxSize: 100 }, async (id: number) => {
      if (id % 3 === 0) throw coded('ECONNRESET');
      return id;
    });
    const calls = Array.from({ length: 10_000 }, (_, id) => settledOf(service.get(id)));
    const { flights } = cellOf(service);
    expect(flights.size).toBe(10_000);
    for (let id = 0; id < 10_000; id += 7) await handleOf(service).invalidate(id);
    await Promise.all(calls);
    expect(flights.size).toBe(0);
    checkCell(cellOf(service));
  });

  const DROPS: readonly (readonly [
    string,
    (service: any, world: ReturnType<typeof virtualWorld>) => unknown,
    Options,
  ])[] = [
    ['invalidated', (service) => handleOf(service).invalidate(0), {}],
    ['evicted', (service) => service.get(1), { maxSize: 1 }],
    ['cleared', (service) => handleOf(service).clear(), {}],
    ['overwritten', (service) => handleOf(service).set([0], 'other'), {}],
    ['refreshed', (service) => handleOf(service).refresh([0]), {}],
    [
      'resized away',
      (service, world) => {
        world.runtime.configure({ defaults: { cache: { maxSize: 1 } } });
        return service.get(1);
      },
      {},
    ],
    [
      'expired and met',
      async (service, world) => {
        await world.clock.advance(60_000);
        await settledOf(service.get(0));
      },
      { ttl: '1m' },
    ],
    [
      'expired and swept',
      async (service, world) => {
        await world.clock.advance(60_000);
        for (let id = 1; id < 20; id += 1) await service.get(id);
      },
      { ttl: '1m' },
    ],
  ];

  test.each(DROPS)('a value that is %s can be collected, and its kept promise too', async (_name, drop, options) => {
    const world = virtualWorld();
    const references: WeakRef<object>[] = [];
    const service = cached(world, options, async () => {
      if (references.length > 0) return 'small';
      const value = { big: new Array(1000) };
      references.push(new WeakRef(value));
      return value;
    });
    await (async () => {
      await service.get(0);
      references.push(new WeakRef(service.get(0)));
      await service.get(0);
    })();
    expect(await alive(references)).toBe(2);
    await drop(service, world);
    expect(await alive(references)).toBe(0);
    checkCell(cellOf(service));
  });

  test('200,000 mixed operations leave the heap where it was', async () => {
    const world = virtualWorld();
    world.events.stop();
    const failure = coded('ECONNRESET');
    const service = cachedSync(world, { maxSize: 500, ttl: 1000, staleIfError: 1000 }, (id: number) => {
      if (id % 11 === 0) throw failure;
      return { id };
    });
    const handle = handleOf(service);
    const run = (operations: number): void => {
      for (let index = 0; index < operations; index += 1) {
        const id = (index * 7919) % 2000;
        try {
          service.get(id);
        } catch {
          // Every eleventh key fails.
        }
        if (index % 25 === 0) void handle.invalidate(id + 1);
        if (index % 35 === 0) void handle.set([id + 2], { id });
        if (index % 100 === 0) world.clock.advanceSync(10);
      }
    };
    run(20_000);
    await collect();
    const before = process.memoryUsage().heapUsed;
    run(200_000);
    await collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_500_000);
    checkCell(cellOf(service));
  }, 60_000);

  test('the table of pauses after failures stays within the table of entries', async () => {
    const world = virtualWorld();
    let fails = false;
    const service = cached(world, { maxSize: 10, ttl: 1, staleIfError: '1h' }, (id: number) => {
      if (fails) throw coded('ECONNRESET');
      return id;
    });
    for (let id = 0; id < 100; id += 1) {
      fails = false;
      await service.get(id);
      await world.clock.advance(1);
      fails = true;
      expect(await service.get(id)).toBe(id);
    }
    const { throttles } = cellOf(service) as unknown as { throttles: Map<unknown, unknown> };
    expect(throttles.size).toBe(10);
    checkCell(cellOf(service));
  });
});

describe('async context', () => {
  test('a kept promise pins no caller’s store', async () => {
    const world = virtualWorld();
    const service = cached(world, {}, async () => 'value');
    const storage = new AsyncLocalStorage<object>();
    const reference = await (async () => {
      const store = { big: new Array(1000) };
      // A debugger, and so a measurement of coverage, notes on an awaited promise who awaits it: hence `then`.
      await storage.run(store, async () => {
        for (let call = 0; call < 3; call += 1) await service.get('1').then(String);
      });
      return new WeakRef(store);
    })();
    expect(insideOf(cellOf(service).table as never).promises?.filter(Boolean)).toHaveLength(1);
    expect(await alive([reference])).toBe(0);
  });

  test('neither the coarse clock nor a shared timer nor a race pins a caller’s store or the last value', async () => {
    const runtime = createRuntime({ logger: false });
    class Service {
      @Cached()
      @Timeout({ attempt: '10s', total: '20s' })
      async get(_id: string): Promise<object> {
        return { big: new Array(1000) };
      }
    }
    const storage = new AsyncLocalStorage<object>();
    const service = withRuntime(new Service(), runtime);
    const references = await (async () => {
      const store = { big: new Array(1000) };
      return storage.run(store, async () => {
        await service.get('1').then(Object.keys);
        await service.get('1').then(Object.keys);
        return [new WeakRef(store), await service.get('2').then((value) => new WeakRef(value))];
      });
    })();
    await cacheOf(service, 'get').clear();
    expect(await alive(references)).toBe(0);
  });

  test('every caller goes on in his own context after a hit, a load and a joined load', async () => {
    const world = virtualWorld();
    const service = cached(world, {}, async () => {
      await Promise.resolve();
      return 'value';
    });
    const storage = new AsyncLocalStorage<string>();
    const seen = await Promise.all(
      ['leader', 'joiner'].map((name) =>
        storage.run(name, async () => {
          await service.get('1');
          return storage.getStore();
        }),
      ),
    );
    const hit = await storage.run('hit', async () => {
      await service.get('1');
      return storage.getStore();
    });
    expect([...seen, hit]).toEqual(['leader', 'joiner', 'hit']);
  });

  test('a refresh runs in the store of the caller who set it off', async () => {
    const world = virtualWorld();
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const service = cached(world, { ttl: 1, staleWhileRevalidate: '1h' }, async () => {
      await Promise.resolve();
      seen.push(storage.getStore());
      return 1;
    });
    await storage.run('first', () => service.get('1'));
    await world.clock.advance(1);
    await storage.run('second', () => service.get('1'));
    await world.clock.settle();
    expect(seen).toEqual(['first', 'second']);
  });
});

/** What nobody has handled fails the test by itself, once there was a turn for it to be noticed. */
describe('rejections', () => {
  test('none is left unhandled by a failed refresh, a load that everyone has left, or joiners who abort', async () => {
    const world = virtualWorld();
    let fails = false;
    const service = cached(world, { ttl: 10, staleWhileRevalidate: '1h' }, async () => {
      await world.clock.sleep(5);
      if (fails) throw coded('ECONNRESET');
      return 1;
    });
    await world.clock.until(service.get('1'));
    fails = true;
    await world.clock.advance(10);
    expect(await service.get('1')).toBe(1);
    const [a, b] = [new AbortController(), new AbortController()];
    const calls = [settledOf(service.get('2', a.signal)), settledOf(service.get('2', b.signal))];
    a.abort();
    b.abort();
    await Promise.all(calls);
    await world.clock.advance(100);
    await turn();
  });

  test('a direct cache leaves none either', async () => {
    const cache = new ResultCache();
    await expect(cache.getOrLoad('1', () => Promise.reject(coded('ECONNRESET')))).rejects.toThrow();
    await turn();
  });
});

describe('listeners', () => {
  test('one that changes the cache while it is told changes no answer', async () => {
    const world = virtualWorld();
    let fails = false;
    const service = cached(
      world,
      { ttl: 10, staleWhileRevalidate: 10, staleIfError: '1h', maxSize: 2 },
      (id: string) => {
        if (fails) throw coded('ECONNRESET');
        return `value of ${id}`;
      },
    );
    const handle = handleOf(service);
    const meddle = (): void => {
      void handle.invalidate('a');
      void handle.set(['x'], 'x');
      void handle.set(['y'], 'y');
    };
    for (const type of [
      'cache.hit',
      'cache.miss',
      'cache.servedStale',
      'cache.refreshFailed',
      'cache.stored',
      'cache.invalidated',
    ] as const) {
      let isInside = false;
      const off = world.runtime.events.on(type, () => {
        if (isInside) return;
        isInside = true;
        meddle();
        isInside = false;
      });
      fails = false;
      expect(await service.get('a')).toBe('value of a');
      await handle.set(['a'], 'value of a');
      expect(await service.get('a')).toBe('value of a');
      await handle.set(['a'], 'value of a');
      await world.clock.advance(10);
      fails = true;
      expect(await settledOf(service.get('a'))).toMatchObject(type === 'cache.stored' ? {} : { value: 'value of a' });
      await world.clock.advance(10);
      await settledOf(service.get('a'));
      await world.clock.settle();
      checkCell(cellOf(service));
      off();
      await handle.clear();
    }
  });

  test('one that writes while it is told of an eviction or a resizing finds a sound table', async () => {
    const world = virtualWorld();
    const service = cachedSync(world, { maxSize: 20, ttl: '1m' }, (id: number) => id);
    const handle = handleOf(service);
    for (const type of ['cache.evicted', 'cache.expired'] as const) {
      let next = 1000;
      world.runtime.events.on(type, () => {
        if (next < 1050) void handle.set([(next += 1)], 'set by the listener');
      });
    }
    for (let id = 0; id < 60; id += 1) {
      expect(service.get(id)).toBe(id);
      expect(service.get(id)).toBe(id);
      checkCell(cellOf(service));
    }
    world.runtime.configure({ defaults: { cache: { maxSize: 5 } } });
    for (let id = 0; id < 10; id += 1) expect(service.get(id)).toBe(id);
    world.clock.advanceSync(60_000);
    for (let id = 0; id < 30; id += 1) {
      expect(service.get(id)).toBe(id);
      checkCell(cellOf(service));
    }
  });
});

test('a program that only refreshes keeps no timer', async () => {
  const world = virtualWorld();
  class Service {
    @Cached({ ttl: 1, staleWhileRevalidate: '1h' })
    async get(): Promise<number> {
      return 1;
    }
  }
  const service = world.own(new Service());
  await service.get();
  await world.clock.advance(1);
  await service.get();
  expect(world.clock.pending).toBe(0);
  await cacheOf(service, 'get').clear();
});
