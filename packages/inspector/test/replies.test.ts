/** What the inspector says of an application. */
import {
  Bulkhead,
  Cached,
  CircuitBreaker,
  RateLimit,
  Retry,
  type StoreGuardOptions,
  Timeout,
  circuitOf,
  configure,
  definePolicy,
  memoryStore,
  createRuntime,
  resetConfiguration,
} from '@holdfast/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InspectedProvider, InspectorRefusedError, connectInspector, startInspector } from '../src/index.js';
import { TOKEN, atEnd, endAll, errorOf, inspected, post, send } from './support.js';

afterEach(endAll);

class Catalog {
  @Cached({ ttl: '1m', tags: (id: string) => [`item:${id}`, 'items'] })
  async product(id: string): Promise<string> {
    return `value of ${id}`;
  }

  @Cached({ name: 'prices', tags: ['prices'] })
  async price(id: string): Promise<number> {
    return id.length;
  }

  @Retry({ maxAttempts: 2 })
  @CircuitBreaker()
  @Timeout({ attempt: '1s' })
  async find(): Promise<number> {
    return 1;
  }
}

const provider = (changes: Partial<InspectedProvider> = {}): InspectedProvider & { cleared: number } => {
  const self = {
    kind: 'vault',
    name: 'vault:https://vault:8200',
    settings: { ttl: 300_000, staleIfError: Infinity },
    stats: { ...createRuntime({ logger: false }).stats().total, size: 3, hits: 5 },
    circuit: { state: 'closed' as const },
    cleared: 0,
    clear() {
      self.cleared += 1;
    },
    ...changes,
  };
  return self;
};

const refusalOf = async (promise: Promise<unknown>): Promise<InspectorRefusedError> => {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (!(error instanceof InspectorRefusedError))
    throw new Error('the inspector was expected to refuse', { cause: error });
  return error;
};

describe('reports', () => {
  test('who runs, with which providers, and how well its caches do', async () => {
    const { client, own, clock } = await inspected({
      name: 'shop',
      providers: [provider()],
      allowedHosts: ['admin.internal'],
    });
    const catalog = own(new Catalog());
    await catalog.product('1');
    await catalog.product('1');
    expect(await client.info()).toEqual({
      name: 'shop',
      version: '0.1.0',
      node: process.version,
      pid: process.pid,
      startedAt: new Date(clock.wall()).toISOString(),
      providers: [
        {
          kind: 'vault',
          name: 'vault:https://vault:8200',
          ttl: 300_000,
          staleIfError: null,
          circuit: 'closed',
          stats: expect.objectContaining({ hits: 5, size: 3 }) as unknown,
        },
      ],
      allowedHosts: ['admin.internal'],
      hitRate: 0.5,
      lookups: 2,
    });
  });

  test('the version is that of the package, and of the core', () => {
    const versionOf = (name: string): unknown =>
      (JSON.parse(readFileSync(join(__dirname, '../..', name, 'package.json'), 'utf8')) as { version: unknown })
        .version;
    expect([versionOf('inspector'), versionOf('core')]).toEqual(['0.1.0', '0.1.0']);
  });

  test('health and statistics are those of the core', async () => {
    const { client, own, runtime } = await inspected();
    const catalog = own(new Catalog());
    await catalog.product('1');
    await catalog.find();
    expect(await client.health()).toEqual(JSON.parse(JSON.stringify(runtime.health())));
    expect(await client.stats()).toEqual(JSON.parse(JSON.stringify(runtime.stats())));
    circuitOf(catalog, 'find').isolate();
    expect(await client.health()).toMatchObject({
      status: 'degraded',
      circuits: { 'Catalog.find': { state: 'isolated' } },
    });
  });

  test('caches are listed with their methods and stores, those of providers with their kind', async () => {
    const store = memoryStore({ runtime: createRuntime({ logger: false }) });
    const { client, own } = await inspected({ providers: [provider()] }, { store });
    class Stored {
      @Cached({ name: 'kept', scope: 'class', version: '1' })
      async find(id: string): Promise<string> {
        return id;
      }

      @Cached({ store: false })
      async local(): Promise<number> {
        return 1;
      }
    }
    const stored = own(new Stored());
    await stored.find('1');
    await stored.local();
    expect((await client.caches()).map(({ stats: { size }, ...row }) => ({ ...row, size }))).toEqual([
      { name: 'kept', method: 'Stored.find', store: 'memory', size: 1 },
      { name: 'Stored.local', method: 'Stored.local', size: 1 },
      { name: 'vault:https://vault:8200', provider: 'vault', size: 3 },
    ]);
  });

  test('without a runtime it is the default one', async () => {
    configure({ logger: false });
    const inspector = await startInspector({ token: TOKEN, environment: {} });
    atEnd(async () => {
      await inspector.close();
      resetConfiguration();
    });
    const client = connectInspector({ url: inspector.url, token: TOKEN, environment: {} });
    const catalog = new Catalog();
    await catalog.product('1');
    await catalog.find();
    expect((await client.caches()).map(({ name }) => name)).toEqual(['Catalog.product']);
    expect((await client.health()).status).toBe('healthy');
    expect((await client.stats()).total.misses).toBe(1);
    expect((await client.explain('Catalog.find')).methods).toHaveLength(1);
    expect(await client.clear({ all: true })).toEqual({ cleared: [{ name: 'Catalog.product', entries: 1 }] });
  });
});

