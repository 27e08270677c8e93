import { CircuitOpenError, classifyError } from '@holdfast/core';
import { fakeSecretsManager } from '@holdfast/testing';
import { AwsSecrets, type AwsSecretsError } from '../../src/index.js';
import { NEW, OLD, PATH, type World, worldWith } from './world.js';

const TTL = 300_000;

/** A secret that was read, and whose time is over. */
const staleWorld = async (...args: Parameters<typeof worldWith>): Promise<World> => {
  const world = await worldWith(...args);
  await world.ended(world.aws.get(PATH));
  await world.clock.advance(TTL);
  return world;
};

const manyPaths = (world: World, count: number): string[] =>
  Array.from({ length: count }, (_, n) => {
    world.server.setSecret(`many/${n}`, { n });
    return `many/${n}`;
  });

describe('what AWS answers', () => {
  test.each([
    ['ExpiredTokenException', 400, 'authentication', 401],
    ['ExpiredToken', 403, 'authentication', 401],
    ['InvalidClientTokenId', 403, 'authentication', 401],
    ['UnrecognizedClientException', 400, 'authentication', 401],
    ['InvalidSignatureException', 400, 'authentication', 401],
    ['AccessDeniedException', 400, 'authorization', 403],
    ['DecryptionFailure', 400, 'authorization', 403],
    ['ResourceNotFoundException', 400, 'notFound', 404],
    ['InvalidRequestException', 400, 'notFound', 404],
    ['InvalidParameterException', 400, 'permanent', 400],
    ['ValidationException', 400, 'permanent', 400],
    ['ThrottlingException', 400, 'transient', 429],
    ['ThrottledException', 429, 'transient', 429],
    ['TooManyRequestsException', 400, 'transient', 429],
    ['InternalServiceError', 500, 'transient', 500],
    ['InternalFailure', 500, 'transient', 500],
    ['ServiceUnavailable', 503, 'transient', 503],
    ['RequestTimeout', 400, 'transient', 503],
    ['SomethingNewException', 400, 'permanent', 400],
    ['SomethingNewException', 502, 'transient', 502],
  ])('%s with %i is %s', async (type, httpStatus, expected, status) => {
    const { aws, server, errorOf } = await worldWith({ retry: { maxAttempts: 1 } });
    server.failNext({ type, status: httpStatus, message: 'canary' });
    const error = (await errorOf(aws.get(PATH))) as AwsSecretsError;
    expect([error.name, error.message, classifyError(error)]).toEqual([
      'AwsSecretsError',
      `AWS answered ${type}`,
      expected,
    ]);
    expect([error.reason, error.status, error.httpStatus]).toEqual([type, status, httpStatus]);
    expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a delay that it asks for is kept', async () => {
    const { aws, server, clock, ended } = await worldWith();
    server.failNext({ type: 'ServiceUnavailable', headers: { 'retry-after': '7' } });
    await ended(aws.get(PATH));
    expect(clock.now()).toBeGreaterThanOrEqual(7_000);
  });
});

describe('rotation while cached', () => {
  test('the old version is served until its time is over, the new one from then on', async () => {
    const { aws, server, clock, ended, reads } = await worldWith();
    await ended(aws.get(PATH));
    server.setSecret(PATH, NEW);
    await clock.advance(TTL - 1);
    expect(await ended(aws.get(PATH))).toEqual(OLD);
    await clock.advance(1);
    expect([await ended(aws.get(PATH)), reads()]).toEqual([NEW, 2]);
  });

  test('who found the old one refused has the new one at once, and only the old one is forgotten', async () => {
    const { aws, server, ended, reads } = await worldWith();
    const old = await ended(aws.read(PATH));
    server.setSecret(PATH, NEW);
    expect(await aws.invalidate(PATH, { only: old })).toBe(true);
    expect(await ended(aws.get(PATH))).toEqual(NEW);
    expect([await aws.invalidate(PATH, { only: old }), await aws.get(PATH), reads()]).toEqual([false, NEW, 2]);
  });
});

