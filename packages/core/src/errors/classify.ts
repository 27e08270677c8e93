import { causeChain, holds, membersOf, ownCodeOf, readProperty, statusOf } from './error-facts.js';
import { isRejection } from './rejected-error.js';
import { isResilienceError } from './resilience-error.js';

/**
 * The one table of errors. A thrown value gets a class; the class alone decides whether the call is retried, what the
 * breaker records, whether a stale value or a fallback may answer, and whether the cached entry is dropped. No policy
 * has rules of its own.
 *
 * The class is the first that matches: the user's classifiers; then, for the error and each of its causes, our brand,
 * an abort, the code or name, the HTTP status, the members of an AggregateError; then the spelling of fetch failures;
 * then the kind of a programmer's error; the words of the message last, because words lie.
 */

/** What `classifyError` answers and what a user's classifier may answer. */
export type PublicClass = 'transient' | 'authentication' | 'authorization' | 'notFound' | 'permanent';

export type ErrorClass = PublicClass | 'abort' | 'configuration' | 'rejection' | 'unknown' | 'programmer';

/** Recognises errors of a library or service of the user's; no answer leaves the error to the next one and to the table. */
export type Classifier = (error: unknown) => PublicClass | undefined | void;

export interface Verdict {
  readonly retry: boolean;
  /** What a breaker records; `neutral` gives the permit back and counts as nothing. */
  readonly breaker: 'failure' | 'success' | 'neutral';
  /** A stale value may answer instead. */
  readonly stale: boolean;
  /** The cached entry is removed: its value must not outlive the right to it, or the thing itself. */
  readonly dropsEntry: boolean;
  readonly fallback: boolean;
}

type Row = readonly [retry: boolean, breaker: Verdict['breaker'], stale: boolean, drops: boolean, fallback: boolean];

const verdict = (...[retry, breaker, stale, dropsEntry, fallback]: Row): Verdict =>
  Object.freeze({ retry, breaker, stale, dropsEntry, fallback });

/** In the order of `Verdict`: retry, breaker, stale, dropsEntry, fallback. */
export const VERDICTS: Readonly<Record<ErrorClass, Verdict>> = /* @__PURE__ */ (() =>
  Object.freeze({
    abort: verdict(false, 'neutral', false, false, false),
    configuration: verdict(false, 'neutral', false, false, false),
    rejection: verdict(false, 'neutral', true, false, true),
    transient: verdict(true, 'failure', true, false, true),
    unknown: verdict(true, 'failure', true, false, true),
    authentication: verdict(false, 'success', false, true, true),
    authorization: verdict(false, 'success', false, true, true),
    notFound: verdict(false, 'success', false, true, true),
    permanent: verdict(false, 'success', false, false, true),
    programmer: verdict(false, 'neutral', false, false, true),
  }))();

const words = (text: string): string[] => text.split(' ');

const classed = (errorClass: ErrorClass, codes: string): (readonly [string, ErrorClass])[] =>
  words(codes).map((code) => [code, errorClass]);

const CODES: ReadonlyMap<string, ErrorClass> = /* @__PURE__ */ (() =>
  new Map([
    ...classed('abort', 'ABORT_ERR UND_ERR_ABORTED ERR_CANCELED'),
    // A wrong argument to undici: it fails the same way next time.
    ...classed('programmer', 'UND_ERR_INVALID_ARG UND_ERR_INVALID_RETURN_VALUE UND_ERR_NOT_SUPPORTED'),
    ...classed('transient', 'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT ESOCKETTIMEDOUT EAI_AGAIN ENOTFOUND'),
    ...classed('transient', 'EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN ENETRESET EADDRNOTAVAIL'),
    ...classed('transient', 'ERR_NETWORK ERR_STREAM_PREMATURE_CLOSE'),
    // Bun's fetch uses words where Node uses errno.
    ...classed('transient', 'ConnectionRefused ConnectionClosed ConnectionReset FailedToOpenSocket Timeout'),
  ]))();

/** Codes of failures to reach the other side at all. */
const CONNECT_CODES: ReadonlySet<unknown> = /* @__PURE__ */ (() =>
  new Set([
    ...words('ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH EADDRNOTAVAIL UND_ERR_CONNECT_TIMEOUT'),
    ...words('ConnectionRefused FailedToOpenSocket'),
  ]))();

/** `TimeoutError` of AbortSignal.timeout; the others are Deno's. */
const TRANSIENT_NAMES: ReadonlySet<unknown> = /* @__PURE__ */ (() =>
  new Set([
    ...words('TimeoutError TimedOut ConnectionRefused ConnectionReset ConnectionAborted BrokenPipe'),
    ...words('NetworkUnreachable HostUnreachable UnexpectedEof'),
  ]))();

