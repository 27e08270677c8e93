import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { ConfigurationError, configureFromEnv, createRuntime, resetConfiguration } from '@holdfast/core';
import { type EnvSecrets, describeEnvironment, secretsFromEnv } from '../src/index.js';
import { secretsVariables } from '../src/env/from-env.js';
import { PATH, type World, worldWith } from './vault/world.js';

type Variables = Readonly<Record<string, string>>;

const VAULT = { VAULT_ADDR: 'http://vault', VAULT_TOKEN: 'root', MLFLOW_VAULT_SECRET_PATH: PATH };
const made: EnvSecrets[] = [];

afterEach(async () => {
  await Promise.all(made.splice(0).map((each) => each.close()));
  resetConfiguration();
});

const secretsOf = (world: World, variables: Variables = {}): EnvSecrets => {
  const environment = { ...VAULT, VAULT_ADDR: world.server.url, ...variables };
  const secrets = secretsFromEnv({ environment, runtime: world.runtime, fetch: world.server.fetch });
  made.push(secrets);
  return secrets;
};

const ofVault = (variables: Variables) => describeEnvironment({ ...VAULT, ...variables }).providers[0];

describe('which provider', () => {
  test('the first that is configured, in the order Vault, AWS, Azure', () => {
    const aws = { AWS_REGION: 'eu-west-1', MLFLOW_AWS_SECRET_NAME: 'app/db' };
    const azure = { MLFLOW_AZURE_KEY_VAULT_URL: 'https://x.vault.azure.net', MLFLOW_AZURE_SECRET_NAME: 'app-db' };
    const kindOf = (environment: Variables): string => {
      const secrets = secretsFromEnv({ environment });
      made.push(secrets);
      return secrets.provider.kind;
    };
    expect(kindOf({ ...VAULT, ...aws, ...azure })).toBe('vault');
    expect(kindOf({ ...VAULT, ...aws, ...azure, MLFLOW_SECRETS_AUTH_ENABLE_VAULT: 'false' })).toBe('aws');
    expect(kindOf({ ...VAULT, ...aws, ...azure, MLFLOW_SECRETS_AUTH_ENABLE: 'azure-key-vault' })).toBe('azure');
    expect(kindOf({ ...VAULT, ...aws, ...azure, HOLDFAST_SECRETS_PROVIDERS: 'aws,azure' })).toBe('aws');
    expect(kindOf({ ...VAULT, ...aws, VAULT_TOKEN: '' })).toBe('aws');
  });

  test('M3: keys tell providers, places and paths apart', () => {
    const keyOf = (environment: Variables): string => {
      const secrets = secretsFromEnv({ environment });
      made.push(secrets);
      return secrets.key;
    };
    expect([
      keyOf(VAULT),
      keyOf({ ...VAULT, VAULT_ADDR: 'https://staging:8200/' }),
      keyOf({ ...VAULT, VAULT_NAMESPACE: 'team' }),
      keyOf({ AWS_REGION: 'eu-west-1', MLFLOW_AWS_SECRET_NAME: 'app/db' }),
      keyOf({ AZURE_KEY_VAULT_URL: 'https://x.vault.azure.net/', MLFLOW_AZURE_SECRET_NAME: 'app-db' }),
    ]).toEqual([
      'vault:http://vault:secret/app/db',
      'vault:https://staging:8200:secret/app/db',
      'vault:http://vault:team:secret/app/db',
      'aws:eu-west-1:app/db',
      'azure:https://x.vault.azure.net:app-db',
    ]);
  });

  test('MX12: both spellings of names count, ours first', () => {
    const kinds = (environment: Variables) =>
      describeEnvironment(environment).providers.flatMap(({ kind, isConfigured }) => (isConfigured ? [kind] : []));
    expect(kinds({ MLFLOW_AWS_SECRET_ID: 'a' })).toEqual(['aws']);
    expect(kinds({ MLFLOW_AWS_SECRET_NAME: 'a' })).toEqual(['aws']);
    expect(kinds({ AZURE_KEY_VAULT_URL: 'https://x', MLFLOW_AZURE_SECRET_NAME: 'n' })).toEqual(['azure']);
    expect(ofVault({ HOLDFAST_SECRETS_VAULT_TTL: '1m', MLFLOW_VAULT_TTL_SEC: '7' })?.ttl).toBe(60_000);
  });

  test.each([
    [{}, 'secretsFromEnv: no provider is switched on; set one of HOLDFAST_SECRETS_VAULT_PATH'],
    [{ MLFLOW_VAULT_SECRET_PATH: 'a/b' }, 'vault lacks VAULT_ADDR; VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_TOKEN'],
    [{ MLFLOW_AZURE_SECRET_NAME: 'a' }, 'azure lacks HOLDFAST_SECRETS_AZURE_URL or MLFLOW_AZURE_KEY_VAULT_URL or'],
    [
      { ...VAULT, MLFLOW_VAULT_TTL_SEC: 'canary' },
      "MLFLOW_VAULT_TTL_SEC: must be a number of seconds, or text such as '5m'",
    ],
    [{ ...VAULT, HOLDFAST_SECRETS_VAULT_TTL: 'canary' }, "HOLDFAST_SECRETS_VAULT_TTL: must be a duration such as '5m'"],
    [{ ...VAULT, MLFLOW_SECRETS_MAX_RETRIES: '-1' }, 'MLFLOW_SECRETS_MAX_RETRIES: must be a whole number >= 0'],
    [{ ...VAULT, MLFLOW_SECRETS_CACHE_DISABLED: 'maybe' }, 'MLFLOW_SECRETS_CACHE_DISABLED: must be true or false'],
    [
      { ...VAULT, MLFLOW_VAULT_AUTH_MODE: 'digest' },
      "MLFLOW_VAULT_AUTH_MODE: must be 'auto', 'bearer', 'basic', 'raw'",
    ],
    [{ ...VAULT, MLFLOW_SECRETS_LOG_LEVEL: 'loud' }, "MLFLOW_SECRETS_LOG_LEVEL: must be 'debug'"],
    [{ ...VAULT, MLFLOW_SECRETS_ALLOWED_HOSTS: 'https://x' }, 'allowedHosts: each must be a host'],
  ])('%j is refused with the name and the remedy, and no value', (environment, message) => {
    expect(() => secretsFromEnv({ environment })).toThrow(ConfigurationError);
    expect(() => secretsFromEnv({ environment })).toThrow(message);
    expect(() => secretsFromEnv({ environment })).not.toThrow('canary');
  });
});

