import { RejectedError } from '../../errors/rejected-error.js';

/** Refused because as many calls are under way as the other side seems to bear. When one ends is not known: no `retryAfter`. */
export class ConcurrencyLimitError extends RejectedError {
  override readonly name = 'ConcurrencyLimitError';
  /** How many calls may be under way at present. */
  readonly limit: number;
  /** How many are, work that was given up and has not ended yet included. */
  readonly inFlight: number;

  constructor(method: string, { limit, inFlight }: { readonly limit: number; readonly inFlight: number }) {
    super(`${method}: ${inFlight} calls are under way, at present ${limit} may be`, {
      code: 'CONCURRENCY_LIMITED',
      method,
      policy: 'adaptive-concurrency',
    });
    this.limit = limit;
    this.inFlight = inFlight;
  }
}
