import { type Duration, Timeout, currentCall } from '@holdfast/core';
import type { Secret } from '../secrecy/secret.js';
import { type IssuedToken, issuedFrom } from './auth.js';
import { type VaultClient, errorFrom } from './client.js';

/** What Vault can be asked about a token, by the token itself. */
export interface TokenCalls {
  /** Whether Vault does not know it any more. */
  isDead(token: Secret): Promise<boolean>;
  /**
   * The same token with its time begun anew; undefined where a new one is needed: it cannot be renewed, or is so near to
   * its last end that half of its time is not to be had.
   * @throws VaultError when Vault cannot say now, and what `fetch` throws.
   */
  renewed(issued: IssuedToken, signal: AbortSignal | undefined): Promise<IssuedToken | undefined>;
  /** It is needed no longer, and what it has leased neither. */
  revoke(token: Secret): Promise<void>;
}

export const createTokenCalls = (client: VaultClient, timeout: Duration): TokenCalls => {
  class VaultToken implements TokenCalls {
    @Timeout({ attempt: timeout })
    async isDead(token: Secret): Promise<boolean> {
      const { status } = await client.ask('auth/token/lookup-self', { token, signal: currentCall().signal });
      return status === 401 || status === 403;
    }

    async renewed(issued: IssuedToken, signal: AbortSignal | undefined): Promise<IssuedToken | undefined> {
      const { token, duration, isRenewable = false } = issued;
      if (!isRenewable) return undefined;
      const body = { increment: duration };
      const reply = await client.ask('auth/token/renew-self', { method: 'POST', token, signal, body });
      if (reply.status >= 400 && reply.status < 500 && reply.status !== 429) return undefined;
      if (reply.status >= 300) throw errorFrom(reply);
      const fresh = issuedFrom(reply.body);
      return fresh.duration * 2 < duration ? undefined : { ...issued, duration: Math.min(fresh.duration, duration) };
    }

    @Timeout({ attempt: timeout })
    async revoke(token: Secret): Promise<void> {
      await client.ask('auth/token/revoke-self', { method: 'POST', token, signal: currentCall().signal });
    }
  }
  return new VaultToken();
};
