import { refreshTime } from '../../algorithms/early-refresh.js';
import { hashKey } from '../../algorithms/key-hash.js';
import { parseDuration } from '../../algorithms/duration.js';
import { isSingleUse } from '../../algorithms/single-use.js';
import type { CacheKey } from '../../algorithms/stable-key.js';
import type { Binding } from '../../pipeline/policy.js';
import { processSalt } from '../../runtime/system.js';
import type { Label } from '../../stores/cache-cell.js';
import { weightOf } from '../../stores/weighing.js';
import type { CachedCell, Flight } from './flight.js';
import { effectiveTtl } from './machine.js';
import { adviseOnSingleUse } from './single-use-advice.js';
import type { ComputedTtl, LeasedTtl } from './options.js';
import type { CachedSettings } from './settings.js';
import { NO_TAGS, type Tags, tagsOf, together } from './tags.js';

interface Term {
  readonly ttl: number;
  /** Epoch milliseconds. */
  readonly hardUntil: number;
}

interface Stored extends Term {
  readonly startedAt: number;
  readonly label: Label | undefined;
  readonly weight: number;
}

/** Stands for a copy that could not be made. */
export const NO_COPY: unique symbol = Symbol('no copy');

/** A value given by hand. */
export interface Given {
  readonly self: unknown;
  readonly args: readonly unknown[];
  readonly ttl: number | undefined;
  /** Besides those of the option. */
  readonly tags: readonly string[] | undefined;
  readonly startedAt: number;
}

const SINGLE_USE = 'the result can be consumed only once';

/** Decides whether and for how long a value is stored, and stores it. */
export class Writer {
  private readonly settings: CachedSettings;
  private readonly binding: Binding;

  constructor(settings: CachedSettings, binding: Binding) {
    this.settings = settings;
    this.binding = binding;
  }

  /** How long past its freshness an entry may still serve. */
  get retainedFor(): number {
    const { staleWhileRevalidate, staleIfError } = this.settings.windows;
    return Math.max(staleWhileRevalidate, staleIfError);
  }

  /** Stores what a load brought, unless a rule of the user's is against it. Returns whether it did. */
  storeResult(flight: Flight, value: unknown, args: readonly unknown[]): boolean {
    const { said } = flight;
    if (!this.settings.isEnabled || said?.isSkipped === true || !this.isWorthStoring(value, args)) return false;
    if (said?.problem !== undefined) return this.refuseTags(said.problem);
    const term =
      said?.ttl === undefined ? this.termOf(value, args, flight) : this.computed(said.ttl.given, flight.startedAt);
    const weight = term === false ? undefined : this.weightOf(value, flight.cell);
    if (term === false || weight === undefined || flight.isUntellable) return false;
    const copy = this.copy(value);
    // The user's functions may have changed the key themselves.
    if (flight.isDetached) return false;
    const { startedAt, tagsOfResult: tags } = flight;
    const label = tags && { tags, sequence: flight.sequence };
    // Named one by one: a spread costs more than all the rest of storing.
    const { ttl, hardUntil } = term;
    return this.write(flight.cell, flight.key, copy, { ttl, hardUntil, startedAt, label, weight });
  }

  /** Stores a value given by hand. Returns whether it did. */
  storeGiven(cell: CachedCell, key: CacheKey, value: unknown, given: Given): boolean {
    if (!this.settings.isEnabled) return false;
    if (isSingleUse(value)) return this.refuseSingleUse();
    const { sequence } = cell;
    const term = this.termOf(value, given.args, given);
    const ofCall = this.tagsOf(given.self, given.args);
    if (term === false || ofCall === NO_TAGS) return false;
    const weight = this.weightOf(value, cell);
    if (weight === undefined) return false;
    const tags = together(ofCall, given.tags);
    const label = tags && { tags, sequence };
    const { ttl, hardUntil } = term;
    return this.write(cell, key, this.copy(value), { ttl, hardUntil, startedAt: given.startedAt, label, weight });
  }

  /** The tags that the option gives to a call. */
  tagsOf(self: unknown, args: readonly unknown[]): Tags {
    return this.settings.isEnabled ? tagsOf(this.settings.tags, self, args, this.binding) : undefined;
  }

  /** What a value weighs, 0 where nothing is weighed; undefined, and reported, where it cannot be stored. */
  weightOf(value: unknown, { weighing }: Pick<CachedCell, 'weighing'>): number | undefined {
    if (weighing === undefined) return 0;
    const weight = weightOf(weighing, value, (thrown) => this.binding.reportFailure('weigh', thrown));
    if (typeof weight === 'number') return weight;
    this.refuse(weight);
    return undefined;
  }

  /** The value, or its copy where there is the option `clone`; NO_COPY when that throws. */
  copy(value: unknown): unknown {
    const { clone } = this.settings;
    if (clone === undefined) return value;
    try {
      return clone(value);
    } catch (thrown) {
      this.binding.reportFailure('clone', thrown);
      return NO_COPY;
    }
  }

