import { classifyError } from '@holdfast/core';
import { type AzureSecretsError } from '../../src/index.js';
import { HOUR, MINUTE, NEW, OLD, azureWorld } from './world.js';

/** Who asks: challenges, tokens, log-ins. */

test('the first reads share one log-in, the later ones its token', async () => {
  const { azure, server, credential, clock, ended } = await azureWorld({}, { tokenLatency: 50 });
  const calls = Array.from({ length: 20 }, (_, n) => azure.get(`name-${n}`).catch(() => undefined));
  await clock.until(Promise.all(calls));
  await ended(azure.get('db'));
  expect([credential.logins, server.count('get')]).toEqual([1, 21]);
});

test('a rejected token of a thousand callers is replaced by one log-in, and all of them are answered', async () => {
  const { azure, server, credential, clock, ended } = await azureWorld();
  for (let n = 0; n < 1_000; n += 1) server.setSecret(`name-${n}`, String(n));
  await ended(azure.get('db'));
  credential.expireToken();
  const calls = Array.from({ length: 1_000 }, (_, n) => azure.get(`name-${n}`));
  const all = await clock.until(Promise.all(calls));
  expect(all.map(({ value }) => Number(value))).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  expect([credential.logins, clock.now()]).toEqual([2, 0]);
});

test('a token is replaced before it ends, by the runtime’s clock', async () => {
  const { azure, credential, clock, ended } = await azureWorld({}, { tokenTtl: 3600 });
  await ended(azure.get('db'));
  await clock.advance(HOUR - MINUTE - 1);
  await ended(azure.get('db', { bypassCache: true }));
  expect(credential.logins).toBe(1);
  await clock.advance(1);
  await ended(azure.get('db', { bypassCache: true }));
  expect(credential.logins).toBe(2);
});

test.each([5 * MINUTE, -5 * MINUTE])('a clock that steps by %i ms costs at most one log-in', async (skew) => {
  const { azure, credential, clock, ended } = await azureWorld();
  await ended(azure.get('db'));
  clock.skewWall(skew);
  expect(await ended(azure.get('db', { bypassCache: true }))).toEqual(OLD);
  await clock.advance(HOUR);
  expect(await ended(azure.get('db', { bypassCache: true }))).toEqual(OLD);
  expect(credential.logins).toBe(2);
});

test('a token that is rejected again ends the call after one renewal', async () => {
  const { azure, server, credential, ended, errorOf } = await azureWorld();
  await ended(azure.get('db'));
  const getToken = credential.getToken.bind(credential);
  jest.spyOn(credential, 'getToken').mockImplementation(async (...args) => {
    const issued = await getToken(...args);
    credential.expireToken();
    return issued;
  });
  credential.expireToken();
  const error = (await errorOf(azure.get('other'))) as AzureSecretsError;
  expect([error.status, error.reason, classifyError(error), credential.logins]).toEqual([
    401,
    'unauthenticated',
    'authentication',
    2,
  ]);
  expect(server.requests.count).toBe(2 + 2 * 2);
});

test('a credential that keeps its rejected token is told apart; a function makes a new one', async () => {
  const { server, provider, ended, errorOf } = await azureWorld();
  const keeping = () => {
    const credential = server.credential();
    let kept: ReturnType<typeof credential.getToken> | undefined;
    return { getToken: (scopes: string | string[]) => (kept ??= credential.getToken(scopes)) };
  };
  const fixed = provider({ credential: keeping() });
  await ended(fixed.get('db'));
  server.expireTokens();
  const error = (await errorOf(fixed.get('db', { bypassCache: true }))) as AzureSecretsError;
  expect([error.reason, (error.cause as Error).message]).toEqual([
    'unauthenticated',
    'the credential gives again the token that was rejected; give a function that makes a new credential',
  ]);
  const made = jest.fn(keeping);
  const renewing = provider({ credential: made });
  await ended(renewing.get('db'));
  server.expireTokens();
  expect(await ended(renewing.get('db', { bypassCache: true }))).toEqual(OLD);
  expect(made).toHaveBeenCalledTimes(2);
});

