import {
  type Events,
  type Explanation,
  type Health,
  type HoldfastRuntime,
  type ListedCache,
  type Stats,
  caches,
  events,
  explainAll,
  health,
  stats,
} from '@holdfast/core';

/** What is looked at: a runtime, the default one as well. */
export interface Subject {
  readonly events: Events;
  health(): Health;
  stats(): Stats;
  caches(): ListedCache[];
  explain(): Explanation;
}

export const subjectOf = (runtime: HoldfastRuntime | undefined): Subject =>
  runtime === undefined
    ? { events, health, stats, caches, explain: () => explainAll() }
    : {
        events: runtime.events,
        health: () => runtime.health(),
        stats: () => runtime.stats(),
        caches: () => runtime.caches(),
        explain: () => explainAll(runtime),
      };
