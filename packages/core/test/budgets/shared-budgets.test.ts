import { ConfigurationError, Hedge, Retry, RetryBudget, createRuntime, retry, withRuntime } from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld } from '../support/virtual-world.js';

const outage = (): Error => coded('ECONNRESET');
const impatient = { maxAttempts: 2, delay: 1, jitter: 'none' } as const;

class Payments {
  @Retry({ ...impatient, budget: 'payments' })
  async charge(): Promise<never> {
    throw outage();
  }
  @Retry({ ...impatient, budget: 'payments' })
  async refund(): Promise<string> {
    return 'done';
  }
}

test('methods that name one budget share it', async () => {
  const { own, clock, events } = virtualWorld({ budgets: { payments: { ratio: 0, minPerSecond: 0.2 } } });
  class Accounts {
    @Retry({ ...impatient, budget: 'payments' })
    async close(): Promise<never> {
      throw outage();
    }
  }
  const [payments, accounts] = [own(new Payments()), own(new Accounts())];
  for (let call = 0; call < 2; call += 1) await clock.until(errorOf(payments.charge()));
  await clock.until(errorOf(accounts.close()));
  expect(events.of('retry.scheduled').map(({ method }) => method)).toEqual(['Payments.charge', 'Payments.charge']);
  expect(events.of('retry.budgetExhausted').map(({ method }) => method)).toEqual(['Accounts.close']);
});

test('health shows what is left, whether anybody has used the budget or not', async () => {
  const { own, clock, runtime } = virtualWorld({ budgets: { payments: { minPerSecond: 0.3 }, search: {} } });
  await clock.until(errorOf(own(new Payments()).charge()));
  expect(runtime.health().budgets).toEqual({
    payments: { available: 2, isExhausted: false, ratio: 0.2, minPerSecond: 0.3 },
    search: { available: 100, isExhausted: false, ratio: 0.2, minPerSecond: 10 },
  });
});

test('a budget that is an object shows itself under its name, or that of a method that uses it; none hides another', async () => {
  const { own, runtime } = virtualWorld({ budgets: { db: { minPerSecond: 1 } } });
  const [named, unnamed] = [new RetryBudget({ name: 'db', minPerSecond: 2 }), new RetryBudget({ minPerSecond: 3 })];
  class Api {
    @Retry({ budget: named })
    async read(): Promise<void> {}
    @Retry({ budget: unnamed })
    @Hedge({ after: 100 })
    async list(): Promise<void> {}
    @Hedge({ after: 100, budget: unnamed })
    async find(): Promise<void> {}
  }
  const api = own(new Api());
  await Promise.all([api.read(), api.list(), api.find()]);
  const { budgets } = runtime.health();
  expect(Object.entries(budgets).map(([name, { minPerSecond, available }]) => [name, minPerSecond, available])).toEqual(
    [
      ['db', 1, 10],
      ['db#2', 2, 20],
      ['Api.list', 3, 30],
    ],
  );
});

test('it tells once that it has run dry, and once that it has recovered', async () => {
  const { own, clock, events } = virtualWorld({ budgets: { payments: { ratio: 0, minPerSecond: 0.5 } } });
  const payments = own(new Payments());
  for (let call = 0; call < 10; call += 1) await clock.until(errorOf(payments.charge()));
  expect(events.of('budget.exhausted')).toMatchObject([{ method: 'Payments.charge', budget: 'payments' }]);
  expect(events.count('retry.budgetExhausted')).toBe(5);
  await payments.refund();
  expect(events.count('budget.recovered')).toBe(0);
  await clock.advance(10_000);
  await payments.refund();
  await payments.refund();
  expect(events.of('budget.recovered')).toMatchObject([
    { method: 'Payments.refund', budget: 'payments', available: 5 },
  ]);
});

test('a retry that finds it in funds again tells of the recovery as well', async () => {
  const { own, clock, events } = virtualWorld({ budgets: { payments: { ratio: 0, minPerSecond: 0.1 } } });
  class Slow {
    @Retry({ ...impatient, budget: 'payments' })
    async load(): Promise<never> {
      await clock.sleep(10_000);
      throw outage();
    }
  }
  const payments = own(new Payments());
  await clock.until(errorOf(payments.charge()));
  const slow = errorOf(own(new Slow()).load());
  await clock.until(errorOf(payments.charge()));
  expect(events.count('budget.exhausted')).toBe(1);
  await clock.until(slow);
  expect(events.of('budget.recovered').map(({ method }) => method)).toEqual(['Slow.load']);
});

