/**
 * How long an HTTP response is fresh, by its own headers: RFC 9111 (HTTP Caching) §4.2 and §5.2.2, RFC 5861 for stale
 * answers. Pure: the age of a response is what its `Age` header says, dates are compared with its own `Date`.
 *
 *     private cache:   max-age, else Expires − Date
 *     shared cache:    s-maxage, else max-age, else Expires − Date
 *     less Age; nothing at all for no-store, no-cache, Vary: *, and private in a shared cache
 *
 * Where a directive is given twice the stricter one holds, and a duration that is none counts as 0: both as the RFC
 * advises. `private` and `no-cache` with field names are taken for the whole response, which errs on the safe side.
 * `immutable` (RFC 8246) changes nothing: a fresh response is never asked for again in any case.
 */
import { parseHttpDate } from './retry-after.js';

const SECOND = 1000;
/** Where RFC 9111 §1.2.2 ends counting. */
const MOST_SECONDS = 2 ** 31;
/** Two-digit years are of the century around it; every other date says its own. */
const THIS_CENTURY = 1_750_000_000_000;

/** Directives by lower-case name; those without a value have an empty one. */
type Directives = ReadonlyMap<string, readonly string[]>;

/** `name`, `name=token`, `name="quoted, with commas"`. */
const DIRECTIVE = /([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;]*)))?/g;

const LONGEST = 4_096;

export const parseCacheControl = (header: string): Directives => {
  const directives = new Map<string, string[]>();
  for (const [, name = '', quoted, token = ''] of header.slice(0, LONGEST).matchAll(DIRECTIVE)) {
    const key = name.toLowerCase();
    directives.set(key, [...(directives.get(key) ?? []), quoted ?? token]);
  }
  return directives;
};

/** Milliseconds of a directive; undefined where it is absent. */
const deltaOf = (directives: Directives, name: string): number | undefined => {
  const values = directives.get(name);
  if (values === undefined) return undefined;
  const seconds = values.map((value) => (/^\d+$/.test(value) ? Math.min(Number(value), MOST_SECONDS) : 0));
  return Math.min(...seconds) * SECOND;
};

/** The headers that speak of freshness; undefined where they are absent. */
export interface FreshnessHeaders {
  readonly cacheControl: string | undefined;
  readonly expires: string | undefined;
  readonly date: string | undefined;
  readonly age: string | undefined;
  readonly vary: string | undefined;
}

/** Milliseconds from now on. */
export interface Freshness {
  /** Undefined where the response does not say. */
  readonly lifetime: number | undefined;
  readonly age: number;
  readonly staleWhileRevalidate: number | undefined;
  readonly staleIfError: number | undefined;
  /** Nothing old may answer. */
  readonly mustRevalidate: boolean;
}

/** A date that is none, such as the common `0`, lies in the past. Without a `Date` there is nothing to count from. */
const byDates = ({ expires, date }: FreshnessHeaders, now: number | undefined): number | undefined => {
  if (expires === undefined) return undefined;
  const until = parseHttpDate(expires.trim(), now ?? THIS_CENTURY);
  if (until === undefined) return 0;
  const from = date === undefined ? now : (parseHttpDate(date.trim(), now ?? THIS_CENTURY) ?? now);
  return from === undefined ? undefined : Math.max(0, until - from);
};

const ageOf = (age: string | undefined): number =>
  age !== undefined && /^\s*\d+/.test(age) ? Math.min(Number.parseInt(age, 10), MOST_SECONDS) * SECOND : 0;

/** Undefined for a response that must not be kept. */
export const freshnessOf = (
  headers: FreshnessHeaders,
  { isShared, now }: { readonly isShared: boolean; readonly now: number | undefined },
): Freshness | undefined => {
  const directives = parseCacheControl(headers.cacheControl ?? '');
  if (directives.has('no-store') || directives.has('no-cache')) return undefined;
  if (headers.vary?.includes('*') === true || (isShared && directives.has('private'))) return undefined;
  const shared = isShared ? deltaOf(directives, 's-maxage') : undefined;
  return {
    lifetime: shared ?? deltaOf(directives, 'max-age') ?? byDates(headers, now),
    age: ageOf(headers.age),
    staleWhileRevalidate: deltaOf(directives, 'stale-while-revalidate'),
    staleIfError: deltaOf(directives, 'stale-if-error'),
    // s-maxage has the meaning of proxy-revalidate.
    mustRevalidate:
      directives.has('must-revalidate') || (isShared && (shared !== undefined || directives.has('proxy-revalidate'))),
  };
};
