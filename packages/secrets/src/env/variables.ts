import { ConfigurationError, parseDuration } from '@holdfast/core';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The name that is ours first, then those that programs already set. */
export type Names = readonly string[];

/** Composed files and CI set a variable that nobody has given to nothing: that counts as not set. */
export const textOf = (environment: Environment, names: Names): { name: string; text: string } | undefined => {
  for (const name of names) {
    const text = environment[name]?.trim();
    if (text !== undefined && text !== '') return { name, text };
  }
  return undefined;
};

export const valueOf = (environment: Environment, names: Names): string | undefined => textOf(environment, names)?.text;

/** Values are not quoted: a secret may have got into the wrong variable. */
const wrong = (name: string, expected: string): ConfigurationError =>
  new ConfigurationError(`${name}: must be ${expected}`, { option: name });

/** What is wrong with the one of these that is set. */
export const wrongValue = (environment: Environment, names: Names, expected: string): ConfigurationError =>
  wrong(textOf(environment, names)?.name ?? (names[0] as string), expected);

const SECONDS = /^(?:\d+(?:\.\d*)?|\.\d+)$/;

/** Variables of other programs that count seconds say so in their names, or are delays. */
const countsSeconds = (name: string): boolean => name.startsWith('MLFLOW_');

/** Milliseconds. A bare number is milliseconds, too, but seconds in the variables of MLflow's plugin. */
export const durationOf = (environment: Environment, names: Names): number | undefined => {
  const given = textOf(environment, names);
  if (given === undefined) return undefined;
  const { name, text } = given;
  const bare = countsSeconds(name) ? Number(text) * 1_000 : Number(text);
  const parsed = SECONDS.test(text) ? bare : parseDuration(text);
  // Digits beyond all numbers would be for ever.
  if (Number.isFinite(parsed)) return parsed;
  throw wrong(name, countsSeconds(name) ? "a number of seconds, or text such as '5m'" : "a duration such as '5m'");
};

export const wholeOf = (environment: Environment, names: Names): number | undefined => {
  const given = textOf(environment, names);
  if (given === undefined) return undefined;
  if (/^\d{1,4}$/.test(given.text)) return Number(given.text);
  throw wrong(given.name, 'a whole number >= 0');
};

const TRUE: readonly string[] = ['1', 'true', 'yes', 'on'];
const FALSE: readonly string[] = ['0', 'false', 'no', 'off'];

/** Undefined for what is neither. */
export const readFlag = (text: string): boolean | undefined => {
  const word = text.toLowerCase();
  if (TRUE.includes(word)) return true;
  return FALSE.includes(word) ? false : undefined;
};

export const flagOf = (environment: Environment, names: Names): boolean | undefined => {
  const given = textOf(environment, names);
  if (given === undefined) return undefined;
  const flag = readFlag(given.text);
  if (flag !== undefined) return flag;
  throw wrong(given.name, 'true or false');
};

export const choiceOf = <Choice extends string>(
  environment: Environment,
  names: Names,
  choices: readonly Choice[],
): Choice | undefined => {
  const given = textOf(environment, names);
  if (given === undefined) return undefined;
  const word = given.text.toLowerCase() as Choice;
  if (choices.includes(word)) return word;
  throw wrong(given.name, choices.map((choice) => `'${choice}'`).join(', '));
};

/** Parts between commas, without blanks. */
export const listOf = (environment: Environment, names: Names): readonly string[] | undefined =>
  valueOf(environment, names)
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
