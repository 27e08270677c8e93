import type { CacheKey } from './stable-key.js';

const HEX = 16;
const WIDTH = 7;

/**
 * A key as events show it: 56 bits of a non-cryptographic hash (two rounds of a multiplicative mix), salted per process,
 * so that equal keys are recognised within a process and cannot be looked up elsewhere.
 */
export const hashKey = (key: CacheKey, salt: number): string => {
  const text = `${typeof key}:${String(key)}`;
  let high = 0xdeadbeef ^ salt;
  let low = 0x41c6ce57 ^ Math.imul(salt, 0x9e3779b1);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  const part = (word: number): string => (word >>> 4).toString(HEX).padStart(WIDTH, '0');
  return part(high) + part(low);
};
