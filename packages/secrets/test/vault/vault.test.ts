import { classifyError } from '@holdfast/core';
import { SecretsError, VaultAuthenticationError, VaultError, VaultSecrets, tokenAuth } from '../../src/index.js';
import { NEW, OLD, PATH, type World, worldWith } from './world.js';

const dynamic = (leaseDuration: number) => ({ roles: { 'database/creds/app': { leaseDuration } } });
const CREDS = 'database/creds/app';

describe('reading', () => {
  test('a secret is read once, and then comes from the cache until its ttl', async () => {
    const { vault, server, ended, clock } = await worldWith();
    expect(await ended(vault.get(PATH))).toEqual(OLD);
    server.setSecret(PATH, NEW);
    expect(await ended(vault.get(PATH))).toEqual(OLD);
    await clock.advance(300_000);
    expect(await ended(vault.get(PATH))).toEqual(NEW);
    expect([server.count('read'), server.count('login'), server.count('mounts')]).toEqual([2, 1, 1]);
  });

  test('G14–G16: a bypass reads and writes; a ttl of one call holds for what it reads', async () => {
    const { vault, server, ended, clock } = await worldWith();
    await ended(vault.get(PATH));
    server.setSecret(PATH, NEW);
    expect(await ended(vault.get(PATH, { bypassCache: true, ttl: '1h' }))).toEqual(NEW);
    server.setSecret(PATH, OLD);
    await clock.advance(3_599_000);
    expect(await ended(vault.get(PATH))).toEqual(NEW);
    await clock.advance(1_000);
    expect(await ended(vault.get(PATH, { ttl: 0 }))).toEqual(OLD);
    server.setSecret(PATH, NEW);
    await clock.advance(1e9);
    expect(await ended(vault.get(PATH))).toEqual(OLD);
  });

  test('G17, G46: secrets are forgotten one by one, all together, and when the provider is closed', async () => {
    const { vault, server, ended } = await worldWith();
    await ended(vault.get(PATH));
    expect([await vault.invalidate(PATH), await vault.invalidate(PATH)]).toEqual([true, false]);
    await ended(vault.get(PATH));
    await vault.clear();
    await ended(vault.get(PATH));
    expect(server.count('read')).toBe(3);
    await vault.close();
    await vault.close();
    await expect(vault.get(PATH)).rejects.toThrow('the provider is closed');
    expect(vault.stats.size).toBe(0);
  });

  test('G44: a thousand callers share one read and one log-in', async () => {
    const { vault, server, ended } = await worldWith();
    await ended(Promise.all(Array.from({ length: 1_000 }, () => vault.get(PATH))));
    expect([server.count('read'), server.count('login')]).toEqual([1, 1]);
  });

  test('the envelope has lease and metadata, and the data is frozen', async () => {
    const { vault, ended } = await worldWith({}, dynamic(3_600));
    const secret = await ended(vault.read(PATH));
    expect([secret.lease, secret.metadata?.['version']]).toEqual([undefined, 1]);
    expect(Object.isFrozen(secret.data)).toBe(true);
    const leased = await ended(vault.read(CREDS));
    expect(leased.lease).toMatchObject({ duration: 3_600, renewable: true });
    expect(leased.metadata).toBeUndefined();
  });

  test('a warm-up reads all paths at once and tells which it could not', async () => {
    const { vault, server, ended } = await worldWith();
    const { warmed, failed } = await ended(vault.warm([PATH, PATH, 'secret/none']));
    expect([warmed, failed.map(({ path, error }) => [path, classifyError(error)])]).toEqual([
      [PATH],
      [['secret/none', 'notFound']],
    ]);
    await vault.get(PATH);
    expect(server.count('read')).toBe(2);
  });

  test('a namespace is asked for, and its secrets are its own', async () => {
    const { vault, server, ended } = await worldWith({ namespace: 'team-a' }, { namespaces: ['team-a'] });
    server.setSecret(PATH, NEW, { namespace: 'team-a' });
    expect(await ended(vault.get(PATH))).toEqual(NEW);
  });
});

