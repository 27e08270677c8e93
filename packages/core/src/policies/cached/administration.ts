import { type CacheKey, isRawString, isUnkeyable } from '../../algorithms/stable-key.js';
import { ConfigurationError } from '../../errors/configuration-error.js';
import type { EventFacts } from '../../events/event.js';
import type { Binding } from '../../pipeline/policy.js';
import { type CacheStats, sumStats } from '../../stores/cache-stats.js';
import type { EntryTimes } from '../../stores/entry-table.js';
import type { StoreGuard } from '../../stores/store-guard.js';
import type { Cells } from './cells.js';
import type { CachedCell } from './flight.js';
import { judge } from './machine.js';
import type { CachedSettings } from './settings.js';
import type { SecondTier } from './second-tier.js';
import type { StaleAnswers } from './stale-answers.js';
import { NO_COPY, type Writer } from './writer.js';

export interface Looked {
  readonly state: 'fresh' | 'stale' | 'miss';
  readonly value: unknown;
  /** Milliseconds since the load of the value began. */
  readonly age: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Milliseconds of freshness left, 0 when stale. */
  readonly remainingTtl: number;
}

/** Where the entries of one scope are, for snapshots. */
export interface CacheStorage {
  readonly name: string;
  readonly method: string;
  readonly settings: CachedSettings;
  readonly cell: CachedCell;
  readonly runtime: Binding['runtime'];
  /** How long past its freshness an entry may still serve. */
  readonly retainedFor: number;
  /** What a value weighs; undefined, and told, where it cannot be stored. */
  readonly weightOf: (value: unknown) => number | undefined;
}

type KeyMaker = (self: unknown, args: readonly unknown[]) => CacheKey | { readonly unkeyable: string };

/** What people and other policies may do to a method's cache; `cacheOf` and `@Invalidates` come through here. */
export class CacheAdministration {
  private readonly settings: CachedSettings;
  private readonly binding: Binding;
  private readonly cells: Cells;
  private readonly writer: Writer;
  private readonly stale: StaleAnswers;
  private readonly secondTier: SecondTier | undefined;
  private makeKey: KeyMaker | undefined = undefined;

  constructor(
    settings: CachedSettings,
    binding: Binding,
    parts: { cells: Cells; writer: Writer; stale: StaleAnswers; secondTier: SecondTier | undefined },
  ) {
    this.settings = settings;
    this.binding = binding;
    this.cells = parts.cells;
    this.writer = parts.writer;
    this.stale = parts.stale;
    this.secondTier = parts.secondTier;
  }

  /** The name in `health()` and `stats()`. */
  get name(): string {
    return this.settings.name ?? this.binding.method;
  }

  /** Of all instances together. */
  get stats(): CacheStats {
    return sumStats(this.cells.all().map(({ stats }) => stats));
  }

  /** True where every instance has a cache of its own. */
  get isPerInstance(): boolean {
    return this.settings.scope === 'instance';
  }

  useKeys(makeKey: KeyMaker): void {
    this.makeKey = makeKey;
  }

  statsOf(self: unknown): CacheStats {
    return this.cells.of(self).stats;
  }

  keysOf(self: unknown): CacheKey[] {
    return this.cells.of(self).table.keys();
  }

  /** For `explain()`. */
  get storeName(): string | undefined {
    return this.secondTier?.store.name;
  }

  /** The guard of the store, where there is one. */
  get guard(): StoreGuard | undefined {
    return this.secondTier?.guard;
  }

  /** As `look`, and in the store where this process has nothing fresh. Leaves the table as it is. */
  async find(self: unknown, args: readonly unknown[]): Promise<Looked | undefined> {
    const looked = this.look(self, args);
    if (looked?.state === 'fresh' || this.secondTier === undefined) return looked;
    const found = await this.secondTier.read(this.keyFor(self, args), false);
    if (found === undefined || found === null || (found.freshness !== 'fresh' && looked !== undefined)) return looked;
    const value = this.writer.copy(found.value);
    return value === NO_COPY ? looked : this.looked(value, found.times, found.freshness === 'fresh');
  }

