import { type BuildOptions, build } from 'esbuild';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(__dirname, '../..');

export interface BuiltCli {
  /** For `node`. */
  readonly bin: string;
  /** A folder of its own for files of the test. */
  readonly folder: string;
  /** Compiles a module with decorators, core included, and returns its path. */
  compile(name: string, source: string): Promise<string>;
  remove(): void;
}

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: ['es2022', 'node20'],
  conditions: ['@holdfast/source'],
  // What is CommonJS inside asks for `require`, which an ES module lacks.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  logLevel: 'error',
};

export interface BuiltCliOptions {
  /** As it is where these are installed; without: where they are not. */
  readonly installed?: readonly ('aws' | 'azure')[];
}

/** What is loaded when it is needed, if it is there. */
const OPTIONAL = { aws: '@aws-sdk/*', azure: '@azure/*' };

/** The command line from its sources, as the build makes it and with all that it needs: a fresh clone has not built. */
export const builtCli = async ({ installed = [] }: BuiltCliOptions = {}): Promise<BuiltCli> => {
  const missing = (['aws', 'azure'] as const).filter((name) => !installed.includes(name));
  const external = [...missing.map((name) => OPTIONAL[name]), '@azure/identity'];

  mkdirSync(join(__dirname, '../dist'), { recursive: true });
  const folder = mkdtempSync(join(__dirname, '../dist/cli-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  await build({
    ...common,
    external,
    absWorkingDir: PACKAGE,
    entryPoints: ['src/bin.ts'],
    outdir: join(folder, 'bin'),
    format: 'esm',
    splitting: true,
  });
  return {
    bin: join(folder, 'bin/bin.js'),
    folder,
    compile: async (name, source) => {
      const outfile = join(folder, name);
      const stdin: BuildOptions['stdin'] = {
        contents: source,
        resolveDir: __dirname,
        loader: 'ts',
        sourcefile: `${name}.ts`,
      };
      await build({ ...common, external, stdin, outfile, format: 'esm' });
      return outfile;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};
