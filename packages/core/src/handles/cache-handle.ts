import { type Duration, parseDuration } from '../algorithms/duration.js';
import type { CacheKey } from '../algorithms/stable-key.js';
import { ConfigurationError } from '../errors/configuration-error.js';
import type { CacheAdministration, Looked } from '../policies/cached/administration.js';
import { oneIn } from '../policies/cached/many/answer.js';
import { BYPASS } from '../policies/cached/flight.js';
import type { CacheStats } from '../stores/cache-stats.js';
import { type BoundMethod, boundMethod, policyOf } from './bound-method.js';
import { type KeyQuery, listKeys } from './key-list.js';
import { type ImportReport, exportSnapshot, importSnapshot } from './snapshot.js';
import type { CacheSnapshot } from './snapshot-format.js';
import { tagsGiven, tagsToInvalidate } from './tags-given.js';
import { type WarmOptions, type WarmUp, warmUp } from './warm-up.js';

export type MethodNames<Target> = {
  [Name in keyof Target]: Target[Name] extends (...args: any[]) => any ? Name : never;
}[keyof Target];
/** `this` inside of its own class: what its methods are exactly is not known there, that it has them is. */
export type HasMethod<Name extends PropertyKey> = { readonly [Key in Name]: (...args: any[]) => any };
/** Any name, but only for who says what the method is. */
export type NameOfAny<Method> = [Method] extends [never] ? never : string | symbol;
type AnyCall = (...args: any[]) => unknown;
type Value<Method extends (...args: any[]) => any> = Awaited<ReturnType<Method>>;

/** What an entry is, without loading it. */
export interface CacheLookup<Result> {
  readonly state: 'fresh' | 'stale' | 'miss';
  readonly value: Result | undefined;
  /** Milliseconds since the load of the value began; 0 on a miss. */
  readonly age: number;
  /** Epoch milliseconds; undefined on a miss. */
  readonly createdAt: number | undefined;
  /** Milliseconds of freshness left. */
  readonly remainingTtl: number;
}

export interface RefreshOptions {
  /** The entry's own ttl; 0 or Infinity: for ever. Default: the method's. */
  readonly ttl?: Duration;
}

export interface SetOptions extends RefreshOptions {
  /** Besides those of the method's option `tags`. */
  readonly tags?: readonly string[];
}

/** The administration of a cache whose method takes a list. */
interface OfLists {
  readonly each: CacheAdministration;
}

export interface InvalidateValueOptions {
  /** Of the answer that refused the value, such as 401: `cache.invalidated` then has it, with reason 'auth-failure'. */
  readonly status?: number;
}

const MISSED = { state: 'miss', value: undefined, age: 0, createdAt: undefined, remainingTtl: 0 } as const;

const ttlOf = (options: RefreshOptions | undefined, caller: string): number | undefined => {
  if (options?.ttl === undefined) return undefined;
  const ttl = parseDuration(options.ttl);
  if (Number.isNaN(ttl))
    throw new ConfigurationError(`${caller}: ttl must be a duration, got ${String(options.ttl)}`, { option: 'ttl' });
  return ttl === 0 ? Infinity : ttl;
};

/**
 * The cache of one method of one instance or class. Promises where a shared store may be asked, and wrong arguments
 * reject them; `peek`, `keys` and `stats` look at this process.
 */
export class CacheHandle<Method extends (...args: any[]) => any> {
  readonly #method: BoundMethod;
  /** Where the method takes a list and the arguments here are of one id: calls it for that. */
  readonly #one: AnyCall | undefined;

  /** Use `cacheOf`. */
  constructor(method: BoundMethod, one?: AnyCall) {
    this.#method = method;
    this.#one = one;
    void this.#cache;
  }

  /** The fresh value, or undefined; never loads. */
  async get(...args: Parameters<Method>): Promise<Value<Method> | undefined> {
    const looked = await this.#cache.find(this.#self, args);
    return looked?.state === 'fresh' ? (looked.value as Value<Method>) : undefined;
  }