describe('versions of key-value secrets', () => {
  test('the mounts tell; the path of the interface is understood, too', async () => {
    const { vault, server, ended } = await worldWith();
    server.setSecret('kv/app', { a: 1 });
    expect(await ended(vault.get('kv/app'))).toEqual({ a: 1 });
    expect(await ended(vault.get('/secret/data/app/db'))).toEqual(OLD);
    expect(server.count('mounts')).toBe(2);
  });

  test('mounts may have several segments, and many first reads ask for each once', async () => {
    const mounts = { 'secret/': 'kv-v2', 'team/a/': 'kv-v2', 'team/b/': 'kv-v1' } as const;
    const { vault, server, ended } = await worldWith({}, { mounts });
    server.setSecret('team/a/x', { a: 1 });
    server.setSecret('team/b/x', { b: 1 });
    server.setSecret('team/b/y', { b: 2 });
    const reads = ['team/a/x', 'team/b/x', 'team/b/y', PATH].map((path) => vault.get(path));
    expect(await ended(Promise.all(reads))).toEqual([{ a: 1 }, { b: 1 }, { b: 2 }, OLD]);
    expect(server.count('mounts')).toBeLessThanOrEqual(4);
    await ended(vault.warm(['team/a/y', 'team/b/z']));
    expect(server.count('mounts')).toBeLessThanOrEqual(4);
  });

  test('where the token may not ask, what is configured counts', async () => {
    const { vault, server, ended } = await worldWith({ kvVersion: 2 });
    server.deny('sys/internal/ui/mounts');
    expect(await ended(vault.get(PATH))).toEqual(OLD);
    expect(server.count('read')).toBe(1);
  });

  test('else version 2 is tried, and version 1 only after a 404 without metadata', async () => {
    const { vault, server, ended, errorOf } = await worldWith();
    server.deny('sys/internal/ui/mounts');
    server.setSecret('kv/app', { a: 1 });
    server.setSecret('secret/gone', { a: 1 });
    server.deleteSecret('secret/gone');
    expect(await ended(vault.get('kv/app'))).toEqual({ a: 1 });
    expect(server.count('read')).toBe(2);
    expect(await errorOf(vault.get('secret/gone'))).toMatchObject({ status: 404, reason: 'deleted' });
    expect(server.count('read')).toBe(3);
    server.setSecret('kv/other', { b: 1 });
    await ended(vault.get('kv/other'));
    expect(server.count('read')).toBe(4);
  });
});

describe('leases', () => {
  test.each([
    [5, 2_500],
    [30, 10_000],
    [70, 10_000],
    [3_600, 3_540_000],
  ])('G20: a lease of %i s is used for %i ms', async (lease, ttl) => {
    const { vault, clock, ended } = await worldWith({ renewLeases: false }, dynamic(lease));
    const first = await ended(vault.get(CREDS));
    await clock.advance(ttl - 1);
    expect(await ended(vault.get(CREDS))).toBe(first);
    await clock.advance(1);
    expect(await ended(vault.get(CREDS))).not.toBe(first);
  });

  test.each([5, 30, 70, 3_600])(
    'GX2: a lease of %i s is never outlived, however long Vault is sealed',
    async (lease) => {
      const { vault, server, clock, ended, errorOf } = await worldWith({ retry: { maxAttempts: 1 } }, dynamic(lease));
      const { username } = await ended(vault.get<{ username: string }>(CREDS));
      server.seal();
      await clock.advance(lease * 1000 - 1 - clock.now());
      expect([(await ended(vault.get(CREDS)))['username'], server.isLeased(username)]).toEqual([username, true]);
      await clock.advance(1);
      expect(server.isLeased(username)).toBe(false);
      expect(await errorOf(vault.get(CREDS))).toMatchObject({ reason: 'sealed' });
    },
  );

  test('a lease that can be renewed is, and the credentials stay until its last end is near', async () => {
    const roles = { 'database/creds/app': { leaseDuration: 300, maxDuration: 900 } };
    const { vault, server, clock, ended } = await worldWith({}, { roles });
    const names = new Set<string>();
    for (let minute = 0; minute < 20; minute += 1) {
      const { username } = await ended(vault.get<{ username: string }>(CREDS));
      expect([minute, server.isLeased(username)]).toEqual([minute, true]);
      names.add(username);
      await clock.advance(60_000);
    }
    expect([names.size, server.count('dynamic')]).toEqual([2, 2]);
    expect(server.count('renewLease')).toBeGreaterThan(3);
  });

  test('a lease that has been revoked, or may not be renewed, is replaced by a new one', async () => {
    const { vault, server, clock, ended } = await worldWith({}, dynamic(300));
    const read = () => ended(vault.read<{ username: string }>(CREDS));
    const first = await read();
    server.revokeLeases();
    await clock.advance(240_000);
    const second = await read();
    expect([second.data.username === first.data.username, server.count('dynamic')]).toEqual([false, 2]);
    server.failNext({ status: 403, errors: ['permission denied'] });
    await clock.advance(240_000);
    await read();
    expect([server.count('dynamic'), server.count('login')]).toEqual([3, 1]);
  });

  test('a bypass of the cache makes new credentials', async () => {
    const { vault, server, clock, ended } = await worldWith({}, dynamic(300));
    await ended(vault.get(CREDS));
    await clock.advance(240_000);
    await ended(vault.get(CREDS, { bypassCache: true }));
    expect([server.count('dynamic'), server.count('renewLease')]).toEqual([2, 0]);
  });

  test('a duration without a lease, as of version 1, is none: the ttl counts', async () => {
    const { vault, server, clock, ended } = await worldWith();
    server.setSecret('kv/app', { a: 1 });
    await ended(vault.get('kv/app'));
    await clock.advance(300_000);
    await ended(vault.get('kv/app'));
    expect(server.count('read')).toBe(2);
  });
});

