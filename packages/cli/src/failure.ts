import { EXIT, type ExitCode } from './exit-codes.js';

export interface FailureOptions {
  /** Default: wrong usage. */
  readonly exitCode?: ExitCode;
  /** For scripts that read `--json`. */
  readonly code: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
}

/** The end of a command, told to a person: what is wrong, what to do, and the exit code. Never with a secret in it. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly remedy: string | undefined;

  constructor(message: string, { exitCode = EXIT.usage, code, remedy, cause }: FailureOptions) {
    super(message, { cause });
    this.name = 'Failure';
    this.exitCode = exitCode;
    this.code = code;
    this.remedy = remedy;
  }
}
