import { ConfigurationError } from '@holdfast/core';

export type WrongOption = (option: string, problem: string) => ConfigurationError;

/** What is wrong with an option of a class; the problem ends with the remedy. */
export const wrongOption =
  (of: string): WrongOption =>
  (option, problem) =>
    new ConfigurationError(`${of}: ${option} ${problem}`, { option });

/** @throws ConfigurationError naming the options that there are. */
export const checkKnown = (options: object, known: readonly string[], wrong: WrongOption): void => {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw wrong(unknown, `is no option; known options: ${[...known].sort().join(', ')}`);
};

/** An origin with a path or none. Not in the message: an address may have a password in it. */
export const checkedAddress = (address: unknown, option: string, example: string, wrong: WrongOption): string => {
  if (typeof address !== 'string' || !URL.canParse(address)) throw wrong(option, `must be a URL, such as '${example}'`);
  const url = new URL(address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong(option, 'must begin with https:// or http://');
  if (url.username !== '' || url.password !== '')
    throw wrong(option, 'must not have credentials in it; give them where credentials go');
  if (url.search !== '' || url.hash !== '') throw wrong(option, 'must have no query and no fragment');
  return url.href.replace(/\/+$/, '');
};
