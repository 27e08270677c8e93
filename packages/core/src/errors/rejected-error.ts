import { ResilienceError, type ResilienceErrorDetails, isResilienceError } from './resilience-error.js';

const REJECTED = Symbol.for('@holdfast/error/rejected');

/** The call was not made: a policy refused it. Never retried, neutral in breakers, answered by stale values and fallbacks. */
export class RejectedError extends ResilienceError {
  /** Milliseconds after which the refusing policy may admit a call, where it knows. */
  declare readonly retryAfter: number | undefined;

  constructor(
    message: string,
    details: ResilienceErrorDetails & { readonly retryAfter?: number | undefined },
    name = 'RejectedError',
  ) {
    super(message, details, name);
    this.retryAfter = details.retryAfter;
  }
}

Object.defineProperty(RejectedError.prototype, REJECTED, { value: true });

/** True for refusals of any copy of this package, a nested decorated method's included. */
export const isRejection = (error: unknown): error is RejectedError =>
  isResilienceError(error) && (error as ResilienceError & { readonly [REJECTED]?: unknown })[REJECTED] === true;
