import { Cached, type Duration, RateLimit, Timeout, currentCall, leaseTtl } from '@holdfast/core';
import { Secret } from '../secrecy/secret.js';
import { AzureAuthenticationError } from './error.js';
import { loginFailureOf } from './failures.js';
import type { AzureCredential, AzureTokenOptions } from './sdk.js';

export interface Issued {
  readonly token: Secret;
  /** Seconds. */
  readonly duration: number;
}

export interface LoginsParts {
  readonly credential: () => Promise<AzureCredential>;
  readonly timeout: Duration;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

/** Tokens by scope and directory: had once for all who ask, and kept until a minute before their end. */
export interface Logins {
  /** With claims only through the cache's `refresh`: they come with the vault's refusal of a token that is there. */
  login(scope: string, tenantId?: string, claims?: string): Promise<Issued>;
}

const SECOND = 1000;

const termOf = leaseTtl<Issued>({
  margin: '1m',
  min: '1s',
  lease: ({ duration }) => ({ lease_id: 'token', lease_duration: duration }),
});

/** However often tokens are rejected: the directory is not stormed with log-ins. */
const LIMIT = { limit: 30, interval: '1m', scope: 'instance' } as const;

export const createLogins = ({ credential, timeout, wall }: LoginsParts): Logins => {
  const logIn = async (scope: string, options: AzureTokenOptions): Promise<Issued> => {
    const issued = await (await credential()).getToken(scope, options);
    if (issued === null) throw new AzureAuthenticationError('the credential has no token');
    return { token: new Secret(issued.token), duration: (issued.expiresOnTimestamp - wall()) / SECOND };
  };

  class AzureSession implements Logins {
    @Cached({
      key: (scope: string, tenantId?: string) => [scope, tenantId],
      ttl: termOf,
      maxSize: 4,
      name: 'azure token',
    })
    @RateLimit(LIMIT)
    @Timeout({ attempt: timeout })
    async login(scope: string, tenantId?: string, claims?: string): Promise<Issued> {
      const { signal: abortSignal } = currentCall();
      const options: AzureTokenOptions = {
        abortSignal,
        enableCae: true,
        ...(tenantId === undefined ? {} : { tenantId }),
        ...(claims === undefined ? {} : { claims }),
      };
      return logIn(scope, options).catch((error: unknown) => {
        throw loginFailureOf(error);
      });
    }
  }
  return new AzureSession();
};
