import type { Duration } from '@holdfast/core';
import { checkKnown, checkedAddress, wrongOption } from '../option-check.js';
import { POLICY_OPTIONS, type SecretsPolicies } from '../provider/policies.js';
import type { VaultAuth } from './auth.js';

export interface VaultSecretsOptions extends SecretsPolicies {
  /** `https://vault.example:8200`. */
  readonly address: string;
  /** `tokenAuth(…)`, `appRoleAuth(…)`, or one of your own. */
  readonly auth: VaultAuth;
  /** Of Vault Enterprise and HCP. Default: none. */
  readonly namespace?: string;
  /** So long before a lease ends its secret is read anew. Default '1m'. */
  readonly leaseMargin?: Duration;
  /** A secret whose lease can be renewed is kept with the lease begun anew, instead of a new one. Default true. */
  readonly renewLeases?: boolean;
  /** The version of key-value secrets, where the token may not ask `sys/internal/ui/mounts`. Default: found out by reading. */
  readonly kvVersion?: 1 | 2;
  /**
   * At close the token of a log-in is revoked, and with it every lease that it has: credentials that are still in use end
   * then. Tokens that were given are left alone. Default false.
   */
  readonly revokeOnClose?: boolean;
  /** Origins that a standby may redirect to, besides the address's own: the token goes there. Default: none. */
  readonly peers?: readonly string[];
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

const KNOWN: readonly (keyof VaultSecretsOptions)[] = [
  ...POLICY_OPTIONS,
  'address',
  'auth',
  'namespace',
  'leaseMargin',
  'renewLeases',
  'revokeOnClose',
  'kvVersion',
  'peers',
  'fetch',
];

const wrong = wrongOption('VaultSecrets');

export const addressOf = (address: unknown, option: string): string =>
  checkedAddress(address, option, 'https://vault.example:8200', wrong);

/** What the decorators do not check themselves. @throws ConfigurationError naming the option and the remedy. */
export const checkOptions = (options: VaultSecretsOptions): void => {
  checkKnown(options, KNOWN, wrong);
  const { auth, kvVersion, namespace } = options;
  if (typeof (auth as Partial<VaultAuth> | undefined)?.logIn !== 'function')
    throw wrong('auth', 'must be tokenAuth(…), appRoleAuth(…) or an object with logIn');
  if (kvVersion !== undefined && kvVersion !== 1 && kvVersion !== 2)
    throw wrong('kvVersion', `must be 1 or 2, got ${String(kvVersion)}`);
  for (const flag of ['renewLeases', 'revokeOnClose'] as const) {
    const value: unknown = options[flag];
    if (value !== undefined && typeof value !== 'boolean') throw wrong(flag, 'must be true or false');
  }
  if (namespace !== undefined && (typeof namespace !== 'string' || namespace === ''))
    throw wrong('namespace', 'must be a non-empty string; leave it out for the root');
};
