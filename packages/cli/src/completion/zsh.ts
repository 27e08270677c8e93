import { COMMANDS, type CommandSpec, type Completion } from '../catalog.js';
import {
  type OptionWords,
  type Word,
  argumentCompletion,
  firstWords,
  groups,
  optionsOf,
  secondWords,
} from './words.js';

/** In single quotes, where brackets and colons have a meaning to `_arguments`. */
const quoted = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll(/[[\]:]/g, '\\$&')
    .replaceAll("'", "'\\''");

const actionOf = (completes: Completion | undefined): string => {
  if (completes === undefined) return ' ';
  return completes === 'file' ? '_files' : `(${completes.join(' ')})`;
};

const optionLine = ({ name, description, takesValue, completes }: OptionWords): string =>
  `      '${name}[${quoted(description)}]${takesValue ? `:value:${actionOf(completes)}` : ''}'`;

const commandCase = (command: CommandSpec): string => {
  const lines = optionsOf(command).map(optionLine);
  const [argument] = command.arguments;
  if (argument !== undefined) lines.push(`      '1:${quoted(argument.name)}:${actionOf(argumentCompletion(command))}'`);
  return `    '${command.path.join(' ')}')\n      _arguments \\\n${lines.join(' \\\n')} ;;`;
};

const described = (words: readonly Word[]): string =>
  words.map(({ word, description }) => `'${word}:${quoted(description)}'`).join(' ');

const groupCase = (group: string): string => `    '${group}')
      local -a words=(${described(secondWords(group))})
      _describe command words ;;`;

export const zshScript = (): string => `#compdef holdfast
# zsh completion of holdfast: source <(holdfast completion zsh), after compinit
_holdfast() {
  local command='' skipped=0
  if (( CURRENT > 2 )); then
    command=$words[2]
    skipped=1
    if [[ $command == (${groups().join('|')}) ]] && (( CURRENT > 3 )); then
      command="$command $words[3]"
      skipped=2
    fi
  fi
  if (( skipped > 0 )); then
    shift skipped words
    (( CURRENT -= skipped ))
  fi
  case "$command" in
    ''|help)
      local -a words_=(${described(firstWords())})
      _describe command words_ ;;
${groups().map(groupCase).join('\n')}
${COMMANDS.map(commandCase).join('\n')}
  esac
}
compdef _holdfast holdfast
`;
