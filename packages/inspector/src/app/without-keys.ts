import type { BreakerState, BulkheadHealth, CircuitHealth, Health, RateLimitStats, Stats } from '@holdfast/core';

/** What the core puts behind the name of one state of many, with the ordinal of names that several have. */
const KEY_HASH = /\[[0-9a-f]{14}\](?:#\d+)?/g;

/** A name without the hash of a key: a hash can be compared with another one, which is more than a name should tell. */
export const withoutKeys = (name: string): string => name.replace(KEY_HASH, '');

/** States that differed by their keys alone become one. */
const folded = <State>(
  states: Readonly<Record<string, State>>,
  merge: (one: State, other: State) => State,
): Record<string, State> => {
  const byName = new Map<string, State>();
  for (const [full, state] of Object.entries(states)) {
    const name = withoutKeys(full);
    const known = byName.get(name);
    byName.set(name, known === undefined ? state : merge(known, state));
  }
  return Object.fromEntries(byName);
};

/** How bad a state is. */
export const SEVERITY: Readonly<Record<BreakerState, number>> = {
  disabled: 0,
  'metrics-only': 1,
  closed: 2,
  'half-open': 3,
  open: 4,
  isolated: 5,
};

const worse = (one: CircuitHealth, other: CircuitHealth): CircuitHealth =>
  SEVERITY[other.state] > SEVERITY[one.state] ? other : one;

/** All of them together. */
const fuller = (one: BulkheadHealth, other: BulkheadHealth): BulkheadHealth => ({
  ...one,
  inFlight: one.inFlight + other.inFlight,
  maxConcurrent: one.maxConcurrent + other.maxConcurrent,
  queued: one.queued + other.queued,
  maxQueue: one.maxQueue + other.maxQueue,
  abandoned: one.abandoned + other.abandoned,
  rejected: one.rejected + other.rejected,
});

/** The one with the least left, and what was refused by all. */
const tighter = (one: RateLimitStats, other: RateLimitStats): RateLimitStats => ({
  ...one,
  available: Math.min(one.available, other.available),
  waiting: one.waiting + other.waiting,
  rejected: one.rejected + other.rejected,
});

export const healthWithoutKeys = (health: Health): Health => ({
  ...health,
  circuits: folded(health.circuits, worse),
  bulkheads: folded(health.bulkheads, fuller),
});

export const statsWithoutKeys = (stats: Stats): Stats => ({
  ...stats,
  bulkheads: folded(stats.bulkheads, fuller),
  rateLimits: folded(stats.rateLimits, tighter),
});
