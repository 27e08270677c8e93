import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Surroundings } from '../context.js';
import { Failure } from '../failure.js';
import { printable } from '../terminal/text.js';
import { importModule } from './import-module.js';

/** A module that waits for a server, or for ever, is no module to explain. */
const PATIENCE = 30_000;

const COMPILE = [
  'give the file that your compiler wrote, such as dist/catalog.js,',
  'or a loader that compiles: --import tsx (installed in your project)',
].join('\n');

const isTypeScript = (file: string): boolean => /\.[cm]?tsx?$/.test(file);

const TYPESCRIPT_CODES = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
]);

/** ` (catalog.js:12)`: Node tells the place to those alone who let it check the file. Not where an imported file is wrong. */
const placeOf = (path: string): string => {
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8', timeout: 5_000 });
  const [, line] = /^\S.*:(\d+)$/m.exec(stderr ?? '') ?? [];
  return line === undefined ? '' : ` (${basename(path)}:${line})`;
};

/** Why a module could not be loaded, and what to do: decorators are syntax that no Node reads by itself. */
export const loadFailure = (file: string, path: string, error: unknown): Failure => {
  const { code, name, message }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  if (
    isTypeScript(file) &&
    (TYPESCRIPT_CODES.has(code ?? '') || error instanceof SyntaxError || name === 'SyntaxError')
  )
    return new Failure(`${file}: Node ${process.version} cannot read this TypeScript, decorators least of all`, {
      code: 'TYPESCRIPT',
      remedy: COMPILE,
      cause: error,
    });
  if (name === 'SyntaxError')
    return new Failure(`${file}: ${printable(message)}${placeOf(path)}`, {
      code: 'SYNTAX',
      remedy: `Node reads decorators only compiled: ${COMPILE}`,
      cause: error,
    });
  const [first = ''] = message.split('\n');
  return new Failure(`${file} could not be loaded: ${name}: ${printable(first)}`, {
    code: 'MODULE',
    remedy: 'the module is run when it is loaded; give one that only defines and exports',
    cause: error,
  });
};

const inTime = async <Value>(work: Promise<Value>, file: string): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const failure = new Failure(`${file} has not finished loading after ${PATIENCE / 1_000} s`, {
      code: 'MODULE',
      remedy: 'give a module that only defines and exports, without waiting for anything at its top level',
    });
    timer = setTimeout(() => reject(failure), PATIENCE);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** A program that ends itself would end us, without a word. */
const refuseExit = (file: string) => (): never => {
  throw new Failure(`${file} ends its process when it is loaded`, {
    code: 'MODULE',
    remedy: 'give a module that only defines and exports, not the program that uses it',
  });
};

/** What the module prints is no part of our answer, and what it does on the side is no business of ours. */
const asAGuest = async <Value>(
  file: string,
  { stdout, stderr }: Surroundings,
  work: () => Promise<Value>,
): Promise<Value> => {
  const { write } = stdout;
  const { exit } = process;
  const ignore = (): void => undefined;
  stdout.write = stderr.write.bind(stderr);
  process.exit = refuseExit(file);
  process.on('unhandledRejection', ignore);
  try {
    return await work();
  } finally {
    stdout.write = write;
    process.exit = exit;
    process.off('unhandledRejection', ignore);
  }
};

/** As `node --import` finds it: a path, or a package that the folder has. */
const preload = async (name: string, folder: string): Promise<void> => {
  try {
    const isPath = /^\.{0,2}[\\/]/.test(name);
    const file = isPath ? resolve(folder, name) : createRequire(join(folder, 'package.json')).resolve(name);
    await importModule(pathToFileURL(file).href);
  } catch (error) {
    throw new Failure(`--import ${name}: ${printable((error as Error).message.split('\n')[0] ?? '')}`, {
      code: 'IMPORT',
      remedy: `install it in this folder's project, or run NODE_OPTIONS='--import ${name}' holdfast explain …`,
      cause: error,
    });
  }
};

/** What a module exports. It runs; what it prints goes to standard error. @throws Failure that says what to do. */
export const load = async (
  file: string,
  first: string | undefined,
  surroundings: Surroundings,
): Promise<Readonly<Record<string, unknown>>> => {
  const path = resolve(surroundings.folder, file);
  if (!existsSync(path))
    throw new Failure(`there is no file ${file}`, { code: 'NO_FILE', remedy: `looked for ${path}` });
  return asAGuest(file, surroundings, async () => {
    if (first !== undefined) await preload(first, surroundings.folder);
    try {
      return await inTime(importModule(pathToFileURL(path).href), file);
    } catch (error) {
      throw error instanceof Failure ? error : loadFailure(file, path, error);
    }
  });
};
