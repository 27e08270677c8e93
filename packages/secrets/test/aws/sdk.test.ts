import type * as Sdk from '@aws-sdk/client-secrets-manager';
import { ConfigurationError } from '@holdfast/core';
import { type AwsKeys, fakeSecretsManager, virtualClock } from '@holdfast/testing';
import { AwsSecrets } from '../../src/index.js';

/** How the vendor's package is loaded, and what is made of it. */

const PACKAGE = '@aws-sdk/client-secrets-manager';
const PATH = 'app/db';

interface Made {
  readonly config: Record<string, unknown>;
  isDestroyed: boolean;
}

const made: Made[] = [];

/** The real package, whose clients are counted. */
const counted = () => {
  const actual = jest.requireActual<typeof Sdk>(PACKAGE);
  class SecretsManagerClient extends actual.SecretsManagerClient {
    readonly #made: Made;

    constructor(config: Record<string, unknown>) {
      super(config);
      this.#made = { config, isDestroyed: false };
      made.push(this.#made);
    }

    override destroy(): void {
      this.#made.isDestroyed = true;
      super.destroy();
    }
  }
  return { ...actual, SecretsManagerClient };
};

const missing = (code: string) => (): never => {
  throw Object.assign(new Error('Cannot find package'), { code });
};

beforeEach(() => {
  made.length = 0;
  jest.resetModules();
});

test('one client for all first callers, made with the first request and destroyed at close', async () => {
  jest.doMock(PACKAGE, counted);
  await using server = await fakeSecretsManager();
  for (let n = 0; n < 50; n += 1) server.setSecret(`many/${n}`, { n });
  const { region, url: endpoint } = server;
  const aws = new AwsSecrets({ region, endpoint, credentials: server.credentialProvider() });
  expect(made).toEqual([]);
  await Promise.all(Array.from({ length: 50 }, (_, n) => aws.get(`many/${n}`)));
  expect(made).toMatchObject([
    { config: { region, endpoint, credentials: expect.any(Function), maxAttempts: 1 }, isDestroyed: false },
  ]);
  await aws.close();
  expect(made.map(({ isDestroyed }) => isDestroyed)).toEqual([true]);
});

test('new credentials come by a new client, with the connections of the old one and its idea of the time', async () => {
  jest.doMock(PACKAGE, counted);
  await using server = await fakeSecretsManager();
  server.setSecret(PATH, { a: 1 });
  server.skewClock(20 * 60_000);
  const { region, url: endpoint } = server;
  const kept = new Map<string, AwsKeys>();
  /** As many do, it keeps what it has until it is told not to. */
  const credentials = async (options: { readonly forceRefresh?: boolean } = {}) => {
    if (options.forceRefresh === true || !kept.has('keys')) kept.set('keys', server.issueCredentials());
    return kept.get('keys') as AwsKeys;
  };
  const aws = new AwsSecrets({ region, endpoint, credentials });
  for (let n = 1; n <= 3; n += 1) {
    expect(await aws.get(PATH, { bypassCache: true })).toEqual({ a: 1 });
    expect([server.issued, made.length]).toEqual([n, n]);
    server.expireCredentials();
  }
  // One request was dated wrongly, and one for each of two expired credentials.
  expect(server.count('GetSecretValue')).toBe(6);
  const offsets = made.slice(1).map(({ config }) => Math.round((config['systemClockOffset'] as number) / 60_000));
  expect(offsets).toEqual([20, 20]);
  expect(made[1]?.config['requestHandler']).toBe(made[2]?.config['requestHandler']);
  await aws.close();
  expect(made.map(({ isDestroyed }) => isDestroyed)).toEqual([false, false, true]);
});

test('closed before the first request, it makes none', async () => {
  jest.doMock(PACKAGE, counted);
  const aws = new AwsSecrets({ region: 'eu-west-1' });
  await aws.close();
  await expect(aws.get(PATH)).rejects.toMatchObject({ code: 'SECRETS_CLOSED' });
  expect(made).toEqual([]);
});

test.each(['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'])(
  'not installed (%s): the error names what to install, is not retried, and opens no circuit',
  async (code) => {
    jest.doMock(PACKAGE, missing(code));
    await using aws = new AwsSecrets({ region: 'eu-west-1' });
    for (let n = 0; n < 6; n += 1) {
      const error: unknown = await aws.get(PATH).catch((each: unknown) => each);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect((error as Error).message).toBe(`AwsSecrets: ${PACKAGE} is not installed; npm install ${PACKAGE}`);
    }
    expect(aws.circuit.state).toBe('closed');
    await expect(aws.check()).rejects.toThrow('is not installed');
    jest.doMock(PACKAGE, counted);
    await using server = await fakeSecretsManager();
    server.setSecret(PATH, { a: 1 });
    const { region, url: endpoint } = server;
    await using later = new AwsSecrets({ region, endpoint, credentials: server.issueCredentials() });
    expect(await later.get(PATH)).toEqual({ a: 1 });
  },
);

test('a package that is broken tells so itself', async () => {
  jest.doMock(PACKAGE, missing('ERR_REQUIRE_ESM'));
  await using aws = new AwsSecrets({ region: 'eu-west-1', retry: { maxAttempts: 1 } });
  await expect(aws.get(PATH)).rejects.toMatchObject({ code: 'ERR_REQUIRE_ESM' });
});

test('without a region: the error names the option and the variable', async () => {
  jest.doMock(PACKAGE, counted);
  const before = { ...process.env };
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) delete process.env[name];
  process.env['AWS_CONFIG_FILE'] = process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nonexistent';
  try {
    await using aws = new AwsSecrets();
    expect(aws.name).toBe('aws');
    await expect(aws.get(PATH)).rejects.toThrow('AwsSecrets: region is not known; give it, or set AWS_REGION');
    expect(made[0]?.isDestroyed).toBe(true);
  } finally {
    process.env = before;
  }
});

test('requests go out without the SDK’s own retries', async () => {
  jest.doMock(PACKAGE, counted);
  const clock = virtualClock();
  await using server = await fakeSecretsManager({ clock });
  server.throttle({ times: Infinity });
  const { region, requestHandler } = server;
  const credentials = server.issueCredentials();
  await using aws = new AwsSecrets({ region, requestHandler, credentials, retry: { maxAttempts: 1 } });
  await expect(aws.get(PATH)).rejects.toMatchObject({ reason: 'ThrottlingException' });
  expect(server.requests.count).toBe(1);
});
