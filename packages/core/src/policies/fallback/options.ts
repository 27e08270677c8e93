import { type OptionSite, anything, callback, checkOptions, configurationError } from '../../errors/option-check.js';

export interface FallbackOptions {
  /** The answer. Its presence decides, not its value: `{ value: undefined }` answers undefined. */
  readonly value?: unknown;
  /** Makes the answer from the error and the call's arguments. */
  readonly handler?: (error: unknown, ...args: never[]) => unknown;
  /** Whether this error is answered. Default: every error but the caller's abort and configuration errors. */
  readonly when?: (error: unknown) => boolean;
}

const SCHEMA = { value: anything, handler: callback, when: callback };

/** A function alone is the handler. @throws ConfigurationError */
export const parseFallbackOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  if (typeof given === 'function') return Object.freeze({ handler: given });
  const options = checkOptions(site, SCHEMA, given);
  const hasValue = typeof given === 'object' && given !== null && Object.hasOwn(given, 'value');
  if (!hasValue && options['handler'] === undefined)
    throw configurationError(site, 'needs a function (error, ...args) => value, or { value }');
  if (hasValue && options['handler'] !== undefined)
    throw configurationError(site, 'has both a value and a handler; keep one', 'value');
  return hasValue ? Object.freeze({ ...options, value: (given as FallbackOptions).value }) : options;
};
