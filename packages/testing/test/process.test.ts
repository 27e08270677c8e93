import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const SOURCE = join(__dirname, '../src');
let compiled: string;

beforeAll(() => {
  compiled = mkdtempSync(join(tmpdir(), 'holdfast-testing-'));
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  for (const file of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
    const target = join(compiled, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, ts.transpileModule(readFileSync(join(SOURCE, file), 'utf8'), { compilerOptions }).outputText);
  }
});

afterAll(() => rmSync(compiled, { recursive: true }));

/** Runs the program and resolves when the process has exited by itself. */
function run(program: string): Promise<string> {
  const module = JSON.stringify(join(compiled, 'faulty-upstream/faulty-upstream.js'));
  const child = spawn(
    process.execPath,
    ['-e', `const { faultyUpstream } = require(${module}); (async () => { ${program} })();`],
    { timeout: 20_000 },
  );
  let output = '';
  const collect = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((resolve) => child.on('close', (code, signal) => resolve(`${output.trim()} ${signal ?? code}`)));
}

const SCRIPT = 'script: [{ from: 60_000, hang: true }], baseline: { latency: [0, 1] }';

test('a process whose upstream was closed exits by itself', async () => {
  const program = `
    const upstream = await faultyUpstream({ ${SCRIPT} });
    await upstream.start();
    const { status } = await fetch(upstream.url);
    await upstream.setPhase({ latency: 60_000 });
    fetch(upstream.url).catch(() => console.log('broken', status));
    while (upstream.inFlight === 0) await new Promise(setImmediate);
    await upstream.close();`;
  expect(await run(program)).toBe('broken 200 0');
});

test('a process whose open upstream is unref exits by itself', async () => {
  const program = `
    const upstream = await faultyUpstream({ unref: true, ${SCRIPT} });
    await upstream.start();
    const response = await fetch(upstream.url, { headers: { connection: 'close' } });
    console.log(await response.text());`;
  expect(await run(program)).toBe('{"path":"/","n":1} 0');
});
