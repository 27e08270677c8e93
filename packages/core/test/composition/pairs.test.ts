import { deferred } from '../../../testing/src/index.js';
import {
  Cached,
  CircuitBreaker,
  CircuitOpenError,
  Fallback,
  Invalidates,
  Retry,
  Timeout,
  answer,
  cacheOf,
  circuitOf,
  currentCall,
  definePolicy,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const forever = (): Promise<never> => new Promise(() => undefined);
const outage = (): Error => coded('ECONNRESET');

const refuseWhen = definePolicy<() => boolean>({
  name: 'refuse-when',
  bind: (refuses) => ({
    enter: () => {
      if (refuses()) throw new Error('refused by the user’s policy');
    },
  }),
});
const answerOutages = definePolicy<string>({
  name: 'answer-outages',
  before: 'retry',
  bind: (text) => ({ error: () => answer(text) }),
});

describe('cached and retry', () => {
  test('one miss is one series of attempts for all its callers, and its value is stored', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      runs = 0;
      @Cached()
      @Retry({ delay: 10 })
      async load(): Promise<number> {
        this.runs += 1;
        if (this.runs < 3) throw outage();
        return this.runs;
      }
    }
    const api = own(new Api());
    expect(await clock.until(Promise.all([api.load(), api.load(), api.load()]))).toEqual([3, 3, 3]);
    expect([await api.load(), api.runs]).toEqual([3, 3]);
  });

  test('callers of a load that fails share the last attempt’s error; the next call starts afresh', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      runs = 0;
      @Cached()
      @Retry({ maxAttempts: 2, delay: 10 })
      async load(): Promise<number> {
        this.runs += 1;
        throw Object.assign(outage(), { run: this.runs });
      }
    }
    const api = own(new Api());
    const errors = await clock.until(Promise.all([errorOf(api.load()), errorOf(api.load())]));
    expect(errors[0]).toBe(errors[1]);
    expect(errors[0]).toMatchObject({ run: 2 });
    expect(await clock.until(errorOf(api.load()))).toMatchObject({ run: 4 });
  });

  test('a result the retry does not accept, and returns for want of a better one, is stored like any other', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Cached({ cacheIf: (result: string) => result !== 'pending' })
      @Retry({ maxAttempts: 2, delay: 10, retryOnResult: (result: unknown) => result === 'pending' })
      async load(): Promise<string> {
        return 'pending';
      }
    }
    const api = own(new Api());
    expect(await clock.until(api.load())).toBe('pending');
    expect(cacheOf(api, 'load').stats.size).toBe(0);
  });

  test('an old value answers after the last attempt, not before', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      runs = 0;
      @Cached({ ttl: 100, staleIfError: '1h' })
      @Retry({ maxAttempts: 3, delay: 10 })
      async load(): Promise<string> {
        this.runs += 1;
        if (this.runs > 1) throw outage();
        return 'old';
      }
    }
    const api = own(new Api());
    await api.load();
    await clock.advance(100);
    expect([await clock.until(api.load()), api.runs]).toEqual(['old', 4]);
  });
});

describe('cached and circuit breaker', () => {
  test('an old value answers while the circuit is open, and the source is left in peace', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      runs = 0;
      @Cached({ ttl: 100, staleIfError: '1h', staleErrorThrottle: 1 })
      @CircuitBreaker({ failureThreshold: 1 })
      async load(): Promise<string> {
        this.runs += 1;
        if (this.runs > 1) throw outage();
        return 'old';
      }
    }
    const api = own(new Api());
    await api.load();
    await clock.advance(100);
    expect(await api.load()).toBe('old');
    await clock.advance(100);
    expect([await api.load(), api.runs]).toEqual(['old', 2]);
    expect(events.of('cache.servedStale').map(({ reason }) => reason)).toEqual(['error', 'circuit-open']);
  });

  test('without an old value the refusal passes, and is not stored', async () => {
    const { own } = virtualWorld();
    class Api {
      @Cached()
      @CircuitBreaker()
      async load(): Promise<string> {
        return 'new';
      }
    }
    const api = own(new Api());
    circuitOf(api, 'load').isolate();
    expect(await errorOf(api.load())).toBeInstanceOf(CircuitOpenError);
    circuitOf(api, 'load').close();
    expect(await api.load()).toBe('new');
  });
});

