/** `holdfast doctor` and `holdfast info` against a Vault and a server, and without them. */
import { type FakeVault, fakeVault } from '@holdfast/testing';
import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BuiltCli, builtCli } from './support/built-cli.js';
import { type FakeInspector, fakeInspector } from './support/fake-inspector.js';
import { type Finished, runProgram } from './support/run.js';
import { TerminalRun, pty } from './support/terminal.js';

const CANARY = 'canary-in-the-coal-mine';
const SECRET_ID = 'secret-id-canary';

let cli: BuiltCli;
let vault: FakeVault;
let web: Server;
let url: string;
/** What the server was asked: method and headers. */
let asked: { readonly method: string | undefined; readonly headers: IncomingHttpHeaders }[];
let statusFor: (headers: IncomingHttpHeaders) => number;

beforeAll(async () => {
  cli = await builtCli();
});
afterAll(() => cli.remove());

beforeEach(async () => {
  vault = await fakeVault({ appRole: { roleId: 'role', secretId: SECRET_ID } });
  vault.setSecret('secret/app/db', { token: CANARY });
  asked = [];
  statusFor = ({ authorization }) => (authorization === `Bearer ${CANARY}` ? 200 : 401);
  web = createServer(({ method, headers }, response) => {
    asked.push({ method, headers });
    response.writeHead(statusFor(headers)).end();
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await vault.close();
  await new Promise<void>((resolve) => {
    web.close(() => resolve());
    web.closeAllConnections();
  });
});

const environment = (env: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  VAULT_ADDR: vault.url,
  VAULT_ROLE_ID: 'role',
  VAULT_SECRET_ID: SECRET_ID,
  MLFLOW_VAULT_SECRET_PATH: 'secret/app/db',
  MLFLOW_SECRETS_BASE_DELAY: '0.01',
  ...env,
});

const run = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Finished> => {
  const finished = await runProgram(process.execPath, [cli.bin, ...args], { env });
  expect(finished.stdout + finished.stderr).not.toContain(CANARY);
  expect(finished.stdout + finished.stderr).not.toContain(SECRET_ID);
  expect(finished.stderr).not.toMatch(/\n\s+at /);
  return finished;
};

const doctor = (args: readonly string[] = [], env = {}): Promise<Finished> =>
  run(['doctor', ...args], environment(env));

interface Report {
  readonly isOk: boolean;
  readonly exitCode: number;
  readonly provider: string | null;
  readonly steps: readonly {
    readonly step: string;
    readonly status: string;
    readonly message: string;
    readonly ms: number;
  }[];
  readonly warnings: readonly string[];
}

/** `+provider +configuration x-authentication -fetch`: what became of each step. */
const inShort = ({ stdout }: Finished): string =>
  (JSON.parse(stdout) as Report).steps
    .map(({ step, status }) => `${{ passed: '+', failed: 'x', skipped: '-' }[status]}${step}`)
    .join(' ');

describe('doctor', () => {
  test('goes from the provider to the secret, each step with its sign and its time', async () => {
    const { code, stdout, stderr } = await doctor();
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^✓ provider {8}vault, http:\/\/127\.0\.0\.1:\d+/),
      expect.stringMatching(/^✓ configuration {3}kept for 5 m, 3 attempts, header Authorization/),
      expect.stringMatching(/^✓ authentication {2}the token is good {2}[\d.]+ m?s$/),
      expect.stringMatching(/^✓ fetch {11}the secret has 1 field {2}[\d.]+ m?s$/),
      expect.stringMatching(/^✓ format {10}bearer credentials for the header Authorization/),
      '',
      expect.stringMatching(/^! any host may be sent the secret/),
      '5 checks passed.',
      '',
    ]);
    expect(code).toBe(0);
  });

  test('and on to a server, with the credentials', async () => {
    const { code, stdout } = await doctor([url]);
    expect(stdout).toContain('✓ HEAD            the server answered 200');
    expect(asked).toEqual([
      { method: 'HEAD', headers: expect.objectContaining({ authorization: `Bearer ${CANARY}` }) as unknown },
    ]);
    expect(code).toBe(0);
  });

  test('a server that refuses them is a failed check', async () => {
    statusFor = () => 403;
    const finished = await doctor([url]);
    expect(finished.code).toBe(1);
    expect(finished.stdout).toContain('✗ HEAD            the server refuses the credentials: 403');
    expect(finished.stdout).toContain('  → ');
  });

  test('a host that is not allowed is sent nothing', async () => {
    const { code, stdout } = await doctor([url], { MLFLOW_SECRETS_ALLOWED_HOSTS: 'mlflow.example' });
    expect(stdout).toMatch(/✗ host .* may not be sent the secret/);
    expect(stdout).toContain('HOLDFAST_SECRETS_ALLOWED_HOSTS');
    expect(asked).toEqual([]);
    expect(code).toBe(1);
  });

  test.each([
    ['no provider', { MLFLOW_VAULT_SECRET_PATH: '' }, 2, 'xprovider -configuration -authentication -fetch -format'],
    ['no address', { VAULT_ADDR: '' }, 2, '+provider xconfiguration -authentication -fetch -format'],
    ['no number', { MLFLOW_VAULT_TTL_SEC: 'soon' }, 2, '-provider xconfiguration -authentication -fetch -format'],
    ['wrong role', { VAULT_ROLE_ID: 'nobody' }, 1, '+provider +configuration xauthentication -fetch -format'],
    [
      'no such secret',
      { MLFLOW_VAULT_SECRET_PATH: 'secret/nothing' },
      1,
      '+provider +configuration +authentication xfetch -format',
    ],
    [
      'nobody there',
      { VAULT_ADDR: 'http://127.0.0.1:1' },
      3,
      '+provider +configuration xauthentication -fetch -format',
    ],
  ])('%s', async (_, env, exitCode, steps) => {
    const finished = await doctor(['--json'], env);
    expect(inShort(finished)).toBe(steps);
    expect(finished.code).toBe(exitCode);
    expect(JSON.parse(finished.stdout)).toMatchObject({ isOk: false, exitCode });
  });

  test('a token that Vault does not know is a matter of the token, not of the path', async () => {
    const finished = await doctor(['--json'], { VAULT_ROLE_ID: '', VAULT_SECRET_ID: '', VAULT_TOKEN: 'nobodys-token' });
    expect(inShort(finished)).toBe('+provider +configuration xauthentication -fetch -format');
    expect(finished.stdout).toContain('403');
    expect(finished.stdout).toContain('vault token lookup');
    expect(finished.stdout).not.toContain('vault token capabilities');
  });

  test('a secret without credentials in it is a failed check of the format', async () => {
    vault.setSecret('secret/app/db', { nothing: 1 });
    const finished = await doctor(['--json']);
    expect(inShort(finished)).toBe('+provider +configuration +authentication +fetch xformat');
    expect(finished.stdout).not.toContain('vault status');
    expect(finished.stdout).toContain('put a token, or a username and a password, into the secret');
    expect(finished.code).toBe(1);
  });

  test('a path that no policy grants is told apart from a wrong token', async () => {
    vault.deny('secret/data/app/db');
    const finished = await doctor();
    expect(finished.stdout).toContain('✗ fetch           Vault answered 403: permission denied');
    expect(finished.stdout).toContain('a policy of the token must allow to read the path');
    expect(finished.code).toBe(1);
  });

  test('a sealed Vault has been reached, and is not well', async () => {
    vault.seal();
    const { code, stdout } = await doctor([], { MLFLOW_SECRETS_MAX_RETRIES: '1' });
    expect(stdout).toContain('Vault answered 503: sealed');
    expect(stdout).toContain('vault status');
    expect(vault.count('login')).toBe(2);
    expect(code).toBe(1);
  });

  test.each([
    ['@aws-sdk/client-secrets-manager', { HOLDFAST_SECRETS_AWS_NAME: 'x', AWS_REGION: 'eu-west-1' }],
    ['@azure/', { HOLDFAST_SECRETS_AZURE_NAME: 'x', HOLDFAST_SECRETS_AZURE_URL: 'https://nowhere.vault.azure.net' }],
  ])('%s that is not installed is told', async (name, env) => {
    const { code, stdout } = await run(['doctor'], env);
    expect(stdout).toContain(name);
    expect(code).toBe(2);
  });

  test('the cache can be off', async () => {
    const { code, stdout } = await doctor([], { MLFLOW_SECRETS_CACHE_DISABLED: 'true' });
    expect(stdout).toContain('✓ configuration   the cache is off');
    expect(code).toBe(0);
  });

  test('DEBUG shows what the provider does and how long it takes, on standard error', async () => {
    const { code, stdout, stderr } = await doctor(['--json'], { MLFLOW_SECRETS_LOG_LEVEL: 'DEBUG' });
    expect(stderr).toMatch(/debug holdfast: call\.succeeded \S+ durationMs=[\d.]+/);
    expect((JSON.parse(stdout) as Report).isOk).toBe(true);
    expect(code).toBe(0);
  });

  test.each(['nonsense', 'ftp://x', 'https://user:pass@x.example'])(
    'the URL %s is wrong usage, and not repeated',
    async (text) => {
      const { code, stderr } = await doctor([text]);
      expect(code).toBe(2);
      expect(stderr).toContain('must begin with https://');
      expect(stderr).not.toContain(text);
    },
  );

  (pty === undefined ? test.skip : test)(
    'a step that takes its time shows a sign of life on a terminal, and goes',
    async () => {
      vault.hang();
      const terminal = new TerminalRun(process.execPath, [cli.bin, 'doctor'], { env: environment() });
      await terminal.sees(/proving who asks/);
      void vault.heal();
      await terminal.sees(/5 checks passed/);
      expect((await terminal.exited).exitCode).toBe(0);
      expect(terminal.text).not.toContain('proving');
      expect(terminal.raw).toContain('\u001B[32m✓');
    },
  );
});

