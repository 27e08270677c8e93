import { isYes } from './ask.js';
import { type ErrorPattern, isPattern, matchesByFact } from './error-matcher.js';
import { configurationError, shown } from './option-check.js';

/**
 * Predicates made of predicates, for every option that takes one: `retryIf`, `when`, `failureIf`, `ignoreIf`,
 * `invalidateOn`, `cacheIf`, `retryOnResult`, and the lists `retryOn`, `ignoreOn`, `failureOn`.
 *
 * A term is a predicate of the same arguments, or a class, a code or a status, which looks at the first argument. As
 * everywhere, `true` alone is yes. A term that throws, or answers with a promise, makes the whole predicate throw: what
 * that leads to, the option says.
 */
export type PredicateTerm<Args extends readonly unknown[]> =
  ((...args: Args) => boolean) | Exclude<ErrorPattern, (error: unknown) => boolean>;

/** Defers inference: the call signature of an error class says nothing about the predicate. */
type Later<Type> = [Type][Type extends any ? 0 : never];

type Term = PredicateTerm<any[]>;
type Predicate = (...args: any[]) => boolean;
type Test = (args: readonly unknown[]) => boolean;

const testOf =
  (term: Term): Test =>
  (args) =>
    matchesByFact(term, args[0]) ?? isYes((term as Predicate)(...args));

const testsOf = (name: string, terms: readonly Term[]): readonly Test[] => {
  const site = { decorator: `${name}()` };
  if (terms.length === 0)
    throw configurationError(site, 'needs a predicate, an error class, a code or a status, got nothing');
  for (const [index, term] of terms.entries()) {
    if (isPattern(term) === undefined) continue;
    throw configurationError(
      site,
      `argument ${index + 1} must be a predicate, an error class, a code or a status, got ${shown(term)}`,
    );
  }
  return terms.map(testOf);
};

/** A predicate made of predicates. */
interface Combinator {
  /** Of predicates alone: their parameters are the new one's. */
  <Args extends any[]>(...terms: readonly ((...args: Args) => boolean)[]): (...args: Args) => boolean;
  /** Of any terms: the parameters are those of the option it is written for. */
  <Args extends any[] = [error: unknown]>(...terms: readonly PredicateTerm<Later<Args>>[]): (...args: Args) => boolean;
}

/**
 * Yes when any of the terms says yes; they are asked in order until one does:
 * `retryIf: anyOf('ECONNRESET', 503, (error) => isBusy(error))`.
 * @throws ConfigurationError without terms, or on something that is none.
 */
export const anyOf: Combinator = (...terms: readonly Term[]): Predicate => {
  const tests = testsOf('anyOf', terms);
  return (...args) => tests.some((test) => test(args));
};

/**
 * Yes when all of the terms say yes; they are asked in order until one does not: `when: allOf(HttpError, not(404))`.
 * @throws ConfigurationError without terms, or on something that is none.
 */
export const allOf: Combinator = (...terms: readonly Term[]): Predicate => {
  const tests = testsOf('allOf', terms);
  return (...args) => tests.every((test) => test(args));
};

/**
 * Yes when the term does not say yes: `ignoreIf: not(HttpError)`. Of several terms: when none of them does.
 * @throws ConfigurationError without terms, or on something that is none.
 */
export const not: Combinator = (...terms: readonly Term[]): Predicate => {
  const tests = testsOf('not', terms);
  return (...args) => !tests.some((test) => test(args));
};
