import { checkTable, insideOf } from './table-check.js';
import { type Gone, EntryTable, type EntryTimes } from '../../src/stores/entry-table.js';

const times = (freshUntil: number, lease = Infinity, wall = lease): EntryTimes => ({
  startedAt: freshUntil - 100,
  freshUntil,
  hardUntil: lease,
  hardUntilWall: wall,
});
const NO_SWEEP = { now: 0, retainedFor: 0 };

const tableOf = (maxSize: number) => {
  const drops: (readonly [unknown, Gone])[] = [];
  const table = new EntryTable<unknown>(maxSize, (key, reason) => drops.push([key, reason]));
  return { table, drops };
};

describe('EntryTable', () => {
  test('starts small and grows to its bound, keeping order, times, leases and promises', () => {
    const { table, drops } = tableOf(100);
    expect(insideOf(table).slots.capacity).toBe(16);
    for (let key = 0; key < 16; key += 1)
      table.put(key, `v${key}`, times(1000 + key, key % 2 === 0 ? 5000 + key : Infinity, 9000), NO_SWEEP);
    const promise = table.promiseAt(table.find(3), (value) => Promise.resolve(value));
    table.put(16, 'v16', times(1016), NO_SWEEP);
    expect(insideOf(table).slots.capacity).toBe(64);
    expect(table.keys()).toEqual(Array.from({ length: 17 }, (_, index) => 16 - index));
    expect(table.timesAt(table.find(4))).toEqual({
      startedAt: 904,
      freshUntil: 1004,
      refreshAt: Infinity,
      hardUntil: 5004,
      hardUntilWall: 9000,
    });
    expect(table.timesAt(table.find(16)).hardUntil).toBe(Infinity);
    expect(table.promiseAt(table.find(3), () => Promise.reject(new Error('made anew')))).toBe(promise);
    for (let key = 17; key < 120; key += 1) table.put(key, `v${key}`, times(2000), NO_SWEEP);
    expect(insideOf(table).slots.capacity).toBe(100);
    expect(table.size).toBe(100);
    expect(drops).toEqual(Array.from({ length: 20 }, (_, key) => [key, 'size']));
    checkTable(table);
  });

  test('a table without leases, early refreshes and hits has no arrays for them', () => {
    const { table } = tableOf(10);
    table.put('a', 1, times(10), NO_SWEEP);
    const none = { values: undefined };
    expect(insideOf(table)).toMatchObject({
      times: { freshUntil: none, refreshAt: none, hardUntil: none, hardUntilWall: none },
      promises: undefined,
    });
  });

  test('an entry whose refresh is due is not hit here, and is fresh all the same', () => {
    const { table } = tableOf(4);
    table.put('a', 1, { ...times(100), refreshAt: 80 }, NO_SWEEP);
    table.put('b', 2, times(100), NO_SWEEP);
    expect([79, 80, 99].map((now) => table.hit('a', now) >= 0)).toEqual([true, false, false]);
    expect(table.hit('b', 99)).toBeGreaterThanOrEqual(0);
    expect(table.timesAt(table.find('a'))).toMatchObject({ freshUntil: 100, refreshAt: 80 });
    expect(table.timesAt(table.find('b'))).toMatchObject({ freshUntil: 100, refreshAt: Infinity });
  });

  test('the time of a refresh survives growth and goes with its entry', () => {
    const { table } = tableOf(64);
    table.put('a', 1, { ...times(100), refreshAt: 80 }, NO_SWEEP);
    for (let key = 0; key < 20; key += 1) table.put(key, 'v', times(100), NO_SWEEP);
    expect(table.timesAt(table.find('a')).refreshAt).toBe(80);
    table.put('a', 2, times(200), NO_SWEEP);
    expect(table.timesAt(table.find('a'))).toMatchObject({ freshUntil: 200, refreshAt: Infinity });
    table.delete('a');
    checkTable(table);
  });

  test('a leased entry is never hit here, its neighbours are', () => {
    const { table } = tableOf(10);
    table.put('a', 1, times(10, 5), NO_SWEEP);
    table.put('b', 2, times(10), NO_SWEEP);
    expect(table.hit('a', 1)).toBe(-1);
    expect(table.hit('b', 1)).toBe(table.find('b'));
    expect(table.hit('b', 10)).toBe(-1);
    expect(table.hit('c', 1)).toBe(-1);
  });

  test('what is put again replaces times, lease and promise', () => {
    const { table } = tableOf(10);
    table.put('a', 1, times(10, 5), NO_SWEEP);
    void table.promiseAt(table.find('a'), (value) => Promise.resolve(value));
    table.put('a', 2, times(20), NO_SWEEP);
    expect(table.timesAt(table.find('a'))).toMatchObject({
      freshUntil: 20,
      hardUntil: Infinity,
      hardUntilWall: Infinity,
    });
    expect(insideOf(table).promises?.[table.find('a')]).toBeUndefined();
    checkTable(table);
  });

  test('the cursor purges what has passed its retention or its lease, two slots per write', () => {
    const { table, drops } = tableOf(4);
    table.put('a', 1, times(100), NO_SWEEP);
    table.put('b', 2, times(100, 120), NO_SWEEP);
    table.put('c', 3, times(Infinity), NO_SWEEP);
    const touch = (now: number): void => {
      table.put('c', 3, times(Infinity), { now, retainedFor: 50 });
      table.put('c', 3, times(Infinity), { now, retainedFor: 50 });
    };
    touch(119);
    expect(drops).toEqual([]);
    touch(120);
    expect(drops).toEqual([['b', 'expired']]);
    touch(149);
    expect(drops).toHaveLength(1);
    touch(150);
    expect(drops).toEqual([
      ['b', 'expired'],
      ['a', 'expired'],
    ]);
    expect(table.keys()).toEqual(['c']);
    checkTable(table);
  });

  test('a smaller bound drops the least recently used, a larger one nothing', () => {
    const { table, drops } = tableOf(8);
    for (let key = 0; key < 8; key += 1) table.put(key, key, times(100, key % 2 === 0 ? 50 : Infinity), NO_SWEEP);
    table.hit(1, 0);
    table.resize(8);
    table.resize(3);
    expect(table.keys()).toEqual([1, 7, 6]);
    expect(drops.map(([key]) => key)).toEqual([0, 2, 3, 4, 5]);
    expect(drops.every(([, reason]) => reason === 'resize')).toBe(true);
    expect(table.timesAt(table.find(6)).hardUntil).toBe(50);
    table.resize(5);
    for (let key = 10; key < 14; key += 1) table.put(key, key, times(100), NO_SWEEP);
    expect(table.keys()).toEqual([13, 12, 11, 10, 1]);
    checkTable(table);
  });

  test('a bound of one holds one entry', () => {
    const { table, drops } = tableOf(1);
    table.put(undefined, 'a', times(10), NO_SWEEP);
    table.put('b', 'b', times(10), NO_SWEEP);
    expect(drops).toEqual([[undefined, 'size']]);
    expect(table.keys()).toEqual(['b']);
    expect([table.delete('b'), table.delete('b'), table.size]).toEqual([true, false, 0]);
    checkTable(table);
  });

  test('expire tells, delete does not, and neither knows unknown keys', () => {
    const { table, drops } = tableOf(4);
    table.put('a', 1, times(10), NO_SWEEP);
    table.put('b', 1, times(10), NO_SWEEP);
    table.expire('a');
    table.expire('a');
    table.delete('b');
    expect(drops).toEqual([['a', 'expired']]);
  });

  test('clear blanks everything', () => {
    const { table } = tableOf(4);
    table.put('a', 1, times(10, 5), NO_SWEEP);
    void table.promiseAt(table.find('a'), (value) => Promise.resolve(value));
    table.clear();
    expect(table.keys()).toEqual([]);
    checkTable(table);
    table.put('b', 1, times(10), NO_SWEEP);
    expect(table.hit('b', 0)).toBeGreaterThanOrEqual(0);
    checkTable(table);
  });
});