describe('stacks', () => {
  test('every method that was called is explained, or one of them', async () => {
    const { client, own } = await inspected();
    const catalog = own(new Catalog());
    await catalog.find();
    await catalog.price('1');
    const all = await client.explain();
    expect(all.methods.map(({ method, stack }) => [method, stack.map(({ policy }) => policy)])).toEqual([
      ['Catalog.find', ['retry', 'circuit-breaker', 'timeout']],
      ['Catalog.price', ['cached']],
    ]);
    expect(all.methods.map(({ worstCaseMs }) => worstCaseMs)).toEqual([expect.any(Number), null]);
    const one = await client.explain('Catalog.find');
    expect(one).toEqual({ methods: [all.methods[0]], warnings: all.methods[0]?.warnings });
    const refusal = await refusalOf(client.explain('Catalog.none'));
    expect([refusal.status, refusal.refusal, refusal.known]).toEqual([
      404,
      'UNKNOWN_METHOD',
      ['Catalog.find', 'Catalog.price'],
    ]);
  });

  test('options show numbers and names, functions by their type, and no text of a policy of the user', async () => {
    const { client, own } = await inspected();
    const Signed = definePolicy({
      name: 'signed',
      options: (given: { key: string; times: number; deep: object }) => given,
      bind: () => (_call, next) => next(),
    });
    class Service {
      @Cached({ ttl: () => '1m', key: (id: string) => id, maxBytes: 10, weigh: () => 1, cacheIf: () => true })
      @Signed({ key: 'the key of an interface', times: 3, deep: { key: 'another key', at: new Date(0) } })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    await own(new Service()).find('1');
    const [method] = (await client.explain()).methods;
    const [cached, signed] = method?.stack ?? [];
    expect(cached?.options).toMatchObject({ ttl: 'computed', key: 'a function', maxBytes: 10, scope: 'instance' });
    expect(signed?.options).toEqual({ key: 'a string', times: 3, deep: { key: 'a string', at: 'an object' } });
  });
});

describe('clearing', () => {
  test('one method by its name, and by the name of its cache', async () => {
    const { client, own } = await inspected();
    const catalog = own(new Catalog());
    await catalog.product('1');
    await catalog.product('2');
    await catalog.price('1');
    expect(await client.clear({ method: 'Catalog.product' })).toEqual({
      cleared: [{ name: 'Catalog.product', entries: 2 }],
    });
    expect(await client.clear({ method: 'prices' })).toEqual({ cleared: [{ name: 'prices', entries: 1 }] });
    expect(await client.clear({ method: 'Catalog.price' })).toEqual({ cleared: [{ name: 'prices', entries: 0 }] });
    const refusal = await refusalOf(client.clear({ method: 'constructor' }));
    expect([refusal.status, refusal.refusal, refusal.known]).toEqual([
      404,
      'UNKNOWN_METHOD',
      ['Catalog.product', 'Catalog.price'],
    ]);
  });

  test('a tag, wherever it is', async () => {
    const { client, own, runtime } = await inspected();
    const catalog = own(new Catalog());
    await catalog.product('1');
    await catalog.price('1');
    expect(await client.clear({ tag: 'item:1' })).toEqual({ cleared: [{ name: 'Catalog.product' }] });
    await catalog.product('1');
    await catalog.price('1');
    expect(runtime.stats().total).toMatchObject({ misses: 3, hits: 1 });
    const refusal = await refusalOf(client.clear({ tag: 'item:9' }));
    expect([refusal.status, refusal.refusal, refusal.known]).toEqual([404, 'UNKNOWN_TAG', undefined]);
  });

  test('a provider by kind and by name, and everything', async () => {
    const [vault, aws] = [provider(), provider({ kind: 'aws', name: 'aws:eu-west-1' })];
    const { client, own } = await inspected({ providers: [vault, aws] });
    await own(new Catalog()).product('1');
    expect(await client.clear({ provider: 'vault' })).toEqual({ cleared: [{ name: vault.name, entries: 3 }] });
    await client.clear({ provider: 'aws:eu-west-1' });
    expect([vault.cleared, aws.cleared]).toEqual([1, 1]);
    expect((await client.clear({ all: true })).cleared.map(({ name }) => name)).toEqual([
      'Catalog.product',
      vault.name,
      aws.name,
    ]);
    const refusal = await refusalOf(client.clear({ provider: 'azure' }));
    expect([refusal.refusal, refusal.known]).toEqual(['UNKNOWN_PROVIDER', ['vault', 'aws']]);
  });

  test('what fails is named, without its reason, and all others are cleared', async () => {
    const failing = provider({
      clear: () => {
        throw new Error('the password is hunter2');
      },
    });
    const healthy = provider({ kind: 'aws', name: 'aws:eu-west-1' });
    const { inspector } = await inspected({ providers: [failing, healthy] });
    const reply = await post(inspector, { all: true });
    expect([reply.status, healthy.cleared]).toEqual([500, 1]);
    expect(reply.text).toContain('could not be cleared: vault:https://vault:8200');
    expect(reply.text).not.toContain('hunter2');
  });

  describe('a store that cannot be reached', () => {
    const isDown = { yes: false };
    const stored = async (storeGuard: StoreGuardOptions) => {
      isDown.yes = false;
      const memory = memoryStore({ runtime: createRuntime({ logger: false }) });
      const store = new Proxy(memory, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          return async (...args: unknown[]): Promise<unknown> => {
            if (isDown.yes) throw new Error('redis://user:hunter2@store is down');
            return Reflect.apply(member, target, args) as unknown;
          };
        },
      });
      const world = await inspected({}, { store, storeGuard: { retries: 0, ...storeGuard } });
      class Stored {
        @Cached({ name: 'kept', scope: 'class', version: '1', tags: ['all'] })
        async find(id: string): Promise<string> {
          return id;
        }
      }
      await world.own(new Stored()).find('1');
      return world;
    };

    test('is told of, for what it holds may come back', async () => {
      const { client, runtime } = await stored({ circuitBreaker: { failureThreshold: 2 } });
      expect(await client.clear({ all: true })).toEqual({ cleared: [{ name: 'kept', entries: 1 }] });
      isDown.yes = true;
      const failed = { cleared: [{ name: 'kept', entries: 0, storeFailed: true }] };
      expect(await client.clear({ method: 'Stored.find' })).toEqual(failed);
      expect(await client.clear({ tag: 'all' })).toEqual({ cleared: [{ name: 'kept', storeFailed: true }] });
      expect(runtime.health().store.status).toBe('degraded');
      expect(await client.clear({ all: true })).toEqual(failed);
    });

    test('makes the request fail where its failures are to be seen', async () => {
      const { inspector, runtime } = await stored({ failOpen: false });
      isDown.yes = true;
      for (const selection of [{ tag: 'all' }, { method: 'Stored.find' }, { all: true }]) {
        const reply = await post(inspector, selection);
        expect([reply.status, errorOf(reply)['code']]).toEqual([500, 'INTERNAL']);
        expect(reply.text).toContain('kept');
        expect(reply.text).not.toContain('hunter2');
      }
      expect(runtime.stats().total.size).toBe(0);
    });
  });

  test.each<[string, unknown]>([
    ['a tag that is none', { tag: 'x'.repeat(2_000) }],
    ['nothing', {}],
    ['two things', { all: true, tag: 'a' }],
    ['not all', { all: false }],
    ['all as text', { all: 'true' }],
    ['an empty name', { method: '' }],
    ['a name that is none', { method: ['Catalog.product'] }],
    ['something else', { key: '1' }],
    ['a prototype', '{"__proto__":{"all":true}}'],
    ['a prototype beside', '{"__proto__":"x","method":"Catalog.product"}'],
    ['a constructor', { constructor: 'x' }],
    ['a list', [{ all: true }]],
    ['null', null],
    ['a text', '"all"'],
  ])('%s is refused', async (_what, body) => {
    const { inspector, own, runtime } = await inspected();
    await own(new Catalog()).product('1');
    const reply = await post(inspector, body);
    expect([reply.status, JSON.parse(reply.text)]).toEqual([
      400,
      { error: expect.objectContaining({ code: 'BAD_REQUEST' }) as unknown },
    ]);
    expect(runtime.stats().total.size).toBe(1);
  });
});