describe('what is taken away', () => {
  test.each<[string, (world: World) => void, string]>([
    ['a right', ({ server }) => server.deny(PATH), 'authorization'],
    ['the key that decrypts', ({ server }) => server.failNext({ type: 'DecryptionFailure' }), 'authorization'],
    ['a secret that is marked for deletion', ({ server }) => server.deleteSecret(PATH), 'notFound'],
    ['a secret that is gone', ({ server }) => server.deleteSecret(PATH, { days: 0 }), 'notFound'],
  ])('%s: the next request ends it, nothing old is served, nothing is kept', async (_, take, expected) => {
    const world = await staleWorld();
    take(world);
    const before = world.reads();
    expect(classifyError(await world.errorOf(world.aws.get(PATH)))).toBe(expected);
    expect([world.aws.stats.size, world.reads() - before, world.aws.circuit.state]).toEqual([0, 1, 'closed']);
  });

  test('given back, it is read again', async () => {
    const { aws, server, ended, errorOf } = await staleWorld();
    server.deleteSecret(PATH);
    expect(await errorOf(aws.get(PATH))).toMatchObject({ reason: 'InvalidRequestException', status: 404 });
    server.restoreSecret(PATH);
    expect(await ended(aws.get(PATH))).toEqual(OLD);
  });

  test('missing secrets open no circuit', async () => {
    const { aws, ended, errorOf } = await worldWith();
    for (let n = 0; n < 20; n += 1) await errorOf(aws.get(`none/${n}`));
    expect([aws.circuit.state, await ended(aws.get(PATH))]).toEqual(['closed', OLD]);
  });
});

describe('credentials', () => {
  test('expired ones of 1,000 callers are replaced once', async () => {
    const world = await worldWith({ maxSize: 2_000 });
    const { aws, server, ended, events, clock } = world;
    const paths = manyPaths(world, 1_000);
    await ended(aws.get(PATH));
    server.expireCredentials();
    const all = await ended(Promise.all(paths.map((path) => aws.get(path))));
    expect(all).toEqual(paths.map((_, n) => ({ n })));
    expect([server.issued, events.count('auth.refreshed'), clock.now()]).toEqual([2, 1, 0]);
    expect([aws.circuit.state, world.reads()]).toEqual(['closed', 2_001]);
  });

  test('a late failure of old ones finds the new ones', async () => {
    const world = await worldWith();
    const { aws, server, ended, clock } = world;
    const paths = manyPaths(world, 10);
    await ended(aws.get(PATH));
    server.expireCredentials();
    server.slow(1_000);
    const late = aws.get(paths[0] as string);
    await clock.settle();
    server.slow(0);
    await ended(aws.get(paths[1] as string));
    expect(await ended(late)).toEqual({ n: 0 });
    expect(server.issued).toBe(2);
  });

  test('that end while the provider lives are replaced each time', async () => {
    const world = await worldWith();
    const credentials = world.server.credentialProvider({ duration: 900 });
    const { region, requestHandler } = world.server;
    await using aws = new AwsSecrets({ region, requestHandler, credentials, runtime: world.runtime });
    for (let n = 0; n < 4; n += 1) {
      expect(await world.ended(aws.get(PATH, { bypassCache: true }))).toEqual(OLD);
      await world.clock.advance(900_000);
    }
    expect(world.server.issued).toBe(4);
  });

  test('that are fixed cannot be replaced: the error says so, and AWS is asked once', async () => {
    const { aws, server, errorOf, reads } = await worldWith({
      credentials: { accessKeyId: 'AKIAOTHER', secretAccessKey: 'canary' },
    });
    const error = (await errorOf(aws.get(PATH))) as AwsSecretsError;
    expect([error.reason, classifyError(error)]).toEqual(['UnrecognizedClientException', 'authentication']);
    expect(error.cause).toMatchObject({ code: 'AWS_CREDENTIALS' });
    expect([reads(), server.issued]).toEqual([1, 0]);
  });

  test('refused for ever are not asked for in a storm', async () => {
    const { aws, server, ended, errorOf } = await worldWith();
    await ended(aws.get(PATH));
    server.failNext({ type: 'ExpiredTokenException', times: Infinity });
    for (let n = 0; n < 100; n += 1) await errorOf(aws.get(`other/${n}`));
    expect(server.issued).toBe(31);
  });

  test('a storm of refusals by a policy has no new ones', async () => {
    const world = await worldWith();
    const { aws, server, ended, reads } = world;
    const paths = manyPaths(world, 1_000);
    server.deny();
    const all = await ended(Promise.allSettled(paths.map((path) => aws.get(path))));
    expect(all.every(({ status }) => status === 'rejected')).toBe(true);
    expect([server.issued, reads(), aws.circuit.state]).toEqual([1, 1_000, 'closed']);
  });

  /** A provider of credentials that can be down, as an instance's metadata service. */
  const flakyWorld = async (expiration?: Date) => {
    const { server, ...issuer } = await worldWith();
    const state = { isDown: false };
    const credentials = async () => {
      if (state.isDown) throw Object.assign(new Error('canary'), { code: 'ECONNREFUSED' });
      return { ...server.issueCredentials(), ...(expiration && { expiration }) };
    };
    const { region, requestHandler } = server;
    const { runtime, clock } = issuer;
    const world = await worldWith({ region, requestHandler, credentials, runtime });
    await issuer.ended(world.aws.get(PATH));
    await clock.advance(TTL);
    return { ...issuer, aws: world.aws, server, state };
  };

  test('that end soon and cannot be had for a moment: an old secret answers', async () => {
    const { aws, state, ended, errorOf, server, reads, clock } = await flakyWorld(new Date());
    state.isDown = true;
    const before = reads();
    expect([await ended(aws.get(PATH)), reads()]).toEqual([OLD, before]);
    expect(await errorOf(aws.get('other'))).toMatchObject({
      message: 'no credentials: ECONNREFUSED',
      cause: { code: 'ECONNREFUSED', message: 'the connection failed' },
    });
    state.isDown = false;
    server.setSecret('other', { n: 1 });
    await clock.advance(30_000);
    expect(await ended(aws.get('other'))).toEqual({ n: 1 });
  });

  test('that AWS refuses while there are no others: the refusal stands, and tells why', async () => {
    const { aws, state, errorOf, server } = await flakyWorld();
    state.isDown = true;
    server.expireCredentials();
    expect(await errorOf(aws.get(PATH))).toMatchObject({
      reason: 'ExpiredTokenException',
      cause: { reason: 'ECONNREFUSED' },
    });
    expect(aws.stats.size).toBe(0);
  });
});

