// Installs the workspace when node_modules is missing or older than the lockfile or a manifest; otherwise does nothing.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pnpm, root } from './pnpm.mjs';

const marker = join(root, 'node_modules/.holdfast-installed');

const manifests = ['packages', 'examples']
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}/package.json`))
  .sort();
const fingerprint = createHash('sha256');
for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
  if (existsSync(join(root, file))) fingerprint.update(`${file}\n`).update(readFileSync(join(root, file)));
}
const wanted = fingerprint.digest('hex');

if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
  console.error('Installing dependencies …');
  try {
    pnpm(['install', '--frozen-lockfile', '--reporter=append-only']);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
  writeFileSync(marker, wanted);
}
