import { type Classifier, classifyInternal } from './classify.js';
import { causeChain, statusOf } from './error-facts.js';
import { isResilienceError } from './resilience-error.js';

/**
 * What an error says about the load of the other side.
 * - `overloaded`: it did not take the call, or did not answer in time.
 * - `answered`: it took the call and said no: whatever is wrong, it is not the load.
 * - `silent`: the call never got there, or its caller left; nothing can be learned.
 */
export type LoadVerdict = 'overloaded' | 'answered' | 'silent';

/**
 * Statuses that speak of load rather than of the request: gRPC's mapping of HTTP to UNAVAILABLE (429, 502, 503, 504), a
 * server that gave up waiting (408), and 529, which several services use for "overloaded".
 */
const OVERLOAD_STATUSES: ReadonlySet<number> = new Set([408, 429, 502, 503, 504, 529]);

const statusIn = (error: unknown): number | undefined => {
  for (const link of causeChain(error)) {
    const status = statusOf(link);
    if (status !== undefined) return status;
  }
  return undefined;
};

export interface LoadQuestion {
  readonly error: unknown;
  /** The method that asks. A refusal of its own policies is no answer of the other side; a nested method's is one. */
  readonly method: string;
  readonly classifiers: readonly Classifier[];
  /** Told of a classifier that throws. */
  readonly report: (thrown: unknown) => void;
}

/**
 * By the table of errors: what is transient and has no status (timeouts, refused and broken connections) or one of the
 * statuses above is overload. A plain Error without a reason is an answer: load is only what says so.
 */
export const loadVerdict = ({ error, method, classifiers, report }: LoadQuestion): LoadVerdict => {
  switch (classifyInternal(error, classifiers, report)) {
    case 'abort':
    case 'configuration':
    case 'programmer':
      return 'silent';
    case 'rejection':
      return isResilienceError(error) && error.method === method ? 'silent' : 'overloaded';
    case 'transient': {
      const status = statusIn(error);
      return status === undefined || OVERLOAD_STATUSES.has(status) ? 'overloaded' : 'answered';
    }
    default:
      return 'answered';
  }
};
