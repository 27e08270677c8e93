/**
 * The store under @Cached, for rows that measure it without a clock in the way. It is not exported, so it is bundled
 * from source, by the bundler and with the plugin that the build itself uses.
 */
import { build } from 'esbuild';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inlineDependencies } from '../../scripts/inlined.mjs';

const folderOfSources = fileURLToPath(new URL('../../packages/core/src/stores/', import.meta.url));
const exported = `export { EntryTable } from './entry-table.ts'; export { slotsFor } from './evictions.ts';`;

/** `EntryTable`, and `slotsFor` for its eviction. */
export const loadStore = async () => {
  const { outputFiles } = await build({
    stdin: { contents: exported, resolveDir: folderOfSources, loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: ['es2022', 'node20'],
    plugins: [inlineDependencies().plugin],
    write: false,
    logLevel: 'error',
  });
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    const file = join(folder, 'store.mjs');
    writeFileSync(file, outputFiles[0].contents);
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
