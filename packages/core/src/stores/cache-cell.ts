import type { CacheKey } from '../algorithms/stable-key.js';
import { CacheCounters, type CacheStats } from './cache-stats.js';
import type { MakeSlots } from './entry-slots.js';
import { LruSlots } from './lru.js';
import { type DropReason, EntryTable, type EntryTimes, type Gone } from './entry-table.js';
import { type TaggedLoad, TagStamps } from './tag-stamps.js';
import type { Weighing } from './weighing.js';

/** A load under way, as far as the cell needs to know it. */
export interface CellFlight extends TaggedLoad {
  /** Set when the key was changed under way: the load answers its own callers, but neither stores nor is joined. */
  isDetached: boolean;
  /** Detached by an expiry: the entry that it was to replace may still answer where the load fails. */
  isOutdated: boolean;
}

/** Tags of an entry, and the number of the cell's sequence when its value was asked for. */
export interface Label {
  readonly tags: readonly string[];
  readonly sequence: number;
}

export interface Storing {
  readonly now: number;
  /** How long past its freshness an entry may still serve. */
  readonly retainedFor: number;
  readonly label?: Label | undefined;
  /** In bytes, where values are weighed. */
  readonly weight?: number | undefined;
}

/** Why further loads of a key are held back. */
export interface KeyThrottle {
  readonly until: number;
  readonly delay: number;
}

const MOST_FAILURES = 1_000;

/** The error of a load, which answers in the place of another load for a while. */
export interface KeptFailure {
  readonly error: unknown;
  /** When the load began. */
  readonly startedAt: number;
  readonly until: number;
}

/**
 * The cache of one scope: entries, the loads under way by key, and the keys whose source has just failed. Whatever
 * changes a key by hand detaches its load, so that a value read before the change is never stored after it.
 */
export class CacheCell<Value = unknown, Flight extends CellFlight = CellFlight> {
  readonly table: EntryTable<Value>;
  readonly flights = new Map<CacheKey, Flight>();
  readonly counters = new CacheCounters();
  /** How its values are weighed, whoever has loaded them. */
  weighing: Weighing | undefined = undefined;
  /** Hears when an entry that was stored can serve no more, where somebody wants to know. */
  onStored: ((endsAt: number) => void) | undefined = undefined;
  private unshared: Map<Flight, CacheKey> | undefined = undefined;
  private throttles: Map<CacheKey, KeyThrottle> | undefined = undefined;
  private failures: LruSlots<CacheKey, KeptFailure> | undefined = undefined;
  /** Made with the first tag. */
  private stamps: TagStamps | undefined = undefined;
  private purgedAt = 0;

  constructor(maxSize: number, onDrop: (key: CacheKey, reason: DropReason) => void, makeSlots?: MakeSlots) {
    const forget = (key: CacheKey, reason: Gone): void => {
      this.throttles?.delete(key);
      if (reason === 'invalidated') return;
      if (reason === 'expired') this.counters.expirations += 1;
      else this.counters.evictions += 1;
      onDrop(key, reason);
    };
    this.table = new EntryTable(maxSize, forget, makeSlots);
  }

  get stats(): CacheStats {
    return this.counters.snapshot(this.size, this.table.maxSize);
  }

  /** Entries that have not been invalidated; once after each stamp they are looked through. */
  get size(): number {
    if (this.stamps !== undefined && this.stamps.sequence !== this.purgedAt) {
      this.purgedAt = this.stamps.sequence;
      this.table.purge();
    }
    return this.table.size;
  }

  /** The number of the latest stamp: what begins now is older than the next one. */
  get sequence(): number {
    return this.stamps === undefined ? 0 : this.stamps.sequence;
  }

  store(key: CacheKey, value: Value, times: EntryTimes, { now, retainedFor, label, weight }: Storing): void {
    this.counters.sets += 1;
    this.forgetFailures(key);
    const isTagged = label !== undefined && label.tags.length > 0;
    const stamps = isTagged ? this.ownStamps : undefined;
    const mark = stamps?.mark((label as Label).tags, (label as Label).sequence);
    this.table.put(key, value, times, { now, retainedFor, mark, weight });
    // Whoever hears of what the table drops may have emptied the cell, and then nothing knows these tags any more.
    if (stamps !== undefined && this.stamps !== stamps) this.drop(key);
    this.onStored?.(Math.min(times.freshUntil + retainedFor, times.hardUntil));
  }

  /** A load begins. Loads that are not shared are kept apart: they are detached like all others. */
  register(key: CacheKey, flight: Flight, isShared: boolean): void {
    flight.sequence = this.sequence;
    if (!isShared) return this.keepApart(key, flight);
    const other = this.flights.get(key);
    // Begun by a listener while this one was about to begin.
    if (other !== undefined) this.keepApart(key, other);
    this.flights.set(key, flight);
  }

