import { COMMANDS, type CommandSpec, type Completion, GROUPS, type OptionSpec } from '../catalog.js';

/** One option, as shells complete it. */
export interface OptionWords {
  /** `--tag` */
  readonly name: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly completes: Completion | undefined;
}

export const optionWords = ({ flags, description, completes }: OptionSpec): OptionWords => ({
  name: flags.split(/[ ,]/)[0] as string,
  description,
  takesValue: flags.includes('<'),
  completes,
});

const HELP: OptionWords = { name: '--help', description: 'show this help', takesValue: false, completes: undefined };

export const optionsOf = (command: CommandSpec): OptionWords[] => [...command.options.map(optionWords), HELP];

export interface Word {
  readonly word: string;
  readonly description: string;
}

/** What can stand as the first word. */
export const firstWords = (): Word[] => {
  const seen = new Map<string, string>();
  for (const { path, summary } of COMMANDS) {
    const [word] = path as [string];
    if (!seen.has(word)) seen.set(word, path.length > 1 ? (GROUPS[word] ?? '') : summary);
  }
  seen.set('help', 'show the help of a command');
  return [...seen].map(([word, description]) => ({ word, description }));
};

/** What can stand after a group's name. */
export const secondWords = (group: string): Word[] =>
  COMMANDS.filter(({ path }) => path.length > 1 && path[0] === group).map(({ path, summary }) => ({
    word: path[1] as string,
    description: summary,
  }));

export const groups = (): string[] => Object.keys(GROUPS);

/** Values of the command's argument; undefined where it takes none that can be completed. */
export const argumentCompletion = (command: CommandSpec): Completion | undefined => command.arguments[0]?.completes;
