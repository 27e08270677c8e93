/** Secrets go into an application everywhere a secret can be. They come out by no path that Holdfast has. */
import { type ChildProcess, fork } from 'node:child_process';
import { request } from 'node:http';
import type { AppIsReady } from './fixtures/app-with-secrets.js';
import { type BuiltCli, builtCli } from './support/built-cli.js';
import { environmentOf, runProgram } from './support/run.js';

let cli: BuiltCli;
let app: ChildProcess;
let ready: AppIsReady;
/** What the application prints. */
let printed = '';

beforeAll(async () => {
  cli = await builtCli({ installed: ['aws', 'azure'] });
  const program = await cli.compile(
    'app-with-secrets.js',
    "import { main } from '../fixtures/app-with-secrets.js'; await main();",
  );
  app = fork(program, { silent: true, env: environmentOf({ DEBUG: 'holdfast:*' }) });
  for (const stream of [app.stdout, app.stderr]) stream?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  ready = await new Promise<AppIsReady>((resolve, reject) => {
    app.once('message', (message) => resolve(message as AppIsReady));
    app.once('exit', (code) => reject(new Error(`the application has ended with ${code}:\n${printed}`)));
  });
});
afterAll(async () => {
  if (app.connected) {
    app.send('end');
    await new Promise((resolve) => app.once('exit', resolve));
  }
  cli.remove();
});

/** All canaries, in every spelling they are sent in, and what was issued in the course of the day. */
const secrets = (): RegExp[] => {
  const basic = Buffer.from('canary-user:canary-password').toString('base64');
  const encoded = ['canary', 'anary', 'nary-'].map((text) => Buffer.from(text).toString('base64').replace(/=+$/, ''));
  const plain = [
    basic,
    ...encoded.map((text) => text.slice(1, -1)),
    'hvs.',
    ...ready.issued,
    ready.awsKeys.secretAccessKey,
  ];
  return [/canary/i, ...plain.map((text) => new RegExp(text.replace(/[$()*+./?[\\\]^{|}]/g, '\\$&')))];
};

/** Where a secret is in a text, with a little of what is around it. */
const leaks = (text: string): string[] =>
  secrets().flatMap((secret) => {
    const at = text.search(secret);
    return at < 0 ? [] : [text.slice(Math.max(0, at - 200), at + 60)];
  });

test('nothing that the application can get hold of has one', () => {
  expect(ready.counts.events).toBeGreaterThan(100);
  expect(ready.counts.messages).toBeGreaterThan(50);
  expect(ready.counts.errors).toBeGreaterThan(20);
  const found = Object.entries(ready.texts).map(([name, text]) => [name, leaks(text)]);
  expect(found.filter(([, each]) => each?.length !== 0)).toEqual([]);
});

test('nothing that it prints has one, with everything switched on that prints', () => {
  expect(printed).toContain('holdfast:cache cache.stored VaultReader.read');
  expect(printed).toContain('holdfast: circuit.opened');
  expect(leaks(printed)).toEqual([]);
});

/** The answer as it is on the wire. */
const ask = (path: string, token: string, body?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = request(new URL(path, ready.inspectorUrl), { method: body === undefined ? 'GET' : 'POST', headers });
    sent.on('response', (response) => {
      let text = `${response.statusCode} ${response.rawHeaders.join(' ')}\n`;
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject).end(body);
  });

describe('the inspector', () => {
  test.each(['/v1/info', '/v1/health', '/v1/stats', '/v1/caches', '/v1/explain', '/metrics'])(
    'has none at %s',
    async (path) => {
      const answer = await ask(path, ready.inspectorToken);
      expect(answer).toMatch(/^200 /);
      expect(answer).toMatch(path === '/v1/info' ? /vault:/ : path === '/v1/health' ? /VaultReader/ : /Accounts/);
      expect(leaks(answer)).toEqual([]);
    },
  );

  test.each([
    ['/v1/explain?method=canary', undefined],
    ['/v1/canary', undefined],
    ['/v1/health?canary=canary', undefined],
    ['/v1/caches/clear', '{"tag":"canary-tag:nothing"}'],
    ['/v1/caches/clear', '{"method":"canary"}'],
    ['/v1/caches/clear', '{"provider":"canary"}'],
    ['/v1/caches/clear', '{"canary":"canary"}'],
    ['/v1/caches/clear', 'canary'],
  ])('repeats none that it was sent: %s %s', async (path, body) => {
    const answer = await ask(path, ready.inspectorToken, body);
    expect(answer).toMatch(/^40[04] /);
    expect(leaks(answer)).toEqual([]);
  });

  test('does not repeat a token that is wrong', async () => {
    const answer = await ask('/v1/health', 'canary');
    expect(answer).toMatch(/^401 /);
    expect(leaks(answer)).toEqual([]);
  });

  test('says what it clears by tag, and not which', async () => {
    const answer = await ask('/v1/caches/clear', ready.inspectorToken, '{"tag":"canary-tag:canary-1"}');
    expect(answer).toMatch(/^200 [^]*Accounts\.balance/);
    expect(leaks(answer)).toEqual([]);
  });
});

