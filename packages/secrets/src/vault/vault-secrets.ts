import { clockOf } from '@holdfast/core';
import { CachedSecrets } from '../provider/cached-secrets.js';
import { policiesIn } from '../provider/parts.js';
import { VaultClient } from './client.js';
import { type VaultSecretsOptions, addressOf, checkOptions } from './options.js';
import { createSession } from './session.js';
import { VaultSource } from './source.js';

/**
 * Secrets of HashiCorp Vault, cached within their leases, and there when Vault is not.
 *
 * A read looks into the cache, then asks Vault: up to 3 attempts with backoff, each bounded by a timeout and counted by a
 * circuit of this provider's own. When Vault cannot answer, an old secret does, for up to an hour, but never past a lease
 * and never after 401, 403 or 404. A dead token is replaced once for all callers, and the read goes on.
 *
 * Paths may have `data/` after a mount of version 2 or not, but always the same way: the path as written is the key.
 * Reads throw VaultError, VaultAuthenticationError, SecretFormatError, what `fetch` throws, and CircuitOpenError,
 * TimedOutError or RateLimitedError where nothing could be asked.
 *
 * @example
 * await using vault = new VaultSecrets({ address: 'https://vault:8200', auth: appRoleAuth({ roleId, secretId }) });
 * const { password } = await vault.get('secret/app/db');
 */
export class VaultSecrets extends CachedSecrets {
  /** @throws ConfigurationError on a wrong option. Vault is asked at the first read. */
  constructor(options: VaultSecretsOptions) {
    checkOptions(options);
    const { namespace, peers = [], timeout, leaseMargin = '1m', renewLeases = true } = options;
    const address = addressOf(options.address, 'address');
    const client = new VaultClient({
      address,
      peers: peers.map((peer) => addressOf(peer, 'peers')),
      namespace,
      fetch: options.fetch ?? ((...args) => globalThis.fetch(...args)),
    });
    const session = createSession({
      client,
      auth: options.auth,
      timeout: timeout?.attempt ?? '5s',
      wall: () => (options.runtime?.clock ?? clockOf()).wall(),
    });
    super({
      kind: 'vault',
      name: ['vault', address, ...(namespace === undefined ? [] : [namespace])].join(':'),
      title: 'Vault',
      source: new VaultSource(client, session, options),
      policies: policiesIn(options),
      leases: { margin: leaseMargin, renews: renewLeases },
    });
  }
}