(pty === undefined ? test.skip : test)('Ctrl-C ends a step that hangs, and leaves no line of it behind', async () => {
  vault.hang();
  const terminal = new TerminalRun(process.execPath, [cli.bin, 'doctor'], { env: environment() });
  await terminal.sees(/proving who asks/);
  terminal.type('\u0003');
  expect((await terminal.exited).exitCode).toBe(130);
  expect(terminal.text).not.toContain('proving');
});

describe('doctor --dry-run', () => {
  test('reads no secret and sends no credential', async () => {
    const finished = await doctor(['--dry-run', url]);
    expect(finished.stdout).toContain('✓ HEAD            the server answered 401: it wants credentials, as it should');
    expect(finished.stdout).toContain('– fetch           not in a dry run');
    expect(asked.map(({ method, headers }) => [method, headers.authorization])).toEqual([['HEAD', undefined]]);
    expect(vault.requests.count).toBe(0);
    expect(finished.code).toBe(0);
  });

  test('needs no provider', async () => {
    const finished = await run(['doctor', '--dry-run', '--json', url], {});
    expect(inShort(finished)).toBe('-provider -configuration -authentication -fetch -format -host +HEAD');
    expect(finished.code).toBe(0);
  });

  test('a server that cannot be reached ends with 3', async () => {
    const finished = await run(['doctor', '--dry-run', 'http://127.0.0.1:1'], {});
    expect(finished.stdout).toMatch(/✗ HEAD .* cannot be reached/);
    expect(finished.code).toBe(3);
  });

  test('one that is not well ends with 1', async () => {
    statusFor = () => 502;
    expect((await doctor(['--dry-run', url])).code).toBe(1);
  });

  test('a wrong host is told, and the network is tried all the same', async () => {
    const finished = await doctor(['--dry-run', '--json', url], { MLFLOW_SECRETS_ALLOWED_HOSTS: 'mlflow.example' });
    expect(inShort(finished)).toMatch(/xhost \+HEAD$/);
    expect(finished.code).toBe(1);
  });
});

