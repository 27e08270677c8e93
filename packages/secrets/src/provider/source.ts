import type { SecretEnvelope } from './envelope.js';

/** What one reading has at hand. */
export interface Reading {
  /** Aborted when the attempt times out. */
  readonly signal: AbortSignal | undefined;
  /** What is kept under this path, past its ttl, where its lease may be begun anew instead of a new one. */
  readonly old: SecretEnvelope | undefined;
  /** Says what the secret ends with, such as the credentials that it was had with: see `SecretSource.renew`. */
  readonly tag: (name: string) => void;
}

/** A keeper of secrets, asked directly: no cache, no retry, no circuit. `CachedSecrets` makes a provider of it. */
export interface SecretSource {
  /** The form of a path under which its secret is kept. @throws SecretsError on what is no path. */
  checkedPath(path: string): string;
  /** One request. Errors are classified by `classifyError`, and have neither a secret nor a path in them. */
  read(path: string, reading: Reading): Promise<SecretEnvelope>;
  /**
   * After a failure that may be the fault of the credentials, once per call and before its next attempt: has new ones,
   * once for all who ask at the same time. Secrets that ended with the old ones are named by their tag and forgotten.
   * @throws anything where there are no new credentials: the failure stands.
   */
  renew(error: unknown): Promise<string | void>;
  /** Proves who asks. */
  check(signal: AbortSignal | undefined): Promise<void>;
  /** Lets go of credentials and connections. */
  close(): Promise<void>;
  /** Objects with decorated methods of their own, which are to run in the provider's runtime. Default: none. */
  readonly parts?: readonly object[];
}
