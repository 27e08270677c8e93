/**
 * SHA-256 (FIPS 180-4) of a text's UTF-8, in base64url. Synchronous on every platform: Web Crypto answers with a
 * promise, and `node:crypto` is not everywhere. For keys of a few hundred bytes it takes microseconds.
 */

/** The first 32 bits of the fractional parts of the cube roots (`power` 1/3) or square roots of the first primes. */
const rootBits = (count: number, power: number): Int32Array => {
  const words = new Int32Array(count);
  let found = 0;
  for (let candidate = 2; found < count; candidate++) {
    if (!isPrime(candidate)) continue;
    words[found++] = (candidate ** power % 1) * 2 ** 32;
  }
  return words;
};

const isPrime = (candidate: number): boolean => {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) return false;
  return true;
};

let constants: { readonly round: Int32Array; readonly initial: Int32Array } | undefined;

const BLOCK = 64;
const LENGTH_BYTES = 8;

/** The message, a one bit, zeros, and its length in bits, in whole blocks. */
const padded = (message: Uint8Array): DataView => {
  const bytes = new Uint8Array(Math.ceil((message.length + 1 + LENGTH_BYTES) / BLOCK) * BLOCK);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(bytes.length - 4, (message.length << 3) >>> 0);
  return view;
};

const rotated = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

const schedule = (view: DataView, offset: number, words: Int32Array): void => {
  for (let index = 0; index < 16; index++) words[index] = view.getInt32(offset + index * 4);
  for (let index = 16; index < 64; index++) {
    const early = words[index - 15] as number;
    const late = words[index - 2] as number;
    const small0 = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
    const small1 = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
    words[index] = ((words[index - 16] as number) + small0 + (words[index - 7] as number) + small1) | 0;
  }
};

/** The names are those of the standard. Assigned one by one: a list of them would be an array in each of the rounds. */
const compress = (state: Int32Array, words: Int32Array, round: Int32Array): void => {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let index = 0; index < 64; index++) {
    const big1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + big1 + choice + (round[index] as number) + (words[index] as number)) | 0;
    const big0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + big0 + majority) | 0;
  }
  const sums = [a, b, c, d, e, f, g, h];
  for (let index = 0; index < 8; index++) state[index] = (state[index] as number) + (sums[index] as number);
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** 256 bits in 43 characters of six bits each. */
const base64url = (state: Int32Array): string => {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const word of state) {
    for (let shift = 24; shift >= 0; shift -= 8) {
      held = (held << 8) | ((word >>> shift) & 0xff);
      bits += 8;
      for (; bits >= 6; bits -= 6) text += ALPHABET[(held >>> (bits - 6)) & 63];
      held &= 63;
    }
  }
  return text + ALPHABET[(held << (6 - bits)) & 63];
};

/** 43 characters of `A-Za-z0-9-_`. */
export const sha256 = (text: string): string => {
  constants ??= { round: rootBits(64, 1 / 3), initial: rootBits(8, 1 / 2) };
  const view = padded(new TextEncoder().encode(text));
  const state = constants.initial.slice();
  const words = new Int32Array(64);
  for (let offset = 0; offset < view.byteLength; offset += BLOCK) {
    schedule(view, offset, words);
    compress(state, words, constants.round);
  }
  return base64url(state);
};
