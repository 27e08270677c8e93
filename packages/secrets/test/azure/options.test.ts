import {
  AggregateAuthenticationError,
  AuthenticationError,
  AuthenticationRequiredError,
  type ClientSecretCredential,
  CredentialUnavailableError,
} from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { ConfigurationError, classifyError } from '@holdfast/core';
import type { FakeCredential, FakeKeyVault } from '@holdfast/testing';
import { type AzureCredential, AzureSecrets, type AzureSecretsOptions } from '../../src/index.js';
import { OLD, azureWorld } from './world.js';

const credential: AzureCredential = { getToken: async () => null };
const client = { vaultUrl: 'https://v.vault.azure.net', getSecret: async () => ({}) };

test.each([
  [{ vaultUrl: undefined }, 'AzureSecrets: vaultUrl is missing; or give client'],
  [{ vaultUrl: 'vault' }, "AzureSecrets: vaultUrl must be a URL, such as 'https://my-vault.vault.azure.net'"],
  [{ vaultUrl: 'http://v.vault.azure.net' }, 'AzureSecrets: vaultUrl must begin with https://, since tokens go there'],
  [{ vaultUrl: 'https://v.vault.azure.net/secrets/db' }, 'AzureSecrets: vaultUrl must have no path'],
  [{ vaultUrl: 'https://me:canary@v.vault.azure.net' }, 'AzureSecrets: vaultUrl must not have credentials in it'],
  [{ credential: 'canary' }, 'AzureSecrets: credential must be a credential of @azure/identity, or a function'],
  [{ credential: null }, 'AzureSecrets: credential must be a credential of @azure/identity, or a function'],
  [{ version: 'a/b' }, 'AzureSecrets: version must be the id of a version: letters and digits'],
  [{ version: 7 }, 'AzureSecrets: version must be the id of a version: letters and digits'],
  [{ clientOptions: 'x' }, 'AzureSecrets: clientOptions must be an object of options of SecretClient'],
  [{ client: {} }, 'AzureSecrets: client must be a SecretClient'],
  [{ client }, 'AzureSecrets: client has an address and a credential of its own; leave out vaultUrl'],
  [{ cacheTtl: 1 }, 'AzureSecrets: cacheTtl is no option; known options: cache, circuitBreaker, client'],
  [{ ttl: 'soon' }, 'AzureSecrets: ttl must be a duration'],
  [{ staleIfError: 'long' }, 'staleIfError'],
  [{ retry: { maxAttempts: 0 } }, 'maxAttempts'],
  [{ timeout: { attempt: 'x' } }, 'attempt'],
])('the options %j are refused when the provider is made', (options, message) => {
  const make = (): unknown =>
    new AzureSecrets({ vaultUrl: 'https://v.vault.azure.net', credential, ...options } as AzureSecretsOptions);
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
  expect(make).not.toThrow('canary');
});

test('what the vendor’s packages make is what the options take', () => {
  const real: SecretClient = new SecretClient('https://v.vault.azure.net/', credential);
  const given = (each: ClientSecretCredential): AzureSecretsOptions['credential'] => each;
  expect(new AzureSecrets({ client: real }).name).toBe('azure:https://v.vault.azure.net');
  expect(given).toBeDefined();
});

test('M3: what is kept is told apart by provider, vault and name', async () => {
  const { server, ended, provider } = await azureWorld();
  const other = await azureWorld({}, { vaultName: 'other' });
  other.server.setSecret('db', 'of the other vault');
  const [one, two] = [provider(), other.azure];
  expect([one.kind, one.name, two.name]).toEqual([
    'azure',
    'azure:https://fake.vault.azure.net',
    'azure:https://other.vault.azure.net',
  ]);
  expect(await ended(one.get('db'))).toEqual(OLD);
  expect(await other.ended(two.get('db'))).toEqual({ value: 'of the other vault' });
  await two.invalidate('db');
  expect([one.stats.size, two.stats.size, server.count('get')]).toEqual([1, 0, 1]);
});

test('M6: a secret is fresh for 300 s, or as long as the provider says', async () => {
  const { server, clock, ended, provider } = await azureWorld();
  const [usual, brief] = [provider(), provider({ ttl: '30s' })];
  expect([usual.settings.ttl, brief.settings.ttl]).toEqual([300_000, 30_000]);
  await ended(usual.get('db'));
  await ended(brief.get('db'));
  await clock.advance(30_000);
  await ended(usual.get('db'));
  await ended(brief.get('db'));
  expect(server.count('get')).toBe(3);
  await clock.advance(270_000);
  await ended(usual.get('db'));
  expect(server.count('get')).toBe(4);
});

