import { overDefaults } from '../decorate/merge.js';
import { currentCall } from '../pipeline/current-call.js';
import { Stack } from '../pipeline/stack.js';
import { type GivenBudget, budgetOf } from '../pipeline/shared-budget.js';
import { RetryInterceptor } from '../policies/retry/interceptor.js';
import { type RetryOptions, parseRetryOptions, resolveRetryOptions } from '../policies/retry/options.js';
import type { Runtime } from '../runtime/runtime.js';
import { runtimeOf } from '../runtime/world.js';

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
 * with `fn`'s own last error, with the reason of the caller's abort, or with a ShuttingDownError after `shutdown`, which
 * waits for those under way. Refines `configure({ defaults: { retry } })`.
 * @throws ConfigurationError on a wrong option.
 */
export const retry = <Value>(
  fn: (attempt: RetryAttempt) => Promise<Value> | Value,
  { signal, name = fn.name || 'retry', ...options }: DirectRetryOptions<Value> = {},
): Promise<Value> => {
  const given = parseRetryOptions(options, { decorator: 'retry()', method: name, policy: 'retry' });
  const runtime = runtimeOf(undefined);
  const interceptors = runtime.settings.enabled ? [interceptorFor(given, name, runtime)] : [];
  const target = (): unknown => fn(currentCall());
  const work = runtime.directWork.of(name);
  const frame = { isAsync: () => true, method: name, runtime, interceptors, target, work };
  const closed = runtime.settings.enabled ? (runtime.door?.stack as typeof Stack | undefined) : undefined;
  // No record of it anywhere: a program may come here a million times.
  const stack = new (closed ?? Stack)({
    method: name,
    runtime,
    frame,
    interceptors,
    front: undefined,
    kind: () => 'async',
  });
  return stack.invoke(undefined, signal === undefined ? [] : [signal]) as Promise<Value>;
};

const interceptorFor = (
  given: Readonly<Record<string, unknown>>,
  method: string,
  runtime: Runtime,
): RetryInterceptor => {
  const options = overDefaults('retry', given, runtime.settings);
  const site = { decorator: 'retry()', method, policy: 'retry' };
  const settings = resolveRetryOptions(options, budgetOf(options['budget'] as GivenBudget | undefined, runtime, site));
  const reportFailure = (source: string, thrown: unknown): void =>
    runtime.events.reportFailure(`retry() ${source}`, method, thrown);
  return new RetryInterceptor(settings, { runtime, method, reportFailure });
};
