import { readableKey } from '../algorithms/readable-key.js';
import type { CacheKey } from '../algorithms/stable-key.js';
import { ConfigurationError } from '../errors/configuration-error.js';
import { shown } from '../errors/option-check.js';

/** Which keys to list, as people read them. All that is given must hold. */
export interface KeyQuery {
  /** How the readable key begins. */
  readonly prefix?: string;
  /** What the readable key contains, in whatever case. */
  readonly search?: string;
  /** How many at most, the most recently used first. Default: all. */
  readonly limit?: number;
}

const wrong = (option: string, problem: string): ConfigurationError =>
  new ConfigurationError(`cacheOf().keys: ${option} ${problem}`, { option });

const checkQuery = ({ prefix, search, limit }: KeyQuery): void => {
  for (const [option, value] of Object.entries({ prefix, search }))
    if (value !== undefined && typeof value !== 'string') throw wrong(option, `must be a string, got ${shown(value)}`);
  if (limit !== undefined && !(limit >= 0)) throw wrong('limit', `must be a number of at least 0, got ${shown(limit)}`);
};

/** @throws ConfigurationError on a wrong query. */
export const listKeys = (keys: readonly CacheKey[], query: KeyQuery): string[] => {
  checkQuery(query);
  const { prefix = '', search = '', limit = Infinity } = query;
  const wanted = search.toLowerCase();
  const found: string[] = [];
  for (const key of keys) {
    if (found.length >= limit) break;
    const readable = readableKey(key);
    if (readable.startsWith(prefix) && readable.toLowerCase().includes(wanted)) found.push(readable);
  }
  return found;
};
