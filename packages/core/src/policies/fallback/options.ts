import {
  type OptionSite,
  type Schema,
  anything,
  callback,
  checkOptions,
  configurationError,
  isRecord,
} from '../../errors/option-check.js';

export interface FallbackOptions {
  /** The answer. Its presence decides, not its value: `{ value: undefined }` answers undefined. */
  readonly value?: unknown;
  /** Makes the answer from the error and the call's arguments. */
  readonly handler?: (error: unknown, ...args: never[]) => unknown;
  /** Whether this error is answered. Default: every error but the caller's abort and configuration errors. */
  readonly when?: (error: unknown) => boolean;
}

const schema = (): Schema => ({ value: anything, handler: callback, when: callback });

/**
 * A function alone is the handler. Of a value and a handler the other one is named as undefined, so that it replaces what
 * a weaker layer gave.
 * @throws ConfigurationError
 */
export const parseFallbackOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  if (typeof given === 'function') return Object.freeze({ handler: given, value: undefined });
  const options = checkOptions(site, schema(), given === undefined ? {} : given);
  const hasValue = isRecord(given) && Object.hasOwn(given, 'value');
  if (!hasValue && options['handler'] === undefined)
    throw configurationError(site, 'needs a function (error, ...args) => value, or { value }');
  if (hasValue && options['handler'] !== undefined)
    throw configurationError(site, 'has both a value and a handler; keep one', 'value');
  return Object.freeze({ ...options, handler: options['handler'], value: hasValue ? given.value : undefined });
};
