/**
 * When a value that is still fresh is renewed at its next use, so that no caller ever waits for a popular key.
 *
 *   started                     refreshAt            freshUntil
 *      │ ── fresh ─────────────────│ ── fresh, renewed ──│
 *      │ hit                       │ hit, and one        │
 *      │                           │ refresh behind it   │
 *
 * Two rules, the earlier one holds. A fixed share of the ttl, up to `jitter` of it sooner, so that entries stored together
 * are not renewed together. And the probabilistic rule XFetch: a load that takes d begins d · beta · −ln(u) before the
 * end, u uniform in (0, 1], which for beta 1 keeps the expected number of loads at the end of a ttl, over any number of
 * processes, about constant (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB
 * 2015). The paper draws at every use; here the draw is made once per value, when it is stored, since within a process
 * one refresh serves all callers. Uses cost nothing then, and different processes still draw different times.
 */
export interface EarlyRefresh {
  /** Share of the ttl after which a use renews the value; undefined without that rule. */
  readonly fraction: number | undefined;
  /** Share of that time by which it may come sooner. */
  readonly jitter: number;
  /** Factor of XFetch; undefined without that rule. More than 1 renews sooner. */
  readonly beta: number | undefined;
}

interface Fresh {
  readonly startedAt: number;
  readonly ttl: number;
  /** How long the load took. */
  readonly loadDuration: number;
}

/** Monotonic time from which a use renews the value; Infinity for values without end. */
export const refreshTime = (
  { fraction, jitter, beta }: EarlyRefresh,
  { startedAt, ttl, loadDuration }: Fresh,
  random: () => number,
): number => {
  if (ttl === Infinity) return Infinity;
  const byFraction = fraction === undefined ? Infinity : ttl * fraction * (1 - jitter * random());
  // 1 − random() lies in (0, 1], where the logarithm is finite.
  const byChance = beta === undefined ? Infinity : Math.max(0, ttl + loadDuration * beta * Math.log(1 - random()));
  return startedAt + Math.min(byFraction, byChance);
};
