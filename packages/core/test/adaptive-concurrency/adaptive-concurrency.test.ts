import { deferred, type Deferred } from '../../../testing/src/index.js';
import {
  AdaptiveConcurrency,
  ConcurrencyLimitError,
  Timeout,
  createRuntime,
  explain,
  withRuntime,
} from '../../src/index.js';
import { errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const stateOf = (target: object): { limit: number; inFlight: number } =>
  explain(target).methods[0]?.stack.find(({ policy }) => policy === 'adaptive-concurrency')?.state as never;

/** A method whose every run ends when the test says so. */
const gates = (): { next: () => Promise<string>; open: Deferred<string>[] } => {
  const open: Deferred<string>[] = [];
  const next = (): Promise<string> => {
    const gate = deferred<string>();
    open.push(gate);
    return gate.promise;
  };
  return { next, open };
};

test('work that was given up keeps its slot until it really ends', async () => {
  const { own, clock } = virtualWorld();
  const { next, open } = gates();
  class Api {
    @AdaptiveConcurrency({ initial: 1 })
    @Timeout(100)
    load(): Promise<string> {
      return next();
    }
  }
  const api = own(new Api());
  expect(await clock.until(errorOf(api.load()))).toMatchObject({ code: 'TIMED_OUT' });
  expect(stateOf(api)).toMatchObject({ limit: 1, inFlight: 1 });
  expect(await errorOf(api.load())).toBeInstanceOf(ConcurrencyLimitError);
  open[0]?.resolve('late');
  await clock.settle();
  expect(stateOf(api)).toMatchObject({ inFlight: 0 });
  void settledOf(api.load());
  expect(stateOf(api)).toMatchObject({ inFlight: 1 });
});

test('work that was given up gives its slot back when it fails, too', async () => {
  const { own, clock } = virtualWorld();
  const { next, open } = gates();
  class Api {
    @AdaptiveConcurrency()
    @Timeout({ total: 100 })
    load(): Promise<string> {
      return next();
    }
  }
  const api = own(new Api());
  await clock.until(errorOf(api.load()));
  expect(stateOf(api)).toEqual({ limit: 14, inFlight: 1 });
  open[0]?.reject(new Error('late'));
  await clock.settle();
  expect(stateOf(api)).toEqual({ limit: 14, inFlight: 0 });
});

test('a caller who leaves moves nothing, and the slot waits for the work', async () => {
  const { own, clock } = virtualWorld();
  const { next, open } = gates();
  class Api {
    @AdaptiveConcurrency()
    load(_signal: AbortSignal): Promise<string> {
      return next();
    }
  }
  const api = own(new Api());
  const controller = new AbortController();
  const call = errorOf(api.load(controller.signal));
  controller.abort(withStatus(503));
  await call;
  expect(stateOf(api)).toEqual({ limit: 20, inFlight: 1 });
  open[0]?.resolve('late');
  await clock.settle();
  expect(stateOf(api)).toEqual({ limit: 20, inFlight: 0 });
});

test('a method that throws at once gives its slot back', async () => {
  const { own } = virtualWorld();
  class Api {
    @AdaptiveConcurrency()
    load(): Promise<string> {
      throw withStatus(503);
    }
  }
  const api = own(new Api());
  await errorOf((async () => api.load())());
  expect(stateOf(api)).toEqual({ limit: 14, inFlight: 0 });
});

test('overloadIf names further signs; one that throws is reported and means no', async () => {
  const { own, events } = virtualWorld();
  class Api {
    @AdaptiveConcurrency({
      overloadIf: (error) => {
        if ((error as Error).message === 'odd') throw new Error('predicate');
        return (error as Error).message === 'pool exhausted';
      },
    })
    async load(message: string): Promise<void> {
      throw new Error(message);
    }
  }
  const api = own(new Api());
  for (const message of ['odd', 'business', 'pool exhausted']) await errorOf(api.load(message));
  expect(stateOf(api).limit).toBe(14);
  expect(events.of('listener.failed')).toHaveLength(1);
});

test('limitChanged tells where the limit went, at most once a second', async () => {
  const { own, events, clock } = virtualWorld();
  class Api {
    @AdaptiveConcurrency()
    async load(): Promise<void> {
      throw withStatus(429);
    }
  }
  const api = own(new Api());
  await errorOf(api.load());
  await errorOf(api.load());
  await clock.advance(1000);
  await errorOf(api.load());
  expect(events.of('adaptiveConcurrency.limitChanged')).toMatchObject([
    { method: 'Api.load', limit: 14, previous: 20 },
    { method: 'Api.load', limit: 6, previous: 14 },
  ]);
});

test('in shadow mode what is over the limit runs, holds no slot, and is reported', async () => {
  const { own, events, clock } = virtualWorld();
  const { next, open } = gates();
  class Api {
    @AdaptiveConcurrency({ initial: 1, shadow: true })
    load(): Promise<string> {
      return next();
    }
  }
  const api = own(new Api());
  const calls = [api.load(), api.load(), settledOf(api.load())];
  expect(open).toHaveLength(3);
  expect(stateOf(api).inFlight).toBe(1);
  expect(events.of('shadow.rejected')).toMatchObject([
    { policy: 'adaptive-concurrency', limit: 1, inFlight: 1 },
    { policy: 'adaptive-concurrency', limit: 1, inFlight: 1 },
  ]);
  expect(events.count('adaptiveConcurrency.rejected')).toBe(0);
  open[1]?.resolve('b');
  open[2]?.reject(withStatus(503));
  await clock.settle();
  expect(stateOf(api)).toMatchObject({ limit: 1, inFlight: 1 });
  open[0]?.resolve('a');
  await Promise.all(calls);
  expect(stateOf(api).inFlight).toBe(0);
});

test('a name shares one limit; unequal options are an error', async () => {
  const { own } = virtualWorld();
  const { next } = gates();
  class Api {
    @AdaptiveConcurrency({ name: 'db', initial: 1 })
    read(): Promise<string> {
      return next();
    }
    @AdaptiveConcurrency({ name: 'db', initial: 1 })
    write(): Promise<string> {
      return next();
    }
    @AdaptiveConcurrency({ name: 'db', initial: 2 })
    other(): Promise<string> {
      return next();
    }
  }
  const api = own(new Api());
  void settledOf(api.read());
  expect(await errorOf(api.write())).toBeInstanceOf(ConcurrencyLimitError);
  expect(await errorOf((async () => api.other())())).toMatchObject({ code: 'CONFIGURATION' });
});

test("scope 'instance' separates instances, and configure reaches each at its next call", async () => {
  const runtime = createRuntime({ logger: false });
  const { next } = gates();
  class Api {
    @AdaptiveConcurrency({ scope: 'instance', min: 1 })
    load(): Promise<string> {
      return next();
    }
  }
  runtime.configure({ defaults: { adaptiveConcurrency: { initial: 2 } } });
  const [one, other] = [withRuntime(new Api(), runtime), withRuntime(new Api(), runtime)];
  for (const api of [one, one, other]) void settledOf(api.load());
  expect(await errorOf(one.load())).toMatchObject({ limit: 2, inFlight: 2 });
  runtime.configure({ defaults: { adaptiveConcurrency: { initial: 1, max: 1 } } });
  expect(await errorOf(one.load())).toMatchObject({ limit: 1, inFlight: 2 });
  expect(await errorOf(other.load())).toMatchObject({ limit: 1, inFlight: 1 });
});

test('with gradient, latency is measured from admission to the end', async () => {
  const { own, clock } = virtualWorld();
  class Api {
    @AdaptiveConcurrency({ algorithm: 'gradient' })
    async load(): Promise<void> {
      await clock.sleep(100);
    }
  }
  const api = own(new Api());
  for (let call = 0; call < 10; call++) await clock.until(api.load());
  expect(explain(api).methods[0]?.stack[0]?.state).toEqual({ limit: 20, inFlight: 0, baseline: 100 });
});

test('a call from before gradient was configured is not measured', async () => {
  const runtime = createRuntime({ logger: false });
  const { next, open } = gates();
  class Api {
    @AdaptiveConcurrency()
    load(): Promise<string> {
      return next();
    }
  }
  const api = withRuntime(new Api(), runtime);
  const early = api.load();
  runtime.configure({ defaults: { adaptiveConcurrency: { algorithm: 'gradient' } } });
  const later = api.load();
  for (const gate of open) gate.resolve('done');
  await Promise.all([early, later]);
  expect(stateOf(api)).toMatchObject({ limit: 20, inFlight: 0 });
});
