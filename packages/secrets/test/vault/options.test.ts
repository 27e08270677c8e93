import { ConfigurationError } from '@holdfast/core';
import { VaultSecrets, appRoleAuth, tokenAuth, vaultFromEnv, type VaultSecretsOptions } from '../../src/index.js';
import { OLD, PATH, worldWith } from './world.js';

const good: VaultSecretsOptions = { address: 'http://127.0.0.1:8200', auth: tokenAuth('root') };

test.each([
  [{ address: 'vault' }, "VaultSecrets: address must be a URL, such as 'https://vault.example:8200'"],
  [{ address: 'ftp://vault' }, 'VaultSecrets: address must begin with https:// or http://'],
  [
    { address: 'https://me:canary@vault' },
    'VaultSecrets: address must not have credentials in it; give them where credentials go',
  ],
  [{ address: 'https://vault/?a=1' }, 'VaultSecrets: address must have no query and no fragment'],
  [{ auth: 'root' }, 'VaultSecrets: auth must be tokenAuth(…), appRoleAuth(…) or an object with logIn'],
  [{ kvVersion: 3 }, 'VaultSecrets: kvVersion must be 1 or 2, got 3'],
  [{ renewLeases: 'yes' }, 'VaultSecrets: renewLeases must be true or false'],
  [{ namespace: '' }, 'VaultSecrets: namespace must be a non-empty string; leave it out for the root'],
  [{ peers: ['x'] }, 'VaultSecrets: peers must be a URL'],
  [{ cacheTtl: 1 }, 'VaultSecrets: cacheTtl is no option; known options: address, auth, cache, circuitBreaker'],
  [{ ttl: 'soon' }, "VaultSecrets: ttl must be a duration, such as '5m'"],
  [{ leaseMargin: -1 }, 'VaultSecrets: leaseMargin must be a duration'],
  [{ staleIfError: 'long' }, 'staleIfError'],
  [{ retry: { maxAttempts: 0 } }, 'maxAttempts'],
  [{ circuitBreaker: { failureThreshold: 0 } }, 'failureThreshold'],
  [{ timeout: { attempt: 'x' } }, 'attempt'],
])('the options %j are refused when the provider is made', (options, message) => {
  const make = (): unknown => new VaultSecrets({ ...good, ...options } as VaultSecretsOptions);
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
});

test('a log-in without ids or token is refused at once', () => {
  expect(() => appRoleAuth({ roleId: '', secretId: 'x' })).toThrow('appRoleAuth: roleId is missing');
  expect(() => tokenAuth('')).toThrow('tokenAuth: token must be a non-empty string without blanks');
});

test('G42: the defaults are 5 minutes, 3 attempts from 500 ms, 5 failures, 30 s, 2 successes', async () => {
  const { vault, server, clock, ended, errorOf, events } = await worldWith({ retry: { jitter: 'none' } });
  await ended(vault.get(PATH));
  server.seal();
  await errorOf(vault.get('secret/a'));
  expect(events.of('retry.scheduled').map(({ delay }) => delay)).toEqual([500, 1_000]);
  expect(vault.circuit.state).toBe('closed');
  await errorOf(vault.get('secret/b'));
  expect([vault.circuit.state, server.count('read')]).toEqual(['open', 1 + 5]);
  await server.heal();
  await clock.advance(29_999);
  expect(vault.circuit.state).toBe('open');
  await clock.advance(1);
  await errorOf(vault.get('secret/a'));
  expect(vault.circuit.state).toBe('half-open');
  await errorOf(vault.get('secret/b'));
  expect(vault.circuit.state).toBe('closed');
});

test('G47: the environment says where Vault is and who asks', async () => {
  const { server, runtime, ended } = await worldWith();
  const more = { fetch: server.fetch, runtime };
  const role = { VAULT_ADDR: server.url, VAULT_ROLE_ID: 'role', VAULT_SECRET_ID: 'secret-id', VAULT_TOKEN: 'ignored' };
  expect(await ended(vaultFromEnv(more, role).get(PATH))).toEqual(OLD);
  const token = { VAULT_ADDR: `${server.url}/`, VAULT_TOKEN: 'root\n', VAULT_NAMESPACE: '' };
  expect(await ended(vaultFromEnv(more, token).get(PATH))).toEqual(OLD);
  expect(server.count('login')).toBe(1);
  expect(() => vaultFromEnv({}, {})).toThrow('VaultSecrets: VAULT_ADDR is not set');
  expect(() => vaultFromEnv({}, { VAULT_ADDR: 'http://v' })).toThrow(
    'set VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_TOKEN',
  );
});

test('a log-in of one’s own has what it needs', async () => {
  const auth = {
    name: 'mine',
    logIn: ({ logIn }: Parameters<VaultSecretsOptions['auth']['logIn']>[0]) =>
      logIn('auth/approle/login', { role_id: 'role', secret_id: 'secret-id' }),
  };
  const { vault, ended } = await worldWith({ auth });
  expect(await ended(vault.get(PATH))).toEqual(OLD);
});

test('over a real network it is the same', async () => {
  const { server } = await worldWith();
  await using vault = new VaultSecrets({
    address: server.url,
    auth: appRoleAuth({ roleId: 'role', secretId: 'secret-id' }),
    retry: { delay: '10ms' },
  });
  server.throttle({ retryAfter: 0 }); // the first log-in
  expect(await vault.get(PATH)).toEqual(OLD);
  server.expireToken();
  expect(await vault.get(PATH, { bypassCache: true })).toEqual(OLD);
  expect([server.count('login'), server.count('lookup')]).toEqual([3, 1]);
});
