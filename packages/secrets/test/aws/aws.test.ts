import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ConfigurationError, classifyError } from '@holdfast/core';
import { fakeSecretsManager } from '@holdfast/testing';
import {
  type AwsClient,
  AwsSecrets,
  type AwsSecretsError,
  type AwsSecretsOptions,
  SecretsError,
} from '../../src/index.js';
import { NEW, OLD, PATH, worldWith } from './world.js';

describe('data', () => {
  test('a JSON object is its members, frozen, read once', async () => {
    const { aws, ended, reads } = await worldWith();
    const data = await ended(aws.get(PATH));
    expect([data, Object.isFrozen(data), await aws.get(PATH)]).toEqual([OLD, true, OLD]);
    expect(reads()).toBe(1);
  });

  test.each([
    ['plain text', { value: 'plain text' }],
    ['', { value: '' }],
    ['[1]', { value: '[1]' }],
  ])('the text %j is %j', async (text, data) => {
    const { aws, server, ended } = await worldWith();
    server.setSecret('app/text', text);
    expect(await ended(aws.get('app/text'))).toEqual(data);
  });

  test('M23, MX7: SecretBinary is read as text where it is text, JSON too, else as bytes', async () => {
    const { aws, server, ended } = await worldWith();
    server.setSecret('app/json', Buffer.from(JSON.stringify(NEW)));
    server.setSecret('app/text', Buffer.from('naïve'));
    server.setSecret('app/key', Uint8Array.from([0, 255, 128, 10]));
    expect(await ended(aws.get('app/json'))).toEqual(NEW);
    expect(await ended(aws.get('app/text'))).toEqual({ value: 'naïve' });
    const { value } = await ended(aws.get<{ value: Uint8Array }>('app/key'));
    value.fill(7);
    expect([...(await aws.get<{ value: Uint8Array }>('app/key')).value]).toEqual([0, 255, 128, 10]);
  });

  test('the metadata tell a rotation', async () => {
    const { aws, server, ended, clock } = await worldWith();
    const { metadata, lease } = await ended(aws.read(PATH));
    expect(lease).toBeUndefined();
    expect(metadata).toEqual({
      arn: server.arnOf(PATH),
      name: PATH,
      versionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      stages: ['AWSCURRENT'],
      createdAt: '2024-01-01T00:00:00.000Z',
    });
    const next = server.setSecret(PATH, NEW);
    await clock.advance(300_000);
    expect((await ended(aws.read(PATH))).metadata).toMatchObject({ versionId: next });
    expect(metadata?.['versionId']).not.toBe(next);
  });

  test('another version, by its label or its id', async () => {
    const { server, ended, ...world } = await worldWith({ versionStage: 'AWSPREVIOUS' });
    server.setSecret(PATH, NEW);
    expect(await ended(world.aws.get(PATH))).toEqual(OLD);
    const { metadata } = await ended(world.aws.read(PATH));
    const versionId = metadata?.['versionId'] as string;
    const { region, requestHandler } = server;
    const credentials = server.credentialProvider();
    await using pinned = new AwsSecrets({ region, requestHandler, credentials, versionId });
    expect(await pinned.get(PATH)).toEqual(OLD);
    expect([world.aws.name, pinned.name]).toEqual(['aws:eu-west-1:AWSPREVIOUS', `aws:eu-west-1:${versionId}`]);
  });

  test('an ARN is a path', async () => {
    const { aws, server, ended } = await worldWith();
    expect(await ended(aws.get(server.arnOf(PATH)))).toEqual(OLD);
  });

  test.each(['', 'with blank', 'line\nfeed', 'x'.repeat(2_049), 7, undefined])('%j is no path', async (path) => {
    const { aws, server } = await worldWith();
    const asking = aws.get(path as string);
    await expect(asking).rejects.toThrow('a path must be the name or the ARN of a secret');
    await expect(aws.get(path as string)).rejects.toBeInstanceOf(SecretsError);
    expect(server.requests.count).toBe(0);
  });
});

