import type { CacheKey } from '../algorithms/stable-key.js';

/** Why an entry made room: for another one, or because the one that it competed with was used more often. */
export type EvictionReason = 'size' | 'admission';

/**
 * Keys and values in numbered slots, with an order in which entries make room. What else belongs to an entry lies in
 * arrays beside them, by slot. Slots are valid until the next insertion.
 */
export interface EntrySlots<Key, Value> {
  readonly size: number;
  readonly capacity: number;
  /** The slot of a key, or −1. Does not count as use. */
  find(key: Key): number;
  keyAt(slot: number): Key;
  valueAt(slot: number): Value;
  /** The slot was used. */
  promote(slot: number): void;
  /** Another value for a slot in use, which counts as use. */
  replace(slot: number, value: Value): void;
  /** The slot that `insert` would empty for a new key; −1 while there is room. */
  readonly nextVictim: number;
  /** The slot that goes first where there is another bound than that of slots. Only where there is an entry. */
  findWeakest(): number;
  /** Why this slot would make room. */
  reasonFor(victim: number): EvictionReason;
  /** Puts in a key that is not there; returns its slot. */
  insert(key: Key, value: Value): number;
  /** Puts in an entry of other slots, with what is known of its use where these are of the same kind. */
  take(source: EntrySlots<Key, Value>, slot: number): number;
  /** The entry that `findWeakest` named makes room; its slot is empty. */
  evict(victim: number): void;
  /** For any other reason than room. */
  delete(key: Key): boolean;
  clear(): void;
  /** In the order in which entries would make room. */
  slotsFromOldest(): Iterable<number>;
}

/** `limit`: the most that the capacity may grow to. `previous`: what they replace. */
export type MakeSlots = <Value>(
  capacity: number,
  limit: number,
  previous?: EntrySlots<CacheKey, Value>,
) => EntrySlots<CacheKey, Value>;
