import { CircuitOpenError, resilient, withRuntime } from '@holdfast/core';
import { type VaultError, appRoleAuth, tokenAuth } from '../../src/index.js';
import { NEW, OLD, PATH, worldWith } from './world.js';

/** Rows of the checklist of a resilient client of Vault that no other file has in the name of a test. */

const sealedNow = async () => {
  const world = await worldWith();
  await world.ended(world.vault.get(PATH));
  world.server.seal();
  await world.clock.advance(300_000);
  return world;
};

describe('G35, G39, G41: a fallback', () => {
  const withFallback = async () => {
    const world = await worldWith();
    const get = resilient((path: string) => world.vault.get(path), { fallback: { value: { user: 'guest' } } });
    withRuntime(get, world.runtime);
    return { ...world, get };
  };

  test('G39: answers for a secret that does not exist, without a retry', async () => {
    const { server, ended, get } = await withFallback();
    expect(await ended(get('secret/none'))).toEqual({ user: 'guest' });
    expect(server.count('read')).toBe(1);
  });

  test('G41: answers when all attempts have failed, and is not cached', async () => {
    const { server, ended, get, vault } = await withFallback();
    server.seal();
    expect(await ended(get(PATH))).toEqual({ user: 'guest' });
    expect([server.count('login'), vault.stats.size]).toEqual([3, 0]);
    server.unseal();
    expect(await ended(get(PATH))).toEqual(OLD);
  });

  test('G41: without one the last error is thrown', async () => {
    const { vault, server, errorOf } = await worldWith();
    server.seal();
    expect(await errorOf(vault.get(PATH))).toMatchObject({ name: 'VaultError', status: 503, reason: 'sealed' });
  });
});

test('G36: each failed attempt is told with its number and class', async () => {
  const { vault, errorOf, events, clock, server } = await worldWith({ staleIfError: 0, retry: { jitter: 'none' } });
  server.seal();
  await errorOf(vault.get(PATH));
  expect(events.of('retry.scheduled').map(({ attempt, errorClass, error }) => [attempt, errorClass, error])).toEqual([
    [1, 'transient', { name: 'VaultError', code: 'VAULT_ANSWER', status: 503 }],
    [2, 'transient', { name: 'VaultError', code: 'VAULT_ANSWER', status: 503 }],
  ]);
  expect(events.last('retry.exhausted')).toMatchObject({ attempts: 3, reason: 'attempts' });
  expect(clock.now()).toBe(1_500);
});

describe('G38, GX6: re-authentication', () => {
  test('follows at once, without a delay', async () => {
    const { vault, server, ended, clock } = await worldWith();
    await ended(vault.get(PATH));
    server.expireToken();
    await ended(vault.get(PATH, { bypassCache: true }));
    expect(clock.now()).toBe(0);
  });

  test('comes once per call, and never after the last attempt', async () => {
    const { vault, server, ended, errorOf } = await worldWith({ retry: { maxAttempts: 1 } });
    await ended(vault.get(PATH));
    server.expireToken();
    expect(await errorOf(vault.get('secret/other'))).toMatchObject({ status: 403 });
    expect(server.count('login')).toBe(1);
  });

  test('that fails keeps the first error, with its own as the cause', async () => {
    const secretIds = ['secret-id', 'used up'];
    const auth = appRoleAuth({ roleId: 'role', secretId: () => secretIds.shift() ?? '' });
    const { vault, server, ended, errorOf } = await worldWith({ auth });
    await ended(vault.get(PATH));
    server.expireToken();
    const error = (await errorOf(vault.get('secret/other'))) as VaultError;
    expect([error.status, (error.cause as Error).name]).toEqual([403, 'VaultAuthenticationError']);
    expect((error.cause as Error).cause).toMatchObject({ status: 400 });
  });

  test('G43: uses what the hook gives then: a new secret id, a new token from a file', async () => {
    const tokens = ['dead', 'root'];
    const { vault, ended, server } = await worldWith({ auth: tokenAuth(async () => tokens.shift() ?? 'none') });
    expect(await ended(vault.get(PATH))).toEqual(OLD);
    expect([tokens, server.count('lookup')]).toEqual([[], 1]);
  });
});

