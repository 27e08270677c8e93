import { LRUMapWithDelete } from 'mnemonist';
import type { EntrySlots, EvictionReason } from './entry-slots.js';

/**
 * The only file that names mnemonist. Its LRUMapWithDelete keeps keys and values in arrays and the order of use as a
 * linked list in typed arrays; a key's slot is an index into them. We use the slots themselves, so that whatever else
 * belongs to an entry lies in arrays beside them, and we blank what is dropped, so that nothing stays reachable.
 */
interface LruBase<Key, Value> {
  /** The slot of each key. */
  readonly items: Map<Key, number>;
  readonly K: (Key | undefined)[];
  readonly V: (Value | undefined)[];
  /** The most and the least recently used slot. */
  head: number;
  tail: number;
  /** From a slot to the one used just after it. */
  readonly backward: Uint8Array | Uint16Array | Uint32Array;
  /** From a slot to the one used just before it. */
  readonly forward: Uint8Array | Uint16Array | Uint32Array;
  /** Slots that deletions left empty, `deletedSize` of them. */
  readonly deleted: Uint8Array | Uint16Array | Uint32Array;
  deletedSize: number;
  size: number;
  readonly capacity: number;
  splayOnTop(slot: number): this;
  delete(key: Key): boolean;
  clear(): void;
}

/** With the members that its own types leave out; its types stay inside this file. */
const Base: new <Key, Value>(capacity: number) => LruBase<Key, Value> = LRUMapWithDelete as never;

export class LruSlots<Key, Value> extends Base<Key, Value> implements EntrySlots<Key, Value> {
  /** The slot of a key, or −1. Does not count as use. */
  find(key: Key): number {
    const slot = this.items.get(key);
    return slot === undefined ? -1 : slot;
  }

  keyAt(slot: number): Key {
    return this.K[slot] as Key;
  }

  valueAt(slot: number): Value {
    return this.V[slot] as Value;
  }

  /** The slot was used. */
  promote(slot: number): void {
    if (this.head !== slot) this.splayOnTop(slot);
  }

  /** The slot that `place` would empty for a new key; −1 while there is room. */
  get nextVictim(): number {
    return this.size < this.capacity ? -1 : this.tail;
  }

  findWeakest(): number {
    return this.tail;
  }

  evict(victim: number): void {
    this.delete(this.keyAt(victim));
  }

  reasonFor(): EvictionReason {
    return 'size';
  }

  take(source: EntrySlots<Key, Value>, slot: number): number {
    return this.insert(source.keyAt(slot), source.valueAt(slot));
  }

  /** Another value for a slot in use, which counts as use. */
  replace(slot: number, value: Value): void {
    this.V[slot] = value;
    if (this.head !== slot) this.splayOnTop(slot);
  }

  /**
   * Puts a key that is not there at the front; returns its slot. A full map loses its least recently used entry. The
   * map's own `set` without its look-up, which the caller has made already.
   */
  insert(key: Key, value: Value): number {
    const slot = this.vacantSlot();
    this.items.set(key, slot);
    this.K[slot] = key;
    this.V[slot] = value;
    this.forward[slot] = this.head;
    this.backward[this.head] = slot;
    this.head = slot;
    return slot;
  }

  private vacantSlot(): number {
    if (this.size === this.capacity) {
      const slot = this.tail;
      this.tail = this.backward[slot] as number;
      this.items.delete(this.K[slot] as Key);
      return slot;
    }
    this.size += 1;
    if (this.deletedSize === 0) return this.size - 1;
    this.deletedSize -= 1;
    return this.deleted[this.deletedSize] as number;
  }

  override delete(key: Key): boolean {
    const slot = this.items.get(key);
    if (slot === undefined) return false;
    super.delete(key);
    this.K[slot] = undefined;
    this.V[slot] = undefined;
    return true;
  }

  override clear(): void {
    super.clear();
    this.K.fill(undefined);
    this.V.fill(undefined);
  }

  /** Slots from the least to the most recently used. */
  *slotsFromOldest(): Generator<number> {
    let slot = this.tail;
    for (let left = this.size; left > 0; left--) {
      yield slot;
      slot = this.backward[slot] as number;
    }
  }
}
