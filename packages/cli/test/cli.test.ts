/** The command as a user of a shell has it: spawned, through pipes. */
import { type BuiltCli, builtCli } from './support/built-cli.js';
import { type FakeInspector, TOKEN, fakeInspector } from './support/fake-inspector.js';
import { type Finished, type RunOptions, runProgram } from './support/run.js';
import { chmodSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { VERSION } from '../src/version.js';
import manifest from '../package.json';

let cli: BuiltCli;
let app: FakeInspector;

beforeAll(async () => {
  cli = await builtCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  app = await fakeInspector();
});
afterEach(() => app.close());

const holdfast = (args: readonly string[], options?: RunOptions): Promise<Finished> =>
  runProgram(process.execPath, [cli.bin, ...args], options);

const withApp = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  holdfast(args, { env: { ...app.env, ...env } });

const errorOf = ({ stdout }: Finished): Record<string, unknown> =>
  (JSON.parse(stdout) as { error: Record<string, unknown> }).error;

test('the version is that of the package', async () => {
  expect(VERSION).toBe(manifest.version);
  expect((await holdfast(['--version'])).stdout).toBe(`${VERSION}\n`);
});

describe('help', () => {
  test('no command shows the help and the exit codes', async () => {
    const { code, stdout, stderr } = await holdfast([]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain('Usage: holdfast');
    expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}3 /);
  });

  test.each(['info', 'doctor', 'cache status', 'cache clear', 'explain', 'top', 'completion'])(
    '%s --help has examples and --json',
    async (command) => {
      const { code, stdout } = await holdfast([...command.split(' '), '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain('Examples:');
      expect(stdout).toContain('--json');
    },
  );

  test('a group alone shows its commands', async () => {
    const { code, stdout } = await holdfast(['cache']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/status .*\n.*clear /);
  });
});

describe('wrong usage ends with 2 and says what to do', () => {
  test.each([
    [['doctro'], "unknown command 'doctro'", 'did you mean doctor?'],
    [['cache', 'claer'], "unknown command 'claer'", 'did you mean clear?'],
    [['info', '--jsn'], "unknown option '--jsn'", 'did you mean --json?'],
    [['completion'], "missing required argument 'shell'", 'holdfast --help'],
    [['completion', 'csh'], "no completion for 'csh'", 'bash, zsh and fish'],
    [['explain'], 'a file or --app is needed', 'holdfast explain --app'],
    [['explain', '--app', 'x.js'], 'not both', 'holdfast explain'],
    [['cache', 'clear', '--all', '--tag', 'x'], 'exclude each other', 'one of them'],
    [['top', '--interval', '2'], "got '2'", 'with a unit'],
    [['top', '--interval', '1ms'], 'must be a duration of 200ms', 'with a unit'],
  ])('%j', async (args, message, remedy) => {
    const { code, stdout, stderr } = await withApp(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).toContain(remedy);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('with --json the failure is the one document, and is told to people, too', async () => {
    const finished = await withApp(['cache', 'clear', '--all', '--tag', 'x', '--json']);
    expect(finished.code).toBe(2);
    expect(errorOf(finished)).toEqual({
      code: 'USAGE',
      message: expect.stringContaining('exclude each other') as unknown,
      remedy: expect.stringContaining('one of them') as unknown,
    });
    expect(finished.stderr).toContain('exclude each other');
  });

  test('a token is refused on the command line, whichever the command, and is not repeated', async () => {
    for (const args of [
      ['cache', 'status', '--token', TOKEN],
      ['top', `--token=${TOKEN}`],
    ]) {
      const { code, stdout, stderr } = await withApp(args);
      expect(code).toBe(2);
      expect(stderr).toContain('where ps shows it');
      expect(stderr).toContain('--token-file');
      expect(stdout + stderr).not.toContain(TOKEN);
    }
  });
});

describe('the running application', () => {
  const asking = [['cache', 'status'], ['cache', 'clear'], ['top'], ['explain', '--app']];

  test.each(asking)('%s %s: where none is named ends with 3 and says how to start an inspector', async (...args) => {
    const { code, stderr } = await holdfast(args);
    expect(code).toBe(3);
    expect(stderr).toContain('startInspector');
    expect(stderr).toContain('HOLDFAST_INSPECTOR_URL');
  });

  test.each(asking)('%s %s: one that does not answer ends with 3', async (...args) => {
    await app.close();
    const finished = await withApp([...args, '--json']);
    expect(finished.code).toBe(3);
    expect(errorOf(finished)['code']).toBe('INSPECTOR_UNREACHABLE');
    expect(finished.stderr).toContain('nothing listens there');
  });

  test('is found by --url and a token file', async () => {
    const file = join(cli.folder, 'token');
    writeFileSync(file, `${TOKEN}\n`);
    chmodSync(file, 0o600);
    const { code, stderr } = await holdfast(['cache', 'status', '--url', app.url, '--token-file', file]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test('a token file that others can read is told', async () => {
    const file = join(cli.folder, 'open-token');
    writeFileSync(file, TOKEN);
    chmodSync(file, 0o644);
    const { code, stderr } = await holdfast(['cache', 'status', '--url', app.url, '--token-file', file]);
    expect(stderr).toContain('chmod 600');
    expect(code).toBe(0);
  });

  test.each([
    [['--url', 'http://127.0.0.1:1'], {}, 'wants a token'],
    [['--url', 'nonsense'], { HOLDFAST_INSPECTOR_TOKEN: TOKEN }, "the inspector's URL must be a URL"],
    [['--url', 'http://10.0.0.1:9464'], { HOLDFAST_INSPECTOR_TOKEN: TOKEN }, 'https://'],
    [['--url', 'http://127.0.0.1:1', '--token-file', 'no-such-file'], {}, 'cannot be read: ENOENT'],
    [['--url', 'http://127.0.0.1:1', '--timeout', 'soon'], { HOLDFAST_INSPECTOR_TOKEN: TOKEN }, '--timeout'],
    [['--url', 'http://127.0.0.1:1', '--socket', '/x'], { HOLDFAST_INSPECTOR_TOKEN: TOKEN }, 'exclude each other'],
  ])('%j is wrong configuration', async (args, env, message) => {
    const { code, stderr } = await holdfast(['cache', 'status', ...args], { env });
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  test('a wrong token is wrong configuration', async () => {
    const { code, stdout, stderr } = await withApp(['cache', 'status'], { HOLDFAST_INSPECTOR_TOKEN: 'f'.repeat(32) });
    expect(code).toBe(2);
    expect(stderr).toContain('give the token');
    expect(stdout + stderr).not.toContain('f'.repeat(32));
  });

  test('one that is busy can be asked again', async () => {
    app.world.refusal = {
      status: 429,
      error: { code: 'TOO_MANY_REQUESTS', message: 'too many requests' },
      headers: { 'retry-after': '2' },
    };
    const { code, stderr } = await withApp(['cache', 'status']);
    expect(code).toBe(3);
    expect(stderr).toContain('try again in 2 s');
  });
});

describe('cache status', () => {
  test('shows the caches as a table, the busiest first', async () => {
    const { code, stdout, stderr } = await withApp(['cache', 'status']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const [titles, first, second] = stdout.split('\n');
    expect(titles).toMatch(/^CACHE +KIND +STORE +ENTRIES +LOOK-UPS +HIT RATE +STALE +FAILED +EVICTED +EXPIRED$/);
    expect(first).toMatch(/^Catalog\.product +method .* 60\/1,000 +1,000 +94\.0 %/);
    expect(second).toMatch(/^vault:https:\/\/vault:8200 +vault /);
    expect(stdout).toContain('2 caches, 1,000 look-ups, hit rate 94.0 %');
  });

  test('--json is one document', async () => {
    const { stdout } = await withApp(['cache', 'status', '--json']);
    const document = JSON.parse(stdout) as { caches: { name: string }[]; hitRate: number };
    expect(document.caches.map(({ name }) => name)).toEqual(['Catalog.product', 'vault:https://vault:8200']);
    expect(document.hitRate).toBe(0.94);
  });

  test('names with escape sequences in them cannot reach the terminal', async () => {
    app.world.caches = [{ name: 'Evil\u001B[2J.\u202Emethod', stats: app.world.stats.total }];
    const { stdout } = await withApp(['cache', 'status']);
    expect(stdout).not.toContain('\u001B');
    expect(stdout).not.toContain('\u202E');
    expect(stdout).toContain('Evil');
  });

  test('nor can anything else that an inspector says', async () => {
    const evil = '\u001B[2J\u009B31m';
    const { world } = app;
    const [method] = world.explained.methods;
    if (method === undefined) throw new Error('the shop explains a method');
    const warning = { code: evil, method: evil, message: evil, remedy: evil, docs: evil };
    const hostile = { kind: evil, warnings: [warning] } as unknown as Partial<typeof method>;
    world.info = { ...world.info, name: evil, version: evil, node: evil, pid: evil as unknown as number };
    world.health = { ...world.health, status: evil as 'healthy' };
    world.explained = { ...world.explained, methods: [{ ...method, ...hostile }] };
    for (const command of ['info', 'info --json', 'top', 'top --json', 'explain --app', 'explain --app --json']) {
      const { stdout, stderr } = await withApp(command.split(' '));
      expect(stderr).toBe('');
      // eslint-disable-next-line no-control-regex
      expect(stdout).not.toMatch(/[\u001B\u009B]/);
      expect(stdout).toContain('[2J');
    }
  });

  test('an application without caches is told so', async () => {
    app.world.caches = [];
    expect((await withApp(['cache', 'status'])).stdout).toContain('No cache yet');
  });
});

describe('cache clear', () => {
  test.each([
    [[], { all: true }],
    [['--all'], { all: true }],
    [['--provider', 'vault'], { provider: 'vault' }],
    [['--method', 'Catalog.product'], { method: 'Catalog.product' }],
    [['--tag', 'product:1'], { tag: 'product:1' }],
  ])('%j', async (args, selection) => {
    const { code, stdout } = await withApp(['cache', 'clear', ...args]);
    expect(code).toBe(0);
    expect(app.selections).toEqual([selection]);
    expect(stdout).toBe('✓ Catalog.product  60 entries\nCleared 1 cache, 60 entries.\n');
  });

  test('--json', async () => {
    const { stdout } = await withApp(['cache', 'clear', '--json']);
    expect(JSON.parse(stdout)).toEqual({ cleared: [{ name: 'Catalog.product', entries: 60 }] });
  });

  test('a store that could not be told is a failure', async () => {
    app.world.clear = () => ({ cleared: [{ name: 'Catalog.product', entries: 3, storeFailed: true }] });
    const { code, stdout } = await withApp(['cache', 'clear']);
    expect(stdout).toContain('✗ Catalog.product  3 entries, in this process alone: its store did not answer');
    expect(code).toBe(1);
  });

  test('what nothing has for a name ends with 1 and the names there are', async () => {
    app.world.clear = () => ({
      status: 404,
      error: { code: 'UNKNOWN_METHOD', message: 'no cache is called Catalog.prodct', known: ['Catalog.product'] },
    });
    const { code, stderr } = await withApp(['cache', 'clear', '--method', 'Catalog.prodct']);
    expect(code).toBe(1);
    expect(stderr).toContain('known: Catalog.product');
  });
});

describe('top through a pipe', () => {
  test('prints once, the busiest method first', async () => {
    const { code, stdout, stderr } = await withApp(['top']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^shop {2}· {2}degraded {2}· {2}hit rate 94\.0 %/);
    expect(lines[2]).toMatch(/^METHOD +CALLS +HIT RATE +FAILED +RETRIES +STALE +UNDER WAY +CIRCUIT$/);
    expect(lines[3]).toMatch(/^Catalog\.product +1,000 +94\.0 % +0 +0 +0 +0 +closed$/);
    expect(lines[4]).toMatch(/^Payments\.charge +30 +– +20 +40 +0 +3 +open$/);
    expect(stdout).not.toContain('\u001B');
  });

  test('--json', async () => {
    const { stdout } = await withApp(['top', '--json']);
    const { rows, status } = JSON.parse(stdout) as { rows: Record<string, unknown>[]; status: string };
    expect(status).toBe('degraded');
    expect(rows[1]).toEqual({
      name: 'Payments.charge',
      calls: 30,
      failures: 20,
      retries: 40,
      staleAnswers: 0,
      circuit: 'open',
      inFlight: 3,
    });
  });
});

describe('explain --app', () => {
  test('shows stacks and warnings', async () => {
    const { code, stdout } = await withApp(['explain', '--app']);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        'Catalog.product (async)  worst case unbounded · up to 3 runs per call',
        '    cached  ttl=60000',
        '    retry   maxAttempts=3',
        '    ! UNBOUNDED_ATTEMPT',
        '      an attempt may take for ever',
        '      → add a timeout',
        '      docs/advisor.md#unbounded_attempt',
        '',
        '1 method, 1 warning',
        '',
      ].join('\n'),
    );
  });

  test('--strict ends with 1 where there are warnings', async () => {
    expect((await withApp(['explain', '--app', '--strict'])).code).toBe(1);
  });

  test('--method asks for one', async () => {
    await withApp(['explain', '--app', '--method', 'Catalog.product', '--json']);
    expect(app.asked).toEqual(['GET /v1/explain?method=Catalog.product']);
  });
});

describe('output', () => {
  test('FORCE_COLOR colours a pipe, NO_COLOR none', async () => {
    const { stdout: coloured } = await withApp(['top'], { FORCE_COLOR: '1' });
    expect(coloured).toContain('\u001B[31mopen');
    expect((await withApp(['top'], { NO_COLOR: '1' })).stdout).not.toContain('\u001B');
  });

  test('a locale without Unicode has ASCII alone', async () => {
    const { stdout } = await withApp(['cache', 'clear'], { LANG: 'C', LC_ALL: 'C' });
    expect(stdout).toMatch(/^ok Catalog\.product/);
    const { stdout: top } = await withApp(['top'], { LANG: 'C' });
    // eslint-disable-next-line no-control-regex
    expect(top).toMatch(/^[\u0000-\u007F]*$/);
  });

  test('a reader that has seen enough is no failure', async () => {
    app.world.caches = Array.from({ length: 5_000 }, (_, index) => ({
      name: `Class.method${index}`,
      stats: app.world.stats.total,
    }));
    const command = `'${process.execPath}' '${cli.bin}' cache status | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await runProgram('bash', ['-c', command], { env: app.env });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^CACHE .*\n0\n$/);
  });

  const onFullDisk = process.platform === 'linux' ? test : test.skip;

  onFullDisk.each([[['cache', 'status']], [['help']], [['top', '--json']]])(
    'an answer that finds no room is a failure in one line: %j',
    async (args) => {
      const command = `'${process.execPath}' '${cli.bin}' ${args.join(' ')} > /dev/full`;
      const { code, stderr } = await runProgram('bash', ['-c', command], { env: app.env });
      expect(stderr).toBe('holdfast: standard output cannot be written: ENOSPC\n');
      expect(code).toBe(1);
    },
  );

  onFullDisk('a complaint that finds no room leaves the exit code as it is', async () => {
    await app.close();
    for (const [args, expected] of [
      ['top', 3],
      ['nonsense', 2],
    ] as const) {
      const command = `'${process.execPath}' '${cli.bin}' ${args} 2> /dev/full`;
      expect((await runProgram('bash', ['-c', command], { env: app.env })).code).toBe(expected);
    }
  });

  test('who is too busy to answer is not told to start an inspector', async () => {
    const silent = createServer((socket) => void socket.on('error', () => undefined).resume()).unref();
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { code, stderr } = await withApp(['top', '--url', url, '--timeout', '50ms']);
    expect(code).toBe(3);
    expect(stderr).toContain('no answer in time');
    expect(stderr).toContain('--timeout 30s waits longer');
    expect(stderr).not.toContain('startInspector');
    await new Promise((closed) => silent.close(closed));
  });

  test('stack traces are for HOLDFAST_DEBUG', async () => {
    await app.close();
    expect((await withApp(['top'])).stderr).not.toMatch(/\n\s+at /);
    expect((await withApp(['top'], { HOLDFAST_DEBUG: '1' })).stderr).toMatch(/\n\s+at /);
  });
});
