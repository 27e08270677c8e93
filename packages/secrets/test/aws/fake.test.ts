import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import {
  type FakeSecretsManager,
  type FakeSecretsManagerOptions,
  fakeSecretsManager,
  virtualClock,
} from '@holdfast/testing';

/** The fake, asked by the vendor's own SDK. */

const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const KEYS = { accessKeyId: 'AKIAFAKE', secretAccessKey: 'fake-secret-key' };

const serverWith = async (options?: FakeSecretsManagerOptions): Promise<FakeSecretsManager> => {
  const server = await fakeSecretsManager(options);
  open.push(() => server.close());
  return server;
};

const clientOf = (server: FakeSecretsManager, config: SecretsManagerClientConfig = {}): SecretsManagerClient => {
  const { url: endpoint, region } = server;
  const client = new SecretsManagerClient({ endpoint, region, credentials: KEYS, maxAttempts: 1, ...config });
  open.push(() => client.destroy());
  return client;
};

/** By both doors, or by one. */
const DOORS = [['over HTTP'], ['without a network']] as const;

const through = (server: FakeSecretsManager, door: string, config: SecretsManagerClientConfig = {}) =>
  clientOf(server, { ...config, ...(door === 'over HTTP' ? {} : { requestHandler: server.requestHandler }) });

const get = (SecretId: string, more: object = {}) => new GetSecretValueCommand({ SecretId, ...more });

interface Told {
  readonly name: string;
  readonly status: number | undefined;
  readonly message: string;
}

const errorOf = async (call: Promise<unknown>): Promise<Told> => {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name, status: $metadata?.httpStatusCode, message };
  }
  throw new Error('the call was expected to reject');
};

describe('values', () => {
  test.each(DOORS)('text, with what is known of it, %s', async (door) => {
    const server = await serverWith();
    const id = server.setSecret('app/db', { user: 'app' });
    const value = await through(server, door).send(get('app/db'));
    expect(value).toMatchObject({
      ARN: server.arnOf('app/db'),
      Name: 'app/db',
      VersionId: id,
      SecretString: '{"user":"app"}',
      VersionStages: ['AWSCURRENT'],
    });
    expect(value.ARN).toMatch(/^arn:aws:secretsmanager:eu-west-1:123456789012:secret:app\/db-[A-Za-z0-9]{6}$/);
    expect(Math.abs((value.CreatedDate as Date).getTime() - Date.now())).toBeLessThan(60_000);
    expect(value.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('bytes come back as bytes', async () => {
    const server = await serverWith();
    server.setSecret('app/key', new Uint8Array([0, 255, 128]));
    const { SecretBinary, SecretString } = await clientOf(server).send(get('app/key'));
    expect([[...(SecretBinary as Uint8Array)], SecretString]).toEqual([[0, 255, 128], undefined]);
  });

  test('are found by name, by ARN, and by ARN without its last letters', async () => {
    const server = await serverWith();
    server.setSecret('app/db', 'text');
    const client = clientOf(server);
    const arn = server.arnOf('app/db');
    for (const id of ['app/db', arn, arn.slice(0, -7)]) expect((await client.send(get(id))).SecretString).toBe('text');
    expect(server.count('GetSecretValue')).toBe(3);
  });

  test('what is not there: 400 with the words of AWS', async () => {
    const server = await serverWith();
    server.setSecret('app/db', 'text');
    const client = clientOf(server);
    expect(await errorOf(client.send(get('none')))).toEqual({
      name: 'ResourceNotFoundException',
      status: 400,
      message: "Secrets Manager can't find the specified secret.",
    });
    expect(await errorOf(client.send(get('app/db', { VersionStage: 'AWSPENDING' })))).toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    });
    expect(await errorOf(client.send(get('app/db', { VersionId: 'a'.repeat(32) })))).toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('an operation that it does not have is unknown', async () => {
    const server = await serverWith();
    expect(await errorOf(clientOf(server).send(new ListSecretsCommand({})))).toMatchObject({
      name: 'UnknownOperationException',
      status: 400,
    });
    expect(server.count('other')).toBe(1);
  });
});

describe('rotation', () => {
  test('a new version is current, the one before it the previous', async () => {
    const server = await serverWith();
    const [first, second] = [server.setSecret('app/db', 'one'), server.setSecret('app/db', 'two')];
    const client = clientOf(server);
    expect(await client.send(get('app/db'))).toMatchObject({ VersionId: second, SecretString: 'two' });
    expect(await client.send(get('app/db', { VersionStage: 'AWSPREVIOUS' }))).toMatchObject({ VersionId: first });
    expect(await client.send(get('app/db', { VersionId: first }))).toMatchObject({ SecretString: 'one' });
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: 'app/db' }));
    expect(VersionIdsToStages).toEqual({ [first]: ['AWSPREVIOUS'], [second]: ['AWSCURRENT'] });
  });

  test('in steps: pending, then current by moving the label', async () => {
    const server = await serverWith();
    const client = clientOf(server);
    const { VersionId: old } = await client.send(new CreateSecretCommand({ Name: 'app/db', SecretString: 'one' }));
    const { VersionId: next } = await client.send(
      new PutSecretValueCommand({ SecretId: 'app/db', SecretString: 'two', VersionStages: ['AWSPENDING'] }),
    );
    expect(await client.send(get('app/db'))).toMatchObject({ SecretString: 'one' });
    expect(await client.send(get('app/db', { VersionStage: 'AWSPENDING' }))).toMatchObject({ SecretString: 'two' });
    const move = { SecretId: 'app/db', VersionStage: 'AWSCURRENT', MoveToVersionId: next };
    expect(await errorOf(client.send(new UpdateSecretVersionStageCommand(move)))).toMatchObject({
      name: 'InvalidParameterException',
    });
    await client.send(new UpdateSecretVersionStageCommand({ ...move, RemoveFromVersionId: old }));
    expect(await client.send(get('app/db'))).toMatchObject({ SecretString: 'two' });
    expect(await client.send(get('app/db', { VersionStage: 'AWSPREVIOUS' }))).toMatchObject({ SecretString: 'one' });
  });

  test('a repeated write with the same token changes nothing, another value under it is refused', async () => {
    const server = await serverWith();
    server.setSecret('app/db', 'one');
    const client = clientOf(server);
    const put = { SecretId: 'app/db', SecretString: 'two', ClientRequestToken: 'a'.repeat(32) };
    await client.send(new PutSecretValueCommand(put));
    expect(await client.send(new PutSecretValueCommand(put))).toMatchObject({ VersionStages: ['AWSCURRENT'] });
    expect(await errorOf(client.send(new PutSecretValueCommand({ ...put, SecretString: 'x' })))).toMatchObject({
      name: 'ResourceExistsException',
    });
  });
});

