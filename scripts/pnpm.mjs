/** The package manager, at one version, through npm's own runner: a clone needs nothing but Node and npm. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const runQuietly = (command, args, cwd) => {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    // Without a terminal pnpm would ask before it replaces a node_modules of another version, unless this is CI.
    env: { ...process.env, CI: process.env.CI ?? 'true' },
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${error?.message ?? stdout + stderr}`);
  return stdout;
};

/** Runs pnpm in a folder; prints nothing unless it fails, which throws with its whole output. */
export const pnpm = (args, cwd = root) => runQuietly('npx', ['--yes', 'pnpm@10.34.9', ...args], cwd);

/** Installs a folder outside the workspace exactly as its own package-lock.json says, unless that is done already. */
export const installAlone = (folder) => {
  const marker = join(folder, 'node_modules/.holdfast-installed');
  const wanted = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  runQuietly('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], folder);
  writeFileSync(marker, wanted);
};

export const temporaryFolder = (name) => mkdtempSync(join(tmpdir(), `holdfast-${name}-`));

/** Packs a package as it would be published and returns the tarball's path. */
export const pack = (folder, destination) => {
  pnpm(['pack', '--pack-destination', destination], folder);
  const name = folder.split(/[\\/]/).filter(Boolean).at(-1);
  const tarball = readdirSync(destination).find((file) => file.includes(`-${name}-`) && file.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`${folder} made no tarball`);
  return join(destination, tarball);
};