  storageOf(self: unknown): CacheStorage {
    const { name, settings } = this;
    const { runtime, method } = this.binding;
    const { retainedFor } = this.writer;
    const cell = this.cells.of(self);
    const weightOf = (value: unknown): number | undefined => this.writer.weightOf(value, cell);
    return { name, method, settings, cell, runtime, retainedFor, weightOf };
  }

  /** Looks without loading; does not count as use. */
  look(self: unknown, args: readonly unknown[]): Looked | undefined {
    if (!this.settings.isEnabled) return undefined;
    const cell = this.cells.of(self);
    const slot = cell.table.find(this.keyFor(self, args));
    if (slot < 0) return undefined;
    const now = this.binding.runtime.clock.now();
    const lifetime = this.stale.lifetimeAt(cell, slot, now);
    const freshness = judge(lifetime, this.settings.windows, now);
    if (freshness === 'gone') return undefined;
    const { startedAt } = cell.table.timesAt(slot);
    const value = this.writer.copy(cell.table.valueAt(slot));
    return value === NO_COPY ? undefined : this.looked(value, { ...lifetime, startedAt }, freshness === 'fresh');
  }

  /** Stores a value; resolves when the store, where there is one, has it or cannot take it. */
  async set(
    self: unknown,
    args: readonly unknown[],
    value: unknown,
    options: { readonly ttl: number | undefined; readonly tags: readonly string[] | undefined },
  ): Promise<void> {
    const cell = this.cells.of(self);
    const key = this.keyFor(self, args);
    cell.detach(key);
    const startedAt = this.binding.runtime.clock.now();
    // What it replaces is out of date, stored or not.
    if (this.writer.storeGiven(cell, key, value, { self, args, ...options, startedAt })) {
      await this.secondTier?.replaceFrom(cell, key);
      return;
    }
    this.invalidateKey(cell, key);
    await this.secondTier?.remove(key);
  }

  /** Whether there was an entry in this process; the store follows behind the caller. */
  invalidate(self: unknown, args: readonly unknown[]): boolean {
    const key = this.keyFor(self, args);
    this.secondTier?.removeSoon(key);
    return this.invalidateKey(this.cells.of(self), key);
  }

  /**
   * Whether there was an entry here or in the store; resolves when it is gone from both.
   * @param refusal the status by which somebody refused the value.
   */
  async forget(self: unknown, args: readonly unknown[], refusal?: number): Promise<boolean> {
    const key = this.keyFor(self, args);
    const existed = this.invalidateKey(this.cells.of(self), key, refusal);
    return (await this.secondTier?.remove(key)) === true || existed;
  }

  /** As `forget`, if what is kept here is still this value: what has come in its place stays. */
  async forgetValue(self: unknown, args: readonly unknown[], value: unknown, refusal?: number): Promise<boolean> {
    const looked = this.look(self, args);
    return looked !== undefined && Object.is(looked.value, value) && this.forget(self, args, refusal);
  }

  /** The entry is stale from now on; returns whether there was one. */
  expire(self: unknown, args: readonly unknown[]): boolean {
    const key = this.keyFor(self, args);
    // The store keeps nothing that is stale on purpose.
    this.secondTier?.removeSoon(key);
    const existed = this.cells.of(self).expire(key, this.binding.runtime.clock.now());
    if (existed) this.report({ keyHash: this.writer.hash(key), reason: 'manual', entries: 1, mode: 'expire' });
    return existed;
  }

  /**
   * As `invalidateTags`; resolves when the store, where there is one, has been told, to how many of the tags were in use
   * in this process.
   */
  async forgetTags(...given: Parameters<CacheAdministration['stampTags']>): Promise<number> {
    const held = this.stampTags(...given);
    await this.secondTier?.invalidateTags(given[0]);
    return held;
  }