test('deletion: marked for as long as it can be restored, then gone', async () => {
  const clock = virtualClock();
  const server = await serverWith({ clock });
  server.setSecret('app/db', 'text');
  const client = through(server, 'without a network');
  await client.send(new DeleteSecretCommand({ SecretId: 'app/db', RecoveryWindowInDays: 7 }));
  expect(await errorOf(client.send(get('app/db')))).toEqual({
    name: 'InvalidRequestException',
    status: 400,
    message: "You can't perform this operation on the secret because it was marked for deletion.",
  });
  expect(await errorOf(client.send(new CreateSecretCommand({ Name: 'app/db' })))).toMatchObject({
    name: 'InvalidRequestException',
  });
  await client.send(new RestoreSecretCommand({ SecretId: 'app/db' }));
  expect(await client.send(get('app/db'))).toMatchObject({ SecretString: 'text' });
  server.deleteSecret('app/db', { days: 7 });
  await clock.advance(7 * 24 * 3_600_000);
  expect(await errorOf(client.send(get('app/db')))).toMatchObject({ name: 'ResourceNotFoundException' });
});

describe('credentials', () => {
  const refusedWith = async (config: SecretsManagerClientConfig) => {
    const server = await serverWith();
    server.setSecret('app/db', 'text');
    return errorOf(clientOf(server, config).send(get('app/db')));
  };

  test('an unknown key, a wrong secret key, another region', async () => {
    expect(await refusedWith({ credentials: { ...KEYS, accessKeyId: 'AKIAOTHER' } })).toEqual({
      name: 'UnrecognizedClientException',
      status: 400,
      message: 'The security token included in the request is invalid.',
    });
    expect(await refusedWith({ credentials: { ...KEYS, secretAccessKey: 'wrong' } })).toMatchObject({
      name: 'InvalidSignatureException',
      status: 400,
      message: expect.stringContaining('does not match the signature you provided'),
    });
    expect(await refusedWith({ region: 'us-east-1' })).toMatchObject({
      name: 'InvalidSignatureException',
      message: 'Credential should be scoped to a valid region.',
    });
  });

  test('no signature at all', async () => {
    const server = await serverWith();
    const response = await server.fetch(server.url, { method: 'POST', body: '{}' });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { __type: 'MissingAuthenticationTokenException' },
    ]);
  });

  test.each(DOORS)('temporary ones end, by time or on cue, %s', async (door) => {
    const clock = virtualClock();
    const server = await serverWith({ clock });
    server.setSecret('app/db', 'text');
    const client = through(server, door, { credentials: server.credentialProvider({ duration: 900 }) });
    await client.send(get('app/db'));
    await clock.advance(900_000);
    expect(await errorOf(client.send(get('app/db')))).toEqual({
      name: 'ExpiredTokenException',
      status: 400,
      message: 'The security token included in the request is expired',
    });
    const other = through(server, door, { credentials: server.issueCredentials() });
    await other.send(get('app/db'));
    server.expireCredentials();
    expect(await errorOf(other.send(get('app/db')))).toMatchObject({ name: 'ExpiredTokenException' });
    expect(server.issued).toBe(2);
  });

  test('a clock that is wrong by up to five minutes passes, by more it does not until the SDK has learnt it', async () => {
    const server = await serverWith();
    server.setSecret('app/db', 'text');
    for (const [skew, passes] of [
      [4.9, true],
      [-4.9, true],
      [6, false],
      [-6, false],
    ] as const) {
      server.skewClock(skew * 60_000);
      const client = clientOf(server);
      const first = client.send(get('app/db'));
      if (!passes)
        expect((await errorOf(first)).message).toMatch(
          skew > 0 ? /^Signature expired: \d{8}T\d{6}Z is now earlier/ : /^Signature not yet current: /,
        );
      else await first;
      expect((await client.send(get('app/db'))).SecretString).toBe('text');
    }
  });

  test('a policy that refuses: by name, whatever it is asked by', async () => {
    const server = await serverWith();
    server.setSecret('app/db', 'text');
    server.deny('app/db');
    const error = await errorOf(clientOf(server).send(get(server.arnOf('app/db'))));
    expect([error.name, error.status]).toEqual(['AccessDeniedException', 400]);
    expect(error.message).toContain('is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:');
    server.allow();
    expect((await clientOf(server).send(get('app/db'))).SecretString).toBe('text');
  });
});

