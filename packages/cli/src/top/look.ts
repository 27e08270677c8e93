import type { BreakerState, Health, Stats } from '@holdfast/core';
import type { Info, InspectorClient } from '@holdfast/inspector';
import { type Tally, talliesOf } from './tallies.js';

/** One method, or what else has a name: a cache, a circuit, a piece of work. */
export interface MethodRow {
  readonly name: string;
  readonly calls: number;
  /** Since the look before; undefined at the first. */
  readonly callsPerSecond?: number;
  /** 0 to 1; undefined without a cache or a look-up. */
  readonly hitRate?: number;
  readonly failures: number;
  readonly retries: number;
  readonly staleAnswers: number;
  readonly circuit?: BreakerState;
  readonly inFlight: number;
}

/** The application at one moment. */
export interface Look {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly app: Pick<Info, 'name' | 'pid' | 'startedAt' | 'lookups' | 'hitRate'>;
  readonly status: Health['status'];
  readonly inFlight: number;
  /** The busiest first. */
  readonly rows: readonly MethodRow[];
}

export interface Reports {
  readonly info: Info;
  readonly health: Health;
  readonly stats: Stats;
  /** Prometheus text. */
  readonly metrics: string;
}

const NOTHING: Tally = { calls: 0, failures: 0, retries: 0, staleAnswers: 0 };

const rowOf = (name: string, { health, stats }: Reports, tally: Tally | undefined): MethodRow => {
  const cache = Object.hasOwn(stats.caches, name) ? stats.caches[name] : undefined;
  const circuit = Object.hasOwn(health.circuits, name) ? health.circuits[name] : undefined;
  const { calls, failures, retries, staleAnswers } = tally ?? NOTHING;
  return {
    name,
    // A cache has counted since the first call, the inspector since it was started.
    calls: Math.max(calls, cache?.lookups ?? 0),
    ...(cache !== undefined && cache.lookups > 0 && { hitRate: cache.hitRate }),
    failures: tally === undefined ? (cache?.errors ?? 0) : failures,
    retries,
    staleAnswers: Math.max(staleAnswers, cache?.staleHits ?? 0),
    ...(circuit !== undefined && { circuit: circuit.state }),
    inFlight: (Object.hasOwn(stats.inFlight, name) ? stats.inFlight[name] : undefined) ?? 0,
  };
};

const byCalls = (one: MethodRow, other: MethodRow): number =>
  other.calls - one.calls || (one.name < other.name ? -1 : 1);

const namesIn = ({ health, stats }: Reports, tallies: ReadonlyMap<string, Tally>): Set<string> =>
  new Set([
    ...Object.keys(stats.caches),
    ...Object.keys(health.circuits),
    ...Object.keys(stats.inFlight),
    ...tallies.keys(),
  ]);

/** What the reports of one moment amount to. */
export const lookOf = (reports: Reports, at: number): Look => {
  const { info, health } = reports;
  const { name, pid, startedAt, lookups, hitRate } = info;
  const tallies = talliesOf(reports.metrics);
  const rows = [...namesIn(reports, tallies)].map((each) => rowOf(each, reports, tallies.get(each))).sort(byCalls);
  return {
    at,
    app: { name, pid, startedAt, lookups, hitRate },
    status: health.status,
    inFlight: health.inFlight,
    rows,
  };
};

/** With calls per second, by an earlier look; none where the counts began anew meanwhile. */
export const withRates = (look: Look, before: Look | undefined): Look => {
  const seconds = before === undefined ? 0 : (look.at - before.at) / 1_000;
  if (before === undefined || seconds <= 0 || before.app.pid !== look.app.pid) return look;
  const earlier = new Map(before.rows.map(({ name, calls }) => [name, calls]));
  const rows = look.rows.map((row) => {
    const callsPerSecond = (row.calls - (earlier.get(row.name) ?? 0)) / seconds;
    return callsPerSecond >= 0 ? { ...row, callsPerSecond } : row;
  });
  return { ...look, rows };
};

export const takeLook = async (application: InspectorClient): Promise<Look> => {
  const [info, health, stats, metrics] = await Promise.all([
    application.info(),
    application.health(),
    application.stats(),
    application.metrics(),
  ]);
  return lookOf({ info, health, stats, metrics }, Date.now());
};