describe('clocks that differ', () => {
  test.each([4.9, -4.9])('by %d minutes: nobody notices', async (minutes) => {
    const { aws, server, ended, reads } = await worldWith();
    server.skewClock(minutes * 60_000);
    expect([await ended(aws.get(PATH)), reads()]).toEqual([OLD, 1]);
  });

  test.each([20, -20])('by %d minutes: the next request is right, with the same credentials', async (minutes) => {
    const world = await worldWith();
    const { aws, server, ended, reads, clock } = world;
    server.skewClock(minutes * 60_000);
    expect([await ended(aws.get(PATH)), reads(), server.issued, clock.now()]).toEqual([OLD, 2, 1, 0]);
    expect([await ended(aws.get(PATH, { bypassCache: true })), reads()]).toEqual([OLD, 3]);
  });

  test('of 1,000 callers none fails', async () => {
    const world = await worldWith();
    const paths = manyPaths(world, 1_000);
    world.server.skewClock(20 * 60_000);
    const all = await world.ended(Promise.all(paths.map((path) => world.aws.get(path))));
    expect([all.length, world.aws.circuit.state, world.server.issued]).toEqual([1_000, 'closed', 1]);
  });
});

describe('an outage', () => {
  const OUTAGES: [string, (world: World) => unknown, string | undefined][] = [
    ['partition', ({ server }) => server.partition(), 'ECONNREFUSED'],
    [
      'internal errors',
      ({ server }) => server.failNext({ type: 'InternalServiceError', times: Infinity }),
      'InternalServiceError',
    ],
    ['throttling', ({ server }) => server.throttle({ times: Infinity }), 'ThrottlingException'],
    ['a server that hangs', ({ server }) => server.hang(), undefined],
  ];

  test.each(OUTAGES)('%s: the old secret answers for an hour, then the failure shows', async (_, begin, reason) => {
    const world = await staleWorld({ circuitBreaker: { failureThreshold: 1_000 } });
    const { aws, server, clock, ended, errorOf, reads } = world;
    void begin(world);
    const before = reads();
    expect(await ended(aws.get(PATH))).toEqual(OLD);
    if (reason !== 'ECONNREFUSED') expect(reads() - before).toBe(3);
    await clock.advance(TTL + 3_600_000 - clock.now() - 60_000);
    expect(await ended(aws.get(PATH))).toEqual(OLD);
    await clock.advance(120_000);
    const error = (await errorOf(aws.get(PATH))) as AwsSecretsError;
    expect([error.reason, classifyError(error)]).toEqual([reason, 'transient']);
    await server.heal();
    expect(await ended(aws.get(PATH))).toEqual(OLD);
  });

  test('opens the circuit: from then on nothing is asked, and what is not kept fails at once', async () => {
    const { aws, server, ended, errorOf, reads } = await staleWorld();
    server.failNext({ type: 'InternalServiceError', times: Infinity });
    expect(await ended(aws.get(PATH))).toEqual(OLD);
    await errorOf(aws.get('another'));
    expect(aws.circuit.state).toBe('open');
    const before = reads();
    expect(await ended(aws.get(PATH))).toEqual(OLD);
    expect(await errorOf(aws.get('other'))).toBeInstanceOf(CircuitOpenError);
    expect(reads()).toBe(before);
  });

  test('that passes while it is retried is not noticed', async () => {
    const { aws, server, ended, reads } = await staleWorld();
    server.setSecret(PATH, NEW);
    server.throttle();
    server.failNext({ type: 'InternalServiceError' });
    expect([await ended(aws.get(PATH)), reads()]).toEqual([NEW, 4]);
  });

  test('a restart is waited for', async () => {
    const { aws, server, clock, ended } = await staleWorld({ retry: { jitter: 'none' } });
    server.setSecret(PATH, NEW);
    void server.restart({ downFor: 1_200 });
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await ended(aws.get(PATH))).toEqual(NEW);
  });
});

