import {
  Cached,
  Hedge,
  Retry,
  configure,
  createRuntime,
  events as defaultEvents,
  resetConfiguration,
  resilient,
  retry,
  withRuntime,
} from '../../src/index.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

const outage = (): Error => coded('ECONNRESET');
const quick = { delay: 1, jitter: 'none' } as const;

class Store {
  @Retry({ ...quick, maxAttempts: 3 })
  async read(): Promise<string> {
    throw outage();
  }
  @Retry({ ...quick, maxAttempts: 1 })
  async once(): Promise<string> {
    return 'value';
  }
}

test('a retry inside of a retrying method is told, with how often the inner one may run', async () => {
  const { own, clock, events } = virtualWorld();
  const store = own(new Store());
  class Api {
    @Retry({ ...quick, maxAttempts: 4 })
    load(): Promise<string> {
      return store.read();
    }
  }
  await clock.until(settledOf(own(new Api()).load()));
  expect(events.of('retry.nested')).toMatchObject([{ method: 'Store.read', outer: 'Api.load', runs: 12 }]);
});

test('it is told once for each pair of methods, however often they meet', async () => {
  const { own, clock, events } = virtualWorld();
  const store = own(new Store());
  class Api {
    @Retry(quick)
    load(): Promise<string> {
      return store.read();
    }
    @Retry({ ...quick, maxAttempts: Infinity, maxElapsed: 5 })
    list(): Promise<string> {
      return store.read();
    }
  }
  const api = own(new Api());
  for (let call = 0; call < 3; call += 1)
    await clock.until(Promise.all([settledOf(api.load()), settledOf(api.list())]));
  expect(events.of('retry.nested').map(({ method, outer, runs }) => [method, outer, runs])).toEqual([
    ['Store.read', 'Api.load', 9],
    ['Store.read', 'Api.list', undefined],
  ]);
});

test('where one of the two makes a single attempt, nothing multiplies and nothing is told', async () => {
  const { own, clock, events } = virtualWorld();
  const store = own(new Store());
  class Api {
    @Retry({ ...quick, maxAttempts: 1 })
    load(): Promise<string> {
      return store.read();
    }
    @Retry(quick)
    once(): Promise<string> {
      return store.once();
    }
    @Hedge({ after: 100 })
    hedged(): Promise<string> {
      return store.read();
    }
    plain(): Promise<string> {
      return store.read();
    }
  }
  const api = own(new Api());
  for (const call of [api.load(), api.once(), api.hedged(), api.plain()]) await clock.until(settledOf(call));
  expect(events.count('retry.nested')).toBe(0);
});

test('it is seen through a cache and a hedge', async () => {
  const { own, clock, events } = virtualWorld();
  const store = own(new Store());
  class Api {
    @Cached()
    @Retry(quick)
    @Hedge({ after: 100 })
    load(): Promise<string> {
      return store.read();
    }
  }
  await clock.until(settledOf(own(new Api()).load()));
  expect(events.of('retry.nested').map(({ method, outer }) => [method, outer])).toEqual([['Store.read', 'Api.load']]);
});

describe('in functions', () => {
  const told: unknown[] = [];
  beforeEach(() => {
    told.splice(0);
    configure({ clock: virtualWorld().clock, logger: false });
    defaultEvents.on('retry.nested', ({ method, outer }) => told.push(`${outer} > ${method}`));
  });
  afterEach(() => resetConfiguration());

  test('of resilient() and of retry() by itself it is seen as well', async () => {
    const direct = (): Promise<string> => retry(async () => 'value', { ...quick, name: 'direct' });
    const inner = resilient(direct, { retry: quick, name: 'inner' });
    await retry(() => inner(), { ...quick, name: 'outer' });
    expect(told).toEqual(['outer > inner', 'inner > direct']);
  });

  test('no more than a thousand pairs are remembered', async () => {
    const inner = Array.from({ length: 1_010 }, (_, index) =>
      resilient(async () => index, { retry: quick, name: `inner ${index}` }),
    );
    await resilient(async () => inner.forEach((each) => void each()), { retry: quick })();
    expect(told).toHaveLength(1_000);
  });
});

test('the default logger warns, once for each pair', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { clock } = virtualWorld();
  const runtime = createRuntime({ clock });
  const store = withRuntime(new Store(), runtime);
  class Api {
    @Retry(quick)
    load(): Promise<string> {
      return store.read();
    }
  }
  const api = withRuntime(new Api(), runtime);
  for (let call = 0; call < 3; call += 1) await clock.until(settledOf(api.load()));
  const lines = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('nested'));
  expect(lines).toEqual(['holdfast: retry.nested Store.read outer=Api.load runs=9']);
  warn.mockRestore();
});
