import { CircuitOpenError } from '@holdfast/core';
import { VaultError } from '../../src/index.js';
import { NEW, OLD, PATH, type World, worldWith } from './world.js';

/**
 * The failure scenarios of a client of Vault, each with what a caller sees without and with Holdfast. The secret has been
 * read before, its ttl is over, and it has been rotated meanwhile: `OLD` is what was kept, `NEW` what Vault would say.
 */
interface Row {
  readonly name: string;
  readonly mitigation: string;
  /** Begins the trouble; what it returns ends it. */
  readonly trouble: (world: World) => Promise<void> | void;
  readonly without: unknown;
  readonly with: unknown;
  /** Requests for the secret that one call makes, log-ins aside. */
  readonly reads: number;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const after = ({ clock, server }: World, ms: number): void => {
  clock.setTimer(() => void server.heal(), ms);
};

const restart = async ({ server, clock }: World): Promise<void> => {
  void server.restart({ downFor: 1_200 });
  while (clock.pending === 0) await turn();
};

const hangFor = (world: World, ms: number): void => {
  world.server.hang();
  after(world, ms);
};

const TABLE: readonly Row[] = [
  {
    name: 'G1 network timeout',
    mitigation: 'timeout and retry',
    trouble: (world) => hangFor(world, 5_100),
    without: 'hangs',
    with: NEW,
    reads: 2,
  },
  {
    name: 'G2 restart of Vault',
    mitigation: 'retry with backoff',
    trouble: restart,
    without: 'TypeError: fetch failed',
    with: NEW,
    reads: 1,
  },
  {
    name: 'G3 Vault is sealed',
    mitigation: 'cache and alerts',
    trouble: ({ server }) => server.seal(),
    without: 'Error: HTTP 503',
    with: OLD,
    reads: 3,
  },
  {
    name: 'G4 rate limiting',
    mitigation: 'backoff and cache',
    trouble: ({ server }) => server.throttle({ times: 2, retryAfter: 2 }),
    without: 'Error: HTTP 429',
    with: NEW,
    reads: 3,
  },
  {
    name: 'G5 expired token',
    mitigation: 're-authentication',
    trouble: ({ server }) => server.expireToken(),
    without: 'Error: HTTP 403',
    with: NEW,
    reads: 2,
  },
  {
    name: 'G6 network partition',
    mitigation: 'cache and retry',
    trouble: ({ server }) => server.partition(),
    without: 'TypeError: fetch failed',
    with: OLD,
    reads: 0,
  },
];

/** A client as it is written first: one request, and its error. */
const plainly = async ({ server }: World): Promise<unknown> => {
  const response = await server.fetch(`${server.url}/v1/secret/data/app/db`, { headers: { 'X-Vault-Token': 'root' } });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const body = (await response.json()) as { data: { data: unknown } };
  return body.data.data;
};

const MINUTE = 60_000;

/** The value, the error, or that there is neither after a minute. */
const seen = async ({ clock }: World, call: Promise<unknown>): Promise<unknown> => {
  let outcome: unknown = 'hangs';
  void call.then(
    (value) => (outcome = value),
    (error: unknown) => (outcome = String(error)),
  );
  await clock.settle();
  for (let waited = 0; outcome === 'hangs' && waited < MINUTE; waited += 100) await clock.advance(100);
  return outcome;
};

/** Tokens that do not end by themselves before the trouble begins. */
const appRole = { roleId: 'role', secretId: 'secret-id', tokenTtl: 1e6 };

const afterRotation = async (): Promise<World> => {
  const world = await worldWith({ retry: { jitter: 'none' } }, { appRole });
  await world.ended(world.vault.get(PATH));
  world.server.setSecret(PATH, NEW);
  await world.clock.advance(5 * MINUTE);
  return world;
};

describe.each(TABLE)('$name: $mitigation', ({ trouble, without, with: expected, reads }) => {
  test('without Holdfast', async () => {
    const world = await afterRotation();
    await trouble(world);
    expect(await seen(world, plainly(world))).toEqual(without);
  });

  test('with Holdfast', async () => {
    const world = await afterRotation();
    const before = world.server.count('read');
    await trouble(world);
    expect(await seen(world, world.vault.get(PATH))).toEqual(expected);
    expect(world.server.count('read') - before).toBe(reads);
  });

  test('afterwards the secret is the present one', async () => {
    const world = await afterRotation();
    await trouble(world);
    await seen(world, world.vault.get(PATH));
    await world.server.heal();
    await world.clock.advance(MINUTE);
    expect(await seen(world, world.vault.get(PATH, { bypassCache: true }))).toEqual(NEW);
  });
});

describe('G3: sealed for thirty seconds', () => {
  const roles = { 'database/creds/app': { leaseDuration: 20 } };

  test('key-value secrets come from memory all the time, and dynamic ones until their lease ends', async () => {
    const world = await worldWith({}, { appRole, roles });
    const { vault, server, clock } = world;
    await seen(world, vault.warm([PATH, 'database/creds/app']));
    await clock.advance(5 * MINUTE);
    await world.ended(vault.get('database/creds/app'));
    server.seal();
    const answers: unknown[] = [];
    const live: boolean[] = [];
    for (let second = 0; second < 30; second += 1) {
      const credentials = vault.get<{ username: string }>('database/creds/app').then(({ username }) => {
        live.push(server.isLeased(username));
        return 'credentials';
      });
      const value = vault.get(PATH);
      await clock.advance(1_000);
      expect(await seen(world, value)).toEqual(OLD);
      answers.push(await seen(world, credentials));
    }
    // Those that were answered were good at that moment, and in the end there were none.
    expect([live.length > 0, live.every(Boolean)]).toEqual([true, true]);
    expect(answers.at(-1)).toMatch(/^(?:CircuitOpenError|VaultError)/);
  });

  test('there is something to raise an alert by: the circuit opens, and stale answers are counted', async () => {
    const world = await afterRotation();
    const { vault, server, events, errorOf, ended } = world;
    server.seal();
    await ended(vault.get(PATH));
    expect(events.last('cache.servedStale')).toMatchObject({ reason: 'error', age: expect.any(Number) as number });
    expect(await errorOf(vault.get('secret/other'))).toBeInstanceOf(VaultError);
    expect(await errorOf(vault.get('secret/another'))).toBeInstanceOf(CircuitOpenError);
    expect([vault.circuit.state, events.count('circuit.opened'), vault.stats.staleHits]).toEqual(['open', 1, 1]);
    const before = server.requests.count;
    await world.clock.advance(5_000);
    await ended(vault.get(PATH));
    expect([events.last('cache.servedStale')?.reason, server.requests.count]).toEqual(['circuit-open', before]);
  });
});

test('G4: what is cached asks nothing, however throttled the rest is', async () => {
  const { vault, server, ended } = await worldWith();
  await ended(vault.get(PATH));
  server.throttle({ times: 1_000 });
  for (let n = 0; n < 1_000; n += 1) await vault.get(PATH);
  expect(server.count('read')).toBe(1);
});

test('G7: a thousand reads cost one request, and the time of one', async () => {
  const world = await worldWith({}, { latency: 'typical' });
  const { clock, server, vault, ended } = world;
  const timed = async (read: () => Promise<unknown>): Promise<number> => {
    const before = clock.now();
    for (let n = 0; n < 1_000; n += 1) await ended(read());
    return clock.now() - before;
  };
  const without = await timed(() => plainly(world));
  const reads = server.count('read');
  const withHoldfast = await timed(() => vault.get(PATH));
  expect([reads, server.count('read') - reads]).toEqual([1_000, 1]);
  expect([without > 5_000, without < 20_000, withHoldfast < 50]).toEqual([true, true, true]);
});

test('a secret that is taken away is served at most once more', async () => {
  const { vault, server, clock, ended, errorOf } = await worldWith();
  await ended(vault.get(PATH));
  server.deny('secret/data/app');
  await clock.advance(5 * MINUTE);
  await errorOf(vault.get(PATH));
  expect([vault.stats.size, vault.stats.staleHits]).toEqual([0, 0]);
});
