import { type Backoff } from '../../algorithms/backoff.js';
import { type Duration, parseDuration } from '../../algorithms/duration.js';
import { type Jitter } from '../../algorithms/jitter.js';
import type { RetryBudget } from '../../algorithms/retry-budget.js';
import { type ErrorPattern, errorPatterns } from '../../errors/error-matcher.js';
import {
  type OptionSite,
  type Schema,
  callback,
  checkOptions,
  configurationError,
  duration,
  either,
  finite,
  flag,
  fraction,
  ofPlainObject,
  oneOf,
  shape,
  whole,
} from '../../errors/option-check.js';
import { type GivenBudget, budgetCheck } from '../../pipeline/shared-budget.js';

/** Options of `@Retry`. `Self`, `Args` and `Value` are inferred from the method. */
export interface RetryOptions<Value = unknown> {
  /** How often the method is called at most, the first call included. Default 3. `Infinity` needs `maxElapsed` or a total timeout to end. */
  readonly maxAttempts?: number;
  /** Alias: `maxAttempts` − 1. Giving both is an error. */
  readonly retries?: number;
  /** The delay that the backoff starts from. Default '500ms'. */
  readonly delay?: Duration;
  /** No single delay is longer. Default '30s'. */
  readonly maxDelay?: Duration;
  /** How delays grow: by `factor` each time, by `delay` each time, not at all, or by a function of the attempt (1 for the first delay). Default 'exponential'. */
  readonly backoff?: Backoff;
  /** Growth of the exponential backoff. Default 2. */
  readonly factor?: number;
  /** How delays are spread, so that a fleet does not return at once. Default 'full': anywhere between 0 and the delay. */
  readonly jitter?: Jitter;
  /** Only these are retried, besides what `retryIf` allows: classes, codes, statuses, predicates. Default: by the table of errors. */
  readonly retryOn?: readonly ErrorPattern[];
  /** These are never retried; wins over everything else. */
  readonly ignoreOn?: readonly ErrorPattern[];
  /** Decides after `ignoreOn`; `attempt` is the one that failed, counted from 1. One that throws means no. */
  readonly retryIf?: (error: unknown, attempt: number) => boolean;
  /** Retries a result that is none; the last result is returned when the attempts are used up. */
  readonly retryOnResult?: (result: Value) => boolean;
  /** Waits at least as long as the server asks (`Retry-After`). Default true. */
  readonly respectRetryAfter?: boolean;
  /** A server that asks for more than this is not waited for: the call fails at once with its own error. Default: `maxDelay`. */
  readonly maxRetryAfter?: Duration;
  /** No attempt begins later than this after the call. Default: none. */
  readonly maxElapsed?: Duration;
  /** False: only failures that surely came before sending are retried. Default true. */
  readonly idempotent?: boolean;
  /** Shared by several methods: bounds the share of retries in all calls. A `RetryBudget`, or the name of one of `configure({ budgets })`. */
  readonly budget?: GivenBudget;
  /** Renews credentials after a 401; then one more attempt follows at once. Runs once per call, shared by all callers who wait for it. */
  readonly onAuthFailure?: (error: unknown) => unknown;
}

export interface RetrySettings {
  readonly maxAttempts: number;
  readonly delay: number;
  readonly maxDelay: number;
  readonly backoff: Backoff;
  readonly factor: number;
  readonly jitter: Jitter;
  readonly retryOn: readonly ErrorPattern[] | undefined;
  readonly ignoreOn: readonly ErrorPattern[];
  readonly retryIf: ((error: unknown, attempt: number) => boolean) | undefined;
  readonly retryOnResult: ((result: unknown) => boolean) | undefined;
  readonly respectRetryAfter: boolean;
  readonly maxRetryAfter: number;
  readonly maxElapsed: number;
  readonly isIdempotent: boolean;
  readonly budget: RetryBudget | undefined;
  readonly onAuthFailure: ((error: unknown) => unknown) | undefined;
}

const JITTERS = ['full', 'equal', 'proportional', 'additive', 'decorrelated', 'none'] as const;

const schema = (): Schema => ({
  maxAttempts: whole(1, { infinite: true }),
  retries: whole(0, { infinite: true }),
  delay: duration(),
  maxDelay: duration(),
  backoff: either(oneOf('exponential', 'linear', 'constant', 'decorrelated'), callback),
  factor: finite(1),
  jitter: ofPlainObject(
    either(oneOf(...JITTERS), flag, callback, shape({ kind: oneOf(...JITTERS), ratio: fraction() })),
  ),
  retryOn: errorPatterns,
  ignoreOn: errorPatterns,
  retryIf: callback,
  retryOnResult: callback,
  respectRetryAfter: flag,
  maxRetryAfter: duration(),
  maxElapsed: duration({ positive: true, infinite: true }),
  idempotent: flag,
  budget: budgetCheck,
  onAuthFailure: callback,
});

/** @throws ConfigurationError */
export const parseRetryOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  const options = checkOptions(site, schema(), given ?? {});
  if (options['retries'] === undefined) return options;
  if (options['maxAttempts'] !== undefined)
    throw configurationError(site, 'maxAttempts and retries say the same thing twice; keep maxAttempts', 'retries');
  const { retries, ...rest } = options;
  return Object.freeze({ ...rest, maxAttempts: (retries as number) + 1 });
};

/** Defaults filled in; durations in milliseconds; the budget found. */
export const resolveRetryOptions = (options: RetryOptions<never>, budget?: RetryBudget): RetrySettings => {
  const maxDelay = parseDuration(options.maxDelay ?? '30s');
  return {
    maxAttempts: options.maxAttempts ?? 3,
    delay: parseDuration(options.delay ?? '500ms'),
    maxDelay,
    backoff: options.backoff ?? 'exponential',
    factor: options.factor ?? 2,
    jitter: options.jitter ?? 'full',
    retryOn: options.retryOn,
    ignoreOn: options.ignoreOn ?? [],
    retryIf: options.retryIf,
    retryOnResult: options.retryOnResult as ((result: unknown) => boolean) | undefined,
    respectRetryAfter: options.respectRetryAfter ?? true,
    maxRetryAfter: options.maxRetryAfter === undefined ? maxDelay : parseDuration(options.maxRetryAfter),
    maxElapsed: options.maxElapsed === undefined ? Infinity : parseDuration(options.maxElapsed),
    isIdempotent: options.idempotent ?? true,
    budget,
    onAuthFailure: options.onAuthFailure,
  };
};
