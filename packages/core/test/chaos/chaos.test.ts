import {
  Chaos,
  type ChaosOptions,
  InjectedFault,
  Timeout,
  createRuntime,
  explain,
  withRuntime,
} from '../../src/index.js';
import { errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const ON = { enabled: true, rate: 1 } as const;

/** A class of its own with this line above its method. */
const apiWith = (options: ChaosOptions<any[], any, any>) => {
  class Api {
    runs = 0;
    @Chaos(options)
    async load(id = 0): Promise<string> {
      this.runs += 1;
      return `value ${id}`;
    }
  }
  return new Api();
};

const stateOf = (target: object): unknown => explain(target).methods[0]?.stack.at(-1)?.state;

describe('off', () => {
  test.each<[string, ChaosOptions<any[], any, any>]>([
    ['without options', {}],
    ['without a rate', { enabled: true, fault: 503 }],
    ['without enabled', { rate: 1, fault: 503 }],
    ['with enabled: false', { enabled: false, rate: 1, fault: 503 }],
    ['with nothing to do', { enabled: true, rate: 1 }],
    ['with no latency at all', { enabled: true, rate: 1, latency: 0 }],
  ])('%s nothing ever happens', async (_what, options) => {
    const { own, events } = virtualWorld({ random: () => 0 });
    const api = own(apiWith(options));
    for (let call = 0; call < 100; call++) expect(await api.load(call)).toBe(`value ${call}`);
    expect([api.runs, events.count('chaos.injected'), stateOf(api)]).toEqual([100, 0, 'off']);
  });

  test('it draws no lot', async () => {
    const random = jest.fn(() => 0);
    const { own } = virtualWorld({ random });
    await own(apiWith({ fault: 503, rate: 1 })).load();
    expect(random).not.toHaveBeenCalled();
  });

  test.each([
    [
      'configure',
      (runtime: ReturnType<typeof createRuntime>) => runtime.configure({ defaults: { chaos: { enabled: false } } }),
    ],
    [
      'the environment',
      (runtime: ReturnType<typeof createRuntime>) => runtime.configureFromEnv({ HOLDFAST_CHAOS_ENABLED: 'no' }),
    ],
  ])('a false in %s keeps it off, whatever the method says', async (_where, switchOff) => {
    const runtime = createRuntime({ logger: false });
    const api = withRuntime(apiWith({ ...ON, fault: 503 }), runtime);
    expect(await errorOf(api.load())).toBeInstanceOf(InjectedFault);
    switchOff(runtime);
    expect([await api.load(), stateOf(api)]).toEqual(['value 0', 'off']);
  });

  test('a false in the environment is stronger than a true in configure', async () => {
    const runtime = createRuntime({ logger: false, defaults: { chaos: ON } });
    runtime.configureFromEnv({ HOLDFAST_CHAOS_ENABLED: 'false' });
    expect(await withRuntime(apiWith({ fault: 503 }), runtime).load()).toBe('value 0');
  });

  test('enabled: false for the whole framework means chaos, too', async () => {
    const runtime = createRuntime({ logger: false, enabled: false });
    expect(await withRuntime(apiWith({ ...ON, fault: 503 }), runtime).load()).toBe('value 0');
  });
});

describe('the switch', () => {
  test('configure and the environment switch on what a method leaves open, and off again', async () => {
    const runtime = createRuntime({ logger: false });
    const api = withRuntime(apiWith({ fault: 503 }), runtime);
    expect(await api.load()).toBe('value 0');
    runtime.configure({ defaults: { chaos: { enabled: true, rate: 1 } } });
    expect([await errorOf(api.load()), stateOf(api)]).toMatchObject([{ status: 503 }, 'on']);
    runtime.configure({ defaults: { chaos: { enabled: true, rate: 0 } } });
    expect(await api.load()).toBe('value 0');
    const other = createRuntime({ logger: false });
    other.configureFromEnv({ HOLDFAST_CHAOS_ENABLED: 'yes', HOLDFAST_CHAOS_RATE: '1' });
    expect(await errorOf(withRuntime(apiWith({ fault: 503 }), other).load())).toMatchObject({ status: 503 });
  });

  test('configure may say what happens to methods that only say that it may', async () => {
    const runtime = createRuntime({ logger: false, defaults: { chaos: { ...ON, fault: 'ECONNRESET' } } });
    expect(await errorOf(withRuntime(apiWith({}), runtime).load())).toMatchObject({ code: 'ECONNRESET' });
  });

  test('a function is asked at each call, with this and the arguments', async () => {
    const { own } = virtualWorld();
    class Api {
      victim = 2;
      @Chaos({
        rate: 1,
        fault: 503,
        enabled(this: Api, id: number) {
          return id === this.victim;
        },
      })
      async load(id: number): Promise<number> {
        return id;
      }
    }
    const api = own(new Api());
    expect([await api.load(1), await errorOf(api.load(2)), await api.load(3)]).toMatchObject([1, { status: 503 }, 3]);
    expect(stateOf(api)).toBe('asked');
  });

  test('a function that throws is reported and means no', async () => {
    const { own, events } = virtualWorld();
    const enabled = (): boolean => {
      throw new Error('switch');
    };
    expect(await own(apiWith({ rate: 1, fault: 503, enabled })).load()).toBe('value 0');
    expect(events.of('listener.failed')).toMatchObject([{ source: '@Chaos enabled' }]);
  });
});

describe('fault', () => {
  test.each<[string, NonNullable<ChaosOptions<any[], any, any>['fault']>, object]>([
    [
      'a code',
      'ECONNRESET',
      { name: 'InjectedFault', code: 'ECONNRESET', message: 'Api.load: a fault injected by @Chaos (ECONNRESET)' },
    ],
    ['a status', 503, { name: 'InjectedFault', status: 503, message: 'Api.load: a fault injected by @Chaos (503)' }],
    ['a function that returns it', (id: number) => withStatus(500 + id), { status: 507 }],
    [
      'a function that throws it',
      (id: number) => {
        throw withStatus(500 + id);
      },
      { status: 507 },
    ],
    [
      'a function that returns nothing',
      () => undefined,
      { name: 'InjectedFault', message: 'Api.load: a fault injected by @Chaos' },
    ],
  ])('may be %s', async (_what, fault, expected) => {
    const { own, events } = virtualWorld();
    const api = own(apiWith({ ...ON, fault }));
    const error = await errorOf(api.load(7));
    expect(error).toMatchObject(expected);
    expect(api.runs).toBe(0);
    const { status, code } = error as { status?: number; code?: string };
    const facts = { ...(status !== undefined && { status }), ...(code !== undefined && { code }) };
    expect(events.of('chaos.injected')).toMatchObject([{ method: 'Api.load', kind: 'fault', error: facts }]);
  });

  test('of several, each has its share', async () => {
    const { own } = virtualWorld();
    const api = own(apiWith({ ...ON, fault: ['ECONNRESET', 503, () => withStatus(429)] }));
    const seen = new Map<unknown, number>();
    for (let call = 0; call < 600; call++) {
      const { code, status } = (await errorOf(api.load())) as { code?: string; status?: number };
      seen.set(code ?? status, (seen.get(code ?? status) ?? 0) + 1);
    }
    expect(new Set(seen.keys())).toEqual(new Set([429, 503, 'ECONNRESET']));
    for (const count of seen.values()) expect(Math.abs(count - 200)).toBeLessThan(50);
  });
});

describe('latency', () => {
  test('lets the method begin later, by something between the bounds', async () => {
    const { own, clock, events } = virtualWorld();
    const api = own(apiWith({ ...ON, latency: { min: '100ms', max: '1s' } }));
    const call = api.load();
    await clock.advance(99);
    expect(api.runs).toBe(0);
    expect(await clock.until(call)).toBe('value 0');
    expect(clock.now()).toBeLessThanOrEqual(1000);
    const [{ kind, delay } = { kind: '', delay: 0 }] = events.of('chaos.injected');
    expect([kind, delay]).toEqual(['latency', clock.now()]);
    expect(clock.pending).toBe(0);
  });

  test('a caller who leaves ends the wait: the method does not run, and no timer is left', async () => {
    const { own, clock } = virtualWorld();
    const reason = new Error('gone');
    class Api {
      runs = 0;
      @Chaos({ ...ON, latency: '1m' })
      async load(_signal: AbortSignal): Promise<void> {
        this.runs += 1;
      }
    }
    const api = own(new Api());
    const controller = new AbortController();
    const call = errorOf(api.load(controller.signal));
    await clock.advance(10);
    controller.abort(reason);
    expect([await call, clock.pending]).toEqual([reason, 0]);
    await clock.advance(60_000);
    expect(api.runs).toBe(0);
  });

  test('a method that is not known to be asynchronous does not wait before its first answer', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Chaos({ ...ON, latency: '1s' })
      load(): any {
        return Promise.resolve('value');
      }
    }
    const api = own(new Api());
    const kindBefore = explain(api).methods[0]?.kind;
    const first = api.load() as Promise<string>;
    if (kindBefore === 'unknown') expect(await first).toBe('value');
    else await clock.until(first);
    const second = api.load() as Promise<string>;
    let isDone = false;
    void second.then(() => (isDone = true));
    await clock.advance(999);
    expect(isDone).toBe(false);
    expect(await clock.until(second)).toBe('value');
  });
});

