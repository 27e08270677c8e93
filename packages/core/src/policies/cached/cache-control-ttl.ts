import { type FreshnessHeaders, freshnessOf } from '../../algorithms/cache-control.js';
import { type Duration, parseDuration } from '../../algorithms/duration.js';
import { type OptionSite, checkOptions, duration, finite, flag } from '../../errors/option-check.js';
import { headerOf } from '../../errors/retry-after.js';

export interface CacheControlOptions {
  /** The ttl of a response that does not say how long it is fresh. Default: it is not stored. */
  readonly default?: Duration;
  /** No response is fresh for longer. Default: no bound. */
  readonly max?: Duration;
  /** The cache serves several users: `s-maxage` counts, and `private` responses are not stored. Default false. */
  readonly shared?: boolean;
  /** Milliseconds since the epoch, for `Expires` without `Date`. Default: such a response does not say. */
  readonly now?: number;
}

/** What the ttl of a response is, as the option `ttl` of `@Cached` takes it. Milliseconds. */
export interface ResponseTtl {
  readonly ttl: number;
  /** When even an old value may answer no more: with `must-revalidate` the ttl itself. */
  readonly hardTtl?: number;
  /** What the response says of old answers (RFC 5861); how long the cache keeps them is its own options' matter. */
  readonly staleWhileRevalidate?: number;
  readonly staleIfError?: number;
}

type Headers = object;

const SITE: OptionSite = { decorator: 'cacheControlTtl' };

const textOf = (headers: unknown, name: string): string | undefined => {
  const value = headerOf(headers, name);
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};

/** The headers of a response, or the headers themselves. */
const headersIn = (given: unknown): unknown => {
  const inside: unknown = (given as { readonly headers?: unknown } | null | undefined)?.headers;
  return typeof inside === 'object' && inside !== null ? inside : given;
};

export const freshnessHeaders = (given: unknown): FreshnessHeaders => {
  const headers = headersIn(given);
  return {
    cacheControl: textOf(headers, 'cache-control'),
    expires: textOf(headers, 'expires'),
    date: textOf(headers, 'date'),
    age: textOf(headers, 'age'),
    vary: textOf(headers, 'vary'),
  };
};

/**
 * How long a response may be kept by its `Cache-Control`, `Expires`, `Date`, `Age` and `Vary` (RFC 9111), for the option
 * `ttl`: `ttl: (result) => cacheControlTtl(result.headers, { default: '1m' })`. Null: it must not be stored. Takes a
 * response of `fetch`, anything with `headers`, or the headers: `Headers`, a `Map`, a plain object.
 * @throws ConfigurationError on wrong options.
 */
export const cacheControlTtl = (
  response: { readonly headers: Headers } | Headers,
  options: CacheControlOptions = {},
): ResponseTtl | null => {
  checkOptions(
    SITE,
    { default: duration({ infinite: true }), max: duration({ infinite: true }), shared: flag, now: finite(0) },
    options,
  );
  const { default: otherwise = 0, max = Infinity, shared = false, now } = options;
  const freshness = freshnessOf(freshnessHeaders(response), { isShared: shared, now });
  if (freshness === undefined) return null;
  const { lifetime, age, staleWhileRevalidate, staleIfError, mustRevalidate } = freshness;
  const left = lifetime === undefined ? parseDuration(otherwise) : lifetime - age;
  const ttl = Math.min(left, parseDuration(max));
  if (!(ttl > 0)) return null;
  const old = mustRevalidate ? 0 : staleIfError && Math.max(staleIfError, staleWhileRevalidate ?? 0);
  return {
    ttl,
    ...(old !== undefined && { hardTtl: ttl + old }),
    ...(staleWhileRevalidate !== undefined && { staleWhileRevalidate }),
    ...(staleIfError !== undefined && { staleIfError }),
  };
};