/** How the TypeError of a failed fetch begins: the specification gives it no code, and every runtime its own words. */
const FETCH_FAILURES: readonly RegExp[] = [
  /^(?:fetch failed|terminated)/i, // Node
  /^(?:failed to fetch|network error)/i, // Chromium
  /^networkerror when attempting to fetch resource/i, // Firefox
  /^(?:load failed|the (?:internet connection appears to be offline|network connection was lost|request timed out))/i, // Safari
  /^(?:could not connect to the server|a server with the specified hostname could not be found)/i,
  /^(?:error sending request|client error \(\w+\)|connection (?:error|closed before)|error reading a body)/i, // Deno
  /^(?:unable to connect|the socket connection was closed|was there a typo in the url)/i, // Bun
  /^network request failed/i, // React Native, whatwg-fetch
];

const DENO_CONNECT = /^(?:error sending request .*)?(?:client error \(connect\)|error trying to connect)/i;

const PROGRAMMER_NAMES: ReadonlySet<unknown> = new Set(['TypeError', 'RangeError', 'ReferenceError']);

/** 412 is Vault's "not yet consistent", 472 and 473 its standby nodes. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 412, 425, 429, 472, 473]);

const STALE_TOKEN = /\b(?:invalid token|token (?:has |is )?expired|expired token)\b/i;

/** Refusals before outages: "permission denied: connection reset" is the server's answer, not the network's. */
const WORDS: readonly (readonly [RegExp, ErrorClass])[] = [
  [/\bpermission denied\b/i, 'authorization'],
  [STALE_TOKEN, 'authentication'],
  [/\b(?:no secrets|(?<!\b(?:host|hostname|server|address) )not found)\b/i, 'notFound'],
  // The last two are Bun's, whose failed fetch is a plain Error.
  [/\b(?:connection|timeout|timed out|unable to connect|typo in the url)\b/i, 'transient'],
];

const MOST_WORDS = 1000;
/** AggregateErrors inside AggregateErrors; bounds the work on one that contains itself. */
const DEEPEST_NESTING = 2;

const textOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, MOST_WORDS) : '');

/** The error's message, or the thrown string itself. */
const messageOf = (error: unknown): string => textOf(error) || textOf(readProperty(error, 'message'));

/** The message, and the first of the `errors` in a Vault body, where the clients of Vault leave it. */
const wordsOf = (error: unknown): string => {
  const response = readProperty(error, 'response');
  const bodies = [error, readProperty(error, 'body'), readProperty(response, 'body'), readProperty(response, 'data')];
  return [messageOf(error), ...bodies.map((body) => textOf(readProperty(readProperty(body, 'errors'), 0)))].join('\n');
};

const byBrand = (link: unknown): ErrorClass | undefined => {
  if (!holds(isResilienceError, link)) return undefined;
  if (holds(isRejection, link)) return 'rejection';
  switch (readProperty(link, 'code')) {
    case 'CONFIGURATION':
      return 'configuration';
    case 'TIMED_OUT':
    case 'STORE_FAILED':
      return 'transient';
    // Arguments that have no key, under `strict`: the caller's mistake.
    case 'UNKEYABLE':
      return 'programmer';
    default:
      return undefined;
  }
};

/** The number 20 is a DOMException's, whatever its name, where the constant stands beside it; else a driver's own code. */
const isAbort = (link: unknown): boolean =>
  readProperty(link, 'name') === 'AbortError' ||
  (readProperty(link, 'code') === 20 && readProperty(link, 'ABORT_ERR') === 20);

/** Node reports an elapsed AbortSignal.timeout as an AbortError with the TimeoutError as its cause. */
const isTimeout = (link: unknown): boolean =>
  readProperty(link, 'name') === 'TimeoutError' ||
  (holds(isResilienceError, link) && readProperty(link, 'code') === 'TIMED_OUT');

const byCode = (link: unknown): ErrorClass | undefined => {
  if (isAbort(link)) return 'abort';
  const code = ownCodeOf(link) ?? '';
  const known = CODES.get(code);
  if (known !== undefined) return known;
  // UND_ERR_RESPONSE* report an answer, and its status decides.
  if (code.startsWith('UND_ERR_') && !code.startsWith('UND_ERR_RESPONSE')) return 'transient';
  return TRANSIENT_NAMES.has(readProperty(link, 'name')) ? 'transient' : undefined;
};

const byStatus = (link: unknown): ErrorClass | undefined => {
  const status = statusOf(link);
  if (status === undefined || status < 400) return undefined;
  if (status >= 500 || TRANSIENT_STATUSES.has(status)) return 'transient';
  if (status === 401) return 'authentication';
  // Vault answers 403 to an expired token too.
  if (status === 403) return STALE_TOKEN.test(wordsOf(link)) ? 'authentication' : 'authorization';
  return status === 404 || status === 410 ? 'notFound' : 'permanent';
};

/** The class all members share; members that disagree say nothing. */
const byMembers = (link: unknown, depth: number): ErrorClass | undefined => {
  if (depth >= DEEPEST_NESTING) return undefined;
  const classes = new Set(membersOf(link).map((member) => byTable(member, depth + 1)));
  return classes.size === 1 ? [...classes][0] : undefined;
};

