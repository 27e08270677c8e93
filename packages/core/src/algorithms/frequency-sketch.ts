/**
 * How often each of very many keys was seen lately, in a few bytes for all of them together: a count-min sketch with
 * counters of four bits.
 *
 * Every key has four counters; its frequency is the least of them, since other keys can only have made a counter too
 * large. An increment raises only those that are the least (conservative update), which keeps the others from growing for
 * nothing. Counters stop at 15: that is enough to rank what is worth keeping. `halve` ages all of them at once, eight to a
 * word.
 *
 * The four counters of a key lie in one block of four words, that is in one line of the processor's cache. The lower bits
 * of the hash choose the block, other bits of a product with it one of eight counters in each word.
 *
 * Source: Cormode and Muthukrishnan, An improved data stream summary: the count-min sketch (2005); Einziger, Friedman and
 * Manes, TinyLFU: a highly efficient cache admission policy (2017).
 */
export class FrequencySketch {
  private readonly table: Int32Array;
  private readonly blockMask: number;

  /** @param keys about how many keys are to be told apart: at least one word of eight counters for each. */
  constructor(keys: number) {
    let words = FEWEST_WORDS;
    while (words < keys) words *= 2;
    this.table = new Int32Array(words);
    this.blockMask = words / ROWS - 1;
  }

  /** 0..15, never less than the key's increments since the latest halving, up to 15. */
  estimate(hash: number): number {
    const { table } = this;
    const block = (hash & this.blockMask) * ROWS;
    const choice = Math.imul(hash, SCRAMBLE) >>> 16;
    let least = MOST;
    for (let row = 0; row < ROWS; row++) {
      const count = ((table[block + row] as number) >>> shiftIn(choice, row)) & MOST;
      if (count < least) least = count;
    }
    return least;
  }

  /** Counts a key once more; returns its estimate. */
  increment(hash: number): number {
    const estimate = this.estimate(hash);
    if (estimate === MOST) return MOST;
    const { table } = this;
    const block = (hash & this.blockMask) * ROWS;
    const choice = Math.imul(hash, SCRAMBLE) >>> 16;
    for (let row = 0; row < ROWS; row++) {
      const shift = shiftIn(choice, row);
      const word = table[block + row] as number;
      if (((word >>> shift) & MOST) === estimate) table[block + row] = word + (1 << shift);
    }
    return estimate + 1;
  }

  /** The key's estimate becomes at least `count`, 0..15. */
  raise(hash: number, count: number): void {
    const { table } = this;
    const block = (hash & this.blockMask) * ROWS;
    const choice = Math.imul(hash, SCRAMBLE) >>> 16;
    for (let row = 0; row < ROWS; row++) {
      const shift = shiftIn(choice, row);
      const word = table[block + row] as number;
      const present = (word >>> shift) & MOST;
      if (present < count) table[block + row] = word + ((count - present) << shift);
    }
  }

  /** All counts become half of what they were, rounded down. */
  halve(): void {
    const { table } = this;
    for (let index = 0; index < table.length; index++)
      table[index] = ((table[index] as number) >>> 1) & WITHOUT_BITS_OF_THE_NEIGHBOUR;
  }
}

const ROWS = 4;
const MOST = 15;
const FEWEST_WORDS = 64;
const SCRAMBLE = 0x9e3779b1;
const WITHOUT_BITS_OF_THE_NEIGHBOUR = 0x77777777;

/** Three bits of the choice for each row: which of the eight counters in the row's word. */
const shiftIn = (choice: number, row: number): number => ((choice >>> (row * 3)) & 7) << 2;
