import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs in a process of their own: what only shows there is whether it exits, and what it says on the way out. */

let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-hygiene-'));
  await build({
    entryPoints: readdirSync(join(__dirname, 'programs')).map((file) => join(__dirname, 'programs', file)),
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@holdfast/source'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
});

afterAll(() => rmSync(directory, { recursive: true }));

interface Exit {
  readonly output: string;
  readonly errors: string;
  readonly code: number | string | null;
  readonly seconds: number;
}

const run = (program: string, flags: readonly string[] = [], timeout = 60_000): Promise<Exit> => {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...flags, join(directory, `${program}.mjs`)], { timeout });
  const [output, errors]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  return new Promise((resolve) =>
    child.on('close', (code, signal) =>
      resolve({
        output: Buffer.concat(output).toString().trim(),
        errors: Buffer.concat(errors).toString().trim(),
        code: signal ?? code,
        seconds: (performance.now() - startedAt) / 1_000,
      }),
    ),
  );
};

test('a program that uses every decorator exits by itself, and quietly', async () => {
  const { seconds, ...exit } = await run('every-decorator');
  expect(exit).toEqual({ output: '1 false,1 false,3', errors: '', code: 0 });
  expect(seconds).toBeLessThan(20);
}, 60_000);

test('a program that awaits a call never exits before its answer', async () => {
  const { seconds: _seconds, ...exit } = await run('awaits-an-answer');
  expect(exit).toEqual({ output: 'slept\nTimedOutError', errors: '', code: 0 });
}, 60_000);

test('attempts without end and hundreds of thousands of calls leave the heap flat', async () => {
  const { seconds: _seconds, ...exit } = await run('flat-heap', ['--expose-gc']);
  expect(exit).toEqual({ output: 'flat', errors: '', code: 0 });
}, 90_000);

test('three million keys through full caches leave the heap flat, whatever the eviction', async () => {
  const { seconds: _seconds, ...exit } = await run('flat-cache', ['--expose-gc'], 170_000);
  expect(exit).toEqual({ output: 'lru: flat\nadaptive: flat\nuse: flat', errors: '', code: 0 });
}, 180_000);

test('an outage of every kind over real HTTP brings no unhandled rejection, no warning and no wrong answer', async () => {
  const { seconds: _seconds, ...exit } = await run('chaos', ['--trace-warnings']);
  expect(exit).toEqual({ output: 'quiet', errors: '', code: 0 });
}, 90_000);

test('a refresh goes on quietly when a test framework has taken the globals away', async () => {
  const { seconds: _seconds, ...exit } = await run('torn-down');
  expect(exit).toEqual({ output: 'old\n3 attempts', errors: '', code: 0 });
}, 60_000);

test('an attempt that a stack overflow has cut off between two steps times out without anyone to tell', async () => {
  // Node writes of overflows of its own.
  const { output, code } = await run('overflow');
  expect([output, code]).toEqual(['RangeError 0', 0]);
}, 60_000);

test('a program that has its stale answers exits by itself although their refreshes sleep for a minute', async () => {
  const { seconds, ...exit } = await run('leaves-refreshes');
  expect(exit).toEqual({ output: 'old old', errors: '', code: 0 });
  expect(seconds).toBeLessThan(20);
}, 90_000);

test('a program that shuts down waits for what can end, names what cannot, and exits', async () => {
  const { seconds, ...exit } = await run('shuts-down');
  const abandoned = '[{"method":"Api.hangs","calls":1,"refreshes":0}]';
  expect(exit).toEqual({ output: `nobody handles it\nfalse ${abandoned} 1`, errors: '', code: 0 });
  expect(seconds).toBeLessThan(20);
}, 60_000);
