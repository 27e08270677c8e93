import type { CacheStore, Clock, StoreEntry } from '@holdfast/core';

/** What a call of a store may come to. */
export type StoreOperation = 'get' | 'set' | 'delete' | 'clear' | 'invalidateTags';

/** How a disturbed store fails. */
export interface DisturbedStoreOptions {
  /** What is disturbed where the store is well: entries go there and come from there. Default: a store of its own. */
  readonly over?: CacheStore;
  /** Which operations are disturbed. Default: all. */
  readonly operations?: readonly StoreOperation[];
  /** Default 'failing' or 'hanging'. */
  readonly name?: string;
}

export interface FailingStoreOptions extends DisturbedStoreOptions {
  /** What it rejects with; a function makes one for each call. Default: an error with code ECONNREFUSED. */
  readonly error?: unknown;
  /** Throws instead of rejecting. Default false. */
  readonly throws?: boolean;
  /** Answers with this instead of failing: what is no entry at all. */
  readonly garbage?: unknown;
  /** Fails so many calls, then is well. Default: all. */
  readonly times?: number;
}

export interface HangingStoreOptions extends DisturbedStoreOptions {
  /** Answers after so many milliseconds of the clock instead of never. */
  readonly delay?: number;
  /** The clock of `delay`. */
  readonly clock?: Clock;
}

/** A store for tests of what happens when stores are not well. It counts and can be healed. */
export interface DisturbedStore extends CacheStore {
  readonly calls: Readonly<Record<StoreOperation, number>>;
  /** Calls that have not ended. */
  readonly inFlight: number;
  /** False: it does what it should. */
  isDisturbed: boolean;
  /** Ends what hangs, as if the store had answered only now. */
  release(): void;
}

const refused = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** Entries in a Map, for ever. */
class PlainStore implements CacheStore {
  readonly name = 'plain';
  readonly #entries = new Map<string, StoreEntry>();

  async get(key: string): Promise<StoreEntry | undefined> {
    return this.#entries.get(key);
  }

  async set(key: string, entry: StoreEntry): Promise<void> {
    this.#entries.set(key, entry);
  }

  async delete(key: string): Promise<boolean> {
    return this.#entries.delete(key);
  }

  async clear(prefix = ''): Promise<void> {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    for (const [key, entry] of this.#entries)
      if (entry.tags?.some((tag) => tags.includes(tag)) === true) this.#entries.delete(key);
  }
}

/** Ends a call of the store's in its own way; `well` is what a store that is well would do. */
type Disturbance = (well: () => Promise<unknown>) => unknown;

class Disturbed implements DisturbedStore {
  readonly name: string;
  readonly calls = { get: 0, set: 0, delete: 0, clear: 0, invalidateTags: 0 };
  inFlight = 0;
  isDisturbed = true;
  readonly #over: CacheStore;
  readonly #operations: ReadonlySet<StoreOperation> | undefined;
  readonly #disturb: Disturbance;
  readonly #release: () => void;

  constructor(
    { over = new PlainStore(), operations, name = 'failing' }: DisturbedStoreOptions,
    disturb: Disturbance,
    release: () => void = () => undefined,
  ) {
    this.name = name;
    this.#over = over;
    this.#operations = operations && new Set(operations);
    this.#disturb = disturb;
    this.#release = release;
  }

  get(key: string): Promise<StoreEntry | undefined> {
    return this.#do('get', () => this.#over.get(key));
  }

  set(key: string, entry: StoreEntry): Promise<void> {
    return this.#do('set', () => this.#over.set(key, entry));
  }

  delete(key: string): Promise<boolean> {
    return this.#do('delete', () => this.#over.delete(key));
  }

  clear(prefix?: string): Promise<void> {
    return this.#do('clear', () => this.#over.clear(prefix));
  }

  invalidateTags(tags: readonly string[]): Promise<void> {
    return this.#do('invalidateTags', async () => this.#over.invalidateTags?.(tags));
  }

  release(): void {
    this.#release();
  }

  #do<Value>(operation: StoreOperation, well: () => Promise<Value>): Promise<Value> {
    this.calls[operation] += 1;
    const isMeant = this.isDisturbed && (this.#operations?.has(operation) ?? true);
    const outcome = isMeant ? this.#disturb(well) : well();
    if (!(outcome instanceof Promise)) return outcome as Promise<Value>;
    this.inFlight += 1;
    const ended = (): void => void (this.inFlight -= 1);
    outcome.then(ended, ended);
    return outcome as Promise<Value>;
  }
}

/**
 * A store whose operations fail: `failingStore()` refuses connections; it can throw, answer with garbage, or recover
 * after some `times`. `isDisturbed = false` heals it.
 */
export const failingStore = (options: FailingStoreOptions = {}): DisturbedStore => {
  const { error = refused, throws = false, times = Infinity } = options;
  let left = times;
  return new Disturbed(options, (well) => {
    if (left <= 0) return well();
    left -= 1;
    if ('garbage' in options) return Promise.resolve(options.garbage);
    const thrown: unknown = typeof error === 'function' ? (error as () => unknown)() : error;
    if (throws) throw thrown;
    return Promise.reject(thrown);
  });
};

/**
 * A store whose operations never end, until `release`; with `delay` and `clock` they end late.
 * @throws TypeError on a delay without a clock.
 */
export const hangingStore = (options: HangingStoreOptions = {}): DisturbedStore => {
  const { delay, clock } = options;
  if (delay !== undefined && clock === undefined)
    throw new TypeError('hangingStore: delay needs a clock: hangingStore({ delay, clock })');
  const waiting = new Set<() => void>();
  const disturb: Disturbance = async (well) => {
    await new Promise<void>((resolve) => {
      waiting.add(resolve);
      if (delay !== undefined) clock?.setTimer(resolve, delay);
    });
    return well();
  };
  const release = (): void => {
    for (const resume of waiting) resume();
    waiting.clear();
  };
  return new Disturbed({ name: 'hanging', ...options }, disturb, release);
};
