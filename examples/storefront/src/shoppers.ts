import { seededRandom } from '@holdfast/testing';

/** One page that somebody asked for. */
export interface Visit {
  /** Milliseconds after the beginning. */
  readonly at: number;
  readonly took: number;
  readonly status: number;
}

const PER_SECOND = 80;

/** Pages by popularity: the nth with weight 1/n; every fifth visit looks at a category. */
export function pagesOf(ids: readonly string[], categories: readonly string[], seed: number): () => string {
  const random = seededRandom(seed);
  const weights = ids.map((_, index) => 1 / (index + 1));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return () => {
    if (random() < 0.2) return `/categories/${categories[Math.floor(random() * categories.length)] as string}`;
    let draw = random() * sum;
    const place = weights.findIndex((weight) => (draw -= weight) < 0);
    return `/products/${ids[Math.max(0, place)] as string}`;
  };
}

/** Asks for pages at a steady rate until it is told to stop; resolves with all visits when the last one has ended. */
export function shop(url: string, nextPage: () => string): { stop(): Promise<Visit[]> } {
  const start = performance.now();
  const visits: Promise<Visit>[] = [];
  const visit = async (): Promise<Visit> => {
    const began = performance.now();
    const status = await fetch(url + nextPage()).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
    return { at: began - start, took: performance.now() - began, status };
  };
  // By the clock, so that a machine that stands still for a moment loses no visits.
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1000) * PER_SECOND);
    while (visits.length < due) visits.push(visit());
  }, 5);
  return {
    stop: () => {
      clearInterval(timer);
      return Promise.all(visits);
    },
  };
}
