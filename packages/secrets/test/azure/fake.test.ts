import { SecretClient, type SecretClientOptions } from '@azure/keyvault-secrets';
import { type FakeKeyVault, type FakeKeyVaultOptions, fakeKeyVault, virtualClock } from '@holdfast/testing';

/** The fake, as the vendor's own SDK sees it. */

const open: FakeKeyVault[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

const started = async (options: FakeKeyVaultOptions = {}): Promise<FakeKeyVault> => {
  const vault = await fakeKeyVault(options);
  open.push(vault);
  return vault;
};

const NO_RETRIES = { retryOptions: { maxRetries: 0 } };

const within = (vault: FakeKeyVault): SecretClientOptions => ({ httpClient: vault.httpClient, ...NO_RETRIES });
const overLoopback = (vault: FakeKeyVault): SecretClientOptions => ({
  additionalPolicies: [vault.loopback],
  ...NO_RETRIES,
});

const errorOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('the call was expected to reject');
};

describe.each([
  ['without a network', within],
  ['over a connection', overLoopback],
])('%s', (_name, doorOf) => {
  const clientOf = async (options?: FakeKeyVaultOptions) => {
    const vault = await started(options);
    const credential = vault.credential();
    return { vault, credential, client: new SecretClient(vault.vaultUrl, credential, doorOf(vault)) };
  };

  test('a secret that was set is read with its properties, by name and by version', async () => {
    const { client, vault, credential } = await clientOf();
    const expiresOn = new Date('2031-01-01T00:00:00Z');
    const set = await client.setSecret('db', 'one', { contentType: 'text/plain', tags: { of: 'app' }, expiresOn });
    await client.setSecret('db', 'two');
    expect((await client.getSecret('db')).value).toBe('two');
    const first = await client.getSecret('db', { version: set.properties.version as string });
    expect(first).toMatchObject({
      value: 'one',
      name: 'db',
      properties: {
        id: `${vault.vaultUrl}/secrets/db/${first.properties.version}`,
        vaultUrl: vault.vaultUrl,
        contentType: 'text/plain',
        tags: { of: 'app' },
        expiresOn,
        enabled: true,
        recoveryLevel: 'Recoverable+Purgeable',
      },
    });
    expect([vault.count('challenge'), vault.count('set'), vault.count('get'), credential.logins]).toEqual([1, 2, 2, 1]);
  });

  test('versions and secrets are listed without values', async () => {
    const { client, vault } = await clientOf();
    const versions = [vault.setSecret('db', 'one'), vault.setSecret('db', 'two')];
    const listed = [];
    for await (const properties of client.listPropertiesOfSecretVersions('db')) listed.push(properties.version);
    expect(listed).toEqual(versions);
    for await (const properties of client.listPropertiesOfSecrets()) expect(properties.name).toBe('db');
  });

  test('what is deleted is gone until it is recovered, and its name is taken', async () => {
    const { client, vault } = await clientOf();
    vault.setSecret('db', 'one');
    await client.beginDeleteSecret('db');
    expect(await errorOf(client.getSecret('db'))).toMatchObject({ statusCode: 404, code: 'SecretNotFound' });
    expect(await errorOf(client.setSecret('db', 'two'))).toMatchObject({ statusCode: 409, code: 'Conflict' });
    expect((await client.getDeletedSecret('db')).recoveryId).toBe(`${vault.vaultUrl}/deletedsecrets/db`);
    await client.beginRecoverDeletedSecret('db');
    expect((await client.getSecret('db')).value).toBe('one');
    vault.deleteSecret('db');
    await client.purgeDeletedSecret('db');
    expect(await errorOf(client.getDeletedSecret('db'))).toMatchObject({ statusCode: 404 });
  });

  test.each(['ForbiddenByPolicy', 'ForbiddenByRbac', 'ForbiddenByFirewall'] as const)('403 %s', async (kind) => {
    const { client, vault } = await clientOf();
    vault.setSecret('db', 'one');
    vault.deny('db', kind);
    const refused = { code: 'Forbidden', innerError: { code: kind } };
    expect(await errorOf(client.getSecret('db'))).toMatchObject({ statusCode: 403, details: { error: refused } });
    vault.allow('db');
    expect((await client.getSecret('db')).value).toBe('one');
  });

  test('a disabled secret is 403 SecretDisabled', async () => {
    const { client, vault } = await clientOf();
    const version = vault.setSecret('db', 'one');
    await client.updateSecretProperties('db', version, { enabled: false });
    const disabled = { code: 'Forbidden', innerError: { code: 'SecretDisabled' } };
    expect(await errorOf(client.getSecret('db'))).toMatchObject({ statusCode: 403, details: { error: disabled } });
    vault.updateSecret('db', { enabled: true });
    expect((await client.getSecret('db')).value).toBe('one');
  });

  test('dates are noted and do not keep a secret from being read, unless they are enforced', async () => {
    const dates = { notBefore: new Date('2001-01-01'), expiresOn: new Date('2002-01-01') };
    const lenient = await clientOf();
    lenient.vault.setSecret('db', 'one', dates);
    expect((await lenient.client.getSecret('db')).properties).toMatchObject(dates);
    const strict = await clientOf({ enforcesDates: true });
    strict.vault.setSecret('db', 'one', dates);
    expect(await errorOf(strict.client.getSecret('db'))).toMatchObject({ statusCode: 403 });
  });

  test('a token that has ended is 401 with a challenge, and a new client logs in anew', async () => {
    const { client, vault, credential } = await clientOf();
    vault.setSecret('db', 'one');
    await client.getSecret('db');
    credential.expireToken();
    expect(await errorOf(client.getSecret('db'))).toMatchObject({ statusCode: 401, code: 'Unauthorized' });
    const other = new SecretClient(vault.vaultUrl, credential, doorOf(vault));
    expect((await other.getSecret('db')).value).toBe('one');
    expect(credential.logins).toBe(2);
  });

  test('a token is not sent after a challenge that names a foreign domain', async () => {
    const { client, vault, credential } = await clientOf();
    vault.challengeWith('https://vault.example');
    expect(String(await errorOf(client.getSecret('db')))).toMatch(/does not match the requested domain/);
    expect([vault.count('get'), credential.logins]).toEqual([0, 0]);
  });

  test('throttling says when to come again; an answer of a gateway has no body', async () => {
    const { client, vault } = await clientOf();
    vault.setSecret('db', 'one');
    await client.getSecret('db');
    vault.throttle({ retryAfter: 7 });
    const throttled = (await errorOf(client.getSecret('db'))) as { response: { headers: Map<string, string> } };
    expect(throttled).toMatchObject({ statusCode: 429, code: 'Throttled' });
    expect(throttled.response.headers.get('retry-after')).toBe('7');
    vault.failNext({ status: 502 });
    // Not a RestError: the SDK looks for the body's words in a body that is not there.
    expect(await errorOf(client.getSecret('db'))).toBeInstanceOf(Error);
    vault.failNext({ status: 503, code: 'ServiceUnavailable' });
    expect(await errorOf(client.getSecret('db'))).toMatchObject({ statusCode: 503 });
  });

  test('unreachable is as the SDK reports it, and what hangs can be aborted', async () => {
    const { client, vault } = await clientOf();
    vault.setSecret('db', 'one');
    await client.getSecret('db');
    await vault.partition();
    expect(await errorOf(client.getSecret('db'))).toMatchObject({ name: 'RestError' });
    await vault.heal();
    expect((await client.getSecret('db')).value).toBe('one');
    vault.hang();
    const controller = new AbortController();
    const hanging = client.getSecret('db', { abortSignal: controller.signal });
    setImmediate(() => controller.abort());
    expect(await errorOf(hanging)).toMatchObject({ name: 'AbortError' });
  });
});

