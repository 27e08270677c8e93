/**
 * The root of every error that Holdfast itself creates. Errors of decorated methods are never wrapped in it: after the
 * last attempt the caller gets the method's own error, the same object.
 */

const BRAND = Symbol.for('@holdfast/error');

export type ResilienceErrorCode =
  | 'CONFIGURATION'
  | 'CIRCUIT_OPEN'
  | 'BULKHEAD_FULL'
  | 'RATE_LIMITED'
  | 'THROTTLED'
  | 'CONCURRENCY_LIMITED'
  | 'SHUTTING_DOWN'
  | 'TIMED_OUT'
  | 'STORE_FAILED'
  | 'UNKEYABLE'
  | (string & {});

export interface ResilienceErrorDetails {
  readonly code: ResilienceErrorCode;
  /** The decorated method, as `Class.method`. */
  readonly method?: string | undefined;
  /** The policy that speaks, as in `explain()`: `circuit-breaker`, `timeout` … */
  readonly policy?: string | undefined;
  readonly cause?: unknown;
}

export class ResilienceError extends Error {
  declare readonly name: string;
  declare readonly code: ResilienceErrorCode;
  declare readonly method: string | undefined;
  declare readonly policy: string | undefined;

  /** @param name given from below: a class that redefines its parent's name makes each refusal a seventh dearer. */
  constructor(message: string, details: ResilienceErrorDetails, name = 'ResilienceError') {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = name;
    this.code = details.code;
    this.method = details.method;
    this.policy = details.policy;
  }
}

Object.defineProperty(ResilienceError.prototype, BRAND, { value: true });

/** True for errors made by any copy of this package: decided by a brand, not by `instanceof`. */
export const isResilienceError = (error: unknown): error is ResilienceError =>
  typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
