import type { CacheStats, CircuitControl, Duration } from '@holdfast/core';
import type { SecretData, SecretEnvelope } from './envelope.js';

export interface ReadOptions {
  /** Reads anew whatever is cached, and keeps the result. Default false. */
  readonly bypassCache?: boolean;
  /** How long the result is fresh if this call has to read it and it has no lease. Default: the provider's `ttl`. */
  readonly ttl?: Duration;
}

export interface InvalidateOptions {
  /** Forgets the secret only if this is what is kept: one that came after it stays. */
  readonly only?: SecretEnvelope;
  /** Of the answer that refused the secret, with `only`: 401 or 403. `cache.invalidated` tells it. */
  readonly status?: number;
}

/** How a warm-up went, path by path. */
export interface WarmUp {
  readonly warmed: readonly string[];
  readonly failed: readonly { readonly path: string; readonly error: unknown }[];
}

/** Milliseconds; Infinity: for ever. */
export interface ProviderSettings {
  readonly ttl: number;
  readonly staleIfError: number;
  readonly maxSize: number;
}

/** Where secrets come from, whoever keeps them. */
export interface SecretProvider extends AsyncDisposable {
  /** `'vault'`, `'aws'`, `'azure'`, or a name of your own. */
  readonly kind: string;
  /** The kind and where it is, without credentials: `vault:https://vault:8200`, `aws:eu-west-1`. */
  readonly name: string;
  readonly settings: ProviderSettings;
  readonly stats: CacheStats;
  /** The circuit between this provider and its server. */
  readonly circuit: CircuitControl;
  /** The data of a secret, frozen. */
  get<Data extends SecretData = SecretData>(path: string, options?: ReadOptions): Promise<Data>;
  /** As `get`, with the lease and the metadata. */
  read<Data extends SecretData = SecretData>(path: string, options?: ReadOptions): Promise<SecretEnvelope<Data>>;
  /** Forgets one secret; returns whether it was there. */
  invalidate(path: string, options?: InvalidateOptions): Promise<boolean>;
  /** Forgets all secrets, and not who asks. */
  clear(): Promise<void>;
  /** Reads secrets ahead of their use, all at once. Failures are told, not thrown. */
  warm(paths: Iterable<string>): Promise<WarmUp>;
  /** Proves who asks, without reading a secret. @throws what reading one would throw. */
  check(): Promise<void>;
  /** Forgets secrets and credentials; what is asked afterwards rejects. Harmless when repeated. */
  close(): Promise<void>;
}
