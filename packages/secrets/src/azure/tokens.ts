import { type CacheHandle, type Duration, cacheOf } from '@holdfast/core';
import { SecretsError } from '../errors.js';
import { AzureAuthenticationError, AzureSecretsError } from './error.js';
import { lazily } from './lazily.js';
import { type Issued, type Logins, createLogins } from './logins.js';
import type { AzureAccessToken, AzureCredential, AzureTokenOptions } from './sdk.js';

export interface AzureTokensParts {
  /** Makes a credential; once more after a rejected token, where it can. */
  readonly credential: () => Promise<AzureCredential>;
  /** What tokens are for, until the vault's challenge has said so. */
  readonly scope: string;
  readonly timeout: Duration;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

type Asked = readonly [scope: string, tenantId?: string];

/**
 * To the SDK a credential whose tokens have always ended: so it asks for one at every request, and neither keeps one that
 * was replaced here nor logs in by itself, by its own clock and once per caller.
 */
const ENDED = 0;

/** The credential that the SDK is given: its tokens are had once for all callers, and replaced when they are rejected. */
export class AzureTokens implements AzureCredential {
  /** What the policies' state belongs to. */
  readonly parts: readonly object[];
  readonly #make: () => Promise<AzureCredential>;
  readonly #logins: Logins;
  #credential: () => Promise<AzureCredential>;
  #asked: Asked;
  #last: Issued | undefined;
  /** The latest log-in that answered a demand of claims. */
  #claimed: { readonly claims: string; readonly issued: Promise<Issued> } | undefined;

  constructor({ credential, scope, timeout, wall }: AzureTokensParts) {
    this.#make = credential;
    this.#credential = lazily(credential);
    this.#asked = [scope];
    this.#logins = createLogins({ credential: () => this.#credential(), timeout, wall });
    this.parts = [this.#logins];
  }

  async getToken(scopes: string | string[], { tenantId, claims }: AzureTokenOptions = {}): Promise<AzureAccessToken> {
    const scope = [scopes].flat().join(' ');
    this.#asked = tenantId === undefined ? [scope] : [scope, tenantId];
    const { token } = await (claims === undefined ? this.#logIn() : this.#logInWith(claims));
    return { token: token.reveal(), expiresOnTimestamp: ENDED };
  }

  /** After a 401: a new token. @throws what says that there is none, or that it was not the token's fault. */
  async renew(error: unknown): Promise<void> {
    if (!(error instanceof AzureSecretsError)) throw error;
    if (error.reason !== 'unauthenticated')
      throw new SecretsError('the token is good; the vault refuses', 'SECRETS_DENIED');
    const rejected = this.#last?.token.reveal();
    this.#credential = lazily(this.#make);
    await this.forget();
    if ((await this.#logIn()).token.reveal() === rejected)
      throw new AzureAuthenticationError(
        'the credential gives again the token that was rejected; give a function that makes a new credential',
      );
  }

  /** Logs in, whatever is kept. @throws AzureAuthenticationError when that is refused. */
  async check(): Promise<void> {
    await this.#logInAnew();
  }

  async forget(): Promise<void> {
    this.#claimed = undefined;
    await this.#cache.clear();
  }

  async #logIn(): Promise<Issued> {
    this.#last = await this.#logins.login(...this.#asked);
    return this.#last;
  }

  async #logInAnew(claims?: string): Promise<Issued> {
    const [scope, tenantId] = this.#asked;
    this.#last = await this.#cache.refresh([scope, tenantId, claims]);
    return this.#last;
  }

  /** The vault wants tokens issued with these claims: once for all callers whose token it refused. */
  #logInWith(claims: string): Promise<Issued> {
    if (this.#claimed?.claims !== claims) {
      const issued = this.#logInAnew(claims);
      this.#claimed = { claims, issued };
      issued.catch(() => (this.#claimed = undefined));
    }
    return this.#claimed.issued;
  }

  get #cache(): CacheHandle<Logins['login']> {
    return cacheOf<Logins['login']>(this.#logins, 'login');
  }
}
