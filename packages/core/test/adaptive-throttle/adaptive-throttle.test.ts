import { virtualClock } from '../../../testing/src/index.js';
import { AdaptiveThrottle, ThrottledError, createRuntime, explain, withRuntime } from '../../src/index.js';
import { errorOf, virtualWorld, withStatus } from '../support/virtual-world.js';

interface Counts {
  readonly requests: number;
  readonly accepts: number;
}

const countsOf = (target: object, method = 0): Counts => explain(target).methods[method]?.stack[0]?.state as Counts;

const fails = async (call: () => Promise<unknown>, times: number): Promise<unknown[]> => {
  const errors: unknown[] = [];
  for (let run = 0; run < times; run++) errors.push(await errorOf(call()));
  return errors;
};

test('the method does not run for a refused call', async () => {
  const { own } = virtualWorld({ random: () => 0 });
  class Api {
    runs = 0;
    @AdaptiveThrottle()
    async load(): Promise<void> {
      this.runs += 1;
      throw withStatus(503);
    }
  }
  const api = own(new Api());
  const errors = await fails(() => api.load(), 5);
  expect([api.runs, errors.filter((error) => error instanceof ThrottledError).length]).toEqual([1, 4]);
});

test('errors that are answers count as accepted, what says nothing is not counted', async () => {
  const { own } = virtualWorld();
  class Api {
    @AdaptiveThrottle()
    async load(error: unknown): Promise<void> {
      throw error;
    }
  }
  const api = own(new Api());
  await errorOf(api.load(withStatus(404)));
  await errorOf(api.load(withStatus(500)));
  await errorOf(api.load(new TypeError('bug')));
  await errorOf(api.load(withStatus(429)));
  expect(countsOf(api)).toEqual({ requests: 3, accepts: 2, rejectionRate: 0 });
});

test('a caller who leaves is not counted, whatever reason he gives', async () => {
  const { own } = virtualWorld();
  class Api {
    @AdaptiveThrottle()
    load(_signal: AbortSignal): Promise<void> {
      return new Promise(() => undefined);
    }
  }
  const api = own(new Api());
  const controller = new AbortController();
  const call = errorOf(api.load(controller.signal));
  controller.abort(withStatus(503));
  await call;
  expect(countsOf(api).requests).toBe(0);
});

test('overloadIf names further signs; one that throws is reported and means no', async () => {
  const { own, events } = virtualWorld();
  class Api {
    @AdaptiveThrottle({
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
  expect(countsOf(api)).toMatchObject({ requests: 3, accepts: 2 });
  expect(events.of('listener.failed')).toHaveLength(1);
});

test('in shadow mode all calls run; those it would have refused count as refused and are reported', async () => {
  const { own, events } = virtualWorld({ random: () => 0 });
  class Api {
    runs = 0;
    @AdaptiveThrottle({ shadow: true })
    async load(): Promise<string> {
      this.runs += 1;
      if (this.runs === 1) throw withStatus(503);
      return 'fine';
    }
  }
  const api = own(new Api());
  await errorOf(api.load());
  expect(await api.load()).toBe('fine');
  expect(countsOf(api)).toMatchObject({ requests: 2, accepts: 0 });
  expect(events.of('shadow.rejected')).toMatchObject([{ policy: 'adaptive-throttle', requests: 2, accepts: 0 }]);
  expect(events.count('adaptiveThrottle.rejected')).toBe(0);
});

test('a name shares one throttle, an instance scope separates; counts survive configure', async () => {
  const runtime = createRuntime({ logger: false, random: () => 0 });
  class Api {
    @AdaptiveThrottle({ name: 'db' })
    async read(): Promise<void> {
      throw withStatus(503);
    }
    @AdaptiveThrottle({ name: 'db' })
    async write(): Promise<void> {}
  }
  const api = withRuntime(new Api(), runtime);
  await errorOf(api.read());
  runtime.configure({ defaults: { adaptiveThrottle: { k: 3 } } });
  expect(await errorOf(api.write())).toBeInstanceOf(ThrottledError);
  class Own {
    @AdaptiveThrottle({ scope: 'instance' })
    async load(): Promise<void> {
      throw withStatus(503);
    }
  }
  const [one, other] = [withRuntime(new Own(), runtime), withRuntime(new Own(), runtime)];
  const errors = [...(await fails(() => one.load(), 2)), ...(await fails(() => other.load(), 1))];
  expect(errors.map((error) => error instanceof ThrottledError)).toEqual([false, true, false]);
});

test.each([
  ['the cheap clock', '30s', undefined, 3],
  ['the exact clock where a bucket is narrow', '500ms', undefined, 0],
  ['the exact clock where it is asked for', '30s', 'exact' as const, 0],
])('successes are counted by %s', async (_clock, window, clock, readings) => {
  const time = virtualClock();
  const coarse = jest.fn(() => time.now());
  const given = { now: () => time.now(), wall: () => time.wall(), setTimer: time.setTimer.bind(time), coarse };
  const runtime = createRuntime({ logger: false, clock: given });
  if (clock !== undefined) runtime.configure({ clock });
  class Api {
    @AdaptiveThrottle({ window: window as '30s' })
    async load(): Promise<void> {}
  }
  const api = withRuntime(new Api(), runtime);
  for (let call = 0; call < 3; call++) await api.load();
  expect(coarse).toHaveBeenCalledTimes(readings);
  expect(countsOf(api)).toMatchObject({ requests: 3, accepts: 3 });
});
