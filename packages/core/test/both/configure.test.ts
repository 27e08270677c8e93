import {
  Cached,
  CircuitBreaker,
  Fallback,
  type HoldfastEvent,
  Resilient,
  Retry,
  Timeout,
  cacheOf,
  circuitOf,
  configure,
  currentCall,
  events,
  explain,
  health,
  resetConfiguration,
  stats,
} from '../../src/index.js';
import { recordEvents, virtualClock } from '../../../testing/src/index.js';
import { thrownBy } from '../support/dialect.js';
import { coded, settledOf } from '../support/virtual-world.js';

let clock = virtualClock();
beforeEach(() => {
  clock = virtualClock();
  configure({ clock, logger: false });
});
afterEach(resetConfiguration);

class Orders {
  calls = 0;
  fails = false;

  @Cached({ ttl: '1m' })
  async find(id: string): Promise<string> {
    this.calls += 1;
    return id;
  }

  @Cached()
  async byDefault(id: string): Promise<string> {
    this.calls += 1;
    return id;
  }

  @CircuitBreaker()
  async place(): Promise<string> {
    this.calls += 1;
    if (this.fails) throw coded('ECONNRESET');
    return 'placed';
  }

  @Retry({ delay: 0 })
  async retried(): Promise<void> {
    this.calls += 1;
    throw coded('ECONNRESET');
  }

  @Timeout('1s')
  async slow(): Promise<void> {
    return new Promise(() => undefined);
  }
}

const attemptsOf = async (orders: Orders): Promise<number> => {
  const before = orders.calls;
  await clock.until(settledOf(orders.retried()));
  return orders.calls - before;
};

