import type { CacheKey } from '../../algorithms/stable-key.js';
import { type ErrorClass, VERDICTS, classifyInternal } from '../../errors/classify.js';
import { statusOf, summarize } from '../../errors/error-facts.js';
import { isRejection } from '../../errors/rejected-error.js';
import { isResilienceError } from '../../errors/resilience-error.js';
import { TimedOutError } from '../../errors/timed-out-error.js';
import type { StaleReason } from '../../events/event.js';
import type { Binding } from '../../pipeline/policy.js';
import type { CachedCell, Flight } from './flight.js';
import { type Lifetime, isUsableOnError, type Throttle, judge, nextThrottle, throttleAfterRefusal } from './machine.js';
import type { CachedSettings } from './settings.js';
import type { SecondTier } from './second-tier.js';
import { NO_COPY, type Writer } from './writer.js';

/** The old value, in a box: it may be undefined. */
export interface OldValue {
  readonly value: unknown;
  readonly age: number;
}

const reasonOf = (error: unknown): StaleReason => {
  if (isResilienceError(error) && error.code === 'CIRCUIT_OPEN') return 'circuit-open';
  if (isResilienceError(error) && error.code === 'TIMED_OUT') return 'timeout';
  return isRejection(error) ? 'rejected' : 'error';
};

/** Answers from an entry that is no longer fresh, and what a failed load does to the entry. */
export class StaleAnswers {
  private readonly settings: CachedSettings;
  private readonly binding: Binding;
  private readonly writer: Writer;
  private readonly secondTier: SecondTier | undefined;

  constructor(settings: CachedSettings, binding: Binding, writer: Writer, secondTier: SecondTier | undefined) {
    this.settings = settings;
    this.binding = binding;
    this.writer = writer;
    this.secondTier = secondTier;
  }

  /** The times of an entry as they hold now: a lease that has ended by the wall clock has ended. */
  lifetimeAt(cell: CachedCell, slot: number, now: number): Lifetime {
    const { freshUntil, hardUntil, hardUntilWall } = cell.table.timesAt(slot);
    if (hardUntilWall === Infinity) return { freshUntil, hardUntil };
    const hasEnded = this.binding.runtime.clock.wall() >= hardUntilWall;
    return { freshUntil, hardUntil: hasEnded ? Math.min(hardUntil, now) : hardUntil };
  }

  /** The value that a load is about to replace. An entry that can serve no more goes. */
  replaced(cell: CachedCell, key: CacheKey, now: number): Flight['stale'] {
    const slot = this.slotOf(cell, key);
    if (slot < 0) return undefined;
    const lifetime = this.lifetimeAt(cell, slot, now);
    const age = now - cell.table.timesAt(slot).startedAt;
    const tags = cell.table.tagsAt(slot);
    const value = now >= lifetime.hardUntil ? NO_COPY : this.writer.copy(cell.table.valueAt(slot));
    const old = value === NO_COPY ? undefined : { value, age, tags };
    if (judge(lifetime, this.settings.windows, now) === 'gone') cell.table.expire(key);
    return old;
  }

  /** For a key that is held back after a failure: the old value without a load. */
  whileHeldBack(cell: CachedCell, key: CacheKey, now: number): OldValue | undefined {
    const throttle = cell.throttleOf(key);
    if (throttle === undefined || now >= throttle.until) return undefined;
    const old = this.oldValue(cell, key, now);
    if (old === undefined) return undefined;
    cell.counters.staleHits += 1;
    this.report(key, 'error', old.age);
    return old;
  }

  /** What a failed load leads to: an entry dropped, or the old value and a pause, or nothing. */
  afterFailure(flight: Flight, error: unknown, now: number): OldValue | undefined {
    const { cell, key } = flight;
    cell.counters.errors += 1;
    if (flight.isDetached && !flight.isOutdated) return undefined;
    const errorClass = this.classify(error);
    if (this.mustDrop(flight, error, errorClass)) this.drop(flight, errorClass, error);
    const hasAudience = !flight.isRefresh || flight.callers > 0;
    const old = hasAudience && this.isAnswerable(error, errorClass) ? this.oldValue(cell, key, now) : undefined;
    if (flight.isRefresh) this.refreshFailed(flight, error, now);
    if (old === undefined) return undefined;
    if (!flight.isRefresh) this.holdBack(flight, error, now);
    this.report(key, reasonOf(error), old.age);
    return old;
  }

  /** For a caller whose patience has ended while the load goes on. His own abort is never answered. */
  forImpatient(flight: Flight, error: unknown, now: number): OldValue | undefined {
    const { cell, key } = flight;
    if (!(error instanceof TimedOutError) || !this.isAnswerable(error, 'transient')) return undefined;
    const old = this.oldValue(cell, key, now);
    if (old === undefined) return undefined;
    // Left by everyone, the load has failed for good: the next caller need not wait as long for nothing.
    if (flight.callers === 0 && !flight.isRefresh) this.holdBack(flight, error, now);
    this.report(key, 'timeout', old.age);
    return old;
  }

