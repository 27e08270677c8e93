import { fakeVault, virtualClock, type FakeVault, type FakeVaultOptions } from '../src/index.js';

const open: FakeVault[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((vault) => vault.close()));
});

const vaultWith = async (options?: FakeVaultOptions): Promise<FakeVault> => {
  const vault = await fakeVault(options);
  open.push(vault);
  return vault;
};

interface Asking {
  readonly token?: string;
  readonly namespace?: string;
  readonly method?: string;
  readonly body?: unknown;
  /** In the process, without a network. */
  readonly within?: boolean;
}

const ask = async (vault: FakeVault, path: string, asking: Asking = {}) => {
  const { token = 'root', namespace, method = 'GET', body, within = false } = asking;
  const send = within ? vault.fetch : fetch;
  const response = await send(`${vault.url}/v1/${path}`, {
    method,
    headers: {
      ...(token === '' ? {} : { 'X-Vault-Token': token }),
      ...(namespace === undefined ? {} : { 'X-Vault-Namespace': namespace }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: text === '' ? undefined : JSON.parse(text) };
};

const statusOf = async (vault: FakeVault, path: string, asking?: Asking): Promise<number> =>
  (await ask(vault, path, asking)).status;

const logIn = (vault: FakeVault, secretId = 'secret-id') =>
  ask(vault, 'auth/approle/login', { method: 'POST', token: '', body: { role_id: 'role', secret_id: secretId } });

const codeOf = (asking: Promise<unknown>): Promise<unknown> =>
  asking.then(
    () => 'answered',
    (error: { cause?: { code?: string } }) => error.cause?.code,
  );

describe('key-value secrets', () => {
  test('version 2 answers the latest data with its metadata', async () => {
    const vault = await vaultWith();
    vault.setSecret('secret/app/config', { db_host: 'old' });
    vault.setSecret('secret/app/config', { db_host: 'postgres' });
    const { status, headers, body } = await ask(vault, 'secret/data/app/config');
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      200,
      'application/json',
      'no-store',
    ]);
    expect(body).toMatchObject({
      lease_id: '',
      renewable: false,
      lease_duration: 0,
      auth: null,
      data: { data: { db_host: 'postgres' }, metadata: { version: 2, destroyed: false, deletion_time: '' } },
    });
    expect((await ask(vault, 'secret/data/app/config?version=1')).body.data.data).toEqual({ db_host: 'old' });
  });

  test('a deleted version is a 404 with metadata, one that never was a 404 without errors', async () => {
    const vault = await vaultWith();
    vault.setSecret('secret/app', { a: 1 });
    vault.deleteSecret('secret/app');
    const deleted = await ask(vault, 'secret/data/app');
    expect([deleted.status, deleted.body.data.data, deleted.body.data.metadata.version]).toEqual([404, null, 1]);
    expect(deleted.body.data.metadata.deletion_time).not.toBe('');
    const missing = await ask(vault, 'secret/data/nothing');
    expect([missing.status, missing.body]).toEqual([404, { errors: [] }]);
    await ask(vault, 'secret/undelete/app', { method: 'POST', body: { versions: [1] } });
    expect(await statusOf(vault, 'secret/data/app')).toBe(200);
    await ask(vault, 'secret/destroy/app', { method: 'POST', body: { versions: [1] } });
    expect((await ask(vault, 'secret/data/app')).body.data.metadata.destroyed).toBe(true);
  });

  test('a path of version 1 in an engine of version 2 is a 404 that says so', async () => {
    const vault = await vaultWith();
    vault.setSecret('secret/app', { a: 1 });
    const { status, body } = await ask(vault, 'secret/app');
    expect([status, body.data]).toEqual([404, null]);
    expect(body.warnings[0]).toContain('Invalid path for a versioned K/V secrets engine');
  });

  test('version 1 answers plain data, and a duration without a lease', async () => {
    const vault = await vaultWith();
    vault.setSecret('kv/app', { a: 1 });
    const { body } = await ask(vault, 'kv/app');
    expect([body.data, body.lease_id, body.lease_duration]).toEqual([{ a: 1 }, '', 2_764_800]);
    expect((await ask(vault, 'kv/data/app')).body).toEqual({ errors: [] });
    vault.deleteSecret('kv/app');
    expect(await statusOf(vault, 'kv/app')).toBe(404);
  });

  test('secrets are written, listed and deleted over HTTP, and a wrong check-and-set is refused', async () => {
    const vault = await vaultWith();
    const write = (path: string, body: unknown) => ask(vault, path, { method: 'POST', body });
    expect((await write('secret/data/a/b', { data: { x: 1 }, options: { cas: 0 } })).body.data.version).toBe(1);
    expect((await write('secret/data/a/b', { data: { x: 2 }, options: { cas: 0 } })).body).toEqual({
      errors: ['check-and-set parameter did not match the current version'],
    });
    expect((await write('secret/data/a/b', {})).status).toBe(400);
    expect((await write('kv/one', { y: 1 })).status).toBe(204);
    expect((await ask(vault, 'secret/metadata/?list=true')).body.data.keys).toEqual(['a/']);
    expect((await ask(vault, 'secret/metadata/a/b')).body.data.current_version).toBe(1);
    expect((await ask(vault, 'kv/?list=true')).body.data.keys).toEqual(['one']);
    expect(await statusOf(vault, 'kv/none?list=true')).toBe(404);
    expect(await statusOf(vault, 'secret/data/a/b', { method: 'DELETE' })).toBe(204);
    expect(await statusOf(vault, 'secret/metadata/a/b', { method: 'DELETE' })).toBe(204);
    expect((await ask(vault, 'secret/data/a/b')).body).toEqual({ errors: [] });
    expect(await statusOf(vault, 'kv/one', { method: 'PATCH' })).toBe(405);
  });

  test('the mounts tell which version a path has, and 403 for what is mounted nowhere', async () => {
    const vault = await vaultWith({ mounts: { 'secret/': 'kv-v1', 'team/a/': 'kv-v2', database: 'database' } });
    const versionOf = async (path: string) => (await ask(vault, `sys/internal/ui/mounts/${path}`)).body.data;
    expect(await versionOf('team/a/app')).toMatchObject({
      path: 'team/a/',
      type: 'kv',
      options: { version: '2' },
    });
    expect(await versionOf('secret/app')).toMatchObject({ path: 'secret/', type: 'kv', options: { version: '1' } });
    expect(await versionOf('database/creds/x')).toMatchObject({ type: 'database', options: null });
    const nowhere = await ask(vault, 'sys/internal/ui/mounts/foo/bar');
    expect([nowhere.status, nowhere.body.errors[0]]).toEqual([
      403,
      `preflight capability check returned 403, please ensure client's policies grant access to path "foo/bar/"`,
    ]);
    expect((await ask(vault, 'foo/bar')).body.errors[0]).toContain('no handler for route "foo/bar"');
    expect(() => vault.setSecret('foo/bar', {})).toThrow("no key-value engine is mounted at 'foo/bar'");
    await expect(fakeVault({ mounts: { a: 'kv-v1', 'a/b': 'kv-v2' } })).rejects.toThrow(
      "mount 'a/b/' lies inside of 'a/'",
    );
  });
});

describe('tokens', () => {
  test('a missing, wrong or expired token is 403, a denied path too, and lookup-self tells them apart', async () => {
    const vault = await vaultWith();
    vault.setSecret('secret/app', { a: 1 });
    for (const token of ['', 'wrong']) {
      const { status, body } = await ask(vault, 'secret/data/app', { token });
      expect([status, body]).toEqual([403, { errors: ['permission denied'] }]);
    }
    vault.deny('secret/data/app');
    expect(await statusOf(vault, 'secret/data/app')).toBe(403);
    expect((await ask(vault, 'auth/token/lookup-self')).body.data).toMatchObject({
      id: 'root',
      policies: ['root'],
      ttl: 0,
    });
    vault.allow('secret/data/app');
    expect(await statusOf(vault, 'secret/data/app')).toBe(200);
    vault.expireToken();
    expect(await statusOf(vault, 'secret/data/app')).toBe(403);
    expect(await statusOf(vault, 'auth/token/lookup-self')).toBe(403);
  });

  test('newer servers say that the token is invalid', async () => {
    const vault = await vaultWith({ tellsInvalidToken: true });
    expect((await ask(vault, 'secret/data/app', { token: 'x' })).body.errors[0]).toContain('invalid token');
  });

  test('AppRole gives a token that lasts as long as it says, and can be renewed and revoked', async () => {
    const clock = virtualClock();
    const vault = await vaultWith({ clock, appRole: { roleId: 'role', secretId: 'secret-id', tokenTtl: 60 } });
    expect((await logIn(vault, 'wrong')).body).toEqual({ errors: ['invalid role or secret ID'] });
    const { auth } = (await logIn(vault)).body;
    expect(auth).toMatchObject({ lease_duration: 60, renewable: true, token_type: 'service' });
    const token = auth.client_token as string;
    clock.advanceSync(59_999);
    expect((await ask(vault, 'auth/token/lookup-self', { token })).body.data.ttl).toBe(1);
    await ask(vault, 'auth/token/renew-self', { token, method: 'POST' });
    clock.advanceSync(59_999);
    expect(await statusOf(vault, 'auth/token/lookup-self', { token })).toBe(200);
    clock.advanceSync(1);
    expect(await statusOf(vault, 'auth/token/lookup-self', { token })).toBe(403);
    const other = (await logIn(vault)).body.auth.client_token as string;
    expect(await statusOf(vault, 'auth/token/revoke-self', { token: other, method: 'POST' })).toBe(204);
    expect(await statusOf(vault, 'auth/token/lookup-self', { token: other })).toBe(403);
  });

  test('a namespace has its own secrets, and its tokens are good nowhere else', async () => {
    const vault = await vaultWith({ namespaces: ['team-a'] });
    vault.setSecret('secret/app', { a: 1 }, { namespace: 'team-a' });
    expect(await statusOf(vault, 'secret/data/app')).toBe(404);
    expect(await statusOf(vault, 'secret/data/app', { namespace: 'team-a/' })).toBe(200);
    expect(await statusOf(vault, 'secret/data/app', { namespace: 'team-b' })).toBe(404);
    const body = { role_id: 'role', secret_id: 'secret-id' };
    const login = await ask(vault, 'auth/approle/login', { namespace: 'team-a', method: 'POST', token: '', body });
    const token = login.body.auth.client_token as string;
    expect(await statusOf(vault, 'secret/data/app', { token, namespace: 'team-a' })).toBe(200);
    expect(await statusOf(vault, 'secret/data/app', { token })).toBe(403);
  });
});

describe('leases', () => {
  const leased = async () => {
    const clock = virtualClock();
    const roles = {
      'database/creds/app': { leaseDuration: 60, maxDuration: 100 },
      'database/creds/fixed': { renewable: false },
    };
    return { clock, vault: await vaultWith({ clock, roles }) };
  };

  test('each reading makes new credentials, and their lease ends', async () => {
    const { clock, vault } = await leased();
    const first = (await ask(vault, 'database/creds/app')).body;
    const second = (await ask(vault, 'database/creds/app')).body;
    expect(first).toMatchObject({ lease_duration: 60, renewable: true });
    expect(first.lease_id).toMatch(/^database\/creds\/app\/\w{24}$/);
    expect(second.data.username).not.toBe(first.data.username);
    clock.advanceSync(59_999);
    expect(vault.isLeased(first.data.username)).toBe(true);
    clock.advanceSync(1);
    expect(vault.isLeased(first.data.username)).toBe(false);
    expect((await ask(vault, 'database/creds/none')).body).toEqual({ errors: ['unknown role: none'] });
  });

  test('a lease can be renewed up to its limit, unless it has ended or cannot be', async () => {
    const { clock, vault } = await leased();
    const { lease_id: id } = (await ask(vault, 'database/creds/app')).body;
    const renew = (body: unknown) => ask(vault, 'sys/leases/renew', { method: 'PUT', body });
    clock.advanceSync(50_000);
    expect((await renew({ lease_id: id })).body).toMatchObject({ lease_id: id, lease_duration: 50, renewable: true });
    clock.advanceSync(50_000);
    expect((await renew({ lease_id: id })).body).toEqual({ errors: ['lease not found'] });
    expect((await renew({})).body).toEqual({ errors: ['missing lease_id'] });
    const fixed = (await ask(vault, 'database/creds/fixed')).body;
    expect((await renew({ lease_id: fixed.lease_id })).body).toEqual({ errors: ['lease is not renewable'] });
    await ask(vault, 'sys/leases/revoke', { method: 'PUT', body: { lease_id: fixed.lease_id } });
    expect(vault.isLeased(fixed.data.username)).toBe(false);
  });
});

describe('bad days', () => {
  test('sealed: 503 for all but the health', async () => {
    const vault = await vaultWith();
    vault.seal();
    expect([vault.isSealed, (await ask(vault, 'secret/data/app')).body]).toEqual([
      true,
      { errors: ['Vault is sealed'] },
    ]);
    const health = await ask(vault, 'sys/health');
    expect([health.status, health.body.sealed]).toEqual([503, true]);
    expect((await ask(vault, 'sys/seal-status')).body).toMatchObject({ sealed: true, t: 3, n: 5 });
    vault.unseal();
    expect(await statusOf(vault, 'sys/health')).toBe(200);
  });

  test('standby: 429, 472 and 473 for the health, 500 for what needs a leader', async () => {
    const vault = await vaultWith();
    const statuses: number[][] = [];
    for (const role of ['standby', 'dr-secondary', 'performance-standby'] as const) {
      vault.become(role);
      statuses.push([await statusOf(vault, 'sys/health'), await statusOf(vault, 'secret/data/app')]);
    }
    expect(statuses).toEqual([
      [429, 500],
      [472, 500],
      [473, 404],
    ]);
    await vault.heal();
    expect(await statusOf(vault, 'sys/health')).toBe(200);
  });

  test('throttled: 429 with Retry-After; any other answer can be asked for', async () => {
    const vault = await vaultWith();
    vault.throttle({ times: 2, retryAfter: 7 });
    vault.failNext({ status: 412, errors: ['required index state not present'] });
    const first = await ask(vault, 'secret/data/app');
    expect([first.status, first.headers.get('retry-after'), first.body.errors]).toEqual([
      429,
      '7',
      ['request path "secret/data/app": rate limit quota exceeded'],
    ]);
    const rest = [];
    for (let n = 0; n < 3; n += 1) rest.push(await statusOf(vault, 'secret/data/app'));
    expect(rest).toEqual([429, 412, 404]);
    expect(() => vault.failNext({ status: 200 })).toThrow('a fault has a status from 300 to 599, got 200');
    expect(() => vault.failNext({ status: 500, times: 0 })).toThrow('times must be 1 or more, got 0');
  });

  test('partition: connections are refused on the same port until it heals', async () => {
    const vault = await vaultWith();
    const { url } = vault;
    await vault.partition();
    expect(await codeOf(ask(vault, 'sys/health'))).toBe('ECONNREFUSED');
    expect(await codeOf(ask(vault, 'sys/health', { within: true }))).toBe('ECONNREFUSED');
    await vault.heal();
    expect([vault.url, await statusOf(vault, 'sys/health')]).toEqual([url, 200]);
  });

  test('restart: refused for a while, and then everything is there again', async () => {
    const clock = virtualClock();
    const vault = await vaultWith({ clock });
    vault.setSecret('secret/app', { a: 1 });
    const restarted = vault.restart({ downFor: 3_000 });
    expect(await codeOf(ask(vault, 'secret/data/app', { within: true }))).toBe('ECONNREFUSED');
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(3_000);
    await restarted;
    expect(await statusOf(vault, 'secret/data/app')).toBe(200);
  });

  test('hanging: a request is read and not answered; slow: it takes longer', async () => {
    const clock = virtualClock();
    const vault = await vaultWith({ clock });
    vault.hang();
    const leaving = new AbortController();
    const asked = vault.fetch(`${vault.url}/v1/sys/health`, { signal: leaving.signal });
    await clock.settle();
    expect(vault.requests.inFlight).toBe(1);
    leaving.abort();
    await expect(asked).rejects.toThrow('aborted');
    expect([vault.requests.inFlight, vault.requests.recent[0]?.outcome]).toEqual([0, 'hung']);
    await vault.heal();
    vault.slow(500);
    const slow = ask(vault, 'sys/health', { within: true });
    await clock.settle();
    expect(vault.requests.inFlight).toBe(1);
    await clock.advance(500);
    expect((await slow).status).toBe(200);
  });

  test('typical latencies: reads 5 to 20 ms, tokens 2 to 10, dynamic secrets 50 to 200', async () => {
    const clock = virtualClock();
    const vault = await vaultWith({ clock, latency: 'typical', roles: { 'database/creds/app': {} } });
    const timeOf = async (path: string): Promise<number> => {
      const before = clock.now();
      await clock.until(ask(vault, path, { within: true }));
      return clock.now() - before;
    };
    for (const [path, min, max] of [
      ['secret/data/app', 5, 20],
      ['auth/token/lookup-self', 2, 10],
      ['database/creds/app', 50, 200],
      ['sys/health', 0, 0],
    ] as const) {
      const time = await timeOf(path);
      expect([path, time >= min && time <= max]).toEqual([path, true]);
    }
  });
});

test('the log counts operations and keeps neither tokens nor bodies', async () => {
  const vault = await vaultWith({ token: 'canary-token', appRole: { roleId: 'role', secretId: 'canary-id' } });
  vault.setSecret('secret/app', { password: 'canary-value' });
  await ask(vault, 'secret/data/app', { token: 'canary-token' });
  await fetch(`${vault.url}/v1/secret/data/app`, { headers: { authorization: 'Bearer canary-token' } });
  await logIn(vault, 'canary-id');
  await ask(vault, 'auth/token/lookup-self', { token: 'canary-token' });
  const recent = vault.requests.recent;
  expect(recent.map(({ path, status }) => [path, status])).toEqual([
    ['/v1/secret/data/app', 200],
    ['/v1/secret/data/app', 200],
    ['/v1/auth/approle/login', 200],
    ['/v1/auth/token/lookup-self', 200],
  ]);
  expect(JSON.stringify(recent)).not.toContain('canary');
  expect([vault.count('read'), vault.count('login'), vault.count('lookup'), vault.count('dynamic')]).toEqual([
    2, 1, 1, 0,
  ]);
});

test('both doors answer alike, and what is no API is 404', async () => {
  const [one, other] = [await vaultWith({ seed: 7 }), await vaultWith({ seed: 7 })];
  for (const path of ['secret/data/app', 'sys/internal/ui/mounts/secret', 'foo']) {
    const [outside, within] = [await ask(one, path), await ask(other, path, { within: true })];
    expect([within.status, within.body]).toEqual([outside.status, outside.body]);
    expect(within.headers.get('content-type')).toBe(outside.headers.get('content-type'));
  }
  expect((await fetch(`${one.url}/ui/`)).status).toBe(404);
});
