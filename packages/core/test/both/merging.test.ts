import {
  Cached,
  CircuitBreaker,
  type Configuration,
  Fallback,
  type HoldfastRuntime,
  Resilient,
  Retry,
  Timeout,
  explain,
} from '../../src/index.js';
import { stacked, thrownBy } from '../support/dialect.js';
import { virtualWorld } from '../support/virtual-world.js';

const find = (...decorators: unknown[]) => {
  class Orders {
    @stacked(...decorators)
    async find(id: string): Promise<string> {
      return id;
    }
  }
  return Orders;
};

type Stack = readonly { readonly policy: string; readonly options: Readonly<Record<string, unknown>> }[];

const stackOf = (
  Class: new () => object,
  configuration: Configuration = {},
  prepare: (runtime: HoldfastRuntime) => void = () => undefined,
): Stack => {
  const world = virtualWorld(configuration);
  prepare(world.runtime);
  return explain(world.own(new Class())).methods[0]?.stack ?? [];
};

const optionsOf = (policy: string, stack: Stack): Readonly<Record<string, unknown>> | undefined =>
  stack.find((each) => each.policy === policy)?.options;

/** One option from each layer, strongest first; every layer also says what all weaker ones say. */
describe('options merge one by one', () => {
  const environment = {
    HOLDFAST_RETRY_MAX_DELAY: '9s',
    HOLDFAST_RETRY_DELAY: '9ms',
    HOLDFAST_RETRY_BACKOFF: 'decorrelated',
    HOLDFAST_RETRY_JITTER: 'decorrelated',
    HOLDFAST_RETRY_MAX_ATTEMPTS: '9',
  };
  const ofDefaults = { maxAttempts: 8, delay: 8, backoff: 'linear', jitter: 'additive' } as const;
  const ofClass = { maxAttempts: 7, delay: 7, backoff: 'constant' } as const;
  const ofNamed = { maxAttempts: 6, delay: 6 } as const;
  const ofMethod = { maxAttempts: 5 } as const;

  test('decorator over named policy over class over configure over environment over built-in', () => {
    @Resilient({ retry: ofClass })
    class Orders {
      @Retry(ofMethod)
      @Resilient('patient')
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const stack = stackOf(
      Orders,
      { defaults: { retry: ofDefaults }, policies: { patient: { retry: ofNamed } } },
      (runtime) => runtime.configureFromEnv(environment),
    );
    expect(optionsOf('retry', stack)).toMatchObject({
      maxAttempts: 5,
      delay: 6,
      backoff: 'constant',
      jitter: 'additive',
      maxDelay: 9000,
      factor: 2,
    });
  });

  test('a method @Resilient refines the named policy that it refers to', () => {
    const Orders = find(Resilient({ policy: 'patient', retry: { delay: 1 } }));
    const stack = stackOf(Orders, { policies: { patient: { retry: { delay: 6, maxAttempts: 6 }, timeout: '3s' } } });
    expect(optionsOf('retry', stack)).toMatchObject({ delay: 1, maxAttempts: 6 });
    expect(optionsOf('timeout', stack)).toEqual({ attempt: 3000 });
  });

  test('a class may refer to a named policy, and a method refine it', () => {
    @Resilient('patient')
    class Orders {
      @Retry({ delay: 1 })
      async find(): Promise<void> {}
    }
    const stack = stackOf(Orders, { policies: { patient: { retry: { delay: 6, maxAttempts: 6 } } } });
    expect(optionsOf('retry', stack)).toMatchObject({ delay: 1, maxAttempts: 6 });
  });

  test('a short @Timeout gives the attempt and leaves the total of a weaker layer', () => {
    const Orders = find(Timeout('1s'), Resilient({ timeout: { attempt: '5s', total: '9s' } }));
    const stack = stackOf(Orders);
    expect(optionsOf('timeout', stack)).toEqual({ attempt: 1000 });
    expect(optionsOf('total-timeout', stack)).toEqual({ total: 9000 });
  });

  test('`retries` of a stronger layer replaces `maxAttempts` of a weaker one', () => {
    const stack = stackOf(find(Retry({ retries: 1 }), Resilient({ retry: { maxAttempts: 9 } })));
    expect(optionsOf('retry', stack)?.['maxAttempts']).toBe(2);
  });

  test('an option that is undefined says nothing', () => {
    const options = { maxAttempts: undefined, delay: 5 } as object;
    const stack = stackOf(find(Retry(options), Resilient({ retry: { maxAttempts: 9 } })));
    expect(optionsOf('retry', stack)).toMatchObject({ maxAttempts: 9, delay: 5 });
  });

  test('true means with defaults and overrides no option', () => {
    const Orders = find(Resilient({ retry: true }), Resilient({ retry: { maxAttempts: 9 } }));
    expect(optionsOf('retry', stackOf(Orders))?.['maxAttempts']).toBe(9);
  });

  test('defaults and environment refine policies and add none', () => {
    const stack = stackOf(
      find(Retry()),
      { defaults: { cache: { ttl: '1s' }, circuitBreaker: { failureThreshold: 1 } } },
      (runtime) => runtime.configureFromEnv({ HOLDFAST_TIMEOUT_TOTAL: '1s' }),
    );
    expect(stack.map(({ policy }) => policy)).toEqual(['retry']);
  });

  test('what a stronger layer says is not seen by other methods', () => {
    const shared = { maxAttempts: 7 };
    @Resilient({ retry: shared })
    class Orders {
      @Retry({ delay: 1 })
      async one(): Promise<void> {}
      async other(): Promise<void> {}
    }
    const [one, other] = explain(virtualWorld().own(new Orders())).methods;
    expect(one?.stack[0]?.options).toMatchObject({ maxAttempts: 7, delay: 1 });
    expect(other?.stack[0]?.options).toMatchObject({ maxAttempts: 7, delay: 500 });
    expect(shared).toEqual({ maxAttempts: 7 });
  });

  test('changing an options object after the definition changes nothing', () => {
    const options = { maxAttempts: 2 };
    const Orders = find(Retry(options));
    options.maxAttempts = 9;
    expect(optionsOf('retry', stackOf(Orders))?.['maxAttempts']).toBe(2);
  });
});

describe('false', () => {
  test('removes a policy that a class gives', () => {
    @Resilient({ retry: true, timeout: '1s' })
    class Orders {
      @Resilient({ retry: false })
      async find(): Promise<void> {}
    }
    expect(stackOf(Orders).map(({ policy }) => policy)).toEqual(['timeout']);
  });

  test('removes a policy that a named policy gives', () => {
    const Orders = find(Resilient({ policy: 'patient', retry: false }));
    const stack = stackOf(Orders, { policies: { patient: { retry: true, timeout: '1s' } } });
    expect(stack.map(({ policy }) => policy)).toEqual(['timeout']);
  });

  test('in a named policy removes what the class gives', () => {
    @Resilient({ retry: true, timeout: '1s' })
    class Orders {
      @Resilient('bare')
      async find(): Promise<void> {}
    }
    const stack = stackOf(Orders, { policies: { bare: { retry: false } } });
    expect(stack.map(({ policy }) => policy)).toEqual(['timeout']);
  });

  test('is overruled by a direct line, with nothing of what was removed', () => {
    const Orders = find(Retry({ delay: 1 }), Resilient({ retry: false }));
    @Resilient({ retry: { maxAttempts: 9 } })
    class Base {
      @Retry({ delay: 1 })
      @Resilient({ retry: false })
      async find(): Promise<void> {}
    }
    expect(optionsOf('retry', stackOf(Orders))).toMatchObject({ delay: 1, maxAttempts: 3 });
    expect(optionsOf('retry', stackOf(Base))).toMatchObject({ delay: 1, maxAttempts: 3 });
  });
});

describe('named policies', () => {
  test('a name that is not configured is told at the first call, with the remedy', async () => {
    const world = virtualWorld({ policies: { payments: { retry: true } } });
    const orders = world.own(new (find(Resilient('payment')))());
    const misspelt = await orders.find('1').then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(misspelt).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(
        /^@Resilient on (Orders\.)?find: there is no policy named 'payment'; did you mean 'payments'\?/,
      ),
    });
    const unknown = virtualWorld().own(new (find(Resilient('inventory')))());
    expect(thrownBy(() => explain(unknown)).message).toMatch(
      /there is no policy named 'inventory'; configure\(\{ policies: \{ 'inventory': \{ … \} \} \}\) before the first call/,
    );
  });

  test('a name configured after the failed call works from then on', async () => {
    const world = virtualWorld();
    const orders = world.own(new (find(Resilient('late')))());
    await expect(orders.find('1')).rejects.toMatchObject({ name: 'ConfigurationError' });
    world.runtime.configure({ policies: { late: { retry: true } } });
    await expect(orders.find('1')).resolves.toBe('1');
  });

  test('share options, not state', async () => {
    class Orders {
      @Resilient('guarded')
      async one(): Promise<void> {
        throw new Error('down');
      }
      @Resilient('guarded')
      async other(): Promise<string> {
        return 'fine';
      }
    }
    const world = virtualWorld({ policies: { guarded: { circuitBreaker: { failureThreshold: 1 } } } });
    const orders = world.own(new Orders());
    await expect(orders.one()).rejects.toThrow('down');
    await expect(orders.one()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
    await expect(orders.other()).resolves.toBe('fine');
  });
});

