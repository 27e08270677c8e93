/** Runs the smoke tests of both builds in the oldest supported Node and in the newest of each later major version. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installAlone, root } from './pnpm.mjs';

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log(
    `skipped: the other Node versions are installed as packages for Linux x64; this is ${process.platform} ${process.arch}`,
  );
  process.exit(0);
}

const folder = join(root, 'tools/runtimes');
installAlone(folder);
const { devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
let failures = 0;
for (const name of Object.keys(devDependencies)) {
  const node = join(folder, 'node_modules', name, 'bin/node');
  console.log(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() || `${name} does not start`);
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/smoke.mjs'), '--node', node], {
    stdio: 'inherit',
  });
  if (status !== 0) failures += 1;
}
process.exit(failures > 0 ? 1 : 0);