describe('result', () => {
  test.each<[string, NonNullable<ChaosOptions<any[], any, any>['result']>, unknown]>([
    ['a value', { value: 'garbage' }, 'garbage'],
    ['undefined', { value: undefined }, undefined],
    ['what a function makes of the arguments', (id: number) => `garbage ${id}`, 'garbage 7'],
    ['what it promises', (id: number) => Promise.resolve(`later ${id}`), 'later 7'],
  ])('may be %s, and the method does not run', async (_what, result, expected) => {
    const { own, events } = virtualWorld();
    const api = own(apiWith({ ...ON, result }));
    expect([await api.load(7), api.runs]).toEqual([expected, 0]);
    expect(events.of('chaos.injected')).toMatchObject([{ kind: 'result' }]);
  });

  test('a function that throws fails the call', async () => {
    const { own } = virtualWorld();
    const result = (): never => {
      throw withStatus(500);
    };
    expect(await errorOf(own(apiWith({ ...ON, result })).load())).toMatchObject({ status: 500 });
  });
});

describe('rate', () => {
  const outcomes = async (options: ChaosOptions<any[], any, any>, seed = 1): Promise<Record<string, number>> => {
    const { own, clock, events } = virtualWorld();
    const api = own(apiWith({ enabled: true, seed, ...options }));
    const calls = Array.from({ length: 3000 }, () => settledOf(api.load()));
    await clock.until(Promise.all(calls));
    const kinds = events.of('chaos.injected').map(({ kind }) => kind);
    const count = (kind: string): number => kinds.filter((each) => each === kind).length / 3000;
    return { fault: count('fault'), latency: count('latency'), result: count('result') };
  };
  const ALL = { fault: 503, latency: 10, result: { value: 1 } } as const;

  test('is divided evenly between what there is to do', async () => {
    const { fault, latency, result } = await outcomes({ ...ALL, rate: 0.6 });
    for (const share of [fault, latency, result]) expect(Math.abs((share as number) - 0.2)).toBeLessThan(0.03);
    const two = await outcomes({ fault: 503, result: ALL.result, rate: 0.6 });
    expect(Math.abs((two['fault'] as number) - 0.3)).toBeLessThan(0.03);
    expect(two['latency']).toBe(0);
  });

  test('may be a share for each', async () => {
    const { fault, latency, result } = await outcomes({ ...ALL, rate: { fault: 0.5, latency: 0.1 } });
    expect(Math.abs((fault as number) - 0.5)).toBeLessThan(0.03);
    expect(Math.abs((latency as number) - 0.1)).toBeLessThan(0.03);
    expect(result).toBe(0);
  });
});

