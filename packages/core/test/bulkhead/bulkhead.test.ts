import { type Deferred, deferred } from '../../../testing/src/index.js';
import {
  Bulkhead,
  BulkheadFullError,
  Timeout,
  createRuntime,
  currentCall,
  definePolicy,
  explain,
  withRuntime,
} from '../../src/index.js';
import { errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

const stateOf = (target: object): Record<string, number> =>
  explain(target).methods[0]?.stack.find(({ policy }) => policy === 'bulkhead')?.state as Record<string, number>;

/** A method whose every run ends when the test says so. */
class Gates {
  readonly open: Deferred<string>[] = [];
  readonly begun: string[] = [];
  next(who = ''): Promise<string> {
    const gate = deferred<string>();
    this.open.push(gate);
    this.begun.push(who);
    return gate.promise;
  }
}

describe('the queue', () => {
  test('is served in order, one call for each that ends', async () => {
    const { own, clock, events } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 2, maxQueue: 2 })
      load(who: string): Promise<string> {
        return gates.next(who);
      }
    }
    const api = own(new Api());
    const calls = ['a', 'b', 'c', 'd'].map((who) => api.load(who));
    expect([gates.begun.join(''), stateOf(api)]).toEqual(['ab', expect.objectContaining({ inFlight: 2, queued: 2 })]);
    expect(await errorOf(api.load('e'))).toMatchObject({ code: 'BULKHEAD_FULL', queued: 2 });
    gates.open[1]?.resolve('b');
    await clock.settle();
    expect(gates.begun.join('')).toBe('abc');
    gates.open[0]?.reject(new Error('a'));
    await settledOf(calls[0] as Promise<string>);
    await clock.settle();
    expect(gates.begun.join('')).toBe('abcd');
    gates.open[2]?.resolve('c');
    gates.open[3]?.resolve('d');
    expect(await Promise.all(calls.slice(1))).toEqual(['b', 'c', 'd']);
    expect(stateOf(api)).toMatchObject({ inFlight: 0, queued: 0, abandoned: 0, rejected: 1 });
    expect(events.of('bulkhead.queued').map(({ queued }) => queued)).toEqual([1, 2]);
    expect(clock.refCount).toBe(0);
  });

  test.each([0, 1, 2, 3, 4, 5])(
    'a call that comes %i microtasks after a slot ended is behind who was queued',
    async (ticks) => {
      const { own, clock } = virtualWorld();
      const gates = new Gates();
      class Api {
        @Bulkhead({ maxConcurrent: 1, maxQueue: 2 })
        load(who: string): Promise<string> {
          return gates.next(who);
        }
      }
      const api = own(new Api());
      const calls = [api.load('first'), api.load('queued')];
      gates.open[0]?.resolve('done');
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      calls.push(api.load('newcomer'));
      await clock.settle();
      expect(gates.begun).toEqual(['first', 'queued']);
      gates.open[1]?.resolve('done');
      await clock.settle();
      gates.open[2]?.resolve('done');
      expect(await Promise.all(calls)).toEqual(['done', 'done', 'done']);
    },
  );

  test('who waits longer than queueTimeout is refused, and his place is free', async () => {
    const { own, clock, events } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 1, queueTimeout: 100 })
      load(): Promise<string> {
        return gates.next();
      }
    }
    const api = own(new Api());
    const first = api.load();
    const queued = errorOf(api.load());
    await clock.advance(99);
    expect(stateOf(api)).toMatchObject({ queued: 1 });
    await clock.advance(1);
    const error = await queued;
    expect(error).toBeInstanceOf(BulkheadFullError);
    expect(error).toMatchObject({
      message: 'Api.load: bulkhead had no slot for 100 ms; 1 of 1 calls are under way, 0 of 1 are queued',
      waited: 100,
    });
    expect(events.of('bulkhead.rejected')).toMatchObject([{ bulkhead: 'Api.load', waited: 100, inFlight: 1 }]);
    expect(stateOf(api)).toMatchObject({ inFlight: 1, queued: 0, rejected: 1 });
    gates.open[0]?.resolve('done');
    expect(await first).toBe('done');
    expect([gates.begun.length, clock.refCount]).toEqual([1, 0]);
  });

  test('who is served does not hear of the timeout any more', async () => {
    const { own, clock } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 1, queueTimeout: 100 })
      load(): Promise<string> {
        return gates.next();
      }
    }
    const api = own(new Api());
    void api.load();
    const queued = api.load();
    await clock.advance(50);
    gates.open[0]?.resolve('first');
    await clock.advance(500);
    gates.open[1]?.resolve('second');
    expect(await queued).toBe('second');
  });

  test('a caller who aborts leaves at once: the one behind moves up, and nothing of his runs', async () => {
    const { own, clock } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 2 })
      load(who: string, _signal?: AbortSignal): Promise<string> {
        return gates.next(who);
      }
    }
    const api = own(new Api());
    void api.load('first');
    const controller = new AbortController();
    const leaver = errorOf(api.load('leaver', controller.signal));
    const behind = api.load('behind');
    controller.abort('enough');
    expect(stateOf(api)).toMatchObject({ inFlight: 1, queued: 1 });
    const other = api.load('other');
    gates.open[0]?.resolve('x');
    await clock.settle();
    gates.open[1]?.resolve('y');
    await clock.settle();
    gates.open[2]?.resolve('z');
    expect([await leaver, await behind, await other]).toEqual(['enough', 'y', 'z']);
    expect(gates.begun).toEqual(['first', 'behind', 'other']);
    expect([stateOf(api)['inFlight'], clock.refCount]).toEqual([0, 0]);
  });

  test('who aborts after the slot was handed to him, before he runs, gives it back', async () => {
    const { own, clock } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 2, scope: 'instance' })
      load(who: string, _signal?: AbortSignal): Promise<string> {
        return gates.next(who);
      }
    }
    for (let ticks = 0; ticks < 8; ticks++) {
      const api = own(new Api());
      const controller = new AbortController();
      void api.load('first');
      const leaver = errorOf(api.load('leaver', controller.signal));
      const behind = api.load('behind');
      gates.open.pop()?.resolve('x');
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      const begun = gates.begun.filter((who) => who === 'leaver').length;
      controller.abort('gone');
      expect(await leaver).toBe('gone');
      await clock.settle();
      expect(gates.begun.filter((who) => who === 'leaver')).toHaveLength(begun);
      // Whether his work had begun or not: what has begun ends, and then it is the next one's turn.
      while (gates.open.length > 0) {
        gates.open.pop()?.resolve('done');
        await clock.settle();
      }
      expect(await behind).toBe('done');
    }
    expect(gates.begun.filter((who) => who === 'behind')).toHaveLength(8);
  });
});

