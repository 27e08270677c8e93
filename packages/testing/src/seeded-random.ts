import type { Random } from '@holdfast/core';

/** A generator that tells which seed repeats it: print it when a test fails. */
export interface SeededRandom extends Random {
  readonly seed: number;
}

/**
 * Numbers in [0, 1) that are the same in every run: mulberry32 by Tommy Ettinger (public domain), 32 bits of state, a
 * full period of 2^32. Good enough for jitter and sampling, not for secrets.
 *
 * @param seed an integer, of which the lower 32 bits count. Default 1.
 * @throws RangeError when the seed is not an integer.
 */
export function seededRandom(seed = 1): SeededRandom {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seededRandom: seed must be an integer, got ${String(seed)}`);
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Object.assign(next, { seed });
}
