import { readProperty } from './error-facts.js';
import { headerOf } from './retry-after.js';

/** What `throwIfNotOk` needs of a response: fetch, undici and node-fetch all give it. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText?: string | undefined;
  /** `Headers`, a Map, pairs or a plain object. */
  readonly headers?: unknown;
  /** A web or Node stream. */
  readonly body?: unknown;
}

/** Errors end up in logs: only headers that never carry a credential or a cookie, and for the same reason no URL. */
const KEPT_HEADERS = ['retry-after', 'retry-after-ms', 'content-type', 'date', 'etag', 'x-request-id'] as const;

const LONGEST_HEADER = 256;
const LONGEST_STATUS_TEXT = 64;
const CONTROL_CHARACTERS = /\p{Cc}+/gu;

const lineOf = (value: unknown, longest: number): string =>
  typeof value === 'string' ? value.slice(0, longest).replace(CONTROL_CHARACTERS, ' ').trim() : '';

const keptHeaders = (headers: unknown): Readonly<Record<string, string>> => {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headerOf(headers, name);
    const line = lineOf(typeof value === 'string' ? value : readProperty(value, 0), LONGEST_HEADER);
    if (line !== '') kept[name] = line;
  }
  return Object.freeze(kept);
};

/** An HTTP response that is not 2xx, as an error: `HTTP 503 Service Unavailable`. Without body, URL and credentials. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** The server's words for the status; empty over HTTP/2, which has none. */
  readonly statusText: string;
  /** By lower-case name: retry-after, retry-after-ms, content-type, date, etag, x-request-id where present. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(response: Pick<ResponseLike, 'status' | 'statusText' | 'headers'>) {
    const statusText = lineOf(response.statusText, LONGEST_STATUS_TEXT);
    super(`HTTP ${response.status} ${statusText}`.trim());
    this.status = response.status;
    this.statusText = statusText;
    this.headers = keptHeaders(response.headers);
  }
}

const ignore = (): void => undefined;

/** Frees the socket: an unread body holds its connection until it is collected. Best effort, as for a locked body. */
const discardBody = (response: ResponseLike): void => {
  const body = readProperty(response, 'body') as { cancel?: () => unknown; destroy?: () => unknown } | null | undefined;
  try {
    if (typeof body?.cancel === 'function') void Promise.resolve(body.cancel()).then(ignore, ignore);
    else body?.destroy?.();
  } catch {
    // The error of interest is the response's status.
  }
};

/** The response itself when its status is 2xx; otherwise discards the body and throws an {@link HttpError}. */
export const throwIfNotOk = <R extends ResponseLike>(response: R): R => {
  if (response.ok) return response;
  discardBody(response);
  throw new HttpError(response);
};
