import { type Duration, parseDuration } from '../../algorithms/duration.js';
import { termOfLease } from '../../algorithms/lease.js';
import { type Schema, callback, checkOptions, duration } from '../../errors/option-check.js';
import type { LeasedTtl } from './options.js';

/** A lease as Vault tells it: the duration in seconds. */
export interface Lease {
  readonly lease_id?: string | undefined;
  readonly lease_duration?: number | undefined;
}

export interface LeaseTtlOptions<Result> {
  /** So long before the lease ends the value is loaded anew. Default '1m'. */
  readonly margin?: Duration;
  /** Of leases that are too short for the margin this much is used, and at most the half. Default '10s'. */
  readonly min?: Duration;
  /** The ttl of a result without a lease. Default '5m'. */
  readonly otherwise?: Duration;
  /** Where the result has its lease. Default: the result itself. */
  readonly lease?: (result: Result) => Lease | null | undefined;
}

const schema = (): Schema => ({
  margin: duration(),
  min: duration({ positive: true }),
  otherwise: duration({ positive: true, infinite: true }),
  lease: callback,
});

const SECOND = 1000;
/** Vault's own default, for a lease that does not say. */
const UNKNOWN_DURATION = 3600;

const isObject = (value: unknown): value is Lease => typeof value === 'object' && value !== null;

/** Undefined where there is no lease; 0 for one that has ended. */
const durationOf = (lease: unknown): number | undefined => {
  if (!isObject(lease) || typeof lease.lease_id !== 'string' || lease.lease_id === '') return undefined;
  const { lease_duration: seconds = UNKNOWN_DURATION } = lease;
  return typeof seconds === 'number' && seconds > 0 ? seconds * SECOND : 0;
};

/**
 * The `ttl` of leased results: `@Cached({ ttl: leaseTtl() })`. A lease counts where `lease_id` is not empty; it is used
 * until `margin` before its end, and nothing of it is answered after its end, neither while it is refreshed nor for a
 * failed load. Leases below a second, and those that have ended, are not stored.
 * @throws ConfigurationError on a wrong option.
 */
export const leaseTtl = <Result = unknown>(
  options: LeaseTtlOptions<Result> = {},
): ((result: Result) => Duration | LeasedTtl | null) => {
  checkOptions({ decorator: 'leaseTtl' }, schema(), options);
  const rules = { margin: parseDuration(options.margin ?? '1m'), min: parseDuration(options.min ?? '10s') };
  const otherwise = options.otherwise ?? '5m';
  return (result) => {
    const lease = durationOf(options.lease === undefined ? result : options.lease(result));
    if (lease === undefined) return otherwise;
    return lease < SECOND ? null : { ttl: termOfLease(lease, rules), hardTtl: lease };
  };
};