describe('seed', () => {
  const course = async (seed: number | undefined, random: () => number, method = 'load'): Promise<string[]> => {
    const { own } = virtualWorld({ random });
    const line = Chaos({ enabled: true, rate: 0.5, fault: [500, 502, 503], ...(seed !== undefined && { seed }) });
    class Api {
      @line
      async load(): Promise<number> {
        return 200;
      }
      @line
      async save(): Promise<number> {
        return 200;
      }
    }
    const api = own(new Api());
    const seen: string[] = [];
    for (let call = 0; call < 50; call++) {
      const settled = await settledOf(method === 'load' ? api.load() : api.save());
      seen.push('value' in settled ? 'fine' : String((settled.error as InjectedFault).status));
    }
    return seen;
  };

  test('the same seed disturbs the same calls in the same way, whatever the runtime draws', async () => {
    const once = await course(42, Math.random);
    expect(await course(42, () => 0.5)).toEqual(once);
    expect(new Set(once)).toEqual(new Set(['fine', '500', '502', '503']));
  });

  test('another seed, and another method of the same seed, are disturbed otherwise', async () => {
    const once = await course(42, Math.random);
    expect(await course(43, Math.random)).not.toEqual(once);
    expect(await course(42, Math.random, 'save')).not.toEqual(once);
  });

  test('without a seed the runtime draws the lots', async () => {
    expect(await course(undefined, () => 0.99)).toEqual(new Array(50).fill('fine'));
    expect(await course(undefined, () => 0)).toEqual(new Array(50).fill('500'));
  });

  test('configure does not begin the sequence anew', async () => {
    const calls = async (reconfigure: boolean): Promise<boolean[]> => {
      const { own, runtime } = virtualWorld();
      const api = own(apiWith({ enabled: true, rate: 0.5, fault: 503, seed: 5 }));
      const seen: boolean[] = [];
      for (let call = 0; call < 40; call++) {
        if (reconfigure && call === 20) runtime.configure({ defaults: { retry: { maxAttempts: 2 } } });
        seen.push('value' in (await settledOf(api.load())));
      }
      return seen;
    };
    expect(await calls(true)).toEqual(await calls(false));
  });
});

