import { boundMethod } from '../../src/handles/bound-method.js';
import type { CachedInterceptor } from '../../src/policies/cached/interceptor.js';
import type { CacheCell } from '../../src/stores/cache-cell.js';
import { AdaptiveSlots } from '../../src/stores/adaptive-slots.js';
import type { EntryTable } from '../../src/stores/entry-table.js';
import type { Tag } from '../../src/stores/tag-stamps.js';

/** What the tests look at beneath the table's interface. */
export interface TableInside {
  readonly slots: {
    readonly items: Map<unknown, number>;
    readonly K: unknown[];
    readonly V: unknown[];
    readonly forward: ArrayLike<number>;
    readonly backward: ArrayLike<number>;
    readonly head: number;
    readonly tail: number;
    readonly size: number;
    readonly capacity: number;
  };
  readonly times: { readonly hitUntil: Float64Array };
  readonly marks: unknown[] | undefined;
  readonly promises: unknown[] | undefined;
  readonly weights: { readonly weights: Float64Array; readonly total: number } | undefined;
  readonly maxBytes: number;
}

export const insideOf = (table: EntryTable): TableInside => table as unknown as TableInside;

const BLANK = 'a vacated slot keeps its key or value';

const expectThat = (holds: boolean, rule: string): void => {
  if (!holds) throw new Error(`the table is corrupt: ${rule}`);
};

const checkList = ({ items, forward, backward, head, tail, size }: TableInside['slots']): void => {
  const seen = new Set<number>();
  for (let slot = head, left = size; left > 0; left -= 1) {
    expectThat(!seen.has(slot), 'the list holds a slot twice');
    seen.add(slot);
    if (left === 1) expectThat(slot === tail, 'the list does not end at its tail');
    else expectThat(backward[forward[slot] as number] === slot, 'the list differs forwards and backwards');
    slot = forward[slot] as number;
  }
  expectThat(seen.size === items.size, 'the list and the map differ in size');
  for (const slot of items.values()) expectThat(seen.has(slot), 'a slot of the map is not in the list');
};

const checkVacant = (table: EntryTable, { times, marks, promises, weights }: TableInside, slot: number): void => {
  const { freshUntil, refreshAt, hardUntil, hardUntilWall } = table.timesAt(slot);
  expectThat((weights?.weights[slot] ?? 0) === 0, 'a vacated slot weighs something');
  expectThat(Number.isNaN(times.hitUntil[slot]) && Number.isNaN(freshUntil), 'a vacated slot keeps its time');
  expectThat(refreshAt === Infinity, 'a vacated slot keeps the time of its refresh');
  expectThat(hardUntil === Infinity, 'a vacated slot keeps its lease');
  expectThat(hardUntilWall === Infinity, 'a vacated slot keeps its lease by the wall clock');
  expectThat(marks?.[slot] === undefined, 'a vacated slot keeps its tags');
  expectThat(promises?.[slot] === undefined, 'a vacated slot keeps its promise');
};

interface AdaptiveInside {
  readonly slots: Map<unknown, number>;
  readonly keys: unknown[];
  readonly values: unknown[];
  readonly marks: Uint8Array;
  readonly free: Uint32Array;
  readonly freed: number;
  readonly order: {
    readonly capacity: number;
    readonly newer: Uint32Array;
    readonly older: Uint32Array;
    readonly segments: Uint8Array;
    readonly lengths: Uint32Array;
  };
}

const VACANT = 3;

const checkSegment = ({ order }: AdaptiveInside, list: number, seen: Set<number>): void => {
  const end = order.capacity + list;
  let length = 0;
  for (let slot = order.newer[end] as number; slot !== end; slot = order.newer[slot] as number) {
    expectThat(!seen.has(slot), 'a slot is in two lists');
    expectThat(order.segments[slot] === list, 'a slot is in another list than it says');
    expectThat(order.older[order.newer[slot] as number] === slot, 'a list differs forwards and backwards');
    seen.add(slot);
    length += 1;
  }
  expectThat(length === order.lengths[list], 'a list has another length than it says');
};

/** Every entry is in one of the three lists, nothing else is, and vacated slots are blank. */
const checkAdaptive = (inside: AdaptiveInside): void => {
  const { slots, keys, values, order, marks, free, freed } = inside;
  const seen = new Set<number>();
  for (const list of [0, 1, 2]) checkSegment(inside, list, seen);
  expectThat(seen.size === slots.size, 'the lists and the map differ in size');
  for (const [key, slot] of slots) {
    expectThat(seen.has(slot), 'an entry is in no list');
    expectThat(Object.is(keys[slot], key), 'a slot holds another key');
  }
  for (let slot = 0; slot < order.capacity; slot += 1) {
    expectThat((marks[slot] as number) < 32, 'a count is too large');
    if (seen.has(slot)) continue;
    expectThat(order.segments[slot] === VACANT, 'a vacated slot is in a list');
    expectThat(keys[slot] === undefined && values[slot] === undefined, BLANK);
  }
  const vacated = new Set(free.slice(0, freed));
  expectThat(vacated.size === freed && ![...vacated].some((slot) => seen.has(slot)), 'a free slot is none');
};

