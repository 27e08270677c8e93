import { wrapFunction } from '../decorate/resilient-function.js';
import type { OptionSite } from '../errors/option-check.js';
import { type RetryOptions, parseRetryOptions } from '../policies/retry/options.js';

/** What the function may know about its try. */
export interface RetryAttempt {
  /** Counted from 1. */
  readonly attempt: number;
  /** Aborted when the caller's signal is. */
  readonly signal: AbortSignal;
}

export interface DirectRetryOptions<Value> extends RetryOptions<Value> {
  /** Ends the waiting at once; no further attempt is made. */
  readonly signal?: AbortSignal;
  /** For events. Default: the function's name. */
  readonly name?: string;
}

/**
 * Calls `fn` until it succeeds or the attempts are used up: `await retry(() => load(id), { maxAttempts: 5 })`. Rejects
 * with `fn`'s own last error, or with the reason of the caller's abort.
 * @throws ConfigurationError on a wrong option.
 */
export const retry = <Value>(
  fn: (attempt: RetryAttempt) => Promise<Value> | Value,
  { signal, name = fn.name || 'retry', ...options }: DirectRetryOptions<Value> = {},
): Promise<Value> => {
  const site: OptionSite = { decorator: 'retry()', method: name, policy: 'retry' };
  const parts = {
    policies: { retry: parseRetryOptions(options, site) },
    named: undefined,
    order: undefined,
    async: true,
    include: undefined,
    exclude: undefined,
  };
  let attempt = 0;
  const run = (given: AbortSignal): Promise<Value> | Value => {
    attempt += 1;
    return fn({ attempt, signal: given });
  };
  const wrapped = wrapFunction((...args) => run(args[0] as AbortSignal), name, parts, site);
  return wrapped(signal ?? new AbortController().signal) as Promise<Value>;
};
