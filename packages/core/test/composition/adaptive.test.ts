/** @AdaptiveThrottle and @AdaptiveConcurrency beside each of the other policies. */
import { deferred } from '../../../testing/src/index.js';
import {
  AdaptiveConcurrency,
  AdaptiveThrottle,
  Cached,
  CircuitBreaker,
  ConcurrencyLimitError,
  Fallback,
  Invalidates,
  RejectedError,
  Retry,
  ThrottledError,
  Timeout,
  circuitOf,
  explain,
} from '../../src/index.js';
import { errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const stateOf = (target: object, policy: string): Record<string, number> =>
  explain(target).methods[0]?.stack.find((each) => each.policy === policy)?.state as Record<string, number>;
const refuseAlways = { random: () => 0 };

describe('adaptive throttle and retry', () => {
  test('each attempt counts; a refusal ends the retrying with the error of the last attempt', async () => {
    const { own, clock, events } = virtualWorld(refuseAlways);
    class Api {
      runs = 0;
      @Retry({ maxAttempts: 5, delay: 10, jitter: 'none' })
      @AdaptiveThrottle()
      async load(): Promise<void> {
        this.runs += 1;
        throw withStatus(503);
      }
    }
    const api = own(new Api());
    expect(await clock.until(errorOf(api.load()))).toMatchObject({ status: 503 });
    expect([api.runs, events.count('adaptiveThrottle.rejected')]).toEqual([1, 1]);
    expect(await clock.until(errorOf(api.load()))).toBeInstanceOf(ThrottledError);
    expect(api.runs).toBe(1);
  });
});

describe('adaptive throttle and circuit breaker', () => {
  test('refusals are nothing to the circuit, and an open circuit is nothing to the throttle', async () => {
    const { own } = virtualWorld(refuseAlways);
    class Api {
      @CircuitBreaker({ failureThreshold: 2 })
      @AdaptiveThrottle()
      async load(): Promise<void> {
        throw withStatus(503);
      }
    }
    const api = own(new Api());
    for (let call = 0; call < 10; call++) await errorOf(api.load());
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'closed', failureCount: 1, neutral: 9 });
    const { requests } = stateOf(api, 'adaptive-throttle');
    circuitOf(api, 'load').open();
    await errorOf(api.load());
    expect(stateOf(api, 'adaptive-throttle')).toMatchObject({ requests });
  });
});

test('adaptive throttle and timeout: an attempt that times out was not accepted', async () => {
  const { own, clock } = virtualWorld();
  class Api {
    @AdaptiveThrottle()
    @Timeout(50)
    load(): Promise<void> {
      return new Promise(() => undefined);
    }
  }
  const api = own(new Api());
  await clock.until(errorOf(api.load()));
  expect(stateOf(api, 'adaptive-throttle')).toMatchObject({ requests: 1, accepts: 0 });
});

test('adaptive throttle and cached: a hit is not counted, and a refusal is answered with an old value', async () => {
  const { own, clock, events } = virtualWorld(refuseAlways);
  class Api {
    isDown = false;
    @Cached({ ttl: 100, staleIfError: '1h', staleErrorThrottle: 10 })
    @AdaptiveThrottle({ padding: 1 })
    async load(): Promise<string> {
      if (this.isDown) throw withStatus(503);
      return 'value';
    }
  }
  const api = own(new Api());
  for (let call = 0; call < 5; call++) await api.load();
  expect(stateOf(api, 'adaptive-throttle')).toMatchObject({ requests: 1, accepts: 1 });
  api.isDown = true;
  for (let call = 0; call < 5; call++) {
    await clock.advance(10_000);
    expect(await api.load()).toBe('value');
  }
  expect(events.of('cache.servedStale').map(({ reason }) => reason)).toContain('rejected');
});

test('adaptive throttle and fallback: a refusal has an answer', async () => {
  const { own } = virtualWorld(refuseAlways);
  class Api {
    runs = 0;
    @Fallback({ value: 'spare' })
    @AdaptiveThrottle()
    async load(): Promise<string> {
      this.runs += 1;
      throw withStatus(503);
    }
  }
  const api = own(new Api());
  expect([await api.load(), await api.load(), api.runs]).toEqual(['spare', 'spare', 1]);
});

