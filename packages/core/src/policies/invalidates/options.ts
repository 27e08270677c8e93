import {
  type OptionSite,
  type Schema,
  callback,
  checkOptions,
  configurationError,
  either,
  oneOf,
  text,
} from '../../errors/option-check.js';

export interface InvalidatesOptions<Args extends readonly unknown[] = never[], Self = never> {
  /** The cached method of the same instance whose entries go. */
  readonly target: string | symbol;
  /**
   * Which entries: one element per entry, an array as the target's arguments, anything else as its only argument.
   * Default: all entries of the target.
   */
  readonly keys?: (this: Self, ...args: Args) => readonly unknown[];
  /**
   * 'attempted' (default): unless the call was refused or definitely had no effect (4xx); 'success': only after success;
   * 'always'.
   */
  readonly when?: 'attempted' | 'success' | 'always';
}

const isMember = (value: unknown): string | undefined => (typeof value === 'symbol' ? undefined : text(value));

const schema = (): Schema => ({
  target: either(isMember),
  keys: callback,
  when: oneOf('attempted', 'success', 'always'),
});

/** @throws ConfigurationError */
export const parseInvalidatesOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  const options = checkOptions(site, schema(), given === undefined ? {} : given);
  if (options['target'] === undefined)
    throw configurationError(
      site,
      "target is missing; name the cached method: { target: 'product', keys: (id) => [id] }",
      'target',
    );
  return options;
};
