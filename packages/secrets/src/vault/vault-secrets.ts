import {
  type CacheHandle,
  type CacheStats,
  type CircuitControl,
  type Duration,
  cacheOf,
  circuitOf,
  withRuntime,
} from '@holdfast/core';
import { SecretsError } from '../errors.js';
import { VaultClient } from './client.js';
import type { SecretData, SecretEnvelope } from './envelope.js';
import { type VaultSecretsOptions, checkOptions, checkedAddress } from './options.js';
import { type Keeping, type Reader, createReader, keepingOf } from './reader.js';
import { type Session, createSession } from './session.js';
import { VaultSource } from './source.js';

export interface ReadOptions {
  /** Reads from Vault whatever is cached, and keeps the result. Default false. */
  readonly bypassCache?: boolean;
  /** How long the result is fresh if this call has to read it and it has no lease. Default: the provider's `ttl`. */
  readonly ttl?: Duration;
}

/** How a warm-up went, path by path. */
export interface WarmUp {
  readonly warmed: readonly string[];
  readonly failed: readonly { readonly path: string; readonly error: unknown }[];
}

type Read = Reader['read'];

/**
 * Secrets of HashiCorp Vault, cached within their leases, and there when Vault is not.
 *
 * A read looks into the cache, then asks Vault: up to 3 attempts with backoff, each bounded by a timeout and counted by a
 * circuit of this provider's own. When Vault cannot answer, an old secret does, for up to an hour, but never past a lease
 * and never after 401, 403 or 404. A dead token is replaced once for all callers, and the read goes on.
 *
 * @example
 * await using vault = new VaultSecrets({ address: 'https://vault:8200', auth: appRoleAuth({ roleId, secretId }) });
 * const { password } = await vault.get('secret/app/db');
 */
export class VaultSecrets implements AsyncDisposable {
  readonly #reader: Reader;
  readonly #session: Session;
  readonly #source: VaultSource;
  readonly #keeping: Keeping;
  readonly #margin: Duration;
  readonly #renews: boolean;
  #isClosed = false;

  /** @throws ConfigurationError on a wrong option. Vault is asked at the first read. */
  constructor(options: VaultSecretsOptions) {
    checkOptions(options);
    const { auth, namespace, peers = [], runtime, kvVersion, timeout, ttl = '5m', leaseMargin = '1m' } = options;
    const client = new VaultClient({
      address: checkedAddress(options.address, 'address'),
      peers: peers.map((peer) => checkedAddress(peer, 'peers')),
      namespace,
      fetch: options.fetch ?? ((...args) => globalThis.fetch(...args)),
    });
    this.#margin = leaseMargin;
    this.#renews = options.renewLeases ?? true;
    this.#keeping = keepingOf(ttl, leaseMargin, this.#renews);
    this.#source = new VaultSource(client, kvVersion);
    this.#session = createSession(client, auth, timeout?.attempt ?? '5s');
    this.#reader = createReader(this.#source, this.#session, options);
    if (runtime !== undefined) {
      for (const part of [this.#reader, ...this.#session.parts]) withRuntime(part, runtime);
    }
    // Wrong options of the policies show now, not at the first read.
    void this.stats;
  }

  /**
   * The data of a secret, frozen. `path` with or without `data/` after a mount of version 2, and always the same way:
   * the path as written is the key.
   * @throws VaultError, VaultAuthenticationError, SecretFormatError, what `fetch` throws, and CircuitOpenError,
   * TimedOutError or RateLimitedError where nothing could be asked.
   */
  async get<Data extends SecretData = SecretData>(path: string, options?: ReadOptions): Promise<Data> {
    return (await this.read<Data>(path, options)).data;
  }

  /** As `get`, with the lease and the metadata. */
  async read<Data extends SecretData = SecretData>(
    path: string,
    { bypassCache = false, ttl }: ReadOptions = {},
  ): Promise<SecretEnvelope<Data>> {
    const key = this.#checked(path);
    const keeping = ttl === undefined ? this.#keeping : keepingOf(ttl, this.#margin, this.#renews);
    const reading = bypassCache
      ? this.#cache.refresh([key, { ...keeping, renews: false }])
      : this.#reader.read(key, keeping);
    return (await reading) as SecretEnvelope<Data>;
  }

  /** Forgets one secret; returns whether it was there. */
  invalidate(path: string): Promise<boolean> {
    return this.#cache.invalidate(this.#checked(path), this.#keeping);
  }

  /** Forgets all secrets. The token stays. */
  clear(): Promise<void> {
    return this.#cache.clear();
  }

  /** Reads secrets ahead of their use, all at once. Failures are told, not thrown. */
  async warm(paths: Iterable<string>): Promise<WarmUp> {
    const all = [...new Set(paths)];
    const results = await Promise.allSettled(all.map((path) => this.read(path)));
    const failed = results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ path: all[index] as string, error: result.reason as unknown }] : [],
    );
    return { warmed: all.filter((_, index) => results[index]?.status === 'fulfilled'), failed };
  }

  get stats(): CacheStats {
    return this.#cache.stats;
  }

  /** The circuit between this provider and Vault. */
  get circuit(): CircuitControl {
    return circuitOf(this.#reader, 'read');
  }

  /** Forgets secrets and token; what is asked afterwards rejects. Harmless when repeated. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#source.forget();
    await Promise.all([this.#cache.clear(), this.#session.forget()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #cache(): CacheHandle<Read> {
    return cacheOf<Read>(this.#reader, 'read');
  }

  /** Without slashes at its ends. Dots would climb out of the path, to where no secrets are. */
  #checked(path: string): string {
    if (this.#isClosed) throw new SecretsError('the provider is closed', 'SECRETS_CLOSED');
    const text: unknown = path;
    const segments = typeof text === 'string' ? text.replaceAll(/^\/+|\/+$/g, '').split('/') : [];
    if (segments.length < 2 || segments.some((segment) => ['', '.', '..'].includes(segment)))
      throw new SecretsError("a path must read 'mount/name', without empty segments, '.' and '..'", 'SECRETS_PATH');
    return segments.join('/');
  }
}
