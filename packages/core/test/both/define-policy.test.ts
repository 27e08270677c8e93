import {
  type PolicyCall,
  Resilient,
  Retry,
  RejectedError,
  again,
  answer,
  composePolicies,
  definePolicy,
  explain,
  resilient,
} from '../../src/index.js';
import { stacked, thrownBy, withoutSource } from '../support/dialect.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

const log: string[] = [];
beforeEach(() => {
  log.length = 0;
});

interface Tracing {
  readonly tag?: string;
  readonly depth?: number;
}

const Traced = definePolicy<Tracing | undefined, Required<Tracing>>({
  name: 'traced',
  options: (given) => {
    if (given?.tag === '') throw new Error("tag must not be empty, got ''");
    return { tag: given?.tag ?? 'default', depth: given?.depth ?? 1 };
  },
  bind: ({ tag, depth }, { method }) => ({
    enter: ({ args }) => void log.push(`enter ${tag}${depth} ${method} ${args.join()}`),
    leave: (_call, value) => {
      log.push(`leave ${tag}`);
      return value;
    },
    error: (_call, error) => void log.push(`error ${tag} ${(error as Error).message}`),
  }),
});

const Outermost = definePolicy<undefined>({
  name: 'outermost',
  before: 'fallback',
  bind: () => ({ enter: () => void log.push('outermost') }),
});

const BeforeRetry = definePolicy<undefined>({
  name: 'before-retry',
  before: 'retry',
  bind: () => ({ enter: () => void log.push('before retry') }),
});

const AlsoBeforeRetry = definePolicy<undefined>({
  name: 'also-before-retry',
  before: 'retry',
  bind: () => ({ enter: () => void log.push('also before retry') }),
});

const Around = definePolicy<{ readonly times: number }>({
  name: 'around',
  after: 'cached',
  bind:
    ({ times }) =>
    async (call, next) => {
      log.push(`around ${call.method} ${String(call.args[0])}`);
      let last: unknown;
      for (let time = 0; time < times; time += 1) last = await next();
      return last;
    },
});

const Stubborn = definePolicy<{ readonly tries: number; readonly delay: number }>({
  name: 'stubborn',
  before: 'retry',
  bind: ({ tries, delay }) => ({
    error: (call: PolicyCall) => {
      const seen = ((call.state as number | undefined) ?? 0) + 1;
      call.state = seen;
      return seen < tries ? again(delay) : answer(`gave up after ${seen}`);
    },
  }),
});

const Counting = definePolicy<undefined>({
  name: 'counting',
  bind: (_options, { state }) => {
    const counter = state('counter', () => ({ calls: 0 }));
    return {
      enter: () => {
        counter.calls += 1;
        if (counter.calls > 2) throw new RejectedError('enough', { code: 'ENOUGH', method: 'x', policy: 'counting' });
      },
    };
  },
});

const Outside = definePolicy<undefined>({
  name: 'outside',
  before: 'retry',
  bind: () => ({
    leave: (_call, value) => {
      log.push(`outside ${String(value)}`);
      return value;
    },
  }),
});

const LateLeave = definePolicy<(value: unknown) => unknown>({
  name: 'late-leave',
  bind: (check) => ({ leave: async (_call, value) => check(value) }),
});

describe('a hook on the way out that answers later', () => {
  const refuseTwice = () => {
    let times = 0;
    return (value: unknown): unknown => {
      times += 1;
      if (times < 3) throw coded('ECONNRESET');
      return `${String(value)} at ${times}`;
    };
  };

  test('and rejects fails the attempt: it is retried', async () => {
    class Orders {
      @Retry({ maxAttempts: 3, delay: 0 })
      @LateLeave(refuseTwice())
      async find(): Promise<string> {
        return 'found';
      }
    }
    await expect(virtualWorld().own(new Orders()).find()).resolves.toBe('found at 3');
  });

  test('and rejects is answered by the fallback', async () => {
    class Orders {
      @Resilient({ fallback: { value: 'none' } })
      @LateLeave(() => {
        throw new Error('late');
      })
      async find(): Promise<string> {
        return 'found';
      }
    }
    await expect(virtualWorld().own(new Orders()).find()).resolves.toBe('none');
  });

  test('hands its value to those outside of it, and may ask for another run', async () => {
    let runs = 0;
    class Orders {
      @stacked(Outside(), LateLeave((value) => (value === 1 ? again(0) : `late ${String(value)}`)))
      async find(): Promise<number> {
        return (runs += 1);
      }
    }
    const found: unknown = await virtualWorld().own(new Orders()).find();
    expect([found, log]).toEqual(['late 2', ['outside late 2']]);
  });

  test('need not be sat out by a caller who aborts', async () => {
    class Orders {
      @LateLeave(() => new Promise(() => undefined))
      async find(_signal: AbortSignal): Promise<string> {
        return 'found';
      }
    }
    const controller = new AbortController();
    const call = settledOf(virtualWorld().own(new Orders()).find(controller.signal));
    await new Promise<void>((resolve) => void setImmediate(resolve));
    controller.abort(new Error('enough'));
    expect(await call).toMatchObject({ error: { message: 'enough' } });
  });
});

