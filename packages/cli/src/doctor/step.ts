import type { ExitCode } from '../exit-codes.js';

export type StepName = 'provider' | 'configuration' | 'authentication' | 'fetch' | 'format' | 'host' | 'HEAD';

export interface Passed {
  readonly status: 'passed';
  readonly message: string;
}

export interface Failed {
  readonly status: 'failed';
  readonly message: string;
  readonly remedy: string;
  readonly exitCode: ExitCode;
}

export interface Skipped {
  readonly status: 'skipped';
  readonly message: string;
}

export type Outcome = Passed | Failed | Skipped;

/** One check. */
export interface Step {
  readonly name: StepName;
  /** While it runs: `asking vault`. */
  readonly doing: string;
  run(): Promise<Outcome> | Outcome;
}

export type Done = Outcome & { readonly step: StepName; readonly ms: number };

export const passed = (message: string): Passed => ({ status: 'passed', message });
export const skipped = (message: string): Skipped => ({ status: 'skipped', message });
export const failed = (exitCode: ExitCode, message: string, remedy: string): Failed => ({
  status: 'failed',
  message,
  remedy,
  exitCode,
});
