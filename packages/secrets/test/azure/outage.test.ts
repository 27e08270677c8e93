import { SecretClient } from '@azure/keyvault-secrets';
import { CircuitOpenError, TimedOutError, classifyError } from '@holdfast/core';
import { AzureSecrets, type AzureSecretsError } from '../../src/index.js';
import { HOUR, MINUTE, NEW, OLD, azureWorld } from './world.js';

/** Bad days of Key Vault, in virtual time; the last ones over a connection. */

const staleWorld = async () => {
  const world = await azureWorld();
  await world.ended(world.azure.get('db'));
  world.server.setSecret('db', JSON.stringify(NEW));
  await world.clock.advance(5 * MINUTE);
  return world;
};

test('throttling is waited for as long as the vault says, by the provider and not by the SDK', async () => {
  const { azure, server, clock, ended, events } = await staleWorld();
  const before = server.requests.count;
  const since = clock.now();
  server.throttle({ times: 2, retryAfter: 7 });
  expect(await ended(azure.get('db'))).toEqual(NEW);
  expect([clock.now() - since, server.requests.count - before]).toEqual([14_000, 3]);
  expect(events.of('retry.scheduled').map(({ delay, error }) => [delay, error])).toEqual([
    [7_000, { name: 'AzureSecretsError', code: 'AZURE_ANSWER', status: 429 }],
    [7_000, { name: 'AzureSecretsError', code: 'AZURE_ANSWER', status: 429 }],
  ]);
});

test.each([
  ['503 with a code', { status: 503, code: 'ServiceUnavailable' }, 'unavailable'],
  ['502 of a gateway, without a body', { status: 502 }, 'unavailable'],
  ['429 without a body', { status: 429, headers: { 'retry-after': '1' } }, 'throttled'],
] as const)('%s is retried, and the old secret serves when all attempts have failed', async (_name, fault, reason) => {
  const { azure, server, ended, errorOf } = await staleWorld();
  server.failNext({ ...fault, times: 6 });
  expect(await ended(azure.get('db'))).toEqual(OLD);
  const error = (await errorOf(azure.get('other'))) as AzureSecretsError;
  expect([error.name, error.status, error.reason, classifyError(error)]).toEqual([
    'AzureSecretsError',
    fault.status,
    reason,
    'transient',
  ]);
});

test('an answer that is no secret is an error without its text, and is not kept', async () => {
  const { azure, server, errorOf } = await azureWorld({ retry: { maxAttempts: 1 } });
  for (const text of ['<html>canary</html>', '{"value":"canary"', '{"value":12,"id":"canary"}', '{}', '']) {
    const respond = jest.spyOn(server.httpClient, 'sendRequest').mockImplementation(async (request) => ({
      request,
      status: 200,
      headers: Object.assign(new Headers({ 'content-type': 'application/json' }), { toJSON: () => ({}) }) as never,
      bodyAsText: text,
    }));
    const error = (await errorOf(azure.get('db'))) as Error;
    expect([error.name, String(error).includes('canary'), classifyError(error)]).toEqual([
      'SecretFormatError',
      false,
      'transient',
    ]);
    respond.mockRestore();
  }
  expect(azure.stats.size).toBe(0);
});

test('in an outage the old secret serves for staleIfError, and then the error is told', async () => {
  const { azure, server, clock, ended, errorOf } = await staleWorld();
  const since = clock.now() - 5 * MINUTE;
  await server.partition();
  expect(await ended(azure.get('db'))).toEqual(OLD);
  await clock.advanceTo(since + 5 * MINUTE + HOUR - MINUTE);
  expect(await ended(azure.get('db'))).toEqual(OLD);
  await clock.advanceTo(since + 5 * MINUTE + HOUR);
  expect(await errorOf(azure.get('db'))).toBeInstanceOf(Error);
  await server.heal();
  await clock.advance(MINUTE);
  expect(await ended(azure.get('db'))).toEqual(NEW);
});

test('a partition is told as one, opens the circuit, and is over when it is over', async () => {
  const { azure, server, clock, ended, errorOf } = await azureWorld();
  await server.partition();
  const error = (await errorOf(azure.get('db'))) as AzureSecretsError;
  expect([error.reason, error.code, error.status, error.message, classifyError(error)]).toEqual([
    'unreachable',
    'AZURE_UNREACHABLE',
    undefined,
    'Key Vault could not be reached: ECONNREFUSED',
    'transient',
  ]);
  await errorOf(azure.get('db'));
  expect(azure.circuit.state).toBe('open');
  expect(await errorOf(azure.get('db'))).toBeInstanceOf(CircuitOpenError);
  await server.heal();
  await clock.advance(30_000);
  expect(await ended(azure.get('db'))).toEqual(OLD);
});

