import type { IssuedAccessToken } from './tokens.js';

/** `'refused'`: the directory knows no such client. `'unavailable'`: there is nothing to log in with. `'outage'`: 503. */
export type LoginTrouble = 'refused' | 'unavailable' | 'outage';

export interface LoginOptions {
  readonly abortSignal?: AbortSignalLike;
  readonly tenantId?: string;
  readonly claims?: string;
}

interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
}

/** What stands behind a credential: the directory. */
export interface Directory {
  readonly issue: (scope: string, tenantId: string | undefined, claims: string | undefined) => IssuedAccessToken;
  readonly revoke: (token: string) => void;
  readonly latency: () => Promise<unknown> | undefined;
}

const named = (name: string, message: string, facts: object = {}): Error =>
  Object.assign(new Error(message), { name, ...facts });

const authenticationError = (statusCode: number, error: string, errorDescription: string): Error =>
  named('AuthenticationError', `${error} Status code: ${statusCode}\nMore details:\n${errorDescription},`, {
    statusCode,
    errorResponse: { error, errorDescription },
  });

/** Errors as `@azure/identity` throws them, the directory's text in the message included. */
const TROUBLES: Readonly<Record<LoginTrouble, () => Error>> = {
  refused: () =>
    authenticationError(401, 'invalid_client', "AADSTS7000215: Invalid client secret 'canary-client-secret' provided."),
  unavailable: () =>
    named(
      'CredentialUnavailableError',
      'EnvironmentCredential is unavailable. No underlying credential could be used.',
    ),
  outage: () => authenticationError(503, 'temporarily_unavailable', 'The service is temporarily overloaded.'),
};

const aborted = (signal: AbortSignalLike): Promise<never> =>
  new Promise((_, reject) => {
    const end = (): void => reject(named('AbortError', 'The operation was aborted.'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });

/** A `TokenCredential` of `@azure/identity` whose tokens the fake vault knows. Every call is a log-in: it caches nothing. */
export class FakeCredential {
  readonly #directory: Directory;
  readonly #tokens = new Set<string>();
  #trouble: LoginTrouble | undefined;
  #logins = 0;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** How often a token was asked for, whatever came of it. */
  get logins(): number {
    return this.#logins;
  }

  /** Rejects as `@azure/identity` does while the directory refuses. */
  async getToken(scopes: string | string[], options: LoginOptions = {}): Promise<IssuedAccessToken> {
    this.#logins += 1;
    const { abortSignal, tenantId, claims } = options;
    const latency = this.#directory.latency();
    if (latency !== undefined) await (abortSignal ? Promise.race([latency, aborted(abortSignal)]) : latency);
    if (this.#trouble !== undefined) throw TROUBLES[this.#trouble]();
    const issued = this.#directory.issue([scopes].flat().join(' '), tenantId, claims);
    this.#tokens.add(issued.token);
    return issued;
  }

  /** The vault rejects this credential's tokens from now on; the next one is good again. */
  expireToken(): void {
    for (const token of this.#tokens) this.#directory.revoke(token);
    this.#tokens.clear();
  }

  /** Log-ins fail until `allow`. Tokens that were issued stay good. */
  deny(trouble: LoginTrouble = 'refused'): void {
    this.#trouble = trouble;
  }

  allow(): void {
    this.#trouble = undefined;
  }
}