describe('what is never told', () => {
  class Account {
    @Cached({ tags: (id: string) => [`tag-of-${id}`] })
    async balance(id: string): Promise<string> {
      return `value-of-${id}`;
    }

    @CircuitBreaker({ key: (id: string) => id, failureThreshold: 1 })
    @RateLimit({ limit: 1, interval: '1s', key: (id: string) => id })
    @Bulkhead({ key: (id: string) => id, maxConcurrent: 3 })
    @Timeout('1s')
    async pay(id: string): Promise<string> {
      if (id.endsWith('bad')) throw new Error(`error-of-${id}`);
      return `value-of-${id}`;
    }
  }

  test('values, arguments, keys, their hashes, tags and errors are in no reply', async () => {
    const { inspector, own, runtime } = await inspected();
    const account = own(new Account());
    const hashes: string[] = [];
    runtime.events.on('cache.miss', ({ keyHash }) => void hashes.push(keyHash));
    for (const id of ['canary1', 'canary2']) {
      await account.balance(id);
      await account.pay(id);
    }
    await account.pay('canary-bad').catch(() => undefined);
    expect(Object.keys(runtime.health().circuits).every((name) => /\[[0-9a-f]{14}\]$/.test(name))).toBe(true);
    const paths = ['info', 'health', 'stats', 'caches', 'explain'].map((name) => `/v1/${name}`);
    for (const path of [...paths, '/metrics']) {
      const { status, text } = await send(inspector, { path });
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toMatch(/canary|value-of|error-of|tag-of|[0-9a-f]{14}/);
      for (const hash of hashes) expect(text).not.toContain(hash);
    }
  });

  test('states that differ by their keys alone are one: the worst, and the sum', async () => {
    const { client, own } = await inspected();
    const account = own(new Account());
    await account.pay('1');
    await account.pay('bad').catch(() => undefined);
    await account.pay('1').catch(() => undefined);
    const { circuits, bulkheads } = await client.health();
    expect(Object.entries(circuits).map(([name, { state }]) => [name, state])).toEqual([['Account.pay', 'open']]);
    expect(bulkheads).toEqual({ 'Account.pay': expect.objectContaining({ maxConcurrent: 6, inFlight: 0 }) as unknown });
    expect((await client.stats()).rateLimits).toMatchObject({ 'Account.pay': { limit: 1, available: 0, rejected: 1 } });
  });

  test('credentials in the name of a provider, and what its getters throw', async () => {
    const secretive = {
      kind: 'vault',
      name: 'vault:https://user:hunter2@vault:8200',
      clear: () => undefined,
      get stats(): never {
        throw new Error('hunter2');
      },
      get circuit(): never {
        throw new Error('hunter2');
      },
      get settings(): never {
        throw new Error('hunter2');
      },
    };
    const { inspector, client } = await inspected({ providers: [secretive] });
    expect((await client.info()).providers).toEqual([{ kind: 'vault', name: 'vault:https://vault:8200' }]);
    expect(await client.caches()).toEqual([]);
    for (const path of ['/v1/info', '/metrics'])
      expect((await send(inspector, { path })).text).not.toContain('hunter2');
  });
});
