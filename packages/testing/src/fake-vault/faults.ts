/** An answer that is not the engine's. */
export interface VaultFault {
  readonly status: number;
  /** The body's `errors`. Default: none. */
  readonly errors?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests get it. Default 1. */
  readonly times?: number;
}
