/** Type-checks sources, tests in every decorator dialect and type tests. Prints errors only, each once. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = join(root, 'node_modules/@typescript/native/bin/tsc');

const projects = [
  ...['packages', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}/tsconfig.json`),
  ),
  'examples/tsconfig.json',
  'tsconfig.test.json',
  'tsconfig.test.legacy.json',
  'tsconfig.test.legacy-plain.json',
  'packages/core/test/types/tsconfig.json',
  'packages/core/test/types/tsconfig.legacy.json',
].filter((file) => existsSync(join(root, file)));

const check = (project) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [compiler, '--project', project, '--noEmit', '--pretty', 'false'], {
      cwd: root,
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ project, code, output }));
  });

/** One string per diagnostic: continuation lines are indented. A dialect that has no tests yet is no error. */
const diagnosticsOf = (output) =>
  output
    .split(/\n(?!\s)/)
    .map((text) => text.trimEnd())
    .filter((text) => text !== '' && !text.startsWith('error TS18003'));

const results = await Promise.all(projects.map(check));
const projectsOf = new Map();
for (const { project, code, output } of results) {
  const diagnostics = diagnosticsOf(output);
  if (code !== 0 && output.trim() === '') diagnostics.push(`the compiler ended with ${code}`);
  for (const text of diagnostics) projectsOf.set(text, [...(projectsOf.get(text) ?? []), project]);
}
for (const [text, where] of projectsOf) console.error(`${text}\n  in ${where.join(', ')}`);
if (projectsOf.size > 0) console.error(`typecheck: ${projectsOf.size} error(s)`);
process.exit(projectsOf.size > 0 ? 1 : 0);
