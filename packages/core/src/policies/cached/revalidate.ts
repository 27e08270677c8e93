import { discard } from '../../algorithms/single-use.js';
import { throwIfNotOk } from '../../errors/http-error.js';
import { isRecord } from '../../errors/option-check.js';
import { headerOf } from '../../errors/retry-after.js';
import { type CurrentLoad, currentCall } from '../../pipeline/current-call.js';
import { type CacheControlOptions, cacheControlTtl, freshnessHeaders } from './cache-control-ttl.js';

/** What a server has answered, with what it takes to ask whether that has changed. Plain data where the body is. */
export interface Validated<Body> {
  readonly body: Body;
  readonly etag?: string;
  readonly lastModified?: string;
}

/** As much of `fetch` as is needed. */
type Fetch = (url: string | URL, init: RequestInit) => Promise<Response>;

export interface RevalidateOptions<Body> {
  /** Default: that of the platform. */
  readonly fetch?: Fetch;
  /** What to keep of a response. Default: its JSON. */
  readonly read?: (response: Response) => Body | Promise<Body>;
  /** Let `Cache-Control` decide on the ttl of the result; with options as `cacheControlTtl`. Default false. */
  readonly cacheControl?: boolean | CacheControlOptions;
}

const NOT_MODIFIED = 304;

const isValidated = (value: unknown): value is Validated<unknown> =>
  isRecord(value) &&
  'body' in value &&
  (typeof value['etag'] === 'string' || typeof value['lastModified'] === 'string');

/** The caller's own conditions stay as they are. */
const withConditions = (given: RequestInit['headers'], { etag, lastModified }: Validated<unknown>): Headers => {
  const headers = new Headers(given);
  if (headers.has('if-none-match') || headers.has('if-modified-since')) return headers;
  if (etag !== undefined) headers.set('if-none-match', etag);
  if (lastModified !== undefined) headers.set('if-modified-since', lastModified);
  return headers;
};

/** A response without any word on it, as many 304 are, leaves the ttl as it is. */
const applyTtl = (cache: CurrentLoad, response: Response, option: true | CacheControlOptions): void => {
  const { cacheControl, expires } = freshnessHeaders(response);
  const options = option === true ? {} : option;
  if (cacheControl === undefined && expires === undefined && options.default === undefined) return;
  const answer = cacheControlTtl(response, options);
  if (answer === null) cache.skip();
  else cache.setTtl(answer.ttl);
};

const textOf = (response: Response, name: string): string | undefined => {
  const value = headerOf(response.headers, name);
  return typeof value === 'string' ? value : undefined;
};

const validated = <Body>(response: Response, body: Body): Validated<Body> => {
  const etag = textOf(response, 'etag');
  const lastModified = textOf(response, 'last-modified');
  return { body, ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
};

/**
 * Fetches inside of a cached method, and asks a server that has been asked before only whether something has changed:
 * sends `If-None-Match` and `If-Modified-Since` of the value that is being replaced, and where the answer is 304 that
 * value is the result, fresh again. The signal of the attempt is passed on unless `init` has one. Call it before the
 * first `await` of the method. The old value must still be there: give the method `staleIfError` or
 * `staleWhileRevalidate`.
 * @throws HttpError for every other status than 2xx. @throws ConfigurationError outside of a decorated method.
 */
export const revalidate = async <Body = unknown>(
  url: string | URL,
  init: RequestInit = {},
  options: RevalidateOptions<Body> = {},
): Promise<Validated<Body>> => {
  const { cache, signal } = currentCall();
  const { read = (response) => response.json() as Promise<Body>, cacheControl = false } = options;
  const ask: Fetch = options.fetch ?? ((target, given) => globalThis.fetch(target, given));
  const old = cache?.stale?.value;
  const known = isValidated(old) ? old : undefined;
  const headers = known === undefined ? undefined : withConditions(init.headers, known);
  const response = await ask(url, { ...init, signal: init.signal ?? signal, ...(headers && { headers }) });
  if (cache !== undefined && cacheControl !== false && (response.ok || response.status === NOT_MODIFIED))
    applyTtl(cache, response, cacheControl);
  if (known !== undefined && cache !== undefined && response.status === NOT_MODIFIED) {
    discard(response);
    return cache.notModified<Validated<Body>>();
  }
  return validated(throwIfNotOk(response), await read(response));
};
