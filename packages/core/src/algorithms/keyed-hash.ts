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
  private v0 = 0;
  private v1 = 0;
  private v2 = 0;
  private v3 = 0;

  /** @param secret two words of 32 bits. */
  constructor([first, second]: readonly [number, number]) {
    this.first = first | 0;
    this.second = second | 0;
  }

  /** A signed integer of 32 bits. */
  of(key: CacheKey): number {
    if (typeof key === 'string') return this.ofText(key, TEXT);
    if (typeof key === 'number') return this.ofNumber(key);
    return this.ofText(String(key), typeof key === 'bigint' ? BIGINT : OTHER);
  }

  private ofNumber(value: number): number {
    // Adding 0 makes 0 of -0; all NaN are one.
    this.float[0] = Number.isNaN(value) ? Number.NaN : value + 0;
    this.start(NUMBER);
    this.absorb(this.words[0] as number);
    this.absorb(this.words[1] as number);
    return this.finish(2 * BYTES_PER_WORD);
  }

  private ofText(text: string, kind: number): number {
    this.start(kind);
    const { length } = text;
    const even = length & ~1;
    for (let index = 0; index < even; index += 2)
      this.absorb(text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16));
    const bytes = (length * 2) << 24;
    return this.finishWith(even === length ? bytes : bytes | text.charCodeAt(even));
  }

  private start(kind: number): void {
    this.v0 = this.first;
    // Equal bits of different types are different keys.
    this.v1 = this.second ^ kind;
    this.v2 = this.first ^ 0x6c796765;
    this.v3 = this.second ^ kind ^ 0x74656462;
  }

  private absorb(word: number): void {
    this.v3 ^= word;
    this.round();
    this.v0 ^= word;
  }

  private finish(bytes: number): number {
    return this.finishWith(bytes << 24);
  }

  private finishWith(lastWord: number): number {
    this.absorb(lastWord);
    this.v2 ^= 0xff;
    this.round();
    this.round();
    this.round();
    return this.v1 ^ this.v3;
  }

  private round(): void {
    let { v0, v1, v2, v3 } = this;
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
    this.v0 = v0;
    this.v1 = v1;
    this.v2 = v2;
    this.v3 = v3;
  }
}

const BYTES_PER_WORD = 4;
const TEXT = 0;
const NUMBER = 1;
const BIGINT = 2;
const OTHER = 3;