test('claims that the vault demands are brought by one log-in for all callers', async () => {
  const { azure, server, credential, clock, ended } = await azureWorld();
  await ended(azure.get('db'));
  const read = (): Promise<unknown> => {
    const calls = Array.from({ length: 100 }, (_, n) => azure.get(`name-${n}`, { bypassCache: true }));
    return clock.until(Promise.all(calls));
  };
  for (let n = 0; n < 100; n += 1) server.setSecret(`name-${n}`, 'x');
  server.demandClaims('{"access_token":{"nbf":{"essential":true,"value":"1"}}}');
  await read();
  expect(credential.logins).toBe(2);
  server.demandClaims('{"access_token":{"nbf":{"essential":true,"value":"2"}}}');
  await read();
  expect(credential.logins).toBe(3);
  credential.expireToken();
  await read();
  // One in the place of the rejected token, which the vault does not find enough, and one with the claims.
  expect(credential.logins).toBe(5);
});

test('a log-in for claims that fails is not remembered', async () => {
  const { azure, server, credential, ended, errorOf } = await azureWorld();
  await ended(azure.get('db'));
  server.demandClaims('{}');
  credential.deny();
  expect(await errorOf(azure.get('db', { bypassCache: true }))).toMatchObject({ name: 'AzureAuthenticationError' });
  credential.allow();
  expect(await ended(azure.get('db', { bypassCache: true }))).toEqual(OLD);
});

test('a function that makes no credential is a mistake of the program’s', async () => {
  const { azure, errorOf, clock } = await azureWorld({ credential: (() => 'canary') as never });
  expect(await errorOf(azure.get('db'))).toMatchObject({
    name: 'ConfigurationError',
    message: 'AzureSecrets: credential must make a credential of @azure/identity',
  });
  expect(clock.now()).toBe(0);
});

test('a challenge for a foreign domain is refused; no token is had for it, and none is sent', async () => {
  const { azure, server, credential, clock, ended, errorOf } = await azureWorld();
  server.challengeWith('https://vault.example');
  const error = (await errorOf(azure.get('db'))) as AzureSecretsError;
  expect([error.name, error.reason, error.status, classifyError(error)]).toEqual([
    'AzureSecretsError',
    'foreign challenge',
    401,
    'authentication',
  ]);
  expect(error.message).toBe('the challenge is not of this vault: no token was sent');
  expect([server.requests.count, server.count('get'), credential.logins, clock.now()]).toEqual([1, 0, 0, 0]);
  server.challengeWith('https://vault.azure.net');
  expect(await ended(azure.get('db'))).toEqual(OLD);
});

test('a refused log-in is not retried, and what was kept is dropped', async () => {
  const { azure, credential, clock, ended, errorOf } = await azureWorld();
  await ended(azure.get('db'));
  await clock.advance(HOUR);
  credential.deny();
  const error = (await errorOf(azure.get('db'))) as Error;
  expect([error.name, error.message, classifyError(error), azure.stats.size]).toEqual([
    'AzureAuthenticationError',
    'the log-in was refused',
    'authentication',
    0,
  ]);
  expect(credential.logins).toBe(2);
  credential.deny('unavailable');
  expect(await errorOf(azure.get('db'))).toMatchObject({ message: 'no credential is available' });
});

test('a directory that is down is an outage: the old secret serves', async () => {
  const { azure, server, credential, clock, ended, errorOf } = await azureWorld();
  await ended(azure.get('db'));
  server.setSecret('db', JSON.stringify(NEW));
  await clock.advance(HOUR);
  credential.deny('outage');
  expect(await ended(azure.get('db'))).toEqual(OLD);
  expect(await errorOf(azure.get('other'))).toMatchObject({ reason: 'unavailable', status: 503 });
  credential.allow();
  await clock.advance(MINUTE);
  expect(await ended(azure.get('db'))).toEqual(NEW);
});

test('check proves that a token can be had now, and reads nothing', async () => {
  const { azure, server, credential, ended, errorOf } = await azureWorld();
  await ended(azure.check());
  await ended(azure.check());
  expect([credential.logins, server.requests.count]).toEqual([2, 0]);
  await ended(azure.get('db'));
  credential.deny();
  expect(await errorOf(azure.check())).toMatchObject({ name: 'AzureAuthenticationError' });
});

test('log-ins are bounded, however often tokens are rejected', async () => {
  const { azure, credential, ended } = await azureWorld({ retry: { maxAttempts: 2 } });
  for (let n = 0; n < 40; n += 1) {
    credential.expireToken();
    await ended(azure.get('db', { bypassCache: true }).catch(() => undefined));
  }
  expect(credential.logins).toBe(30);
});
