import { fileURLToPath } from 'node:url';

/** The build that is measured: this repository's, or another one for a comparison (`--core`). */
export const corePath =
  process.env['HOLDFAST_BENCH_CORE'] ??
  fileURLToPath(new URL('../../packages/core/dist/esm/index.js', import.meta.url));
