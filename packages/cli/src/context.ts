import { type ExitCode, EXIT } from './exit-codes.js';
import { printableJson } from './terminal/text.js';
import { type Environment, type Theme, themeOf } from './terminal/theme.js';

/** What a command is run with: a process's own streams and environment, or a test's. */
export interface Surroundings {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Environment;
  /** The folder that relative paths start from. */
  readonly folder: string;
}

export type Options = Readonly<Record<string, string | boolean | undefined>>;

export type Action = (context: Context, options: Options, positional: readonly string[]) => Promise<ExitCode>;

/**
 * What a command says, and where: what was asked for on standard output, one JSON document with `--json`; everything
 * else on standard error.
 */
export class Context {
  readonly surroundings: Surroundings;
  readonly environment: Environment;
  readonly isJson: boolean;
  /** Of standard output. */
  readonly theme: Theme;
  /** Of standard error. */
  readonly noteTheme: Theme;

  constructor(surroundings: Surroundings, isJson: boolean) {
    const { stdout, stderr, environment } = surroundings;
    this.surroundings = surroundings;
    this.environment = environment;
    this.isJson = isJson;
    this.theme = themeOf(stdout, environment);
    this.noteTheme = themeOf(stderr, environment);
  }

  /** The answer: `lines` for people, or the document. Infinity, which JSON lacks, becomes null. */
  answer(document: unknown, lines: () => readonly string[]): void {
    const text = this.isJson ? printableJson(JSON.stringify(document, null, 2)) : lines().join('\n');
    this.surroundings.stdout.write(`${text}\n`);
  }

  /** A part of the answer for people, as soon as it is there. */
  tell(lines: readonly string[]): void {
    if (!this.isJson) this.surroundings.stdout.write(`${lines.join('\n')}\n`);
  }

  /** What is not part of the answer. */
  note(text: string): void {
    this.surroundings.stderr.write(`${text}\n`);
  }

  /** Lines about a failure: what is wrong, and what to do. */
  failureLines(message: string, remedy: string | undefined): string[] {
    const { paint, symbols } = this.noteTheme;
    const first = `${paint.red('holdfast:')} ${message}`;
    const indent = ' '.repeat(symbols.remedy.length);
    const lines = remedy?.split('\n') ?? [];
    return [first, ...lines.map((line, index) => `  ${index === 0 ? symbols.remedy : indent} ${line}`)];
  }
}

export const exitOf = (isGood: boolean): ExitCode => (isGood ? EXIT.ok : EXIT.failed);
