import {
  Cached,
  CircuitBreaker,
  type ComputedTtl,
  type Duration,
  Retry,
  Timeout,
  currentCall,
  leaseTtl,
} from '@holdfast/core';
import type { SecretEnvelope } from './envelope.js';
import type { VaultSecretsOptions } from './options.js';
import type { Session } from './session.js';
import type { VaultSource } from './source.js';

/** How one call wants its result kept. Not part of the key. */
export interface Keeping {
  readonly ttlOf: (envelope: SecretEnvelope) => ComputedTtl;
  /** Whether a lease may be renewed in the place of a new secret. */
  readonly renews: boolean;
}

export interface Reader {
  read(path: string, keeping: Keeping): Promise<SecretEnvelope>;
}

/**
 * The ttl of secrets: `ttl` for what is not leased; of a lease the time until `margin` before its end, and nothing is
 * answered after that end. @throws ConfigurationError on what is no duration.
 */
export const keepingOf = (ttl: Duration, margin: Duration, renews: boolean): Keeping => ({
  renews,
  ttlOf: leaseTtl<SecretEnvelope>({
    margin,
    otherwise: ttl === 0 ? Infinity : ttl,
    lease: ({ lease }) => lease && { lease_id: lease.id, lease_duration: lease.duration },
  }),
});

/** A class for each provider, since its options are; the order of the stack is the framework's. */
export const createReader = (source: VaultSource, session: Session, options: VaultSecretsOptions): Reader => {
  const { staleIfError = '1h', maxSize = 256, retry, circuitBreaker, timeout } = options;

  class VaultReader implements Reader {
    @Cached({
      key: (path: string) => path,
      ttl: (envelope: SecretEnvelope, _path: string, keeping: Keeping) => keeping.ttlOf(envelope),
      staleIfError,
      maxSize,
      name: 'vault secrets',
    })
    @Retry({ ...retry, onAuthFailure: (error) => session.renew(error) })
    @CircuitBreaker({ ...circuitBreaker, scope: 'instance' })
    @Timeout({ attempt: '5s', total: '30s', ...timeout })
    async read(path: string, { renews }: Keeping): Promise<SecretEnvelope> {
      const { signal, cache } = currentCall();
      const old = renews ? (cache?.stale?.value as SecretEnvelope | undefined) : undefined;
      const token = await session.token();
      const renewed = old && (await source.renew(old, token, signal));
      return renewed ?? source.read(path, token, signal);
    }
  }
  return new VaultReader();
};
