import { type HoldfastRuntime, RateLimit, withRuntime } from '@holdfast/core';
import type { SecretEnvelope } from '../provider/envelope.js';
import { SecretFormatError } from '../errors.js';
import { checkKnown, wrongOption } from '../option-check.js';
import type { SecretProvider } from '../provider/provider.js';
import { type AllowedHosts, hostCheck } from './allowed-hosts.js';
import type { AuthScheme } from './credentials.js';
import { isHeaderName } from './header-name.js';
import { type RequestAuth, requestAuthOf } from './request-auth.js';

export interface SecretAuthOptions {
  readonly provider: SecretProvider;
  /** Where the provider has the credentials. */
  readonly path: string;
  /** Hosts that may be sent the credentials: `'api.example.com'`, `'*.example.com'`, `'localhost:8080'`. Default: all. */
  readonly allowedHosts?: AllowedHosts;
  /** Default 'Authorization'. */
  readonly headerName?: string;
  /** `'bearer'`, `'basic'`, `'raw'`: the token alone. Default 'auto': by what the secret holds. */
  readonly scheme?: AuthScheme;
  /** False: nothing is authenticated, and no secret read. Default true. */
  readonly enabled?: boolean;
  /** Default: the default runtime. */
  readonly runtime?: HoldfastRuntime;
}

const KNOWN: readonly (keyof SecretAuthOptions)[] = [
  'provider',
  'path',
  'allowedHosts',
  'headerName',
  'scheme',
  'enabled',
  'runtime',
];
const SCHEMES: readonly unknown[] = ['auto', 'bearer', 'basic', 'raw'];

const wrong = wrongOption('SecretAuth');

/** A server that refuses everybody, whatever the secret, is no reason to read it with every request. */
const REFUSALS = { limit: 10, interval: '1m', scope: 'instance' } as const;

/** Forgets what was refused, once for each secret that was read. */
class Refusals {
  readonly #provider: SecretProvider;
  readonly #path: string;
  readonly #forgetting = new WeakMap<SecretEnvelope, Promise<boolean>>();

  constructor(provider: SecretProvider, path: string) {
    this.#provider = provider;
    this.#path = path;
  }

  /** Who comes second waits for the first: until then the old secret is still there. */
  async tell(envelope: SecretEnvelope, status: number): Promise<boolean> {
    const known = this.#forgetting.get(envelope);
    if (known !== undefined) return known.then(() => false);
    const forgetting = this.forget(envelope, status);
    this.#forgetting.set(envelope, forgetting);
    // It is refused as long as it is kept: the next one to be told so tries again.
    forgetting.catch(() => this.#forgetting.delete(envelope));
    return forgetting;
  }

  @RateLimit(REFUSALS)
  async forget(only: SecretEnvelope, status: number): Promise<boolean> {
    return this.#provider.invalidate(this.#path, { only, status });
  }
}

/** Authentication of requests by a secret: for hosts that may be sent it, and renewed when it is refused. */
export class SecretAuth {
  readonly headerName: string;
  readonly #provider: SecretProvider;
  readonly #path: string;
  readonly #scheme: AuthScheme;
  readonly #isEnabled: boolean;
  readonly #isHostAllowed: (url: URL) => boolean;
  readonly #refusals: Refusals;
  /** Which secret each came from: one that is refused may have been replaced by then. */
  readonly #origins = new WeakMap<RequestAuth, SecretEnvelope>();
  readonly #made = new WeakMap<SecretEnvelope, RequestAuth>();

  /** @throws ConfigurationError on a wrong option. No secret is read. */
  constructor(options: SecretAuthOptions) {
    checkKnown(options, KNOWN, wrong);
    const { provider, path, allowedHosts, headerName = 'Authorization', scheme = 'auto', enabled = true } = options;
    if (typeof (provider as Partial<SecretProvider> | undefined)?.read !== 'function')
      throw wrong('provider', 'must be a provider, such as new VaultSecrets(…)');
    if (typeof path !== 'string' || path === '') throw wrong('path', 'must be where the provider has the secret');
    if (!isHeaderName(headerName)) throw wrong('headerName', "must be the name of a header, such as 'X-API-Key'");
    if (!SCHEMES.includes(scheme)) throw wrong('scheme', "must be 'auto', 'bearer', 'basic' or 'raw'");
    if (typeof enabled !== 'boolean') throw wrong('enabled', 'must be true or false');
    this.headerName = headerName;
    this.#provider = provider;
    this.#path = path;
    this.#scheme = scheme;
    this.#isEnabled = enabled;
    this.#isHostAllowed = hostCheck(allowedHosts);
    this.#refusals = new Refusals(provider, path);
    if (options.runtime !== undefined) withRuntime(this.#refusals, options.runtime);
  }

  /** Whether requests to this URL are authenticated. */
  isAllowed(url: string | URL): boolean {
    return this.#isEnabled && URL.canParse(String(url)) && this.#isHostAllowed(new URL(url));
  }

  /**
   * What authenticates a request; null where nothing does: switched off, or a host that may not be sent the secret. That
   * is decided before any secret is read.
   * @throws SecretFormatError when there are no credentials in the secret, which is then read anew the next time; and
   * what the provider throws.
   */
  async authFor(url: string | URL): Promise<RequestAuth | null> {
    if (!this.isAllowed(url)) return null;
    const envelope = await this.#provider.read(this.#path);
    const known = this.#made.get(envelope);
    if (known !== undefined) return known;
    const auth = await this.#authFrom(envelope);
    this.#made.set(envelope, auth);
    this.#origins.set(auth, envelope);
    return auth;
  }

  /**
   * A server has refused this with 401 or 403: the secret that it came from is forgotten, unless another one has taken
   * its place. The next `authFor` reads the secret anew, once for all who ask. Returns whether it was forgotten now.
   * @throws RateLimitedError beyond 10 secrets a minute: the secret is not what these refusals are about.
   */
  async refused(auth: RequestAuth, status: number): Promise<boolean> {
    const envelope = this.#origins.get(auth);
    return envelope !== undefined && this.#refusals.tell(envelope, status);
  }

  async #authFrom(envelope: SecretEnvelope): Promise<RequestAuth> {
    try {
      return requestAuthOf(envelope, { headerName: this.headerName, scheme: this.#scheme });
    } catch (error) {
      if (error instanceof SecretFormatError) await this.#provider.invalidate(this.#path, { only: envelope });
      throw error;
    }
  }
}
