import { CircuitOpenError, TimedOutError, classifyError } from '@holdfast/core';
import { SecretsError } from '../src/index.js';
import { type ProviderWorld, WORLDS } from './provider-worlds.js';

/** What every provider promises, whoever keeps the secrets. What is special to one of them is in its own tests. */

const OLD = { user: 'app', password: 'canary-old' };
const NEW = { user: 'app', password: 'canary-new' };
const TTL = 300_000;
const HOUR = 3_600_000;

describe.each(WORLDS)('%s', (_name, make) => {
  const opened = async (...policies: Parameters<typeof make>): Promise<ProviderWorld & { path: string }> => {
    const world = await make(...policies);
    return { ...world, path: world.put('one', OLD) };
  };
  /** The secret was read, and its time is over. */
  const stale = async (...policies: Parameters<typeof make>): Promise<ProviderWorld & { path: string }> => {
    const world = await opened(...policies);
    await world.ended(world.provider.get(world.path));
    await world.clock.advance(TTL);
    return world;
  };

  test('M3: names tell providers and places apart, without credentials', async () => {
    const { provider } = await make();
    expect(provider.name.startsWith(`${provider.kind}:`)).toBe(true);
    expect(provider.name).not.toContain('@');
    expect(provider.settings).toEqual({ ttl: TTL, staleIfError: HOUR, maxSize: 256 });
  });

  test('G8, M1: a secret is read once and fresh for 300 seconds, to the millisecond', async () => {
    const { provider, path, put, clock, ended, reads } = await opened();
    expect(await ended(provider.get(path))).toEqual(OLD);
    put('one', NEW);
    await clock.advance(TTL - 1);
    expect([await ended(provider.get(path)), reads()]).toEqual([OLD, 1]);
    await clock.advance(1);
    expect([await ended(provider.get(path)), reads()]).toEqual([NEW, 2]);
  });

  test('a thousand callers share one request and one log-in', async () => {
    const { provider, path, ended, reads, logins } = await opened();
    await ended(Promise.all(Array.from({ length: 1_000 }, () => provider.get(path))));
    expect([reads(), logins()]).toEqual([1, 1]);
  });

  test('M25: one client serves all reads, and who asks is not proved anew for each', async () => {
    const { provider, path, ended, reads, logins, server } = await opened();
    for (let n = 0; n < 50; n += 1) await ended(provider.get(path, { bypassCache: true }));
    expect([reads(), logins()]).toEqual([50, 1]);
    expect(server.requests.count).toBeLessThan(50 + 5);
  });

  test('the data is frozen, and prints without a value', async () => {
    const { provider, path, ended } = await opened();
    const envelope = await ended(provider.read(path));
    expect([Object.isFrozen(envelope.data), JSON.stringify(envelope).includes('canary')]).toEqual([true, false]);
  });

  test('G14–G16: a bypass reads and writes; a ttl of one call holds for what it reads', async () => {
    const { provider, path, put, clock, ended } = await opened();
    await ended(provider.get(path));
    put('one', NEW);
    expect(await ended(provider.get(path, { bypassCache: true, ttl: '1h' }))).toEqual(NEW);
    put('one', OLD);
    await clock.advance(HOUR - 1);
    expect(await ended(provider.get(path))).toEqual(NEW);
    await clock.advance(1);
    expect(await ended(provider.get(path))).toEqual(OLD);
  });

  test('G17, M9: one secret is forgotten, that very one, or all', async () => {
    const { provider, path, put, ended, reads, events } = await opened();
    const old = await ended(provider.read(path));
    expect([await provider.invalidate(path), await provider.invalidate(path)]).toEqual([true, false]);
    put('one', NEW);
    expect(await ended(provider.get(path))).toEqual(NEW);
    expect(await provider.invalidate(path, { only: old, status: 401 })).toBe(false);
    const present = await ended(provider.read(path));
    expect(await provider.invalidate(path, { only: present, status: 401 })).toBe(true);
    expect(events.last('cache.invalidated')).toMatchObject({ reason: 'auth-failure', status: 401 });
    await ended(provider.get(path));
    await provider.clear();
    expect([provider.stats.size, reads()]).toEqual([0, 3]);
  });

  test('M15: a warm-up tells what it has and what it lacks', async () => {
    const { provider, path, put, ended, reads } = await opened();
    const other = put('two', NEW);
    const report = await ended(provider.warm([path, other, path, path.replace('one', 'none')]));
    expect([report.warmed, report.failed.map(({ error }) => classifyError(error))]).toEqual([
      [path, other],
      ['notFound'],
    ]);
    const before = reads();
    await ended(provider.get(other));
    expect(reads()).toBe(before);
  });

  test('who asks is proved without a secret being read, and found out where it fails', async () => {
    const { provider, ended, errorOf, reads, server } = await opened({ retry: { maxAttempts: 1 } });
    await ended(provider.check());
    expect(reads()).toBe(0);
    await server.partition();
    await provider.close();
    expect(await errorOf(provider.check())).toBeInstanceOf(SecretsError);
  });

  test('G3: down for thirty seconds, and longer: the old secret answers for an hour and no longer', async () => {
    const world = await stale();
    const { provider, path, clock, ended, errorOf, events } = world;
    world.breakDown();
    expect(await ended(provider.get(path))).toEqual(OLD);
    await clock.advance(30_000);
    expect(await ended(provider.get(path))).toEqual(OLD);
    expect(events.count('cache.servedStale')).toBeGreaterThanOrEqual(2);
    await clock.advance(HOUR - clock.now() + TTL);
    expect(classifyError(await errorOf(provider.get(path)))).toBe('transient');
    await world.server.heal();
    await clock.advance(60_000);
    expect(await ended(provider.get(path))).toEqual(OLD);
  });

  test('G6: a partition is answered from memory, and its end is noticed', async () => {
    const { provider, path, put, clock, ended, server } = await stale();
    await server.partition();
    expect(await ended(provider.get(path))).toEqual(OLD);
    put('one', NEW);
    await server.heal();
    await clock.advance(60_000);
    expect(await ended(provider.get(path))).toEqual(NEW);
  });

  test('G2: a restart of a second is waited for', async () => {
    const { provider, path, ended, server, put, clock } = await opened({ retry: { maxAttempts: 6, delay: '1s' } });
    put('one', NEW);
    const restarted = server.restart({ downFor: 1_000 });
    const reading = provider.get(path);
    await clock.advance(1_000);
    await restarted;
    expect(await ended(reading)).toEqual(NEW);
  });

  test('G1: a server that does not answer holds nobody for longer than the timeouts', async () => {
    const { provider, path, clock, errorOf, server } = await opened();
    server.hang();
    const before = clock.now();
    const error = await errorOf(provider.get(path));
    expect([error instanceof TimedOutError, classifyError(error)]).toEqual([true, 'transient']);
    expect(clock.now() - before).toBeLessThanOrEqual(30_000);
  });

  test('G4: throttled, it is asked again a little later', async () => {
    const { provider, path, throttle, ended, reads, clock } = await opened();
    await ended(provider.get(path));
    const [before, start] = [reads(), clock.now()];
    throttle(2);
    expect(await ended(provider.get(path, { bypassCache: true }))).toEqual(OLD);
    expect([reads() - before, clock.now() > start]).toEqual([3, true]);
  });

  test('G5: credentials that a thousand callers find expired are replaced once', async () => {
    const { provider, put, path, ended, expireCredentials, logins } = await opened({ maxSize: 2_000 });
    await ended(provider.get(path));
    const paths = Array.from({ length: 1_000 }, (_, n) => put(`many-${n}`, { n }));
    expireCredentials();
    const all = await ended(Promise.all(paths.map((each) => provider.get(each))));
    expect([all.every(({ n }, index) => n === index), logins()]).toEqual([true, 2]);
  });

  test('a right that was taken away ends what is kept, at once, and is no reason to log in', async () => {
    const { provider, path, deny, clock, errorOf, logins, breakDown } = await stale();
    deny();
    const storm = Array.from({ length: 100 }, () => errorOf(provider.get(path)));
    expect(new Set((await Promise.all(storm)).map((error) => classifyError(error)))).toEqual(
      new Set(['authorization']),
    );
    expect([logins(), provider.stats.size, provider.circuit.state]).toEqual([1, 0, 'closed']);
    breakDown();
    await clock.advance(1_000);
    expect(classifyError(await errorOf(provider.get(path)))).not.toBe('notFound');
    expect(provider.stats.size).toBe(0);
  });

  test('a secret that is gone is not answered any more, and opens no circuit', async () => {
    const { provider, path, remove, errorOf } = await stale();
    remove('one');
    for (let n = 0; n < 10; n += 1) expect(classifyError(await errorOf(provider.get(path)))).toBe('notFound');
    expect([provider.stats.size, provider.circuit.state]).toEqual([0, 'closed']);
  });

  test('G31: with an open circuit nothing is asked', async () => {
    const world = await opened();
    const { provider, path, breakDown, errorOf, reads } = world;
    breakDown();
    await errorOf(provider.get(path));
    await errorOf(provider.get(path));
    const before = reads();
    expect(await errorOf(provider.get(path))).toBeInstanceOf(CircuitOpenError);
    expect([reads() - before, provider.circuit.state]).toEqual([0, 'open']);
  });

  test('M13: what can answer no more leaves the memory although nobody asks', async () => {
    const { provider, path, clock, ended } = await opened();
    await ended(provider.get(path));
    await clock.advance(TTL + HOUR - 1);
    expect(provider.stats.size).toBe(1);
    await clock.advance(1);
    expect(provider.stats.size).toBe(0);
  });

  test('G46: closed, it has forgotten everything, and says so; a read under way ends', async () => {
    const { provider, path, put, ended, server, clock } = await opened();
    await ended(provider.get(path));
    const other = put('two', NEW);
    server.slow(1_000);
    const reading = provider.get(other).then(
      () => 'ended',
      () => 'ended',
    );
    await clock.settle();
    await provider.close();
    await provider.close();
    expect(await ended(reading)).toBe('ended');
    expect(provider.stats.size).toBe(0);
    await expect(provider.get(path)).rejects.toThrow('the provider is closed');
  });

  test('after a close no attempt begins that would log in again, and a second close waits for the first', async () => {
    const { provider, path, ended, errorOf, breakDown, server, clock, logins } = await opened();
    await ended(provider.get(path));
    breakDown();
    const reading = errorOf(provider.get(path, { bypassCache: true }));
    await clock.settle();
    const before = logins();
    const closing = provider.close();
    expect(provider.close()).toBe(closing);
    await server.heal();
    expect(await reading).toMatchObject({ code: 'SECRETS_CLOSED' });
    await ended(closing);
    expect(logins()).toBe(before);
  });

  test('a path that is none is refused without a request', async () => {
    const { provider, reads } = await make();
    await expect(provider.get('a\nb')).rejects.toThrow(SecretsError);
    await expect(provider.get('')).rejects.toThrow(SecretsError);
    expect(reads()).toBe(0);
  });
});
