import { COMMANDS, CONNECTION, type CommandSpec, type OptionSpec, SUMMARY, VARIABLES } from '../../src/catalog.js';
import { EXIT_MEANINGS } from '../../src/exit-codes.js';

/** What stands in a cell of a table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${titles.join(' | ')} |`,
  `| ${titles.map(() => '---').join(' | ')} |`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
];

const fenced = (kind: string, lines: readonly string[]): string[] => [`\`\`\`${kind}`, ...lines, '```'];

const optionRow = ({ flags, description }: OptionSpec): string[] => [`\`${flags}\``, cell(description)];

const PICTURES: Readonly<Record<string, string>> = {
  doctor: '![A run of holdfast doctor: a server refuses the credentials](images/doctor.svg)',
  top: '![A run of holdfast top: methods with their calls, hit rates, failures and circuits](images/top.svg)',
};

/** Options that every command with an application has stand in one place. */
const ownOptions = ({ options }: CommandSpec): OptionSpec[] => options.filter((each) => !CONNECTION.includes(each));

const section = (command: CommandSpec): string[] => {
  const { path, description, arguments: positional, options, examples, document } = command;
  const name = path.join(' ');
  const usage = ['holdfast', ...path, ...positional.map((each) => each.name), '[options]'].join(' ');
  const rows = [
    ...positional.map((each) => [`\`${each.name}\``, cell(each.description)]),
    ...ownOptions(command).map(optionRow),
  ];
  const connects = options.includes(CONNECTION[0] as OptionSpec);
  const picture = PICTURES[name];
  return [
    '',
    `## ${name}`,
    '',
    `\`${usage}\``,
    ...description.flatMap((paragraph) => ['', paragraph]),
    ...(picture === undefined ? [] : ['', picture]),
    '',
    ...table(['option', 'meaning'], rows),
    ...(connects ? ['', 'And how [the running application](#the-running-application) is found.'] : []),
    '',
    ...fenced(
      'sh',
      examples.map((example) => `${example.command}  # ${example.says}`),
    ),
    '',
    `With \`--json\`: \`${document}\`.`,
  ];
};

/** docs/cli.md, made of what the command itself is made of. */
export const page = (): string =>
  [
    '# The command line',
    '',
    '<!-- Made by scripts/cli-docs.mjs from packages/cli/src/catalog.ts: change that, and run it. -->',
    '',
    `\`holdfast\`: ${SUMMARY.charAt(0).toLowerCase()}${SUMMARY.slice(1)}`,
    '',
    ...fenced('sh', ['npm install --save-dev @holdfast/cli', 'npx holdfast info']),
    '',
    ...table(
      ['command', 'in one line'],
      COMMANDS.map(({ path, summary }) => {
        const name = path.join(' ');
        return [`[\`${name}\`](#${name.replaceAll(' ', '-')})`, cell(summary)];
      }),
    ),
    '',
    '## The running application',
    '',
    'A cache lives in a process, and nobody else can look into it. `cache`, `top`, `explain --app` and a part of `info` ask the application itself, through the inspector of `@holdfast/inspector`, which it has to start: on the loopback interface or a unix socket, with a token. No value, no argument and no key comes out of it.',
    '',
    ...table(['option', 'meaning'], CONNECTION.map(optionRow)),
    '',
    'There is no option for the token itself: `ps` shows the arguments of every process to every user of the machine.',
    ...COMMANDS.flatMap(section),
    '',
    '## Exit codes',
    '',
    ...table(
      ['code', 'meaning'],
      EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
    ),
    '',
    '`info` shows whatever there is to be shown and ends with 0. `top` ends with 0 when it is left with q or Ctrl-C. What a signal ends has 128 and its number, 130 after Ctrl-C.',
    '',
    '## Output',
    '',
    'What was asked for goes to standard output, everything else to standard error. With `--json` standard output has exactly one document, also where the command fails: `{ error: { code, message, remedy? } }`. What nothing bounds is `null` there. A reader that stops early, as `head` does, is no failure.',
    '',
    'Colours and signs are for terminals that have them; a table gets narrower with the terminal, its name first, then column by column. No secret and no token is ever printed.',
    '',
    '## Environment',
    '',
    ...table(
      ['variable', 'meaning'],
      VARIABLES.map(({ name, says }) => [
        name
          .split(', ')
          .map((each) => `\`${each}\``)
          .join(', '),
        cell(says),
      ]),
    ),
    '',
    'Those that configure secrets, `info` shows and `doctor` tries, are in [Secrets](secrets.md).',
    '',
  ].join('\n');