describe('tokens', () => {
  test('G5, G38: an expired token is replaced once, and the read goes on', async () => {
    const { vault, server, ended, events } = await worldWith();
    await ended(vault.get(PATH));
    server.expireToken();
    server.setSecret(PATH, NEW);
    expect(await ended(vault.get(PATH, { bypassCache: true }))).toEqual(NEW);
    expect([server.count('login'), server.count('lookup')]).toEqual([2, 1]);
    expect(events.count('auth.refreshed')).toBe(1);
  });

  test('G38: a thousand callers at the end of a token cost one look-up and one log-in', async () => {
    const { vault, server, ended } = await worldWith({ maxSize: 2_000 });
    const paths = Array.from({ length: 1_000 }, (_, index) => `secret/many/${index}`);
    for (const path of paths) server.setSecret(path, { path });
    await ended(vault.get(PATH));
    server.expireToken();
    const all = await ended(Promise.all(paths.map((path) => vault.get(path))));
    expect(all.map(({ path }) => path)).toEqual(paths);
    expect([server.count('login'), server.count('lookup')]).toEqual([2, 1]);
  });

  test('a server that says that the token is invalid need not be asked whether it is', async () => {
    const { vault, server, ended } = await worldWith({}, { tellsInvalidToken: true });
    await ended(vault.get(PATH));
    server.expireToken();
    await ended(vault.get(PATH, { bypassCache: true }));
    expect([server.count('login'), server.count('lookup')]).toEqual([2, 0]);
  });

  const short = (tokenTtl: number, tokenMaxTtl = Infinity) => ({
    appRole: { roleId: 'role', secretId: 'secret-id', tokenTtl, tokenMaxTtl },
    ...dynamic(3_600),
  });
  const wasRefused = ({ server }: World): boolean => server.requests.recent.some(({ status }) => status === 403);

  test('a token is renewed at two thirds of its time, without a failed read', async () => {
    const world = await worldWith({}, short(60));
    const { vault, server, clock, ended } = world;
    for (let n = 0; n < 10; n += 1) {
      await ended(vault.get(PATH, { bypassCache: true }));
      await clock.advance(45_000);
    }
    expect([server.count('login'), server.count('renewToken'), wasRefused(world)]).toEqual([1, 9, false]);
  });

  test('a token that can be renewed no further is replaced before its end', async () => {
    const world = await worldWith({}, short(60, 90));
    const { vault, server, clock, ended } = world;
    for (let n = 0; n < 10; n += 1) {
      await ended(vault.get(PATH, { bypassCache: true }));
      await clock.advance(45_000);
    }
    expect([server.count('login') > 2, wasRefused(world)]).toEqual([true, false]);
  });

  test('while no log-in is to be had, a token serves until its end', async () => {
    const { vault, server, clock, ended, errorOf } = await worldWith({}, short(60));
    await ended(vault.get(PATH));
    await clock.advance(41_000);
    server.failNext({ status: 500, times: 1 });
    expect(await ended(vault.get(PATH, { bypassCache: true }))).toEqual(OLD);
    await clock.advance(60_000);
    server.seal();
    expect(await errorOf(vault.get('secret/other'))).toBeInstanceOf(VaultError);
  });

  test('a lease is never counted past the end of the token that it was had with', async () => {
    const { vault, server, clock, ended } = await worldWith({ renewLeases: false }, short(600, 600));
    const { username, lease } = await ended(vault.read<{ username: string }>(CREDS)).then(({ data, lease: found }) => ({
      ...data,
      lease: found,
    }));
    expect(lease?.duration).toBe(600);
    for (let second = 0; second < 1_300; second += 13) {
      const present = await ended(vault.get<{ username: string }>(CREDS));
      expect(server.isLeased(present.username)).toBe(true);
      await clock.advance(13_000);
    }
    expect(server.isLeased(username)).toBe(false);
  });

  test('what a token had leased is forgotten with the token, and key-value secrets stay', async () => {
    const { vault, server, ended } = await worldWith({}, dynamic(3_600));
    const { username } = await ended(vault.get<{ username: string }>(CREDS));
    await ended(vault.get(PATH));
    server.expireToken();
    await ended(vault.get('secret/app/db', { bypassCache: true }));
    const next = await ended(vault.get<{ username: string }>(CREDS));
    expect([next.username === username, server.isLeased(next.username)]).toEqual([false, true]);
  });

  test('a lease of an older token is not renewed: that would not save it', async () => {
    const { vault, server, clock, ended } = await worldWith({}, short(900, 900));
    await ended(vault.get(CREDS));
    await clock.advance(700_000);
    await ended(vault.get(PATH));
    expect(server.count('login')).toBe(2);
    await clock.advance(145_000);
    await ended(vault.get(CREDS));
    expect([server.count('renewLease'), server.count('dynamic')]).toEqual([0, 2]);
  });

  test('G40: a policy that refuses is no reason to log in again, and takes the cached secret away', async () => {
    const { vault, server, clock, ended, errorOf } = await worldWith();
    await ended(vault.get(PATH));
    server.deny('secret/data/app');
    await clock.advance(300_000);
    const error = await errorOf(vault.get(PATH));
    expect([classifyError(error), error]).toEqual(['authorization', expect.any(VaultError)]);
    expect((error as VaultError).cause).toMatchObject({ code: 'SECRETS_DENIED' });
    expect([server.count('login'), server.count('lookup'), vault.stats.size]).toEqual([1, 1, 0]);
    server.seal();
    expect(await errorOf(vault.get(PATH))).toMatchObject({ status: 503 });
  });

  test('a refused log-in is not repeated, and nothing old is served for it', async () => {
    const { vault, server, errorOf } = await worldWith({
      auth: tokenAuth(() => Promise.reject(new VaultAuthenticationError('no token file'))),
    });
    expect(await errorOf(vault.get(PATH))).toBeInstanceOf(VaultAuthenticationError);
    expect(server.requests.count).toBe(0);
  });

  test('a fixed token that has died cannot be replaced, and the error says so', async () => {
    const { vault, server, ended, errorOf } = await worldWith({ auth: tokenAuth('root') });
    await ended(vault.get(PATH));
    server.expireToken();
    const error = (await errorOf(vault.get(PATH, { bypassCache: true }))) as Error;
    expect([classifyError(error), error.cause]).toEqual(['authorization', expect.any(VaultAuthenticationError)]);
    expect(server.count('login')).toBe(0);
  });

  test('a server that kills every token at once is not stormed with log-ins', async () => {
    const { vault, server, ended, errorOf } = await worldWith();
    await ended(vault.get(PATH));
    for (let n = 0; n < 100; n += 1) {
      server.expireToken();
      server.failNext({ status: 403, errors: ['invalid token'], times: 2 });
      await errorOf(vault.get(`secret/other/${n}`));
    }
    expect(server.count('login')).toBe(30);
  });
});

