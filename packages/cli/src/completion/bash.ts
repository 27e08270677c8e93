import { COMMANDS, type CommandSpec, type Completion } from '../catalog.js';
import { argumentCompletion, firstWords, groups, optionsOf, secondWords } from './words.js';

/** Names of files are completed by bash itself: `-o default` where the function finds nothing. */
const valuesOf = (completes: Completion | undefined): string =>
  completes === undefined || completes === 'file' ? '' : completes.join(' ');

const caseOf = (command: CommandSpec): string => {
  const options = optionsOf(command).map(({ name }) => name);
  return `    '${command.path.join(' ')}') options='${options.join(' ')}'; values='${valuesOf(argumentCompletion(command))}' ;;`;
};

/** What stands after an option that takes a value. The same name means the same in every command. */
const valueCases = (): string[] => {
  const all = COMMANDS.flatMap(optionsOf).filter(({ takesValue }) => takesValue);
  const byName = new Map(all.map((option) => [option.name, option]));
  return [...byName.values()].map(({ name, completes }) => {
    const values = valuesOf(completes);
    // Without a word of ours bash completes files; for what is no file, it is kept from that.
    const rest = completes === 'file' ? '' : ' compopt +o default;';
    return `    ${name})${rest} COMPREPLY=($(compgen -W '${values}' -- "$current")); return ;;`;
  });
};

const words = (of: readonly { readonly word: string }[]): string => of.map(({ word }) => word).join(' ');

const groupCases = (): string[] =>
  groups().map(
    (group) => `    ${group}) COMPREPLY=($(compgen -W '${words(secondWords(group))} --help' -- "$current")); return ;;`,
  );

export const bashScript = (): string => `# bash completion of holdfast: source <(holdfast completion bash)
_holdfast() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command='' word options values index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "$command" in
    '') [[ $word == -* ]] || command=$word ;;
    ${groups().join('|')}) [[ $word == -* ]] || command="$command $word" ;;
    esac
  done
  case "$previous" in
${valueCases().join('\n')}
  esac
  case "$command" in
    ''|help) COMPREPLY=($(compgen -W '${words(firstWords())} --help --version' -- "$current")); return ;;
${groupCases().join('\n')}
${COMMANDS.map(caseOf).join('\n')}
    *) return ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n $values ]]; then
    compopt +o default
    COMPREPLY=($(compgen -W "$values" -- "$current"))
  fi
}
complete -o default -F _holdfast holdfast
`;
