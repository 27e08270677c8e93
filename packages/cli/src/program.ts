import { Command, Option } from 'commander';
import { COMMANDS, type CommandSpec, type Example, GROUPS, SUMMARY, VARIABLES } from './catalog.js';
import { EXIT_MEANINGS } from './exit-codes.js';
import type { Options } from './context.js';
import { wrapped } from './terminal/text.js';
import type { Theme } from './terminal/theme.js';
import { VERSION } from './version.js';

/** Called with the command that the words name, and what stands behind them. */
export type Dispatch = (command: string, options: Options, positional: readonly string[]) => Promise<void>;

/** Lines of help are no longer than this, however wide the terminal. */
const WIDEST = 100;

const examplesOf = (examples: readonly Example[], { paint }: Theme): string =>
  [
    '',
    paint.bold('Examples:'),
    ...examples.flatMap(({ command, says }) => [`  ${paint.dim(`# ${says}`)}`, `  ${command}`]),
  ].join('\n');

const exitCodes = ({ paint }: Theme): string =>
  ['', paint.bold('Exit codes:'), ...EXIT_MEANINGS.map(([code, meaning]) => `  ${code}  ${meaning}`)].join('\n');

const variables = ({ paint }: Theme): string => {
  const width = Math.max(...VARIABLES.map(({ name }) => name.length));
  return [
    '',
    paint.bold('Environment:'),
    ...VARIABLES.map(({ name, says }) => `  ${name.padEnd(width)}  ${says}`),
  ].join('\n');
};

/** One command, its help included; commands below a group are added to it. */
const addCommand = (parent: Command, spec: CommandSpec, theme: Theme, dispatch: Dispatch): void => {
  const width = Math.min(theme.columns ?? WIDEST, WIDEST);
  const command = parent
    .command(spec.path.at(-1) as string)
    .summary(spec.summary)
    .description(spec.description.map((paragraph) => wrapped(paragraph, width).join('\n')).join('\n\n'));
  for (const { name, description } of spec.arguments) command.argument(name, description);
  for (const { flags, description } of spec.options) command.addOption(new Option(flags, description));
  command.addHelpText('after', examplesOf(spec.examples, theme)).action((...given: unknown[]) => {
    const positional = given.slice(0, spec.arguments.length).filter((each) => typeof each === 'string');
    return dispatch(spec.path.join(' '), command.opts<Options>(), positional);
  });
};

const groupIn = (program: Command, name: string): Command => {
  const there = program.commands.find((each) => each.name() === name);
  if (there !== undefined) return there;
  return program.command(name).description(GROUPS[name] ?? '');
};

const configure = (command: Command, theme: Theme, write: (text: string) => void): void => {
  command
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureOutput({
      writeOut: write,
      // What is wrong is thrown as well, and told by whoever catches it.
      writeErr: () => undefined,
      getOutHasColors: () => theme.hasColours,
      getOutHelpWidth: () => Math.min(theme.columns ?? WIDEST, WIDEST),
    })
    .configureHelp({
      styleTitle: theme.paint.bold,
      styleCommandText: theme.paint.cyan,
      styleOptionText: theme.paint.cyan,
    });
};

/**
 * The command line as `commander` reads it, made of the catalogue. Help goes to `write`; wrong usage throws a
 * `CommanderError` that says what is wrong.
 */
export const createProgram = (theme: Theme, write: (text: string) => void, dispatch: Dispatch): Command => {
  const program = new Command('holdfast');
  configure(program, theme, write);
  program
    .description(SUMMARY)
    .version(VERSION, '-V, --version', 'show the version')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', exitCodes(theme))
    .addHelpText('after', variables(theme));
  for (const spec of COMMANDS) {
    const [word] = spec.path as [string, ...string[]];
    addCommand(spec.path.length > 1 ? groupIn(program, word) : program, spec, theme, dispatch);
  }
  return program;
};
