import type { Binding } from '../../pipeline/policy.js';
import type { EntryTimes } from '../../stores/entry-times.js';
import type { Flight } from './flight.js';
import type { Found } from './found.js';
import type { SecondTier } from './second-tier.js';
import type { StaleAnswers } from './stale-answers.js';
import { NO_COPY, type Writer } from './writer.js';

/** Of its ttl: so much later the load of a value began that has replaced another one. */
const RENEWED_BY = 0.1;

/** A load through the store: asks it first, inside of the flight, so that any number of callers costs one read. */
export class LoadThrough {
  readonly tier: SecondTier;
  private readonly binding: Binding;
  private readonly writer: Writer;
  private readonly stale: StaleAnswers;

  constructor(tier: SecondTier, binding: Binding, parts: { readonly writer: Writer; readonly stale: StaleAnswers }) {
    this.tier = tier;
    this.binding = binding;
    this.writer = parts.writer;
    this.stale = parts.stale;
  }

  /** The store's answer, or what the method brings. `run` is called at most once, whatever the store does. */
  begin(flight: Flight, run: () => unknown): unknown {
    const reading = this.tier.read(flight.key, flight.isRefresh);
    if (!(reading instanceof Promise))
      return this.isTaken(flight, reading) ? Promise.resolve(flight.storeValue) : run();
    return reading.then(
      (found) => this.goOn(flight, found, run),
      (error: unknown) => {
        this.tellMiss(flight);
        throw error;
      },
    );
  }

  private goOn(flight: Flight, found: Found | undefined | null, run: () => unknown): unknown {
    if (flight.run.interruption !== undefined) throw flight.run.interruption.reason;
    if (this.isTaken(flight, found)) return flight.storeValue;
    flight.isStarting = true;
    try {
      return run();
    } finally {
      flight.isStarting = false;
    }
  }

  /** The flight ends with what the store knew. True where that is to be refreshed behind its callers. */
  landed(flight: Flight, found: Found): boolean {
    const { cell, key } = flight;
    const { startedAt, freshUntil } = found.times;
    this.backfill(flight, found);
    const now = this.binding.runtime.clock.now();
    if (found.freshness !== 'fresh') {
      if (flight.isCounted) cell.countStaleInsteadOfMiss();
      this.stale.report(key, 'revalidating', now - startedAt);
      return true;
    }
    if (flight.isCounted) cell.countHitInsteadOfMiss();
    if (flight.isRefresh) {
      this.binding.runtime.events.emit('cache.refreshed', this.binding.method, { keyHash: this.writer.hash(key) });
      return false;
    }
    const channel = this.binding.runtime.events.channel('cache.hit');
    if (!channel.isWatched) return false;
    const facts = { keyHash: this.writer.hash(key), age: now - startedAt, remainingTtl: freshUntil - now };
    channel.emit(this.binding.method, { ...facts, tier: 'store' });
    return false;
  }

  private tellMiss({ isCounted, key }: Flight): void {
    if (!isCounted) return;
    const channel = this.binding.runtime.events.channel('cache.miss');
    if (channel.isWatched) channel.emit(this.binding.method, { keyHash: this.writer.hash(key) });
  }

  /** Whether the flight ends with what the store knows; an old value may be of use even if it does not. */
  private isTaken(flight: Flight, found: Found | undefined | null): boolean {
    flight.isUnknownToStore = found === undefined;
    if (found !== undefined && found !== null && this.isOfUse(flight, found)) {
      const copy = this.writer.copy(found.value);
      if (copy !== NO_COPY && found.freshness !== 'on-error') {
        flight.found = found;
        flight.storeValue = copy;
        return true;
      }
      // Nothing fresh: it answers if the method fails.
      if (copy !== NO_COPY) this.keepForErrors(flight, found);
    }
    this.tellMiss(flight);
    return false;
  }

  /** An old value only where the table has none: what the table has was there when the load began, or is newer. */
  private isOfUse(flight: Flight, { freshness, times }: Found): boolean {
    const { cell, key } = flight;
    if (freshness !== 'fresh') return cell.table.find(key) < 0;
    return !cell.hasNewer(key, times.startedAt) && (!flight.isRefresh || this.isRenewed(flight, times));
  }

  /**
   * For a refresh ahead of the end: the store has what the table has, unless another process has renewed it. Told by much
   * of the ttl, since the two clocks by which times are carried over do not agree to the millisecond.
   */
  private isRenewed({ cell, key }: Flight, { startedAt, freshUntil }: EntryTimes): boolean {
    const slot = cell.table.find(key);
    if (slot < 0) return true;
    const known = cell.table.timesAt(slot);
    if (this.binding.runtime.clock.now() >= known.freshUntil) return true;
    return startedAt - known.startedAt > RENEWED_BY * (freshUntil - startedAt);
  }

  private backfill(flight: Flight, found: Found): void {
    const weight = this.writer.weightOf(found.value, flight.cell);
    if (weight === undefined) return;
    const { startedAt, freshUntil } = found.times;
    // How long its load took is not known.
    const refreshAt = this.writer.refreshTime(startedAt, freshUntil - startedAt, startedAt);
    this.tier.backfill(flight, { ...found, times: { ...found.times, refreshAt } }, weight);
  }

  private keepForErrors(flight: Flight, found: Found): void {
    this.backfill(flight, found);
    if (!flight.isDetached)
      flight.stale = { value: found.value, age: flight.startedAt - found.times.startedAt, tags: found.tags };
  }
}