describe('a slot', () => {
  test('is held until the work ends, whoever still waits for it', async () => {
    const { own, clock } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1 })
      @Timeout(100)
      load(): Promise<string> {
        return gates.next();
      }
    }
    const api = own(new Api());
    expect(await clock.until(errorOf(api.load()))).toMatchObject({ code: 'TIMED_OUT' });
    expect(stateOf(api)).toMatchObject({ inFlight: 1, abandoned: 1 });
    expect(await errorOf(api.load())).toBeInstanceOf(BulkheadFullError);
    gates.open[0]?.reject(new Error('late'));
    await clock.settle();
    expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
  });

  test('of an aborted call is held until its work ends', async () => {
    const { own, clock } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 1 })
      load(_signal?: AbortSignal): Promise<string> {
        return gates.next();
      }
    }
    const api = own(new Api());
    const controller = new AbortController();
    const call = errorOf(api.load(controller.signal));
    controller.abort('left');
    expect(await call).toBe('left');
    const queued = api.load();
    await clock.settle();
    expect([gates.begun.length, stateOf(api)]).toEqual([1, expect.objectContaining({ abandoned: 1, queued: 1 })]);
    gates.open[0]?.resolve('late');
    await clock.settle();
    gates.open[1]?.resolve('mine');
    expect(await queued).toBe('mine');
  });

  test.each(['aborts', 'times-out'])(
    'is held through a policy that runs the method itself, when its caller %s',
    async (how) => {
      const around = definePolicy({
        name: `around-what-${how}`,
        async: true,
        after: 'bulkhead',
        bind: () => (_call, next) => next(),
      });
      const { own, clock } = virtualWorld();
      const gates = new Gates();
      class Api {
        @Bulkhead({ maxConcurrent: 1 })
        @around()
        @Timeout({ total: 100 })
        load(_signal?: AbortSignal): Promise<string> {
          return gates.next();
        }
      }
      const api = own(new Api());
      const controller = new AbortController();
      const call = settledOf(api.load(controller.signal));
      if (how === 'aborts') controller.abort('left');
      expect('error' in (await clock.until(call))).toBe(true);
      await clock.settle();
      expect(stateOf(api)).toMatchObject({ inFlight: 1, abandoned: 1 });
      gates.open[0]?.resolve('late');
      await clock.settle();
      expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
    },
  );

  test('comes back when the method throws at once', async () => {
    const { own } = virtualWorld();
    class Api {
      @Bulkhead({ maxConcurrent: 1 })
      load(): Promise<string> {
        throw new Error('at once');
      }
    }
    const api = own(new Api());
    for (let call = 0; call < 3; call++) expect(await errorOf(api.load())).toMatchObject({ message: 'at once' });
    expect(stateOf(api)).toMatchObject({ inFlight: 0 });
  });

  test('of abandoned work is let go after maxHold, which is told', async () => {
    const { own, clock, events } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1, maxQueue: 1, maxHold: 1000 })
      @Timeout(100)
      load(): Promise<string> {
        return gates.next();
      }
    }
    const api = own(new Api());
    await clock.until(errorOf(api.load()));
    const refCount = clock.refCount;
    const queued = settledOf(api.load());
    await clock.advance(999);
    expect(gates.begun).toHaveLength(1);
    await clock.advance(1);
    expect(events.of('bulkhead.letGo')).toMatchObject([{ method: 'Api.load', maxHold: 1000, inFlight: 1, queued: 0 }]);
    expect([gates.begun.length, refCount]).toEqual([2, 0]);
    gates.open[1]?.resolve('mine');
    expect(await queued).toEqual({ value: 'mine' });
    gates.open[0]?.resolve('late');
    await clock.settle();
    expect(stateOf(api)).toMatchObject({ inFlight: 0, abandoned: 0 });
  });

  test('whose work ends within maxHold leaves no timer behind', async () => {
    const { own, clock, events } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1, maxHold: '1h' })
      @Timeout(100)
      load(): Promise<string> {
        return gates.next();
      }
    }
    const api = own(new Api());
    await clock.until(errorOf(api.load()));
    gates.open[0]?.resolve('late');
    await clock.settle();
    await clock.advance(3_600_000);
    expect([stateOf(api)['inFlight'], events.count('bulkhead.letGo')]).toEqual([0, 0]);
  });
});

