/** `holdfast doctor` through AWS's own SDK, against a server that checks its signatures. */
import { type AwsKeys, type FakeSecretsManager, fakeSecretsManager } from '@holdfast/testing';
import { type BuiltCli, builtCli } from './support/built-cli.js';
import { type Finished, runProgram } from './support/run.js';

const CANARY = 'canary-in-the-coal-mine';

let cli: BuiltCli;
let aws: FakeSecretsManager;
let keys: AwsKeys;

beforeAll(async () => {
  cli = await builtCli({ installed: ['aws'] });
});
afterAll(() => cli.remove());

beforeEach(async () => {
  aws = await fakeSecretsManager();
  aws.setSecret('app/db', { token: CANARY });
  keys = aws.issueCredentials();
});
afterEach(() => aws.close());

const doctor = async (env: Readonly<Record<string, string>> = {}): Promise<Finished> => {
  const finished = await runProgram(process.execPath, [cli.bin, 'doctor'], {
    env: {
      HOLDFAST_SECRETS_AWS_NAME: 'app/db',
      HOLDFAST_SECRETS_BASE_DELAY: '10ms',
      AWS_REGION: aws.region,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken ?? '',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
  });
  for (const secret of [CANARY, keys.secretAccessKey, keys.sessionToken ?? CANARY])
    expect(finished.stdout + finished.stderr).not.toContain(secret);
  return finished;
};

const FAILED = (step: string, what: string, remedy: string): RegExp =>
  new RegExp(`\\n✗ ${step} +${what} {2}[\\d.]+ m?s\\n {2}→ ${remedy}`);

test('goes from the provider to the secret', async () => {
  const { code, stdout, stderr } = await doctor();
  expect(stderr).not.toContain('holdfast');
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(/^✓ provider {8}aws, eu-west-1/),
    expect.stringMatching(/^✓ configuration {3}kept for 5 m, 3 attempts, header Authorization/),
    expect.stringMatching(
      /^✓ authentication {2}there are credentials; AWS itself looks at them when the secret is read/,
    ),
    expect.stringMatching(/^✓ fetch {11}the secret has 1 field {2}[\d.]+ m?s$/),
    expect.stringMatching(/^✓ format {10}bearer credentials for the header Authorization/),
    '',
    expect.stringMatching(/^! any host may be sent the secret/),
    '5 checks passed.',
    '',
  ]);
  expect(code).toBe(0);
});

test('a secret that does not exist', async () => {
  const { code, stdout } = await doctor({ HOLDFAST_SECRETS_AWS_NAME: 'app/nothing' });
  expect(stdout).toMatch(FAILED('fetch', 'AWS answered ResourceNotFoundException', 'check HOLDFAST_SECRETS_AWS_NAME'));
  expect(code).toBe(1);
});

test('a secret that no policy grants', async () => {
  aws.deny('app/db');
  const { code, stdout } = await doctor();
  expect(stdout).toMatch(
    FAILED('fetch', 'AWS answered AccessDeniedException', 'the role must allow secretsmanager:Get'),
  );
  expect(code).toBe(1);
});

test.each([
  ['that AWS does not know', 'UnrecognizedClientException', () => aws.revokeCredentials()],
  ['that have ended', 'ExpiredTokenException', () => aws.expireCredentials()],
])('credentials %s', async (_, type, end) => {
  end();
  const { code, stdout } = await doctor();
  expect(stdout).toMatch(FAILED('fetch', `AWS answered ${type}`, 'check the credentials of AWS: aws sts'));
  expect(code).toBe(1);
});

test('no credentials, wherever the SDK looks', async () => {
  const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '', HOME: cli.folder };
  const { code, stdout } = await doctor(none);
  expect(stdout).toMatch(FAILED('authentication', 'no credentials: CredentialsProviderError', 'check the credentials'));
  expect(aws.count('GetSecretValue')).toBe(0);
  expect(code).toBe(1);
});

test('no region', async () => {
  const { code, stdout } = await doctor({ AWS_REGION: '', HOME: cli.folder });
  expect(stdout).toContain('region is not known; give it, or set AWS_REGION');
  expect(code).toBe(2);
});

test('nobody there', async () => {
  const { code, stdout } = await doctor({ AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' });
  expect(stdout).toMatch(FAILED('fetch', 'aws cannot be reached: nothing listens there', 'check AWS_REGION'));
  expect(code).toBe(3);
});

test('an AWS that answers and is not well is asked as often as the retries allow', async () => {
  aws.throttle({ times: 99 });
  const { code, stdout } = await doctor({ HOLDFAST_SECRETS_MAX_RETRIES: '1' });
  expect(stdout).toMatch(FAILED('fetch', 'AWS answered ThrottlingException', 'it has answered, and not well'));
  expect(aws.count('GetSecretValue')).toBe(2);
  expect(code).toBe(1);
});
