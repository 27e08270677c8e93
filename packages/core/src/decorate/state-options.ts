import { type OptionSite, type Schema, configurationError, flag, oneOf, text } from '../errors/option-check.js';

/** Options of every policy that keeps state and refuses: whose state it is, and whether it really refuses. */
export const stateSchema = (): Schema => ({ shadow: flag, name: text, scope: oneOf('class', 'instance') });

/**
 * @param what the state is called: 'bulkhead'.
 * @throws ConfigurationError where a state is both shared by name and separate for each instance.
 */
export const checkStateOptions = (options: Readonly<Record<string, unknown>>, what: string, site: OptionSite): void => {
  if (options['name'] === undefined || options['scope'] !== 'instance') return;
  throw configurationError(site, `name shares one ${what}, scope 'instance' separates them; keep one`, 'name');
};
