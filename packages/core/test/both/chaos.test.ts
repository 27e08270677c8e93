/** @Chaos as it is written, in every dialect. */
import {
  Chaos,
  ConfigurationError,
  InjectedFault,
  Resilient,
  composePolicies,
  createRuntime,
  explain,
  resilient,
} from '../../src/index.js';
import { thrownBy, withoutSource } from '../support/dialect.js';
import { errorOf, virtualWorld } from '../support/virtual-world.js';

const ON = { enabled: true, rate: 1 } as const;

test('a method fails without running, and only while chaos is on', async () => {
  const { own, runtime, events } = virtualWorld();
  class Api {
    runs = 0;
    @Chaos({ fault: 'ECONNREFUSED' })
    async load(): Promise<string> {
      this.runs += 1;
      return 'value';
    }
  }
  const api = own(new Api());
  expect(await api.load()).toBe('value');
  runtime.configure({ defaults: { chaos: ON } });
  const error = await errorOf(api.load());
  expect(error).toBeInstanceOf(InjectedFault);
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  expect(api.runs).toBe(1);
  expect(events.of('chaos.injected')).toMatchObject([{ method: 'Api.load', kind: 'fault' }]);
});

test('synchronous methods stay synchronous', () => {
  const { own } = virtualWorld({ random: () => 0 });
  class Api {
    @Chaos({ ...ON, fault: 503 })
    fails(): string {
      return 'value';
    }
    @Chaos({ ...ON, result: (id: number) => `other ${id}` })
    errs(id: number): string {
      return `value ${id}`;
    }
    @Chaos({ enabled: true, rate: 0, fault: 503 })
    works(): string {
      return 'value';
    }
  }
  const api = own(new Api());
  expect(thrownBy(() => api.fails())).toMatchObject({ status: 503 });
  expect(api.errs(7)).toBe('other 7');
  expect(api.works()).toBe('value');
});

test('this, the arguments and the answer of a method that is not disturbed are its own', async () => {
  const { own } = virtualWorld({ random: () => 0.99 });
  class Api {
    readonly base = 10;
    @Chaos({ enabled: true, rate: 0.5, fault: 503, latency: 5, result: { value: 0 } })
    async add(one: number, other: number): Promise<number> {
      return this.base + one + other;
    }
    @Chaos({ enabled: true, rate: 0.5, fault: 503 })
    static twice(value: number): number {
      return 2 * value;
    }
  }
  expect(await own(new Api()).add(1, 2)).toBe(13);
  expect(own(Api).twice(4)).toBe(8);
});

test('@Resilient, a class, functions and explain know it; it stands innermost', async () => {
  const { own } = virtualWorld();
  @Resilient({ chaos: { ...ON, fault: 503 }, timeout: '1s' })
  class Api {
    @Resilient({ chaos: { rate: 0.5 }, retry: { maxAttempts: 2 } })
    async load(): Promise<number> {
      return 1;
    }
    @Resilient({ chaos: false })
    async spared(): Promise<number> {
      return 1;
    }
  }
  const api = own(new Api());
  const [load, spared] = explain(api).methods;
  expect(load?.stack.map(({ policy }) => policy)).toEqual(['retry', 'timeout', 'chaos']);
  expect(load?.stack[2]).toMatchObject({ options: { rate: { fault: 0.5 }, fault: [503] }, state: 'on' });
  expect(spared?.stack.map(({ policy }) => policy)).toEqual(['timeout']);
  expect(await api.spared()).toBe(1);
  const fn = resilient(async (x: number) => x, { chaos: { ...ON, result: (x: number) => -x } });
  expect(await fn(3)).toBe(-3);
  const composed = composePolicies({ chaos: { ...ON, fault: 500 } })(async () => 1);
  expect(await errorOf(composed())).toMatchObject({ status: 500 });
});

