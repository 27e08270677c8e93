import { ConfigurationError, type Duration, type HoldfastRuntime } from '@holdfast/core';
import type { CircuitBreakerOptions, RetryOptions, TimeoutOptions } from '@holdfast/core';
import type { VaultAuth } from './auth.js';

export interface VaultSecretsOptions {
  /** `https://vault.example:8200`. */
  readonly address: string;
  /** `tokenAuth(…)`, `appRoleAuth(…)`, or one of your own. */
  readonly auth: VaultAuth;
  /** Of Vault Enterprise and HCP. Default: none. */
  readonly namespace?: string;
  /** How long a secret without a lease is fresh; 0 or Infinity: for ever. Default '5m'. */
  readonly ttl?: Duration;
  /** How long past its ttl a secret answers while Vault cannot; what is leased, at most until its lease ends. 0: never. Default '1h'. */
  readonly staleIfError?: Duration;
  /** So long before a lease ends its secret is read anew. Default '1m'. */
  readonly leaseMargin?: Duration;
  /** A secret whose lease can be renewed is kept with the lease begun anew, instead of a new one. Default true. */
  readonly renewLeases?: boolean;
  /** Secrets kept; the least recently used goes first. Default 256. */
  readonly maxSize?: number;
  /** The version of key-value secrets, where the token may not ask `sys/internal/ui/mounts`. Default: found out by reading. */
  readonly kvVersion?: 1 | 2;
  /** Default: 3 attempts, '500ms' doubling to '30s', full jitter. */
  readonly retry?: Omit<RetryOptions, 'onAuthFailure' | 'retryOnResult'>;
  /** Default: opens after 5 failures in a row for '30s', closes after 2 successes. */
  readonly circuitBreaker?: Omit<CircuitBreakerOptions, 'key' | 'name' | 'scope'>;
  /** Default: '5s' per attempt, '30s' in all. */
  readonly timeout?: TimeoutOptions;
  /** Origins that a standby may redirect to, besides the address's own: the token goes there. Default: none. */
  readonly peers?: readonly string[];
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Default: the default runtime. */
  readonly runtime?: HoldfastRuntime;
}

const KNOWN = new Set<string>([
  'address',
  'auth',
  'namespace',
  'ttl',
  'staleIfError',
  'leaseMargin',
  'renewLeases',
  'maxSize',
  'kvVersion',
  'retry',
  'circuitBreaker',
  'timeout',
  'peers',
  'fetch',
  'runtime',
]);

const wrong = (option: string, problem: string): ConfigurationError =>
  new ConfigurationError(`VaultSecrets: ${option} ${problem}`, { option });

/** An origin with a path or none. Not in the message: an address may have a password in it. */
export const checkedAddress = (address: unknown, option: string): string => {
  if (typeof address !== 'string' || !URL.canParse(address))
    throw wrong(option, "must be a URL, such as 'https://vault.example:8200'");
  const url = new URL(address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong(option, 'must begin with https:// or http://');
  if (url.username !== '' || url.password !== '')
    throw wrong(option, 'must not have credentials in it; give them to auth');
  if (url.search !== '' || url.hash !== '') throw wrong(option, 'must have no query and no fragment');
  return url.href.replace(/\/+$/, '');
};

/** What the decorators do not check themselves. @throws ConfigurationError naming the option and the remedy. */
export const checkOptions = (options: VaultSecretsOptions): void => {
  const unknown = Object.keys(options).find((key) => !KNOWN.has(key));
  if (unknown !== undefined) throw wrong(unknown, `is no option; known options: ${[...KNOWN].sort().join(', ')}`);
  const { auth, kvVersion, namespace, renewLeases } = options;
  if (typeof (auth as Partial<VaultAuth> | undefined)?.logIn !== 'function')
    throw wrong('auth', 'must be tokenAuth(…), appRoleAuth(…) or an object with logIn');
  if (kvVersion !== undefined && kvVersion !== 1 && kvVersion !== 2)
    throw wrong('kvVersion', `must be 1 or 2, got ${String(kvVersion)}`);
  if (renewLeases !== undefined && typeof renewLeases !== 'boolean')
    throw wrong('renewLeases', `must be true or false, got ${String(renewLeases)}`);
  if (namespace !== undefined && (typeof namespace !== 'string' || namespace === ''))
    throw wrong('namespace', 'must be a non-empty string; leave it out for the root');
};
