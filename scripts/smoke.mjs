/**
 * Runs the smoke tests of both builds, each in a process of its own that must end by itself: `node scripts/smoke.mjs
 * [--node path]`. Tests under jest see CommonJS compiled from sources, never what is published.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { node: { type: 'string', default: process.execPath } } });
const LIMIT = 20_000;

let failures = 0;
for (const name of ['esm.mjs', 'cjs.cjs', 'both.mjs', 'cli.mjs']) {
  const file = fileURLToPath(new URL(`smoke/${name}`, import.meta.url));
  const started = performance.now();
  const { status, signal, stdout, stderr } = spawnSync(values.node, [file], { encoding: 'utf8', timeout: LIMIT });
  const passed = status === 0 && stdout + stderr === '';
  const reason = signal === null ? `exit code ${status}` : `still running after ${LIMIT} ms`;
  console.log(
    `${passed ? 'ok' : 'FAILED'}  ${name}  ${Math.round(performance.now() - started)} ms${passed ? '' : `  ${reason}`}`,
  );
  if (!passed) {
    failures += 1;
    console.log(stdout + stderr);
  }
}
process.exit(failures > 0 ? 1 : 0);
