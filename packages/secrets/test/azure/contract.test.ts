import { classifyError } from '@holdfast/core';
import { type AzureSecretsError } from '../../src/index.js';
import { HOUR, MINUTE, NEW, OLD, azureWorld } from './world.js';

/** What the provider expects of Key Vault and the vendor's SDK, in virtual time. */

const errorClass = (error: unknown): unknown => {
  const { name, status, reason } = error as AzureSecretsError;
  return [name, status, reason, classifyError(error)];
};

test('a secret is read with its version, times, type and tags, and shown without its value', async () => {
  const { azure, server, clock, ended } = await azureWorld();
  const created = new Date(clock.wall()).toISOString();
  const expiresOn = new Date(clock.wall() + HOUR);
  const version = server.setSecret('app-config', '{"n":1}', {
    contentType: 'application/json',
    tags: { team: 'a' },
    expiresOn,
  });
  const envelope = await ended(azure.read('app-config'));
  const metadata = {
    version,
    contentType: 'application/json',
    created,
    updated: created,
    expires: expiresOn.toISOString(),
    tags: { team: 'a' },
  };
  expect([envelope.data, envelope.metadata, envelope.lease]).toEqual([{ n: 1 }, metadata, undefined]);
  expect(envelope.toJSON()).toEqual({ data: '[secret]', lease: undefined, metadata });
});

test.each([
  ['{"user":"app"}', { user: 'app' }],
  ['plain text', { value: 'plain text' }],
  ['["a"]', { value: '["a"]' }],
  ['12', { value: '12' }],
  ['{broken', { value: '{broken' }],
  ['', { value: '' }],
])('the value %j becomes %j', async (value, data) => {
  const { azure, server, ended } = await azureWorld();
  server.setSecret('any', value);
  expect(await ended(azure.get('any'))).toEqual(data);
});

test('a version is read by its path or by the option, and both are kept apart from the latest', async () => {
  const { server, ended, provider } = await azureWorld();
  const old = server.setSecret('key', 'one');
  server.setSecret('key', 'two');
  const azure = provider();
  expect(await ended(azure.get('key'))).toEqual({ value: 'two' });
  expect(await ended(azure.get(`key/${old}`))).toEqual({ value: 'one' });
  expect(await ended(azure.get('/KEY/'))).toEqual({ value: 'two' });
  expect([azure.stats.size, server.count('get')]).toEqual([2, 2]);
  expect(await ended(provider({ version: old }).get('key'))).toEqual({ value: 'one' });
});

test.each(['', 'secrets/db/1', 'a_b', 'db/../x', 'a b', 'db?x', 'db/1/2', 'https://x', 'a'.repeat(128)])(
  'the path %j is refused, without a request',
  async (path) => {
    const { azure, server, errorOf } = await azureWorld();
    expect(await errorOf(azure.get(path))).toMatchObject({ name: 'SecretsError', code: 'SECRETS_PATH' });
    expect(server.requests.count).toBe(0);
  },
);

test('a rotated secret is seen after its ttl, or by who passes the cache by', async () => {
  const { azure, server, clock, ended } = await azureWorld();
  expect(await ended(azure.get('db'))).toEqual(OLD);
  const version = server.setSecret('db', JSON.stringify(NEW));
  expect(await ended(azure.get('db'))).toEqual(OLD);
  expect((await ended(azure.read('db', { bypassCache: true }))).metadata).toMatchObject({ version });
  expect(await ended(azure.get('db'))).toEqual(NEW);
  server.setSecret('db', JSON.stringify(OLD));
  await clock.advance(5 * MINUTE);
  expect(await ended(azure.get('db'))).toEqual(OLD);
});

test('a wrong value is forgotten once, and only if it is still the one that is kept', async () => {
  const { azure, server, ended } = await azureWorld();
  const wrong = await ended(azure.read('db'));
  server.setSecret('db', JSON.stringify(NEW));
  expect(await azure.invalidate('db', { only: wrong })).toBe(true);
  expect(await ended(azure.get('db'))).toEqual(NEW);
  expect(await azure.invalidate('db', { only: wrong })).toBe(false);
  expect(azure.stats.size).toBe(1);
});

