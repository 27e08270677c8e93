import { inspect } from 'node:util';
import { VaultAuthenticationError, VaultSecrets, appRoleAuth, secretsFromEnv } from '../src/index.js';
import { OLD, PATH, worldWith } from './vault/world.js';

/** Rows of MLflow Secrets Auth that no other test of this package is named by. */

describe('M5: what is told', () => {
  test('hits and misses at debug, by a hash in the place of the key', async () => {
    const { vault, runtime, ended } = await worldWith();
    const debug: unknown[] = [];
    const others: unknown[] = [];
    const hear = (...parts: unknown[]): void => void others.push(...parts);
    runtime.configure({
      logLevel: 'debug',
      logger: { debug: (...parts) => void debug.push(...parts), info: hear, warn: hear, error: hear },
    });
    await ended(vault.get(PATH));
    await ended(vault.get(PATH));
    const text = inspect(debug, { depth: 9 });
    expect([/cache\.miss/.test(text), /cache\.hit/.test(text), text.includes(PATH), others]).toEqual([
      true,
      true,
      false,
      [],
    ]);
  });

  test('a failure is not kept: the next read asks again', async () => {
    const { vault, server, ended, errorOf } = await worldWith({ retry: { maxAttempts: 1 } });
    server.failNext({ status: 500 });
    await errorOf(vault.get(PATH));
    expect(await ended(vault.get(PATH))).toEqual(OLD);
  });
});

test('MX2: a ttl of thirty seconds is thirty seconds', async () => {
  const { server, runtime, clock, ended } = await worldWith();
  const environment = {
    VAULT_ADDR: server.url,
    VAULT_TOKEN: 'root',
    MLFLOW_VAULT_SECRET_PATH: PATH,
    MLFLOW_VAULT_TTL_SEC: '30',
  };
  await using secrets = secretsFromEnv({ environment, runtime, fetch: server.fetch });
  await ended(secrets.get());
  await clock.advance(30_000);
  await ended(secrets.get());
  expect(server.count('read')).toBe(2);
});

describe('M22: Vault', () => {
  test('who is not known is told by an error of its own, and no secret is asked for', async () => {
    const { server, runtime, errorOf } = await worldWith();
    const auth = appRoleAuth({ roleId: 'role', secretId: 'wrong' });
    await using vault = new VaultSecrets({ address: server.url, auth, runtime, fetch: server.fetch });
    expect(await errorOf(vault.get(PATH))).toBeInstanceOf(VaultAuthenticationError);
    expect(server.count('read')).toBe(0);
  });

  test('secrets of version 2, and of version 1, by the same words', async () => {
    const { vault, server, ended } = await worldWith();
    server.setSecret('kv/plain', { n: 1 });
    expect([await ended(vault.get(PATH)), await ended(vault.get('kv/plain'))]).toEqual([OLD, { n: 1 }]);
  });

  test('where the server does not tell its mounts, version 2 is tried first, then version 1', async () => {
    const { vault, server, ended } = await worldWith();
    server.setSecret('kv/plain', { n: 1 });
    server.deny('sys/internal/ui/mounts');
    expect(await ended(vault.get('kv/plain'))).toEqual({ n: 1 });
    const paths = server.requests.recent.map(({ path }) => path).filter((path) => path.includes('plain'));
    expect(paths.slice(-2)).toEqual(['/v1/kv/data/plain', '/v1/kv/plain']);
  });
});
