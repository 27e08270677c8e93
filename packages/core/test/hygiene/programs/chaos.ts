import { type FaultyUpstream, type Phase, faultyUpstream } from '../../../../testing/src/index.js';
import {
  Bulkhead,
  Cached,
  CircuitBreaker,
  Fallback,
  RateLimit,
  Retry,
  Timeout,
  configure,
  currentCall,
  events,
  health,
  throwIfNotOk,
} from '../../../src/index.js';

/** Real HTTP through an outage of every kind. Prints what must be nothing: rejections, warnings, listeners, wrong answers. */

const troubles: string[] = [];
process.on('unhandledRejection', (reason) => troubles.push(`unhandled: ${String(reason)}`));
process.on('uncaughtException', (error) => troubles.push(`uncaught: ${String(error)}`));
process.on('warning', (warning) => troubles.push(`warning: ${warning.name} ${warning.message}`));

class Client {
  constructor(readonly upstream: FaultyUpstream) {}

  @Fallback({ value: 'fallback' })
  @Cached({ ttl: 20, staleWhileRevalidate: 20, staleIfError: '1m', staleErrorThrottle: 5 })
  @Retry({ maxAttempts: 3, delay: 5, maxRetryAfter: 50 })
  @CircuitBreaker({ failureThreshold: 5, recoveryTimeout: 50 })
  @RateLimit({ limit: 2_000, interval: '1s', burst: 5, maxWait: 100 })
  @Bulkhead({ maxConcurrent: 3, maxQueue: 3, queueTimeout: 40, maxHold: 1_000 })
  @Timeout({ attempt: 50, total: 200 })
  async read(id: string, _options?: { signal?: AbortSignal }): Promise<string> {
    const { signal } = currentCall();
    const response = throwIfNotOk(await fetch(`${this.upstream.url}/${id}`, { signal }));
    return ((await response.json()) as { path: string }).path;
  }
}

const PHASES: readonly Phase[] = [
  {},
  { latency: [0, 80] },
  { status: 500, errorRate: 0.5 },
  { retryAfter: 0.02, errorRate: 0.5 },
  { reset: true, errorRate: 0.5 },
  { hang: true, errorRate: 0.3 },
  { truncate: true, errorRate: 0.5 },
  { malformed: true, errorRate: 0.5 },
  { refuse: true },
  {},
];

const known = new Set(['AbortError', 'left']);
const isExpected = (error: unknown): boolean =>
  known.has((error as { name?: string }).name ?? '') || known.has(String(error));

configure({ logger: false });
let seen = 0;
events.onAny(() => {
  seen += 1;
  if (seen % 100 === 0) throw new Error('a listener of mine');
});

const main = async (): Promise<void> => {
  const upstream = await faultyUpstream({ seed: 7 });
  const client = new Client(upstream);
  const answers = { right: 0, fallback: 0, aborted: 0 };
  const callOnce = async (index: number): Promise<void> => {
    const id = `item-${index % 7}`;
    const controller = new AbortController();
    const call = client.read(id, index % 3 === 0 ? { signal: controller.signal } : {});
    if (index % 9 === 0) setTimeout(() => controller.abort('left'), index % 30);
    try {
      const answer = await call;
      if (answer === `/${id}`) answers.right += 1;
      else if (answer === 'fallback') answers.fallback += 1;
      else troubles.push(`wrong answer ${answer} for ${id}`);
    } catch (error) {
      if (isExpected(error)) answers.aborted += 1;
      else troubles.push(`unexpected: ${String(error)}`);
    }
  };

  for (const phase of PHASES) {
    await upstream.setPhase(phase);
    for (let wave = 0; wave < 8; wave += 1) {
      await Promise.all(Array.from({ length: 25 }, (_each, index) => callOnce(wave * 25 + index)));
    }
  }
  await upstream.heal();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await Promise.all(Array.from({ length: 7 }, (_each, index) => callOnce(index + 1)));
  const last = await client.read('item-1');
  if (last !== '/item-1') troubles.push(`not recovered: ${last}`);
  await upstream.close();
  const total = answers.right + answers.fallback + answers.aborted;
  if (answers.right === 0 || total !== PHASES.length * 200 + 7) troubles.push(`answers: ${JSON.stringify(answers)}`);
  if (JSON.stringify(health()).length === 0) troubles.push('no health');
  console.log(troubles.length === 0 ? 'quiet' : troubles.join('\n'));
};

void main();
