import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import type { CacheStore, StoreEntry } from '@holdfast/core';

/** One test: what it is called, and what holds. */
export type Clause = readonly [name: string, check: (store: CacheStore, at: Bench) => Promise<void>];

/** Whose time the store follows. */
export interface BenchTime {
  readonly now?: () => number;
  readonly advance?: (milliseconds: number) => unknown;
}

/** What the tests work with. */
export class Bench {
  readonly #now: () => number;
  readonly advance: (milliseconds: number) => Promise<void>;

  constructor({ now = Date.now, advance }: BenchTime) {
    this.#now = now;
    this.advance = async (milliseconds) => void (await advance?.(milliseconds));
  }

  /** Fresh for an hour, unless the terms say otherwise. */
  entry(value: unknown, terms: Partial<Record<'fresh' | 'stale' | 'hard', number>> = {}): StoreEntry {
    const now = this.#now();
    const { fresh = 3_600_000, stale = fresh, hard = Infinity } = terms;
    return { value, startedAt: now, freshUntil: now + fresh, staleUntil: now + stale, hardUntil: now + hard };
  }
}

const listed = async (keys: AsyncIterable<string>): Promise<string[]> => {
  const found: string[] = [];
  for await (const key of keys) found.push(key);
  return found.sort();
};

export const READS_AND_WRITES: readonly Clause[] = [
  ['a key that was never written is a miss', async (store) => strictEqual(await store.get('nothing'), undefined)],
  [
    'an entry comes back with its value and all of its times',
    async (store, at) => {
      const entry = at.entry({ id: 1 }, { fresh: 1_000_000, stale: 2_000_000, hard: 3_000_000 });
      await store.set('key', entry);
      deepStrictEqual(await store.get('key'), entry);
    },
  ],
  [
    'an entry without end has none when it comes back',
    async (store, at) => {
      const entry = at.entry(1, { fresh: Infinity });
      await store.set('key', entry);
      deepStrictEqual(await store.get('key'), entry);
    },
  ],
  [
    'tags come back',
    async (store, at) => {
      const entry = { ...at.entry(1), tags: ['product:1', 'products'] };
      await store.set('key', entry);
      deepStrictEqual((await store.get('key'))?.tags, entry.tags);
    },
  ],
  [
    'an entry replaces the one before it, times and tags included',
    async (store, at) => {
      await store.set('key', { ...at.entry('old', { hard: 5_000_000 }), tags: ['old'] });
      const entry = at.entry('new', { fresh: 2_000_000 });
      await store.set('key', entry);
      deepStrictEqual(await store.get('key'), entry);
    },
  ],
  [
    'keys are compared exactly',
    async (store, at) => {
      const keys = ['a', 'A', 'a:b', 'a:', 'a*', 'a?', '[a]', 'a%3Ab', '__proto__', 'constructor', 'a b'];
      for (const key of keys) await store.set(key, at.entry(key));
      for (const key of keys) strictEqual((await store.get(key))?.value, key);
    },
  ],
  [
    'writes of many keys at once do not meet',
    async (store, at) => {
      const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
      await Promise.all(keys.map((key) => store.set(key, at.entry(key))));
      deepStrictEqual(await Promise.all(keys.map(async (key) => (await store.get(key))?.value)), keys);
    },
  ],
];

export const REMOVALS: readonly Clause[] = [
  [
    'delete removes one entry and says whether there was one',
    async (store, at) => {
      await store.set('a', at.entry(1));
      await store.set('b', at.entry(2));
      strictEqual(await store.delete('a'), true);
      strictEqual(await store.delete('a'), false);
      strictEqual(await store.get('a'), undefined);
      strictEqual((await store.get('b'))?.value, 2);
    },
  ],
  [
    'clear removes every entry',
    async (store, at) => {
      await store.set('a', at.entry(1));
      await store.set('b', at.entry(2));
      await store.clear();
      deepStrictEqual([await store.get('a'), await store.get('b')], [undefined, undefined]);
    },
  ],
  [
    'clear of a prefix removes what begins with it and nothing else',
    async (store, at) => {
      const keys = ['users:1:a', 'users:1:b', 'users:10:a', 'users:1', 'xusers:1:a', 'users:[1]:a'];
      for (const key of keys) await store.set(key, at.entry(key));
      await store.clear('users:1:');
      const left = [];
      for (const key of keys) if ((await store.get(key)) !== undefined) left.push(key);
      deepStrictEqual(left, keys.slice(2));
    },
  ],
];

