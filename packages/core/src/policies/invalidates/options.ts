import { someTags } from '../../stores/tag-names.js';
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
  /** The cached method of the same instance whose entries go. Needed where there are no `tags`. */
  readonly target?: string | symbol;
  /**
   * Which entries: one element per entry, an array as the target's arguments, anything else as its only argument.
   * Default: all entries of the target.
   */
  readonly keys?: (this: Self, ...args: Args) => readonly unknown[];
  /** Every entry with one of these tags goes, in all caches of the runtime. Default: none. */
  readonly tags?: readonly string[] | ((this: Self, ...args: Args) => readonly string[]);
  /**
   * 'attempted' (default): unless the call was refused or definitely had no effect (4xx); 'success': only after success;
   * 'always'.
   */
  readonly when?: 'attempted' | 'success' | 'always';
}

/** One of them is needed, or both. */
export type SomethingToInvalidate = { readonly target: string | symbol } | { readonly tags: unknown };

const isMember = (value: unknown): string | undefined => (typeof value === 'symbol' ? undefined : text(value));

const schema = (): Schema => ({
  target: either(isMember),
  keys: callback,
  tags: someTags,
  when: oneOf('attempted', 'success', 'always'),
});

/** @throws ConfigurationError */
export const parseInvalidatesOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  const options = checkOptions(site, schema(), given === undefined ? {} : given);
  if (options['target'] !== undefined) return options;
  if (options['tags'] === undefined)
    throw configurationError(
      site,
      "target is missing; name the cached method: { target: 'product', keys: (id) => [id] }, or give tags",
      'target',
    );
  if (options['keys'] !== undefined)
    throw configurationError(site, 'keys needs target, the cached method whose keys they are', 'keys');
  return options;
};