test('adaptive throttle and adaptive concurrency: the refusal of the one is nothing to the other', async () => {
  const { own } = virtualWorld();
  const gate = deferred<string>();
  class Api {
    @AdaptiveThrottle()
    @AdaptiveConcurrency({ initial: 1 })
    load(): Promise<string> {
      return gate.promise;
    }
  }
  const api = own(new Api());
  const call = api.load();
  for (let more = 0; more < 20; more++) expect(await errorOf(api.load())).toBeInstanceOf(ConcurrencyLimitError);
  gate.resolve('done');
  await call;
  expect(stateOf(api, 'adaptive-throttle')).toMatchObject({ requests: 1, accepts: 1 });
});

test('a refusal of a nested method counts as overload', async () => {
  const { own } = virtualWorld();
  class Api {
    @AdaptiveConcurrency()
    async outer(): Promise<void> {
      await this.inner();
    }
    @CircuitBreaker()
    async inner(): Promise<void> {}
  }
  const api = own(new Api());
  await api.outer();
  circuitOf(api, 'inner').open();
  expect(await errorOf(api.outer())).toMatchObject({ code: 'CIRCUIT_OPEN' });
  expect(stateOf(api, 'adaptive-concurrency')).toEqual({ limit: 14, inFlight: 0 });
});

describe('adaptive concurrency and retry', () => {
  test('each attempt takes a slot and gives it back; none is held during the delay', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      runs = 0;
      @Retry({ maxAttempts: 3, delay: 100, jitter: 'none' })
      @AdaptiveConcurrency({ initial: 1 })
      async load(): Promise<number> {
        this.runs += 1;
        if (this.runs === 1) throw withStatus(500);
        return this.runs;
      }
    }
    const api = own(new Api());
    const first = api.load();
    await clock.settle();
    expect(stateOf(api, 'adaptive-concurrency')).toMatchObject({ inFlight: 0 });
    expect(await api.load()).toBe(2);
    expect(await clock.until(first)).toBe(3);
    expect(stateOf(api, 'adaptive-concurrency')).toMatchObject({ inFlight: 0 });
  });

  test('a result that the retry does not accept moves nothing', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Retry({ maxAttempts: 3, delay: 10, retryOnResult: (result: unknown) => result === 'pending' })
      @AdaptiveConcurrency({ initial: 1 })
      async load(): Promise<string> {
        return 'pending';
      }
    }
    const api = own(new Api());
    expect(await clock.until(api.load())).toBe('pending');
    expect(stateOf(api, 'adaptive-concurrency')).toEqual({ limit: 1, inFlight: 0 });
  });
});

test('adaptive concurrency and circuit breaker: a refusal gives the probe back', async () => {
  const { own, clock } = virtualWorld();
  const gate = deferred<string>();
  class Api {
    @CircuitBreaker({ recoveryTimeout: 100, successThreshold: 1 })
    @AdaptiveConcurrency({ initial: 1 })
    load(): Promise<string> {
      return gate.promise;
    }
  }
  const api = own(new Api());
  const early = api.load();
  circuitOf(api, 'load').open();
  await clock.advance(100);
  expect(await errorOf(api.load())).toBeInstanceOf(ConcurrencyLimitError);
  expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'half-open', probesInFlight: 0 });
  gate.resolve('done');
  await early;
  expect(await api.load()).toBe('done');
  expect(circuitOf(api, 'load').state).toBe('closed');
});

test('adaptive concurrency and cached: callers who share a load share one slot', async () => {
  const { own } = virtualWorld();
  const gate = deferred<string>();
  class Api {
    @Cached()
    @AdaptiveConcurrency({ initial: 1 })
    load(): Promise<string> {
      return gate.promise;
    }
  }
  const api = own(new Api());
  const calls = [api.load(), api.load(), api.load()];
  gate.resolve('value');
  expect(await Promise.all(calls)).toEqual(['value', 'value', 'value']);
});

test('adaptive concurrency and fallback: what is over the limit has an answer', async () => {
  const { own } = virtualWorld();
  class Api {
    @Fallback({ value: 'spare' })
    @AdaptiveConcurrency({ initial: 1 })
    load(): Promise<string> {
      return new Promise(() => undefined);
    }
  }
  const api = own(new Api());
  void settledOf(api.load());
  expect(await api.load()).toBe('spare');
});

