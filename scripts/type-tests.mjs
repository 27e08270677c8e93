/**
 * Compiles packages/core/test/types as a user would: against the packed package, with every supported compiler, in both
 * decorator dialects, as ES modules and as CommonJS, library declarations checked too. Files named standard* or legacy*
 * belong to their dialect, all others to both.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { installAlone, pack, root, temporaryFolder } from './pnpm.mjs';

const matrix = join(root, 'tools/type-matrix');
const core = join(root, 'packages/core');
const compilers = Object.keys(JSON.parse(readFileSync(join(matrix, 'package.json'), 'utf8')).devDependencies).filter(
  (name) => name.startsWith('typescript-'),
);

const node = { lib: ['es2022'], types: ['node'] };
const dialects = {
  standard: { ...node },
  legacy: { ...node, experimentalDecorators: true, emitDecoratorMetadata: true },
  // No Node types at all: what core declares must make sense in a browser project.
  'standard, browser': { lib: ['es2022', 'dom'], types: [] },
};

const link = (target, path) => {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'junction');
};

/** A project that has installed the packed core and nothing else of ours. */
const installCore = (folder) => {
  const installed = join(folder, 'node_modules/@holdfast/core');
  mkdirSync(installed, { recursive: true });
  const tar = spawnSync('tar', ['-xzf', pack(core, folder), '-C', installed, '--strip-components=1'], {
    encoding: 'utf8',
  });
  if (tar.status !== 0) throw new Error(tar.stderr);
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies))
    link(join(core, 'node_modules', name), join(folder, 'node_modules', name));
  link(join(matrix, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
};

const writeProject = (folder, dialect, options) => {
  mkdirSync(folder);
  const other = options.experimentalDecorators ? /^standard/ : /^legacy/;
  const files = readdirSync(join(core, 'test/types')).filter((name) => name.endsWith('.ts') && !other.test(name));
  for (const name of files) {
    copyFileSync(join(core, 'test/types', name), join(folder, name));
    copyFileSync(join(core, 'test/types', name), join(folder, name.replace(/\.ts$/, '.cts')));
  }
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    ...options,
  };
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts', '*.cts'] }));
  return files.length;
};

const compile = (compiler, folder) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [
      join(matrix, 'node_modules', compiler, 'bin/tsc'),
      '--project',
      folder,
      '--pretty',
      'false',
    ]);
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ passed: code === 0, output }));
  });

if (!existsSync(join(core, 'dist/esm/index.d.ts'))) throw new Error('Build first: npm run build');
installAlone(matrix);
const folder = temporaryFolder('types');
installCore(folder);

let failures = 0;
const tasks = Object.entries(dialects).flatMap(([dialect, options]) => {
  const project = join(folder, dialect.replaceAll(/\W+/g, '-'));
  if (writeProject(project, dialect, options) === 0) throw new Error(`no type tests for ${dialect}`);
  return compilers.map((compiler) => ({ compiler, dialect, project }));
});
const work = async () => {
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
    const { passed, output } = await compile(task.compiler, task.project);
    console.log(`${passed ? 'ok' : 'FAILED'}  ${task.compiler}  ${task.dialect}${passed ? '' : `\n${output}`}`);
    if (!passed) failures += 1;
  }
};
await Promise.all([work(), work()]);
rmSync(folder, { recursive: true, force: true });
process.exit(failures > 0 ? 1 : 0);
