/** What holds of a table whatever decides which entry makes room. */
import * as fc from 'fast-check';
import { checkTable, insideOf } from './table-check.js';
import { type Gone, EntryTable } from '../../src/stores/entry-table.js';
import { type Eviction, slotsFor } from '../../src/stores/evictions.js';

const SECRET = (): readonly [number, number] => [1, 2];
const slots = { lru: slotsFor('lru', SECRET), adaptive: slotsFor('adaptive', SECRET) };

type Step =
  | { readonly do: 'put'; readonly key: number; readonly ttl: number }
  | { readonly do: 'hit' | 'delete' | 'expire'; readonly key: number }
  | { readonly do: 'resize'; readonly maxSize: number }
  | { readonly do: 'evict by'; readonly eviction: Eviction }
  | { readonly do: 'clear' }
  | { readonly do: 'wait'; readonly time: number };

const keys = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 90 }));
const sizes = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 40 }));
const steps = fc.array(
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({ do: fc.constant('put' as const), key: keys, ttl: fc.constantFrom(5, 50, 1e9) }),
    },
    { weight: 12, arbitrary: fc.record({ do: fc.constantFrom('hit' as const, 'delete' as const), key: keys }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('hit' as const), key: keys }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('expire' as const), key: keys }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('resize' as const), maxSize: sizes }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('evict by' as const),
        eviction: fc.constantFrom<Eviction>('lru', 'adaptive'),
      }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'clear' }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), time: fc.integer({ min: 1, max: 30 }) }) },
  ),
  { maxLength: 150, size: 'max' },
);

interface Entry {
  readonly value: object;
  readonly freshUntil: number;
}

/** A map that forgets what the table says it has dropped. */
class Reference {
  readonly entries = new Map<unknown, Entry>();
  readonly drops: Gone[] = [];
  now = 0;

  drop(key: unknown, reason: Gone): void {
    if (!this.entries.delete(key)) throw new Error(`dropped what was not there: ${String(key)}`);
    this.drops.push(reason);
  }

  hit(key: unknown): object | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.freshUntil > this.now ? entry.value : undefined;
  }
}

const apply = (step: Step, table: EntryTable, reference: Reference): void => {
  const { now } = reference;
  switch (step.do) {
    case 'put': {
      const entry = { value: {}, freshUntil: now + step.ttl };
      table.put(
        step.key,
        entry.value,
        { startedAt: now, freshUntil: entry.freshUntil, hardUntil: Infinity, hardUntilWall: Infinity },
        { now, retainedFor: 0 },
      );
      reference.entries.set(step.key, entry);
      // A newcomer is always let in.
      expect(table.find(step.key)).toBeGreaterThanOrEqual(0);
      break;
    }
    case 'hit': {
      const slot = table.hit(step.key, now);
      expect(slot < 0 ? undefined : table.valueAt(slot)).toBe(reference.hit(step.key));
      break;
    }
    case 'delete':
      expect(table.delete(step.key)).toBe(reference.entries.delete(step.key));
      break;
    case 'expire':
      table.expire(step.key);
      expect(reference.entries.has(step.key)).toBe(false);
      break;
    case 'resize':
      table.resize(step.maxSize);
      break;
    case 'evict by':
      table.useSlots(slots[step.eviction]);
      break;
    case 'clear':
      table.clear();
      reference.entries.clear();
      break;
    case 'wait':
      reference.now += step.time;
      break;
  }
};

describe.each(['lru', 'adaptive'] as const)('a table that evicts by %s', (eviction) => {
  test('holds what a map holds that forgets what the table drops, and never more than its bound', () => {
    fc.assert(
      fc.property(sizes, steps, (maxSize, script) => {
        const reference = new Reference();
        const table = new EntryTable<unknown>(maxSize, (key, reason) => reference.drop(key, reason), slots[eviction]);
        for (const step of script) {
          const before = reference.drops.length;
          const wasFull = reference.entries.size >= table.maxSize;
          apply(step, table, reference);
          checkTable(table);
          expect(table.size).toBe(reference.entries.size);
          expect(new Set(table.keys())).toEqual(new Set(reference.entries.keys()));
          const evicted = reference.drops.slice(before).filter((reason) => reason !== 'expired');
          if (step.do !== 'resize') expect(evicted.length).toBeLessThanOrEqual(step.do === 'put' && wasFull ? 1 : 0);
        }
        for (const [key, { value, freshUntil }] of reference.entries) {
          const slot = table.find(key as number);
          expect(table.valueAt(slot)).toBe(value);
          expect(table.timesAt(slot).freshUntil).toBe(freshUntil);
        }
      }),
      { numRuns: 120 },
    );
  });

  test('keeps nothing of what it dropped, and none of its arrays grows with use', () => {
    const table = new EntryTable<unknown>(100, () => undefined, slots[eviction]);
    const lengths = (): number[] =>
      Object.values(insideOf(table).slots).flatMap((part: unknown) =>
        Array.isArray(part) || ArrayBuffer.isView(part) ? [(part as unknown as unknown[]).length] : [],
      );
    const use = (from: number): void => {
      for (let key = from; key < from + 5000; key += 1)
        table.put(
          key % 7 === 0 ? key % 50 : key,
          key,
          { startedAt: 0, freshUntil: Infinity, hardUntil: Infinity, hardUntilWall: Infinity },
          { now: 0, retainedFor: 0 },
        );
    };
    use(0);
    const before = lengths();
    use(5000);
    expect(lengths()).toEqual(before);
    expect(before.length).toBeGreaterThan(3);
    expect(Math.max(...before)).toBeLessThanOrEqual(103);
    checkTable(table);
  });
});

test('another eviction keeps entries, their times and, as far as both know it, their order', () => {
  const table = new EntryTable<unknown>(50, () => undefined, slots.lru);
  for (let key = 0; key < 50; key += 1)
    table.put(
      key,
      `v${key}`,
      { startedAt: key, freshUntil: 100 + key, hardUntil: Infinity, hardUntilWall: Infinity },
      { now: 0, retainedFor: 0 },
    );
  table.useSlots(slots.adaptive);
  table.useSlots(slots.adaptive);
  checkTable(table);
  expect(table.size).toBe(50);
  expect(table.timesAt(table.find(7))).toMatchObject({ startedAt: 7, freshUntil: 107 });
  table.useSlots(slots.lru);
  expect(table.valueAt(table.find(49))).toBe('v49');
  checkTable(table);
});