/** What lies beside the slots, for either kind of them. */
const checkBeside = (table: EntryTable, slots: ReadonlyMap<unknown, number>): void => {
  const inside = insideOf(table);
  const { hitUntil } = inside.times;
  const { capacity } = inside.slots;
  const { weights = { weights: new Float64Array(capacity), total: 0 } } = inside;
  expectThat(weights.weights.length === capacity, 'there is not a weight for each slot');
  expectThat(weights.weights.reduce((sum, weight) => sum + weight, 0) === weights.total, 'the sum of weights is wrong');
  expectThat(weights.total <= inside.maxBytes, 'the entries weigh too much');
  expectThat(slots.size <= table.maxSize, 'the size is wrong');
  expectThat(capacity <= table.maxSize && hitUntil.length === capacity, 'the capacity is wrong');
  const used = new Set<number>();
  for (const slot of slots.values()) {
    expectThat(!Number.isNaN(table.timesAt(slot).freshUntil), 'an entry has no time');
    used.add(slot);
  }
  expectThat(used.size === slots.size, 'two keys share a slot');
  for (let slot = 0; slot < capacity; slot += 1) if (!used.has(slot)) checkVacant(table, inside, slot);
};

/** Every entry's slot is its own, the order of use is one list, and vacated slots are blank. */
export const checkTable = (table: EntryTable): void => {
  const { slots } = insideOf(table);
  if (slots instanceof AdaptiveSlots) {
    const inside = slots as unknown as AdaptiveInside;
    checkAdaptive(inside);
    return checkBeside(table, inside.slots);
  }
  checkList(slots);
  for (const [key, slot] of slots.items) expectThat(Object.is(slots.K[slot], key), 'a slot holds another key');
  const used = new Set(slots.items.values());
  for (let slot = 0; slot < slots.capacity; slot += 1)
    expectThat(used.has(slot) || (slots.K[slot] === undefined && slots.V[slot] === undefined), BLANK);
  return checkBeside(table, slots.items);
};

interface CachedInside {
  readonly cells: { of(self: unknown): CacheCell };
  readonly binding: { readonly work: { readonly loads: number; readonly refreshes: number } };
}

const insideOfCached = (service: object): CachedInside => {
  const { interceptors } = boundMethod(service, 'get', 'test').binding.stack;
  return interceptors.find(({ policy }) => policy === 'cached') as CachedInterceptor as unknown as CachedInside;
};

/** The cell behind the method `get` of an instance. */
export const cellOf = (service: object): CacheCell => insideOfCached(service).cells.of(service);

/** What the method has under way. */
export const workOf = (service: object): CachedInside['binding']['work'] => insideOfCached(service).binding.work;

/** Every tag that is known has its entries, and no other has any. */
const checkTags = (cell: CacheCell, stamps: { known: Map<string, Tag>; loose: Set<Tag> } | undefined): void => {
  const held = new Map<string, number>();
  for (const key of cell.table.keys())
    for (const tag of cell.table.tagsAt(cell.table.find(key)) ?? []) held.set(tag, (held.get(tag) ?? 0) + 1);
  expectThat((stamps?.known.size ?? 0) === held.size, 'a tag is known though no entry has it');
  expectThat((stamps?.loose.size ?? 0) === 0, 'a tag without entries is kept though no load is under way');
  for (const [name, entries] of held) expectThat(stamps?.known.get(name)?.entries === entries, 'a tag is miscounted');
};

export const checkCell = (cell: CacheCell): void => {
  cell.table.purge();
  checkTable(cell.table);
  const { throttles, flights, unshared, stamps } = cell as unknown as {
    stamps: { known: Map<string, Tag>; loose: Set<Tag> } | undefined;
    throttles: Map<never, unknown> | undefined;
    flights: Map<unknown, unknown>;
    unshared: Map<unknown, unknown> | undefined;
  };
  for (const key of throttles?.keys() ?? []) expectThat(cell.table.find(key) >= 0, 'a key without entry is held back');
  expectThat(flights.size === 0 && (unshared?.size ?? 0) === 0, 'a load is registered though none is under way');
  checkTags(cell, stamps);
};