describe('a refusal', () => {
  test.each([
    ['ForbiddenByPolicy', 'forbidden by policy'],
    ['ForbiddenByRbac', 'forbidden by role'],
    ['ForbiddenByFirewall', 'forbidden by firewall'],
  ] as const)('403 %s is named, serves nothing old and drops what was kept', async (kind, reason) => {
    const { azure, server, clock, credential, ended, errorOf } = await azureWorld();
    await ended(azure.get('db'));
    server.deny('db', kind);
    expect(await ended(azure.get('db'))).toEqual(OLD); // until its ttl: nobody was asked
    await clock.advance(5 * MINUTE);
    const error = await errorOf(azure.get('db'));
    expect(errorClass(error)).toEqual(['AzureSecretsError', 403, reason, 'authorization']);
    expect(error).toMatchObject({ code: 'AZURE_ANSWER', errorCode: 'Forbidden', innerCode: kind });
    expect((error as AzureSecretsError).requestId).toMatch(/^[0-9a-f-]{36}$/);
    await server.partition();
    expect(errorClass(await errorOf(azure.get('db')))).toContain('unreachable');
    expect([azure.stats.size, credential.logins]).toEqual([0, 1]);
  });

  test('of a thousand callers makes no storm of log-ins', async () => {
    const { azure, server, credential, clock } = await azureWorld();
    server.deny();
    const calls = Array.from({ length: 1_000 }, (_, n) => azure.get(`name-${n}`));
    const results = await clock.until(Promise.allSettled(calls));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect([credential.logins, server.count('get')]).toEqual([1, 1_000]);
  });

  test('of a disabled secret drops it', async () => {
    const { azure, server, clock, ended, errorOf } = await azureWorld();
    await ended(azure.get('db'));
    server.updateSecret('db', { enabled: false });
    await clock.advance(5 * MINUTE);
    expect(errorClass(await errorOf(azure.get('db')))).toEqual(['AzureSecretsError', 403, 'disabled', 'authorization']);
    expect(azure.stats.size).toBe(0);
  });

  test('of a soft-deleted secret drops it, and it is back when it is recovered', async () => {
    const { azure, server, clock, ended, errorOf } = await azureWorld();
    await ended(azure.get('db'));
    server.deleteSecret('db');
    await clock.advance(5 * MINUTE);
    const error = await errorOf(azure.get('db'));
    expect(errorClass(error)).toEqual(['AzureSecretsError', 404, 'not found', 'notFound']);
    expect([(error as AzureSecretsError).errorCode, azure.stats.size]).toEqual(['SecretNotFound', 0]);
    server.recoverSecret('db');
    expect(await ended(azure.get('db'))).toEqual(OLD);
  });
});

describe('an exp of the secret’s own', () => {
  const withExp = async (ms: number, skew = 0) => {
    const world = await azureWorld();
    const { server, clock } = world;
    server.setSecret('db', JSON.stringify(OLD), { expiresOn: new Date(clock.wall() + ms) });
    clock.skewWall(skew);
    server.skewClock(-skew);
    return world;
  };

  test('is not passed by the ttl, nor by an old value in an outage', async () => {
    const { azure, server, clock, ended, errorOf } = await withExp(MINUTE);
    await ended(azure.get('db'));
    await clock.advance(58_000);
    expect(await ended(azure.get('db'))).toEqual(OLD);
    await server.partition();
    await clock.advance(2_000);
    expect(errorClass(await errorOf(azure.get('db')))).toContain('unreachable');
  });

  test('is not passed by a bound that prolongs the ttl, nor by a ttl of the call’s own', async () => {
    const { provider, server, clock, ended, errorOf } = await withExp(MINUTE);
    const bounded = provider({ ttlBounds: { min: '10m' } });
    const usual = provider();
    await ended(bounded.get('db'));
    await ended(usual.get('db', { ttl: 0 }));
    await clock.advance(58_000);
    expect(await ended(Promise.all([bounded.get('db'), usual.get('db')]))).toEqual([OLD, OLD]);
    expect(server.count('get')).toBe(2);
    await clock.advance(2_000);
    expect(errorClass(await errorOf(bounded.get('db')))).toContain('expired');
    expect(errorClass(await errorOf(usual.get('db')))).toContain('expired');
  });

  test('that is so near that its secret is as good as over is answered once, and not kept', async () => {
    const { azure, server, ended } = await withExp(1_500);
    await ended(azure.get('db'));
    await ended(azure.get('db'));
    expect([server.count('get'), azure.stats.size]).toEqual([2, 0]);
  });

  test('that is over is an error, although Key Vault answers', async () => {
    const { azure, server, clock, ended, errorOf } = await withExp(MINUTE);
    await ended(azure.get('db'));
    await clock.advance(MINUTE);
    expect(errorClass(await errorOf(azure.get('db')))).toEqual(['AzureSecretsError', 403, 'expired', 'authorization']);
    expect(azure.stats.size).toBe(0);
    server.setSecret('db', JSON.stringify(NEW));
    expect(await ended(azure.get('db'))).toEqual(NEW);
  });

  test('that is enforced by the vault is the same for callers', async () => {
    const { azure, server, clock, errorOf } = await azureWorld({}, { enforcesDates: true });
    server.setSecret('late', 'x', { notBefore: new Date(clock.wall() + MINUTE) });
    expect(errorClass(await errorOf(azure.get('late')))).toContain('disabled');
  });

  test('far away leaves the ttl as it is', async () => {
    const { azure, server, clock, ended } = await withExp(24 * HOUR);
    await ended(azure.get('db'));
    await clock.advance(5 * MINUTE - 1);
    await ended(azure.get('db'));
    expect(server.count('get')).toBe(1);
    await clock.advance(1);
    await ended(azure.get('db'));
    expect(server.count('get')).toBe(2);
  });

  test.each([5 * MINUTE, -5 * MINUTE])(
    'counts by the vault’s clock: one that is %i ms off changes nothing',
    async (skew) => {
      const { azure, clock, server, ended, errorOf } = await withExp(MINUTE, skew);
      expect(await ended(azure.get('db'))).toEqual(OLD);
      await clock.advance(58_000);
      expect(await ended(azure.get('db'))).toEqual(OLD);
      expect(server.count('get')).toBe(1);
      await clock.advance(2_000);
      expect(errorClass(await errorOf(azure.get('db')))).toContain('expired');
    },
  );
});