describe('cached and attempt timeout', () => {
  test('a load that takes too long fails for all its callers, and its late value is not stored', async () => {
    const { own, clock } = virtualWorld();
    const work = deferred<string>();
    class Api {
      @Cached()
      @Timeout(100)
      async load(): Promise<string> {
        return work.promise;
      }
    }
    const api = own(new Api());
    const calls = [errorOf(api.load()), errorOf(api.load())];
    await clock.advance(100);
    const [first, second] = await Promise.all(calls);
    expect([first, first === second]).toEqual([expect.objectContaining({ scope: 'attempt' }), true]);
    work.resolve('late');
    await clock.settle();
    expect(cacheOf(api, 'load').stats.size).toBe(0);
  });
});

describe('cached and fallback', () => {
  test('an old value comes before the fallback, the fallback before the error', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      fails = false;
      @Fallback({ value: 'fallback' })
      @Cached({ ttl: 100, staleIfError: 1_000, staleErrorThrottle: 1 })
      async load(): Promise<string> {
        if (this.fails) throw outage();
        return 'value';
      }
    }
    const api = own(new Api());
    await api.load();
    api.fails = true;
    await clock.advance(100);
    expect(await api.load()).toBe('value');
    await clock.advance(1_000);
    expect(await api.load()).toBe('fallback');
    api.fails = false;
    expect(await api.load()).toBe('value');
  });
});

describe('cached and invalidates', () => {
  test('a method that renews what another one reads makes it read anew', async () => {
    const { own } = virtualWorld();
    class Api {
      price = 1;
      @Cached()
      async read(_id: string): Promise<number> {
        return this.price;
      }
      @Invalidates({ target: 'read', keys: (id: string) => [id] })
      async write(_id: string, price: number): Promise<void> {
        this.price = price;
      }
    }
    const api = own(new Api());
    await api.read('a');
    await api.write('a', 2);
    expect(await api.read('a')).toBe(2);
  });
});

describe('cached and the caller’s signal', () => {
  test('a caller who aborts leaves alone; the load goes on for the others and is stored', async () => {
    const { own } = virtualWorld();
    const work = deferred<string>();
    class Api {
      @Cached()
      async load(_id: string, _signal: AbortSignal): Promise<string> {
        return work.promise;
      }
    }
    const api = own(new Api());
    const [mine, theirs] = [new AbortController(), new AbortController()];
    const left = errorOf(api.load('a', mine.signal));
    const stays = api.load('a', theirs.signal);
    mine.abort('left');
    expect(await left).toBe('left');
    work.resolve('value');
    expect(await stays).toBe('value');
    expect(cacheOf(api, 'load').stats).toMatchObject({ size: 1, misses: 1, coalesced: 1 });
  });

  test('the work is aborted when the last one has left; the next caller starts afresh', async () => {
    const { own } = virtualWorld();
    const signals: AbortSignal[] = [];
    class Api {
      @Cached()
      async load(_id: string, signal: AbortSignal): Promise<string> {
        signals.push(signal);
        return signals.length === 1 ? forever() : 'value';
      }
    }
    const api = own(new Api());
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }) => errorOf(api.load('a', signal)));
    controllers[0]?.abort('one');
    expect(signals[0]?.aborted).toBe(false);
    controllers[1]?.abort('two');
    expect(await Promise.all(calls)).toEqual(['one', 'two']);
    expect(signals[0]?.reason).toBe('two');
    expect(await api.load('a', new AbortController().signal)).toBe('value');
  });
});

describe('cached and a user policy', () => {
  test('the policy guards loads, not hits', async () => {
    const { own } = virtualWorld();
    let refuses = false;
    class Api {
      @Cached()
      @refuseWhen(() => refuses)
      async load(id: string): Promise<string> {
        return id;
      }
    }
    const api = own(new Api());
    await api.load('a');
    refuses = true;
    expect(await api.load('a')).toBe('a');
    expect(await errorOf(api.load('b'))).toMatchObject({ message: 'refused by the user’s policy' });
  });
});

describe('retry and attempt timeout', () => {
  test('each attempt has its own time', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      runs = 0;
      @Retry({ maxAttempts: 3, delay: 10, jitter: 'none' })
      @Timeout(100)
      async load(): Promise<string> {
        this.runs += 1;
        return this.runs === 3 ? 'third' : forever();
      }
    }
    expect(await clock.until(own(new Api()).load())).toBe('third');
    expect(clock.now()).toBe(100 + 10 + 100 + 20);
  });
});

