import { createRuntime } from '@holdfast/core';
import { seededRandom, virtualClock } from '@holdfast/testing';
import { VaultSecrets, tokenAuth } from '../../src/index.js';
import { PATH, worldWith } from './world.js';

const CREDS = 'database/creds/app';
const HOUR_LONG = { roles: { [CREDS]: { leaseDuration: 3_600 } } };
const MINUTE = 60_000;

describe('closed in the middle of a read', () => {
  test('the token of a log-in under way is revoked, and nothing is read with it', async () => {
    const { vault, server, clock, ended } = await worldWith({ revokeOnClose: true });
    server.slow(1_000);
    const error = vault.get(PATH).catch((thrown: unknown) => thrown);
    await clock.advance(500);
    await ended(vault.close());
    expect(await ended(error)).toMatchObject({ code: 'SECRETS_CLOSED' });
    await ended(clock.advance(10_000));
    expect([server.count('login'), server.count('revoke'), server.count('read')]).toEqual([1, 1, 0]);
  });

  test('a read that waits to try again does not log in again', async () => {
    const { vault, server, clock, ended } = await worldWith();
    server.seal();
    const error = vault.get(PATH).catch((thrown: unknown) => thrown);
    await clock.advance(1);
    await ended(vault.close());
    server.unseal();
    expect(await ended(error)).toMatchObject({ code: 'SECRETS_CLOSED' });
    expect(server.count('login')).toBe(1);
  });
});

describe('two who find the token dead', () => {
  test.each([0, 5, 15, 25])('a check, and a read %i ms later, log in once', async (gap) => {
    const world = await worldWith({}, { tellsInvalidToken: gap > 10, latency: { read: 10, token: 10 } });
    const { vault, server, clock, ended } = world;
    await ended(vault.get(PATH));
    server.expireToken();
    const check = vault.check();
    await clock.advance(gap);
    await ended(Promise.all([check, vault.get(PATH, { bypassCache: true })]));
    expect(server.count('login')).toBe(2);
  });
});

test('a machine that slept knows how long the token still lasts', async () => {
  const { vault, clock, ended } = await worldWith({}, HOUR_LONG);
  await ended(vault.get(PATH));
  clock.skewWall(50 * MINUTE);
  const { lease } = await ended(vault.read(CREDS));
  expect(lease?.duration).toBeLessThanOrEqual(600);
});

test.each([
  ['30', 30],
  ['1e1', 10],
  ['soon', 0],
  [true, 0],
  [-5, -5],
  [null, 3_600],
  [undefined, 3_600],
])('a lease of %p lasts %p seconds', async (duration, seconds) => {
  const clock = virtualClock();
  const runtime = createRuntime({ clock, random: seededRandom(1), logger: false });
  const fetch: typeof globalThis.fetch = async (input) =>
    Response.json(
      new Request(input).url.includes('/mounts/')
        ? { data: { path: 'database/', type: 'database' } }
        : { lease_id: 'x', lease_duration: duration, data: { password: 'p' } },
    );
  await using vault = new VaultSecrets({ address: 'http://vault', auth: tokenAuth('root'), fetch, runtime });
  expect((await vault.read(CREDS)).lease?.duration).toBe(seconds);
  expect(vault.stats.size).toBe(seconds > 0 ? 1 : 0);
});
