/**
 * Prometheus text, version 0.0.4, with a bound on its series. Series beyond the bound are added up under the name `other`,
 * so that sums over all names stay right. A series that had a place keeps it, and one that had none stays in `other`: no
 * counter goes back because another one appeared.
 * Source: prometheus.io/docs/instrumenting/exposition_formats.
 */

/** Label values by label; the first is the name of what is counted. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  /** Observations in each bucket alone; one more than there are bounds. */
  readonly counts: ArrayLike<number>;
  readonly sum: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
}

export const OTHER = 'other';

/** How many series there may be, and which have a place. Lives as long as the metrics do. */
export class SeriesPlaces {
  readonly #places = new Set<string>();
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  admits(series: string, lines: number): boolean {
    if (this.#places.has(series)) return true;
    if (lines > this.#left) return false;
    this.#left -= lines;
    this.#places.add(series);
    return true;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };
const escaped = (value: string): string => value.replace(/[\\"\n]/g, (character) => ESCAPES[character] as string);
const LONGEST_NAME = 256;

const labelText = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value.slice(0, LONGEST_NAME))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

const asOther = (labels: Labels): Labels => {
  const [first, ...rest] = Object.entries(labels);
  return first === undefined ? labels : Object.fromEntries([[first[0], OTHER], ...rest]);
};

const numberText = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
};

const sum = (one: number, other: number): number => one + other;

/** One answer to a scraper. */
export class Exposition {
  readonly #places: SeriesPlaces;
  readonly #lines: string[] = [];

  constructor(places: SeriesPlaces) {
    this.#places = places;
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  counter(family: Family, samples: Iterable<Sample>): void {
    this.#family(family, 'counter', samples, sum);
  }

  /** @param merge what several that share a name have in common. */
  gauge(family: Family, samples: Iterable<Sample>, merge: (one: number, other: number) => number = sum): void {
    this.#family(family, 'gauge', samples, merge);
  }

  /** @param bounds upper ones, ascending, without +Inf. */
  histogram(family: Family, bounds: readonly number[], samples: Iterable<HistogramSample>): void {
    const lines = bounds.length + 3;
    const named = this.#named(family, samples, lines, ({ counts, ...one }, other) => ({
      ...one,
      counts: Array.from(counts, (count, index) => count + (other.counts[index] as number)),
      sum: one.sum + other.sum,
    }));
    if (named.size === 0) return;
    this.#head(family, 'histogram');
    for (const { labels, counts, sum: total } of named.values())
      this.#buckets(family.name, bounds, { labels, counts, sum: total });
  }

  #buckets(name: string, bounds: readonly number[], { labels, counts, sum: total }: HistogramSample): void {
    let below = 0;
    for (let index = 0; index <= bounds.length; index++) {
      below += counts[index] as number;
      const le = numberText(bounds[index] ?? Infinity);
      this.#lines.push(`${name}_bucket${labelText({ ...labels, le })} ${below}`);
    }
    this.#lines.push(
      `${name}_sum${labelText(labels)} ${numberText(total)}`,
      `${name}_count${labelText(labels)} ${below}`,
    );
  }

  #family(
    family: Family,
    type: string,
    samples: Iterable<Sample>,
    merge: (one: number, other: number) => number,
  ): void {
    const named = this.#named(family, samples, 1, (one, other) => ({ ...one, value: merge(one.value, other.value) }));
    if (named.size === 0) return;
    this.#head(family, type);
    for (const [labels, { value }] of named) this.#lines.push(`${family.name}${labels} ${numberText(value)}`);
  }

  /** By the text of their labels, each once: those without a place, and those with equal labels, become one. */
  #named<One extends { readonly labels: Labels }>(
    { name }: Family,
    samples: Iterable<One>,
    lines: number,
    merge: (one: One, other: One) => One,
  ): ReadonlyMap<string, One> {
    const named = new Map<string, One>();
    for (const sample of samples) {
      const own = labelText(sample.labels);
      const labels = this.#places.admits(`${name}${own}`, lines) ? sample.labels : asOther(sample.labels);
      const text = labelText(labels);
      const known = named.get(text);
      named.set(text, known === undefined ? { ...sample, labels } : merge(known, sample));
    }
    return named;
  }

  #head({ name, help }: Family, type: string): void {
    this.#lines.push(
      `# HELP ${name} ${help.replace(/[\\\n]/g, (character) => ESCAPES[character] as string)}`,
      `# TYPE ${name} ${type}`,
    );
  }
}
