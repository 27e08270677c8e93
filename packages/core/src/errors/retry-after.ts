import { parseRetryAfter, parseRetryAfterMs } from '../algorithms/retry-after.js';
import { causeChain, holds, readProperty } from './error-facts.js';
import { isResilienceError } from './resilience-error.js';

/** An object with more headers than this is not a response. */
const MOST_HEADERS = 256;
const MOST_VALUES = 8;

const isNamed = (key: unknown, name: string): boolean => typeof key === 'string' && key.toLowerCase() === name;

const fromEntries = (headers: Iterable<unknown>, name: string): unknown => {
  let left = MOST_HEADERS;
  for (const entry of headers) {
    if (left-- === 0) return undefined;
    if (isNamed(readProperty(entry, 0), name)) return readProperty(entry, 1);
  }
  return undefined;
};

const fromObject = (headers: object, name: string): unknown => {
  const key = Object.keys(headers)
    .slice(0, MOST_HEADERS)
    .find((candidate) => isNamed(candidate, name));
  return key === undefined ? undefined : readProperty(headers, key);
};

/**
 * A header by its lower-case name, from a `Headers`, a `Map`, a list of pairs or a plain object, written in any case.
 * Undefined when it is absent or the object resists.
 */
export const headerOf = (headers: unknown, name: string): unknown => {
  if (typeof headers !== 'object' || headers === null) return undefined;
  try {
    const { get } = headers as { get?: unknown };
    const got: unknown = typeof get === 'function' ? get.call(headers, name) : undefined;
    if (got != null) return got;
    return Symbol.iterator in headers ? fromEntries(headers as Iterable<unknown>, name) : fromObject(headers, name);
  } catch {
    return undefined;
  }
};

/** A header given several times is a list; the first value that means something counts. */
const firstOf = (value: unknown, parse: (single: unknown) => number | undefined): number | undefined => {
  const first = parse(value);
  if (first !== undefined) return first;
  for (let index = 0; index < MOST_VALUES; index++) {
    const parsed = parse(readProperty(value, index));
    if (parsed !== undefined) return parsed;
  }
  return undefined;
};

const fromHeaders = (headers: unknown, wallNow: number): number | undefined =>
  firstOf(headerOf(headers, 'retry-after-ms'), parseRetryAfterMs) ??
  firstOf(headerOf(headers, 'retry-after'), (value) => parseRetryAfter(value, wallNow));

const fromError = (error: unknown, wallNow: number): number | undefined => {
  const own = readProperty(error, 'retryAfter');
  const told = holds(isResilienceError, error) ? parseRetryAfterMs(own) : parseRetryAfter(own, wallNow);
  return (
    told ??
    fromHeaders(readProperty(error, 'headers'), wallNow) ??
    fromHeaders(readProperty(readProperty(error, 'response'), 'headers'), wallNow)
  );
};

/**
 * Milliseconds the other side asks to wait, told by the error or the nearest of its causes: `error.retryAfter`, else
 * the headers `retry-after-ms` and `retry-after` of `error.headers`, else of `error.response.headers`. A numeric
 * `retryAfter` is milliseconds on our own errors and seconds on everybody else's, as libraries have it. `wallNow` is
 * milliseconds since the epoch. Never throws.
 */
export const retryAfterOf = (error: unknown, wallNow: number): number | undefined => {
  for (const link of causeChain(error)) {
    const found = fromError(link, wallNow);
    if (found !== undefined) return found;
  }
  return undefined;
};
