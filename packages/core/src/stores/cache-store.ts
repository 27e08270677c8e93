/**
 * The port of cache stores: what keeps entries outside of the table of a cached method, in this process or in another.
 *
 * **What a store is not asked for.** It need not be fast, never down, or free of errors: whoever asks it does so through
 * a guard (`store-guard.ts`). It need not know policies either: an entry says by itself until when it may serve.
 *
 * **Times** are milliseconds since the epoch, since they travel between processes; `Infinity` means never. They are
 * absolute, so an entry that moves from store to store never lives longer for it.
 */

/** One cached value with its terms. */
export interface StoreEntry<Value = unknown> {
  readonly value: Value;
  /** When the load of the value began: a value is never younger than its question. */
  readonly startedAt: number;
  /** From then on the value is stale: it may answer only while it is refreshed, or for a failure. */
  readonly freshUntil: number;
  /** From then on the value serves for nothing. Never before `freshUntil`. */
  readonly staleUntil: number;
  /** The end of a lease: whatever the others say, nothing is answered from then on. */
  readonly hardUntil: number;
  /** What `invalidateTags` finds it by. */
  readonly tags?: readonly string[];
}

/**
 * A store of entries by key. All methods may be called at any time and in any number; a promise that never settles, a
 * rejection, a synchronous throw or an answer that is no entry is a failure, which the guard bounds and counts.
 *
 * Keys are strings of printable ASCII, made by whoever writes: from a cache's name and version and, unless the user has
 * made the key himself, a digest of the arguments. A store may put a prefix of its own before them. Keys are compared
 * exactly.
 */
export interface CacheStore {
  /** For events, `explain()` and `health()`: 'memory', 'redis'. */
  readonly name: string;
  /**
   * The entry as it was written, fresh or stale, or undefined. Never one past its end: see {@link endOf}. A value that
   * was stored as `undefined` is an entry.
   */
  get(key: string): Promise<StoreEntry | undefined>;
  /** Replaces what is there. Rejects where the store cannot represent the value: it must never keep another one. */
  set(key: string, entry: StoreEntry): Promise<void>;
  /** Returns whether there was an entry, as far as the store can tell. */
  delete(key: string): Promise<boolean>;
  /** Removes all entries, or those whose key begins with `prefix`; never anything that others keep in the same place. */
  clear(prefix?: string): Promise<void>;
  /** In the order of the keys. Default: one by one. */
  getMany?(keys: readonly string[]): Promise<readonly (StoreEntry | undefined)[]>;
  setMany?(entries: readonly (readonly [key: string, entry: StoreEntry])[]): Promise<void>;
  /** Returns how many there were, as far as the store can tell. */
  deleteMany?(keys: readonly string[]): Promise<number>;
  /** The keys that begin with `prefix`, in any order; those written or deleted meanwhile may be among them or not. */
  keys?(prefix?: string): AsyncIterable<string>;
  /** Removes the entries that carry any of the tags and were written before. */
  invalidateTags?(tags: readonly string[]): Promise<void>;
  /** Ends connections and timers of the store's own. */
  close?(): Promise<void>;
}

/** What a store can never do, such as listing its keys: no reason to try again, or to think that it is down. */
export class StoreUnsupported extends Error {
  override readonly name = 'StoreUnsupported';
  readonly code = 'STORE_UNSUPPORTED';
}

/** When an entry serves for nothing any more, in milliseconds since the epoch: a store may drop it from then on. */
export const endOf = ({ freshUntil, staleUntil, hardUntil }: StoreEntry): number =>
  Math.min(hardUntil, Math.max(freshUntil, staleUntil));

const isTime = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);

/** Whether an answer has the form of an entry. */
export const isStoreEntry = (answer: unknown): answer is StoreEntry => {
  if (typeof answer !== 'object' || answer === null || !('value' in answer)) return false;
  const { startedAt, freshUntil, staleUntil, hardUntil, tags } = answer as Partial<StoreEntry>;
  return [startedAt, freshUntil, staleUntil, hardUntil].every(isTime) && (tags === undefined || Array.isArray(tags));
};

const METHODS = ['get', 'set', 'delete', 'clear'] as const;

/** What keeps a value from being a store, in words; undefined for one. */
export const storeProblem = (value: unknown): string | undefined => {
  const store = value as Partial<CacheStore> | null | undefined;
  if ((typeof store !== 'object' && typeof store !== 'function') || store === null) return 'must be a CacheStore';
  const missing = METHODS.find((method) => typeof store[method] !== 'function');
  if (missing !== undefined) return `must be a CacheStore: it has no ${missing}()`;
  return typeof store.name === 'string' && store.name !== '' ? undefined : 'must be a CacheStore: it has no name';
};
