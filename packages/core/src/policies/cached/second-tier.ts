/**
 * Between the table of a cached method, the first tier, and a store, the second.
 *
 *   miss in the table ─▶ one read of the store, inside of the load that all callers share
 *        fresh ─────────▶ the answer; into the table for what is left of its life, never longer
 *        stale, to be revalidated ─▶ the same, and one refresh behind it
 *        stale, for errors alone ──▶ into the table; the method runs, and if it fails, the old value answers
 *        nothing, out of date, failed, refused ─▶ the method runs; its result goes into the table at once, into the store
 *                                                 behind the caller's back
 *
 * Times in a store are the wall clock's, those of the table are monotonic. A writer whose clock runs ahead could make an
 * entry look younger than it is: what is left of its life is never more than the life it was given.
 */
import type { CacheKey } from '../../algorithms/stable-key.js';
import { configurationError } from '../../errors/option-check.js';
import type { Binding } from '../../pipeline/policy.js';
import type { Clock } from '../../runtime/clock.js';
import type { CacheStore, StoreEntry } from '../../stores/cache-store.js';
import type { EntryTimes } from '../../stores/entry-table.js';
import type { StoreGuard } from '../../stores/store-guard.js';
import { storeKit } from '../../stores/store-kit.js';
import type { Known, StoreTier } from '../../stores/store-tier.js';
import type { CachedCell, Flight } from './flight.js';
import type { Found } from './found.js';
import { judge } from './machine.js';
import type { CachedSettings } from './settings.js';

type Backfilled = Pick<Flight, 'cell' | 'key' | 'isDetached' | 'sequence'>;

export class SecondTier {
  readonly guard: StoreGuard;
  readonly store: CacheStore;
  private readonly tier: StoreTier;
  private readonly settings: CachedSettings;
  private readonly binding: Binding;
  private readonly clock: Clock;

  constructor(tier: StoreTier, settings: CachedSettings, binding: Binding) {
    this.tier = tier;
    this.settings = settings;
    this.binding = binding;
    this.clock = binding.runtime.clock;
    this.guard = tier.guard;
    this.store = tier.store;
  }

  /** Only for a method known to return promises: another one must not begin to wait, nor find what it wrote. */
  private get isInUse(): boolean {
    return this.binding.kind === 'async';
  }

  /**
   * What the store knows of the key and is still good for something; undefined where it has none, null where that is not
   * known. Without a promise where it is not asked.
   * @throws CacheStoreError where failures are the caller's to see: at once, or as a rejection.
   */
  read(key: CacheKey, isBackground: boolean): Found | undefined | null | Promise<Found | undefined | null> {
    if (!this.isInUse) return null;
    const reading = this.tier.read(key, isBackground);
    return reading instanceof Promise ? reading.then((entry) => this.found(entry)) : this.found(reading);
  }

  /** What a load has put into the table, behind its callers. */
  putFrom(cell: CachedCell, key: CacheKey): void {
    const entry = this.isInUse ? this.entryIn(cell, key) : undefined;
    if (entry !== undefined) this.tier.put(key, entry);
  }

  /** What was put into the table by hand. */
  async replaceFrom(cell: CachedCell, key: CacheKey): Promise<void> {
    const entry = this.entryIn(cell, key);
    if (entry !== undefined) await this.tier.replace(key, entry);
  }

  /** Whether there was an entry. */
  remove(key: CacheKey): Promise<boolean> {
    return this.tier.remove(key);
  }

  /** The same for whoever cannot wait: a failure is told as an event. */
  removeSoon(key: CacheKey): void {
    this.tier.remove(key).catch(ignore);
  }

  invalidateTags(tags: readonly string[]): Promise<void> {
    return this.tier.invalidateTags(tags);
  }

  clear(): Promise<void> {
    return this.tier.clear();
  }

  clearSoon(): void {
    this.tier.clear().catch(ignore);
  }

  /**
   * Puts what was found into the table, unless that knows something newer or the key was changed meanwhile.
   * @param weight of the value, where values are weighed.
   */
  backfill(flight: Backfilled, { value, times, tags }: Found, weight: number): void {
    const { cell, key, isDetached, sequence } = flight;
    if (isDetached || cell.hasNewer(key, times.startedAt)) return;
    const { staleWhileRevalidate, staleIfError } = this.settings.windows;
    const retainedFor = Math.max(staleWhileRevalidate, staleIfError);
    const label = tags && { tags, sequence };
    cell.store(key, value, times, { now: this.clock.now(), retainedFor, label, weight });
  }