describe('M6, M8: how long a secret is fresh', () => {
  test('300 seconds, or what each provider has of its own', () => {
    const environment = { ...VAULT, MLFLOW_AWS_TTL_SEC: '600', MLFLOW_AZURE_TTL_SEC: '900' };
    expect(describeEnvironment(environment).providers.map(({ ttl }) => ttl)).toEqual([300_000, 600_000, 900_000]);
    expect(describeEnvironment({}).providers.map(({ ttl }) => ttl)).toEqual([300_000, 300_000, 300_000]);
  });

  test.each([
    ['development', '60', undefined, 60_000, 3],
    ['staging', '300', undefined, 300_000, 3],
    ['production', '900', undefined, 900_000, 3],
    ['high performance', '1800', '5', 1_800_000, 6],
    ['high security', '30', undefined, 30_000, 3],
    ['high security, later', '60', '2', 60_000, 3],
    ['development, later', '300', '3', 300_000, 4],
  ])('the profile for %s', async (_name, ttl, retries, expectedTtl, attempts) => {
    const world = await worldWith();
    const variables = {
      MLFLOW_VAULT_TTL_SEC: ttl,
      ...(retries !== undefined && { MLFLOW_SECRETS_MAX_RETRIES: retries }),
    };
    const secrets = secretsOf(world, variables);
    await world.ended(secrets.get());
    await world.clock.advance(expectedTtl - 1);
    await world.ended(secrets.get());
    expect([world.server.count('read'), secrets.provider.settings.ttl]).toEqual([1, expectedTtl]);
    await world.clock.advance(1);
    world.server.failNext({ status: 500, times: 100 });
    await world.ended(secrets.get());
    expect(world.server.count('read')).toBe(1 + attempts);
  });

  test('M7: bounds are not there unless they are asked for, and then told', async () => {
    const world = await worldWith();
    const secrets = secretsOf(world, {
      MLFLOW_VAULT_TTL_SEC: '5',
      HOLDFAST_SECRETS_MIN_TTL: '1m',
      HOLDFAST_SECRETS_MAX_TTL: '1h',
    });
    await world.ended(secrets.get());
    expect(world.events.last('cache.ttlClamped')).toMatchObject({ ttl: 5_000, clampedTo: 60_000 });
    await world.clock.advance(59_999);
    await world.ended(secrets.get());
    expect(world.server.count('read')).toBe(1);
  });
});

describe('M20: how often it is tried', () => {
  test('retries, and delays in seconds', async () => {
    const world = await worldWith();
    const secrets = secretsOf(world, {
      MLFLOW_SECRETS_MAX_RETRIES: '5',
      MLFLOW_SECRETS_BASE_DELAY: '0.25',
      MLFLOW_SECRETS_MAX_DELAY: '1.5',
    });
    world.server.failNext({ status: 500, times: 100 });
    await world.errorOf(secrets.get());
    const delays = world.events.of('retry.scheduled').map(({ delay }) => delay);
    expect(delays).toHaveLength(5);
    [250, 500, 1_000, 1_500, 1_500].forEach((most, index) => expect(delays[index]).toBeLessThanOrEqual(most));
  });

  test('none at all', async () => {
    const world = await worldWith();
    const secrets = secretsOf(world, { MLFLOW_SECRETS_MAX_RETRIES: '0' });
    world.server.failNext({ status: 500, times: 100 });
    await world.errorOf(secrets.get());
    expect(world.events.count('retry.scheduled')).toBe(0);
  });
});

