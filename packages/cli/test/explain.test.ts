/** `holdfast explain FILE`: modules of users, good and bad. */
import { type BuiltCli, builtCli } from './support/built-cli.js';
import { type Finished, runProgram } from './support/run.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

let cli: BuiltCli;
let catalog: string;

const CATALOG = `
import { Cached, Retry, Timeout } from '@holdfast/core';
console.log('the module prints');
class Base {}
export class Catalog extends Base {
  @Cached({ ttl: '1m' })
  @Retry({ maxAttempts: 3 })
  @Timeout({ attempt: '2s', total: '5s' })
  async product(id: string): Promise<string> { return id; }
}
export const catalog = new Catalog();
export class Plain {}
export const settings = { nested: new Catalog(), get broken(): never { throw new Error('no'); } };
setInterval(() => {}, 1_000);
`;

beforeAll(async () => {
  cli = await builtCli();
  catalog = await cli.compile('catalog.js', CATALOG);
});
afterAll(() => cli.remove());

const explain = (args: readonly string[], env = {}): Promise<Finished> =>
  runProgram(process.execPath, [cli.bin, 'explain', ...args], { cwd: cli.folder, env });

const write = (name: string, text: string): string => {
  writeFileSync(join(cli.folder, name), text);
  return name;
};

test('shows the stack of each exported method once, its worst case and the warnings', async () => {
  const { code, stdout, stderr } = await explain([catalog]);
  expect(stderr).toBe('the module prints\n');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Catalog\.product \(async\) {2}worst case 5 s · up to 3 runs per call\n/);
  expect(stdout).toMatch(
    /\n {4}total-timeout +total=5000\n {4}cached +ttl=60000[^\n]*\n {4}retry +maxAttempts=3[^\n]*\n {4}timeout +attempt=2000\n/,
  );
  expect(stdout).toContain('    ! RETRIES_OUTLIVE_TOTAL\n      3 attempts that time out take');
  expect(stdout).toContain('      → raise the total, or allow fewer or shorter attempts\n');
  expect(stdout).toMatch(/1 method, 1 warning\n$/);
  expect(stdout.match(/Catalog\.product/g)).toHaveLength(1);
});

test('--strict ends with 1 where there are warnings', async () => {
  expect((await explain(['--strict', catalog])).code).toBe(1);
});

test('--json is one document, whatever the module prints', async () => {
  const { stdout } = await explain(['--json', catalog]);
  const { methods, warnings } = JSON.parse(stdout) as { methods: { method: string }[]; warnings: { code: string }[] };
  expect(methods.map(({ method }) => method)).toEqual(['Catalog.product']);
  expect(warnings.map(({ code }) => code)).toEqual(['RETRIES_OUTLIVE_TOTAL']);
});

test('--method shows one, and names those there are', async () => {
  expect((await explain(['--method', 'Catalog.product', catalog])).code).toBe(0);
  const { code, stderr } = await explain(['--method', 'Catalog.prodct', catalog]);
  expect(code).toBe(1);
  expect(stderr).toContain('known: Catalog.product');
});

test('CommonJS modules and functions are explained, too', async () => {
  const bundled = await cli.compile(
    'functions.js',
    `import { resilient } from '@holdfast/core';
     export const load = resilient(async function load() { return 1; }, { retry: { maxAttempts: 2 }, timeout: '1s' });`,
  );
  write('wrapped.cjs', `exports.loaders = { one: async () => (await import(${JSON.stringify(bundled)})).load };`);
  expect((await explain(['wrapped.cjs'])).code).toBe(2);
  const { code, stdout } = await explain([bundled]);
  expect(code).toBe(0);
  expect(stdout).toContain('load');
});

test.each([
  ['missing.js', undefined, 'there is no file missing.js', 'looked for'],
  ['empty.js', 'export const nothing = 1;', 'exports no class', 'export the decorated class'],
  [
    'decorated.js',
    'class A {\n  @Cached() async b() {}\n}',
    'decorated.js: Invalid or unexpected token (decorated.js:2)',
    'only compiled',
  ],
  ['typed.ts', 'export enum A { b }\nexport class C { @d() e() {} }', 'cannot read this TypeScript', '--import tsx'],
  ['throws.js', "throw new TypeError('boom\\nsecond line');", 'TypeError: boom', 'only defines and exports'],
  ['exits.js', 'process.exit(0);', 'ends its process', 'only defines and exports'],
  ['needs.js', "import 'no-such-package';", 'no-such-package', 'only defines and exports'],
])('%s ends with 2 and says what to do', async (name, text, message, remedy) => {
  if (text !== undefined) write(name, text);
  const { code, stdout, stderr } = await explain([name]);
  expect(stderr).toContain(message);
  expect(stderr).toContain(remedy);
  expect(stderr).not.toMatch(/\n\s+at |second line/);
  expect(stdout).toBe('');
  expect(code).toBe(2);
});

test('a loader that compiles is loaded first', async () => {
  write('typed-catalog.ts', CATALOG);
  write(
    'hooks.mjs',
    `import { transformSync } from 'esbuild';
     import { readFileSync } from 'node:fs';
     export const resolve = (id, context, next) => next(id, { ...context, conditions: ['@holdfast/source', ...context.conditions] });
     export const load = (url, context, next) => {
       if (!/\\.(ts|js)$/.test(url) || !url.includes('typed-catalog')) return next(url, context);
       const { code } = transformSync(readFileSync(new URL(url), 'utf8'), { loader: 'ts', target: 'es2022' });
       return { format: 'module', source: code.replace("'@holdfast/core'", JSON.stringify(new URL('core.js', url).href)).replace('"@holdfast/core"', JSON.stringify(new URL('core.js', url).href)), shortCircuit: true };
     };`,
  );
  write('loader.mjs', "import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);");
  await cli.compile('core.js', "export { Cached, Retry, Timeout } from '@holdfast/core';");
  const { code, stdout, stderr } = await explain(['--import', './loader.mjs', 'typed-catalog.ts']);
  expect(stderr).toBe('the module prints\n');
  expect(code).toBe(0);
  expect(stdout).toContain('Catalog.product (async)');
});

test('a loader that is not installed is told', async () => {
  const { code, stderr } = await explain(['--import', 'no-such-loader', catalog]);
  expect(code).toBe(2);
  expect(stderr).toContain('install it');
});

test('what the environment keeps secret is not repeated from the errors of others', async () => {
  write('tells.js', 'throw new Error(`no entry for ${process.env.VAULT_TOKEN}`);');
  const { code, stdout, stderr } = await explain(['tells.js', '--json'], { VAULT_TOKEN: 's.canary-in-a-mine' });
  expect(code).toBe(2);
  expect(stderr).toContain('[redacted]');
  expect(stdout + stderr).not.toContain('canary');
});

test('of many methods that could be meant a dozen are named', async () => {
  const methods = Array.from({ length: 40 }, (_, index) => `@Retry() async m${index}(): Promise<void> {}`);
  const source = `import { Retry } from '@holdfast/core';\nexport class Many {\n${methods.join('\n')}\n}\n`;
  await cli.compile('many.js', source);
  const { code, stderr } = await explain(['many.js', '--method', 'Many.none']);
  expect(code).toBe(1);
  expect(stderr).toContain('and 28 more');
});