  /**
   * One scope's entries with one of the tags, or those of all scopes: removed, or stale from now on. The store, which
   * knows no scopes and keeps nothing that is stale, forgets them behind the caller.
   */
  invalidateTags(...given: Parameters<CacheAdministration['stampTags']>): void {
    this.forgetTags(...given).catch(() => undefined);
  }

  private stampTags(
    tags: readonly string[],
    mode: 'remove' | 'expire',
    self: { readonly of: unknown } | undefined,
  ): number {
    const cells = self === undefined ? this.cells.all() : [this.cells.of(self.of)];
    const expiredAt = mode === 'expire' ? this.binding.runtime.clock.now() : undefined;
    const most = cells.reduce((known, cell) => Math.max(known, cell.stampTags(tags, expiredAt)), 0);
    if (most > 0) this.report({ reason: 'tag', tags: most, ...(mode === 'expire' && { mode }) });
    return most;
  }

  /** Entries whose key is a string that begins so; returns how many there were. In a store keys are digests: all go. */
  invalidatePrefix(self: unknown, prefix: string): number {
    this.secondTier?.clearSoon();
    const entries = this.cells.of(self).invalidateWhere((key) => isRawString(key) && key.startsWith(prefix));
    this.reportAll(entries);
    return entries;
  }

  /** True where the scope is part of every key, so that none begins as the arguments do. */
  get isScopeInKeys(): boolean {
    return typeof this.settings.scope === 'function';
  }

  /** All entries of a scope, as `invalidate`: the counts go on. */
  invalidateAll(self: unknown): void {
    this.secondTier?.clearSoon();
    this.reportAll(this.cells.of(self).invalidateAll());
  }

  /** Without `self`: of all instances. Resolves when the store is empty, too, to how many entries this process had. */
  async clear(...self: readonly [unknown?]): Promise<number> {
    const cells = self.length === 0 ? this.cells.all() : [this.cells.of(self[0])];
    let entries = 0;
    for (const cell of cells) {
      const cleared = cell.clear();
      this.reportAll(cleared);
      entries += cleared;
    }
    await this.secondTier?.clear();
    return entries;
  }

  /** All at once; the store follows behind the caller. */
  clearAll(): void {
    this.secondTier?.clearSoon();
    for (const cell of this.cells.all()) this.reportAll(cell.clear());
  }

  private looked(
    value: unknown,
    { startedAt, freshUntil, hardUntil }: Pick<EntryTimes, 'startedAt' | 'freshUntil' | 'hardUntil'>,
    isFresh: boolean,
  ): Looked {
    const { clock } = this.binding.runtime;
    const now = clock.now();
    return {
      state: isFresh ? 'fresh' : 'stale',
      value,
      age: now - startedAt,
      createdAt: clock.wall() - (now - startedAt),
      remainingTtl: Math.max(0, Math.min(freshUntil, hardUntil) - now),
    };
  }

  private reportAll(entries: number): void {
    if (entries > 0) this.report({ reason: 'manual', entries });
  }

  private report(facts: EventFacts<'cache.invalidated'>): void {
    this.binding.runtime.events.emit('cache.invalidated', this.binding.method, facts);
  }

  private invalidateKey(cell: CachedCell, key: CacheKey, refusal?: number): boolean {
    const existed = cell.invalidate(key);
    const why =
      refusal === undefined ? { reason: 'manual' as const } : { reason: 'auth-failure' as const, status: refusal };
    if (existed) this.report({ keyHash: this.writer.hash(key), entries: 1, ...why });
    return existed;
  }

  private keyFor(self: unknown, args: readonly unknown[]): CacheKey {
    const key = this.makeKey?.(self, args);
    if (!isUnkeyable(key)) return key;
    throw new ConfigurationError(`cacheOf ${this.binding.method}: these arguments have no key: ${key.unkeyable}`, {
      method: this.binding.method,
      policy: 'cached',
    });
  }
}
