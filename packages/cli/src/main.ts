import type { CommanderError } from 'commander';
import { ACTIONS } from './actions.js';
import { GROUPS } from './catalog.js';
import { Context, type Surroundings } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { Failure } from './failure.js';
import { createProgram } from './program.js';
import { failureOf } from './failures.js';
import { withoutSecrets } from './without-secrets.js';

/** A token that stands in the arguments is shown to every user of the machine by `ps`. */
const refuseToken = (args: readonly string[]): void => {
  const end = args.indexOf('--');
  if (!args.slice(0, end < 0 ? undefined : end).some((each) => /^--token(?:=|$)/.test(each))) return;
  throw new Failure('a token is not taken from the command line, where ps shows it to every user of the machine', {
    code: 'TOKEN_IN_ARGUMENTS',
    remedy: 'put it into a file and give --token-file FILE, or set HOLDFAST_INSPECTOR_TOKEN',
  });
};

/** Who names no command, or a group alone, is shown what there is. */
const withHelp = (args: readonly string[]): string[] =>
  args.length === 0 || (args.length === 1 && Object.hasOwn(GROUPS, args[0] as string))
    ? [...args, '--help']
    : [...args];

/** What commander throws for help that was shown and for what it does not understand. */
const isCommanderError = (error: unknown): error is CommanderError =>
  error instanceof Error && 'exitCode' in error && 'code' in error && String(error.code).startsWith('commander.');

const usageFailure = (error: CommanderError): Failure => {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const meant = /Did you mean (.+)\?\)$/.exec(suggestion ?? '')?.[1];
  const remedy = meant === undefined ? 'holdfast --help shows what there is' : `did you mean ${meant}?`;
  return new Failure(message, { code: 'USAGE', remedy });
};

const tell = (context: Context, failure: Failure): void => {
  const secretsGone = (text: string): string => withoutSecrets(text, context.environment);
  const message = secretsGone(failure.message);
  const remedy = failure.remedy === undefined ? undefined : secretsGone(failure.remedy);
  if (context.isJson) {
    context.answer({ error: { code: failure.code, message, ...(remedy !== undefined && { remedy }) } }, () => []);
  }
  for (const line of context.failureLines(message, remedy)) context.note(line);
  if ((context.environment['HOLDFAST_DEBUG'] ?? '') === '') return;
  const origin = failure.cause instanceof Error ? failure.cause : failure;
  context.note(secretsGone(origin.stack ?? String(origin)));
};

/**
 * Runs one command line, without the words `node holdfast` before it, and returns its exit code. Nothing is thrown: what
 * goes wrong is told on standard error, without a stack trace unless `HOLDFAST_DEBUG` is set.
 */
export const main = async (args: readonly string[], surroundings: Surroundings): Promise<ExitCode> => {
  const context = new Context(surroundings, args.includes('--json'));
  let exitCode: ExitCode = EXIT.ok;
  const program = createProgram(
    context.theme,
    (text) => void surroundings.stdout.write(text),
    async (command, options, positional) => {
      const action = await (ACTIONS[command] as NonNullable<(typeof ACTIONS)[string]>)();
      exitCode = await action(context, options, positional);
    },
  );
  try {
    refuseToken(args);
    await program.parseAsync(withHelp(args), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (isCommanderError(error) && error.exitCode === 0) return EXIT.ok;
    const failure = isCommanderError(error) ? usageFailure(error) : failureOf(error);
    tell(context, failure);
    return failure.exitCode;
  }
};
