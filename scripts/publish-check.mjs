/** Packs every package as it would be published and asks publint and attw whether all resolvers can use it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pack, root, temporaryFolder } from './pnpm.mjs';

const require = createRequire(import.meta.url);
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const binOf = (name, bin) => {
  const manifest = require.resolve(`${name}/package.json`);
  return join(dirname(manifest), require(manifest).bin[bin]);
};
const publint = join(root, 'node_modules/publint/src/cli.js');
const attw = binOf('@arethetypeswrong/cli', 'attw');

const run = (command, args, cwd) => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { passed: status === 0, output: stdout + stderr };
};

const unpack = (tarball, folder) => {
  mkdirSync(folder);
  return run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
};

/** What only a workspace understands must not be published, and what a user needs must be. */
const checkManifest = (folder) => {
  const foreign = /workspace:|catalog:|@holdfast\/source/.exec(readFileSync(join(folder, 'package.json'), 'utf8'));
  const missing = ['LICENSE', 'dist/esm/index.js', 'dist/cjs/index.js'].filter(
    (file) => !existsSync(join(folder, file)),
  );
  const faults = [
    ...(foreign ? [`package.json has ${foreign[0]}`] : []),
    ...missing.map((file) => `${file} is missing`),
  ];
  return { passed: faults.length === 0, output: faults.join('\n') };
};

/** Every command of the packages as a project has it that has installed them all. */
const checkCommands = (folder, names) => {
  const modules = join(folder, 'project/node_modules');
  const link = (target, path) => {
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path, 'junction');
  };
  const outputs = [];
  for (const name of names) {
    const { name: own, bin = {}, dependencies = {} } = readJson(join(folder, name, 'package.json'));
    for (const [command, file] of Object.entries(bin)) link(join(folder, name, file), join(modules, '.bin', command));
    link(join(folder, name), join(modules, own));
    for (const needed of Object.keys(dependencies).filter((each) => !each.startsWith('@holdfast/')))
      link(realpathSync(join(root, 'packages', name, 'node_modules', needed)), join(folder, 'node_modules', needed));
    link(join(folder, name), join(folder, 'node_modules', own));
    outputs.push(
      ...Object.keys(bin).map((command) => run('npx', ['--no-install', command, '--version'], dirname(modules))),
    );
  }
  return { passed: outputs.every(({ passed }) => passed), output: outputs.map(({ output }) => output).join('') };
};

const folder = temporaryFolder('publish');
let failures = 0;
const names = readdirSync(join(root, 'packages')).filter((one) => existsSync(join(root, 'packages', one, 'dist')));
for (const name of names) {
  const tarball = pack(join(root, 'packages', name), folder);
  const unpacked = join(folder, name);
  const checks = {
    unpacked: unpack(tarball, unpacked),
    manifest: checkManifest(unpacked),
    publint: run(process.execPath, [publint, 'run', tarball, '--strict']),
    attw: run(process.execPath, [attw, tarball, '--profile', 'node16', '--no-emoji', '--format', 'ascii']),
  };
  for (const [check, { passed, output }] of Object.entries(checks)) {
    console.log(`${passed ? 'ok' : 'FAILED'}  ${name}  ${check}`);
    if (!passed) console.log(output);
    if (!passed) failures += 1;
  }
}
const commands = checkCommands(folder, names);
console.log(`${commands.passed ? 'ok' : 'FAILED'}  commands through npx`);
if (!commands.passed) {
  console.log(commands.output);
  failures += 1;
}
rmSync(folder, { recursive: true, force: true });
process.exit(failures > 0 ? 1 : 0);
