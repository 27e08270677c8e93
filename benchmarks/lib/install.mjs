/** The peers are installed into this folder, apart from the workspace, the first time and whenever the lock file changes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const marker = join(here, 'node_modules/.installed');

export const installPeers = () => {
  const wanted = createHash('sha256')
    .update(readFileSync(join(here, 'package-lock.json')))
    .digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  console.error('Installing the peers …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync(npm, flags, {
    cwd: here,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ci failed in ${here}${error === undefined ? '' : `: ${error.message}`}`);
  writeFileSync(marker, wanted);
};

/** Installs the workspace where needed and builds it. */
export const buildCore = () => {
  for (const script of ['scripts/bootstrap.mjs', 'scripts/build.mjs']) {
    execFileSync(process.execPath, [join(root, script)], { cwd: root, stdio: 'inherit' });
  }
};

/** Versions of the peers that are really there. */
export const peerVersions = () => {
  const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  const versionOf = (name) =>
    JSON.parse(readFileSync(join(here, 'node_modules', name, 'package.json'), 'utf8')).version;
  return Object.fromEntries(Object.keys(dependencies).map((name) => [name, versionOf(name)]));
};
