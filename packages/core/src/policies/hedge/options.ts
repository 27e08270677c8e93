import { type Duration, parseDuration } from '../../algorithms/duration.js';
import type { RetryBudget } from '../../algorithms/retry-budget.js';
import { type ErrorPattern, errorPatterns } from '../../errors/error-matcher.js';
import {
  type Check,
  type OptionSite,
  callback,
  checkOptions,
  duration,
  either,
  flag,
  whole,
} from '../../errors/option-check.js';
import { type GivenBudget, budgetCheck } from '../../pipeline/shared-budget.js';

/** `'p95'`: when 95 of 100 calls are done. */
export type Percentile = `p${number}`;

/** Options of `@Hedge`. `Value` is inferred from the method. */
export interface HedgeOptions<Value = unknown> {
  /** When the next branch starts: so long after the one before, or when as many calls are usually done; by then at least 100 must have been. 0 starts all at once. Default 'p95'. */
  readonly after?: Duration | Percentile;
  /** Branches beside the first, 1 to 10. Default 1. */
  readonly maxHedges?: number;
  /** Says that a result will do; others are waited for while it does not. One that throws means yes. Default: what `retryOnResult` does not turn down. */
  readonly accept?: (result: Value) => boolean;
  /** After these failures the next branch starts at once: classes, codes, statuses, predicates. Default: none, a failure starts nothing. */
  readonly hedgeOn?: readonly ErrorPattern[];
  /** Bounds the share of hedges, and of retries where they use the same one. A `RetryBudget`, or the name of one of `configure({ budgets })`. Default: that of `@Retry`, where the method has one. */
  readonly budget?: GivenBudget;
  /** False: nothing is hedged, since the method may run twice. Default: what `@Retry` says, else true. */
  readonly idempotent?: boolean;
}

export interface HedgeSettings {
  /** Milliseconds, or the share of calls that is done by then. */
  readonly after: number | { readonly share: number };
  readonly maxHedges: number;
  readonly accept: ((result: unknown) => boolean) | undefined;
  /** The retry's; asked where there is no `accept`. */
  readonly retryOnResult: ((result: unknown) => boolean) | undefined;
  readonly hedgeOn: readonly ErrorPattern[];
  readonly budget: RetryBudget | undefined;
  readonly isIdempotent: boolean;
}

const MOST_HEDGES = 10;
const LEAST_SHARE = 0.5;
const PERCENTILE = /^p(\d{2}(?:\.\d{1,3})?)$/;

const shareOf = (value: unknown): number | undefined => {
  const [, digits] = (typeof value === 'string' && PERCENTILE.exec(value)) || [];
  const share = Number(digits) / 100;
  return share >= LEAST_SHARE ? share : undefined;
};

const percentile: Check = (value) =>
  shareOf(value) === undefined ? "must be a percentile from 'p50' to 'p99.999'" : undefined;

const fewHedges: Check = (value) =>
  whole(1)(value) ?? ((value as number) > MOST_HEDGES ? `must be <= ${MOST_HEDGES}` : undefined);

const SCHEMA = {
  after: either(percentile, duration()),
  maxHedges: fewHedges,
  accept: callback,
  hedgeOn: errorPatterns,
  budget: budgetCheck,
  idempotent: flag,
};

/** @throws ConfigurationError */
export const parseHedgeOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> =>
  checkOptions(site, SCHEMA, given ?? {});

/** What `@Retry` on the same method says; it holds for hedges too, unless they say otherwise. */
interface RetryTerms {
  readonly idempotent?: boolean;
  readonly retryOnResult?: (result: unknown) => boolean;
}

/** Defaults filled in, the delay in milliseconds, the budget found. */
export const resolveHedgeOptions = (
  options: HedgeOptions<never>,
  budget: RetryBudget | undefined,
  { idempotent, retryOnResult }: RetryTerms = {},
): HedgeSettings => {
  const after = options.after ?? 'p95';
  const share = shareOf(after);
  return {
    after: share === undefined ? parseDuration(after) : { share },
    maxHedges: options.maxHedges ?? 1,
    accept: options.accept as ((result: unknown) => boolean) | undefined,
    retryOnResult,
    hedgeOn: options.hedgeOn ?? [],
    budget,
    isIdempotent: options.idempotent ?? idempotent ?? true,
  };
};
