/** Counts of one cache. One look-up counts once: `hits + staleHits + coalesced + misses = lookups`. */
export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Old values answered while being refreshed, or for a failed load. */
  readonly staleHits: number;
  /** Look-ups that waited for a load already under way. */
  readonly coalesced: number;
  readonly lookups: number;
  /** Look-ups that cost no load of their own, as a share of all: 0..1; 0 without any. */
  readonly hitRate: number;
  readonly size: number;
  readonly maxSize: number;
  readonly sets: number;
  readonly evictions: number;
  readonly expirations: number;
  /** Loads that failed. */
  readonly errors: number;
}

export class CacheCounters {
  /** How often they have begun anew: what was counted before cannot be corrected. */
  resets = 0;
  hits = 0;
  misses = 0;
  staleHits = 0;
  coalesced = 0;
  sets = 0;
  evictions = 0;
  expirations = 0;
  errors = 0;

  reset(): void {
    Object.assign(this, new CacheCounters(), { resets: this.resets + 1 });
  }

  snapshot(size: number, maxSize: number): CacheStats {
    const { hits, misses, staleHits, coalesced, sets, evictions, expirations, errors } = this;
    const lookups = hits + misses + staleHits + coalesced;
    const hitRate = lookups === 0 ? 0 : (hits + staleHits + coalesced) / lookups;
    return {
      hits,
      misses,
      staleHits,
      coalesced,
      lookups,
      hitRate,
      size,
      maxSize,
      sets,
      evictions,
      expirations,
      errors,
    };
  }
}

/** Several caches as one, for a method with a cache per instance. */
export const sumStats = (all: readonly CacheStats[]): CacheStats => {
  const total = new CacheCounters();
  let size = 0;
  let maxSize = 0;
  for (const stats of all) {
    total.hits += stats.hits;
    total.misses += stats.misses;
    total.staleHits += stats.staleHits;
    total.coalesced += stats.coalesced;
    total.sets += stats.sets;
    total.evictions += stats.evictions;
    total.expirations += stats.expirations;
    total.errors += stats.errors;
    size += stats.size;
    maxSize += stats.maxSize;
  }
  return total.snapshot(size, maxSize);
};