test('real concurrency never passes the limit, whatever times out, fails or is aborted', async () => {
  const { own, clock } = virtualWorld();
  let running = 0;
  let most = 0;
  class Api {
    @Bulkhead({ maxConcurrent: 3, maxQueue: 100, queueTimeout: '1m' })
    @Timeout(30)
    async load(latency: number, _signal?: AbortSignal): Promise<number> {
      running += 1;
      most = Math.max(most, running);
      await clock.sleep(latency);
      running -= 1;
      if (latency % 5 === 0) throw new Error('fails');
      return latency;
    }
  }
  const api = own(new Api());
  const calls = Array.from({ length: 60 }, (_, index) => {
    const controller = new AbortController();
    if (index % 7 === 0) void clock.sleep(index).then(() => controller.abort('left'));
    return settledOf(api.load((index * 13) % 70, controller.signal));
  });
  await clock.until(Promise.all(calls));
  await clock.advance(100);
  expect([most, running, stateOf(api)['inFlight']]).toEqual([3, 0, 0]);
});

test('in shadow mode nobody waits and nobody is refused; what would have been is told', async () => {
  const { own, events, clock } = virtualWorld();
  const gates = new Gates();
  class Api {
    @Bulkhead({ maxConcurrent: 1, maxQueue: 1, shadow: true })
    load(): Promise<string> {
      return gates.next();
    }
  }
  const api = own(new Api());
  const calls = [api.load(), api.load(), settledOf(api.load())];
  expect(gates.begun).toHaveLength(3);
  expect(stateOf(api)).toMatchObject({ inFlight: 2, rejected: 1 });
  expect(events.of('shadow.rejected')).toMatchObject([
    { policy: 'bulkhead', bulkhead: 'Api.load', inFlight: 2, maxConcurrent: 1, queued: 0, maxQueue: 1, waited: 0 },
  ]);
  expect([events.count('bulkhead.rejected'), events.count('bulkhead.queued')]).toEqual([0, 0]);
  gates.open[2]?.reject(new Error('no slot'));
  await clock.settle();
  expect(stateOf(api)).toMatchObject({ inFlight: 2 });
  for (const gate of gates.open) gate.resolve('done');
  await Promise.all(calls);
  expect(stateOf(api)).toMatchObject({ inFlight: 0 });
});

