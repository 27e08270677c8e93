import type { CacheKey } from './stable-key.js';

/**
 * 32 bits of a cache key by HalfSipHash-1-3: a pseudo-random function with a secret key, so that nobody who chooses the
 * cache's keys can choose them to collide. Strings count as their UTF-16 code units, numbers as the 64 bits of their
 * value: integers that differ in high bits alone differ, and 0 and -0 are one key, as in a Map.
 *
 * Source: Aumasson and Bernstein, SipHash: a fast short-input PRF (2012); the variant for 32-bit words from its reference
 * implementation. One round per word and three at the end, as language runtimes use it for their tables.
 */
export class KeyedHash {
  private readonly first: number;
  private readonly second: number;
  private readonly float = new Float64Array(1);
  private readonly words = new Uint32Array(this.float.buffer);

  /** @param secret two words of 32 bits. */
  constructor([first, second]: readonly [number, number]) {
    this.first = first | 0;
    this.second = second | 0;
  }

  /** A signed integer of 32 bits. */
  of(key: CacheKey): number {
    if (typeof key === 'string') return this.digest(key, TEXT);
    if (typeof key === 'bigint') return this.digest(String(key), BIGINT);
    if (typeof key !== 'number') return this.digest(String(key), OTHER);
    // Adding 0 makes 0 of -0; all NaN are one.
    this.float[0] = Number.isNaN(key) ? Number.NaN : key + 0;
    return this.digest(undefined, NUMBER);
  }

  /** Of a text, or of the number in `words`. The rounds at the end are rounds with a word of 0. */
  private digest(text: string | undefined, kind: number): number {
    // Equal bits of different types are different keys.
    const second = this.second ^ kind;
    let v0 = this.first;
    let v1 = second;
    let v2 = this.first ^ 0x6c796765;
    let v3 = second ^ 0x74656462;
    const length = text === undefined ? UNITS_PER_NUMBER : text.length;
    const last = length >> 1;
    for (let index = 0; index <= last + FINAL_ROUNDS; index++) {
      let word = 0;
      if (index < last) word = text === undefined ? (this.words[index] as number) : pairAt(text, index * 2);
      else if (index === last) word = lastWord(text, length);
      else if (index === last + 1) v2 ^= 0xff;
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    return v1 ^ v3;
  }
}

const pairAt = (text: string, index: number): number => text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16);

/** The length in bytes, and a unit that has no other beside it. */
const lastWord = (text: string | undefined, length: number): number => {
  const bytes = (length * 2) << 24;
  return text !== undefined && (length & 1) === 1 ? bytes | text.charCodeAt(length - 1) : bytes;
};

const FINAL_ROUNDS = 3;
/** Two words, as four code units of a text would be. */
const UNITS_PER_NUMBER = 4;
const TEXT = 0;
const NUMBER = 1;
const BIGINT = 2;
const OTHER = 3;
