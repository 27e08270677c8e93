import { type CacheHandle, Cached, type Duration, RateLimit, Timeout, cacheOf, currentCall } from '@holdfast/core';
import { SecretsError, VaultAuthenticationError, closedError } from '../errors.js';
import type { Secret } from '../secrecy/secret.js';
import { type IssuedToken, type VaultAuth, loginContext } from './auth.js';
import type { VaultClient } from './client.js';
import { VaultError } from './error.js';
import { type TokenCalls, createTokenCalls } from './token-calls.js';

/** The token of now. */
export interface HeldToken {
  readonly token: Secret;
  /** Milliseconds that it lasts; Infinity until it is revoked. What it has leased ends with it. */
  readonly remaining: number;
}

/** The token of a client: had once for all callers, renewed at two thirds of its time, replaced when it is dead. */
export interface Session {
  /** @throws VaultAuthenticationError when the log-in is refused. */
  token(): Promise<HeldToken>;
  /**
   * After a 401 or 403: a new token, if it was the token's fault. Returns the one that is dead. Nothing is done where the
   * token that was refused has been replaced since. Default: it is the present one.
   * @throws SecretsError when the token is good, and a policy refuses; VaultAuthenticationError when there is no other.
   */
  renew(error: unknown, refused?: Secret): Promise<Secret>;
  /**
   * Forgets the token. With `revokes` Vault is told that the token of a log-in is needed no longer, also of one that is
   * under way; silent where it cannot be told. What is asked afterwards rejects.
   */
  close(options: { readonly revokes: boolean }): Promise<void>;
  /** What the policies' state belongs to. */
  readonly parts: readonly object[];
}

const SECOND = 1_000;
const RENEWED_AFTER = 2 / 3;

/** Past two thirds of its time it still serves while there is no other, but not past its end. */
const termOf = ({ duration }: IssuedToken) =>
  duration === 0 ? Infinity : { ttl: duration * SECOND * RENEWED_AFTER, hardTtl: duration * SECOND };

/** However often tokens die: a server that revokes each at once is not stormed with log-ins. */
const LOGINS = { limit: 30, interval: '1m', scope: 'instance' } as const;

/** Whether Vault said that it is the token, and not a policy. */
const isClear = (error: unknown): boolean =>
  error instanceof VaultError && (error.status === 401 || error.reason === 'invalid token');

/**
 * Vault says 403 to a dead token and to a policy that refuses; whether it knows the token tells them apart. Returns where
 * it is the token's fault, and there may be another.
 * @throws what `Session.renew` does.
 */
const demandDead = async (
  error: unknown,
  token: Secret,
  { auth, calls }: { readonly auth: VaultAuth; readonly calls: TokenCalls },
): Promise<void> => {
  if (!isClear(error) && !(await calls.isDead(token)))
    throw new SecretsError('the token is good; a policy refuses', 'SECRETS_DENIED');
  if (auth.canLogInAgain === false)
    throw new VaultAuthenticationError('the token has ended or was revoked, and a fixed token cannot be replaced');
};

export interface SessionParts {
  readonly client: VaultClient;
  readonly auth: VaultAuth;
  readonly timeout: Duration;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

interface Logins {
  login(): Promise<IssuedToken>;
}

/** A class for each client, since its options are. @param issue what becomes of a token, and when it was asked for. */
const createLogins = (
  { client, auth, timeout, wall }: SessionParts,
  calls: TokenCalls,
  issue: (issued: IssuedToken, since: number) => Promise<IssuedToken>,
): Logins => {
  class VaultSession implements Logins {
    @Cached({ ttl: termOf, staleIfError: '1d', maxSize: 1, name: 'vault token', sweep: true })
    @RateLimit(LOGINS)
    @Timeout({ attempt: timeout })
    async login(): Promise<IssuedToken> {
      const { signal, cache } = currentCall();
      const old = cache?.stale?.value as IssuedToken | undefined;
      const since = wall();
      return issue(
        (old && (await calls.renewed(old, signal))) ?? (await auth.logIn(loginContext(client, signal))),
        since,
      );
    }
  }
  return new VaultSession();
};

class TokenSession implements Session {
  readonly parts: readonly object[];
  readonly #given: SessionParts;
  readonly #calls: TokenCalls;
  readonly #logins: Logins;
  readonly #beganAt = new WeakMap<IssuedToken, number>();
  #closing: { readonly revokes: boolean } | undefined;

  constructor(given: SessionParts) {
    this.#given = given;
    this.#calls = createTokenCalls(given.client, given.timeout);
    this.#logins = createLogins(given, this.#calls, (issued, since) => this.#issue(issued, since));
    this.parts = [this.#logins, this.#calls];
  }

  async token(): Promise<HeldToken> {
    if (this.#closing !== undefined) throw closedError();
    const issued = await this.#logins.login();
    const { token, duration } = issued;
    const { age } = await this.#cache.lookup();
    const now = this.#given.wall();
    // The clock of `age` may stand still while the machine sleeps.
    const byWall = now - (this.#beganAt.get(issued) ?? now);
    return { token, remaining: duration === 0 ? Infinity : duration * SECOND - Math.max(age, byWall) };
  }

  async renew(error: unknown, refused?: Secret): Promise<Secret> {
    if (error instanceof VaultAuthenticationError) throw error;
    if (this.#closing !== undefined) throw closedError();
    const { token } = await this.#logins.login();
    if (refused !== undefined && refused !== token) return refused;
    await demandDead(error, token, { auth: this.#given.auth, calls: this.#calls });
    await this.#forget(token);
    await this.#logins.login();
    return token;
  }

  async close(options: { readonly revokes: boolean }): Promise<void> {
    this.#closing = options;
    const { value: issued } = await this.#cache.lookup();
    await this.#cache.clear();
    if (issued !== undefined) await this.#letGo(issued);
  }

  async #issue(issued: IssuedToken, since: number): Promise<IssuedToken> {
    this.#beganAt.set(issued, since);
    if (this.#closing === undefined) return issued;
    await this.#letGo(issued);
    throw closedError();
  }

  /** This one: another may have taken its place. */
  async #forget(token: Secret): Promise<void> {
    const { value: issued } = await this.#cache.lookup();
    if (issued?.token === token) await this.#cache.invalidateValue([], issued);
  }

  async #letGo({ token, isOwn = false }: IssuedToken): Promise<void> {
    if (isOwn && this.#closing?.revokes === true) await this.#calls.revoke(token).catch(() => undefined);
  }

  get #cache(): CacheHandle<Logins['login']> {
    return cacheOf<Logins['login']>(this.#logins, 'login');
  }
}

export const createSession = (parts: SessionParts): Session => new TokenSession(parts);
