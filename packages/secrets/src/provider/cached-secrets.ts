import {
  type CacheHandle,
  type CacheStats,
  type CircuitControl,
  cacheOf,
  circuitOf,
  parseDuration,
  withRuntime,
} from '@holdfast/core';
import type { SecretData, SecretEnvelope } from './envelope.js';
import { SecretsError, closedError } from '../errors.js';
import { wrongOption } from '../option-check.js';
import { type CachedSecretsParts, type LeaseRules, checkParts } from './parts.js';
import type { InvalidateOptions, ProviderSettings, ReadOptions, SecretProvider, WarmUp } from './provider.js';
import { type Keeping, type Reader, createReader, keepingOf } from './reader.js';
import type { SecretSource } from './source.js';

type Read = Reader['read'];

const NO_LEASES: LeaseRules = { margin: '1m', renews: false };

const checkDuration = (of: string, option: string, value: unknown): void => {
  if (Number.isNaN(parseDuration(value))) throw wrongOption(of)(option, "must be a duration, such as '5m'");
};

/** Infinity for 0, which is for ever. */
const orForEver = (ms: number): number => (ms === 0 ? Infinity : ms);

/**
 * A provider of any source's secrets: cached within their leases, read with retries, a timeout and a circuit of its own,
 * and answered from memory while they cannot be read — never past a lease and never after 401, 403 or 404.
 */
export class CachedSecrets implements SecretProvider {
  readonly kind: string;
  readonly name: string;
  readonly settings: ProviderSettings;
  readonly #source: SecretSource;
  readonly #reader: Reader;
  readonly #leases: LeaseRules;
  readonly #keeping: Keeping;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError on a wrong part, or option of a policy. Nothing is asked before the first read. */
  constructor(parts: CachedSecretsParts) {
    checkParts(parts);
    const { kind, name, title, source, policies = {}, leases = NO_LEASES } = parts;
    const { ttl = '5m', staleIfError = '1h', maxSize = 256, runtime } = policies;
    checkDuration(`${title}Secrets`, 'ttl', ttl);
    checkDuration(`${title}Secrets`, 'leaseMargin', leases.margin);
    this.kind = kind;
    this.name = name;
    this.#source = source;
    this.#leases = leases;
    this.#keeping = keepingOf(ttl, leases.margin, leases.renews);
    this.#reader = createReader({ title, source, policies, isClosed: () => this.#closing !== undefined });
    if (runtime !== undefined) for (const part of [this.#reader, ...(source.parts ?? [])]) withRuntime(part, runtime);
    // Wrong options of the policies show now, not at the first read.
    void this.stats;
    this.settings = {
      ttl: orForEver(parseDuration(ttl)),
      staleIfError: parseDuration(staleIfError),
      maxSize,
    };
  }

  async get<Data extends SecretData = SecretData>(path: string, options?: ReadOptions): Promise<Data> {
    return (await this.read<Data>(path, options)).data;
  }

  async read<Data extends SecretData = SecretData>(
    path: string,
    { bypassCache = false, ttl }: ReadOptions = {},
  ): Promise<SecretEnvelope<Data>> {
    const key = this.#checked(path);
    const { margin, renews } = this.#leases;
    const keeping = ttl === undefined ? this.#keeping : keepingOf(ttl, margin, renews);
    const reading = bypassCache
      ? this.#cache.refresh([key, { ...keeping, renews: false }])
      : this.#reader.read(key, keeping);
    return (await reading) as SecretEnvelope<Data>;
  }

  async invalidate(path: string, { only, status }: InvalidateOptions = {}): Promise<boolean> {
    const args: Parameters<Read> = [this.#checked(path), this.#keeping];
    if (only === undefined) return this.#cache.invalidate(...args);
    return this.#cache.invalidateValue(args, only, status === undefined ? {} : { status });
  }

  clear(): Promise<void> {
    return this.#cache.clear();
  }

  async warm(paths: Iterable<string>): Promise<WarmUp> {
    const all = [...new Set(paths)];
    const results = await Promise.allSettled(all.map((path) => this.read(path)));
    const failed = results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ path: all[index] as string, error: result.reason as unknown }] : [],
    );
    return { warmed: all.filter((_, index) => results[index]?.status === 'fulfilled'), failed };
  }

  async check(): Promise<void> {
    this.#demandOpen();
    await this.#reader.check();
  }

  get stats(): CacheStats {
    return this.#cache.stats;
  }

  get circuit(): CircuitControl {
    return circuitOf(this.#reader, 'read');
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #cache(): CacheHandle<Read> {
    return cacheOf<Read>(this.#reader, 'read');
  }

  #checked(path: string): string {
    this.#demandOpen();
    const checked: unknown = this.#source.checkedPath(path);
    if (typeof checked === 'string') return checked;
    throw new SecretsError('the source has no path for this', 'SECRETS_PATH');
  }

  #demandOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  async #close(): Promise<void> {
    await Promise.all([this.#cache.clear(), this.#source.close()]);
  }
}