  /** Tells a cached undefined from a miss, and a stale value from a fresh one; never loads. */
  async lookup(...args: Parameters<Method>): Promise<CacheLookup<Value<Method>>> {
    return ((await this.#cache.find(this.#self, args)) ?? MISSED) as CacheLookup<Value<Method>>;
  }

  /** As `get`, at once. */
  peek(...args: Parameters<Method>): Value<Method> | undefined {
    const looked = this.#look(args);
    return looked?.state === 'fresh' ? (looked.value as Value<Method>) : undefined;
  }

  /** The fresh values of several calls, in their order: undefined where there is none; never loads. */
  async getMany(argsList: readonly Parameters<Method>[]): Promise<(Value<Method> | undefined)[]> {
    return argsList.map((args) => this.peek(...args));
  }

  /**
   * Loads what is not fresh yet, through the whole stack, a few at a time. Rejects for wrong options alone: a load that
   * fails is an outcome. The look-ups are counted as those of calls where something has to be loaded.
   */
  async warm(argsList: Iterable<Parameters<Method>>, options: WarmOptions = {}): Promise<WarmUp<Parameters<Method>>> {
    const look = (args: readonly unknown[]): Looked | undefined => this.#look(args);
    const { binding } = this.#method;
    const self = this.#self;
    const call = this.#one ?? ((...args: unknown[]): unknown => binding.stack.invoke(self, args));
    return warmUp({ binding, look, call }, argsList, options);
  }

  /** Stores a value as if it had just been loaded. A load under way is detached. */
  async set(args: Parameters<Method>, value: Value<Method>, options?: SetOptions): Promise<void> {
    const tags = options?.tags === undefined ? undefined : tagsGiven(options.tags, 'cacheOf().set');
    await this.#cache.set(this.#self, args, value, { ttl: ttlOf(options, 'cacheOf().set'), tags });
  }

  /** Forgets one entry; returns whether there was one. A load under way answers its callers but is not stored. */
  async invalidate(...args: Parameters<Method>): Promise<boolean> {
    return this.#cache.forget(this.#self, args);
  }

  /**
   * As `invalidate`, if this process still keeps exactly this value, fresh or old: for a value that has turned out to be
   * wrong, which others may have replaced since. With `clone` no two values are the same.
   */
  async invalidateValue(
    args: Parameters<Method>,
    value: Value<Method>,
    { status }: InvalidateValueOptions = {},
  ): Promise<boolean> {
    return this.#cache.forgetValue(this.#self, args, value, status);
  }

  /**
   * The entry is past its ttl from now on: `staleWhileRevalidate` and `staleIfError` count from here, and without them it
   * is gone. Returns whether there was one. A load under way is not stored.
   */
  async expire(...args: Parameters<Method>): Promise<boolean> {
    return this.#cache.expire(this.#self, args);
  }

  /** Forgets all entries with one of the tags; a load under way that has one is not stored. */
  async invalidateTags(...tags: string[]): Promise<void> {
    await this.#invalidateTags(tags, 'remove', 'cacheOf().invalidateTags');
  }

  /** All entries with one of the tags are past their ttl from now on, as by `expire`. */
  async expireTags(...tags: string[]): Promise<void> {
    await this.#invalidateTags(tags, 'expire', 'cacheOf().expireTags');
  }

  /**
   * Forgets the entries whose key is a string that begins with `prefix`: those of methods with one string argument, or
   * with a `key` that returns a string. Encoded keys, of several arguments or of objects, never match. Looks at every
   * key; returns how many entries there were.
   */
  async invalidatePrefix(prefix: string): Promise<number> {
    const at = { method: this.#method.binding.label, option: 'prefix' };
    if (typeof prefix !== 'string' || prefix === '')
      throw new ConfigurationError(
        'cacheOf().invalidatePrefix: prefix must be a non-empty string; for all, clear()',
        at,
      );
    if (this.#cache.isScopeInKeys)
      throw new ConfigurationError(
        `cacheOf().invalidatePrefix: scope is part of the keys of ${at.method}, so none begins with a prefix; use tags`,
        at,
      );
    return this.#cache.invalidatePrefix(this.#self, prefix);
  }

  /** Calls the method past the cached value and stores the result. */
  async refresh(args: Parameters<Method>, options?: RefreshOptions): Promise<Value<Method>> {
    const note = { owner: BYPASS, value: { ttl: ttlOf(options, 'cacheOf().refresh') } };
    void this.#cache;
    const argsOfCall = this.#one === undefined ? args : [[args[0]], ...args.slice(1)];
    const value: unknown = await this.#method.binding.stack.invokeWith(this.#self, argsOfCall, note);
    return (this.#one === undefined ? value : oneIn(value, args[0])) as Value<Method>;
  }

  /** Empties the cache and resets its counts. */
  async clear(): Promise<void> {
    if (this.#method.self === undefined) await this.#cache.clear();
    else await this.#cache.clear(this.#self);
  }

  /**
   * The fresh entries as plain data, for a fast restart. Needs the option `snapshot`, since it holds keys and values in
   * clear; entries whose values JSON cannot hold are left out and counted.
   */
  async export(): Promise<CacheSnapshot> {
    return exportSnapshot(this.#cache.storageOf(this.#self));
  }

  /**
   * Stores the entries of a snapshot for what is left of their lives; those that are over, and those that the cache has a
   * younger value for, are not. Rejects what is no snapshot of this cache and version, and stores nothing of it then.
   */
  async import(snapshot: unknown): Promise<ImportReport> {
    return importSnapshot(this.#cache.storageOf(this.#self), snapshot);
  }

  /** Keys of this process, most recently used first: as they are, or, with a query, as people read them. */
  keys(): CacheKey[];
  keys(query: KeyQuery): string[];
  keys(query?: KeyQuery): CacheKey[] {
    const keys = this.#cache.keysOf(this.#self);
    return query === undefined ? keys : listKeys(keys, query);
  }

  get stats(): CacheStats {
    return this.#method.self === undefined ? this.#cache.stats : this.#cache.statsOf(this.#self);
  }

  get #cache(): CacheAdministration {
    const { handle } = policyOf(this.#method, 'cached', 'cacheOf', '@Cached');
    return this.#one === undefined ? (handle as CacheAdministration) : (handle as OfLists).each;
  }

  get #self(): unknown {
    const { self, binding } = this.#method;
    if (self === undefined && binding.owner !== undefined && this.#cache.isPerInstance) {
      throw new ConfigurationError(
        `cacheOf: every instance has its own cache of ${binding.label}; give an instance, or set scope: 'class'`,
        { method: binding.label, option: 'scope' },
      );
    }
    return self;
  }

  async #invalidateTags(tags: readonly string[], mode: 'remove' | 'expire', caller: string): Promise<void> {
    const { self } = this.#method;
    const names = tagsToInvalidate(tags, caller);
    // A class stands for all of its instances.
    await this.#cache.forgetTags(names, mode, self === undefined ? undefined : { of: self });
  }

  #look(args: readonly unknown[]): Looked | undefined {
    return this.#cache.look(this.#self, args);
  }
}

/**
 * The cache of a method: `cacheOf(catalog, 'product')`; a class for statics and `scope: 'class'`;
 * `cacheOf<Signature>(catalog, '#find')` for private methods.
 * @throws ConfigurationError when there is no such decorated method, or it is not cached.
 */
export function cacheOf<Target extends object, Name extends MethodNames<Target>>(
  target: Target,
  name: Name,
): CacheHandle<Extract<Target[Name], (...args: any[]) => any>>;
export function cacheOf<
  Class extends abstract new (...args: any[]) => any,
  Name extends MethodNames<InstanceType<Class>>,
>(target: Class, name: Name): CacheHandle<Extract<InstanceType<Class>[Name], (...args: any[]) => any>>;
export function cacheOf<Name extends PropertyKey>(
  target: HasMethod<Name>,
  name: Name,
): CacheHandle<(...args: any[]) => any>;
export function cacheOf<Method extends (...args: any[]) => any = never>(
  target: object,
  name: NameOfAny<Method>,
): CacheHandle<Method>;
export function cacheOf(target: object, name: string | symbol): CacheHandle<any> {
  return new CacheHandle(boundMethod(target, name, 'cacheOf'));
}