test('the default logger says both', async () => {
  const lines: string[] = [];
  const clock = virtualWorld().clock;
  const runtime = createRuntime({
    clock,
    budgets: { payments: { ratio: 0, minPerSecond: 0 } },
    logger: { warn: (line) => lines.push(line) },
    logLevel: 'warn',
  });
  await clock.until(errorOf(withRuntime(new Payments(), runtime).charge()));
  expect(lines).toContain('holdfast: budget.exhausted Payments.charge budget=payments');
});

test('configure gives a name new terms, and its calls and retries stay', async () => {
  const { own, clock, runtime, events } = virtualWorld({ budgets: { payments: { ratio: 0, minPerSecond: 0.1 } } });
  const payments = own(new Payments());
  for (let call = 0; call < 2; call += 1) await clock.until(errorOf(payments.charge()));
  expect(events.count('retry.scheduled')).toBe(1);
  runtime.configure({ budgets: { payments: { ratio: 0, minPerSecond: 0.3 } } });
  expect(runtime.health().budgets).toMatchObject({ payments: { available: 2 } });
  for (let call = 0; call < 3; call += 1) await clock.until(errorOf(payments.charge()));
  expect(events.count('retry.scheduled')).toBe(3);
});

test('retry() without a class uses a named budget, too', async () => {
  const { runtime, clock } = virtualWorld({ budgets: { jobs: { ratio: 0, minPerSecond: 0 } } });
  let runs = 0;
  const failing = async (): Promise<never> => {
    runs += 1;
    throw outage();
  };
  await clock.until(runtime.run(() => errorOf(retry(failing, { ...impatient, budget: 'jobs' }))));
  expect(runs).toBe(1);
});

test('a name that nobody has given is told at the first call, with what may have been meant', async () => {
  const { own } = virtualWorld({ budgets: { payment: {} } });
  expect(await errorOf(own(new Payments()).charge())).toMatchObject({
    code: 'CONFIGURATION',
    message: "@Retry on Payments.charge: there is no budget named 'payments'; did you mean 'payment'?",
  });
  class Api {
    @Hedge({ budget: 'none' })
    async load(): Promise<void> {}
    @Retry({ budget: 'constructor' })
    async other(): Promise<void> {}
  }
  expect(await errorOf(own(new Api()).other())).toMatchObject({ code: 'CONFIGURATION' });
  expect(await errorOf(own(new Api()).load())).toMatchObject({
    message:
      "@Hedge on Api.load: there is no budget named 'none'; configure({ budgets: { 'none': { … } } }) before the first call",
  });
});

test.each([
  [{ budgets: { db: { ratio: -1 } } }, 'configure budgets.db: ratio must be >= 0, got -1'],
  [{ budgets: { db: { ratoi: 1 } } }, "configure budgets.db: ratoi is not an option; did you mean 'ratio'?"],
  [{ budgets: { db: 5 } }, 'configure budgets.db: options must be an object, got 5'],
  [{ budgets: [] }, 'configure: budgets must be an object, got an array'],
])('wrong budgets change nothing (%#)', (configuration, message) => {
  const { runtime } = virtualWorld({ budgets: { db: { ratio: 1 } } });
  const before = runtime.settings;
  expect(() => runtime.configure(configuration as object)).toThrow(ConfigurationError);
  expect(() => runtime.configure(configuration as object)).toThrow(message);
  expect(runtime.settings).toBe(before);
});

test('a budget that has run dry degrades the health, until it recovers or nobody calls any more', async () => {
  const { own, clock, runtime } = virtualWorld({ budgets: { payments: { ratio: 0, minPerSecond: 0.1 } } });
  class Api {
    @Retry({ ...impatient, maxAttempts: 4, budget: 'payments' })
    async load(): Promise<never> {
      throw coded('ECONNRESET');
    }
  }
  const api = own(new Api());
  expect(runtime.health().status).toBe('healthy');
  await clock.until(settledOf(api.load()));
  expect(runtime.health()).toMatchObject({ status: 'degraded', budgets: { payments: { isExhausted: true } } });
  await clock.advance(11_000);
  expect(runtime.health().status).toBe('healthy');
});