describe('retry and the caller’s signal', () => {
  test('every attempt gets a live signal of its own that the caller’s abort reaches', async () => {
    const { own, clock } = virtualWorld();
    const signals: AbortSignal[] = [];
    class Api {
      @Retry({ maxAttempts: 3, delay: 10 })
      @Timeout(100)
      async load(signal: AbortSignal): Promise<void> {
        signals.push(signal);
        return forever();
      }
    }
    const controller = new AbortController();
    const call = errorOf(own(new Api()).load(controller.signal));
    await clock.advance(150);
    controller.abort('left');
    expect(await call).toBe('left');
    expect(signals.map(({ reason }) => (reason as { code?: string }).code ?? (reason as string))).toEqual([
      'TIMED_OUT',
      'left',
    ]);
  });
});

describe('retry and a user policy', () => {
  test('the policy sees every attempt by default, and none but the outcome when it stands outside', async () => {
    const { own, clock } = virtualWorld();
    const seen: string[] = [];
    const watch = (name: string, place: object): (() => ReturnType<ReturnType<typeof definePolicy>>) =>
      definePolicy({
        name,
        ...place,
        bind: () => ({
          enter: ({ attempt }) => void seen.push(`${name} enters ${attempt}`),
          error: () => void seen.push(`${name} fails`),
        }),
      });
    const inside = watch('watch-inside', {});
    const outside = watch('watch-outside', { before: 'retry' });
    class Api {
      @Retry({ maxAttempts: 2, delay: 10 })
      @inside()
      @outside()
      async load(): Promise<void> {
        throw outage();
      }
    }
    await clock.until(settledOf(own(new Api()).load()));
    expect(seen).toEqual([
      'watch-outside enters 1',
      'watch-inside enters 1',
      'watch-inside fails',
      'watch-inside enters 2',
      'watch-inside fails',
      'watch-outside fails',
    ]);
  });

  test('the policy’s answer ends the call', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      @answerOutages('from the policy')
      @Retry({ maxAttempts: 2, delay: 10 })
      async load(): Promise<string> {
        throw outage();
      }
    }
    expect(await clock.until(own(new Api()).load())).toBe('from the policy');
    expect(events.count('retry.exhausted')).toBe(1);
  });

  test('a policy around the call may run it as often as it likes', async () => {
    const { own } = virtualWorld();
    const twice = definePolicy({
      name: 'twice',
      async: true,
      bind: () => async (call, next) => {
        call.state = [await next(), await next()];
        return call.state;
      },
    });
    class Api {
      runs = 0;
      @twice()
      async load(): Promise<unknown> {
        this.runs += 1;
        return this.runs;
      }
    }
    expect(await own(new Api()).load()).toEqual([1, 2]);
  });
});

describe('circuit breaker and attempt timeout', () => {
  test('an attempt that times out is a failure; its late success changes nothing', async () => {
    const { own, clock } = virtualWorld();
    const work = deferred<string>();
    class Api {
      @CircuitBreaker({ failureThreshold: 1, recoveryTimeout: 1_000 })
      @Timeout(100)
      async load(): Promise<string> {
        return work.promise;
      }
    }
    const api = own(new Api());
    await clock.until(settledOf(api.load()));
    expect(circuitOf(api, 'load').state).toBe('open');
    await clock.advance(1_000);
    work.resolve('late');
    await clock.settle();
    expect(circuitOf(api, 'load').metrics).toMatchObject({ state: 'half-open', probesInFlight: 0 });
  });
});

describe('circuit breaker and fallback', () => {
  test('the fallback answers refusals, and hides no failure from the breaker', async () => {
    const { own, events } = virtualWorld();
    class Api {
      @Fallback((error: unknown) => (error as { code: string }).code)
      @CircuitBreaker({ failureThreshold: 2 })
      async load(): Promise<string> {
        throw outage();
      }
    }
    const api = own(new Api());
    expect([await api.load(), await api.load(), await api.load()]).toEqual([
      'ECONNRESET',
      'ECONNRESET',
      'CIRCUIT_OPEN',
    ]);
    expect(events.of('fallback.applied').map(({ errorClass }) => errorClass)).toEqual([
      'transient',
      'transient',
      'rejection',
    ]);
  });
});

describe('circuit breaker and a user policy', () => {
  test('a refusal of the policy outside is not seen by the breaker, one from inside is an outcome', async () => {
    const { own } = virtualWorld();
    const inside = definePolicy({
      name: 'refuse-inside',
      after: 'circuit-breaker',
      bind: () => ({
        enter: () => {
          throw outage();
        },
      }),
    });
    class Api {
      @CircuitBreaker()
      @refuseWhen(() => true)
      async outside(): Promise<void> {}
      @CircuitBreaker()
      @inside()
      async inside(): Promise<void> {}
    }
    const api = own(new Api());
    await settledOf(api.outside());
    await settledOf(api.inside());
    expect(circuitOf(api, 'outside').metrics).toMatchObject({ failureCount: 0, neutral: 0 });
    expect(circuitOf(api, 'inside').metrics).toMatchObject({ failureCount: 1 });
  });
});

