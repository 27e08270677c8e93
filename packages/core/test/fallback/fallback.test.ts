import {
  Bulkhead,
  CircuitBreaker,
  ConfigurationError,
  Fallback,
  Retry,
  callOutcome,
  circuitOf,
  explain,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const outage = coded('ECONNRESET');

describe('a fallback', () => {
  test.each([undefined, null, 0, '', false, 'text'])('answers %p: presence decides, not the value', async (value) => {
    const { own } = virtualWorld();
    class Api {
      @Fallback({ value })
      async load(): Promise<unknown> {
        throw outage;
      }
    }
    expect(await own(new Api()).load()).toBe(value);
  });

  test('answers a refusal with undefined as with anything else: the method does not run', async () => {
    const { own, clock } = virtualWorld();
    const runs: string[] = [];
    class Api {
      @Fallback({ value: undefined })
      @CircuitBreaker({ failureThreshold: 1 })
      async broken(): Promise<void> {
        runs.push('broken');
        throw outage;
      }
      @Fallback(() => undefined)
      @Bulkhead({ maxConcurrent: 1 })
      async busy(): Promise<void> {
        runs.push('busy');
        await clock.sleep(10);
      }
    }
    const api = own(new Api());
    expect([await api.broken(), await api.broken(), runs.splice(0)]).toEqual([undefined, undefined, ['broken']]);
    const calls = [api.busy(), api.busy(), callOutcome(api, 'busy')];
    await clock.settle();
    expect(runs).toEqual(['busy']);
    expect(explain(api).methods[1]?.stack[1]?.state).toMatchObject({ inFlight: 1 });
    await clock.until(Promise.all(calls));
    expect(explain(api).methods[1]?.stack[1]?.state).toMatchObject({ inFlight: 0 });
  });

  test('may be a function of the error and the arguments, with the method’s this', async () => {
    const { own } = virtualWorld();
    class Api {
      readonly prefix = 'api';
      @Fallback(function (this: Api, error: unknown, id: string) {
        return `${this.prefix} ${id} ${(error as Error & { code: string }).code}`;
      })
      async load(_id: string): Promise<string> {
        throw outage;
      }
    }
    expect(await own(new Api()).load('7')).toBe('api 7 ECONNRESET');
  });

  test('may be asynchronous, with any kind of promise', async () => {
    const { own, events } = virtualWorld();
    const thenable = { then: (resolve: (value: number) => void) => resolve(8) };
    class Api {
      @Fallback(async () => 7)
      async one(): Promise<number> {
        throw outage;
      }
      @Fallback(() => thenable as never)
      async two(): Promise<number> {
        throw outage;
      }
    }
    const api = own(new Api());
    expect([await api.one(), await api.two()]).toEqual([7, 8]);
    expect(events.count('fallback.applied')).toBe(2);
  });

  test('keeps a synchronous method synchronous', () => {
    const { own } = virtualWorld();
    class Api {
      @Fallback({ value: 1 })
      load(): number {
        throw outage;
      }
    }
    expect(own(new Api()).load()).toBe(1);
  });

  test('is not asked after a success', async () => {
    const { own, events } = virtualWorld();
    class Api {
      @Fallback({ value: 'fallback' })
      async load(): Promise<string> {
        return 'real';
      }
    }
    expect(await own(new Api()).load()).toBe('real');
    expect(events.count('fallback.applied')).toBe(0);
  });

  test('is asked after the last attempt, and hides nothing from retry and breaker', async () => {
    const { own, clock, events } = virtualWorld();
    class Api {
      @Fallback({ value: 'fallback' })
      @Retry({ maxAttempts: 3, delay: 1 })
      @CircuitBreaker()
      async load(): Promise<string> {
        throw outage;
      }
    }
    const api = own(new Api());
    expect(await clock.until(api.load())).toBe('fallback');
    expect(circuitOf(api, 'load').metrics.failureCount).toBe(3);
    expect(events.of('fallback.applied')).toMatchObject([
      { method: 'Api.load', errorClass: 'transient', error: { name: 'Error', code: 'ECONNRESET' } },
    ]);
    expect(events.types().slice(-2)).toEqual(['fallback.applied', 'call.succeeded']);
  });

  test('answers what when allows', async () => {
    const { own } = virtualWorld();
    class Api {
      @Fallback({ value: 'none', when: (error) => (error as { status?: number }).status === 404 })
      async load(status: number): Promise<string> {
        throw withStatus(status);
      }
    }
    const api = own(new Api());
    expect(await api.load(404)).toBe('none');
    expect(await errorOf(api.load(503))).toMatchObject({ status: 503 });
  });

  test('is not applied when its predicate throws, which is reported', async () => {
    const { own, events } = virtualWorld();
    class Api {
      @Fallback({
        value: 1,
        when: () => {
          throw new Error('mine');
        },
      })
      async load(): Promise<number> {
        throw outage;
      }
    }
    expect(await errorOf(own(new Api()).load())).toBe(outage);
    expect(events.of('listener.failed')).toMatchObject([{ source: '@Fallback when' }]);
  });

  test('reports a classifier that throws', async () => {
    const { own, events } = virtualWorld({
      classifiers: [
        () => {
          throw new Error('mine');
        },
      ],
    });
    class Api {
      @Fallback({ value: 1 })
      async load(): Promise<number> {
        throw outage;
      }
    }
    expect(await own(new Api()).load()).toBe(1);
    expect(events.of('listener.failed')).toMatchObject([{ source: '@Fallback classifier' }]);
  });

  test('that fails itself rejects with its own error, and the original as the cause', async () => {
    const { own, events } = virtualWorld();
    class Api {
      @Fallback(() => {
        throw new Error('fallback failed');
      })
      async throws(): Promise<never> {
        throw outage;
      }
      @Fallback(() => Promise.reject(new Error('fallback failed')))
      async rejects(): Promise<never> {
        throw outage;
      }
    }
    const api = own(new Api());
    for (const name of ['throws', 'rejects'] as const) {
      expect(await errorOf(api[name]())).toMatchObject({ message: 'fallback failed', cause: outage });
    }
    expect(events.count('fallback.applied')).toBe(0);
  });

  test.each<[string, unknown, unknown]>([
    ['an own cause', new Error('x', { cause: 'mine' }), 'mine'],
    ['no room for one', Object.freeze(new Error('x')), undefined],
    ['a text', 'text', undefined],
    ['the original itself', outage, undefined],
    [
      'a proxy that resists',
      new Proxy(new Error('x'), {
        getOwnPropertyDescriptor: () => {
          throw new Error('no');
        },
      }),
      undefined,
    ],
  ])('that fails with %s keeps it', async (_name, thrown, cause) => {
    const { own } = virtualWorld();
    class Api {
      @Fallback(() => {
        throw thrown;
      })
      async load(): Promise<never> {
        throw outage;
      }
    }
    const settled = await settledOf(own(new Api()).load());
    expect('error' in settled && settled.error === thrown).toBe(true);
    expect((thrown as { cause?: unknown }).cause).toBe(cause);
  });

  test.each<[unknown, string]>([
    [{}, 'needs a function (error, ...args) => value, or { value }'],
    [{ value: 1, handler: () => 1 }, 'has both a value and a handler; keep one'],
    [{ valeu: 1 }, 'is not an option'],
    [5, 'options must be an object'],
  ])('of %j is refused', (options, message) => {
    const define = (): unknown => {
      class Api {
        @Fallback(options as never)
        async load(): Promise<void> {}
      }
      return Api;
    };
    expect(define).toThrow(ConfigurationError);
    expect(define).toThrow(message);
  });

  test('is explained without its value', () => {
    class Api {
      @Fallback({ value: 'secret answer' })
      async load(): Promise<string> {
        return '';
      }
      @Fallback(() => 'x')
      async other(): Promise<string> {
        return '';
      }
    }
    const explained = explain(Api);
    expect(explained.methods.map(({ stack }) => stack[0]?.options)).toEqual([
      { answers: 'value' },
      { answers: 'handler' },
    ]);
    expect(String(explained)).not.toContain('secret');
  });
});