describe('G44: cache, circuit, retry around the circuit, store, stale', () => {
  test('1: what is cached is answered whatever the circuit says', async () => {
    const { vault, server, ended } = await worldWith();
    await ended(vault.get(PATH));
    vault.circuit.open();
    expect([await vault.get(PATH), server.count('read')]).toEqual([OLD, 1]);
  });

  test('2: with an open circuit nothing is asked: the old secret, or CircuitOpenError', async () => {
    const { vault, server, ended, errorOf } = await sealedNow();
    vault.circuit.open();
    const before = server.requests.count;
    expect(await ended(vault.get(PATH))).toEqual(OLD);
    expect(await errorOf(vault.get('secret/other'))).toBeInstanceOf(CircuitOpenError);
    expect(server.requests.count).toBe(before);
  });

  test('3: every attempt counts for the circuit; one that opens it between attempts hides no cause', async () => {
    const { vault, server, errorOf } = await worldWith({ circuitBreaker: { failureThreshold: 2 } });
    server.seal();
    expect(await errorOf(vault.get(PATH))).toMatchObject({ reason: 'sealed' });
    expect([vault.circuit.state, server.count('login')]).toEqual(['open', 2]);
  });

  test('4: the result is stored; G48: and serves for an hour when all attempts have failed', async () => {
    const { vault, server, clock, ended, errorOf } = await sealedNow();
    expect(await ended(vault.get(PATH))).toEqual(OLD);
    await clock.advance(3_500_000 - (clock.now() - 300_000));
    expect(await ended(vault.get(PATH))).toEqual(OLD);
    await clock.advance(100_000);
    expect(await errorOf(vault.get(PATH))).toBeInstanceOf(Error);
    await server.heal();
    await clock.advance(30_000);
    expect(await ended(vault.get(PATH))).toEqual(OLD);
  });

  test('the old secret is forgotten after a 404, and the deletion is not hidden', async () => {
    const { vault, server, clock, ended, errorOf } = await worldWith();
    await ended(vault.get(PATH));
    server.deleteSecret(PATH);
    await clock.advance(300_000);
    expect(await errorOf(vault.get(PATH))).toMatchObject({ status: 404, reason: 'deleted' });
    expect(vault.stats.size).toBe(0);
  });
});

test('G45: hits, stale answers and the state of the circuit are told, without a path', async () => {
  const { vault, ended, errorOf, events } = await sealedNow();
  await ended(vault.get(PATH));
  await errorOf(vault.get('secret/a'));
  for (const type of ['cache.miss', 'cache.stored', 'cache.servedStale', 'circuit.opened', 'retry.scheduled'] as const)
    expect([type, events.count(type) > 0]).toEqual([type, true]);
  expect(events.last('cache.stored')).toMatchObject({ method: 'VaultReader.read', ttl: 300_000 });
  expect(JSON.stringify(events.events)).not.toContain('app/db');
});

test('G46: a block that ends closes the provider', async () => {
  const { vault, ended } = await worldWith();
  {
    await using inside = vault;
    await ended(inside.get(PATH));
  }
  await expect(vault.get(PATH)).rejects.toMatchObject({ code: 'SECRETS_CLOSED' });
});

test('GX9: an empty secret is a secret', async () => {
  const { vault, server, ended } = await worldWith();
  server.setSecret('secret/empty', {});
  expect([await ended(vault.get('secret/empty')), await ended(vault.get('secret/empty'))]).toEqual([{}, {}]);
  expect(server.count('read')).toBe(1);
});

test('GX14: what was forgotten while it was being read is not kept', async () => {
  const { vault, server, clock, ended } = await worldWith();
  await ended(vault.get('secret/app/db', { bypassCache: true }));
  server.slow(100);
  const reading = vault.get('secret/app/db', { bypassCache: true });
  await clock.advance(50);
  await vault.invalidate(PATH);
  server.setSecret(PATH, NEW);
  await ended(reading);
  expect(vault.stats.size).toBe(0);
  expect(await ended(vault.get(PATH))).toEqual(NEW);
});

test('a wall clock that is wrong by minutes prolongs no lease', async () => {
  const roles = { 'database/creds/app': { leaseDuration: 70 } };
  const { vault, clock, ended, server } = await worldWith({}, { roles });
  const { username } = await ended(vault.get<{ username: string }>('database/creds/app'));
  clock.skewWall(-5 * 60_000);
  await clock.advance(70_000);
  expect(server.isLeased(username)).toBe(false);
  const next = await ended(vault.get<{ username: string }>('database/creds/app'));
  expect([next.username === username, server.isLeased(next.username)]).toEqual([false, true]);
});
