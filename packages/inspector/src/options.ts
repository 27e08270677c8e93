import { ConfigurationError } from '@holdfast/core';

export type Wrong = (option: string, problem: string) => ConfigurationError;

/** Every message of one function has the same form: who, which option, what it must be, the remedy. */
export const wrongIn =
  (caller: string): Wrong =>
  (option, problem) =>
    new ConfigurationError(`${caller}: ${option} ${problem}`, { option });

/** @throws ConfigurationError on what is no object of options, or has one that nobody knows. */
export const refuseUnknown = (options: unknown, known: readonly string[], wrong: Wrong): void => {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'must be an object');
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw wrong(unknown, `is no option; known options: ${[...known].sort().join(', ')}`);
};

/** A whole number. @throws ConfigurationError */
export const wholeNumber = (option: string, value: unknown, least: number, wrong: Wrong): void => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
    throw wrong(option, `must be a whole number >= ${least}, got ${String(value)}`);
};

/** What a timer can wait for, about 24 days: a longer one fires at once. */
const LONGEST = 2 ** 31 - 1;

/** A time to wait, in milliseconds. @throws ConfigurationError */
export const milliseconds = (option: string, value: unknown, wrong: Wrong): void => {
  wholeNumber(option, value, 1, wrong);
  if ((value as number) > LONGEST) throw wrong(option, `must be at most ${LONGEST} milliseconds, got ${String(value)}`);
};

/** What is empty is not given. */
export const nonEmpty = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
