import type { CircuitBreakerOptions, Duration, HoldfastRuntime, RetryOptions, TimeoutOptions } from '@holdfast/core';

/** What all providers have in common. */
export interface SecretsPolicies {
  /** How long a secret without a lease is fresh; 0 or Infinity: for ever. Default '5m'. */
  readonly ttl?: Duration;
  /** Bounds that a `ttl` is brought within, with the event `cache.ttlClamped`. Default: none. */
  readonly ttlBounds?: { readonly min?: Duration; readonly max?: Duration };
  /** How long past its ttl a secret answers while it cannot be read; what is leased, at most until its lease ends. 0: never. Default '1h'. */
  readonly staleIfError?: Duration;
  /** Secrets kept; the least recently used goes first. Default 256. */
  readonly maxSize?: number;
  /** False: each read asks, though those under way at the same time share one request. Default true. */
  readonly cache?: boolean;
  /** Default: 3 attempts, '500ms' doubling to '30s', full jitter. */
  readonly retry?: Omit<RetryOptions, 'onAuthFailure' | 'retryOnResult'>;
  /** Default: opens after 5 failures in a row for '30s', closes after 2 successes. */
  readonly circuitBreaker?: Omit<CircuitBreakerOptions, 'key' | 'name' | 'scope'>;
  /** Default: '5s' per attempt, '30s' in all. */
  readonly timeout?: TimeoutOptions;
  /** Default: the default runtime. */
  readonly runtime?: HoldfastRuntime;
}

export const POLICY_OPTIONS = [
  'ttl',
  'ttlBounds',
  'staleIfError',
  'maxSize',
  'cache',
  'retry',
  'circuitBreaker',
  'timeout',
  'runtime',
] as const satisfies readonly (keyof SecretsPolicies)[];