  private found(entry: Known): Found | undefined | null {
    if (entry === undefined || entry === null) return entry;
    const times = this.timesOf(entry);
    const freshness = judge(times, this.settings.windows, this.clock.now());
    return freshness === 'gone' ? undefined : { value: entry.value, times, tags: entry.tags, freshness };
  }

  private timesOf({ startedAt, freshUntil, hardUntil }: StoreEntry): EntryTimes {
    const now = this.clock.now();
    const wall = this.clock.wall();
    const begun = Math.min(startedAt, wall);
    const left = freshUntil === Infinity ? Infinity : Math.min(freshUntil - wall, freshUntil - startedAt);
    return {
      startedAt: now - (wall - begun),
      freshUntil: now + left,
      hardUntil: now + (hardUntil - wall),
      hardUntilWall: hardUntil,
    };
  }

  /** The table's entry as the store keeps it; it may be gone already, by a listener that heard of it. */
  private entryIn({ table }: CachedCell, key: CacheKey): StoreEntry | undefined {
    const slot = table.find(key);
    if (slot < 0) return undefined;
    const { startedAt, freshUntil, hardUntilWall } = table.timesAt(slot);
    const value = table.valueAt(slot);
    const tags = table.tagsAt(slot);
    const offset = this.clock.wall() - this.clock.now();
    const { staleWhileRevalidate, staleIfError } = this.settings.windows;
    return {
      value,
      startedAt: startedAt + offset,
      freshUntil: freshUntil + offset,
      staleUntil: freshUntil + offset + Math.max(staleWhileRevalidate, staleIfError),
      hardUntil: hardUntilWall,
      ...(tags !== undefined && tags.length > 0 && { tags }),
    };
  }
}

const ignore = (): void => undefined;

/** A name that two methods share would give each the other's values; one scope function, all of a class's subclasses. */
const claimName = (settings: CachedSettings, binding: Binding, store: CacheStore): void => {
  const { name, version, scope } = settings;
  const owner = typeof scope === 'function' ? { scope } : { method: binding.method };
  binding.shared(`cache in the store '${store.name}'`, `${name}@${version}`, owner, () => ({}));
};

const checkTerms = (
  { name, version, scope }: CachedSettings,
  { kind, site }: Binding,
  { name: store }: CacheStore,
): void => {
  const refuse = (problem: string, option: string): never => {
    throw configurationError(site, `${problem}; or set store: false`, option);
  };
  if (kind === 'sync')
    refuse(`store '${store}' needs a method that returns a Promise; a synchronous one cannot wait for it`, 'store');
  if (name === undefined)
    refuse(`store '${store}' needs a name that outlives the process; set name: 'products'`, 'name');
  if (version === undefined)
    refuse(`store '${store}' needs a version that changes with the shape of the values; set version: '1'`, 'version');
  if (scope === 'instance')
    refuse(
      `store '${store}' outlives instances; set scope: 'class' where all of them may share values, or scope: (self) => string`,
      'scope',
    );
};

/**
 * The second tier of a method's cache; undefined where its own memory is all there is.
 * @throws ConfigurationError where the method's options do not do for a store.
 */
export const secondTierOf = (settings: CachedSettings, binding: Binding): SecondTier | undefined => {
  const { runtime, method, site, work } = binding;
  const store = (settings.store ?? runtime.settings.store) as CacheStore | false | undefined;
  if (store === undefined || store === false || !settings.isEnabled) return undefined;
  checkTerms(settings, binding, store);
  const kit = storeKit.present;
  if (kit === undefined)
    throw configurationError(site, 'store has no guard in this bundle; give it as guardedStore(store)', 'store');
  const guard = kit.guardOf(store, runtime);
  claimName(settings, binding, store);
  const { name, version, key } = settings as CachedSettings & { readonly name: string; readonly version: string };
  const namespace = { name, version, isReadable: key !== undefined && typeof settings.scope !== 'function' };
  const slot = `tier ${store.name} ${name}@${version} ${String(namespace.isReadable)}`;
  // What is on its way or owed goes on over re-bindings.
  const tiers = binding.state(slot, () => new Map<StoreGuard, StoreTier>());
  const tier =
    tiers.get(guard) ??
    new kit.Tier(guard, namespace, {
      method,
      wall: () => runtime.clock.wall(),
      onWork: (change) => void (work.writes += change),
    });
  tiers.set(guard, tier);
  return new SecondTier(tier, settings, binding);
};
