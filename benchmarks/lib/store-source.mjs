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

const source = fileURLToPath(new URL('../../packages/core/src/stores/entry-table.ts', import.meta.url));

export const loadEntryTable = async () => {
  const { outputFiles } = await build({
    entryPoints: [source],
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
    const file = join(folder, 'entry-table.mjs');
    writeFileSync(file, outputFiles[0].contents);
    return (await import(pathToFileURL(file).href)).EntryTable;
  } finally {
    rmSync(folder, { recursive: true });
  }
};
