/**
 * Bundles and runs the snippets of one dialect, one after the other in this process:
 * `node run-snippets.mjs FOLDER DIALECT`. The folder has the files and `DIALECT.json`, `[{ name, file, output }]`.
 * Writes `DIALECT.results.json`, `{ [name]: error or null }`.
 */
import { build } from 'esbuild';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, inspect } from 'node:util';

const PATIENCE = 5_000;
const packages = fileURLToPath(new URL('../../..', import.meta.url));
const [folder, dialect] = process.argv.slice(2);
const snippets = JSON.parse(readFileSync(join(folder, `${dialect}.json`), 'utf8'));

/** The vendors' own SDKs stay where they are installed: they are large, and of CommonJS. */
const sdks = {
  name: 'sdks',
  setup({ onResolve }) {
    const { resolve } = createRequire(join(packages, 'secrets/package.json'));
    onResolve({ filter: /^@(?:aws-sdk|azure)\// }, ({ path }) => ({
      path: pathToFileURL(resolve(path)).href,
      external: true,
    }));
  },
};

/** Split, so that all snippets share one copy of the packages. */
const bundle = () =>
  build({
    absWorkingDir: folder,
    entryPoints: [...snippets.map(({ file }) => file), 'reset.ts'],
    outdir: join(folder, 'out', dialect),
    outbase: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: ['es2022', 'node20'],
    conditions: ['@holdfast/source'],
    external: ['debug', 'mnemonist'],
    plugins: [sdks],
    alias: {
      '@holdfast/core': join(packages, 'core/src/index.ts'),
      '@holdfast/inspector': join(packages, 'inspector/src/index.ts'),
      '@holdfast/secrets': join(packages, 'secrets/src/index.ts'),
      '@holdfast/testing': join(packages, 'testing/src/index.ts'),
    },
    tsconfigRaw: { compilerOptions: { target: 'es2022', experimentalDecorators: dialect === 'legacy' } },
    outExtension: { '.js': '.mjs' },
    sourcemap: 'inline',
    logLevel: 'error',
  });

globalThis.checkIs = (actual, expected, where) =>
  assert.deepEqual(actual, expected, `${where}\n  got ${inspect(actual)}`);
globalThis.checkThrows = async (call, expected, where) => {
  let thrown;
  try {
    await call();
  } catch (error) {
    thrown = error;
  }
  assert.notEqual(thrown, undefined, `${where}\n  nothing was thrown`);
  const text = `${thrown.name}: ${thrown.message}`;
  assert.ok(text === expected || thrown.name === expected, `${where}\n  got ${text}`);
};

let printed = '';
let stray;
console.log = (...values) => void (printed += `${format(...values)}\n`);
process.on('unhandledRejection', (reason) => void (stray = reason));

const withPatience = async (work) => {
  let timer;
  const elapsed = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still running after ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    await Promise.race([work, elapsed]);
  } finally {
    clearTimeout(timer);
  }
};

const run = async ({ file, output }) => {
  const out = (name) => pathToFileURL(join(folder, 'out', dialect, name.replace(/\.ts$/, '.mjs'))).href;
  printed = '';
  stray = undefined;
  const { reset } = await import(out('reset.ts'));
  try {
    await withPatience(import(out(file)));
    await new Promise((resolve) => void setImmediate(resolve));
    if (stray !== undefined) throw stray;
    assert.equal(printed, output ?? '', 'what it prints is not what the page shows');
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : inspect(error);
  } finally {
    reset();
  }
};

await bundle();
const results = {};
for (const snippet of snippets) results[snippet.name] = await run(snippet);
writeFileSync(join(folder, `${dialect}.results.json`), JSON.stringify(results));
process.exit(0);