describe('in production', () => {
  const before = process.env['NODE_ENV'];
  const inEnvironment = (name: string): void => void (process.env['NODE_ENV'] = name);
  afterEach(() => inEnvironment(before ?? 'test'));

  const warned = async (options: ChaosOptions<any[], any, any>, calls = 3): Promise<string[]> => {
    const lines: string[] = [];
    const runtime = createRuntime({ logger: { warn: (line) => void lines.push(line) } });
    const api = withRuntime(apiWith(options), runtime);
    for (let call = 0; call < calls; call++) await settledOf(api.load(call));
    return lines.filter((line) => line.includes('CHAOS_IN_PRODUCTION'));
  };

  test('one warning in the log says that it is on', async () => {
    inEnvironment('production');
    const lines = await warned({ ...ON, rate: 0.25, fault: 503 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('Api.load');
    expect(lines[0]).toContain(
      'disturbs 25 % of the calls, with NODE_ENV=production; set HOLDFAST_CHAOS_ENABLED=false',
    );
  });

  test('a switch that says yes later is told later', async () => {
    inEnvironment('production');
    const enabled = (id: number): boolean => id === 2;
    expect(await warned({ rate: 1, fault: 503, enabled }, 2)).toEqual([]);
    expect(await warned({ rate: 1, fault: 503, enabled }, 3)).toHaveLength(1);
  });

  test('switched on after the first call, it is told, too', async () => {
    inEnvironment('production');
    const lines: string[] = [];
    const runtime = createRuntime({ logger: { warn: (line) => void lines.push(line) } });
    const api = withRuntime(apiWith({ fault: 503 }), runtime);
    await api.load();
    expect(lines).toEqual([]);
    runtime.configure({ defaults: { chaos: ON } });
    await errorOf(api.load());
    await errorOf(api.load());
    expect(lines.filter((line) => line.includes('CHAOS_IN_PRODUCTION'))).toHaveLength(1);
  });

  test('explain warns of it', () => {
    inEnvironment('production');
    const runtime = createRuntime({ logger: false });
    const warnings = (options: ChaosOptions<any[], any, any>): string[] =>
      explain(withRuntime(apiWith(options), runtime)).warnings.map(({ code }) => code);
    expect(warnings({ ...ON, fault: 503 })).toEqual(['CHAOS_IN_PRODUCTION']);
    expect(warnings({ rate: 1, fault: 503 })).toEqual([]);
  });

  test('elsewhere, or off, there is none', async () => {
    expect(await warned({ ...ON, fault: 503 })).toEqual([]);
    inEnvironment('production');
    expect(await warned({ rate: 1, fault: 503 })).toEqual([]);
  });
});

test('explain shows what would happen, and the switch', () => {
  const { own } = virtualWorld();
  const api = own(
    apiWith({ ...ON, fault: ['ECONNRESET', 503, () => new Error()], latency: '1s', result: { value: 1 }, seed: 3 }),
  );
  const [chaos] = explain(api).methods[0]?.stack ?? [];
  expect(chaos).toEqual({
    policy: 'chaos',
    options: {
      enabled: true,
      rate: { fault: 1 / 3, latency: 1 / 3, result: 1 / 3 },
      fault: ['ECONNRESET', 503, 'a function'],
      latency: { min: 1000, max: 1000 },
      result: 'given',
      seed: 3,
    },
    state: 'on',
  });
  expect(String(explain(own(apiWith({ rate: 0.5, fault: 503 }))))).toContain('chaos  [off]');
});

test('an event that nobody hears changes nothing, and one that is heard carries no arguments', async () => {
  const { own, events, runtime } = virtualWorld();
  const api = own(apiWith({ ...ON, result: (id: number) => `secret ${id}` }));
  await api.load(123);
  expect(JSON.stringify(events.of('chaos.injected'))).not.toMatch(/secret|123/);
  events.stop();
  expect(
    await own(apiWith({ ...ON, fault: 503 }))
      .load()
      .catch(() => 'failed'),
  ).toBe('failed');
  expect(runtime.health().status).toBe('healthy');
});

test('an attempt that times out during the wait ends it: the method never runs', async () => {
  const { own, clock } = virtualWorld();
  class Api {
    runs = 0;
    @Timeout(50)
    @Chaos({ ...ON, latency: '1s' })
    async load(): Promise<void> {
      this.runs += 1;
    }
  }
  const api = own(new Api());
  expect(await clock.until(errorOf(api.load()))).toMatchObject({ code: 'TIMED_OUT' });
  expect([clock.now(), clock.pending]).toEqual([50, 0]);
  await clock.advance(2000);
  expect(api.runs).toBe(0);
});