describe('close', () => {
  test('in the middle of a read: it ends at once, is not retried, and nothing is kept', async () => {
    const { aws, server, clock, errorOf, reads } = await worldWith();
    server.hang();
    const reading = aws.get(PATH);
    const told = reading.catch((error: unknown) => error);
    await clock.settle();
    await aws.close();
    expect(await errorOf(reading)).toMatchObject({ code: 'SECRETS_CLOSED' });
    expect(await told).toBe(await errorOf(reading));
    expect([reads(), server.requests.inFlight, clock.now(), clock.refCount]).toEqual([1, 0, 0, 0]);
    await expect(aws.get(PATH)).rejects.toMatchObject({ code: 'SECRETS_CLOSED' });
    await aws.close();
  });

  test('before the SDK is loaded', async () => {
    const { aws, errorOf } = await worldWith();
    const reading = errorOf(aws.get(PATH));
    await aws.close();
    expect(await reading).toMatchObject({ code: 'SECRETS_CLOSED' });
  });
});

describe('over HTTP', () => {
  const overHttp = async () => {
    const server = await fakeSecretsManager();
    server.setSecret(PATH, OLD);
    const { url: endpoint, region } = server;
    const credentials = server.credentialProvider();
    const aws = new AwsSecrets({ endpoint, region, credentials, retry: { maxAttempts: 3, delay: '5ms' } });
    return {
      server,
      aws,
      [Symbol.asyncDispose]: async () => {
        await aws.close();
        await server.close();
      },
    };
  };

  test('reads, rotates, has new credentials, and tells what AWS says', async () => {
    await using world = await overHttp();
    const { aws, server } = world;
    expect(await aws.get(PATH)).toEqual(OLD);
    server.setSecret(PATH, NEW);
    server.expireCredentials();
    expect([await aws.get(PATH, { bypassCache: true }), server.issued]).toEqual([NEW, 2]);
    await expect(aws.get('none')).rejects.toMatchObject({ reason: 'ResourceNotFoundException' });
  });

  test('a partition that passes is not noticed', async () => {
    await using world = await overHttp();
    const { aws, server } = world;
    await aws.get(PATH);
    await server.partition();
    const error: unknown = await aws.get('other').catch((each: unknown) => each);
    expect([(error as Error).name, classifyError(error)]).toEqual(['AwsSecretsError', 'transient']);
    await server.heal();
    expect(await aws.get(PATH, { bypassCache: true })).toEqual(OLD);
  });

  test('close ends a request that hangs, and its connection', async () => {
    await using world = await overHttp();
    const { aws, server } = world;
    await aws.get(PATH);
    server.hang();
    const reading = aws.get('other');
    while (server.requests.inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
    await aws.close();
    await expect(reading).rejects.toMatchObject({ code: 'SECRETS_CLOSED' });
    while (server.requests.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});
