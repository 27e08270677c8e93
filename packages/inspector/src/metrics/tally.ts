import { type Family, OTHER, type Sample } from './exposition.js';

/** A family of counters with a name each, and perhaps one more label that has few values. */
export interface CountedFamily extends Family {
  readonly label?: string;
  /** One where there is no label. */
  readonly values: readonly string[];
  /** Those that are shown at zero, for rates that begin there. */
  readonly fromZero?: boolean;
}

/**
 * Counts by name: an array of numbers for each name, a place in it for each value of each family. Counting is one look-up
 * and one addition. Names beyond a bound are counted as `other`.
 */
export class Tally {
  readonly #label: string;
  readonly #families: readonly CountedFamily[];
  readonly #most: number;
  readonly #size: number;
  readonly #counts = new Map<string, Float64Array>();

  constructor(label: string, families: readonly CountedFamily[], most: number) {
    this.#label = label;
    this.#families = families;
    this.#most = most;
    this.#size = families.reduce((size, { values }) => size + values.length, 0);
  }

  /** Where a value of a family is counted. */
  placeOf(family: CountedFamily, value = family.values[0]): number {
    let place = 0;
    for (const each of this.#families) {
      if (each === family) return place + each.values.indexOf(value as string);
      place += each.values.length;
    }
    return -1;
  }

  add(name: string, place: number): void {
    const counts = this.#counts.get(name) ?? this.#begin(name);
    counts[place] = (counts[place] as number) + 1;
  }

  *samplesOf(family: CountedFamily): Generator<Sample> {
    const first = this.placeOf(family);
    for (const [name, counts] of this.#counts) {
      for (const [index, value] of family.values.entries()) {
        const count = counts[first + index] as number;
        if (count === 0 && family.fromZero !== true) continue;
        yield {
          labels: { [this.#label]: name, ...(family.label !== undefined && { [family.label]: value }) },
          value: count,
        };
      }
    }
  }

  #begin(name: string): Float64Array {
    const known = this.#counts.size < this.#most ? name : OTHER;
    let counts = this.#counts.get(known);
    if (counts === undefined) this.#counts.set(known, (counts = new Float64Array(this.#size)));
    return counts;
  }
}