describe('a bad day', () => {
  test('throttled, and any other error on cue', async () => {
    const server = await serverWith();
    server.setSecret('app/db', 'text');
    const client = clientOf(server);
    server.throttle();
    server.failNext({ type: 'InternalServiceError', message: 'An error occurred on the server side.' });
    server.failNext({ type: 'DecryptionFailure', times: 2 });
    const errors = [];
    for (let n = 0; n < 4; n += 1) errors.push(await errorOf(client.send(get('app/db'))));
    expect(errors.map(({ name, status }) => [name, status])).toEqual([
      ['ThrottlingException', 400],
      ['InternalServiceError', 500],
      ['DecryptionFailure', 400],
      ['DecryptionFailure', 400],
    ]);
    expect((await client.send(get('app/db'))).SecretString).toBe('text');
    expect(() => server.failNext({ type: 'X', status: 200 })).toThrow('fakeSecretsManager: a fault has a status');
  });

  test.each(DOORS)('partitioned, refused; healed, as before, %s', async (door) => {
    const server = await serverWith();
    server.setSecret('app/db', 'text');
    const client = through(server, door);
    await client.send(get('app/db'));
    await server.partition();
    await expect(client.send(get('app/db'))).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
    await server.heal();
    expect((await client.send(get('app/db'))).SecretString).toBe('text');
  });

  test('slow and hanging, in virtual time; a request can be given up', async () => {
    const clock = virtualClock();
    const server = await serverWith({ clock });
    server.setSecret('app/db', 'text');
    const client = through(server, 'without a network');
    server.slow(800);
    await clock.until(client.send(get('app/db')));
    expect(clock.now()).toBe(800);
    server.hang();
    const controller = new AbortController();
    const asking = client.send(get('app/db'), { abortSignal: controller.signal });
    await clock.settle();
    controller.abort(new Error('enough'));
    await expect(asking).rejects.toMatchObject({ name: 'AbortError' });
    expect([server.requests.inFlight, server.requests.recent.at(-1)?.outcome]).toEqual([0, 'hung']);
  });

  test('its log has the requests, and nothing of keys and secrets', async () => {
    const server = await serverWith();
    server.setSecret('app/db', 'canary');
    const keys = server.issueCredentials();
    const client = clientOf(server, { credentials: keys });
    await client.send(get('app/db'));
    await client.send(new PutSecretValueCommand({ SecretId: 'app/db', SecretString: 'canary two' }));
    const log = JSON.stringify(server.requests.recent);
    expect(log).toContain('secretsmanager.GetSecretValue');
    for (const word of ['canary', keys.accessKeyId, keys.sessionToken as string, 'Signature='])
      expect([word, log.includes(word)]).toEqual([word, false]);
  });

  test('the same seed makes up the same ids', async () => {
    const [one, other] = [await serverWith({ seed: 7 }), await serverWith({ seed: 7 })];
    expect([one.setSecret('a', '1'), one.arnOf('a')]).toEqual([other.setSecret('a', '1'), other.arnOf('a')]);
  });
});