export const ENDS: readonly Clause[] = [
  [
    'a stale entry is still answered, as it was written',
    async (store, at) => {
      const entry = at.entry('old', { fresh: 1_000, stale: 60_000 });
      await store.set('key', entry);
      await at.advance(1_000);
      deepStrictEqual(await store.get('key'), entry);
    },
  ],
  [
    'an entry past all of its windows is a miss',
    async (store, at) => {
      await store.set('key', at.entry('old', { fresh: 1_000, stale: 2_000 }));
      await at.advance(2_000);
      strictEqual(await store.get('key'), undefined);
    },
  ],
  [
    'an entry past its lease is a miss, whatever its windows say',
    async (store, at) => {
      await store.set('key', at.entry('secret', { fresh: 10_000, stale: 60_000, hard: 5_000 }));
      await at.advance(5_000);
      strictEqual(await store.get('key'), undefined);
    },
  ],
  [
    'reading does not prolong an entry',
    async (store, at) => {
      await store.set('key', at.entry('old', { fresh: 1_000 }));
      await at.advance(600);
      await store.get('key');
      await at.advance(400);
      strictEqual(await store.get('key'), undefined);
    },
  ],
];

export const OPTIONAL: readonly Clause[] = [
  [
    'getMany answers in the order of the keys',
    async (store, at) => {
      if (store.getMany === undefined) return;
      await store.set('a', at.entry(1));
      await store.set('c', at.entry(3));
      const answers = await store.getMany(['c', 'b', 'a', 'c']);
      deepStrictEqual(
        answers.map((entry) => entry?.value),
        [3, undefined, 1, 3],
      );
    },
  ],
  [
    'setMany writes each entry',
    async (store, at) => {
      await store.setMany?.([
        ['a', at.entry(1)],
        ['b', at.entry(2, { hard: 9_000_000 })],
      ]);
      if (store.setMany === undefined) return;
      strictEqual((await store.get('a'))?.value, 1);
      strictEqual((await store.get('b'))?.value, 2);
    },
  ],
  [
    'deleteMany removes each and counts those that were there',
    async (store, at) => {
      if (store.deleteMany === undefined) return;
      for (const key of ['a', 'b', 'c']) await store.set(key, at.entry(key));
      strictEqual(await store.deleteMany(['a', 'nothing', 'b']), 2);
      deepStrictEqual([await store.get('a'), await store.get('b')], [undefined, undefined]);
      strictEqual((await store.get('c'))?.value, 'c');
    },
  ],
  [
    'keys lists those that begin with a prefix',
    async (store, at) => {
      if (store.keys === undefined) return;
      for (const key of ['a:1', 'a:2', 'b:1']) await store.set(key, at.entry(key));
      deepStrictEqual(await listed(store.keys('a:')), ['a:1', 'a:2']);
      deepStrictEqual(await listed(store.keys()), ['a:1', 'a:2', 'b:1']);
    },
  ],
  [
    'invalidateTags removes what carries any of the tags',
    async (store, at) => {
      if (store.invalidateTags === undefined) return;
      await store.set('a', { ...at.entry(1), tags: ['red', 'round'] });
      await store.set('b', { ...at.entry(2), tags: ['blue'] });
      await store.set('c', at.entry(3));
      await store.invalidateTags(['red', 'square']);
      deepStrictEqual([(await store.get('a'))?.value, (await store.get('b'))?.value], [undefined, 2]);
      strictEqual((await store.get('c'))?.value, 3);
    },
  ],
];
