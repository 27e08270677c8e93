import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 bits, as text that a header can hold. */
export const randomToken = (): string => randomBytes(32).toString('base64url');

const BEARER = /^bearer +([\x21-\x7e]+)$/i;

/**
 * Knows the token by its keyed digest. What is presented is digested, too, and digests are compared in constant time: how
 * long a refusal takes tells neither the length of the token nor how much of it was right.
 */
export class TokenCheck {
  readonly #key = randomBytes(32);
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = this.#digestOf(token);
  }

  /** @param authorization every Authorization header of a request: exactly one is right. */
  accepts(authorization: readonly string[] | undefined): boolean {
    const [header = ''] = authorization ?? [];
    const presented = BEARER.exec(header)?.[1];
    const isRight = timingSafeEqual(this.#digestOf(presented ?? ''), this.#digest);
    return isRight && presented !== undefined && authorization?.length === 1;
  }

  #digestOf(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}
