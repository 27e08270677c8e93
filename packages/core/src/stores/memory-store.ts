import { type Schema, checkOptions, whole } from '../errors/option-check.js';
import type { Runtime } from '../runtime/runtime.js';
import { world } from '../runtime/world.js';
import { type CacheStore, type StoreEntry, endOf } from './cache-store.js';
import { LruSlots } from './lru.js';

export interface MemoryStoreOptions {
  /** Entries kept; the least recently used goes first. Default 1000. */
  readonly maxSize?: number;
  /** Default 'memory'. */
  readonly name?: string;
  /** Whose clock it uses. Default: the default runtime. */
  readonly runtime?: Runtime;
}

const FIRST_CAPACITY = 16;
const GROWTH = 4;
const schema = (): Schema => ({ maxSize: whole(1) });

/** Entries in this process, least recently used out, values by reference. Expired ones go when they are met. */
class MemoryStore implements CacheStore {
  readonly name: string;
  private readonly runtime: Runtime;
  private readonly maxSize: number;
  private slots = new LruSlots<string, StoreEntry>(1);

  constructor({ name = 'memory', runtime = world.runtime, ...given }: MemoryStoreOptions) {
    const { maxSize = 1000 } = checkOptions({ decorator: 'memoryStore' }, schema(), given) as MemoryStoreOptions;
    this.name = name;
    this.runtime = runtime;
    this.maxSize = maxSize;
    this.slots = new LruSlots(Math.min(maxSize, FIRST_CAPACITY));
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    return this.find(key, true);
  }

  async getMany(keys: readonly string[]): Promise<readonly (StoreEntry | undefined)[]> {
    return keys.map((key) => this.find(key, true));
  }

  async set(key: string, entry: StoreEntry): Promise<void> {
    this.put(key, entry);
  }

  async setMany(entries: readonly (readonly [key: string, entry: StoreEntry])[]): Promise<void> {
    for (const [key, entry] of entries) this.put(key, entry);
  }

  async delete(key: string): Promise<boolean> {
    const existed = this.find(key, false) !== undefined;
    return this.slots.delete(key) && existed;
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    const found = keys.filter((key) => this.find(key, false) !== undefined && this.slots.delete(key));
    return found.length;
  }

  async clear(prefix = ''): Promise<void> {
    if (prefix === '') this.slots.clear();
    else this.deleteWhere((key) => key.startsWith(prefix));
  }

  async *keys(prefix = ''): AsyncGenerator<string> {
    for (const key of this.allKeys()) if (key.startsWith(prefix) && this.find(key, false) !== undefined) yield key;
  }

  /** Looks at all entries: fit for thousands of them. */
  async invalidateTags(tags: readonly string[]): Promise<void> {
    this.deleteWhere((_key, entry) => entry.tags?.some((tag) => tags.includes(tag)) === true);
  }

  private find(key: string, isUse: boolean): StoreEntry | undefined {
    const { slots } = this;
    const slot = slots.find(key);
    if (slot < 0) return undefined;
    const entry = slots.valueAt(slot);
    if (this.runtime.clock.wall() >= endOf(entry)) {
      slots.delete(key);
      return undefined;
    }
    if (isUse) slots.promote(slot);
    return entry;
  }

  private put(key: string, entry: StoreEntry): void {
    const slot = this.slots.find(key);
    if (slot >= 0) return this.slots.replace(slot, entry);
    if (this.slots.size === this.slots.capacity && this.slots.capacity < this.maxSize) this.grow();
    this.slots.insert(key, entry);
  }

  private grow(): void {
    const { slots } = this;
    this.slots = new LruSlots(Math.min(this.maxSize, slots.capacity * GROWTH));
    for (const slot of slots.slotsFromOldest()) this.slots.insert(slots.keyAt(slot), slots.valueAt(slot));
  }

  private allKeys(): string[] {
    return [...this.slots.slotsFromOldest()].map((slot) => this.slots.keyAt(slot));
  }

  private deleteWhere(isMeant: (key: string, entry: StoreEntry) => boolean): void {
    for (const key of this.allKeys()) {
      const slot = this.slots.find(key);
      if (isMeant(key, this.slots.valueAt(slot))) this.slots.delete(key);
    }
  }
}

/**
 * A store in this process: for tests, as the first tier of a `tieredStore`, or to share one bound among many methods.
 * Values are kept by reference. Nothing in it survives the process.
 * @throws ConfigurationError on a wrong option.
 */
export const memoryStore = (options: MemoryStoreOptions = {}): CacheStore & Required<Omit<CacheStore, 'close'>> =>
  new MemoryStore(options);
