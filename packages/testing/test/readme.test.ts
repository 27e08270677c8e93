import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import * as testing from '../src/index.js';

const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
const snippets = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string);

const AsyncFunction = (async () => undefined).constructor as new (
  ...source: string[]
) => (load: (name: string) => unknown, exports: object) => Promise<void>;

const open: { close(): Promise<void> }[] = [];
const faultyUpstream: typeof testing.faultyUpstream = async (options) => {
  const upstream = await testing.faultyUpstream(options);
  open.push(upstream);
  return upstream;
};

const fakeVault: typeof testing.fakeVault = async (options) => {
  const vault = await testing.fakeVault(options);
  open.push(vault);
  return vault;
};

// A snippet that fails half-way leaves its server open.
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const load = (name: string): unknown =>
  name === '@holdfast/testing' ? { ...testing, faultyUpstream, fakeVault } : jest.requireActual(name);

test.each(snippets.map((code, index) => [index + 1, code]))('snippet %i of the README runs', async (_, code) => {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  await new AsyncFunction('require', 'exports', outputText)(load, {});
});

test('the README has its snippets', () => {
  expect(snippets).toHaveLength(5);
});
