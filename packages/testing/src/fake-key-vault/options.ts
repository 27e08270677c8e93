import type { FakeServerOptions, Latency } from '../fake-server/options.js';

export interface FakeKeyVaultOptions extends FakeServerOptions {
  /** The vault's name, the first label of its host. Default 'fake': `https://fake.vault.azure.net`. */
  readonly vaultName?: string;
  /** The directory that issues tokens. Default: a fixed id. */
  readonly tenantId?: string;
  /** How long tokens last, in seconds. Default 3600. */
  readonly tokenTtl?: number;
  /** Of every request to the vault. Default 0. */
  readonly latency?: Latency;
  /** Of every log-in. Default 0. */
  readonly tokenLatency?: Latency;
  /**
   * Refuses secrets outside of their `nbf` and `exp` with 403 SecretDisabled. Key Vault itself only notes those dates and
   * answers all the same. Default false.
   */
  readonly enforcesDates?: boolean;
}

/** What a secret is kept with. */
export interface SecretProperties {
  readonly contentType?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Default true. */
  readonly enabled?: boolean;
  readonly notBefore?: Date;
  readonly expiresOn?: Date;
}

/** Who refuses: an access policy, a role assignment that is missing, or the network's rules. */
export type ForbiddenKind = 'ForbiddenByPolicy' | 'ForbiddenByRbac' | 'ForbiddenByFirewall';

/** An answer that is not the vault's own. */
export interface KeyVaultFault {
  readonly status: number;
  /** The error's code. Default: an answer without a body, as of a gateway. */
  readonly code?: string;
  readonly innerCode?: string;
  /** Default ''. */
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests get it. Default 1. */
  readonly times?: number;
}
