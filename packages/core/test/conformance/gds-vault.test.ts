import { sequenceRandom, seededRandom } from '../../../testing/src/index.js';
import {
  Circuit,
  CircuitBreaker,
  CircuitOpenError,
  Fallback,
  Retry,
  circuitOf,
  classifyError,
  computeDelay,
  retry,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

/** The rows of the Vault caching-and-retry lesson that concern retry, circuit breaker, classification and fallback. */

const LESSON = { delay: 500, maxDelay: 30_000, factor: 2, backoff: 'exponential', jitter: 'none' } as const;
const outage = (): Promise<never> => Promise.reject(coded('ECONNREFUSED'));

const circuitWith = (options: ConstructorParameters<typeof Circuit>[0] = {}) => {
  const world = virtualWorld();
  return { ...world, circuit: new Circuit({ runtime: world.runtime, ...options }) };
};

const failing = async (circuit: Circuit, times: number): Promise<void> => {
  for (let call = 0; call < times; call += 1) await settledOf(circuit.call(outage));
};

describe('retry', () => {
  test('G22: three attempts from 0.5 s, doubling, at most 30 s; the first call counts', async () => {
    const { own, clock } = virtualWorld();
    const at: number[] = [];
    class Vault {
      @Retry({ jitter: 'none' })
      async read(): Promise<never> {
        at.push(clock.now());
        throw coded('ECONNREFUSED');
      }
    }
    await clock.until(settledOf(own(new Vault()).read()));
    expect(at).toEqual([0, 500, 1_500]);
  });

  test('G23: 0.5, 1, 2, 4, 8, 16, 30, 30 seconds without jitter', () => {
    const series = [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => computeDelay(LESSON, attempt, () => 0));
    expect(series).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  test('G23: jitter: true is uniform within 25 percent either way', () => {
    const at = (draw: number): number => computeDelay({ ...LESSON, jitter: true }, 2, () => draw);
    expect([at(0), at(0.5), at(1)]).toEqual([750, 1_000, 1_250]);
    const random = seededRandom(1);
    const draws = Array.from({ length: 10_000 }, () => computeDelay({ ...LESSON, jitter: true }, 2, random));
    expect([Math.min(...draws) >= 750, Math.max(...draws) <= 1_250]).toEqual([true, true]);
  });

  test('G24: errors that are not named propagate at once; the last error is thrown as it is; the name stays', async () => {
    const { own, clock } = virtualWorld();
    let runs = 0;
    const error = new RangeError('mine');
    class Vault {
      @Retry({ retryOn: ['ECONNREFUSED'] })
      async read(): Promise<never> {
        runs += 1;
        throw error;
      }
    }
    const vault = own(new Vault());
    expect(await errorOf(vault.read())).toBe(error);
    expect([runs, clock.now(), vault.read.name]).toEqual([1, 0, 'read']);
  });

  test('G25: the lab’s 2**attempt + uniform(0, 1) is a backoff function', async () => {
    const { own, clock } = virtualWorld({ random: sequenceRandom([0.25, 0.75]) });
    const at: number[] = [];
    class Lab {
      @Retry({ jitter: 'none', backoff: (attempt, _delay, random) => (2 ** (attempt - 1) + random()) * 1_000 })
      async read(): Promise<never> {
        at.push(clock.now());
        throw coded('ECONNREFUSED');
      }
    }
    await clock.until(settledOf(own(new Lab()).read()));
    expect(at).toEqual([0, 1_250, 4_000]);
  });

  test('GX7: jitter never passes the cap', () => {
    const random = seededRandom(2);
    const draws = Array.from({ length: 10_000 }, () => computeDelay({ ...LESSON, jitter: true }, 9, random));
    expect(Math.max(...draws)).toBeLessThanOrEqual(30_000);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(15_000);
  });

  test('GX8: maxAttempts: 0 is refused when the class is defined', () => {
    expect(() => {
      class Vault {
        @Retry({ maxAttempts: 0 })
        async read(): Promise<void> {}
      }
      return Vault;
    }).toThrow(/@Retry on read: maxAttempts must be >= 1, got 0/);
  });
});

describe('circuit breaker', () => {
  test('G26: opens after 5 failures, for 30 s, closes after 2 successes', async () => {
    const { circuit, clock } = circuitWith();
    await failing(circuit, 4);
    expect(circuit.state).toBe('closed');
    await failing(circuit, 1);
    expect(circuit.state).toBe('open');
    await clock.advance(29_999);
    expect(circuit.state).toBe('open');
    await clock.advance(1);
    await circuit.call(() => 1);
    expect(circuit.state).toBe('half-open');
    await circuit.call(() => 1);
    expect(circuit.state).toBe('closed');
  });

  test('G27: reading the state after the break shows half-open, takes no permit and emits nothing; the first probe does', async () => {
    const { circuit, clock, events } = circuitWith({ failureThreshold: 1 });
    await failing(circuit, 1);
    await clock.advance(30_000);
    events.clear();
    expect([circuit.state, circuit.state, circuit.metrics.probesInFlight, events.types()]).toEqual([
      'half-open',
      'half-open',
      0,
      [],
    ]);
    await circuit.call(() => 1);
    expect(events.types()).toEqual(['circuit.halfOpened']);
  });

  test('G28: two successes in half-open close it with a count of 0', async () => {
    const { circuit, clock } = circuitWith({ failureThreshold: 3 });
    await failing(circuit, 3);
    await clock.advance(30_000);
    await circuit.call(() => 1);
    await circuit.call(() => 1);
    expect(circuit.metrics).toMatchObject({ state: 'closed', failureCount: 0 });
  });

  test('G29: any failure in half-open opens it again', async () => {
    const { circuit, clock } = circuitWith({ failureThreshold: 1 });
    await failing(circuit, 1);
    await clock.advance(30_000);
    await circuit.call(() => 1);
    await failing(circuit, 1);
    expect(circuit.state).toBe('open');
  });

  test('G30: a success resets the count, so the threshold means consecutive failures', async () => {
    const { circuit } = circuitWith();
    for (let round = 0; round < 10; round += 1) {
      await failing(circuit, 4);
      await circuit.call(() => 1);
    }
    expect(circuit.metrics).toMatchObject({ state: 'closed', failureCount: 0 });
  });

  test('G31: call(fn) throws when open and does not run the function', async () => {
    const { circuit } = circuitWith({ failureThreshold: 1 });
    await failing(circuit, 1);
    let runs = 0;
    expect(await errorOf(circuit.call(() => (runs += 1)))).toBeInstanceOf(CircuitOpenError);
    expect(runs).toBe(0);
  });

  test('GX4: a secret that is not there opens no circuit for the others', async () => {
    const { own } = virtualWorld();
    class Vault {
      @CircuitBreaker()
      async read(path: string): Promise<string> {
        if (path === 'missing') throw withStatus(404);
        return path;
      }
    }
    const vault = own(new Vault());
    for (let call = 0; call < 6; call += 1) await settledOf(vault.read('missing'));
    expect(await vault.read('other')).toBe('other');
  });

  test('GX10: late results of a closed circuit neither probe a half-open one nor extend the break', async () => {
    const { circuit, clock } = circuitWith({ failureThreshold: 2 });
    const late = [circuit.admit(), circuit.admit()];
    await failing(circuit, 2);
    await clock.advance(20_000);
    late[0]?.fail(coded('ECONNREFUSED'));
    await clock.advance(10_000);
    expect(circuit.state).toBe('half-open');
    await circuit.call(() => 1);
    late[1]?.succeed();
    expect(circuit.state).toBe('half-open');
  });

  test('GX11: a circuit that opens between attempts ends the call with the last attempt’s own error', async () => {
    const { own, clock } = virtualWorld();
    class Vault {
      @Retry({ delay: 10 })
      @CircuitBreaker({ failureThreshold: 2 })
      async read(): Promise<never> {
        throw coded('ECONNREFUSED');
      }
    }
    const vault = own(new Vault());
    expect(await clock.until(errorOf(vault.read()))).toMatchObject({ code: 'ECONNREFUSED' });
    const second = (await clock.until(errorOf(vault.read()))) as CircuitOpenError;
    expect([second.code, second.cause]).toEqual(['CIRCUIT_OPEN', { name: 'Error', code: 'ECONNREFUSED' }]);
  });
});

describe('classification', () => {
  test.each([
    [429, 'transient'],
    [401, 'authentication'],
    [403, 'authorization'],
    [404, 'notFound'],
    [500, 'transient'],
    [503, 'transient'],
    [400, 'permanent'],
  ])('G33: status %i is %s', (status, expected) => {
    expect(classifyError(withStatus(status))).toBe(expected);
  });

  test.each([
    ['Connection lost', 'transient'],
    ['read timeout', 'transient'],
    ['permission denied', 'authorization'],
    ['invalid token', 'authentication'],
    ['token expired', 'authentication'],
    ['no secrets at this path', 'notFound'],
    ['key not found', 'notFound'],
  ])('G34: the words %p are %s', (message, expected) => {
    expect(classifyError(new Error(message))).toBe(expected);
  });

  test('GX3: a 403 that says the token has expired is authentication; with a hook both kinds renew once', async () => {
    expect(classifyError(Object.assign(withStatus(403), { message: 'token expired' }))).toBe('authentication');
    expect(classifyError(withStatus(403))).toBe('authorization');
    for (const message of ['token expired', 'permission denied']) {
      let renewals = 0;
      let runs = 0;
      const error = await errorOf(
        retry(
          () => {
            runs += 1;
            throw Object.assign(withStatus(403), { message });
          },
          { maxAttempts: 5, delay: 0, onAuthFailure: () => void (renewals += 1) },
        ),
      );
      expect([renewals, runs, error]).toEqual([1, 2, expect.objectContaining({ status: 403 })]);
    }
  });

  test.each<[string, unknown, string]>([
    ['TimeoutError', new DOMException('', 'TimeoutError'), 'transient'],
    ['timed out', new Error('timed out'), 'transient'],
    ['408', withStatus(408), 'transient'],
    ['412', withStatus(412), 'transient'],
    ['472', withStatus(472), 'transient'],
    ['473', withStatus(473), 'transient'],
    ['refused', coded('ECONNREFUSED'), 'transient'],
    ['a refusal that mentions a connection', new Error('permission denied: connection reset'), 'authorization'],
  ])('GX5: %s', (_name, error, expected) => {
    expect(classifyError(error)).toBe(expected);
  });
});

describe('the error handler', () => {
  test('G36: logs the failed attempt with its number and class, not with its message', async () => {
    const lines: string[] = [];
    const { own, clock } = virtualWorld({ logger: { warn: (line) => void lines.push(line) } });
    class Vault {
      @Retry({ maxAttempts: 2, delay: '10ms' })
      async read(): Promise<never> {
        throw coded('ECONNREFUSED', 'token=s.123');
      }
    }
    await clock.until(settledOf(own(new Vault()).read()));
    expect(lines).toEqual([
      expect.stringMatching(/^holdfast: retry\.scheduled Vault\.read attempt=1 .*errorClass=transient/),
    ]);
    expect(lines.join()).not.toContain('s.123');
  });

  test('G37, G38, G40: transient errors wait, authentication does not, authorization and the rest stop', async () => {
    const { own, clock } = virtualWorld();
    const runs: Record<string, number> = {};
    class Vault {
      @Retry({ maxAttempts: 3, delay: 100, jitter: 'none' })
      async read(error: Error): Promise<never> {
        runs[error.message] = (runs[error.message] ?? 0) + 1;
        throw error;
      }
    }
    const vault = own(new Vault());
    for (const status of [503, 401, 403, 400]) await clock.until(settledOf(vault.read(withStatus(status))));
    expect(runs).toEqual({ 'HTTP 503': 3, 'HTTP 401': 1, 'HTTP 403': 1, 'HTTP 400': 1 });
    expect(clock.now()).toBe(300);
  });

  test('G39, G41: what is not there, and what has failed to the end, is answered by the fallback; null and undefined are answers', async () => {
    const { own, clock } = virtualWorld();
    class Vault {
      @Fallback({ value: undefined })
      @Retry({ maxAttempts: 2, delay: 10 })
      async read(status: number): Promise<string | undefined> {
        throw withStatus(status);
      }
    }
    const vault = own(new Vault());
    expect(await clock.until(settledOf(vault.read(404)))).toEqual({ value: undefined });
    expect(await clock.until(settledOf(vault.read(503)))).toEqual({ value: undefined });
  });

  test('GX6: one renewal per call, none after the last attempt, shared by concurrent callers; a failing hook is the cause', async () => {
    const { own, clock } = virtualWorld();
    let renewals = 0;
    class Vault {
      @Retry({
        maxAttempts: 3,
        onAuthFailure: async () => {
          renewals += 1;
          await clock.sleep(10);
          throw new Error('cannot log in');
        },
      })
      async read(): Promise<never> {
        throw withStatus(401);
      }
    }
    const vault = own(new Vault());
    const errors = await clock.until(Promise.all([errorOf(vault.read()), errorOf(vault.read())]));
    expect([renewals, errors]).toEqual([
      1,
      [
        expect.objectContaining({ status: 401, cause: expect.objectContaining({ message: 'cannot log in' }) as Error }),
        expect.objectContaining({ status: 401 }),
      ],
    ]);
  });

  test('G44: the breaker lies inside of the retry, so every attempt counts', async () => {
    const { own, clock } = virtualWorld();
    class Vault {
      @Retry({ maxAttempts: 3, delay: 10 })
      @CircuitBreaker()
      async read(): Promise<never> {
        throw coded('ECONNREFUSED');
      }
    }
    const vault = own(new Vault());
    await clock.until(settledOf(vault.read()));
    expect(circuitOf(vault, 'read').metrics.failureCount).toBe(3);
  });
});