test('what hangs is aborted after the attempt’s time, and asked for again', async () => {
  const { azure, server, clock, ended, errorOf } = await azureWorld({ retry: { jitter: 'none' } });
  server.hang();
  clock.setTimer(() => void server.heal(), 5_100);
  expect(await ended(azure.get('db'))).toEqual(OLD);
  expect(server.requests.recent[0]).toMatchObject({ outcome: 'hung' });
  expect(server.requests.inFlight).toBe(0);
  server.hang();
  expect(await errorOf(azure.get('other'))).toBeInstanceOf(TimedOutError);
});

test('closing in the middle of a read ends it without keeping anything, and refuses what comes later', async () => {
  const { azure, server, clock, ended } = await azureWorld();
  server.slow(100);
  const reading = azure.get('db');
  await clock.advance(50);
  await azure.close();
  await azure.close();
  expect(await ended(reading.catch(() => 'refused'))).toEqual(OLD);
  expect(azure.stats.size).toBe(0);
  await expect(azure.get('db')).rejects.toMatchObject({ code: 'SECRETS_CLOSED' });
  await expect(azure.check()).rejects.toMatchObject({ code: 'SECRETS_CLOSED' });
});

describe('a client of one’s own', () => {
  const withClient = async () => {
    const world = await azureWorld();
    const { server, credential } = world;
    const options = { httpClient: server.httpClient, retryOptions: { maxRetries: 0 } };
    // The SDK keeps tokens by the machine's clock.
    const getToken = async (scopes: string | string[]) => ({
      ...(await credential.getToken(scopes)),
      expiresOnTimestamp: Date.now() + HOUR,
    });
    const client = new SecretClient(server.vaultUrl, { getToken }, options);
    return { ...world, client, own: world.provider({ client }) };
  };

  test('is asked, and gives the provider its name', async () => {
    const { own, server, ended } = await withClient();
    expect(own.name).toBe(`azure:${server.vaultUrl}`);
    expect(await ended(own.get('db'))).toEqual(OLD);
  });

  test('has tokens of its own: a rejected one is an error', async () => {
    const { own, server, ended, errorOf } = await withClient();
    await ended(own.get('db'));
    server.expireTokens();
    const error = (await errorOf(own.get('db', { bypassCache: true }))) as AzureSecretsError;
    expect([error.reason, (error.cause as Error).message]).toEqual([
      'unauthenticated',
      "the client's credential is its own",
    ]);
  });

  test('is checked by a list of names, which may be forbidden', async () => {
    const { own, server, ended, errorOf } = await withClient();
    await ended(own.check());
    server.deny();
    await ended(own.check());
    expect([server.count('list'), server.count('get')]).toEqual([2, 0]);
    await server.partition();
    expect(await errorOf(own.check())).toMatchObject({ reason: 'unreachable' });
  });
});

describe('over a connection', () => {
  const connected = async () => {
    const { server, credential } = await azureWorld({}, {});
    const azure = new AzureSecrets({
      vaultUrl: server.vaultUrl,
      credential: () => server.credential(),
      clientOptions: { additionalPolicies: [server.loopback] },
      retry: { delay: '10ms', jitter: 'none' },
      ttl: '1h',
    });
    return { server, credential, azure };
  };

  test('it is the same', async () => {
    const { server, azure } = await connected();
    await using provider = azure;
    server.throttle({ retryAfter: 0 });
    server.failNext({ status: 502 });
    expect(await provider.get('db')).toEqual(OLD);
    server.setSecret('db', JSON.stringify(NEW));
    expect(await provider.get('db', { bypassCache: true })).toEqual(NEW);
  });

  test('a connection that breaks is not an answer', async () => {
    const { server, azure } = await connected();
    await using provider = azure;
    await provider.get('db');
    server.hang();
    const reading = provider.get('other').catch((error: unknown) => error);
    while (server.requests.inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
    await server.partition();
    const error = (await reading) as AzureSecretsError;
    expect([error.name, error.reason, classifyError(error)]).toEqual(['AzureSecretsError', 'unreachable', 'transient']);
    await server.heal();
    server.setSecret('other', 'x');
    expect(await provider.get('other')).toEqual({ value: 'x' });
  });
});
