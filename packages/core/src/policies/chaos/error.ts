/** What a call fails with where `@Chaos` knows a code or a status alone. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
  /** As of Node and of drivers: 'ECONNRESET'. */
  readonly code?: string;
  /** As of HTTP. */
  readonly status?: number;

  constructor(method: string, kind: string | number | undefined) {
    super(`${method}: a fault injected by @Chaos${kind === undefined ? '' : ` (${kind})`}`);
    if (typeof kind === 'string') this.code = kind;
    if (typeof kind === 'number') this.status = kind;
  }
}
