import { ask } from './ask.js';
import { type Check, arrayOf, shown } from './option-check.js';
import { codeOf, statusOf } from './error-facts.js';

/** An error by its class, code, HTTP status, or a predicate of the user's. */
export type ErrorPattern =
  (abstract new (...args: never[]) => unknown) | string | number | ((error: unknown) => boolean);

export const isPattern: Check = (value) =>
  ['string', 'number', 'function'].includes(typeof value)
    ? undefined
    : `must be an error class, a code, a status or a predicate, got ${shown(value)}`;

export const errorPatterns: Check = /* @__PURE__ */ arrayOf(isPattern);

const isErrorClass = (pattern: unknown): pattern is abstract new (...args: never[]) => unknown =>
  typeof pattern === 'function' && (pattern === Error || pattern.prototype instanceof Error);

/** Whether a class, a code or a status matches; undefined for a predicate, which is to be asked. */
export const matchesByFact = (pattern: ErrorPattern, error: unknown): boolean | undefined => {
  if (typeof pattern === 'string') return codeOf(error) === pattern;
  if (typeof pattern === 'number') return statusOf(error) === pattern;
  return isErrorClass(pattern) ? error instanceof pattern : undefined;
};

/** Whether any pattern matches. A predicate that throws does not match and is reported. */
export const matchesAny = (
  patterns: readonly ErrorPattern[],
  error: unknown,
  report: (thrown: unknown) => void,
): boolean =>
  patterns.some(
    (pattern) =>
      matchesByFact(pattern, error) ?? ask(() => (pattern as (error: unknown) => unknown)(error), false, report),
  );
