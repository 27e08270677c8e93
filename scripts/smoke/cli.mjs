/** The built command, as a shell runs it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as esm from '../../packages/cli/dist/esm/index.js';
import { createRequire } from 'node:module';

const cjs = createRequire(import.meta.url)('../../packages/cli/dist/cjs/index.js');
assert.equal(esm.VERSION, cjs.VERSION);

const bin = fileURLToPath(new URL('../../packages/cli/dist/esm/bin.js', import.meta.url));
assert.match(readFileSync(bin, 'utf8'), /^#!\/usr\/bin\/env node\n/);
if (process.platform !== 'win32') accessSync(bin, constants.X_OK);

const env = { PATH: process.env.PATH, LANG: 'C.UTF-8' };
const run = (...args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
};

assert.deepEqual(run('--version'), { status: 0, stdout: `${esm.VERSION}\n`, stderr: '' });
assert.equal(JSON.parse(run('info', '--json').stdout).version, esm.VERSION);
assert.equal(run('doctor').status, 2);
assert.equal(run('top').status, 3);

const module = fileURLToPath(new URL('fixtures/catalog.mjs', import.meta.url));
const explained = run('explain', '--strict', module);
assert.match(explained.stdout, /^Catalog\.product \(async\) {2}worst case /);
assert.equal(explained.status, 0);
