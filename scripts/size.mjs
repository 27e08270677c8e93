/**
 * Sizes of the built core in a user's bundle: minified and gzipped, with what it takes in of mnemonist and of
 * reflect-metadata (3 KB), without debug, which is loaded only where `DEBUG` is set. 1 KB is 1,000 bytes. None of them
 * may grow unnoticed: each has a bound of its own, shown beside its goal where it is over that.
 */
import { build } from 'esbuild';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './pnpm.mjs';

/** What each is now and a little, in bytes. The goals of the design are 15 KB for all and 5 KB for one decorator. */
const BOUNDS = {
  '*': 110_800,
  Retry: 27_600,
  CircuitBreaker: 32_300,
  Timeout: 22_700,
  Fallback: 24_100,
  Bulkhead: 26_400,
  RateLimit: 27_600,
  Cached: 49_700,
  Invalidates: 24_400,
  Resilient: 76_800,
};
const GOAL_ALL = 15;
const GOAL_ONE = 5;
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

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`.padStart(8);
const sizeOfExport = (name, external) =>
  sizeOf(`export ${name === '*' ? '*' : `{ ${name} }`} from ${JSON.stringify(core)};`, external);

let failures = 0;
for (const [name, bound] of Object.entries(BOUNDS)) {
  const bytes = await sizeOfExport(name, ['debug']);
  if (bytes > bound) failures += 1;
  const goal = `goal ${name === '*' ? GOAL_ALL : GOAL_ONE} KB`;
  console.log(`${kilobytes(bytes)}  ${name}  (${bytes > bound ? `over its bound of ${bound} bytes; ` : ''}${goal})`);
}
console.log(`${kilobytes(await sizeOfExport('*', []))}  * with debug`);
process.exit(failures > 0 ? 1 : 0);