describe('configure', () => {
  test('takes effect on classes that were defined and called before', async () => {
    const orders = new Orders();
    expect(await attemptsOf(orders)).toBe(3);
    configure({ defaults: { retry: { maxAttempts: 5 } } });
    expect(await attemptsOf(orders)).toBe(5);
    configure({ defaults: { retry: { maxAttempts: 2 } } });
    expect(await attemptsOf(orders)).toBe(2);
  });

  test('keeps cache entries: the ttl is for new ones, a smaller size evicts', async () => {
    const orders = new Orders();
    await orders.byDefault('a');
    await orders.byDefault('b');
    configure({ defaults: { cache: { ttl: '10s', maxSize: 1 } } });
    await orders.byDefault('b');
    expect(orders.calls).toBe(2);
    expect(cacheOf(orders, 'byDefault').stats).toMatchObject({ size: 1, maxSize: 1, evictions: 1 });
    await clock.advance(11_000);
    await orders.byDefault('b');
    expect(orders.calls).toBe(2);
    await orders.byDefault('c');
    await clock.advance(11_000);
    await orders.byDefault('c');
    expect(orders.calls).toBe(4);
  });

  test('keeps circuits: thresholds hold at once', async () => {
    const orders = new Orders();
    orders.fails = true;
    await settledOf(orders.place());
    await settledOf(orders.place());
    configure({ defaults: { circuitBreaker: { failureThreshold: 3 } } });
    await settledOf(orders.place());
    expect(circuitOf(orders, 'place').state).toBe('open');
    expect(orders.calls).toBe(3);
    configure({ captureStacks: true });
    expect(circuitOf(orders, 'place').state).toBe('open');
  });

  test('replaces what is given and leaves the rest', async () => {
    configure({ defaults: { retry: { maxAttempts: 5 } } });
    configure({ defaults: { cache: { ttl: '1s' } }, policies: { a: { retry: true } } });
    configure({ policies: { b: { retry: true } } });
    class Both {
      @Resilient('a')
      async a(): Promise<void> {}
      @Resilient('b')
      async b(): Promise<void> {}
    }
    expect(explain(Both).methods.map(({ amplification }) => amplification)).toEqual([5, 5]);
    configure({ defaults: { retry: { delay: 1 } } });
    expect(explain(Both).methods.map(({ amplification }) => amplification)).toEqual([3, 3]);
  });

  test('with nothing changes nothing', async () => {
    configure({ defaults: { retry: { maxAttempts: 5 } } });
    configure({});
    configure({ defaults: undefined, enabled: undefined } as never);
    expect(await attemptsOf(new Orders())).toBe(5);
  });

  test.each([
    ['an unknown option', { retry: {} }],
    ['a wrong default', { defaults: { retry: { maxAttempts: 5 }, cache: { ttl: -1 } } }],
    ['a wrong named policy', { defaults: { retry: { maxAttempts: 5 } }, policies: { a: { rtry: true } } }],
    ['a wrong clock', { defaults: { retry: { maxAttempts: 5 } }, clock: {} }],
    ['a wrong flag', { defaults: { retry: { maxAttempts: 5 } }, enabled: 'no' }],
  ])('that fails because of %s changes nothing', async (_what, configuration) => {
    const orders = new Orders();
    await orders.find('1');
    expect(thrownBy(() => configure(configuration as never)).name).toBe('ConfigurationError');
    expect(await attemptsOf(orders)).toBe(3);
    await orders.find('1');
    expect(cacheOf(orders, 'find').stats).toMatchObject({ hits: 1, misses: 1 });
  });

  test('is not affected by later changes of the object that it was given', async () => {
    const retry = { maxAttempts: 5 };
    const classifiers = [() => undefined];
    configure({ defaults: { retry }, classifiers });
    retry.maxAttempts = 9;
    classifiers.push((() => 'permanent') as never);
    expect(await attemptsOf(new Orders())).toBe(5);
  });

  test('sets the clock, and back to that of the system', async () => {
    const orders = new Orders();
    const other = virtualClock({ now: 5_000 });
    configure({ clock: other });
    const slow = settledOf(orders.slow());
    await other.advance(1_000);
    expect(await slow).toMatchObject({ error: { code: 'TIMED_OUT' } });
    configure({ clock: 'system' });
    expect(await settledOf(orders.find('1'))).toEqual({ value: '1' });
  });

  test('sets chance', async () => {
    configure({ random: () => 0.5, defaults: { retry: { jitter: 'full', delay: 1000, maxAttempts: 2 } } });
    class Jittered {
      @Retry()
      async find(): Promise<void> {
        throw coded('ECONNRESET');
      }
    }
    const recorder = recordEvents();
    await clock.until(settledOf(new Jittered().find()));
    expect(recorder.last('retry.scheduled')?.delay).toBe(500);
    recorder.stop();
  });

  test('sets classifiers, asked before the table of errors', async () => {
    configure({ classifiers: [(error) => ((error as Error).message === 'quota' ? 'permanent' : undefined)] });
    class Classified {
      calls = 0;
      @Retry({ delay: 0 })
      async find(message: string): Promise<void> {
        this.calls += 1;
        throw new Error(message);
      }
    }
    const classified = new Classified();
    await clock.until(settledOf(classified.find('quota')));
    expect(classified.calls).toBe(1);
    await clock.until(settledOf(classified.find('other')));
    expect(classified.calls).toBe(4);
  });

  test('sets the logger, its level, and silence', async () => {
    const lines: string[] = [];
    const logger = {
      debug: (line: string) => lines.push(`debug ${line}`),
      warn: (line: string) => lines.push(`warn ${line}`),
    };
    configure({ logger });
    const orders = new Orders();
    await orders.find('1');
    expect(lines.some((line) => line.startsWith('debug holdfast: cache.miss Orders.find'))).toBe(true);
    lines.length = 0;
    configure({ logLevel: 'warn' });
    await orders.find('2');
    expect(lines).toEqual([]);
    configure({ logLevel: 'debug', logger: false });
    await orders.find('3');
    expect(lines).toEqual([]);
  });

  test('captureStacks gives refusals and timeouts a stack, without it they have none', async () => {
    const orders = new Orders();
    const timedOut = async (): Promise<Error> => {
      const result = settledOf(orders.slow());
      await clock.advance(1_000);
      return ((await result) as { error: Error }).error;
    };
    expect((await timedOut()).stack).not.toMatch(/\n\s+at /);
    configure({ captureStacks: true });
    expect((await timedOut()).stack).toMatch(/\n\s+at /);
  });
});

