/**
 * Builds every package into dist/esm and dist/cjs, and every example into its dist.
 *
 * JavaScript is bundled, one file per format, because a fresh process pays for each file that it opens; declarations
 * stay one per source file. A package's dependencies remain imports, with two exceptions: see `inlined.mjs`.
 */
import { build as esbuild } from 'esbuild';
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inlineDependencies, licencesOf } from './inlined.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = join(root, 'node_modules/@typescript/native/bin/tsc');
const target = ['es2022', 'node20'];

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

const foldersOf = (parent, entry) =>
  existsSync(join(root, parent))
    ? readdirSync(join(root, parent))
        .sort()
        .map((name) => join(root, parent, name))
        .filter((folder) => existsSync(join(folder, entry)))
    : [];

/** Packages in an order in which each follows those that it depends on: declarations are compiled against built ones. */
const inOrder = (packages) => {
  const ordered = [];
  const visit = (one) => {
    if (ordered.includes(one)) return;
    for (const name of Object.keys({ ...one.manifest.dependencies, ...one.manifest.peerDependencies })) {
      const needed = packages.find((other) => other.manifest.name === name);
      if (needed !== undefined) visit(needed);
    }
    ordered.push(one);
  };
  packages.forEach(visit);
  return ordered;
};

const run = (args) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`failed: ${args.map((arg) => basename(arg)).join(' ')}`)),
    );
  });

/**
 * esbuild writes `class Name` as `var Name = class _Name` where the class mentions itself, and such a class would call
 * itself _Name in stack traces. The inner name is put back; a space fills the place so that source maps stay exact.
 */
const restoreClassNames = (file, text) => {
  const names = [...text.matchAll(/^(?:var|let|const) ([\w$]+) = class _\1\b/gm)].map((match) => match[1]);
  const restored = names.reduce(
    (code, name) =>
      code.replaceAll(new RegExp(`(?<![\\w$.'"])_${name.replaceAll('$', '\\$')}(?![\\w$])`, 'g'), `${name} `),
    text,
  );
  const misnamed = /= class (_[\w$]+)/.exec(restored);
  if (misnamed !== null)
    throw new Error(`${file}: a class would be named ${misnamed[1]} at run time; two classes share its name`);
  return restored;
};

/** A user's bundler can drop what is required nowhere any more; it could not know from the call alone. */
const markPure = (text) => text.replaceAll(/^(var require_\w+ = )(__commonJS\()/gm, '$1/* @__PURE__ */ $2');

/** As in inlined.mjs. */
const INLINED = ['mnemonist', 'reflect-metadata'];

const bundle = async ({ folder, manifest }, format) => {
  const names = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
    (name) => !INLINED.includes(name),
  );
  const inlined = inlineDependencies();
  // A command loads what it needs when it runs; whatever it is given to load may be an ES module.
  const isCommand = manifest.bin !== undefined;
  const result = await esbuild({
    absWorkingDir: folder,
    entryPoints: ['src/index.ts', ...(isCommand && format === 'esm' ? ['src/bin.ts'] : [])],
    outdir: `dist/${format}`,
    bundle: true,
    splitting: isCommand && format === 'esm',
    chunkNames: 'chunks/[name]-[hash]',
    format,
    target,
    platform: 'neutral',
    // In CommonJS what is loaded later is required, which works wherever the file itself could be.
    supported: { 'dynamic-import': format === 'esm' || isCommand },
    external: ['node:*', ...names.flatMap((name) => [name, `${name}/*`])],
    plugins: [inlined.plugin],
    sourcemap: 'linked',
    write: false,
    logLevel: 'warning',
  });
  for (const { path, text } of result.outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, path.endsWith('.js') ? markPure(restoreClassNames(path, text)) : text);
    if (basename(path) === 'bin.js') chmodSync(path, 0o755);
  }
  return licencesOf(inlined.files);
};

const FOREIGN_TYPES = /(?:from|import|import\()\s*['"](mnemonist|debug)\b/;

/** Declarations must be readable by a user who has none of our development dependencies. */
const refuseLeaks = (folder) => {
  for (const name of readdirSync(folder, { recursive: true })) {
    const leak = name.endsWith('.d.ts') && FOREIGN_TYPES.exec(readFileSync(join(folder, name), 'utf8'));
    if (leak) throw new Error(`${join(folder, name)} imports ${leak[1]}: keep its types out of exported declarations`);
  }
};

const declare = async ({ folder }) => {
  const esm = join(folder, 'dist/esm');
  await run([compiler, '--project', join(folder, 'tsconfig.build.json')]);
  refuseLeaks(esm);
  cpSync(esm, join(folder, 'dist/cjs'), { recursive: true, filter: (file) => !/\.(js|map)$/.test(file) });
};

const buildPackage = async (one) => {
  rmSync(join(one.folder, 'dist'), { recursive: true, force: true });
  mkdirSync(join(one.folder, 'dist/cjs'), { recursive: true });
  writeFileSync(join(one.folder, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
  const [licences] = await Promise.all([bundle(one, 'esm'), bundle(one, 'cjs'), declare(one)]);
  if (licences !== '') writeFileSync(join(one.folder, 'dist/THIRD-PARTY-NOTICES.txt'), licences);
};

/** File by file, as a user's compiler would do it; an example with a tsconfig of its own is compiled by tsc as that says. */
const buildExample = async (folder) => {
  const outdir = join(folder, 'dist');
  rmSync(outdir, { recursive: true, force: true });
  if (existsSync(join(folder, 'tsconfig.json'))) {
    const flags = ['--noEmit', 'false', '--rootDir', join(folder, 'src'), '--outDir', outdir, '--customConditions', ''];
    return run([compiler, '--project', folder, ...flags]);
  }
  const sources = readdirSync(join(folder, 'src'), { recursive: true }).filter((name) =>
    /(?<!\.test|\.d)\.ts$/.test(name),
  );
  const entryPoints = sources.map((name) => join(folder, 'src', name));
  return esbuild({
    entryPoints,
    outbase: join(folder, 'src'),
    outdir,
    format: 'esm',
    target,
    sourcemap: 'linked',
    logLevel: 'warning',
  });
};

try {
  const packages = foldersOf('packages', 'src/index.ts').map((folder) => ({
    folder,
    manifest: readJson(join(folder, 'package.json')),
  }));
  for (const one of inOrder(packages)) await buildPackage(one);
  await Promise.all(foldersOf('examples', 'src/main.ts').map(buildExample));
} catch (error) {
  console.error(`build: ${error.message}`);
  process.exit(1);
}
