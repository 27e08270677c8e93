import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, pages } from './markdown.js';
import { toCheck, toRun } from './runnable.js';
import { snippetsOf, type Dialect, type Snippet } from './snippet.js';

/** Inside the package, so that its dependencies are found. One per process, for several may run at a time. */
const FOLDER = join(ROOT, `packages/core/.snippets/${process.pid}`);

const snippets = pages.flatMap((page) => snippetsOf(ROOT, page));

const wrong = (name: string, code: string): Snippet => ({
  name,
  dialect: 'standard',
  setup: '',
  code,
  output: undefined,
});
/** What this test must find fault with. */
const WRONG = [
  wrong('wrong:1', '1 + 1; // → 3'),
  wrong('wrong:2', 'const two = 1 + 1; // → 3'),
  wrong('wrong:3', "JSON.parse('1'); // → throws SyntaxError"),
  wrong('wrong:4', "console.log('not shown');"),
  wrong('wrong:5', "void Promise.reject(new Error('unhandled'));"),
];
const MISTYPED = wrong('wrong:6', 'const two: string = 2;');
const fileOf = ({ name, dialect }: Snippet): string => `${dialect}/${name.replaceAll(/[/:.]/g, '-')}.ts`;

const TSCONFIG = {
  extends: '../../../../tsconfig.base.json',
  compilerOptions: {
    noEmit: true,
    declaration: false,
    paths: {
      '@holdfast/core': ['../../src/index.ts'],
      '@holdfast/inspector': ['../../../inspector/src/index.ts'],
      '@holdfast/secrets': ['../../../secrets/src/index.ts'],
      '@holdfast/testing': ['../../../testing/src/index.ts'],
    },
  },
};

const write = (file: string, text: string): void => writeFileSync(join(FOLDER, file), text);

const DIALECTS = ['standard', 'legacy'] satisfies Dialect[];

const prepareDialect = (dialect: Dialect): void => {
  mkdirSync(join(FOLDER, 'checked', dialect), { recursive: true });
  mkdirSync(join(FOLDER, dialect), { recursive: true });
  const compilerOptions = { ...TSCONFIG.compilerOptions, experimentalDecorators: dialect === 'legacy' };
  write(
    `tsconfig.${dialect}.json`,
    JSON.stringify({ ...TSCONFIG, compilerOptions, include: [`checked/${dialect}/*.ts`] }),
  );
  const toBeRun = [...snippets, ...WRONG].filter((each) => each.dialect === dialect);
  for (const snippet of toBeRun) write(fileOf(snippet), toRun(snippet));
  const list = toBeRun.map((each) => ({ name: each.name, file: fileOf(each), output: each.output }));
  write(`${dialect}.json`, JSON.stringify(list));
};

const prepare = (): void => {
  DIALECTS.forEach(prepareDialect);
  write('../.gitignore', '*\n');
  write('reset.ts', "export { resetConfiguration as reset } from '@holdfast/core';\n");
  for (const snippet of [...snippets, MISTYPED]) write(`checked/${fileOf(snippet)}`, toCheck(snippet));
};

const runNode = (...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: FOLDER,
      env: { ...process.env, NO_COLOR: '1', DEBUG: '', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });

const compile = (dialect: Dialect): Promise<string> =>
  runNode(
    join(ROOT, 'node_modules/@typescript/native/bin/tsc'),
    '--project',
    `tsconfig.${dialect}.json`,
    '--pretty',
    'false',
  );

const run = async (dialect: Dialect): Promise<string> => {
  const output = await runNode(join(__dirname, 'run-snippets.mjs'), FOLDER, dialect);
  const file = join(FOLDER, `${dialect}.results.json`);
  if (existsSync(file)) Object.assign(results, JSON.parse(readFileSync(file, 'utf8')));
  return output;
};

let diagnostics: string;
let complaints: string;
/** By name of the snippet: its error, or null. */
const results: Record<string, string | null> = {};

beforeAll(async () => {
  prepare();
  const [compiled, ran] = await Promise.all([Promise.all(DIALECTS.map(compile)), Promise.all(DIALECTS.map(run))]);
  diagnostics = compiled.join('');
  complaints = ran.join('');
}, 60_000);

afterAll(() => {
  if (process.env['KEEP_SNIPPETS'] === undefined) rmSync(join(FOLDER, '..'), { recursive: true, force: true });
});

test('the pages have snippets', () => {
  expect(snippets.length).toBeGreaterThan(0);
});

test('what runs the snippets has nothing to say', () => {
  expect(complaints).toBe('');
});

test('the compiler finds no fault outside of the snippets', () => {
  expect(diagnostics.split('\n').filter((line) => line !== '' && !/^\s|^checked\//.test(line))).toEqual([]);
});

test('a wrong snippet is found', () => {
  expect(WRONG.filter(({ name }) => results[name] === null)).toEqual([]);
  expect(diagnostics).toContain(`checked/${fileOf(MISTYPED)}(3,7): error TS2322`);
});

test.each(snippets.map((snippet) => [snippet.name, snippet] as const))('%s compiles and runs', (name, snippet) => {
  const own = diagnostics.split('\n').filter((line) => line.startsWith(`checked/${fileOf(snippet)}`));
  expect(own).toEqual([]);
  expect(results[name]).toBeNull();
});
