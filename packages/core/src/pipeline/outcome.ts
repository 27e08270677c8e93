import { isRejection } from '../errors/rejected-error.js';
import { isResilienceError } from '../errors/resilience-error.js';
import { callerSignalOf } from './caller-signal.js';

/**
 * Where a value came from: the method's own run, a fresh cached value, the load of another call, an old value, a
 * fallback, or a policy of the user's that answered in the method's place.
 */
export type OutcomeSource = 'method' | 'cache' | 'shared' | 'stale' | 'fallback' | 'policy';

/**
 * Why there is no value: a policy refused the call, a timeout of ours elapsed, the caller aborted, or the method failed
 * with an error of its own.
 */
export type FailureKind = 'rejected' | 'timed-out' | 'aborted' | 'failed';

/** A call that has ended well. */
export interface Success<Value> {
  readonly ok: true;
  readonly kind: 'value';
  readonly value: Value;
  readonly error: undefined;
  readonly source: OutcomeSource;
}

/** A call that has ended without a value. */
export interface Failure {
  readonly ok: false;
  readonly kind: FailureKind;
  readonly value: undefined;
  /** What the call would have thrown, the same object. */
  readonly error: unknown;
  readonly source: undefined;
}

/** How a call has ended, as data. */
export type Outcome<Value> = Success<Value> | Failure;

export const success = (value: unknown, source: OutcomeSource): Outcome<unknown> => ({
  ok: true,
  kind: 'value',
  value,
  error: undefined,
  source,
});

const kindOf = (error: unknown, args: readonly unknown[]): FailureKind => {
  if (isRejection(error)) return 'rejected';
  if (isResilienceError(error) && error.code === 'TIMED_OUT') return 'timed-out';
  const signal = callerSignalOf(args);
  return signal?.aborted === true && signal.reason === error ? 'aborted' : 'failed';
};

/** The outcome of a call with these arguments that has failed. */
export const failure = (error: unknown, args: readonly unknown[]): Failure => ({
  ok: false,
  kind: kindOf(error, args),
  value: undefined,
  error,
  source: undefined,
});