const VAULT = { VAULT_ROLE_ID: 'canary-role-id', VAULT_SECRET_ID: 'canary-secret-id', VAULT_TOKEN: '' };

describe('the command line', () => {
  const environment = (): Record<string, string> => ({
    HOLDFAST_INSPECTOR_URL: ready.inspectorUrl,
    HOLDFAST_INSPECTOR_TOKEN: ready.inspectorToken,
    VAULT_ADDR: ready.vaultUrl,
    ...VAULT,
    HOLDFAST_SECRETS_VAULT_PATH: 'secret/canary-path',
    HOLDFAST_SECRETS_BASE_DELAY: '1ms',
    HOLDFAST_LOG_LEVEL: 'debug',
    DEBUG: 'holdfast:*',
  });
  const ofAws = (): Record<string, string> => ({
    HOLDFAST_SECRETS_PROVIDERS: 'aws',
    HOLDFAST_SECRETS_AWS_NAME: 'canary-name',
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: ready.awsUrl,
    AWS_ACCESS_KEY_ID: ready.awsKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ready.awsKeys.secretAccessKey,
    AWS_SESSION_TOKEN: ready.awsKeys.sessionToken ?? '',
  });

  const has = async (line: string, expected: number, env: () => Record<string, string> = () => ({})): Promise<void> => {
    const args = line.split(' ');
    const { code, stdout, stderr } = await runProgram(process.execPath, [cli.bin, ...args], {
      env: { ...environment(), ...env() },
    });
    expect({ code, leaks: leaks(stdout + stderr) }).toEqual({ code: expected, leaks: [] });
    expect(stdout + stderr).not.toBe('');
  };

  const COMMANDS = ['info', 'cache status', 'top --once', 'explain --app', 'cache clear --provider vault', 'doctor'];

  test.each(COMMANDS.flatMap((command) => [command, `${command} --json`]))('has none in %s', async (line) => {
    await has(line, 0);
  });

  test.each(['doctor', 'doctor --json', 'info'])('has none of AWS in %s', async (line) => {
    await has(line, 0, ofAws);
  });

  const wrong = (more: Record<string, string>) => () => more;
  const ofAwsWith = (more: Record<string, string>) => () => ({ ...ofAws(), ...more });

  test.each<[what: string, line: string, code: number, env: () => Record<string, string>]>([
    [
      'a token that Vault does not know',
      'doctor',
      1,
      wrong({ VAULT_ROLE_ID: '', VAULT_SECRET_ID: '', VAULT_TOKEN: 'canary' }),
    ],
    ['a role that it does not know', 'doctor', 1, wrong({ VAULT_SECRET_ID: 'canary-of-yesterday' })],
    ['a path with nothing', 'doctor', 1, wrong({ HOLDFAST_SECRETS_VAULT_PATH: 'secret/canary-nothing' })],
    ['an address with a password', 'doctor', 2, wrong({ VAULT_ADDR: 'https://canary:canary@vault' })],
    ['a number that is none', 'doctor', 2, wrong({ HOLDFAST_SECRETS_VAULT_TTL: 'canary' })],
    ['a number that is none', 'info', 0, wrong({ HOLDFAST_SECRETS_VAULT_TTL: 'canary' })],
    ['a provider that is none', 'doctor', 2, wrong({ HOLDFAST_SECRETS_PROVIDERS: 'canary' })],
    ['keys that AWS does not know', 'doctor', 1, ofAwsWith({ AWS_SECRET_ACCESS_KEY: 'canary' })],
    ['a name with nothing', 'doctor', 1, ofAwsWith({ HOLDFAST_SECRETS_AWS_NAME: 'canary-nothing' })],
    [
      'a wrong token for the inspector',
      'top --once',
      2,
      wrong({ HOLDFAST_INSPECTOR_TOKEN: 'canary-of-yesterday-0123456789ab' }),
    ],
    ['a URL with a password', 'cache status', 2, wrong({ HOLDFAST_INSPECTOR_URL: 'http://canary:canary@127.0.0.1:1' })],
  ])('has none in what it says of %s: %s', async (_, line, code, env) => {
    await has(line, code, env);
  });
});
