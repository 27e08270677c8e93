import type { Health, Stats } from '@holdfast/core';
import type { CacheRow, Cleared, Explained, Info, Selection } from '@holdfast/inspector';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const TOKEN = '0123456789abcdef0123456789abcdef';

export interface World {
  info: Info;
  health: Health;
  stats: Stats;
  caches: readonly CacheRow[];
  explained: Explained;
  metrics: string;
  /** What clearing answers. */
  clear: (selection: Selection) => Cleared | Refusal;
  /** Answers everything instead, while it is set. */
  refusal: Refusal | undefined;
}

export interface Refusal {
  readonly status: number;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly remedy?: string;
    readonly known?: readonly string[];
  };
  readonly headers?: Readonly<Record<string, string>>;
}

export const cacheStats = (hits: number, misses: number, more: Partial<CacheRow['stats']> = {}): CacheRow['stats'] => ({
  hits,
  misses,
  staleHits: 0,
  coalesced: 0,
  lookups: hits + misses,
  hitRate: hits + misses === 0 ? 0 : hits / (hits + misses),
  size: misses,
  maxSize: 1_000,
  sets: misses,
  evictions: 0,
  expirations: 0,
  errors: 0,
  ...more,
});

/** A shop with a catalogue that is cached and a payment service that fails. */
export const shop = (): World => {
  const product = cacheStats(940, 60, { staleHits: 0, evictions: 2 });
  const vault = cacheStats(99, 1);
  return {
    info: {
      name: 'shop',
      version: '0.1.0',
      node: 'v20.16.0',
      pid: 4242,
      startedAt: '2026-01-02T03:04:05.000Z',
      providers: [
        {
          kind: 'vault',
          name: 'vault:https://vault:8200',
          ttl: 300_000,
          staleIfError: 3_600_000,
          circuit: 'closed',
          stats: vault,
        },
      ],
      hitRate: 0.94,
      lookups: 1_000,
    },
    health: {
      status: 'degraded',
      inFlight: 3,
      circuits: {
        'Payments.charge': { state: 'open', failureCount: 5, retryAfter: 30_000 },
        'Catalog.product': { state: 'closed', failureCount: 0 },
      },
      caches: { 'Catalog.product': product },
      concurrencyLimits: {},
      throttles: {},
      bulkheads: {},
      budgets: {},
      store: { status: 'healthy', circuit: { state: 'closed', failureCount: 0 } },
    },
    stats: {
      caches: { 'Catalog.product': product },
      total: product,
      hedges: {},
      rateLimits: {},
      bulkheads: {},
      inFlight: { 'Payments.charge': 3 },
    },
    caches: [
      { name: 'Catalog.product', method: 'Catalog.product', stats: product },
      { name: 'vault:https://vault:8200', provider: 'vault', stats: vault },
    ],
    explained: {
      methods: [
        {
          method: 'Catalog.product',
          kind: 'async',
          stack: [
            { policy: 'cached', options: { ttl: 60_000 } },
            { policy: 'retry', options: { maxAttempts: 3 } },
          ],
          worstCaseMs: null,
          amplification: 3,
          warnings: [
            {
              code: 'UNBOUNDED_ATTEMPT',
              method: 'Catalog.product',
              message: 'an attempt may take for ever',
              remedy: 'add a timeout',
              explanation: 'What nothing bounds may hang.',
              docs: 'docs/advisor.md#unbounded_attempt',
            } as unknown as Explained['warnings'][number],
          ],
        },
      ],
      warnings: [],
    },
    metrics: [
      '# TYPE holdfast_calls_total counter',
      'holdfast_calls_total{method="Catalog.product",outcome="succeeded"} 1000',
      'holdfast_calls_total{method="Payments.charge",outcome="succeeded"} 10',
      'holdfast_calls_total{method="Payments.charge",outcome="failed"} 20',
      'holdfast_retries_total{method="Payments.charge"} 40',
      '',
    ].join('\n'),
    clear: () => ({ cleared: [{ name: 'Catalog.product', entries: 60 }] }),
    refusal: undefined,
  };
};

export interface FakeInspector {
  readonly url: string;
  readonly world: World;
  /** What clients asked for, in order: `GET /v1/info`. */
  readonly asked: string[];
  readonly selections: Selection[];
  /** What a client needs, without a word on the command line. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const text = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
  return body;
};

const send = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/plain; version=0.0.4' : 'application/json', ...headers });
  response.end(isText ? body : JSON.stringify(body));
};

const UNAUTHORIZED: Refusal = {
  status: 401,
  error: { code: 'UNAUTHORIZED', message: 'the token is not the right one' },
};

const isRefusal = (answer: object): answer is Refusal => 'error' in answer;

/** What the protocol says, over real HTTP, with answers that a test can change. */
export const fakeInspector = async (world: World = shop()): Promise<FakeInspector> => {
  const asked: string[] = [];
  const selections: Selection[] = [];
  const answerOf = async (request: IncomingMessage): Promise<string | object> => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return UNAUTHORIZED;
    if (world.refusal !== undefined) return world.refusal;
    const path = (request.url ?? '').split('?')[0] as string;
    if (path === '/v1/caches/clear') {
      const selection = JSON.parse(await text(request)) as Selection;
      selections.push(selection);
      return world.clear(selection);
    }
    const answers: Record<string, string | object> = {
      '/v1/info': world.info,
      '/v1/health': world.health,
      '/v1/stats': world.stats,
      '/v1/caches': world.caches,
      '/v1/explain': world.explained,
      '/metrics': world.metrics,
    };
    return answers[path] ?? { status: 404, error: { code: 'NOT_FOUND', message: 'no such address' } };
  };
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await answerOf(request);
    if (typeof answer === 'object' && isRefusal(answer))
      send(response, answer.status, { error: answer.error }, answer.headers);
    else send(response, 200, answer);
  };
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    void reply(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    world,
    asked,
    selections,
    env: { HOLDFAST_INSPECTOR_URL: url, HOLDFAST_INSPECTOR_TOKEN: TOKEN },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