  /** Reports a value that is not stored. */
  refuse(reason: string): false {
    this.binding.runtime.events.emit('cache.uncacheable', this.binding.method, { reason });
    return false;
  }

  refuseSingleUse(): false {
    adviseOnSingleUse(this.binding);
    return this.refuse(SINGLE_USE);
  }

  private refuseTags(problem: string): false {
    this.binding.reportFailure('setTags', new TypeError(problem));
    return false;
  }

  hash(key: CacheKey): string {
    return hashKey(key, processSalt());
  }

  private isWorthStoring(value: unknown, args: readonly unknown[]): boolean {
    const { cacheIf } = this.settings;
    if (cacheIf === undefined) return true;
    try {
      const answer: unknown = cacheIf(value, ...args);
      // A promise is no yes.
      return answer === true;
    } catch (thrown) {
      this.binding.reportFailure('cacheIf', thrown);
      return false;
    }
  }

  private termOf(
    value: unknown,
    args: readonly unknown[],
    { ttl: given, startedAt }: { readonly ttl: number | undefined; readonly startedAt: number },
  ): Term | false {
    if (given !== undefined) return { ttl: given, hardUntil: Infinity };
    const { ttl, negativeTtl } = this.settings;
    if (negativeTtl !== undefined && (value === null || value === undefined))
      return this.jittered(negativeTtl, Infinity);
    if (typeof ttl !== 'function') return this.jittered(ttl, Infinity);
    try {
      return this.computed(ttl(value, ...args), startedAt);
    } catch (thrown) {
      this.binding.reportFailure('ttl', thrown);
      return this.refuse('the ttl function threw');
    }
  }

  /** A computed ttl that is null, negative, 0 or no duration at all means: do not store. */
  private computed(answer: ComputedTtl, startedAt: number): Term | false {
    if (answer === null) return this.refuse('the ttl function said so');
    const ttl = parseDuration(typeof answer === 'object' ? answer.ttl : answer);
    if (!(ttl > 0)) return this.refuse('the computed ttl is not longer than 0');
    const hardUntil = typeof answer === 'object' ? this.endOfLease(answer, startedAt) : Infinity;
    if (!(hardUntil > this.binding.runtime.clock.wall())) return this.refuse('the lease has ended');
    return this.jittered(ttl, hardUntil);
  }

  /** By the wall clock. NaN, of no duration at all, lets nothing be stored. */
  private endOfLease({ hardUntil = Infinity, hardTtl = Infinity }: LeasedTtl, startedAt: number): number {
    const { clock } = this.binding.runtime;
    return typeof hardUntil !== 'number'
      ? NaN
      : Math.min(hardUntil, clock.wall() - (clock.now() - startedAt) + parseDuration(hardTtl));
  }

  private jittered(ttl: number, hardUntil: number): Term | false {
    const { runtime, method } = this.binding;
    const { ttlRules } = this.settings;
    const { bounds } = ttlRules;
    if (bounds !== undefined && (ttl < bounds.min || ttl > bounds.max)) {
      runtime.events.emit('cache.ttlClamped', method, {
        ttl,
        clampedTo: Math.min(bounds.max, Math.max(bounds.min, ttl)),
      });
    }
    const effective = effectiveTtl(ttl, ttlRules, runtime.random);
    return effective === undefined ? this.refuse('the ttl is not longer than 0') : { ttl: effective, hardUntil };
  }

  private write(
    cell: CachedCell,
    key: CacheKey,
    copy: unknown,
    { ttl, hardUntil, startedAt, label, weight }: Stored,
  ): boolean {
    if (copy === NO_COPY) return this.refuse('the value cannot be copied');
    const { clock, events } = this.binding.runtime;
    const now = clock.now();
    const lease = hardUntil === Infinity ? Infinity : now + (hardUntil - clock.wall());
    const refreshAt = this.refreshTime(startedAt, Math.min(ttl, lease - startedAt), now);
    const times = { startedAt, freshUntil: startedAt + ttl, refreshAt, hardUntil: lease, hardUntilWall: hardUntil };
    cell.store(key, copy, times, { now, retainedFor: this.retainedFor, label, weight });
    const channel = events.channel('cache.stored');
    if (channel.isWatched) channel.emit(this.binding.method, { keyHash: this.hash(key), ttl });
    return true;
  }

  /** When a use renews a value of this ttl; `now` is when its load ended. */
  refreshTime(startedAt: number, ttl: number, now: number): number {
    const { earlyRefresh } = this.settings;
    if (earlyRefresh === undefined) return Infinity;
    return refreshTime(earlyRefresh, { startedAt, ttl, loadDuration: now - startedAt }, this.binding.runtime.random);
  }
}
