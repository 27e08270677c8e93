/** Runs every built example as a user would, without a terminal or colours; each must end by itself with exit code 0. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pnpm.mjs';

const LIMIT = 60_000;
const env = { ...process.env, NO_COLOR: '1' };
delete env.FORCE_COLOR;

const examples = readdirSync(join(root, 'examples')).filter((name) =>
  existsSync(join(root, 'examples', name, 'src/main.ts')),
);
let failures = examples.length === 0 ? 1 : 0;
for (const name of examples) {
  const cwd = join(root, 'examples', name);
  const started = performance.now();
  const run = spawnSync(process.execPath, ['dist/main.js'], {
    cwd,
    env,
    encoding: 'utf8',
    timeout: LIMIT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const hasColour = run.stdout.includes('\u001B[');
  const passed = run.status === 0 && run.stdout !== '' && !hasColour;
  const time = `${Math.round(performance.now() - started)} ms`;
  console.log(`${passed ? 'ok' : 'FAILED'}  ${name}  ${time}${hasColour ? '  colours without a terminal' : ''}`);
  if (!passed) {
    failures += 1;
    console.log(run.signal === null ? `exit code ${run.status}` : `still running after ${LIMIT} ms`);
    console.log(run.stdout + run.stderr);
  }
}
process.exit(failures > 0 ? 1 : 0);
