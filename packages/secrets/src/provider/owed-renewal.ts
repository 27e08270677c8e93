import { classifyError, type RetryOptions } from '@holdfast/core';

/**
 * Where a call has one attempt, no attempt follows new credentials, so the call itself has none: the next one begins with
 * them. Else dead ones would be kept until their own end, which they may not have.
 */
class OwedRenewal {
  readonly #renew: (error: unknown) => Promise<void>;
  #refusal: { readonly error: unknown } | undefined;
  #renewal: Promise<void> | undefined;

  /** @param renew what rejects where there are no new credentials; what is asked next says so itself. */
  constructor(renew: (error: unknown) => Promise<void>) {
    this.#renew = renew;
  }

  async before<Result>(ask: () => Promise<Result>): Promise<Result> {
    if (this.#refusal !== undefined || this.#renewal !== undefined) await this.#settle();
    try {
      return await ask();
    } catch (error) {
      const kind = classifyError(error);
      if (kind === 'authentication' || kind === 'authorization') this.#refusal = { error };
      throw error;
    }
  }

  /** Once for all who come at the same time. */
  #settle(): Promise<void> {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    this.#renewal ??= this.#renew(refusal?.error)
      .catch(() => undefined)
      .finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }
}

export type Asking = <Result>(ask: () => Promise<Result>) => Promise<Result>;

export const askingWith = (retry: RetryOptions | undefined, renew: (error: unknown) => Promise<void>): Asking => {
  if (retry?.maxAttempts !== 1 && retry?.retries !== 0) return (ask) => ask();
  const owed = new OwedRenewal(renew);
  return (ask) => owed.before(ask);
};
