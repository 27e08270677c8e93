import { type Duration, parseDuration } from '../../../algorithms/duration.js';
import {
  type OptionSite,
  checkOptions,
  configurationError,
  duration,
  isRecord,
  oneOf,
  text,
  whole,
} from '../../../errors/option-check.js';
import { type CachedOptions, parseCachedOptions } from '../options.js';
import type { Shape } from './answer.js';

/**
 * Options of `@CachedMany`: those of `@Cached`, for the entries of single ids. Their callbacks get one id, then the
 * method's further arguments, and one value.
 */
export interface CachedManyOptions<Args extends readonly unknown[] = never[], Value = never, Self = never> extends Omit<
  CachedOptions<Args, Value, Self>,
  'store' | 'version'
> {
  /** Entries of lists stay in this process, whatever store is configured. */
  readonly store?: false;
  /** The most ids in one call of the method; what is missing beyond that takes several calls at a time. Default: no bound. */
  readonly maxBatch?: number;
  /** How long calls of single ids (`oneOf`) are gathered, from the first one on. Default 0: those of one turn of the event loop. */
  readonly window?: Duration;
  /**
   * A method of the same object with `@Cached` and one id in the place of the list: both have one cache, that method's.
   * Give both the same `key` and `scope`. Default: a cache of its own.
   */
  readonly shareWith?: string;
  /**
   * What the method answers with: an array in the order of the ids, a Map by id, or an object by id. Needed where every
   * id may be cached before the method has answered once. Default: as its latest answer; 'array' before the first one.
   */
  readonly returns?: 'array' | 'map' | 'record';
}

export interface ManySettings {
  readonly maxBatch: number;
  readonly window: number;
  readonly returns: Shape | undefined;
  readonly shareWith: string | undefined;
}

const OWN: ReadonlySet<string> = new Set(['maxBatch', 'window', 'returns', 'shareWith']);

/** @throws ConfigurationError */
export const parseCachedManyOptions = (
  given: unknown,
  site: OptionSite,
): { readonly cached: Readonly<Record<string, unknown>>; readonly many: ManySettings } => {
  const entries = Object.entries(isRecord(given) ? given : {});
  const own = Object.fromEntries(entries.filter(([name]) => OWN.has(name)));
  const rest = isRecord(given) ? Object.fromEntries(entries.filter(([name]) => !OWN.has(name))) : given;
  const schema = { maxBatch: whole(1), window: duration(), returns: oneOf('array', 'map', 'record'), shareWith: text };
  const { maxBatch, window, returns, shareWith } = checkOptions(site, schema, own) as CachedManyOptions;
  if (isRecord(rest) && rest['store'] !== undefined && rest['store'] !== false)
    throw configurationError(site, 'store: entries of lists stay in this process; leave it out', 'store');
  const many = { maxBatch: maxBatch ?? Infinity, window: parseDuration(window ?? 0), returns, shareWith };
  return { cached: parseCachedOptions(rest, site), many };
};
