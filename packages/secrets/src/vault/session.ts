import { Cached, type Duration, RateLimit, Timeout, cacheOf, currentCall, leaseTtl } from '@holdfast/core';
import { SecretsError, VaultAuthenticationError } from '../errors.js';
import type { Secret } from '../secret.js';
import { type IssuedToken, type VaultAuth, loginContext } from './auth.js';
import type { VaultClient } from './client.js';
import { VaultError } from './error.js';

/** The token of a client: had once for all callers, kept until shortly before its end, replaced when it is dead. */
export interface Session {
  /** @throws VaultAuthenticationError when the log-in is refused. */
  token(): Promise<Secret>;
  /**
   * After a 401 or 403: a new token, if it was the token's fault.
   * @throws SecretsError when the token is good, and a policy refuses; VaultAuthenticationError when there is no other.
   */
  renew(error: unknown): Promise<void>;
  forget(): Promise<void>;
  /** What the policies' state belongs to. */
  readonly parts: readonly object[];
}

/** A token that ends is used until 10 s before that. */
const termOf = leaseTtl<IssuedToken>({
  margin: '10s',
  min: '1s',
  otherwise: Infinity,
  lease: ({ duration }) => (duration === 0 ? null : { lease_id: 'token', lease_duration: duration }),
});

/** However often tokens die: a server that revokes each at once is not stormed with log-ins. */
const LOGINS = { limit: 30, interval: '1m', scope: 'instance' } as const;

/** Whether Vault said that it is the token, and not a policy. */
const isClear = (error: unknown): boolean =>
  error instanceof VaultError && (error.status === 401 || error.reason === 'invalid token');

export const createSession = (client: VaultClient, auth: VaultAuth, timeout: Duration): Session => {
  class VaultSession implements Session {
    readonly parts: readonly object[] = [this];

    async token(): Promise<Secret> {
      return (await this.login()).token;
    }

    @Cached({ ttl: termOf, maxSize: 1, name: 'vault token' })
    @RateLimit(LOGINS)
    @Timeout({ attempt: timeout })
    async login(): Promise<IssuedToken> {
      return auth.logIn(loginContext(client, currentCall().signal));
    }

    /** Vault says 403 to a dead token and to a policy that refuses; whether it knows the token tells them apart. */
    @Timeout({ attempt: timeout })
    async isDead(token: Secret): Promise<boolean> {
      const { status } = await client.ask('auth/token/lookup-self', { token, signal: currentCall().signal });
      return status === 401 || status === 403;
    }

    async renew(error: unknown): Promise<void> {
      if (error instanceof VaultAuthenticationError) throw error;
      if (!isClear(error) && !(await this.isDead(await this.token())))
        throw new SecretsError('the token is good; a policy refuses', 'SECRETS_DENIED');
      if (auth.canLogInAgain === false)
        throw new VaultAuthenticationError('the token has ended or was revoked, and a fixed token cannot be replaced');
      await this.forget();
      await this.token();
    }

    async forget(): Promise<void> {
      await cacheOf<() => Promise<IssuedToken>>(this, 'login').clear();
    }
  }
  return new VaultSession();
};
