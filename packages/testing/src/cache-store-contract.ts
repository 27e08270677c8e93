import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { CacheStore } from '@holdfast/core';
import { Bench, type Clause, ENDS, OPTIONAL, READS_AND_WRITES, REMOVALS } from './cache-store-clauses.js';

/** What a test runner calls them. */
export interface ContractRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: (name: string, run: () => Promise<void>) => unknown;
}

export interface CacheStoreContract extends ContractRunner {
  /** A store with nothing in it; asked before each test. */
  readonly create: () => CacheStore | Promise<CacheStore>;
  /** Milliseconds since the epoch, as the store sees them. Default: `Date.now`. */
  readonly now?: () => number;
  /** Lets time pass for the store: a clock's `advance`. Without it the tests that wait for an end are left out. */
  readonly advance?: (milliseconds: number) => unknown;
  /** Called with the store after each test. Default: `close`, where there is one. */
  readonly dispose?: (store: CacheStore) => unknown;
  /** Values that must come back equal, besides the usual ones: dates, maps, what the store's serialisation promises. */
  readonly values?: readonly unknown[];
  /** A value that the store cannot represent, and so must refuse. Default: none. */
  readonly unstorable?: unknown;
}

const PLAIN_VALUES: readonly unknown[] = [
  'text',
  '',
  0,
  -1.5,
  true,
  false,
  null,
  undefined,
  [1, 'two', null],
  { nested: { list: [{}] } },
  '\u0000\uD83D\uDE00"\'\\',
];

const shown = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
};

const valuesOf = ({ values = [], unstorable }: CacheStoreContract): readonly Clause[] => {
  const kept = [...PLAIN_VALUES, ...values].map((value): Clause => [
    `${shown(value)} comes back equal`,
    async (store, at) => {
      await store.set('key', at.entry(value));
      const found = await store.get('key');
      ok(found !== undefined, 'it is a miss');
      deepStrictEqual(found.value, value);
    },
  ]);
  if (unstorable === undefined) return kept;
  const refused: Clause = [
    'a value that cannot be represented is refused, and nothing is stored in its place',
    async (store, at) => {
      const failure = await store.set('key', at.entry(unstorable)).then(
        () => undefined,
        (error: unknown) => error,
      );
      ok(failure instanceof Error, 'set() resolves');
      strictEqual(await store.get('key'), undefined);
    },
  ];
  return [...kept, refused];
};

/**
 * What every cache store must do, as tests for any runner:
 * `cacheStoreContract({ describe, it, create: () => myStore() })`. Optional methods are tested where the store has them.
 */
export const cacheStoreContract = (contract: CacheStoreContract): void => {
  const { describe, it, create, dispose = (store: CacheStore) => store.close?.() } = contract;
  const groups: readonly (readonly [string, readonly Clause[]])[] = [
    ['reads and writes', READS_AND_WRITES],
    ['values', valuesOf(contract)],
    ['removals', REMOVALS],
    ['the end of entries', contract.advance === undefined ? [] : ENDS],
    ['many at once, keys and tags', OPTIONAL],
  ];
  for (const [group, clauses] of groups) {
    if (clauses.length === 0) continue;
    describe(group, () => {
      for (const [name, check] of clauses) {
        it(name, async () => {
          const store = await create();
          try {
            await check(store, new Bench(contract));
          } finally {
            await dispose(store);
          }
        });
      }
    });
  }
};
