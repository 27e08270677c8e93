import { type ExplainedStack, numberIn } from '../facts.js';
import type { Rule } from '../warning.js';

/** A policy that acts on failures and stands outside of a fallback, by an order of the user's. */
const ACTS_ON_FAILURES: ReadonlySet<string> = new Set(['cached', 'retry', 'circuit-breaker', 'hedge']);

const hiddenBehindFallback = (stack: ExplainedStack): string[] => {
  const at = stack.findIndex(({ policy }) => policy === 'fallback');
  return stack.flatMap(({ policy }, index) => (index < at && ACTS_ON_FAILURES.has(policy) ? [policy] : []));
};

export const fallbackHidesFailures: Rule = ({ stack }) => {
  // A cache outside of a fallback is asked for by whoever wants answers cached: it keeps them, which is no failure.
  const hidden = hiddenBehindFallback(stack).filter((policy) => policy !== 'cached');
  if (hidden.length === 0) return undefined;
  return {
    code: 'FALLBACK_HIDES_FAILURES',
    message: `the fallback stands inside of ${hidden.join(' and ')}, which ${hidden.length === 1 ? 'sees' : 'see'} no failure`,
    remedy: 'let the fallback stand outermost, as it does without order',
  };
};

const attemptsOf = (stack: ExplainedStack): number => numberIn(stack, 'retry', 'maxAttempts') ?? 1;

export const nestedRetries: Rule = ({ stack, inner }) => {
  if (inner === undefined) return undefined;
  const [outside, inside] = [attemptsOf(stack), attemptsOf(inner.stack)];
  if (outside < 2 || inside < 2) return undefined;
  return {
    code: 'NESTED_RETRIES',
    message: `${outside} attempts outside of ${inside} inside, ${inner.method}: one call can run the method ${outside * inside} times`,
    remedy: 'retry at one level only, or share a budget',
  };
};

export const nestedStacks: Rule = ({ inner, amplification }) => {
  if (inner === undefined) return undefined;
  const runs = amplification === 1 ? '' : `; one call can run the method ${amplification} times`;
  return inner.isInherited
    ? {
        code: 'DECORATED_OVER_DECORATED',
        message: `the overridden method's own stack, ${inner.method}, runs inside of this one${runs}`,
        remedy: 'decorate one of the two',
      }
    : {
        code: 'TWO_STACKS',
        message: `another decorator stands between ours: a second stack, ${inner.method}, runs inside of this one${runs}`,
        remedy: 'write the lines of Holdfast next to each other',
      };
};
