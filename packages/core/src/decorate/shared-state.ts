import { type OptionSite, configurationError } from '../errors/option-check.js';
import type { Runtime } from '../runtime/runtime.js';

interface Shared {
  readonly options: string;
  readonly state: unknown;
}

export interface SharedName {
  /** What is shared: `circuit`, `bulkhead`. */
  readonly kind: string;
  readonly name: string;
  readonly options: unknown;
  readonly site: OptionSite;
}

/** Options compared by value; functions by identity, through an ordinal. */
const ordinals = new WeakMap<object, number>();
let nextOrdinal = 1;
const ordinalOf = (fn: object): number => {
  const ordinal = ordinals.get(fn) ?? nextOrdinal++;
  ordinals.set(fn, ordinal);
  return ordinal;
};

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Equal for options that say the same. */
export const fingerprint = (options: unknown): string =>
  JSON.stringify(options, (key, value: unknown) => {
    // One that holds a client may not be looked into.
    if (key === 'store' && isPlain(value)) return `store ${ordinalOf(value)}`;
    if (typeof value === 'function') return `function ${ordinalOf(value)}`;
    // The order in which options were written says nothing.
    if (isPlain(value)) return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    return value === Infinity ? 'Infinity' : value;
  }) ?? '';

/**
 * State that several methods share by a name of the user's, within one runtime.
 * @throws ConfigurationError when two methods give one name unequal options.
 */
export const sharedState = <State>(
  runtime: Runtime,
  { kind, name, options, site }: SharedName,
  create: () => State,
): State => {
  const key = `${kind}:${name}`;
  const mine = fingerprint(options);
  const known = runtime.state.get(key) as Shared | undefined;
  const version = runtime.state.get(`${key}@version`);
  if (known !== undefined && known.options !== mine && version === runtime.version) {
    throw configurationError(
      site,
      `name '${name}' is already used by a ${kind} with other options; give both the same options, or another name`,
      'name',
    );
  }
  const state = known === undefined ? create() : (known.state as State);
  runtime.state.set(key, { options: mine, state });
  runtime.state.set(`${key}@version`, runtime.version);
  return state;
};