describe('total timeout and fallback', () => {
  test('the fallback answers when the time is over, and has time of its own', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      @Fallback(async () => {
        await clock.sleep(500);
        return 'fallback';
      })
      @Timeout({ total: 100 })
      async load(): Promise<string> {
        return forever();
      }
    }
    expect(await clock.until(own(new Api()).load())).toBe('fallback');
    expect(clock.now()).toBe(600);
  });
});

describe('total timeout and invalidates', () => {
  test('a write that may have had an effect invalidates although its answer never came', async () => {
    const { own, clock } = virtualWorld();
    class Api {
      reads = 0;
      @Cached()
      async read(): Promise<number> {
        this.reads += 1;
        return this.reads;
      }
      @Invalidates({ target: 'read' })
      @Timeout({ total: 100 })
      async write(): Promise<void> {
        return forever();
      }
    }
    const api = own(new Api());
    await api.read();
    await clock.until(settledOf(api.write()));
    expect(await api.read()).toBe(2);
  });
});

describe('invalidates and retry', () => {
  test('invalidates once, after the last attempt', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      runs = 0;
      @Cached()
      async read(): Promise<number> {
        return 1;
      }
      @Invalidates({ target: 'read' })
      @Retry({ delay: 10 })
      async write(): Promise<void> {
        this.runs += 1;
        if (this.runs < 3) throw outage();
      }
    }
    const api = own(new Api());
    await api.read();
    await clock.until(api.write());
    expect(events.count('cache.invalidated')).toBe(1);
  });

  test('a refused or definitely unsuccessful write invalidates nothing', async () => {
    const { own } = virtualWorld();
    class Api {
      @Cached()
      async read(): Promise<number> {
        return 1;
      }
      @Invalidates({ target: 'read' })
      @CircuitBreaker()
      async write(): Promise<void> {
        throw withStatus(422);
      }
    }
    const api = own(new Api());
    await api.read();
    await settledOf(api.write());
    circuitOf(api, 'write').isolate();
    await settledOf(api.write());
    expect(cacheOf(api, 'read').stats.size).toBe(1);
  });
});

describe('fallback and the caller’s signal', () => {
  test('an outage is answered while nobody has aborted, the abort is not', async () => {
    const { own } = virtualWorld();
    class Api {
      @Fallback({ value: 'fallback' })
      async load(fails: boolean, _signal: AbortSignal): Promise<string> {
        if (fails) throw outage();
        return forever();
      }
    }
    const api = own(new Api());
    const controller = new AbortController();
    expect(await api.load(true, controller.signal)).toBe('fallback');
    const call = errorOf(api.load(false, controller.signal));
    controller.abort('left');
    expect(await call).toBe('left');
  });
});

describe('everything at once', () => {
  test('an outage passes through all layers in order, and the recovery as well', async () => {
    const { own, clock, events } = virtualWorld();
    class Shop {
      isDown = false;
      runs = 0;
      @Fallback({ value: 'fallback' })
      @Cached({ ttl: 100, staleIfError: 5_000, staleErrorThrottle: 10 })
      @Retry({ maxAttempts: 3, delay: 10, jitter: 'none' })
      @CircuitBreaker({ failureThreshold: 3, recoveryTimeout: 10_000, successThreshold: 1 })
      @Timeout({ attempt: 50, total: 400 })
      async load(): Promise<string> {
        this.runs += 1;
        return this.isDown ? forever() : `value ${this.runs} ${currentCall().attempt}`;
      }
    }
    const shop = own(new Shop());
    const load = (): Promise<string> => clock.until(shop.load());
    expect(await load()).toBe('value 1 1');
    shop.isDown = true;
    await clock.advance(100);
    expect(await load()).toBe('value 1 1'); // three timeouts, then the old value
    expect([shop.runs, circuitOf(shop, 'load').state]).toEqual([4, 'open']);
    await clock.advance(1_000);
    expect([await load(), shop.runs]).toEqual(['value 1 1', 4]); // the circuit is open
    await clock.advance(5_000);
    expect([await load(), shop.runs]).toEqual(['fallback', 4]); // the old value is too old
    shop.isDown = false;
    await clock.advance(5_000);
    expect(await load()).toBe('value 5 1');
    expect(circuitOf(shop, 'load').state).toBe('closed');
    expect(events.count('fallback.applied')).toBe(1);
    await clock.advance(400);
    expect(clock.refCount).toBe(0);
  });
});