const byFacts = (link: unknown, depth: number): ErrorClass | undefined =>
  byBrand(link) ?? byCode(link) ?? byStatus(link) ?? byMembers(link, depth);

const byChain = (chain: readonly unknown[], depth: number): ErrorClass | undefined => {
  for (const [index, link] of chain.entries()) {
    const found = byFacts(link, depth);
    if (found === 'abort' && chain.slice(index + 1).some(isTimeout)) return 'transient';
    if (found !== undefined) return found;
  }
  return undefined;
};

const isFetchFailure = (link: unknown): boolean => {
  const message = messageOf(link);
  return readProperty(link, 'name') === 'TypeError' && FETCH_FAILURES.some((start) => start.test(message));
};

const byKindOrWords = (error: unknown): ErrorClass => {
  const name = readProperty(error, 'name');
  if (PROGRAMMER_NAMES.has(name)) return 'programmer';
  // JSON.parse quotes the text it could not read, so the words of a SyntaxError are the server's.
  if (name === 'SyntaxError') return 'unknown';
  const said = wordsOf(error);
  return WORDS.find(([pattern]) => pattern.test(said))?.[1] ?? 'unknown';
};

const byTable = (error: unknown, depth: number): ErrorClass => {
  const chain = causeChain(error);
  return byChain(chain, depth) ?? (chain.some(isFetchFailure) ? 'transient' : byKindOrWords(error));
};

const PUBLIC_CLASSES: Readonly<Record<ErrorClass, PublicClass>> = {
  transient: 'transient',
  unknown: 'transient',
  authentication: 'authentication',
  authorization: 'authorization',
  notFound: 'notFound',
  permanent: 'permanent',
  abort: 'permanent',
  configuration: 'permanent',
  rejection: 'permanent',
  programmer: 'permanent',
};

const PUBLIC_NAMES: ReadonlySet<unknown> = /* @__PURE__ */ new Set(/* @__PURE__ */ Object.values(PUBLIC_CLASSES));

const tell = (onThrow: ((thrown: unknown) => void) | undefined, thrown: unknown): void => {
  try {
    onThrow?.(thrown);
  } catch {
    // Who reports a failure must not become one.
  }
};

const byClassifiers = (
  error: unknown,
  classifiers: readonly Classifier[],
  onThrow: ((thrown: unknown) => void) | undefined,
): PublicClass | undefined => {
  for (const classifier of classifiers) {
    try {
      const answer = classifier(error);
      if (PUBLIC_NAMES.has(answer)) return answer as PublicClass;
    } catch (thrown) {
      tell(onThrow, thrown);
    }
  }
  return undefined;
};

/**
 * The row of the table for any thrown value. Total: never throws, whatever the value. A classifier that throws is
 * skipped and told to `onThrow`; an answer that is no class counts as none.
 */
export const classifyInternal = (
  error: unknown,
  classifiers: readonly Classifier[] = [],
  onThrow?: (thrown: unknown) => void,
): ErrorClass => byClassifiers(error, classifiers, onThrow) ?? byTable(error, 0);

/**
 * The class of any thrown value, in five words. `transient` is what `@Retry` tries again by default: outages, timeouts,
 * and errors that give no reason, such as `new Error('DB is down')`. `permanent` is everything that fails the same way
 * next time: other 4xx, a caller's abort, a refusal, a ConfigurationError, a programmer's TypeError.
 */
export const classifyError = (error: unknown, classifiers?: readonly Classifier[]): PublicClass =>
  PUBLIC_CLASSES[classifyInternal(error, classifiers)];

const isConnectFailure = (link: unknown): boolean => {
  if (statusOf(link) !== undefined) return false;
  const syscall = readProperty(link, 'syscall');
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true;
  // A route may vanish under an open connection: then the same code comes from read or write.
  if (syscall !== undefined) return false;
  return CONNECT_CODES.has(readProperty(link, 'code')) || DENO_CONNECT.test(messageOf(link));
};

const isUnsent = (error: unknown, depth: number): boolean => {
  for (const link of causeChain(error)) {
    const members = depth < DEEPEST_NESTING ? membersOf(link) : [];
    if (holds(isRejection, link) || isConnectFailure(link)) return true;
    if (members.length > 0) return members.every((member) => isUnsent(member, depth + 1));
    // An answer, or a failure on an open connection: whatever caused it, something was sent.
    if (byFacts(link, DEEPEST_NESTING) !== undefined) return false;
  }
  return false;
};

/**
 * True only for failures that surely came before the request was sent: refused or unreachable, name not resolved,
 * connecting timed out, or refused by a policy. Safe to retry even where the method is not idempotent.
 */
export const isBeforeSending = (error: unknown): boolean => isUnsent(error, 0);
