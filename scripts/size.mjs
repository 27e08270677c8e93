/**
 * Sizes of the built core in a user's bundle: minified and gzipped, with what it takes in of mnemonist and of
 * reflect-metadata (3 KB), without debug, which is loaded only where `DEBUG` is set. 1 KB is 1,000 bytes. The size of
 * the whole may not grow; those of one decorator are shown beside their goal.
 */
import { build } from 'esbuild';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './pnpm.mjs';

/** What it is now and a little; it may only go down. The goal of the design is 15 KB for all, 5 KB for one decorator. */
const BUDGET_ALL = 65_000;
const BUDGET_ONE = 5_000;
const core = join(root, 'packages/core/dist/esm/index.js');

const sizeOf = async (contents, external) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['node:*', ...external],
    write: false,
    logLevel: 'error',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
};

const shared = ['debug'];
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`.padStart(8);
const report = (name, bytes, budget) =>
  console.log(`${kilobytes(bytes)}  ${name}${bytes > budget ? `  (over ${kilobytes(budget).trim()})` : ''}`);

const everything = `export * from ${JSON.stringify(core)};`;
const all = await sizeOf(everything, shared);
report('all of @holdfast/core', all, BUDGET_ALL);
report('all of @holdfast/core with debug', await sizeOf(everything, []), Infinity);

const exported = await import(core);
for (const name of ['Retry', 'CircuitBreaker', 'Timeout', 'Fallback', 'Bulkhead', 'RateLimit', 'Cached', 'Resilient']) {
  if (name in exported)
    report(`{ ${name} }`, await sizeOf(`export { ${name} } from ${JSON.stringify(core)};`, shared), BUDGET_ONE);
}
process.exit(all > BUDGET_ALL ? 1 : 0);