describe('enabled: false', () => {
  class Everything {
    calls = 0;
    seen: unknown[] = [];

    @Resilient({
      cache: true,
      retry: { delay: 0 },
      circuitBreaker: true,
      timeout: '1s',
      fallback: { value: 'fallback' },
    })
    async find(...args: unknown[]): Promise<string> {
      this.calls += 1;
      this.seen = args;
      if (args[0] === 'fail') throw coded('ECONNRESET');
      return 'x';
    }

    @Fallback({ value: 'fallback' })
    sync(): string {
      throw new Error('as written');
    }

    @Retry()
    async asking(): Promise<unknown> {
      const { attempt, signal, remaining } = currentCall();
      return { attempt, isAborted: signal.aborted, remaining };
    }
  }

  test('runs methods as written', async () => {
    configure({ enabled: false });
    const everything = new Everything();
    await expect(everything.find('1')).resolves.toBe('x');
    await expect(everything.find('1')).resolves.toBe('x');
    await expect(everything.find('fail')).rejects.toThrow('ECONNRESET');
    expect(everything.calls).toBe(3);
    expect(() => everything.sync()).toThrow('as written');
    expect(explain(Everything).methods.map(({ stack }) => stack)).toEqual([[], [], []]);
  });

  test('makes currentCall() inert, not an error', async () => {
    configure({ enabled: false });
    await expect(new Everything().asking()).resolves.toEqual({ attempt: 1, isAborted: false, remaining: Infinity });
  });

  test('hands the arguments over untouched, an AbortSignal too', async () => {
    configure({ enabled: false });
    const everything = new Everything();
    const controller = new AbortController();
    const options = { signal: controller.signal };
    await everything.find('1', options);
    expect(everything.seen[1]).toBe(options);
    controller.abort();
    await expect(everything.find('1', controller.signal)).resolves.toBe('x');
    expect(everything.seen[1]).toBe(controller.signal);
  });

  test('can be switched off and on while running: state survives', async () => {
    const everything = new Everything();
    await everything.find('1');
    configure({ enabled: false });
    await everything.find('1');
    configure({ enabled: true });
    await everything.find('1');
    expect(everything.calls).toBe(2);
    expect(cacheOf(everything, 'find').stats).toMatchObject({ hits: 1, misses: 1 });
  });

  test('makes handles say what is the matter', async () => {
    configure({ enabled: false });
    expect(thrownBy(() => cacheOf(new Everything(), 'find')).message).toBe(
      'cacheOf: Everything.find has no @Cached; add one, or enable the framework',
    );
  });
});

describe('resetConfiguration', () => {
  test('returns to the built-ins', async () => {
    configure({ enabled: false, defaults: { retry: { maxAttempts: 9 } }, policies: { a: {} } });
    resetConfiguration();
    configure({ clock, logger: false });
    expect(await attemptsOf(new Orders())).toBe(3);
    class Named {
      @Resilient('a')
      async find(): Promise<void> {}
    }
    await expect(new Named().find()).rejects.toThrow("there is no policy named 'a'");
  });

  test('drops entries and circuits of methods that were called before', async () => {
    const orders = new Orders();
    await orders.find('1');
    await orders.find('1');
    circuitOf(orders, 'place').isolate();
    await expect(orders.place()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
    resetConfiguration();
    configure({ clock, logger: false });
    expect([stats().total.size, health().status]).toEqual([0, 'healthy']);
    await orders.find('1');
    expect(orders.calls).toBe(2);
    await expect(orders.place()).resolves.toBe('placed');
  });

  test('drops listeners', async () => {
    const heard: HoldfastEvent[] = [];
    events.onAny((event) => heard.push(event));
    resetConfiguration();
    configure({ clock, logger: false });
    await new Orders().find('1');
    expect(heard).toEqual([]);
  });

  test('forgets names that were given to circuits', async () => {
    const named = (failureThreshold: number) => {
      class Named {
        @CircuitBreaker({ name: 'shared', failureThreshold })
        async find(): Promise<string> {
          return 'x';
        }
      }
      return new Named();
    };
    await named(1).find();
    resetConfiguration();
    configure({ clock, logger: false });
    await expect(named(2).find()).resolves.toBe('x');
  });
});
