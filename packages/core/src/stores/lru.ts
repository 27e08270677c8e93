import { LRUMapWithDelete } from 'mnemonist';

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
  readonly head: number;
  readonly tail: number;
  /** From a slot to the one used just after it. */
  readonly backward: ArrayLike<number>;
  readonly size: number;
  readonly capacity: number;
  splayOnTop(slot: number): this;
  set(key: Key, value: Value): void;
  delete(key: Key): boolean;
  clear(): void;
}

/** With the members that its own types leave out; its types stay inside this file. */
const Base: new <Key, Value>(capacity: number) => LruBase<Key, Value> = LRUMapWithDelete as never;

export class LruSlots<Key, Value> extends Base<Key, Value> {
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

  /** Puts the value at the front; returns its slot. A full map loses its least recently used entry. */
  place(key: Key, value: Value): number {
    this.set(key, value);
    return this.head;
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
