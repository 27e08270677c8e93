import { seededRandom } from '../../../testing/src/index.js';
import { Circuit, Retry, classifyError, computeDelay, retry, seconds } from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

/** The rows of the MLflow caching-and-retries page that concern retry and circuit breaker. */

const PAGE = { delay: 1_000, maxDelay: 30_000, factor: 2, backoff: 'exponential', jitter: 'additive' } as const;

test('M16: max_retries 3 is four attempts', async () => {
  const { own, clock } = virtualWorld();
  let runs = 0;
  class Provider {
    @Retry({ retries: 3, delay: seconds(1), jitter: 'additive' })
    async fetch(): Promise<never> {
      runs += 1;
      throw coded('ETIMEDOUT');
    }
  }
  await clock.until(settledOf(own(new Provider()).fetch()));
  expect(runs).toBe(4);
});

test('M17, M18: waits 1, 2, 4 seconds, each up to a tenth longer', () => {
  for (const [index, base] of [1_000, 2_000, 4_000].entries()) {
    const at = (draw: number): number => computeDelay(PAGE, index + 1, () => draw);
    expect([at(0), at(1)]).toEqual([base, base * 1.1]);
  }
});

test('M19: the final error is thrown as it is, and each retry is told with its delay', async () => {
  const { own, clock, events } = virtualWorld({ random: () => 0 });
  const error = withStatus(503);
  class Provider {
    @Retry({ ...PAGE, retries: 2 })
    async fetch(): Promise<never> {
      throw error;
    }
  }
  expect(await clock.until(errorOf(own(new Provider()).fetch()))).toBe(error);
  expect(events.of('retry.scheduled').map(({ attempt, delay }) => [attempt, delay])).toEqual([
    [1, 1_000],
    [2, 2_000],
  ]);
});

test('M20: what the environment says is what methods do', async () => {
  const { own, clock, runtime } = virtualWorld();
  runtime.configureFromEnv({
    HOLDFAST_RETRY_MAX_ATTEMPTS: '5',
    HOLDFAST_RETRY_DELAY: '2s',
    HOLDFAST_RETRY_MAX_DELAY: '3s',
  });
  const at: number[] = [];
  class Provider {
    @Retry({ jitter: 'none' })
    async fetch(): Promise<never> {
      at.push(clock.now());
      throw coded('ETIMEDOUT');
    }
  }
  await clock.until(settledOf(own(new Provider()).fetch()));
  expect(at).toEqual([0, 2_000, 5_000, 8_000, 11_000]);
});

test.each<[string, unknown, number]>([
  ['a connection error', coded('ECONNREFUSED'), 3],
  ['a timeout', coded('ETIMEDOUT'), 3],
  ['a name that does not resolve', coded('EAI_AGAIN'), 3],
  ['500', withStatus(500), 3],
  ['599', withStatus(599), 3],
  ['400', withStatus(400), 1],
  ['404', withStatus(404), 1],
])('M21: %s', async (_name, error, attempts) => {
  let runs = 0;
  await errorOf(
    retry(
      () => {
        runs += 1;
        throw error;
      },
      { delay: 0 },
    ),
  );
  expect(runs).toBe(attempts);
});

test('M24: with its numbers the circuit opens after 5 failures for 60 s, and one success closes it', async () => {
  const { runtime, clock } = virtualWorld();
  const circuit = new Circuit({ runtime, failureThreshold: 5, recoveryTimeout: '60s', successThreshold: 1 });
  for (let call = 0; call < 5; call += 1) circuit.recordFailure(coded('ECONNREFUSED'));
  await clock.advance(59_999);
  expect(circuit.state).toBe('open');
  await clock.advance(1);
  expect(await circuit.call(() => 'probe')).toBe('probe');
  expect(circuit.metrics).toMatchObject({ state: 'closed', failureCount: 0 });
});

test('MX1: failures spread over many successes open nothing', () => {
  const { runtime } = virtualWorld();
  const circuit = new Circuit({ runtime, failureThreshold: 3 });
  for (let call = 0; call < 150; call += 1) {
    if (call % 50 === 0) circuit.recordFailure(coded('ECONNREFUSED'));
    circuit.recordSuccess();
  }
  expect(circuit.metrics).toMatchObject({ state: 'closed', failureCount: 0 });
});

test('MX3: what cannot be helped by trying again is not tried again', async () => {
  for (const error of [withStatus(401), withStatus(403), withStatus(404), new TypeError('mine')]) {
    let runs = 0;
    await errorOf(
      retry(() => {
        runs += 1;
        throw error;
      }),
    );
    expect(runs).toBe(1);
  }
});

test('MX5: any thrown value has a class, and 429 is retried as long as the server asks', async () => {
  for (const error of [undefined, null, 0, '', {}, { response: null }, { response: undefined, status: null }]) {
    expect(typeof classifyError(error)).toBe('string');
  }
  const { own, clock } = virtualWorld();
  let runs = 0;
  class Provider {
    @Retry({ delay: 10, maxAttempts: 2 })
    async fetch(): Promise<number> {
      runs += 1;
      if (runs === 1) throw withStatus(429, { 'retry-after': '3' });
      return runs;
    }
  }
  expect(await clock.until(own(new Provider()).fetch())).toBe(2);
  expect(clock.now()).toBe(3_000);
});

test('MX6: jitter never passes the cap', () => {
  const random = seededRandom(3);
  const draws = Array.from({ length: 10_000 }, () => computeDelay(PAGE, 12, random));
  expect(Math.max(...draws)).toBeLessThanOrEqual(30_000);
});

test('MX9: half-open admits no more than its probes, whatever the concurrency', async () => {
  const { runtime, clock } = virtualWorld();
  const circuit = new Circuit({ runtime, failureThreshold: 1, recoveryTimeout: 1_000, successThreshold: 1 });
  circuit.recordFailure(coded('ECONNREFUSED'));
  await clock.advance(1_000);
  let runs = 0;
  const calls = Array.from({ length: 100 }, () =>
    settledOf(
      circuit.call(async () => {
        runs += 1;
        await clock.sleep(10);
      }),
    ),
  );
  await clock.until(Promise.all(calls));
  expect([runs, circuit.state]).toEqual([1, 'closed']);
});
