/**
 * Chaos disturbs a share of the calls on purpose, so that one sees what the policies around a method do before an outage
 * shows it. One lot decides for each call:
 *
 *      0            fault            latency          result                                1
 *      ├──────────────┼────────────────┼────────────────┼───────────────────────────────────┤
 *      │ fails instead│ begins later   │ answers instead│ goes on as if nothing were here   │
 *
 * The shares lie next to each other, so that at most one thing happens to a call and each share is exact: three lots would
 * meet, and the second disturbance of a call that has failed already is none. A second lot chooses the fault, or how late.
 *
 * Invariants: with shares of 0 nothing is ever disturbed, since a lot is at least 0 and must lie below a share; a call that
 * is not disturbed takes one lot, a disturbed one two; the same lots give the same disturbances.
 * Source: Simmy, the chaos strategies of Polly (fault, latency, outcome, injection rate), with one lot in the place of one
 * strategy for each.
 */

export interface ChaosShares {
  /** Of the calls, 0 to 1; together at most 1. */
  readonly fault: number;
  readonly latency: number;
  readonly result: number;
}

export interface ChaosSettings {
  readonly shares: ChaosShares;
  /** How many faults there are to choose from. */
  readonly faults: number;
  /** Milliseconds. */
  readonly latency: { readonly min: number; readonly max: number };
}

export type Disturbance =
  | { readonly kind: 'fault'; readonly index: number }
  | { readonly kind: 'latency'; readonly delay: number }
  | { readonly kind: 'result' };

/** What happens to the next call; nothing mostly. */
export const disturb = ({ shares, faults, latency }: ChaosSettings, random: () => number): Disturbance | undefined => {
  const lot = random();
  if (lot >= shares.fault + shares.latency + shares.result) return undefined;
  const choice = random();
  if (lot < shares.fault) return { kind: 'fault', index: Math.floor(choice * faults) };
  if (lot < shares.fault + shares.latency)
    return { kind: 'latency', delay: latency.min + choice * (latency.max - latency.min) };
  return { kind: 'result' };
};