describe('at close', () => {
  test('the token of a log-in is revoked where that is asked for, and its leases with it', async () => {
    const { vault, server, ended } = await worldWith({ revokeOnClose: true }, dynamic(3_600));
    const { username } = await ended(vault.get<{ username: string }>(CREDS));
    expect(server.isLeased(username)).toBe(true);
    await ended(vault.close());
    expect([server.isLeased(username), server.count('revoke')]).toEqual([false, 1]);
  });

  test('else the token stays, and so do the credentials that it has had', async () => {
    const { vault, server, ended } = await worldWith({}, dynamic(3_600));
    const { username } = await ended(vault.get<{ username: string }>(CREDS));
    await ended(vault.close());
    expect([server.isLeased(username), server.count('revoke')]).toEqual([true, 0]);
  });

  test('a token that was given is not revoked, nor is one asked for to be revoked', async () => {
    const { vault, server, ended } = await worldWith({ revokeOnClose: true, auth: tokenAuth('root') });
    await ended(vault.get(PATH));
    await ended(vault.close());
    const unused = await worldWith({ revokeOnClose: true });
    await unused.ended(unused.vault.close());
    expect([server.count('revoke'), unused.server.requests.count]).toEqual([0, 0]);
  });

  test('a Vault that does not answer holds it up for one timeout, and makes it fail never', async () => {
    const { vault, server, ended, clock } = await worldWith({ revokeOnClose: true });
    await ended(vault.get(PATH));
    server.hang();
    const before = clock.now();
    await ended(vault.close());
    expect(clock.now() - before).toBe(5_000);
  });
});

