import { type CacheKey, isUnkeyable, keyOf, keyOfValue } from '../../algorithms/stable-key.js';
import type { Channel } from '../../events/channel.js';
import type { Call, CallFrame } from '../../pipeline/call.js';
import { argsWithoutSignal, callerSignalOf } from '../../pipeline/caller-signal.js';
import { type Interceptor, type InterceptorFacts, MISS } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import type { Clock } from '../../runtime/clock.js';
import { outsideAnyContext } from '../../runtime/context.js';
import type { CacheAdministration } from './administration.js';
import type { Cells } from './cells.js';
import { BYPASS, type Bypass, type CachedCell, type LoadRequest } from './flight.js';
import type { Loader } from './loader.js';
import { judge } from './machine.js';
import type { CachedSettings } from './options.js';
import type { StaleAnswers } from './stale-answers.js';
import { hashKey } from '../../algorithms/key-hash.js';
import { processSalt } from '../../runtime/system.js';

/** What a key function that failed, or arguments without a canonical form, lead to. */
export interface NoKey {
  readonly unkeyable: string;
}

export class CachedInterceptor implements Interceptor {
  readonly policy = 'cached';
  readonly endsItsWaits = true;
  readonly handle: CacheAdministration;
  private readonly settings: CachedSettings;
  private readonly binding: Binding;
  private readonly clock: Clock;
  private readonly readsCoarseClock: boolean;
  private readonly cells: Cells;
  private readonly loader: Loader;
  private readonly stale: StaleAnswers;
  private isAsync = false;
  private readonly hits: Channel<'cache.hit'>;
  private readonly makePromise = (value: unknown): Promise<unknown> => outsideAnyContext(() => Promise.resolve(value));

  constructor(
    settings: CachedSettings,
    binding: Binding,
    parts: { cells: Cells; loader: Loader; stale: StaleAnswers; administration: CacheAdministration },
  ) {
    this.settings = settings;
    this.binding = binding;
    this.clock = binding.runtime.clock;
    this.readsCoarseClock = this.clock.coarse !== undefined && !binding.runtime.settings.usesExactClock;
    this.cells = parts.cells;
    this.loader = parts.loader;
    this.stale = parts.stale;
    this.handle = parts.administration;
    this.hits = binding.runtime.events.channel('cache.hit');
  }

  /** The hit path: no call record, no promise, one map look-up. */
  lookup(self: unknown, args: readonly unknown[]): unknown {
    if (!this.settings.isEnabled) return MISS;
    const key = this.keyOf(self, args);
    if (isUnkeyable(key)) return MISS;
    const cell = this.cells.of(self);
    const now = this.readsCoarseClock ? (this.clock.coarse?.() as number) : this.clock.now();
    const slot = cell.table.hit(key, now);
    if (slot < 0) return MISS;
    cell.counters.hits += 1;
    if (this.hits.isWatched) this.reportHit(cell, key, slot, now);
    return this.answer(cell, slot);
  }

  around(call: Call, inside: CallFrame): unknown {
    const key = this.keyOf(call.self, call.args);
    if (isUnkeyable(key)) return this.runUncached(call, inside, key.unkeyable);
    const cell = this.cells.of(call.self);
    const bypass = call.note<Bypass>(BYPASS);
    if (bypass !== undefined) return this.loader.loadAnew({ cell, key, call, inside }, bypass);
    if (!this.settings.isEnabled) return this.loader.load({ cell, key, call, inside });
    const now = this.clock.now();
    const slot = cell.table.find(key);
    if (slot < 0) return this.loader.load({ cell, key, call, inside });
    const lifetime = this.stale.lifetimeAt(cell, slot, now);
    const freshness = judge(lifetime, this.settings.windows, now);
    if (freshness === 'fresh') {
      cell.table.promote(slot);
      cell.counters.hits += 1;
      if (this.hits.isWatched) this.reportHit(cell, key, slot, now);
      return this.answer(cell, slot);
    }
    if (freshness === 'gone') return this.loader.load({ cell, key, call, inside });
    if (freshness === 'revalidate') return this.serveAndRefresh({ cell, key, call, inside }, slot, now);
    const old = this.stale.whileHeldBack(cell, key, slot, now);
    return old === undefined ? this.loader.load({ cell, key, call, inside }) : this.asReturned(old.value);
  }

  describe(): InterceptorFacts {
    const { windows, ttl, ...options } = this.settings;
    return {
      options: { ttl: typeof ttl === 'function' ? 'computed' : ttl, ...windows, ...options },
      state: this.handle.stats,
    };
  }

  /** The key of a call, without the caller's signal. */
  keyOf(self: unknown, given: readonly unknown[]): CacheKey | NoKey {
    const { key, scope } = this.settings;
    const args =
      isObject(given[given.length - 1]) && callerSignalOf(given) !== undefined ? argsWithoutSignal(given) : given;
    const own = key === undefined ? keyOf(args) : this.userKey(self, args, key);
    if (typeof scope !== 'function' || isUnkeyable(own)) return own;
    return this.scopedKey(self, own, scope);
  }

  private userKey(
    self: unknown,
    args: readonly unknown[],
    key: (...args: readonly unknown[]) => unknown,
  ): CacheKey | NoKey {
    try {
      return keyOfValue(key.apply(self, args as unknown[]));
    } catch (thrown) {
      this.binding.reportFailure('key', thrown);
      return { unkeyable: 'the key function threw' };
    }
  }

  private scopedKey(self: unknown, own: CacheKey, scope: (self: unknown) => string): CacheKey | NoKey {
    try {
      return keyOf([scope(self), own]);
    } catch (thrown) {
      this.binding.reportFailure('scope', thrown);
      return { unkeyable: 'the scope function threw' };
    }
  }

  private answer(cell: CachedCell, slot: number): unknown {
    // A method whose kind was unknown at first has shown it by now: it has stored a value.
    this.isAsync ||= this.binding.kind === 'async';
    const { clone } = this.settings;
    if (clone === undefined)
      return this.isAsync ? cell.table.promiseAt(slot, this.makePromise) : cell.table.valueAt(slot);
    const copy = clone(cell.table.valueAt(slot));
    return this.isAsync ? Promise.resolve(copy) : copy;
  }

  private asReturned(value: unknown): unknown {
    return this.binding.kind === 'async' ? Promise.resolve(value) : value;
  }

  private serveAndRefresh(load: LoadRequest, slot: number, now: number): unknown {
    const { cell, key } = load;
    const value = this.answer(cell, slot);
    cell.table.promote(slot);
    cell.counters.staleHits += 1;
    this.stale.report(cell, key, slot, { reason: 'revalidating', now });
    this.loader.refreshInBackground(load, now);
    return value;
  }

  private runUncached(call: Call, inside: CallFrame, reason: string): unknown {
    this.binding.runtime.events.emit('cache.uncacheable', this.binding.method, { reason });
    return inside.runInside(call);
  }

  private reportHit(cell: CachedCell, key: CacheKey, slot: number, now: number): void {
    const { startedAt, freshUntil } = cell.table.timesAt(slot);
    const remainingTtl = freshUntil === Infinity ? Infinity : Math.max(0, freshUntil - now);
    this.hits.emit(this.binding.method, { keyHash: hashKey(key, processSalt), age: now - startedAt, remainingTtl });
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