describe('info', () => {
  let app: FakeInspector;
  beforeEach(async () => {
    app = await fakeInspector();
  });
  afterEach(() => app.close());

  test('works without anything, and says how to show more', async () => {
    const { code, stdout, stderr } = await run(['info'], {});
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^holdfast \d+\.\d+\.\d+ · node v/);
    expect(stdout).toMatch(/vault {6}off: not set: VAULT_ADDR/);
    expect(stdout).toContain('startInspector');
    expect(code).toBe(0);
  });

  test('says what the environment configures', async () => {
    const { stdout } = await run(
      ['info'],
      environment({
        MLFLOW_VAULT_TTL_SEC: '900',
        MLFLOW_SECRETS_MAX_RETRIES: '1',
        MLFLOW_SECRETS_CACHE_DISABLED: 'true',
        MLFLOW_SECRETS_LOG_LEVEL: 'DEBUG',
        MLFLOW_SECRETS_ALLOWED_HOSTS: 'mlflow.example, *.corp.example',
      }),
    );
    expect(stdout).toMatch(/vault {6}enabled, http:\/\/127\.0\.0\.1:\d+, ttl 15 m/);
    expect(stdout).toMatch(/aws {8}off: not set: /);
    expect(stdout).toContain('hosts      mlflow.example, *.corp.example');
    expect(stdout).toContain('attempts   2 (1 retry)');
    expect(stdout).toContain('cache      off, by the environment');
    expect(stdout).toContain('log level  debug');
  });

  test('a variable that does not parse is shown', async () => {
    const { code, stdout } = await run(['info'], environment({ MLFLOW_VAULT_TTL_SEC: 'soon' }));
    expect(stdout).toContain('✗ MLFLOW_VAULT_TTL_SEC: must be a number of seconds');
    expect(code).toBe(0);
  });

  test('shows the hit rate, providers, caches and circuits of the running application', async () => {
    const { code, stdout } = await run(['info'], app.env);
    expect(code).toBe(0);
    expect(stdout).toContain('name       shop, pid 4242');
    expect(stdout).toContain('hit rate   94.0 % of 1,000 look-ups');
    expect(stdout).toMatch(/vault:https:\/\/vault:8200 +5 m +1 h +99\.0 % +closed/);
    expect(stdout).toMatch(/Payments\.charge +open +5 +30 s/);
  });

  test('--json is one document', async () => {
    const { stdout } = await run(['info', '--json'], app.env);
    expect(JSON.parse(stdout)).toMatchObject({
      app: { hitRate: 0.94, status: 'degraded' },
      secrets: { maxAttempts: 3 },
    });
  });

  test('an application that does not answer is told, and the rest is shown', async () => {
    await app.close();
    const { code, stdout } = await run(['info'], app.env);
    expect(stdout).toContain('nothing listens there');
    expect(stdout).toContain('attempts');
    expect(code).toBe(0);
  });
});