describe('where it is kept', () => {
  test('a name shares one bulkhead; unequal options are an error', async () => {
    const { own, runtime } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ name: 'db', maxConcurrent: 1 })
      read(): Promise<string> {
        return gates.next();
      }
      @Bulkhead({ name: 'db', maxConcurrent: 1 })
      write(): Promise<string> {
        return gates.next();
      }
      @Bulkhead({ name: 'db', maxConcurrent: 2 })
      other(): Promise<string> {
        return gates.next();
      }
    }
    const api = own(new Api());
    void api.read();
    const refused = await errorOf(api.write());
    expect(refused).toMatchObject({
      bulkhead: 'db',
      message: "Api.write: bulkhead 'db' is full; 1 of 1 calls are under way",
    });
    expect(runtime.health().bulkheads).toEqual({
      db: { inFlight: 1, maxConcurrent: 1, queued: 0, maxQueue: 0, abandoned: 0, rejected: 1 },
    });
    expect(await errorOf((async () => api.other())())).toMatchObject({ code: 'CONFIGURATION' });
  });

  test("a class has one; scope 'instance' gives each instance its own, under a name of its own", async () => {
    const { own, runtime } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1 })
      shared(): Promise<string> {
        return gates.next();
      }
      @Bulkhead({ maxConcurrent: 1, scope: 'instance' })
      alone(): Promise<string> {
        return gates.next();
      }
    }
    const [one, other] = [own(new Api()), own(new Api())];
    void one.shared();
    expect(await errorOf(other.shared())).toBeInstanceOf(BulkheadFullError);
    void one.alone();
    void other.alone();
    expect(gates.begun).toHaveLength(3);
    expect(Object.keys(runtime.health().bulkheads)).toEqual(['Api.shared', 'Api.alone', 'Api.alone@2']);
  });

  test('a key has one each; its name shows a hash, never the key', async () => {
    const { own, runtime } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1, key: (tenant: string) => tenant })
      load(tenant: string): Promise<string> {
        return gates.next(tenant);
      }
    }
    const api = own(new Api());
    const calls = [api.load('secret-tenant'), api.load('other')];
    const error = await errorOf(api.load('secret-tenant'));
    expect((error as Error).message).toMatch(/^Api\.load: bulkhead 'Api\.load\[[\da-f]{14}\]' is full;/);
    expect(JSON.stringify(runtime.health())).not.toContain('secret-tenant');
    expect(Object.keys(runtime.health().bulkheads)).toHaveLength(2);
    for (const gate of gates.open) gate.resolve('done');
    expect(await Promise.all(calls)).toEqual(['done', 'done']);
    void api.load('secret-tenant');
    expect(gates.begun).toHaveLength(3);
  });

  test('keys are bounded: idle ones go first, and busy ones are never forgotten', async () => {
    const { own, runtime } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({ maxConcurrent: 1, key: (tenant: number) => tenant })
      load(_tenant: number, isQuick: boolean): Promise<string> {
        return isQuick ? Promise.resolve('quick') : gates.next();
      }
    }
    const api = own(new Api());
    for (let tenant = 0; tenant < 10; tenant++) void api.load(tenant, false);
    for (let tenant = 10; tenant < 5000; tenant++) await api.load(tenant, true);
    expect(Object.keys(runtime.health().bulkheads)).toHaveLength(1000);
    for (let tenant = 0; tenant < 10; tenant++)
      expect(await errorOf(api.load(tenant, true))).toBeInstanceOf(BulkheadFullError);
    for (let tenant = 5000; tenant < 6500; tenant++) void api.load(tenant, false);
    expect(Object.keys(runtime.health().bulkheads)).toHaveLength(1510);
  });

  test('a key function that throws is reported, and such calls share one bulkhead', async () => {
    const { own, events } = virtualWorld();
    const gates = new Gates();
    class Api {
      @Bulkhead({
        maxConcurrent: 1,
        key: () => {
          throw new Error('mine');
        },
      })
      load(): Promise<string> {
        return gates.next();
      }
    }
    const api = own(new Api());
    void api.load();
    expect(await errorOf(api.load())).toBeInstanceOf(BulkheadFullError);
    expect(events.of('listener.failed')).toMatchObject([{ source: '@Bulkhead key' }, { source: '@Bulkhead key' }]);
  });
});