describe('a name shared on purpose', () => {
  const two = (first: unknown, second: unknown) => {
    class Orders {
      @stacked(first)
      async one(): Promise<void> {
        throw new Error('down');
      }
      @stacked(second)
      async other(): Promise<string> {
        return 'fine';
      }
    }
    return Orders;
  };

  test('is one circuit for both methods', async () => {
    const options = { failureThreshold: 1, name: 'database' } as const;
    const orders = virtualWorld().own(new (two(CircuitBreaker(options), CircuitBreaker(options)))());
    await expect(orders.one()).rejects.toThrow('down');
    await expect(orders.other()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
  });

  test('may list its options in another order', async () => {
    const orders = virtualWorld().own(
      new (two(
        CircuitBreaker({ failureThreshold: 1, name: 'database', window: { type: 'consecutive' } }),
        CircuitBreaker({ window: { type: 'consecutive' }, name: 'database', failureThreshold: 1 }),
      ))(),
    );
    await expect(orders.one()).rejects.toThrow('down');
    await expect(orders.other()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
  });

  test('with unequal options is a ConfigurationError', async () => {
    const orders = virtualWorld().own(
      new (two(
        CircuitBreaker({ failureThreshold: 1, name: 'database' }),
        CircuitBreaker({ failureThreshold: 2, name: 'database' }),
      ))(),
    );
    await expect(orders.one()).rejects.toThrow('down');
    await expect(orders.other()).rejects.toMatchObject({
      name: 'ConfigurationError',
      message:
        "@CircuitBreaker on Orders.other: name 'database' is already used by a circuit with other options; give both the same options, or another name",
    });
  });

  test('compares functions by identity', async () => {
    const failureIf = (): boolean => true;
    const equal = virtualWorld().own(
      new (two(CircuitBreaker({ name: 'database', failureIf }), CircuitBreaker({ name: 'database', failureIf })))(),
    );
    await expect(equal.one()).rejects.toThrow('down');
    await expect(equal.other()).resolves.toBe('fine');
    const unequal = virtualWorld().own(
      new (two(
        CircuitBreaker({ name: 'database', failureIf }),
        CircuitBreaker({ name: 'database', failureIf: () => true }),
      ))(),
    );
    await expect(unequal.one()).rejects.toThrow('down');
    await expect(unequal.other()).rejects.toMatchObject({ name: 'ConfigurationError' });
  });

  test('keeps its state when configure changes the options of both', async () => {
    const world = virtualWorld({ defaults: { circuitBreaker: { failureThreshold: 1 } } });
    const name = { name: 'database' };
    const orders = world.own(new (two(CircuitBreaker(name), CircuitBreaker(name)))());
    await expect(orders.one()).rejects.toThrow('down');
    world.runtime.configure({ defaults: { circuitBreaker: { failureThreshold: 7 } } });
    await expect(orders.other()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
    await expect(orders.one()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
  });
});

describe('@Cached over @Resilient', () => {
  test('the direct ttl wins and the window of the weaker layer stays', () => {
    const Orders = find(Cached({ ttl: '2s' }), Resilient({ cache: { ttl: '9s', staleIfError: '1h' } }));
    expect(optionsOf('cached', stackOf(Orders))).toMatchObject({ ttl: 2000, staleIfError: 3_600_000 });
  });
});

/* Options of another folder, kept here until they are mended there. */
describe('policies/fallback/options.ts: of a value and a handler the stronger layer wins', () => {
  const failing = (...decorators: unknown[]) => {
    class Orders {
      @stacked(...decorators)
      async find(): Promise<string> {
        throw new Error('down');
      }
    }
    return virtualWorld().own(new Orders()).find();
  };

  test('a direct value over a handler of @Resilient', async () => {
    const weak = Resilient({ fallback: (() => 'weak handler') as never });
    await expect(failing(Fallback({ value: 'strong value' as never }), weak)).resolves.toBe('strong value');
  });

  test('a direct handler over a value of @Resilient', async () => {
    const weak = Resilient({ fallback: { value: 'weak value' as never } });
    await expect(failing(Fallback((() => 'strong handler') as never), weak)).resolves.toBe('strong handler');
  });
});
