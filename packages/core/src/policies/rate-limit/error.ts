import { formatDuration } from '../../algorithms/duration.js';
import { RejectedError } from '../../errors/rejected-error.js';

export interface RateRefusal {
  /** The limiter's name: the method, the `name` given, with a hash where there is one per key. */
  readonly limiter: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds after which the same call would be admitted. */
  readonly retryAfter: number;
}

/** Refused because the rate is used up; `retryAfter` says for how long. */
export class RateLimitedError extends RejectedError {
  declare readonly name: 'RateLimitedError';
  declare readonly limiter: string;
  /** Calls per `interval`. */
  declare readonly limit: number;
  /** Milliseconds. */
  declare readonly interval: number;

  constructor(method: string, { limiter, limit, interval, retryAfter }: RateRefusal) {
    const shared = limiter === method ? '' : ` '${limiter}'`;
    const rate = `${limit} per ${formatDuration(interval)}`;
    const message = `${method}: rate limit${shared} of ${rate} is used up; next call in ${formatDuration(retryAfter)}`;
    super(message, { code: 'RATE_LIMITED', method, policy: 'rate-limit', retryAfter }, 'RateLimitedError');
    this.limiter = limiter;
    this.limit = limit;
    this.interval = interval;
  }
}
