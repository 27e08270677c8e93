import { cacheDemo } from '../src/cache-demo.js';
import { READS, costTable, measureCosts } from '../src/cost.js';
import { playFailures, tableOf } from '../src/failures.js';
import { type Lab, type Print, SECRET, fakeLab } from '../src/lab.js';
import { resilientDemo } from '../src/resilient-demo.js';
import { retryDemo } from '../src/retry-demo.js';

const linesOf = async (demo: (lab: Lab, print: Print) => Promise<void>): Promise<string[]> => {
  const lines: string[] = [];
  const lab = await fakeLab();
  await demo(lab, (line) => lines.push(line));
  await lab.fake.close();
  return lines;
};

test('exercise 1: hits until the ttl ends', async () => {
  expect(await linesOf(cacheDemo)).toEqual([
    '[CACHE SET] test',
    '[CACHE HIT] test',
    '{"data":"value"}',
    '[CACHE HIT] test',
    '{"data":"value"}',
    'Waiting for expiry...',
    '[CACHE MISS] test',
    'undefined',
    'Observation: the cache returns hits until its ttl ends.',
  ]);
});

test('exercise 2: two failures, growing delays, success', async () => {
  const lines = await linesOf(retryDemo);
  const delays = lines.flatMap((line) => /^Retrying in ([\d.]+)s\.\.\.$/.exec(line)?.[1] ?? []).map(Number);
  expect(lines.filter((line) => !line.startsWith('Retrying'))).toEqual([
    'Attempt 1 failed: Service unavailable',
    'Attempt 2 failed: Service unavailable',
    'Result: {"status":"success"}',
    'Observation: the operation succeeds after retries with increasing delays.',
  ]);
  expect(delays.map((delay, index) => delay >= 2 ** index && delay <= 2 ** index + 1)).toEqual([true, true]);
});

test('exercise 3: only the first call asks Vault, and no password is printed', async () => {
  const lines = await linesOf(resilientDemo);
  const result = 'Result: db_host postgres, db_pass ********ed';
  const cached = '[CACHE] Returning cached value for secret/myapp/config';
  expect(lines).toEqual([
    '--- First call ---',
    '[VAULT] Fetching secret/myapp/config (attempt 1)',
    '[RETRY] Failed: VaultError 503',
    '[VAULT] Fetching secret/myapp/config (attempt 2)',
    result,
    '--- Second call ---',
    cached,
    result,
    '--- Third call ---',
    cached,
    result,
    'Observation: only the first call asks Vault; those that follow use the cache.',
  ]);
  expect(lines.join('\n')).not.toContain(SECRET.db_pass);
});

test('six bad days: an error or nothing without, a secret with', async () => {
  const scenarios = await playFailures();
  expect(scenarios.map(({ name, plain, holdfast }) => [name, plain.what, holdfast.what])).toEqual([
    ['Network timeout', 'nothing: it still waits', 'the present secret'],
    ['Vault restart', 'TypeError: fetch failed', 'the present secret'],
    ['Vault sealed', 'Error: HTTP 503', 'the secret of before'],
    ['Rate limiting', 'Error: HTTP 429', 'the present secret'],
    ['Token expired', 'Error: HTTP 403', 'the present secret'],
    ['Network partition', 'TypeError: fetch failed', 'the secret of before'],
  ]);
  expect(tableOf(scenarios).filter((line) => line.length > 100)).toEqual([]);
});

test('a thousand reads cost as much as one, in requests and in time', async () => {
  const [read, dynamic] = await measureCosts();
  for (const [cost, min, max] of [
    [read, 5, 20],
    [dynamic, 50, 200],
  ] as const) {
    expect([cost?.requests, (cost?.requestsSaved ?? 0) >= READS - 3]).toEqual([READS, true]);
    expect((cost?.latency ?? 0) > min && (cost?.latency ?? 0) < max).toBe(true);
  }
  expect(costTable([read!, dynamic!])[0]).toBe('per 1,000 reads       latency   requests   saved   time saved');
});