test.each([
  [() => Chaos({ rate: 1.5 }), 'rate must be a number from 0 to 1, got 1.5'],
  [() => Chaos({ rate: { fault: 0.7, latency: 0.7 } }), 'rate must have shares that are at most 1 together, got 1.4'],
  [() => Chaos({ rate: { faults: 0.7 } as object }), "rate.faults is not an option; did you mean 'fault'?"],
  [() => Chaos({ enabled: 'yes' as unknown as true }), 'enabled must be true or false, or a function, got '],
  [() => Chaos({ fault: 42 }), 'fault must be an HTTP status from 100 to 599, got 42'],
  [() => Chaos({ fault: [] }), 'fault must not be empty, got an array'],
  [() => Chaos({ fault: [503, 1] }), 'fault[1] must be an HTTP status from 100 to 599, got 1'],
  [
    () => Chaos({ fault: true as unknown as string }),
    "fault must be an error code such as 'ECONNRESET', an HTTP status, or a function that makes the error, got true",
  ],
  [() => Chaos({ latency: -1 }), 'latency must be >= 0 ms, got -1'],
  [
    () => Chaos({ latency: { min: '2s', max: '1s' } }),
    'latency must have a min that is not above its max, got an object',
  ],
  [
    () => Chaos({ latency: { min: '2s' } as { min: '2s'; max: '3s' } }),
    'latency must have a min and a max, got an object',
  ],
  [
    () => Chaos({ latency: { min: 'soon' as '2s', max: '1s' } }),
    'latency.min must be a duration: milliseconds as a number',
  ],
  [
    () => Chaos({ result: { valeu: 5 } as unknown as { value: 5 } }),
    'result must be a function or { value }, got an object',
  ],
  [() => Chaos({ result: 5 as unknown as { value: 5 } }), 'result must be a function or { value }, got 5'],
  [() => Chaos({ seed: 0.5 }), 'seed must be a whole number, got 0.5'],
  [() => Chaos({ falut: 503 } as object), "falut is not an option; did you mean 'fault'?"],
])('wrong options are told when the class is defined (%#)', (line, problem) => {
  const error = thrownBy(() => {
    class Api {
      @(line() as any)
      async load(): Promise<void> {}
    }
    return Api;
  });
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(withoutSource(error.message)).toContain(`load: ${problem}`);
});

test('what only all options together show to be wrong is told at the first call', async () => {
  const { own } = virtualWorld();
  class Api {
    @Chaos({ rate: { result: 0.1 } })
    async load(): Promise<void> {}
    @Resilient({ chaos: { latency: '1s' }, async: false })
    wait(): number {
      return 1;
    }
  }
  const api = own(new Api());
  expect(await errorOf((async () => api.load())())).toMatchObject({
    message: '@Chaos on Api.load: rate.result is 0.1, but there is no result; add one',
  });
  expect(thrownBy(() => api.wait()).message).toBe(
    '@Chaos on Api.wait: latency needs a method that returns a Promise; make it async, or set latency: 0',
  );
});

test('shares that are 1 together on paper are no more than 1', () => {
  const rate = { fault: 0.33, latency: 0.56, result: 0.11 };
  expect(rate.fault + rate.latency + rate.result).toBeGreaterThan(1);
  expect(() => {
    class Api {
      @Chaos({ rate })
      async load(): Promise<void> {}
    }
    return Api;
  }).not.toThrow();
});

test('configure takes the switch, the rate and what happens, but no result', () => {
  expect(thrownBy(() => createRuntime({ defaults: { chaos: { result: { value: 1 } } as object } })).message).toContain(
    'defaults.chaos.result: belongs to one method; write it at that method',
  );
  expect(thrownBy(() => createRuntime({ defaults: { chaos: { rate: 2 } } })).message).toContain(
    'rate must be a number from 0 to 1, got 2',
  );
  const runtime = createRuntime({ logger: false });
  expect(thrownBy(() => runtime.configureFromEnv({ HOLDFAST_CHAOS_RATE: '10%' })).message).toBe(
    "HOLDFAST_CHAOS_RATE: must be a number from 0 to 1, got '10%'",
  );
});
