import { type HistogramSample, OTHER } from './exposition.js';

/** Upper bounds in seconds: from a store next door to a call that somebody should have given up. */
export const BOUNDS: readonly number[] = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Durations by name, in fixed buckets; the last place is their sum, in milliseconds. */
export class Durations {
  readonly #label: string;
  readonly #most: number;
  readonly #byName = new Map<string, Float64Array>();

  constructor(label: string, most: number) {
    this.#label = label;
    this.#most = most;
  }

  add(name: string, milliseconds: number): void {
    const places = this.#byName.get(name) ?? this.#begin(name);
    let bucket = 0;
    while (bucket < BOUNDS.length && milliseconds > 1_000 * (BOUNDS[bucket] as number)) bucket += 1;
    places[bucket] = (places[bucket] as number) + 1;
    places[BOUNDS.length + 1] = (places[BOUNDS.length + 1] as number) + milliseconds;
  }

  *samples(): Generator<HistogramSample> {
    for (const [name, places] of this.#byName)
      yield {
        labels: { [this.#label]: name },
        counts: places.subarray(0, BOUNDS.length + 1),
        sum: (places[BOUNDS.length + 1] as number) / 1_000,
      };
  }

  #begin(name: string): Float64Array {
    const known = this.#byName.size < this.#most ? name : OTHER;
    let places = this.#byName.get(known);
    if (places === undefined) this.#byName.set(known, (places = new Float64Array(BOUNDS.length + 2)));
    return places;
  }
}