test('the log has neither tokens nor values', async () => {
  const vault = await started();
  const client = new SecretClient(vault.vaultUrl, vault.credential(), within(vault));
  await client.setSecret('db', 'canary-value');
  await client.getSecret('db');
  const text = JSON.stringify(vault.requests.recent);
  expect([text.includes('canary-value'), text.includes('eyJ0'), text.includes('[redacted]')]).toEqual([
    false,
    false,
    true,
  ]);
});

test('tokens end in virtual time', async () => {
  const clock = virtualClock();
  const vault = await started({ clock, tokenTtl: 60 });
  const { token, expiresOnTimestamp } = await vault.credential().getToken('https://vault.azure.net/.default');
  expect(expiresOnTimestamp).toBe(clock.wall() + 60_000);
  const ask = async (): Promise<number> => {
    const url = `${vault.vaultUrl}/secrets?api-version=7.6`;
    return (await vault.fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
  };
  expect(await ask()).toBe(200);
  await clock.advance(60_000);
  expect(await ask()).toBe(401);
});

test('log-ins can be refused, unavailable and down, each with the error of the vendor’s package', async () => {
  const vault = await started();
  const credential = vault.credential();
  const login = (): Promise<unknown> => errorOf(credential.getToken('https://vault.azure.net/.default'));
  credential.deny();
  expect(await login()).toMatchObject({ name: 'AuthenticationError', statusCode: 401 });
  credential.deny('unavailable');
  expect(await login()).toMatchObject({ name: 'CredentialUnavailableError' });
  credential.deny('outage');
  expect(await login()).toMatchObject({ name: 'AuthenticationError', statusCode: 503 });
  credential.allow();
  await credential.getToken('https://vault.azure.net/.default');
  expect(credential.logins).toBe(4);
});
