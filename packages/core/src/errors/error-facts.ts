/**
 * What can be said of an unknown thrown value without its message, which may hold a password or a customer's name.
 * Thrown values are hostile ground: proxies, throwing getters, cycles. Everything here is total.
 */

/** Serialisable and safe to log. */
export interface ErrorSummary {
  readonly name: string;
  readonly code?: string;
  readonly status?: number;
}

const LONGEST_CHAIN = 8;
const MOST_MEMBERS = 16;

/** A class name or a code is one short word; free text in its place is treated as absent, since it may be a message. */
const WORD = /^[\w$.:/#@-]{1,64}$/;

/** `value[key]`, undefined for primitives and for getters and proxies that throw. */
export const readProperty = (value: unknown, key: PropertyKey): unknown => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
};

/** Whether the test passes; one that throws, on a proxy whose brand it reads, does not. */
export const holds = (test: (value: unknown) => boolean, value: unknown): boolean => {
  try {
    return test(value);
  } catch {
    return false;
  }
};

/** The error, its cause, the cause's cause …: at most 8, each once. */
export const causeChain = (error: unknown): readonly unknown[] => {
  const chain: unknown[] = [];
  for (let link = error; link != null && !chain.includes(link) && chain.length < LONGEST_CHAIN;) {
    chain.push(link);
    link = readProperty(link, 'cause');
  }
  return chain;
};

/** The first 16 errors of an AggregateError; empty for everything else. */
export const membersOf = (error: unknown): readonly unknown[] => {
  if (readProperty(error, 'name') !== 'AggregateError') return [];
  const errors = readProperty(error, 'errors');
  const count = readProperty(errors, 'length');
  const length = typeof count === 'number' && count > 0 ? Math.min(count, MOST_MEMBERS) : 0;
  return Array.from({ length }, (_, index) => readProperty(errors, index));
};

const wordOf = (value: unknown): string | undefined =>
  typeof value === 'string' && WORD.test(value) ? value : undefined;

/** The string `code` of this very value, as Node, undici and database drivers set it. */
export const ownCodeOf = (error: unknown): string | undefined => wordOf(readProperty(error, 'code'));

/** The first string `code` of the error and its causes: fetch hides `ECONNREFUSED` in `cause`. */
export const codeOf = (error: unknown): string | undefined => {
  for (const link of causeChain(error)) {
    const code = ownCodeOf(link);
    if (code !== undefined) return code;
  }
  return undefined;
};

const isStatus = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599;

/** HTTP status 100..599 from `status`, `statusCode`, `response.status` or `response.statusCode`. */
export const statusOf = (error: unknown): number | undefined => {
  const response = readProperty(error, 'response');
  const candidates = [
    readProperty(error, 'status'),
    readProperty(error, 'statusCode'),
    readProperty(response, 'status'),
    readProperty(response, 'statusCode'),
  ];
  return candidates.find(isStatus);
};

const nameOf = (error: unknown): string => {
  if (error === null) return 'null';
  if (typeof error !== 'object' && typeof error !== 'function') return typeof error;
  return (
    wordOf(readProperty(error, 'name')) ?? wordOf(readProperty(readProperty(error, 'constructor'), 'name')) ?? 'Error'
  );
};

/** Name, code and status, each short; never the message. */
export const summarize = (error: unknown): ErrorSummary => {
  const code = codeOf(error);
  const status = statusOf(error);
  return Object.freeze({
    name: nameOf(error),
    ...(code === undefined ? {} : { code }),
    ...(status === undefined ? {} : { status }),
  });
};