describe('a policy of the user', () => {
  test('is a decorator with hooks on the way in and out', async () => {
    class Orders {
      @Traced({ tag: 'a' })
      async find(id: string): Promise<string> {
        log.push('method');
        return id;
      }
      @Traced({ tag: 'b' })
      async fail(): Promise<void> {
        throw new Error('down');
      }
    }
    const orders = virtualWorld().own(new Orders());
    await expect(orders.find('7')).resolves.toBe('7');
    await expect(orders.fail()).rejects.toThrow('down');
    expect(log).toEqual(['enter a1 Orders.find 7', 'method', 'leave a', 'enter b1 Orders.fail ', 'error b down']);
  });

  test('stands inside of the retry by default, so that every attempt passes', async () => {
    class Orders {
      @Traced()
      @Retry({ maxAttempts: 3, delay: 0 })
      async find(): Promise<void> {
        throw coded('ECONNRESET');
      }
    }
    const world = virtualWorld();
    const orders = world.own(new Orders());
    await world.clock.until(settledOf(orders.find()));
    expect(log.filter((line) => line.startsWith('enter'))).toHaveLength(3);
  });

  test('stands where before and after say, whatever the order of the lines', () => {
    const everything = () => [Traced(), Outermost(), BeforeRetry(), AlsoBeforeRetry(), Around({ times: 1 })];
    const stack = (...lines: unknown[]): string[] | undefined => {
      class Orders {
        @stacked(...lines, Resilient({ cache: true, retry: true, fallback: { value: 1 }, circuitBreaker: true }))
        async find(): Promise<number> {
          return 1;
        }
      }
      return explain(virtualWorld().own(new Orders())).methods[0]?.stack.map(({ policy }) => policy);
    };
    const expected = [
      'outermost',
      'fallback',
      'cached',
      'around',
      'before-retry',
      'also-before-retry',
      'retry',
      'traced',
      'circuit-breaker',
    ];
    expect(stack(...everything())).toEqual(expected);
    expect(stack(...everything().reverse())).toEqual(expected);
  });

  test('that is a function runs around the call, as often as it calls next', async () => {
    class Orders {
      calls = 0;

      @Around({ times: 3 })
      async find(id: string): Promise<string> {
        this.calls += 1;
        return `${id}${this.calls}`;
      }
    }
    const orders = virtualWorld().own(new Orders());
    await expect(orders.find('x')).resolves.toBe('x3');
    expect(log).toEqual(['around Orders.find x']);
  });

  test('that is a function refuses a synchronous method', () => {
    class Orders {
      @stacked(Around({ times: 1 }), Resilient({ async: false }))
      find(): string {
        return 'x';
      }
    }
    const orders = virtualWorld().own(new Orders());
    expect(thrownBy(() => orders.find()).message).toBe(
      '@Around on Orders.find: needs a method that returns a Promise; make it async, or remove the policy',
    );
  });

  test('may return what it likes where types do not hold it back: only promises are waited for', async () => {
    const Loose = definePolicy({
      name: 'loose',
      bind: () => ({ enter: (() => log.push('enter')) as never, error: (() => log.push('error')) as never }),
    });
    class Api {
      @stacked(Loose())
      async load(error?: Error): Promise<string> {
        if (error !== undefined) throw error;
        return 'value';
      }
    }
    const api = virtualWorld().own(new Api());
    expect(await api.load()).toBe('value');
    expect(await settledOf(api.load(coded('ECONNRESET')))).toMatchObject({ error: { code: 'ECONNRESET' } });
    expect(log).toEqual(['enter', 'enter', 'error']);
  });

  test('waits on its way in and for what it makes of an error, for promises of any kind', async () => {
    const Waiting = definePolicy({
      name: 'thenable-waiting',
      bind: () => ({
        error: (async () => answer('answered')) as never,
        enter: (() => ({ then: (resolve: (value: unknown) => void) => resolve(log.push('waited')) })) as never,
      }),
    });
    class Api {
      @stacked(Waiting())
      async load(error?: Error): Promise<string> {
        if (error !== undefined) throw error;
        return `value after ${log.join()}`;
      }
    }
    const api = virtualWorld().own(new Api());
    expect([await api.load(), await api.load(coded('ECONNRESET'))]).toEqual(['value after waited', 'answered']);
  });

  test('can have the inside run again after a delay, and answer in its place', async () => {
    class Orders {
      calls = 0;

      @Stubborn({ tries: 3, delay: 500 })
      async find(): Promise<string> {
        this.calls += 1;
        throw coded('ECONNRESET');
      }
    }
    const world = virtualWorld();
    const orders = world.own(new Orders());
    await expect(world.clock.until(orders.find())).resolves.toBe('gave up after 3');
    expect([orders.calls, world.clock.now()]).toEqual([3, 1000]);
  });

  test('keeps its state when configure binds the method again', async () => {
    class Orders {
      @Counting()
      async find(): Promise<string> {
        return 'x';
      }
    }
    const world = virtualWorld();
    const orders = world.own(new Orders());
    await orders.find();
    world.runtime.configure({ captureStacks: true });
    await orders.find();
    await expect(orders.find()).rejects.toThrow('enough');
  });

  test('works on synchronous methods with hooks', () => {
    class Orders {
      @Traced()
      find(id: string): string {
        return id;
      }
    }
    expect(virtualWorld().own(new Orders()).find('1')).toBe('1');
    expect(log).toEqual(['enter default1 Orders.find 1', 'leave default']);
  });

  test('works in @Resilient, in a named policy, in defaults and in resilient(fn)', async () => {
    class Orders {
      @Resilient({ traced: { tag: 'direct' } } as never)
      async direct(): Promise<void> {}
      @Resilient('named')
      async named(): Promise<void> {}
      @Traced()
      async defaults(): Promise<void> {}
      @Resilient({ traced: true } as never)
      async plain(): Promise<void> {}
    }
    const world = virtualWorld({
      policies: { named: { traced: { tag: 'named' } } as never },
      defaults: { traced: { depth: 2 } } as never,
    });
    const orders = world.own(new Orders());
    await orders.direct();
    await orders.named();
    await orders.defaults();
    await orders.plain();
    const fn = resilient(async () => undefined, { traced: { tag: 'fn' }, name: 'load' } as never);
    await world.runtime.run(() => fn());
    expect(log.filter((line) => line.startsWith('enter'))).toEqual([
      'enter direct2 Orders.direct ',
      'enter named2 Orders.named ',
      'enter default2 Orders.defaults ',
      'enter default2 Orders.plain ',
      'enter fn2 load ',
    ]);
  });

  test('merges plain options one by one over weaker layers', () => {
    @Resilient({ traced: { tag: 'class', depth: 7 } } as never)
    class Orders {
      @Traced({ tag: 'method' })
      async find(): Promise<void> {}
    }
    expect(explain(virtualWorld().own(new Orders())).methods[0]?.stack).toEqual([
      { policy: 'traced', options: { tag: 'method', depth: 7 } },
    ]);
  });

  test('is taken away by false', () => {
    @Resilient({ traced: true } as never)
    class Orders {
      @Resilient({ traced: false, retry: true } as never)
      async find(): Promise<void> {}
    }
    expect(explain(virtualWorld().own(new Orders())).methods[0]?.stack.map(({ policy }) => policy)).toEqual(['retry']);
  });

  test('takes options that are no objects as a whole', async () => {
    const Shouted = definePolicy<string>({
      name: 'shouted',
      bind: (mark) => ({ leave: (_call, value) => `${String(value)}${mark}` }),
    });
    @Resilient({ shouted: '?' } as never)
    class Orders {
      @Shouted('!')
      async find(): Promise<string> {
        return 'x';
      }
      async other(): Promise<string> {
        return 'y';
      }
    }
    const orders = virtualWorld().own(new Orders());
    expect([await orders.find(), await orders.other()]).toEqual(['x!', 'y?']);
  });

  test('refuses wrong options at definition, naming the method', () => {
    const error = thrownBy(() => {
      class Orders {
        @Traced({ tag: '' })
        async find(): Promise<void> {}
      }
      return Orders;
    });
    expect(withoutSource(error.message)).toMatch(/^@Traced on (Orders\.)?find: tag must not be empty, got ''$/);
    expect(error.name).toBe('ConfigurationError');
  });

  test('written twice directly is a ConfigurationError', () => {
    expect(() => {
      class Orders {
        @Traced()
        @Traced()
        async find(): Promise<void> {}
      }
      return Orders;
    }).toThrow(/is written twice/);
  });

  test('may be named in order', () => {
    class Orders {
      @Resilient({ traced: true, retry: true, order: ['traced', 'retry'] } as never)
      async find(): Promise<void> {}
    }
    expect(explain(virtualWorld().own(new Orders())).methods[0]?.stack.map(({ policy }) => policy)).toEqual([
      'traced',
      'retry',
    ]);
  });

  test('sees the attempt, the signal and the remaining time of the call', async () => {
    const seen: unknown[] = [];
    const Watching = definePolicy<undefined>({
      name: 'watching',
      bind: () => ({
        enter: (call) =>
          void seen.push([call.attempt, call.remaining, call.signal.aborted, call.cache, call.self === orders]),
      }),
    });
    class Orders {
      @Watching()
      @Resilient({ retry: { maxAttempts: 2, delay: 100, jitter: 'none' }, timeout: { total: '1s' } })
      async find(): Promise<void> {
        throw coded('ECONNRESET');
      }
    }
    const world = virtualWorld();
    const orders = world.own(new Orders());
    await world.clock.until(settledOf(orders.find()));
    expect(seen).toEqual([
      [1, 1000, false, undefined, true],
      [2, 900, false, undefined, true],
    ]);
  });
});

