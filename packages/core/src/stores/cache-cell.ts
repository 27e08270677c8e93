import type { CacheKey } from '../algorithms/stable-key.js';
import { CacheCounters, type CacheStats } from './cache-stats.js';
import { type DropReason, EntryTable, type EntryTimes } from './entry-table.js';

/** A load under way, as far as the cell needs to know it. */
export interface CellFlight {
  /** Set when the key was changed under way: the load answers its own callers, but neither stores nor is joined. */
  isDetached: boolean;
}

/** Why further loads of a key are held back. */
export interface KeyThrottle {
  readonly until: number;
  readonly delay: number;
}

/**
 * The cache of one scope: entries, the loads under way by key, and the keys whose source has just failed. Whatever
 * changes a key by hand detaches its load, so that a value read before the change is never stored after it.
 */
export class CacheCell<Value = unknown, Flight extends CellFlight = CellFlight> {
  readonly table: EntryTable<Value>;
  readonly flights = new Map<CacheKey, Flight>();
  readonly counters = new CacheCounters();
  private unshared: Map<Flight, CacheKey> | undefined = undefined;
  private throttles: Map<CacheKey, KeyThrottle> | undefined = undefined;

  constructor(maxSize: number, onDrop: (key: CacheKey, reason: DropReason) => void) {
    this.table = new EntryTable(maxSize, (key, reason) => {
      this.throttles?.delete(key);
      if (reason === 'expired') this.counters.expirations += 1;
      else this.counters.evictions += 1;
      onDrop(key, reason);
    });
  }

  get stats(): CacheStats {
    return this.counters.snapshot(this.table.size, this.table.maxSize);
  }

  store(
    key: CacheKey,
    value: Value,
    times: EntryTimes,
    sweep: { readonly now: number; readonly retainedFor: number },
  ): void {
    this.counters.sets += 1;
    this.throttles?.delete(key);
    this.table.put(key, value, times, sweep);
  }

  /** A load begins. Loads that are not shared are kept apart: they are detached like all others. */
  register(key: CacheKey, flight: Flight, isShared: boolean): void {
    if (isShared) this.flights.set(key, flight);
    else (this.unshared ??= new Map()).set(flight, key);
  }

  /** The loads of a key no longer belong to the key. */
  detach(key: CacheKey): void {
    const flight = this.flights.size === 0 ? undefined : this.flights.get(key);
    if (flight !== undefined) {
      flight.isDetached = true;
      this.flights.delete(key);
    }
    if (this.unshared === undefined) return;
    for (const [other, otherKey] of this.unshared) if (Object.is(otherKey, key)) other.isDetached = true;
  }

  /** A load has ended: it removes itself and nobody else. */
  land(key: CacheKey, flight: Flight): void {
    if (this.flights.get(key) === flight) this.flights.delete(key);
    this.unshared?.delete(flight);
  }

  /** A load that everyone has left: what it brings is not stored, and the next caller starts anew. */
  abandon(key: CacheKey, flight: Flight): void {
    flight.isDetached = true;
    this.land(key, flight);
  }

  /** A look-up that was counted as a miss has been answered with an old value after all. */
  countStaleInsteadOfMiss(): void {
    this.counters.misses = Math.max(0, this.counters.misses - 1);
    this.counters.staleHits += 1;
  }

  /** A look-up that was counted as a miss of the table was a hit of the store. */
  countHitInsteadOfMiss(): void {
    this.counters.misses = Math.max(0, this.counters.misses - 1);
    this.counters.hits += 1;
  }

  /** Returns whether there was an entry. */
  invalidate(key: CacheKey): boolean {
    this.detach(key);
    this.throttles?.delete(key);
    return this.table.delete(key);
  }

  /** Removes the entry and leaves a load under way alone: it brought the news itself. */
  drop(key: CacheKey): boolean {
    this.throttles?.delete(key);
    return this.table.delete(key);
  }

  /** Empties the cell; returns how many entries there were. Loads under way answer their callers and store nothing. */
  invalidateAll(): number {
    const { size } = this.table;
    for (const flight of this.flights.values()) flight.isDetached = true;
    for (const flight of this.unshared?.keys() ?? []) flight.isDetached = true;
    this.flights.clear();
    this.throttles = undefined;
    this.table.clear();
    return size;
  }

  /** Empties the cell and starts counting anew. */
  clear(): number {
    const size = this.invalidateAll();
    this.counters.reset();
    return size;
  }

  /** Whether the entry of a key comes from a load that began later. */
  hasNewer(key: CacheKey, startedAt: number): boolean {
    const slot = this.table.find(key);
    return slot >= 0 && this.table.timesAt(slot).startedAt > startedAt;
  }

  throttleOf(key: CacheKey): KeyThrottle | undefined {
    return this.throttles?.get(key);
  }

  /** Only for a key with an entry, so that there are never more pauses than entries. */
  setThrottle(key: CacheKey, throttle: KeyThrottle): void {
    if (this.table.find(key) >= 0) (this.throttles ??= new Map()).set(key, throttle);
  }

  liftThrottle(key: CacheKey): void {
    this.throttles?.delete(key);
  }
}