  /** Whether an old value could answer now. Asks nobody: it is called from timers that are everybody's. */
  isAtHand({ cell, key }: Flight, now: number): boolean {
    const slot = this.slotOf(cell, key);
    return slot >= 0 && isUsableOnError(this.lifetimeAt(cell, slot, now), this.settings.windows, now);
  }

  /** Whether the next caller gets an old value for the error of a load that had nobody to give one to. */
  canAnswerNext(flight: Flight, error: unknown, now: number): boolean {
    return this.isAtHand(flight, now) && this.isAnswerable(error, this.classify(error));
  }

  /** For a caller who could have an old value and has waited for the load long enough: it has not failed. */
  forSlowLoad({ cell, key }: Flight, now: number): OldValue | undefined {
    const old = this.oldValue(cell, key, now);
    if (old !== undefined) this.report(key, 'timeout', old.age);
    return old;
  }

  report(key: CacheKey, reason: StaleReason, age: number): void {
    const channel = this.binding.runtime.events.channel('cache.servedStale');
    if (channel.isWatched) channel.emit(this.binding.method, { keyHash: this.writer.hash(key), reason, age });
  }

  /** Read before anything is reported: listeners may change the table, and then a slot is another entry's. */
  private oldValue(cell: CachedCell, key: CacheKey, now: number): OldValue | undefined {
    const slot = this.slotOf(cell, key);
    if (slot < 0 || !isUsableOnError(this.lifetimeAt(cell, slot, now), this.settings.windows, now)) return undefined;
    cell.table.promote(slot);
    const age = now - cell.table.timesAt(slot).startedAt;
    const value = this.writer.copy(cell.table.valueAt(slot));
    return value === NO_COPY ? undefined : { value, age };
  }

  /** A cache that has been switched off keeps its entries, and answers with none. */
  private slotOf({ table }: CachedCell, key: CacheKey): number {
    return this.settings.isEnabled ? table.find(key) : -1;
  }

  private holdBack({ cell, key }: Flight, error: unknown, now: number): Throttle {
    const previous = cell.throttleOf(key);
    const { throttle: first } = this.settings;
    const throttle = isRejection(error)
      ? throttleAfterRefusal(previous, first, { retryAfter: error.retryAfter, now })
      : nextThrottle(previous, first, now);
    cell.setThrottle(key, throttle);
    return throttle;
  }

  /** The user's predicate decides, but never for credentials, permissions and things that are gone. */
  private isAnswerable(error: unknown, errorClass: ErrorClass): boolean {
    const { staleWhen } = this.settings;
    const { stale, dropsEntry } = VERDICTS[errorClass];
    if (staleWhen === undefined || dropsEntry || errorClass === 'abort' || errorClass === 'configuration') return stale;
    try {
      const answer: unknown = staleWhen(error);
      return answer === true;
    } catch (thrown) {
      this.binding.reportFailure('staleIfError.when', thrown);
      return false;
    }
  }

  private mustInvalidate(error: unknown): boolean {
    try {
      return this.settings.invalidateOn?.(error) === true;
    } catch (thrown) {
      this.binding.reportFailure('invalidateOn', thrown);
      return false;
    }
  }

  /** Also after a refresh whose failure no old value may cover up. */
  private mustDrop(flight: Flight, error: unknown, errorClass: ErrorClass): boolean {
    const { dropsEntry, stale } = VERDICTS[errorClass];
    return dropsEntry || (flight.isRefresh && !stale) || this.mustInvalidate(error);
  }

  /** The failure speaks of the value that this load was to replace, not of one that came after it. */
  private drop({ cell, key, startedAt, isUnknownToStore }: Flight, errorClass: ErrorClass, error: unknown): void {
    if (cell.hasNewer(key, startedAt)) return;
    // It may know what the table has never seen; things that are not there are asked for by the thousand.
    if (!isUnknownToStore || cell.table.find(key) >= 0) this.secondTier?.removeSoon(key);
    if (!cell.drop(key)) return;
    const reason = errorClass === 'authentication' || errorClass === 'authorization' ? 'auth-failure' : 'error';
    const status = statusOf(error);
    this.binding.runtime.events.emit('cache.invalidated', this.binding.method, {
      keyHash: this.writer.hash(key),
      reason,
      status,
      entries: 1,
    });
  }

  private refreshFailed(flight: Flight, error: unknown, now: number): void {
    const { until } = this.holdBack(flight, error, now);
    const facts = { keyHash: this.writer.hash(flight.key), retryIn: until - now, error: summarize(error) };
    this.binding.runtime.events.emit('cache.refreshFailed', this.binding.method, facts);
  }

  private classify(error: unknown): ErrorClass {
    const { classifiers } = this.binding.runtime.settings;
    return classifyInternal(error, classifiers, (thrown) => this.binding.reportFailure('classifier', thrown));
  }
}
