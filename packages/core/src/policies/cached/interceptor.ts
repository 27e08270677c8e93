import { type CacheKey, isRawString, isUnkeyable, keyOf, keyOfValue } from '../../algorithms/stable-key.js';
import type { Channel } from '../../events/channel.js';
import type { Call, CallFrame } from '../../pipeline/call.js';
import { argsWithoutSignal, callerSignalOf } from '../../pipeline/caller-signal.js';
import { type Interceptor, type InterceptorFacts, MISS } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import type { Clock } from '../../runtime/clock.js';
import { outsideAnyContext } from '../../runtime/system.js';
import { world } from '../../runtime/world.js';
import type { CacheAdministration } from './administration.js';
import type { Cells } from './cells.js';
import { BYPASS, type Bypass, type CachedCell, type LoadRequest } from './flight.js';
import type { Loader } from './loader.js';
import { judge } from './machine.js';
import type { CachedSettings } from './settings.js';
import type { StaleAnswers } from './stale-answers.js';
import { NO_COPY, type Writer } from './writer.js';

/** What a key function that failed, or arguments without a canonical form, lead to. */
export interface NoKey {
  readonly unkeyable: string;
}

export class CachedInterceptor implements Interceptor {
  readonly policy = 'cached';
  readonly endsItsWaits = true;
  readonly countsItsWork = true;
  readonly handle: CacheAdministration;
  private readonly settings: CachedSettings;
  private readonly binding: Binding;
  private readonly clock: Clock;
  private readonly readsCoarseClock: boolean;
  private readonly cells: Cells;
  private readonly loader: Loader;
  private readonly writer: Writer;
  private readonly stale: StaleAnswers;
  private readonly copies: boolean;
  private isAsync = false;
  /** The arguments of the look-up that has just missed and their key, which `around` need not make again. */
  private missedArgs: readonly unknown[] | undefined = undefined;
  private missedKey: CacheKey | NoKey = undefined;
  private readonly hits: Channel<'cache.hit'>;
  private readonly takesRawKeys: boolean;
  readonly lookup: ((self: unknown, args: readonly unknown[]) => unknown) | undefined;
  readonly join: ((self: unknown, args: readonly unknown[]) => unknown) | undefined;
  private readonly makePromise = (value: unknown): Promise<unknown> => outsideAnyContext(() => Promise.resolve(value));

  constructor(
    settings: CachedSettings,
    binding: Binding,
    parts: { cells: Cells; loader: Loader; writer: Writer; stale: StaleAnswers; administration: CacheAdministration },
  ) {
    this.settings = settings;
    this.binding = binding;
    this.clock = binding.runtime.clock;
    this.readsCoarseClock = this.clock.coarse !== undefined && !binding.runtime.settings.usesExactClock;
    this.cells = parts.cells;
    this.loader = parts.loader;
    this.writer = parts.writer;
    this.copies = settings.clone !== undefined;
    this.stale = parts.stale;
    this.handle = parts.administration;
    this.hits = binding.runtime.events.channel('cache.hit');
    this.takesRawKeys = settings.key === undefined && typeof settings.scope !== 'function';
    this.lookup = settings.isEnabled ? this.answerHit : undefined;
    const waitsForEver = settings.hardTimeout === undefined;
    this.join =
      settings.isEnabled && settings.isSingleFlight && !this.copies && waitsForEver ? this.joinFlight : undefined;
  }

  /** The hit path: no call record, no promise, one map look-up. Asked only while the cache is enabled. */
  private answerHit(self: unknown, args: readonly unknown[]): unknown {
    // One primitive argument is its own key; what has to be thought about is left to `keyOf`.
    const only = args.length === 1 && this.takesRawKeys ? args[0] : undefined;
    const key = typeof only === 'number' || isRawString(only) ? only : this.keyOf(self, args);
    if (isUnkeyable(key)) return this.missed(args, key);
    const cell = this.cells.of(self);
    const now = this.readsCoarseClock ? (this.clock.coarse?.() as number) : this.clock.now();
    const slot = cell.table.hit(key, now);
    if (slot < 0) return this.missed(args, key);
    if (this.copies || this.hits.isWatched) return this.watchedHit(cell, key, slot, now);
    cell.counters.hits += 1;
    return this.answer(cell, slot);
  }

  /**
   * A stampede's path: joins the load of the key that `lookup` has just missed. Left to `around`: an old value beside the
   * load, code that may run inside of the load, and arguments that may hold a signal to leave by.
   */
  private joinFlight(self: unknown, args: readonly unknown[]): unknown {
    const key = this.missedKey;
    if (this.missedArgs !== args || isUnkeyable(key)) return MISS;
    const cell = this.cells.of(self);
    const flight = cell.flights.get(key);
    if (flight?.promise === undefined || flight.isStarting || world.ambient.isOn) return MISS;
    if (isObject(args[args.length - 1]) || cell.table.find(key) >= 0) return MISS;
    this.missed(undefined, undefined);
    return this.loader.follow(flight, self, args);
  }

