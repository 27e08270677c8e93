import { type VaultAnswer, failure } from './answer.js';

/** An answer that is not the engine's. */
export interface VaultFault {
  readonly status: number;
  /** The body's `errors`. Default: none. */
  readonly errors?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests get it. Default 1. */
  readonly times?: number;
}

interface Pending {
  readonly answerTo: (path: string) => VaultAnswer;
  left: number;
}

/** Answers that come in the place of the engine's, in the order in which they were asked for. */
export class Faults {
  readonly #pending: Pending[] = [];

  /** @throws RangeError when the status is no error, or the count no positive number. */
  add({ status, errors = [], headers = {}, times = 1 }: VaultFault): void {
    if (!(Number.isInteger(status) && status >= 300 && status <= 599))
      throw new RangeError(`fakeVault: a fault has a status from 300 to 599, got ${String(status)}`);
    if (!(times >= 1)) throw new RangeError(`fakeVault: times must be 1 or more, got ${String(times)}`);
    this.#pending.push({ answerTo: () => ({ ...failure(status, ...errors), headers }), left: times });
  }

  /** A quota that is used up, as Vault words it. */
  throttle(times: number, retryAfter: number): void {
    const headers = { 'retry-after': String(retryAfter) };
    const answerTo = (path: string): VaultAnswer => ({
      ...failure(429, `request path "${path}": rate limit quota exceeded`),
      headers,
    });
    this.#pending.push({ answerTo, left: times });
  }

  clear(): void {
    this.#pending.length = 0;
  }

  take(path: string): VaultAnswer | undefined {
    const [first] = this.#pending;
    if (first === undefined) return undefined;
    first.left -= 1;
    if (first.left <= 0) this.#pending.shift();
    return first.answerTo(path);
  }
}
