import type { CacheKey } from '../algorithms/stable-key.js';
import type { EntrySlots } from './entry-slots.js';

/** What the entry in each slot weighs, and all of them together. */
export class EntryWeights {
  private readonly weights: Float64Array;
  total = 0;

  constructor(capacity: number) {
    this.weights = new Float64Array(capacity);
  }

  of(slot: number): number {
    return this.weights[slot] as number;
  }

  set(slot: number, weight: number): void {
    this.total += weight - this.of(slot);
    this.weights[slot] = weight;
  }
}

/** The weights of all entries, and the keys of those for which there is none. */
export const weighAll = <Value>(
  slots: EntrySlots<CacheKey, Value>,
  weigh: (value: Value) => number | undefined,
): { readonly weights: EntryWeights; readonly unweighable: readonly CacheKey[] } => {
  const weights = new EntryWeights(slots.capacity);
  const unweighable: CacheKey[] = [];
  for (const slot of slots.slotsFromOldest()) {
    const weight = weigh(slots.valueAt(slot));
    if (weight === undefined) unweighable.push(slots.keyAt(slot));
    else weights.set(slot, weight);
  }
  return { weights, unweighable };
};