  /** The loads of a key no longer belong to the key. */
  detach(key: CacheKey, isOutdated = false): void {
    const flight = this.flights.size === 0 ? undefined : this.flights.get(key);
    if (flight !== undefined) this.detachFlight(key, flight, isOutdated);
    if (this.unshared === undefined) return;
    for (const [other, otherKey] of this.unshared)
      if (Object.is(otherKey, key)) this.detachFlight(key, other, isOutdated);
  }

  /** A load has ended: it removes itself and nobody else. */
  land(key: CacheKey, flight: Flight): void {
    if (this.flights.get(key) === flight) this.flights.delete(key);
    this.unshared?.delete(flight);
    this.stamps?.landed(flight);
  }

  /** A load says what its value will be tagged with. One that began before a stamp on such a tag no longer counts. */
  tagLoad(key: CacheKey, flight: Flight, tags: readonly string[]): void {
    // The entry that it was to replace answers for itself.
    if (this.ownStamps.tagLoad(flight, key, tags)) this.detachFlight(key, flight, true);
  }

  /**
   * Entries of these tags are removed, or are stale from `expiredAt` on; loads under way that have one are detached.
   * Returns how many of the tags were in use. The work does not depend on the number of entries.
   */
  stampTags(tags: readonly string[], expiredAt: number | undefined): number {
    if (this.stamps === undefined && this.failures === undefined && !this.hasLoads()) return 0;
    // Of kept errors nobody knows the tags.
    this.failures = undefined;
    const { held, loads } = this.ownStamps.stamp(tags, expiredAt);
    for (const [load, key] of loads as Map<Flight, CacheKey>) {
      this.detachFlight(key, load);
      load.isOutdated = expiredAt !== undefined;
    }
    return held;
  }

  /** The entry of a key is stale from now on; a load under way is detached. Returns whether there was one. */
  expire(key: CacheKey, now: number): boolean {
    const slot = this.table.find(key);
    this.detach(key, slot >= 0);
    this.forgetFailures(key);
    if (slot < 0) return false;
    this.table.outdate(slot, now);
    return true;
  }

  /** Removes the entries, and detaches the loads, whose keys pass. Returns how many entries there were. */
  invalidateWhere(isMeant: (key: CacheKey) => boolean): number {
    for (const key of [...this.flights.keys(), ...(this.unshared?.values() ?? [])]) if (isMeant(key)) this.detach(key);
    this.failures = undefined;
    const meant = this.table.keys().filter(isMeant);
    for (const key of meant) this.invalidate(key);
    return meant.length;
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
    this.forgetFailures(key);
    return this.table.delete(key);
  }

  /** Removes the entry and leaves a load under way alone: it brought the news itself. */
  drop(key: CacheKey): boolean {
    this.forgetFailures(key);
    return this.table.delete(key);
  }

  /** Empties the cell; returns how many entries there were. Loads under way answer their callers and store nothing. */
  invalidateAll(): number {
    const { size } = this;
    for (const flight of this.flights.values()) flight.isDetached = true;
    for (const flight of this.unshared?.keys() ?? []) flight.isDetached = true;
    this.flights.clear();
    this.throttles = undefined;
    this.failures = undefined;
    this.stamps = undefined;
    this.purgedAt = 0;
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

  /** The source of a key has answered again, or the key was changed by hand. */
  forgetFailures(key: CacheKey): void {
    this.throttles?.delete(key);
    this.failures?.delete(key);
  }

  failureOf(key: CacheKey, now: number): KeptFailure | undefined {
    const slot = this.failures?.find(key) ?? -1;
    if (slot < 0) return undefined;
    const failure = this.failures?.valueAt(slot) as KeptFailure;
    if (now < failure.until) return failure;
    this.failures?.delete(key);
    return undefined;
  }

  /** No more than there may be entries, and than are worth keeping; the oldest one goes first. */
  keepFailure(key: CacheKey, failure: KeptFailure): void {
    const failures = (this.failures ??= new LruSlots(Math.min(this.table.maxSize, MOST_FAILURES)));
    failures.delete(key);
    failures.insert(key, failure);
  }

  private get ownStamps(): TagStamps {
    return (this.stamps ??= new TagStamps(() => this.hasLoads()));
  }

  private hasLoads(): boolean {
    return this.flights.size > 0 || (this.unshared !== undefined && this.unshared.size > 0);
  }

  private keepApart(key: CacheKey, flight: Flight): void {
    (this.unshared ??= new Map()).set(flight, key);
  }

  private detachFlight(key: CacheKey, flight: Flight, isOutdated = false): void {
    flight.isDetached = true;
    if (isOutdated) flight.isOutdated = true;
    if (this.flights.get(key) === flight) this.flights.delete(key);
  }
}
