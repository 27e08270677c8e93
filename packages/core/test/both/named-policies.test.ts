import {
  Cached,
  Resilient,
  Retry,
  type Configuration,
  composePolicies,
  createRuntime,
  explain,
  resilient,
  withRuntime,
} from '../../src/index.js';
import { thrownBy } from '../support/dialect.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

const optionsOf = (policies: Configuration['policies'], target: object, policy = 'retry'): unknown => {
  const runtime = createRuntime({ policies: policies ?? {}, logger: false });
  const { stack } = explain(withRuntime(target, runtime)).methods[0]!;
  return stack.find((each) => each.policy === policy)?.options;
};

class Api {
  @Resilient('payments')
  async load(): Promise<void> {}
}

describe('a named policy', () => {
  test('builds on a preset, option by option', () => {
    const policies = { payments: { policy: 'http', retry: { maxAttempts: 5 } } };
    expect(optionsOf(policies, new Api())).toMatchObject({ maxAttempts: 5, delay: 500, maxDelay: 30_000 });
    expect(optionsOf(policies, new Api(), 'timeout')).toEqual({ attempt: 10_000 });
  });

  test('builds on another one, which builds on a third, in whatever order they are written', () => {
    const policies = {
      payments: { policy: 'patient', retry: { delay: 7 } },
      patient: { policy: 'base', retry: { maxAttempts: 9, delay: 8 } },
      base: { retry: { maxAttempts: 2, maxDelay: '9s' }, timeout: '3s' },
    } as const;
    expect(optionsOf(policies, new Api())).toMatchObject({ maxAttempts: 9, delay: 7, maxDelay: 9_000 });
    expect(optionsOf(policies, new Api(), 'timeout')).toEqual({ attempt: 3_000 });
  });

  test('takes away what its base gives, and gives it back', () => {
    const policies = { payments: { policy: 'http', retry: false } } as const;
    expect(optionsOf(policies, new Api())).toBeUndefined();
    const back = { ...policies, payments: { policy: 'bare', retry: true }, bare: policies.payments } as const;
    expect(optionsOf(back, new Api())).toMatchObject({ maxAttempts: 3 });
  });

  test('is an alias where it is nothing but a name', () => {
    expect(optionsOf({ payments: 'queue' }, new Api())).toMatchObject({ maxAttempts: 5 });
  });

  test('of a preset’s name hides the preset, and builds on it under its own name', () => {
    class Http {
      @Resilient('http')
      async load(): Promise<void> {}
    }
    expect(optionsOf({ http: { retry: { maxAttempts: 7 } } }, new Http(), 'timeout')).toBeUndefined();
    expect(optionsOf({ http: { policy: 'http', retry: { maxAttempts: 7 } } }, new Http(), 'timeout')).toEqual({
      attempt: 10_000,
    });
  });

  test('is refined by the method, and refines the class', () => {
    @Resilient({ retry: { maxAttempts: 2, delay: 1, maxDelay: 2 } })
    class Both {
      @Resilient({ policy: 'payments', retry: { maxDelay: 4 } })
      async load(): Promise<void> {}
    }
    const policies = { payments: { retry: { delay: 3, maxDelay: 3 } } };
    expect(optionsOf(policies, new Both())).toMatchObject({ maxAttempts: 2, delay: 3, maxDelay: 4 });
  });

  test('refines with its defaults what a method has for itself, and gives it nothing', () => {
    class Catalog {
      @Resilient('payments')
      async plain(): Promise<void> {}
      @Resilient('payments')
      @Cached({ ttl: '1m' })
      async cached(): Promise<void> {}
      @Resilient('payments')
      @Cached({ staleIfError: '1s', ttl: '2m' })
      async own(): Promise<void> {}
      @Resilient({ policy: 'payments', cache: false })
      async without(): Promise<void> {}
    }
    const runtime = createRuntime({
      policies: {
        payments: { policy: 'base', defaults: { cache: { maxSize: 7 } } },
        base: { defaults: { cache: { staleIfError: '1h', maxSize: 5 } } },
      },
      defaults: { cache: { maxSize: 9, ttl: '9m' } },
      logger: false,
    });
    const stacks = explain(withRuntime(new Catalog(), runtime)).methods.map(({ method, stack }) => [
      method,
      stack.map(({ options }) => [options['ttl'], options['staleIfError'], options['maxSize']]),
    ]);
    expect(Object.fromEntries(stacks)).toEqual({
      'Catalog.plain': [],
      'Catalog.cached': [[60_000, 3_600_000, 7]],
      'Catalog.own': [[120_000, 1_000, 7]],
      'Catalog.without': [],
    });
  });

  test('with defaults refines the policy that its class gives', () => {
    @Resilient({ cache: { ttl: '1m', maxSize: 3 }, include: ['find'] })
    class Catalog {
      @Resilient('payments')
      async find(): Promise<void> {}
    }
    const policies = { payments: { defaults: { cache: { maxSize: 7 } } } };
    expect(optionsOf(policies, new Catalog(), 'cached')).toMatchObject({ ttl: 60_000, maxSize: 7 });
  });

  test('serves functions, too', async () => {
    const load = resilient(async () => 1, 'strict');
    const guarded = composePolicies('http')(async () => 2);
    expect([await load(), await guarded()]).toEqual([1, 2]);
    expect(explain(load).methods[0]?.stack.map(({ policy }) => policy)).toEqual(['circuit-breaker', 'timeout']);
  });
});

describe('a named policy is refused', () => {
  const configured = (policies: Configuration['policies']): Error =>
    thrownBy(() => createRuntime({ policies: policies ?? {}, logger: false }));

  test('where what it builds on does not exist', () => {
    expect(configured({ payments: { policy: 'htpp' } }).message).toBe(
      "createRuntime policies.payments: there is no policy named 'htpp'; did you mean 'http'?",
    );
    expect(configured({ payments: { policy: 'payments' } }).message).toContain("there is no policy named 'payments'");
  });

  test('where policies build on each other in a circle', () => {
    expect(configured({ a: { policy: 'b' }, b: { policy: 'c' }, c: { policy: 'a' } }).message).toBe(
      'createRuntime policies.a: named policies build on each other in a circle: a → b → c → a',
    );
  });

  test('where its defaults take away, or belong to one method', () => {
    expect(configured({ a: { defaults: { cache: false as never } } }).message).toContain('defaults.cache: false');
    expect(configured({ a: { defaults: { cache: { name: 'x' } as never } } }).message).toContain('defaults.cache.name');
    expect(configured({ a: { defaults: 5 as never } }).message).toContain('needs options');
  });

  test('and a method that names none is told of presets, too', async () => {
    const { own } = virtualWorld();
    class Typo {
      @Resilient('databse')
      async load(): Promise<void> {}
    }
    expect(await errorOf(own(new Typo()).load())).toMatchObject({
      message: expect.stringMatching(/there is no policy named 'databse'; did you mean 'database'\?/),
    });
  });

  test('and changes nothing', async () => {
    const { own, runtime, clock } = virtualWorld({ policies: { payments: { retry: { maxAttempts: 2, delay: 0 } } } });
    let runs = 0;
    class Failing {
      @Resilient('payments')
      @Retry()
      async load(): Promise<void> {
        runs += 1;
        throw coded('ECONNRESET');
      }
    }
    const failing = own(new Failing());
    thrownBy(() =>
      runtime.configure({ policies: { payments: { retry: { maxAttempts: 9 } }, other: { policy: 'no' } } }),
    );
    await clock.until(settledOf(failing.load()));
    expect(runs).toBe(2);
  });
});