describe('switches', () => {
  test('M12: without the cache each read asks, and those at the same time share one request', async () => {
    const world = await worldWith();
    const secrets = secretsOf(world, { MLFLOW_SECRETS_CACHE_DISABLED: 'true' });
    await world.ended(Promise.all([secrets.get(), secrets.get()]));
    await world.ended(secrets.get());
    expect([world.server.count('read'), secrets.provider.stats.size]).toEqual([2, 0]);
  });

  test.each([
    ['MLFLOW_SECRETS_LOG_LEVEL', 'DEBUG', true],
    ['HOLDFAST_LOG_LEVEL', 'debug', true],
    ['MLFLOW_SECRETS_LOG_LEVEL', 'WARNING', false],
  ])('%s=%s', async (name, level, isHeard) => {
    const world = await worldWith();
    const lines: unknown[] = [];
    const hear = (...parts: unknown[]): void => void lines.push(parts);
    world.runtime.configure({ logger: { debug: hear, info: hear, warn: hear, error: hear } });
    await world.ended(secretsOf(world, { [name]: level }).get());
    expect(lines.length > 0).toBe(isHeard);
    expect(inspect(lines, { depth: 9 })).not.toContain('canary');
  });

  test('M26: hosts and the header', async () => {
    const world = await worldWith();
    world.server.setSecret(PATH, { token: 'canary-token' });
    const secrets = secretsOf(world, {
      MLFLOW_SECRETS_ALLOWED_HOSTS: 'api.example.com, *.internal',
      MLFLOW_AUTH_HEADER_NAME: 'X-Token',
      MLFLOW_VAULT_AUTH_MODE: 'bearer',
    });
    expect(await secrets.authFor('https://elsewhere.test')).toBeNull();
    expect([world.server.requests.count, secrets.isAllowed('https://a.internal')]).toEqual([0, true]);
    const auth = await world.ended(secrets.authFor('https://api.example.com'));
    expect([auth?.headerName, auth?.value.reveal()]).toEqual(['X-Token', 'Bearer canary-token']);
  });
});

test('G47, M26: one fetch from the environment, renewed over real HTTP when its secret was rotated', async () => {
  const world = await worldWith();
  world.server.setSecret(PATH, { token: 'first' });
  let accepted = 'Bearer first';
  const api = createServer((request, response) => {
    response.statusCode = request.headers.authorization === accepted ? 200 : 401;
    response.end();
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  try {
    const environment = { ...VAULT, VAULT_ADDR: world.server.url };
    const secrets = secretsFromEnv({ environment, runtime: createRuntime({ logger: false }) });
    made.push(secrets);
    const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`;
    expect((await secrets.fetch(url)).status).toBe(200);
    accepted = 'Bearer second';
    world.server.setSecret(PATH, { token: 'second' });
    // The fake's own latency is virtual.
    expect((await secrets.fetch(url)).status).toBe(200);
    expect(await secrets.get()).toEqual({ token: 'second' });
  } finally {
    api.closeAllConnections();
    await new Promise((resolve) => api.close(resolve));
  }
});

test('the description has neither secrets nor credentials, and warns of what has no effect', () => {
  const environment = {
    ...VAULT,
    VAULT_ADDR: 'https://me:canary@vault:8200/?x=canary#canary',
    VAULT_TOKEN: 'canary-token',
    VAULT_SKIP_VERIFY: 'true',
    MLFLOW_AZURE_SECRET_NAME: 'app',
  };
  const described = describeEnvironment(environment);
  expect(JSON.stringify(described)).not.toContain('canary');
  expect(described.providers[0]).toEqual({
    kind: 'vault',
    isEnabled: true,
    isConfigured: true,
    missing: [],
    place: 'https://vault:8200',
    ttl: 300_000,
    scheme: 'auto',
  });
  expect(described.warnings).toEqual([
    expect.stringContaining('azure is switched on and lacks'),
    expect.stringContaining('VAULT_SKIP_VERIFY has no effect'),
    expect.stringContaining('any host may be sent the secret'),
  ]);
  expect(describeEnvironment({})).toMatchObject({ isEnabled: false, maxAttempts: 3, isCacheEnabled: true });
});

test('the variables of this package are none of core’s business', () => {
  const environment = Object.fromEntries(secretsVariables().flatMap(({ names }) => names.map((name) => [name, '1'])));
  expect(() =>
    configureFromEnv({
      ...environment,
      HOLDFAST_LOG_LEVEL: 'silent',
      HOLDFAST_INSPECTOR_TOKEN: 'x',
      HOLDFAST_DEBUG: '1',
    }),
  ).not.toThrow();
});