describe('failures', () => {
  const failWith = async (status: number, errors: string[] = []): Promise<[World, unknown]> => {
    const world = await worldWith({ retry: { maxAttempts: 1 } });
    await world.ended(world.vault.get('secret/app/db'));
    world.server.failNext({ status, errors, times: 5 });
    return [world, await world.errorOf(world.vault.get('secret/other'))];
  };

  test.each([
    [400, [], 'permanent'],
    [401, [], 'authentication'],
    [403, ['permission denied'], 'authorization'],
    [403, ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'], 'authentication'],
    [404, [], 'notFound'],
    [405, [], 'permanent'],
    [408, [], 'transient'],
    [412, ['required index state not present'], 'transient'],
    [429, [], 'transient'],
    [472, [], 'transient'],
    [473, [], 'transient'],
    [500, ['local node not active but active cluster node not found'], 'transient'],
    [502, [], 'transient'],
    [503, ['Vault is sealed'], 'transient'],
  ])('G32–G34: a %i %j is %s', async (status, errors, expected) => {
    const [, error] = await failWith(status, errors);
    expect([classifyError(error), (error as VaultError).status]).toEqual([expected, status]);
  });

  test('G37: what passes is retried, with the delay that the server asks for', async () => {
    const { vault, server, clock, ended } = await worldWith();
    await ended(vault.get(PATH));
    server.throttle({ times: 2, retryAfter: 7 });
    const before = clock.now();
    await ended(vault.get('secret/app/db', { bypassCache: true }));
    expect(clock.now() - before).toBeGreaterThanOrEqual(14_000);
  });

  test('GX4: missing secrets open no circuit', async () => {
    const { vault, ended, errorOf } = await worldWith();
    for (let n = 0; n < 20; n += 1) await errorOf(vault.get(`secret/none/${n}`));
    expect([vault.circuit.state, await ended(vault.get(PATH))]).toEqual(['closed', OLD]);
  });

  test('two providers have two circuits', async () => {
    const { vault, server, runtime, errorOf, ended } = await worldWith();
    const address = 'http://127.0.0.1:1';
    const other = new VaultSecrets({ address, auth: tokenAuth('x'), runtime, fetch: () => Promise.reject(refused()) });
    for (let n = 0; n < 3; n += 1) await errorOf(other.get(PATH));
    expect([other.circuit.state, vault.circuit.state]).toEqual(['open', 'closed']);
    expect(await ended(vault.get(PATH))).toEqual(OLD);
    expect(server.count('read')).toBe(1);
  });

  test('an answer that is no JSON is neither shown nor kept', async () => {
    const page = new Response('<html>canary</html>', { status: 200 });
    const { vault, errorOf } = await worldWith({
      retry: { maxAttempts: 1 },
      auth: tokenAuth('t'),
      fetch: async () => page,
    });
    const error = (await errorOf(vault.get(PATH))) as Error;
    expect([error.name, error.message]).toEqual(['SecretFormatError', 'the answer is no JSON object']);
    expect(vault.stats.size).toBe(0);
  });

  test('a token goes with a redirect only where it may', async () => {
    const asked: string[] = [];
    const redirecting: typeof fetch = async (input, init) => {
      const url = input as string;
      asked.push(`${new URL(url).host} ${new Headers(init?.headers).get('x-vault-token')}`);
      if (url.startsWith('http://standby'))
        return new Response(null, { status: 307, headers: { location: url.replace('standby', 'leader') } });
      return Response.json({ data: { path: 'secret/', type: 'kv', options: { version: '1' }, a: 1 } });
    };
    const options = { address: 'http://standby', auth: tokenAuth('t'), fetch: redirecting, retry: { maxAttempts: 1 } };
    const { vault, errorOf } = await worldWith(options);
    expect(await errorOf(vault.get('secret/a'))).toMatchObject({ status: 307, reason: 'redirected' });
    expect(asked).toEqual(['standby t']);
    const { vault: trusting, ended } = await worldWith({ ...options, peers: ['http://leader'] });
    expect(await ended(trusting.get('secret/a'))).toMatchObject({ a: 1 });
    expect(asked.slice(1)).toEqual(['standby t', 'leader t', 'standby t', 'leader t']);
  });

  test.each(['secret', '', 'secret/../sys/mounts', 'secret//a', 'a/./b'])('the path %j is refused', async (path) => {
    const { vault, server } = await worldWith();
    await expect(vault.get(path)).rejects.toThrow(SecretsError);
    await expect(vault.get(path)).rejects.toThrow("a path must read 'mount/name'");
    expect(server.requests.count).toBe(0);
  });
});

const refused = (): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) });