describe('definePolicy refuses', () => {
  const bind = () => ({});
  test.each([
    ['a name of another policy', { name: 'traced', bind }, "definePolicy: the name 'traced' is taken; choose another"],
    ['a name of ours', { name: 'retry', bind }, "definePolicy: the name 'retry' is taken; choose another"],
    [
      'a name of ours, spelt by its option',
      { name: 'cache', bind },
      "definePolicy: the name 'cache' is taken; choose another",
    ],
    [
      'a name of ours, as explain() prints it',
      { name: 'cached', bind },
      "definePolicy: the name 'cached' is taken; choose another",
    ],
    [
      'half of a policy of ours',
      { name: 'total-timeout', bind },
      "definePolicy: the name 'total-timeout' is taken; choose another",
    ],
    ['a name of an option', { name: 'order', bind }, "definePolicy: the name 'order' is taken; choose another"],
    ['a name in camelCase', { name: 'loadShed', bind }, "definePolicy: name must be in kebab-case, got 'loadShed'"],
    ['a name that ends in a dash', { name: 'load-', bind }, "definePolicy: name must be in kebab-case, got 'load-'"],
    ['no name', { bind }, 'definePolicy: name is missing'],
    ['no bind', { name: 'boundless' }, 'definePolicy: bind is missing'],
    [
      'a bind that is no function',
      { name: 'boundless', bind: {} },
      'definePolicy: bind must be a function, got an object',
    ],
    [
      'before nothing',
      { name: 'placed', bind, before: 'rtry' },
      /^definePolicy: before must be one of .*'retry'.* \(did you mean 'retry'\?\), got 'rtry'$/,
    ],
    [
      'before and after',
      { name: 'placed', bind, before: 'retry', after: 'cached' },
      'definePolicy: before and after are both given; keep one',
    ],
    [
      'a typo',
      { name: 'placed', bind, option: () => 1 },
      "definePolicy: option is not an option; did you mean 'options'?",
    ],
  ])('%s', (_what, input, message) => {
    const error = thrownBy(() => definePolicy(input as never));
    expect(error.name).toBe('ConfigurationError');
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });
});

describe('composePolicies', () => {
  test('gives several functions the same policies, each its own state', async () => {
    const guarded = composePolicies({ circuitBreaker: { failureThreshold: 1 }, timeout: '1s' });
    const failing = guarded(async () => {
      throw coded('ECONNRESET');
    });
    const working = guarded(async (id: string) => id);
    await virtualWorld().runtime.run(async () => {
      await expect(failing()).rejects.toThrow('ECONNRESET');
      await expect(failing()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
      await expect(working('1')).resolves.toBe('1');
    });
  });

  test('takes the name of a policy', async () => {
    const patient = composePolicies('patient');
    const fn = patient(async () => 'x');
    const { runtime } = virtualWorld({ policies: { patient: { retry: { maxAttempts: 9 } } } });
    expect(runtime.run(() => explain(fn)).methods[0]?.stack[0]?.options).toMatchObject({ maxAttempts: 9 });
  });

  test('refuses wrong options at once', () => {
    expect(thrownBy(() => composePolicies({ retry: { maxAttempts: 0 } })).message).toBe(
      'composePolicies() retry: maxAttempts must be >= 1, got 0',
    );
  });
});
