import type { FakeServerOptions, Latency } from '../fake-server/options.js';

/** What a request is signed with. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
  /** Where the end is told. */
  readonly expiration?: Date;
}

export interface FakeSecretsManagerOptions extends FakeServerOptions {
  /** Requests signed for another are refused. Default 'eu-west-1'. */
  readonly region?: string;
  /** Twelve digits, for ARNs. Default '123456789012'. */
  readonly accountId?: string;
  /** A key that never expires by itself. Default 'AKIAFAKE' with the secret 'fake-secret-key'. */
  readonly credentials?: Pick<AwsKeys, 'accessKeyId' | 'secretAccessKey'>;
  /** Of every answer. `'typical'`: 10–40 ms. Default none. */
  readonly latency?: Latency | 'typical';
}

/** How long issued credentials last, and whether they say so. */
export interface IssueOptions {
  /** Seconds of the server's clock. Default 3600. */
  readonly duration?: number;
  /** `expiration` goes with them; the SDK compares it with the machine's clock, never a virtual one. Default false. */
  readonly tellsExpiration?: boolean;
}

/** An answer that is not the engine's. */
export interface AwsFault {
  /** What `__type` says, such as `'DecryptionFailure'`. */
  readonly type: string;
  /** Default: that of the type: 500 for InternalServiceError, 503 for ServiceUnavailable, else 400. */
  readonly status?: number;
  /** Default: none. */
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests get it. Default 1. */
  readonly times?: number;
}

export const TYPICAL: Latency = [10, 40];