describe('M3, M6: who and how long', () => {
  test('the name has the region, the kind and the endpoint, and nothing of credentials', async () => {
    await using aws = new AwsSecrets({ region: 'eu-west-1' });
    await using local = new AwsSecrets({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:4566/' });
    expect([aws.kind, aws.name, local.name]).toEqual(['aws', 'aws:eu-west-1', 'aws:eu-west-1:http://127.0.0.1:4566']);
  });

  test('the region of the environment is in the name', async () => {
    const before = process.env['AWS_REGION'];
    process.env['AWS_REGION'] = 'sa-east-1';
    await using aws = new AwsSecrets();
    if (before === undefined) delete process.env['AWS_REGION'];
    else process.env['AWS_REGION'] = before;
    expect(aws.name).toBe('aws:sa-east-1');
  });

  test('two providers share nothing', async () => {
    const { aws, server, ended, reads } = await worldWith();
    const other = await worldWith();
    await ended(aws.get(PATH));
    other.server.setSecret(PATH, NEW);
    expect(await other.ended(other.aws.get(PATH))).toEqual(NEW);
    expect([await aws.get(PATH), reads(), other.reads()]).toEqual([OLD, 1, 1]);
    expect(server.issued).toBe(1);
  });

  test('300 seconds by default, or as told', async () => {
    const { aws, ended, clock, reads } = await worldWith();
    expect(aws.settings).toEqual({ ttl: 300_000, staleIfError: 3_600_000, maxSize: 256 });
    await ended(aws.get(PATH));
    await clock.advance(299_999);
    await aws.get(PATH);
    expect(reads()).toBe(1);
    await clock.advance(1);
    await ended(aws.get(PATH));
    expect(reads()).toBe(2);
    const shorter = await worldWith({ ttl: '10s' });
    await shorter.ended(shorter.aws.get(PATH));
    await shorter.clock.advance(10_000);
    await shorter.ended(shorter.aws.get(PATH));
    expect(shorter.reads()).toBe(2);
  });
});

describe('a client of one’s own', () => {
  test('is used with its own region and credentials, and left alone at close', async () => {
    await using server = await fakeSecretsManager();
    server.setSecret(PATH, OLD);
    const { region, url: endpoint } = server;
    const client = new SecretsManagerClient({
      region,
      endpoint,
      credentials: server.credentialProvider(),
      maxAttempts: 1,
    });
    const destroy = jest.spyOn(client, 'destroy');
    const aws = new AwsSecrets({ client });
    expect([await aws.get(PATH), aws.name]).toEqual([OLD, 'aws:client']);
    server.expireCredentials();
    expect([await aws.get(PATH, { bypassCache: true }), server.issued]).toEqual([OLD, 2]);
    await aws.close();
    expect(destroy).not.toHaveBeenCalled();
    client.destroy();
  });

  test('may be no more than something that sends', async () => {
    const answers = [{ SecretString: '{"a":1}' }, {}, undefined];
    const client: AwsClient = { send: async () => answers.shift(), destroy: () => undefined, config: {} };
    const { aws, ended, errorOf } = await worldWith({ client, retry: { maxAttempts: 1 } });
    expect(await ended(aws.get(PATH))).toEqual({ a: 1 });
    for (const path of ['b', 'c'])
      expect(await errorOf(aws.get(path))).toMatchObject({
        name: 'SecretFormatError',
        message: 'the answer has neither text nor bytes',
      });
  });
});

describe('options', () => {
  test.each<[AwsSecretsOptions, string]>([
    [
      { regoin: 'x' } as AwsSecretsOptions,
      'AwsSecrets: regoin is no option; known options: cache, circuitBreaker, client',
    ],
    [{ region: '' }, 'AwsSecrets: region must be a non-empty string'],
    [{ versionId: 7 as never }, 'AwsSecrets: versionId must be a non-empty string'],
    [{ endpoint: 'localhost' }, "AwsSecrets: endpoint must be a URL, such as 'http://localhost:4566'"],
    [{ endpoint: 'http://a:b@c' }, 'AwsSecrets: endpoint must not have credentials in it'],
    [{ credentials: 'AKIA' as never }, 'AwsSecrets: credentials must have accessKeyId and secretAccessKey'],
    [{ credentials: null as never }, 'AwsSecrets: credentials must have accessKeyId'],
    [{ requestHandler: 1 as never }, "AwsSecrets: requestHandler must be one of the SDK's handlers"],
    [{ client: {} as never }, 'AwsSecrets: client must be a SecretsManagerClient'],
    [
      { client: new SecretsManagerClient({ region: 'x' }), region: 'x' },
      'AwsSecrets: region belongs to the client; give it there, or leave client out',
    ],
    [{ ttl: 'soon' as never }, 'must be a duration'],
    [{ retry: { maxAttempts: 0 } }, 'maxAttempts'],
  ])('%#: wrong ones are told at once', (options, message) => {
    expect(() => new AwsSecrets(options)).toThrow(ConfigurationError);
    expect(() => new AwsSecrets(options)).toThrow(message);
  });
});

describe('check', () => {
  test('proves that there are credentials, without a request', async () => {
    const { aws, server, ended } = await worldWith();
    await ended(aws.check());
    expect([server.issued, server.requests.count]).toEqual([1, 0]);
  });

  test('tells that there are none', async () => {
    const none = async () => {
      throw Object.assign(new Error('canary'), { name: 'CredentialsProviderError' });
    };
    const { aws, errorOf } = await worldWith({ credentials: none });
    const error = (await errorOf(aws.check())) as AwsSecretsError;
    expect([error.message, classifyError(error)]).toEqual([
      'no credentials: CredentialsProviderError',
      'authentication',
    ]);
  });
});

test('the credentials and the region of the environment, over HTTP', async () => {
  await using server = await fakeSecretsManager({ region: 'ap-south-1' });
  server.setSecret(PATH, OLD);
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIAFAKE',
    AWS_SECRET_ACCESS_KEY: 'fake-secret-key',
    AWS_REGION: 'ap-south-1',
  });
  try {
    await using aws = new AwsSecrets({ endpoint: server.url });
    await aws.check();
    expect(await aws.get(PATH)).toEqual(OLD);
  } finally {
    process.env = before;
  }
});
