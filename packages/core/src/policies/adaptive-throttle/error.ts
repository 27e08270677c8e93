import { RejectedError } from '../../errors/rejected-error.js';
import type { ThrottleFacts } from './machine.js';

/** Refused because the other side turns too many calls away. When it takes them again is not known: no `retryAfter`. */
export class ThrottledError extends RejectedError {
  override readonly name = 'ThrottledError';
  /** Calls within the window, refused ones included. */
  readonly requests: number;
  /** Those of them that the other side took. */
  readonly accepts: number;
  /** The share of calls that is refused at present, 0 to 1. */
  readonly rejectionRate: number;

  constructor(method: string, { requests, accepts, rejectionRate }: ThrottleFacts) {
    const share = Math.round(rejectionRate * 100);
    super(
      `${method}: throttled; ${accepts} of the last ${requests} calls were accepted, ${share} % are refused for now`,
      { code: 'THROTTLED', method, policy: 'adaptive-throttle' },
    );
    this.requests = requests;
    this.accepts = accepts;
    this.rejectionRate = rejectionRate;
  }
}
