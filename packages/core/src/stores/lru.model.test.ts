import * as fc from 'fast-check';
import { LruSlots } from './lru.js';

/** A Map keeps the order of insertion: deleted and set again, a key is the most recently used one. */
class NaiveLru {
  readonly entries = new Map<unknown, number>();

  constructor(readonly capacity: number) {}

  promote(key: unknown): void {
    const value = this.entries.get(key) as number;
    this.entries.delete(key);
    this.entries.set(key, value);
  }

  place(key: unknown, value: number): void {
    if (!this.entries.delete(key) && this.entries.size === this.capacity) {
      const [oldest] = this.entries.keys();
      this.entries.delete(oldest);
    }
    this.entries.set(key, value);
  }
}

type Step =
  | { readonly do: 'place' | 'promote' | 'delete'; readonly key: unknown }
  | { readonly do: 'clear' }
  | { readonly do: 'copy'; readonly capacity: number };

/** Keys that objects used as maps get wrong are among them. */
const KEYS: readonly unknown[] = [
  0,
  '',
  'constructor',
  '__proto__',
  'hasOwnProperty',
  undefined,
  null,
  Number.NaN,
  1,
  '1',
];
const capacities = fc.integer({ min: 1, max: 8 });
const keyed = (what: 'place' | 'promote' | 'delete') =>
  fc.constantFrom(...KEYS).map((key): Step => ({ do: what, key }));
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: keyed('place') },
    { weight: 4, arbitrary: keyed('promote') },
    { weight: 4, arbitrary: keyed('delete') },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'clear' }) },
    { weight: 1, arbitrary: capacities.map((capacity): Step => ({ do: 'copy', capacity })) },
  ),
  { maxLength: 60, size: 'max' },
);

const contents = (slots: LruSlots<unknown, number>): (readonly [unknown, number])[] =>
  [...slots.slotsFromOldest()].map((slot) => [slots.keyAt(slot), slots.valueAt(slot)] as const);

const place = (slots: LruSlots<unknown, number>, key: unknown, value: number): number => {
  const slot = slots.find(key);
  if (slot < 0) return slots.insert(key, value);
  slots.replace(slot, value);
  return slot;
};

const copied = (slots: LruSlots<unknown, number>, capacity: number): LruSlots<unknown, number> => {
  const copy = new LruSlots<unknown, number>(capacity);
  for (const slot of slots.slotsFromOldest()) place(copy, slots.keyAt(slot), slots.valueAt(slot));
  return copy;
};

describe('LruSlots', () => {
  test('holds the same entries in the same order as a naive map, whatever is done to both', () => {
    fc.assert(
      fc.property(capacities, steps, (capacity, script) => {
        let slots = new LruSlots<unknown, number>(capacity);
        let naive = new NaiveLru(capacity);
        for (const [index, step] of script.entries()) {
          switch (step.do) {
            case 'place': {
              const isNew = !naive.entries.has(step.key);
              const [victim] = naive.entries.keys();
              const isFull = naive.entries.size === naive.capacity;
              expect(slots.nextVictim < 0).toBe(!isFull);
              if (isFull && isNew) expect(slots.keyAt(slots.nextVictim)).toBe(victim);
              expect(slots.valueAt(place(slots, step.key, index))).toBe(index);
              naive.place(step.key, index);
              break;
            }
            case 'promote': {
              const slot = slots.find(step.key);
              expect(slot >= 0).toBe(naive.entries.has(step.key));
              if (slot >= 0) {
                slots.promote(slot);
                naive.promote(step.key);
              }
              break;
            }
            case 'delete':
              expect(slots.delete(step.key)).toBe(naive.entries.delete(step.key));
              break;
            case 'clear':
              slots.clear();
              naive.entries.clear();
              break;
            case 'copy': {
              slots = copied(slots, step.capacity);
              const smaller = new NaiveLru(step.capacity);
              for (const [key, value] of naive.entries) smaller.place(key, value);
              naive = smaller;
              break;
            }
          }
          expect(contents(slots)).toEqual([...naive.entries]);
          expect(slots.size).toBe(naive.entries.size);
        }
      }),
      { numRuns: 400 },
    );
  });
});
