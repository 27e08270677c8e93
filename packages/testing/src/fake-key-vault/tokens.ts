import type { Identifiers } from '../fake-server/identifiers.js';
import type { ServerClock } from '../fake-server/options.js';

interface Token {
  readonly scope: string;
  readonly tenantId: string;
  readonly claims: string | undefined;
  /** By the monotonic clock: a wall clock that is set prolongs nothing. */
  readonly expiresAt: number;
}

export interface IssuedAccessToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresOnTimestamp: number;
}

const SECOND = 1000;

/** The tokens that the directory has issued. */
export class IssuedTokens {
  readonly #tokens = new Map<string, Token>();
  readonly #ids: Identifiers;
  readonly #clock: ServerClock;
  readonly #ttl: number;

  /** @param ttl seconds. */
  constructor(ids: Identifiers, clock: ServerClock, ttl: number) {
    this.#ids = ids;
    this.#clock = clock;
    this.#ttl = ttl * SECOND;
  }

  issue(scope: string, tenantId: string, claims?: string): IssuedAccessToken {
    const token = `eyJ0eXAiOiJKV1Qi.${this.#ids.letters(48)}.${this.#ids.letters(24)}`;
    this.#tokens.set(token, { scope, tenantId, claims, expiresAt: this.#clock.now() + this.#ttl });
    return { token, expiresOnTimestamp: this.#clock.wall() + this.#ttl };
  }

  /** What is wrong with a token, in Key Vault's words; undefined for a good one. */
  problemOf(token: string, scope: string, tenantId: string): string | undefined {
    const issued = this.#tokens.get(token);
    if (issued === undefined) return 'AKV10000: Request is missing a Bearer or PoP token.';
    if (this.#clock.now() >= issued.expiresAt) return "[TokenExpired] Error validating token: 'S2S12086'.";
    if (issued.scope !== scope) return 'AKV10022: Invalid audience.';
    return issued.tenantId === tenantId ? undefined : 'AKV10032: Invalid issuer.';
  }

  /** With which claims in mind a token was issued. */
  claimsOf(token: string): string | undefined {
    return this.#tokens.get(token)?.claims;
  }

  revoke(token: string): void {
    this.#tokens.delete(token);
  }

  revokeAll(): void {
    this.#tokens.clear();
  }
}
