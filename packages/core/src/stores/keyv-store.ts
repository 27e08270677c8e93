import { ConfigurationError } from '../errors/configuration-error.js';
import type { Runtime } from '../runtime/runtime.js';
import { world } from '../runtime/world.js';
import { type CacheStore, type StoreEntry, StoreUnsupported, endOf, isStoreEntry } from './cache-store.js';
import { decodeTree, encodeTree } from './value-codec.js';

/** The part of a Keyv that is used: version 5 or later, with any of its adapters. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<boolean>;
  clear(): Promise<void>;
  /** Of pairs of key and value. Not all adapters have one. */
  readonly iterator?: unknown;
  throwOnErrors?: boolean;
  disconnect?(): Promise<void>;
}

export interface KeyvStoreOptions {
  /** Default 'keyv'. */
  readonly name?: string;
  /** Whose clock it uses. Default: the default runtime. */
  readonly runtime?: Runtime;
}

/** Changes when what older processes have written can no longer be read. */
const FORMAT = 1;

/** What is written: the key as well, since a Keyv may show it changed. Times without end are null in JSON. */
interface Envelope {
  readonly holdfast: number;
  readonly key: string;
  readonly value: unknown;
  readonly times: readonly (number | null)[];
  readonly tags?: readonly string[];
}

const encode = (key: string, { value, startedAt, freshUntil, staleUntil, hardUntil, tags }: StoreEntry): string => {
  const times = [startedAt, freshUntil, staleUntil, hardUntil];
  return JSON.stringify({ holdfast: FORMAT, key, value: encodeTree(value), times, ...(tags && { tags }) });
};

/** Undefined for what is not ours, or of another format. */
const decode = (text: unknown): { readonly key: string; readonly entry: StoreEntry } | undefined => {
  if (typeof text !== 'string') return undefined;
  try {
    const { holdfast, key, value, times, tags } = JSON.parse(text) as Envelope;
    if (holdfast !== FORMAT || !Array.isArray(times)) return undefined;
    const [startedAt, freshUntil, staleUntil, hardUntil] = times.map((time: number | null) => time ?? Infinity);
    const entry = { value: decodeTree(value), startedAt, freshUntil, staleUntil, hardUntil, ...(tags && { tags }) };
    return isStoreEntry(entry) ? { key, entry } : undefined;
  } catch {
    return undefined;
  }
};

class KeyvStore implements CacheStore {
  readonly name: string;
  private readonly keyv: KeyvLike;
  private readonly runtime: Runtime;

  constructor(keyv: KeyvLike, { name = 'keyv', runtime = world.runtime }: KeyvStoreOptions) {
    this.name = name;
    this.keyv = keyv;
    this.runtime = runtime;
    // It would keep failures to itself and answer as if there was nothing.
    if (keyv.throwOnErrors === false) keyv.throwOnErrors = true;
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    const found = decode(await this.keyv.get(key));
    return found?.key === key && this.remaining(found.entry) > 0 ? found.entry : undefined;
  }

  async set(key: string, entry: StoreEntry): Promise<void> {
    const remaining = this.remaining(entry);
    if (!(remaining > 0)) return void (await this.keyv.delete(key));
    const ttl = remaining === Infinity ? undefined : Math.ceil(remaining);
    if ((await this.keyv.set(key, encode(key, entry), ttl)) === false) throw new Error('the Keyv took no value');
  }

  delete(key: string): Promise<boolean> {
    return this.keyv.delete(key);
  }

  async clear(prefix = ''): Promise<void> {
    if (prefix === '') return this.keyv.clear();
    await this.deleteWhere((key) => key.startsWith(prefix));
  }

  async *keys(prefix = ''): AsyncGenerator<string> {
    for await (const { key, entry } of this.entries())
      if (key.startsWith(prefix) && this.remaining(entry) > 0) yield key;
  }

  /** Reads all entries: fit for thousands of them. */
  async invalidateTags(tags: readonly string[]): Promise<void> {
    await this.deleteWhere((_key, entry) => entry.tags?.some((tag) => tags.includes(tag)) === true);
  }

  async close(): Promise<void> {
    await this.keyv.disconnect?.();
  }

  private remaining(entry: StoreEntry): number {
    return endOf(entry) - this.runtime.clock.wall();
  }

  private async *entries(): AsyncGenerator<{ readonly key: string; readonly entry: StoreEntry }> {
    const { iterator } = this.keyv;
    if (typeof iterator !== 'function') throw new StoreUnsupported('the adapter of the Keyv cannot list its keys');
    for await (const pair of iterator.call(this.keyv, undefined) as AsyncIterable<readonly [string, unknown]>) {
      const found = decode(pair[1]);
      if (found !== undefined) yield found;
    }
  }

  /** Listed first: what changes under an iterator is another matter in each adapter. */
  private async deleteWhere(isMeant: (key: string, entry: StoreEntry) => boolean): Promise<void> {
    const keys: string[] = [];
    for await (const { key, entry } of this.entries()) if (isMeant(key, entry)) keys.push(key);
    for (const key of keys) await this.keyv.delete(key);
  }
}

const METHODS = ['get', 'set', 'delete', 'clear'] as const;

/**
 * Any Keyv as a store: `keyvStore(new Keyv(new KeyvRedis(url)))`. Values are written as JSON that keeps what plain JSON
 * loses; a value that would not come back equal is refused. A part of the store can be cleared, and keys be listed,
 * where the adapter has an iterator. The Keyv is told to throw its errors instead of hiding them.
 * @throws ConfigurationError on what is no Keyv.
 */
export const keyvStore = (
  keyv: KeyvLike,
  options: KeyvStoreOptions = {},
): CacheStore & Required<Pick<CacheStore, 'keys'>> => {
  const given = keyv as Partial<KeyvLike> | null | undefined;
  if (METHODS.some((method) => typeof given?.[method] !== 'function'))
    throw new ConfigurationError('keyvStore: needs a Keyv: keyvStore(new Keyv(adapter))', { option: 'keyv' });
  return new KeyvStore(keyv, options);
};
