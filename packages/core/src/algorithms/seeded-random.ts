/**
 * Numbers in [0, 1) that are the same in every run: splitmix32, a counter that walks by the golden ratio, each value
 * scrambled by two multiplications. 32 bits of state, a full period of 2^32. For drawing lots, not for secrets.
 *
 * The stream of a seed depends on its name too, so that many streams of one seed do not walk in step.
 * Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014), with the 32-bit mix of MurmurHash3.
 * @param seed an integer, of which the lower 32 bits count.
 */
export const seededStream = (seed: number, name: string): (() => number) => {
  let state = seed | 0;
  for (let index = 0; index < name.length; index++) state = scramble(state ^ name.charCodeAt(index));
  return () => {
    state = (state + GOLDEN_RATIO) | 0;
    return (scramble(state) >>> 0) / 2 ** 32;
  };
};

const GOLDEN_RATIO = 0x9e3779b9;

const scramble = (word: number): number => {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
};
