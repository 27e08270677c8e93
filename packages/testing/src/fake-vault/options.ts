import type { FakeServerOptions, Latency, ServerClock } from '../fake-server/options.js';

/** What a mount keeps: versioned or plain key-value secrets, or credentials made on demand. */
export type VaultEngine = 'kv-v1' | 'kv-v2' | 'database';

/** Credentials that `database/creds/<role>` makes. */
export interface DynamicRole {
  /** Seconds. Default 3600. */
  readonly leaseDuration?: number;
  /** Default true. */
  readonly renewable?: boolean;
  /** Seconds from the first lease that renewals cannot pass. Default 86,400. */
  readonly maxDuration?: number;
}

export interface VaultLatency {
  /** Reads of key-value secrets. Default 0. */
  readonly read?: Latency;
  /** Log-ins, look-ups and renewals of tokens. Default 0. */
  readonly token?: Latency;
  /** Dynamic credentials. Default 0. */
  readonly dynamic?: Latency;
}

export interface FakeVaultOptions extends FakeServerOptions {
  /** The root token, which never expires by itself. Default 'root'. */
  readonly token?: string;
  /**
   * What AppRole log-ins take. `tokenTtl` is in seconds, default 3600; renewals cannot pass `tokenMaxTtl` seconds from the
   * log-in, default for ever. What a token had leased ends with it. Default: role 'role', secret 'secret-id'.
   */
  readonly appRole?: {
    readonly roleId: string;
    readonly secretId: string;
    readonly tokenTtl?: number;
    readonly tokenMaxTtl?: number;
  };
  /** Engines by path. Default `{ 'secret/': 'kv-v2', 'kv/': 'kv-v1', 'database/': 'database' }`. */
  readonly mounts?: Readonly<Record<string, VaultEngine>>;
  /** By path, as `'database/creds/app'`. Default: none. */
  readonly roles?: Readonly<Record<string, DynamicRole>>;
  /** Besides the root; each has the same mounts, empty. Default: none. */
  readonly namespaces?: readonly string[];
  /** 403 for a dead token says 'invalid token' besides 'permission denied', as newer servers do. Default false. */
  readonly tellsInvalidToken?: boolean;
  /** `'typical'`: 5–20 ms a read, 2–10 ms a token, 50–200 ms a dynamic secret. Default none. */
  readonly latency?: VaultLatency | 'typical';
}

export type VaultClock = ServerClock;

export const TYPICAL: Required<VaultLatency> = { read: [5, 20], token: [2, 10], dynamic: [50, 200] };
