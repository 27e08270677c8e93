/** Writes docs/cli.md from the sources of the command line; a test says when it is out of date. */
import { build } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pnpm.mjs';

const { outputFiles } = await build({
  entryPoints: [join(root, 'packages/cli/test/support/page.ts')],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
});
const { page } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
writeFileSync(join(root, 'docs/cli.md'), page());