  around(call: Call, inside: CallFrame): unknown {
    const key = this.missedArgs === call.args ? this.missedKey : this.keyOf(call.self, call.args);
    this.missedArgs = undefined;
    this.missedKey = undefined;
    if (isUnkeyable(key)) return this.runUncached(call, inside, key.unkeyable);
    const cell = this.cells.of(call.self);
    const bypass = bypassOf(call);
    if (bypass !== undefined) return this.loader.loadAnew({ cell, key, call, inside }, bypass);
    if (!this.settings.isEnabled) return this.loader.load({ cell, key, call, inside });
    const now = this.clock.now();
    const slot = cell.table.find(key);
    if (slot < 0) return this.loader.load({ cell, key, call, inside });
    const lifetime = this.stale.lifetimeAt(cell, slot, now);
    const freshness = judge(lifetime, this.settings.windows, now);
    if (freshness === 'fresh') return this.serveFresh({ cell, key, call, inside }, slot, now);
    if (freshness === 'gone') return this.loader.load({ cell, key, call, inside });
    if (freshness === 'revalidate') return this.serveAndRefresh({ cell, key, call, inside }, slot, now);
    const old = this.stale.whileHeldBack(cell, key, now);
    if (old === undefined) return this.loader.load({ cell, key, call, inside });
    call.answeredBy('stale');
    return this.asReturned(old.value);
  }

  describe(): InterceptorFacts {
    const { windows, ttl, weighing, store: _store, ...options } = this.settings;
    const bytes = weighing && { maxBytes: weighing.maxBytes };
    const store = this.handle.storeName;
    return {
      options: { ttl: typeof ttl === 'function' ? 'computed' : ttl, ...windows, ...bytes, ...options, store },
      state: this.handle.stats,
    };
  }

  /** The key of a call, without the caller's signal. */
  keyOf(self: unknown, given: readonly unknown[]): CacheKey | NoKey {
    const { key, scope } = this.settings;
    const count = given.length;
    const args =
      count > 0 && isObject(given[count - 1]) && callerSignalOf(given) !== undefined ? argsWithoutSignal(given) : given;
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
      const name: unknown = scope(self);
      // Everything else would put strangers into one scope.
      return typeof name === 'string' ? keyOf([name, own]) : { unkeyable: 'the scope function returned no string' };
    } catch (thrown) {
      this.binding.reportFailure('scope', thrown);
      return { unkeyable: 'the scope function threw' };
    }
  }

  private answer(cell: CachedCell, slot: number): unknown {
    // A method whose kind was unknown at first has shown it by now: it has stored a value.
    this.isAsync ||= this.binding.kind === 'async';
    if (!this.copies) return this.isAsync ? cell.table.promiseAt(slot, this.makePromise) : cell.table.valueAt(slot);
    const copy = this.writer.copy(cell.table.valueAt(slot));
    return this.isAsync && copy !== NO_COPY ? Promise.resolve(copy) : copy;
  }

  private missed(args: readonly unknown[] | undefined, key: CacheKey | NoKey): typeof MISS {
    this.missedArgs = args;
    // −0 is 0, and is found as that.
    this.missedKey = typeof key === 'number' ? key + 0 : key;
    return MISS;
  }

  /** A hit with copies or listeners. All is read first: the user's functions may change the table. */
  private watchedHit(cell: CachedCell, key: CacheKey, slot: number, now: number): unknown {
    const { startedAt, freshUntil } = cell.table.timesAt(slot);
    const answer = this.answer(cell, slot);
    if (answer === NO_COPY) {
      cell.drop(key);
      return MISS;
    }
    cell.counters.hits += 1;
    if (!this.hits.isWatched) return answer;
    // The coarse clock may lag behind the exact one that stamped the entry.
    const age = Math.max(0, now - startedAt);
    this.hits.emit(this.binding.method, { keyHash: this.writer.hash(key), age, remainingTtl: freshUntil - now });
    return answer;
  }

  private asReturned(value: unknown): unknown {
    return this.binding.kind === 'async' ? Promise.resolve(value) : value;
  }

  /** A hit with more to think about than `lookup` had: a lease, or a refresh that is due before the end. */
  private serveFresh(load: LoadRequest, slot: number, now: number): unknown {
    const { cell, key, call } = load;
    const { refreshAt } = cell.table.timesAt(slot);
    cell.table.promote(slot);
    const answer = this.watchedHit(cell, key, slot, now);
    if (answer === MISS) return this.loader.load(load);
    call.answeredBy('cache');
    if (now >= refreshAt) this.loader.refreshInBackground(load, now);
    return answer;
  }

  private serveAndRefresh(load: LoadRequest, slot: number, now: number): unknown {
    const { cell, key } = load;
    cell.table.promote(slot);
    const age = now - cell.table.timesAt(slot).startedAt;
    const value = this.answer(cell, slot);
    if (value === NO_COPY) {
      cell.drop(key);
      return this.loader.load(load);
    }
    cell.counters.staleHits += 1;
    this.stale.report(key, 'revalidating', age);
    load.call.answeredBy('stale');
    this.loader.refreshInBackground(load, now);
    return value;
  }

  private runUncached(call: Call, inside: CallFrame, reason: string): unknown {
    this.binding.runtime.events.emit('cache.uncacheable', this.binding.method, { reason });
    return this.loader.runAlone(call, inside);
  }
}

/** The note of a refresh by hand; in a frame further in it is found on the run outside. */
export const bypassOf = (call: Call): Bypass | undefined => {
  for (let each: Call | undefined = call; each !== undefined; each = each.parent) {
    const bypass = each.note<Bypass>(BYPASS);
    if (bypass !== undefined) return bypass;
  }
  return undefined;
};

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