test('adaptive concurrency, retry and timeout: abandoned attempts keep their slots beside the next ones', async () => {
  const { own, clock } = virtualWorld();
  class Api {
    @Retry({ maxAttempts: 2, delay: 10, jitter: 'none' })
    @AdaptiveConcurrency({ initial: 20 })
    @Timeout(50)
    load(): Promise<string> {
      return clock.sleep(200).then(() => 'late');
    }
  }
  const api = own(new Api());
  expect(await clock.until(errorOf(api.load()))).toMatchObject({ code: 'TIMED_OUT' });
  expect(stateOf(api, 'adaptive-concurrency')).toMatchObject({ inFlight: 2 });
  await clock.advance(200);
  expect(stateOf(api, 'adaptive-concurrency')).toMatchObject({ inFlight: 0 });
});

describe('in the shadow', () => {
  test('each attempt of a retry is judged anew, and every one runs', async () => {
    const { own, clock, events } = virtualWorld(refuseAlways);
    class Api {
      runs = 0;
      @Retry({ maxAttempts: 3, delay: 10, jitter: 'none' })
      @AdaptiveThrottle({ shadow: true })
      async load(): Promise<void> {
        this.runs += 1;
        throw withStatus(503);
      }
    }
    const api = own(new Api());
    expect(await clock.until(errorOf(api.load()))).toMatchObject({ status: 503 });
    expect([api.runs, events.count('shadow.rejected')]).toEqual([3, 2]);
    expect(stateOf(api, 'adaptive-throttle')).toMatchObject({ requests: 3, accepts: 0 });
  });

  test('what an adaptive limit would have refused gives no slot back when it times out, nor when it ends', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      @AdaptiveConcurrency({ initial: 1, shadow: true })
      @Timeout(50)
      load(duration: number): Promise<void> {
        return clock.sleep(duration);
      }
    }
    const api = own(new Api());
    const first = api.load(40);
    const second = settledOf(api.load(100));
    expect(events.count('shadow.rejected')).toBe(1);
    await clock.until(first);
    expect(stateOf(api, 'adaptive-concurrency').inFlight).toBe(0);
    await clock.until(second);
    await clock.advance(100);
    expect(stateOf(api, 'adaptive-concurrency').inFlight).toBe(0);
    await clock.until(api.load(10));
    expect(events.count('shadow.rejected')).toBe(1);
  });

  test('nothing is refused before a cache, a circuit or a fallback', async () => {
    const { own, events } = virtualWorld(refuseAlways);
    class Api {
      runs = 0;
      @Fallback({ value: 'spare' })
      @Cached({ ttl: 100, singleFlight: false })
      @CircuitBreaker({ failureThreshold: 100 })
      @AdaptiveThrottle({ shadow: true })
      @AdaptiveConcurrency({ initial: 1, shadow: true })
      async load(id: number): Promise<string> {
        this.runs += 1;
        await Promise.resolve();
        if (id < 5) throw withStatus(503);
        return 'value';
      }
    }
    const api = own(new Api());
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((id) => api.load(id)));
    expect(answers).toEqual(['spare', 'spare', 'spare', 'spare', 'value', 'value']);
    expect(api.runs).toBe(6);
    expect(events.of('shadow.rejected').map(({ policy }) => policy)).toContain('adaptive-concurrency');
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'closed', neutral: 0 });
  });
});

test.each(['adaptive throttle', 'adaptive concurrency'])(
  '%s and invalidates: a call that was refused drops nothing',
  async (policy) => {
    const { own } = virtualWorld(refuseAlways);
    const line = policy === 'adaptive throttle' ? AdaptiveThrottle() : AdaptiveConcurrency({ initial: 1 });
    class Api {
      loads = 0;
      @Cached({ ttl: '1m' })
      async read(): Promise<number> {
        this.loads += 1;
        return this.loads;
      }
      @Invalidates({ target: 'read' })
      @line
      async write(id: number): Promise<void> {
        if (id === 0) await new Promise(() => undefined);
        throw withStatus(503);
      }
    }
    const api = own(new Api());
    await errorOf(api.write(1));
    void settledOf(api.write(0));
    await api.read();
    expect(await errorOf(api.write(1))).toBeInstanceOf(RejectedError);
    expect(await api.read()).toBe(1);
  },
);
