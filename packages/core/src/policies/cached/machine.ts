/**
 * What an entry may still be used for, and what is stored for how long.
 *
 *   started                freshUntil                 swrUntil            errorUntil          (hardUntil caps all)
 *      │ ── fresh ──────────────│ ── revalidate ──────────│ ── on error only ──│ ── gone
 *      │ hit                    │ old value at once,      │ load; the old value
 *      │                        │ one refresh behind it   │ only if that fails
 *
 * `staleWhileRevalidate` and `staleIfError` both count from the end of freshness (RFC 5861); either may be the longer
 * one. A failed load never changes the entry's times, so nothing is served beyond its windows, however often the source
 * fails. After a failure further loads of that key are held back for `staleErrorThrottle`, doubling up to thirty
 * seconds, as long as there is a stale value to answer with.
 *
 * All times are arguments. The time of an entry counts from when its load began: a value is never younger than its
 * question.
 */

export interface Windows {
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

export interface Lifetime {
  readonly freshUntil: number;
  readonly hardUntil: number;
}

export type Freshness = 'fresh' | 'revalidate' | 'on-error' | 'gone';

/** An entry is expired at `freshUntil` itself, and gone at `hardUntil` whatever the windows say. */
export const judge = (
  { freshUntil, hardUntil }: Lifetime,
  { staleWhileRevalidate, staleIfError }: Windows,
  now: number,
): Freshness => {
  if (now >= hardUntil) return 'gone';
  if (now < freshUntil) return 'fresh';
  if (now < freshUntil + staleWhileRevalidate) return 'revalidate';
  return now < freshUntil + staleIfError ? 'on-error' : 'gone';
};

/** Whether the entry may answer for a failed load; without `staleIfError` not even a fresh one hides a failure. */
export const isUsableOnError = ({ freshUntil, hardUntil }: Lifetime, { staleIfError }: Windows, now: number): boolean =>
  staleIfError > 0 && now < hardUntil && now < freshUntil + staleIfError;

const LONGEST_THROTTLE = 30_000;

/** Holds further loads of a key back after failures. */
export interface Throttle {
  readonly until: number;
  /** The pause after the latest failure; 0 where there have only been refusals. */
  readonly delay: number;
}

export const nextThrottle = (previous: Throttle | undefined, first: number, now: number): Throttle => {
  const longest = Math.max(LONGEST_THROTTLE, first);
  const delay = previous === undefined ? first : Math.min(longest, Math.max(first, previous.delay * 2));
  return { until: now + delay, delay };
};

/**
 * After a refusal: it cost the source nothing and says nothing new about it, so the pause does not grow, and ends when
 * the refusing policy may admit a call again.
 */
export const throttleAfterRefusal = (
  previous: Throttle | undefined,
  first: number,
  { retryAfter = first, now }: { readonly retryAfter: number | undefined; readonly now: number },
): Throttle => ({ until: now + Math.min(first, retryAfter), delay: previous?.delay ?? 0 });

export interface TtlRules {
  /** Share of the ttl by which entries may end earlier, so that they do not all end together. */
  readonly jitter: number;
  readonly bounds: { readonly min: number; readonly max: number } | undefined;
}

/** A computed ttl as it is stored: undefined where the value must not be stored. */
export const effectiveTtl = (ttl: number, { jitter, bounds }: TtlRules, random: () => number): number | undefined => {
  if (!(ttl > 0)) return undefined;
  const bounded = bounds === undefined ? ttl : Math.min(bounds.max, Math.max(bounds.min, ttl));
  if (bounded === 0) return undefined;
  return jitter === 0 || bounded === Infinity ? bounded : bounded * (1 - jitter * random());
};
