/** Cold start: the import in a process of its own, and what a bundler makes of it. */
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { corePath } from '../lib/core-path.mjs';
import { median, shuffle } from '../lib/statistics.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const core = pathToFileURL(corePath).href;

const IMPORTS = [
  { name: 'an empty ES module', id: 'data:text/javascript,' },
  { name: '@holdfast/core', id: core, ours: true, goal: { milliseconds: 10 } },
  ...[
    'cockatiel',
    'opossum',
    'p-retry',
    'lru-cache',
    'async-cache-dedupe',
    '@epic-web/cachified',
    'bentocache',
    'cacheable',
  ].map((id) => ({ name: id, id })),
];

/** The default of Node where this is set elsewhere would count as ours. */
const environment = { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: '' };

const importTime = (id) => {
  const source = `const begin = performance.now(); await import(${JSON.stringify(id)}); console.log(performance.now() - begin); process.exit();`;
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '--eval', source], {
      cwd: here,
      encoding: 'utf8',
      env: environment,
    }).trim(),
  );
};

const starts = (times) => {
  const samples = new Map(IMPORTS.map(({ id }) => [id, []]));
  for (let time = 0; time < times; time++) {
    for (const { id } of shuffle([...IMPORTS])) samples.get(id).push(importTime(id));
  }
  return IMPORTS.map(({ name, id, ours, goal }) => ({
    row: ours ? 'F' : undefined,
    name: `import ${name}`,
    ours: ours === true,
    goal,
    milliseconds: Math.round(median(samples.get(id)) * 100) / 100,
  }));
};

const sizeOf = async (contents, external = []) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    external: ['node:*', ...external],
    write: false,
    logLevel: 'silent',
  });
  return Math.round(gzipSync(outputFiles[0].contents, { level: 9 }).length / 10) / 100;
};

/** What an application that decorates usually has already. */
const SHARED = ['reflect-metadata', 'reflect-metadata/*', 'debug'];

const sizes = async () => {
  const path = JSON.stringify(corePath);
  const rows = [
    {
      row: 'F',
      name: 'bundle of all of @holdfast/core',
      ours: true,
      goal: { kilobytes: 15 },
      kilobytes: await sizeOf(`export * from ${path};`, SHARED),
    },
  ];
  for (const name of ['Retry', 'CircuitBreaker', 'Timeout', 'Fallback', 'Cached']) {
    rows.push({
      row: 'F',
      name: `bundle of ${name} alone`,
      ours: true,
      goal: { kilobytes: 5 },
      kilobytes: await sizeOf(`export { ${name} } from ${path};`, SHARED),
    });
  }
  for (const { id } of IMPORTS.slice(2)) {
    rows.push({
      name: `bundle of ${id}`,
      ours: false,
      kilobytes: await sizeOf(`export * from ${JSON.stringify(id)};`),
    });
  }
  return rows;
};

export const start = {
  run: async ({ quick }) => [...starts(quick ? 5 : 15), ...(await sizes())],
};
