import type { SeededRandom } from '../seeded-random.js';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Ids and passwords that repeat with the seed: no secret of a test is worth real randomness. */
export class Identifiers {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  letters(count: number): string {
    return Array.from({ length: count }, () => LETTERS[Math.floor(this.#random() * LETTERS.length)]).join('');
  }

  uuid(): string {
    const hex = Array.from({ length: 32 }, () => Math.floor(this.#random() * 16).toString(16)).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}