describe('the vendor’s packages', () => {
  afterEach(() => {
    jest.dontMock('@azure/keyvault-secrets');
    jest.dontMock('@azure/identity');
  });

  const absent = (name: string): void => {
    jest.doMock(name, () => {
      throw Object.assign(new Error(`Cannot find module '${name}' from /canary`), { code: 'MODULE_NOT_FOUND' });
    });
  };

  test('are named by the error when they are missing; nothing is retried, and later they are looked for again', async () => {
    const { azure, server, ended, errorOf, clock } = await azureWorld();
    absent('@azure/keyvault-secrets');
    const error = (await errorOf(azure.get('db'))) as ConfigurationError;
    expect([error.name, error.option, error.message, String(error.cause)]).toEqual([
      'ConfigurationError',
      'client',
      'AzureSecrets: @azure/keyvault-secrets cannot be loaded: npm install @azure/keyvault-secrets, or give the option client',
      'Error: the package cannot be loaded',
    ]);
    expect([clock.now(), server.requests.count]).toEqual([0, 0]);
    jest.dontMock('@azure/keyvault-secrets');
    expect(await ended(azure.get('db'))).toEqual(OLD);
  });

  test('without a credential, the missing one of log-ins is named', async () => {
    const { server, errorOf, provider } = await azureWorld();
    absent('@azure/identity');
    const azure = provider({ credential: undefined as never });
    expect(await errorOf(azure.get('db'))).toMatchObject({
      message:
        'AzureSecrets: @azure/identity cannot be loaded: npm install @azure/identity, or give the option credential',
    });
    expect(server.count('get')).toBe(0);
  });

  /** A `DefaultAzureCredential` that keeps its token, as the real one does. */
  const keepingCredential = (server: FakeKeyVault, made: FakeCredential[]) =>
    class {
      readonly #credential = server.credential();
      #kept: ReturnType<FakeCredential['getToken']> | undefined;

      constructor() {
        made.push(this.#credential);
      }

      getToken(scopes: string | string[]) {
        return (this.#kept ??= this.#credential.getToken(scopes));
      }
    };

  test('a client and a default credential are made at the first read, once for all, and the latter anew when rejected', async () => {
    const { server, clock, ended, provider } = await azureWorld();
    const made: FakeCredential[] = [];
    jest.doMock('@azure/identity', () => ({ DefaultAzureCredential: keepingCredential(server, made) }));
    const azure = provider({ credential: undefined as never });
    expect(made).toHaveLength(0);
    await clock.until(Promise.all(Array.from({ length: 9 }, () => azure.get('db', { bypassCache: true }))));
    expect(made).toHaveLength(1);
    server.expireTokens();
    expect(await ended(azure.get('db', { bypassCache: true }))).toEqual(OLD);
    expect(made.map(({ logins }) => logins)).toEqual([1, 1]);
  });
});

test.each([
  ['the credential is unavailable', new CredentialUnavailableError('canary'), 'authentication'],
  [
    'the log-in is refused',
    new AuthenticationError(401, { error: 'a', error_description: 'canary' }),
    'authentication',
  ],
  ['the directory is down', new AuthenticationError(503, 'canary'), 'transient'],
  ['the directory throttles', new AuthenticationError(429, 'canary'), 'transient'],
  ['all of a chain refuse', new AggregateAuthenticationError([new Error('canary')], 'canary'), 'authentication'],
  ['somebody has to log in', new AuthenticationRequiredError({ scopes: [], message: 'canary' }), 'authentication'],
  ['the directory is unreachable', Object.assign(new Error('canary'), { code: 'ENOTFOUND' }), 'transient'],
  ['nobody knows', new Error('canary'), 'transient'],
  ['there is no token', null, 'authentication'],
] as const)('where %s, the vendor’s words are not told', async (_name, thrown, expected) => {
  const getToken = async (): Promise<null> => {
    if (thrown !== null) throw thrown;
    return null;
  };
  const { azure, errorOf } = await azureWorld({ credential: { getToken }, retry: { maxAttempts: 1 } });
  const error = (await errorOf(azure.get('db'))) as Error;
  expect([classifyError(error), error.name.startsWith('Azure')]).toEqual([expected, true]);
  expect(`${error.message}${error.stack}${String(error.cause)}`).not.toContain('canary');
});

test.each([
  [[new CredentialUnavailableError('a'), new CredentialUnavailableError('b')], 'no credential is available'],
  [[new CredentialUnavailableError('a'), new AuthenticationError(401, 'b')], 'the log-in was refused'],
])('of a chain it is told whether anybody refused, or there was nothing to log in with', async (errors, message) => {
  const getToken = (): Promise<never> => Promise.reject(new AggregateAuthenticationError(errors, 'all'));
  const { azure, errorOf } = await azureWorld({ credential: { getToken }, retry: { maxAttempts: 1 } });
  expect(((await errorOf(azure.get('db'))) as Error).message).toBe(message);
});
