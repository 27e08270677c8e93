import type { Runtime } from '../runtime/runtime.js';
import { world } from '../runtime/world.js';
import type { CacheStore, StoreEntry } from './cache-store.js';

/** A storage adapter as Keyv takes it: `new Keyv({ store: toKeyv(store) })`. */
export interface KeyvAdapter {
  readonly opts: Record<string, unknown>;
  /** Set by the Keyv. */
  namespace?: string | undefined;
  get(key: string): Promise<any>;
  getMany(keys: string[]): Promise<any[]>;
  set(key: string, value: unknown, ttl?: number): Promise<void>;
  delete(key: string): Promise<boolean>;
  /** Whether any was there. */
  deleteMany(keys: string[]): Promise<boolean>;
  has(key: string): Promise<boolean>;
  clear(): Promise<void>;
  disconnect(): Promise<void>;
  on(event: string, listener: (...args: any[]) => void): this;
}

class StoreAdapter implements KeyvAdapter {
  readonly opts: Record<string, unknown> = { dialect: 'holdfast', url: '' };
  namespace: string | undefined = undefined;
  private readonly store: CacheStore;
  private readonly runtime: Runtime;

  constructor(store: CacheStore, runtime: Runtime) {
    this.store = store;
    this.runtime = runtime;
  }

  async get(key: string): Promise<unknown> {
    return (await this.freshEntry(key))?.value;
  }

  getMany(keys: string[]): Promise<unknown[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    const now = this.runtime.clock.wall();
    const until = ttl === undefined ? Infinity : now + ttl;
    await this.store.set(key, { value, startedAt: now, freshUntil: until, staleUntil: until, hardUntil: Infinity });
  }

  delete(key: string): Promise<boolean> {
    return this.store.delete(key);
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    const found = await Promise.all(keys.map((key) => this.store.delete(key)));
    return found.includes(true);
  }

  async has(key: string): Promise<boolean> {
    return (await this.freshEntry(key)) !== undefined;
  }

  async clear(): Promise<void> {
    await this.store.clear(this.namespace === undefined ? undefined : `${this.namespace}:`);
  }

  async disconnect(): Promise<void> {
    await this.store.close?.();
  }

  /** It has no events: its failures are rejections. */
  on(): this {
    return this;
  }

  /** A Keyv knows nothing of old values. */
  private async freshEntry(key: string): Promise<StoreEntry | undefined> {
    const entry = await this.store.get(key);
    return entry !== undefined && this.runtime.clock.wall() < entry.freshUntil ? entry : undefined;
  }
}

/** Any store as the storage of a Keyv, for code that has one: `new Keyv({ store: toKeyv(memoryStore()) })`. */
export const toKeyv = (
  store: CacheStore,
  { runtime = world.runtime }: { readonly runtime?: Runtime } = {},
): KeyvAdapter => new StoreAdapter(store, runtime);
