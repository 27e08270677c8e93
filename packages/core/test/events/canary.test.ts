import createDebug from 'debug';
import {
  Bulkhead,
  type CacheStore,
  Cached,
  CircuitBreaker,
  Circuit,
  Fallback,
  Invalidates,
  RateLimit,
  Retry,
  Timeout,
  cacheOf,
  circuitOf,
  clearCaches,
  configure,
  events,
  explain,
  health,
  resetConfiguration,
  retry,
  stats,
  throwIfNotOk,
} from '../../src/index.js';
import { settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

/** A secret goes in everywhere a secret can be; it must come out nowhere but where the user himself sent it. */
const CANARY = 'canary-s3cr3t';
const outage = (): Error =>
  Object.assign(new Error(`password=${CANARY}`, { cause: new Error(CANARY) }), {
    code: 'ECONNRESET',
    token: CANARY,
    headers: { authorization: CANARY },
    config: { url: `https://host/${CANARY}` },
  });

interface Secret {
  readonly password: string;
}

/** A store that keeps a secret and fails with another. */
const leakyStore = (): CacheStore => {
  const failing = (): Promise<never> => Promise.reject(outage());
  return { name: 'leaky', get: failing, set: failing, delete: failing, clear: failing };
};

class Vault {
  fails = false;

  @Fallback({ value: `fallback ${CANARY}`, when: (error) => (error as { status?: number }).status === 404 })
  @Cached({ ttl: 100, staleWhileRevalidate: 100, staleIfError: '1h', key: (id: string) => `${CANARY}:${id}` })
  @Retry({ maxAttempts: 2, delay: 1, onAuthFailure: () => Promise.reject(new Error(CANARY)) })
  @CircuitBreaker({ key: () => CANARY, failureThreshold: 3, recoveryTimeout: 1_000 })
  @Timeout({ attempt: 50, total: 500 })
  async read(_id: string, secret: Secret): Promise<string> {
    if (secret.password === 'hang') return new Promise(() => undefined);
    if (secret.password === 'unauthorized') throw Object.assign(withStatus(401), { message: CANARY });
    if (secret.password === 'thrown') throw `${CANARY} as a string`;
    if (this.fails) throw outage();
    return CANARY;
  }

  @CircuitBreaker({
    name: 'vault',
    failureThreshold: 1,
    failureIf: () => {
      throw new Error(CANARY);
    },
  })
  async write(_secret: string): Promise<void> {
    throw outage();
  }

  @Invalidates({ target: 'read', keys: () => [CANARY], when: 'always' })
  async rotate(_secret: string): Promise<void> {}

  @RateLimit({ limit: 1, interval: '1h', key: () => CANARY })
  async rare(_secret: string): Promise<void> {}

  @Bulkhead({ maxConcurrent: 1, maxQueue: 1, queueTimeout: 10, key: () => CANARY })
  async crowded(_secret: string): Promise<void> {
    return new Promise(() => undefined);
  }

  @Cached({ name: 'shared', version: '1', scope: 'class', store: leakyStore(), key: () => CANARY })
  async shared(_secret: string): Promise<string> {
    return CANARY;
  }

  @Cached()
  async opaque(_argument: object): Promise<string> {
    return CANARY;
  }
}

afterEach(() => {
  resetConfiguration();
  createDebug.disable();
});

test('no secret shows in any event, log line, debug line, error of ours, health, stats, explanation or snapshot', async () => {
  const shown: string[] = [];
  createDebug.enable('holdfast:*');
  const log = createDebug.log;
  createDebug.log = (...parts: unknown[]) => void shown.push(parts.join(' '));
  const logger = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [
      level,
      (...parts: unknown[]) => void shown.push(JSON.stringify(parts)),
    ]),
  );
  const { own, clock, runtime, events: recorded } = virtualWorld({ logger });
  runtime.events.on('cache.hit', () => {
    throw new Error(CANARY);
  });
  const vault = own(new Vault());
  const ours: unknown[] = [];
  const call = async (run: () => Promise<unknown>): Promise<void> => {
    const settled = await clock.until(settledOf(run()));
    if ('error' in settled) ours.push(settled.error);
  };
  const secret = { password: CANARY };
  await call(() => vault.read(CANARY, secret));
  await call(() => vault.read(CANARY, secret));
  vault.fails = true;
  await clock.advance(150);
  await call(() => vault.read(CANARY, secret));
  await clock.advance(500);
  await call(() => vault.read(CANARY, secret));
  await call(() => vault.read('b', { password: 'hang' }));
  await clock.advance(5_000);
  await call(() => vault.read('c', { password: 'unauthorized' }));
  await call(() => vault.read('d', { password: 'thrown' }));
  for (let each = 0; each < 4; each += 1) await call(() => vault.read(`e${each}`, secret));
  await call(() => vault.write(CANARY));
  await call(() => vault.write(CANARY));
  await call(() => vault.rotate(CANARY));
  await call(() => vault.shared(CANARY));
  await clock.advance(5_000);
  runtime.configure({ storeGuard: { failOpen: false } });
  const unread = await clock.until(settledOf(cacheOf(vault, 'shared').invalidate(CANARY)));
  shown.push(String('error' in unread && unread.error), JSON.stringify(unread));
  await call(() => vault.opaque(() => CANARY));
  await call(() => vault.rare(CANARY));
  await call(() => vault.rare(CANARY));
  void vault.crowded(CANARY);
  await Promise.all([call(() => vault.crowded(CANARY)), call(() => vault.crowded(CANARY))]);
  await cacheOf(vault, 'read').invalidate(CANARY, secret);
  runtime.clearCaches();
  createDebug.log = log;

  const isOurs = (error: unknown): boolean =>
    (error as { name?: string }).name !== 'Error' && typeof error === 'object';
  const texts = ours
    .filter(isOurs)
    .map(
      (error) =>
        `${String(error)} ${JSON.stringify(error)} ${JSON.stringify((error as Error).cause)} ${(error as Error).stack}`,
    );
  expect(texts.length).toBeGreaterThan(0);
  expect(new Set(recorded.types()).size).toBeGreaterThan(12);
  const everything = [
    ...shown,
    ...texts,
    JSON.stringify(recorded.events),
    JSON.stringify(runtime.health()),
    JSON.stringify(runtime.stats()),
    String(explain(vault)),
    JSON.stringify(explain(vault)),
    JSON.stringify(circuitOf(vault, 'read', 'x', secret)),
    JSON.stringify(circuitOf(vault, 'write').metrics),
  ].join('\n');
  expect(everything).not.toContain(CANARY);
  expect(shown.length).toBeGreaterThan(20);
});

test('nor of what is used without a class', async () => {
  const shown: string[] = [];
  configure({ logger: false });
  events.onAny((event) => shown.push(JSON.stringify(event)));
  await settledOf(retry(() => Promise.reject(outage()), { delay: 0 }));
  const circuit = new Circuit({ failureThreshold: 1 });
  await settledOf(circuit.call(() => Promise.reject(outage())));
  const refused = await settledOf(circuit.call(() => 1));
  if ('error' in refused) shown.push(JSON.stringify(refused.error), String(refused.error));
  const response = new Response(CANARY, { status: 503, headers: { 'set-cookie': CANARY, authorization: CANARY } });
  const http = await settledOf(Promise.resolve().then(() => throwIfNotOk(response)));
  if ('error' in http) shown.push(JSON.stringify(http.error), String(http.error));
  shown.push(JSON.stringify([health(), stats(), circuit]));
  clearCaches();
  expect(shown.length).toBeGreaterThan(8);
  expect(shown.join('\n')).not.toContain(CANARY);
});
