import { COMMANDS, type CommandSpec, type Completion } from '../catalog.js';
import { type OptionWords, argumentCompletion, firstWords, groups, optionsOf, secondWords } from './words.js';

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** True where the command that is being typed is this one. */
const conditionOf = ({ path }: CommandSpec): string =>
  quoted(path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and '));

const valueOf = (completes: Completion | undefined): string => {
  if (completes === undefined) return ' -x';
  return completes === 'file' ? ' -r -F' : ` -x -a ${quoted(completes.join(' '))}`;
};

const optionLine = (command: CommandSpec, { name, description, takesValue, completes }: OptionWords): string =>
  `complete -c holdfast -n ${conditionOf(command)} -l ${name.slice(2)}${takesValue ? valueOf(completes) : ''} -d ${quoted(description)}`;

const argumentLines = (command: CommandSpec): string[] => {
  const completes = argumentCompletion(command);
  if (completes === undefined) return [];
  const values = completes === 'file' ? '-F' : `-a ${quoted(completes.join(' '))}`;
  return [`complete -c holdfast -n ${conditionOf(command)} ${values}`];
};

const commandLines = (command: CommandSpec): string[] => [
  ...argumentLines(command),
  ...optionsOf(command).map((option) => optionLine(command, option)),
];

const groupLines = (group: string): string[] => {
  const words = secondWords(group);
  const none = words.map(({ word }) => word).join(' ');
  const condition = quoted(`__fish_seen_subcommand_from ${group}; and not __fish_seen_subcommand_from ${none}`);
  return words.map(
    ({ word, description }) => `complete -c holdfast -n ${condition} -a ${word} -d ${quoted(description)}`,
  );
};

export const fishScript = (): string =>
  [
    '# fish completion of holdfast: holdfast completion fish | source',
    'complete -c holdfast -f',
    ...firstWords().map(
      ({ word, description }) => `complete -c holdfast -n __fish_use_subcommand -a ${word} -d ${quoted(description)}`,
    ),
    ...groups().flatMap(groupLines),
    ...COMMANDS.flatMap(commandLines),
    '',
  ].join('\n');