describe('configure', () => {
  const runtime = createRuntime({ logger: false });

  test.each(['one for all', 'one per key', 'one per instance'])(
    'reaches %s at the next call; the queue is kept',
    async (kept) => {
      const gates = new Gates();
      const options = {
        'one for all': {},
        'one per key': { key: () => 'k' },
        'one per instance': { scope: 'instance' },
      }[kept] as object;
      class Api {
        @Bulkhead(options)
        load(who: string): Promise<string> {
          return gates.next(who);
        }
      }
      runtime.configure({ defaults: { bulkhead: { maxConcurrent: 1, maxQueue: 2 } } });
      const api = withRuntime(new Api(), runtime);
      const calls = ['a', 'b', 'c'].map((who) => api.load(who));
      runtime.configure({ defaults: { bulkhead: { maxConcurrent: 3, maxQueue: 0 } } });
      const refused = await errorOf(api.load('d'));
      expect(refused).toMatchObject({ inFlight: 3, maxConcurrent: 3, maxQueue: 0 });
      expect(gates.begun.join('')).toBe('abc');
      for (const gate of gates.open) gate.resolve('done');
      expect(await Promise.all(calls)).toEqual(['done', 'done', 'done']);
    },
  );

  test('new keys take the new bounds', async () => {
    const gates = new Gates();
    class Api {
      @Bulkhead({ key: (tenant: string) => tenant })
      load(tenant: string): Promise<string> {
        return gates.next(tenant);
      }
    }
    runtime.configure({ defaults: { bulkhead: { maxConcurrent: 1, maxQueue: 0 } } });
    const api = withRuntime(new Api(), runtime);
    void api.load('a');
    runtime.configure({ defaults: { bulkhead: { maxConcurrent: 2, maxQueue: 0 } } });
    for (const tenant of ['b', 'b']) void api.load(tenant);
    expect(await errorOf(api.load('b'))).toMatchObject({ inFlight: 2, maxConcurrent: 2 });
  });
});

test('queued work sees what is its own: the signal, the attempt, the instance', async () => {
  const { own, clock } = virtualWorld();
  const seen: unknown[] = [];
  class Api {
    readonly tag = 'mine';
    @Bulkhead({ maxConcurrent: 1, maxQueue: 1 })
    async load(latency: number): Promise<string> {
      const { attempt, signal } = currentCall();
      seen.push([attempt, signal.aborted, this.tag]);
      await clock.sleep(latency);
      return this.tag;
    }
  }
  const api = own(new Api());
  await clock.until(Promise.all([api.load(10), api.load(10)]));
  expect(seen).toEqual([
    [1, false, 'mine'],
    [1, false, 'mine'],
  ]);
});
