import type { CacheKey } from '../../algorithms/stable-key.js';
import { type ErrorClass, VERDICTS, classifyInternal } from '../../errors/classify.js';
import { statusOf, summarize } from '../../errors/error-facts.js';
import { isRejection } from '../../errors/rejected-error.js';
import { isResilienceError } from '../../errors/resilience-error.js';
import { TimedOutError } from '../../errors/timed-out-error.js';
import type { StaleReason } from '../../events/event.js';
import type { Binding } from '../../pipeline/policy.js';
import type { CachedCell, Flight } from './flight.js';
import { type Lifetime, isUsableOnError, nextThrottle } from './machine.js';
import type { CachedSettings } from './options.js';
import type { Writer } from './writer.js';

/** The old value, in a box: it may be undefined. */
export interface OldValue {
  readonly value: unknown;
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

  constructor(settings: CachedSettings, binding: Binding, writer: Writer) {
    this.settings = settings;
    this.binding = binding;
    this.writer = writer;
  }

  /** The times of an entry as they hold now: a lease that has ended by the wall clock has ended. */
  lifetimeAt(cell: CachedCell, slot: number, now: number): Lifetime {
    const { freshUntil, hardUntil, hardUntilWall } = cell.table.timesAt(slot);
    if (hardUntilWall === Infinity) return { freshUntil, hardUntil };
    const hasEnded = this.binding.runtime.clock.wall() >= hardUntilWall;
    return { freshUntil, hardUntil: hasEnded ? Math.min(hardUntil, now) : hardUntil };
  }

  /** The value that a load is about to replace. */
  replaced(
    cell: CachedCell,
    key: CacheKey,
    now: number,
  ): { readonly value: unknown; readonly age: number } | undefined {
    const slot = cell.table.find(key);
    if (slot < 0 || now >= this.lifetimeAt(cell, slot, now).hardUntil) return undefined;
    return { value: cell.table.valueAt(slot), age: now - cell.table.timesAt(slot).startedAt };
  }

  /** For a key that is held back after a failure: the old value without a load. */
  whileHeldBack(cell: CachedCell, key: CacheKey, slot: number, now: number): OldValue | undefined {
    const throttle = cell.throttleOf(key);
    if (throttle === undefined || now >= throttle.until) return undefined;
    cell.counters.staleHits += 1;
    return this.serve(cell, key, slot, 'error', now);
  }

  /** What a failed load leads to: an entry dropped, or the old value and a pause, or nothing. */
  afterFailure(flight: Flight, error: unknown, now: number): OldValue | undefined {
    const { cell, key } = flight;
    cell.counters.errors += 1;
    const errorClass = this.classify(error);
    if (flight.isDetached) return undefined;
    if (VERDICTS[errorClass].dropsEntry || this.mustInvalidate(error)) this.drop(cell, key, errorClass, error);
    const slot = this.usableSlot(cell, key, error, errorClass, now);
    if (flight.isRefresh) this.refreshFailed(flight, error, now);
    if (slot < 0) return undefined;
    if (!flight.isRefresh) cell.setThrottle(key, nextThrottle(cell.throttleOf(key), this.settings.throttle, now));
    return this.serve(cell, key, slot, reasonOf(error), now);
  }

  /** For a caller whose patience has ended while the load goes on. His own abort is never answered. */
  forImpatient(cell: CachedCell, key: CacheKey, error: unknown, now: number): OldValue | undefined {
    if (!(error instanceof TimedOutError)) return undefined;
    const slot = this.usableSlot(cell, key, error, 'transient', now);
    return slot < 0 ? undefined : this.serve(cell, key, slot, 'timeout', now);
  }

  report(
    cell: CachedCell,
    key: CacheKey,
    slot: number,
    facts: { readonly reason: StaleReason; readonly now: number },
  ): void {
    const channel = this.binding.runtime.events.channel('cache.servedStale');
    if (!channel.isWatched) return;
    const age = facts.now - cell.table.timesAt(slot).startedAt;
    channel.emit(this.binding.method, { keyHash: this.writer.hash(key), reason: facts.reason, age });
  }

  private serve(cell: CachedCell, key: CacheKey, slot: number, reason: StaleReason, now: number): OldValue {
    this.report(cell, key, slot, { reason, now });
    cell.table.promote(slot);
    const value = cell.table.valueAt(slot);
    const { clone } = this.settings;
    return { value: clone === undefined ? value : clone(value) };
  }

  private usableSlot(cell: CachedCell, key: CacheKey, error: unknown, errorClass: ErrorClass, now: number): number {
    const slot = cell.table.find(key);
    if (slot < 0 || !isUsableOnError(this.lifetimeAt(cell, slot, now), this.settings.windows, now)) return -1;
    return this.isAnswerable(error, errorClass) ? slot : -1;
  }

  /** The user's predicate decides, but never for credentials, permissions and things that are gone. */
  private isAnswerable(error: unknown, errorClass: ErrorClass): boolean {
    const { staleWhen } = this.settings;
    const { stale, dropsEntry } = VERDICTS[errorClass];
    if (staleWhen === undefined || dropsEntry || errorClass === 'abort' || errorClass === 'configuration') return stale;
    try {
      return staleWhen(error) === true;
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

  private drop(cell: CachedCell, key: CacheKey, errorClass: ErrorClass, error: unknown): void {
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

  private refreshFailed({ cell, key }: Flight, error: unknown, now: number): void {
    const throttle = nextThrottle(cell.throttleOf(key), this.settings.throttle, now);
    if (cell.table.find(key) >= 0) cell.setThrottle(key, throttle);
    const facts = { keyHash: this.writer.hash(key), retryIn: throttle.delay, error: summarize(error) };
    this.binding.runtime.events.emit('cache.refreshFailed', this.binding.method, facts);
  }

  private classify(error: unknown): ErrorClass {
    const { classifiers } = this.binding.runtime.settings;
    return classifyInternal(error, classifiers, (thrown) => this.binding.reportFailure('classifier', thrown));
  }
}
