import type { BreakerState, CacheStats, Health, Stats } from '@holdfast/core';
import { SEVERITY } from '../app/without-keys.js';
import type { Exposition, Sample } from './exposition.js';

const STATUSES: readonly Health['status'][] = ['healthy', 'degraded', 'shutting-down'];

/** −2 disabled, −1 metrics-only, 0 closed, 1 half-open, 2 open, 3 isolated: worse is more. */
export const circuitNumber = (state: BreakerState): number => SEVERITY[state] - SEVERITY.closed;

/** One sample of each member of a record. */
const each = <State>(
  label: string,
  states: Readonly<Record<string, State>>,
  read: (state: State) => number,
): Sample[] => Object.entries(states).map(([name, state]) => ({ labels: { [label]: name }, value: read(state) }));

const of = (value: number): Sample[] => [{ labels: {}, value }];

type Column = readonly [name: string, help: string, read: (stats: CacheStats) => number];

const COUNTERS: readonly Column[] = [
  ['hits_total', 'Look-ups that a fresh value has answered.', ({ hits }) => hits],
  ['misses_total', 'Look-ups that had to load.', ({ misses }) => misses],
  ['stale_hits_total', 'Look-ups that an old value has answered.', ({ staleHits }) => staleHits],
  ['coalesced_total', 'Look-ups that waited for a load under way.', ({ coalesced }) => coalesced],
  ['sets_total', 'Values stored.', ({ sets }) => sets],
  ['evictions_total', 'Entries that had to make room.', ({ evictions }) => evictions],
  ['expirations_total', 'Entries whose time was over.', ({ expirations }) => expirations],
  ['errors_total', 'Loads that have failed.', ({ errors }) => errors],
];

const GAUGES: readonly Column[] = [
  ['entries', 'Entries at present.', ({ size }) => size],
  ['max_entries', 'Entries that there may be.', ({ maxSize }) => maxSize],
];

/** What is counted of a cache, whoever has it. */
export const writeCaches = (
  out: Exposition,
  prefix: string,
  caches: readonly { readonly labels: Sample['labels']; readonly stats: CacheStats }[],
): void => {
  const samples = (read: Column[2]): Sample[] => caches.map(({ labels, stats }) => ({ labels, value: read(stats) }));
  for (const [name, help, read] of COUNTERS) out.counter({ name: `${prefix}_${name}`, help }, samples(read));
  for (const [name, help, read] of GAUGES) out.gauge({ name: `${prefix}_${name}`, help }, samples(read));
};

export const writeCircuits = (out: Exposition, name: string, samples: readonly Sample[]): void => {
  const help = '-2 disabled, -1 metrics-only, 0 closed, 1 half-open, 2 open, 3 isolated.';
  out.gauge({ name, help }, samples, Math.max);
};

/** What the reports say at present. */
export const writeHealth = (out: Exposition, health: Health): void => {
  const { status, inFlight, circuits, store, budgets, bulkheads, concurrencyLimits, throttles } = health;
  out.gauge(
    { name: 'holdfast_status', help: '1 for what the health report says.' },
    STATUSES.map((each_) => ({ labels: { status: each_ }, value: Number(each_ === status) })),
  );
  out.gauge({ name: 'holdfast_calls_in_flight', help: 'Calls and refreshes under way.' }, of(inFlight));
  writeCircuits(
    out,
    'holdfast_circuit_state',
    each('circuit', circuits, ({ state }) => circuitNumber(state)),
  );
  out.gauge(
    { name: 'holdfast_store_degraded', help: '1 while a cache store is left alone.' },
    of(Number(store.status === 'degraded')),
  );
  const budget = (name: string, help: string, read: (facts: Health['budgets'][string]) => number): void =>
    out.gauge({ name: `holdfast_budget_${name}`, help }, each('budget', budgets, read));
  budget('available', 'Retries that a budget allows at present.', ({ available }) => available);
  budget('exhausted', '1 while a budget of retries is dry.', ({ isExhausted }) => Number(isExhausted));
  const bulkhead = (name: string, help: string, read: (facts: Health['bulkheads'][string]) => number): void =>
    out.gauge({ name: `holdfast_bulkhead_${name}`, help }, each('bulkhead', bulkheads, read));
  bulkhead('in_flight', 'Places taken.', (facts) => facts.inFlight);
  bulkhead('max_concurrent', 'Places that there are.', (facts) => facts.maxConcurrent);
  bulkhead('queued', 'Calls that wait for a place.', (facts) => facts.queued);
  out.gauge(
    { name: 'holdfast_concurrency_limit', help: 'Calls that an adaptive limit admits at a time.' },
    each('limit', concurrencyLimits, ({ limit }) => limit),
  );
  out.gauge(
    {
      name: 'holdfast_throttle_rejection_ratio',
      help: 'The share of calls that an adaptive throttle refuses, 0 to 1.',
    },
    each('throttle', throttles, ({ rejectionRate }) => rejectionRate),
    Math.max,
  );
};

export const writeStats = (out: Exposition, { rateLimits, hedges }: Stats): void => {
  const limit = (name: string, help: string, read: (stats: Stats['rateLimits'][string]) => number): void =>
    out.gauge({ name: `holdfast_rate_limit_${name}`, help }, each('limiter', rateLimits, read));
  limit('available', 'Calls that would be admitted at once.', ({ available }) => available);
  limit('waiting', 'Calls that are held back.', ({ waiting }) => waiting);
  const hedge = (result: string, read: (stats: Stats['hedges'][string]) => number): Sample[] =>
    Object.entries(hedges).map(([method, stats]) => ({ labels: { method, result }, value: read(stats) }));
  out.counter({ name: 'holdfast_hedges_total', help: 'Branches beside the first, by what became of them.' }, [
    ...hedge('launched', ({ launched }) => launched),
    ...hedge('won', ({ won }) => won),
    ...hedge('suppressed', ({ suppressed }) => suppressed),
  ]);
};
