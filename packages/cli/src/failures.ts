import { EXIT, type ExitCode } from './exit-codes.js';
import { Failure } from './failure.js';
import { HOW_TO_START } from './application/how-to-start.js';
import { duration } from './terminal/units.js';
import { printable } from './terminal/text.js';

/** What the errors of the other packages have that a message can be made of; their classes are not loaded for it. */
interface Told extends Error {
  readonly code?: unknown;
  readonly option?: unknown;
  readonly reason?: unknown;
  readonly status?: number;
  readonly refusal?: string;
  readonly remedy?: string;
  readonly known?: readonly string[];
  readonly retryAfter?: number;
}

/** Somebody listens: to start another inspector would not help. */
const TOO_BUSY =
  'the application has no time to answer: its event loop is blocked, or its machine busy; --timeout 30s waits longer';

/** As many names as a person reads. */
const SHOWN = 12;

/** The first of them, made harmless, and how many more there are. */
export const listOf = (names: readonly string[]): string => {
  const shown = names.slice(0, SHOWN).map(printable).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
};

const refusalRemedy = ({ status, remedy, known, retryAfter }: Told): string | undefined => {
  if (status === 401) return "give the token that the application's inspector was started with, or has printed";
  if (status === 429) return `try again in ${duration(retryAfter ?? 1_000)}`;
  if (known !== undefined && known.length > 0) return `known: ${listOf(known)}`;
  return remedy === undefined ? undefined : printable(remedy);
};

/** 401: the caller's configuration; what was asked for and is not there has failed; a busy inspector can be asked again. */
const refusalExit = ({ status = 500 }: Told): ExitCode => {
  if (status === 401 || status === 403 || status === 400) return EXIT.usage;
  return status === 429 ? EXIT.unreachable : EXIT.failed;
};

const refused = (error: Told): Failure =>
  new Failure(printable(error.message), {
    exitCode: refusalExit(error),
    code: typeof error.refusal === 'string' ? error.refusal : 'INSPECTOR_REFUSED',
    remedy: refusalRemedy(error),
    cause: error,
  });

/** Anything thrown, as what a person is told. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof Failure) return error;
  const told = (error instanceof Error ? error : new Error(String(error))) as Told;
  if (told.name === 'InspectorRefusedError') return refused(told);
  const message = printable(told.message);
  if (told.name === 'InspectorUnreachableError')
    return new Failure(message, {
      exitCode: EXIT.unreachable,
      code: 'INSPECTOR_UNREACHABLE',
      remedy: told.reason === 'timeout' ? TOO_BUSY : HOW_TO_START,
      cause: told,
    });
  if (told.name === 'ConfigurationError') return new Failure(message, { code: 'CONFIGURATION', cause: told });
  return new Failure(`${message} (${told.name})`, {
    exitCode: EXIT.failed,
    code: 'UNEXPECTED',
    remedy: 'HOLDFAST_DEBUG=1 shows where it happened',
    cause: told,
  });
};
