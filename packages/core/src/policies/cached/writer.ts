import { hashKey } from '../../algorithms/key-hash.js';
import { parseDuration } from '../../algorithms/duration.js';
import type { CacheKey } from '../../algorithms/stable-key.js';
import type { Binding } from '../../pipeline/policy.js';
import { processSalt } from '../../runtime/system.js';
import type { CachedCell, Flight } from './flight.js';
import { effectiveTtl } from './machine.js';
import type { CachedSettings, ComputedTtl } from './options.js';

interface Term {
  readonly ttl: number;
  /** Epoch milliseconds. */
  readonly hardUntil: number;
}

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

  /** Stores what a load brought, unless a rule of the user's is against it. */
  storeResult(flight: Flight, value: unknown, args: readonly unknown[]): void {
    if (!this.settings.isEnabled || !this.isWorthStoring(value, args)) return;
    const term = this.termOf(value, args, flight.ttl);
    if (term !== undefined) this.write(flight.cell, flight.key, value, { ...term, startedAt: flight.startedAt });
  }

  /** Stores a value given by hand. */
  storeGiven(
    cell: CachedCell,
    key: CacheKey,
    value: unknown,
    options: { readonly args: readonly unknown[]; readonly ttl: number | undefined; readonly startedAt: number },
  ): void {
    const term = this.termOf(value, options.args, options.ttl);
    if (term !== undefined) this.write(cell, key, value, { ...term, startedAt: options.startedAt });
  }

  hash(key: CacheKey): string {
    return hashKey(key, processSalt);
  }

  private isWorthStoring(value: unknown, args: readonly unknown[]): boolean {
    const { cacheIf } = this.settings;
    if (cacheIf === undefined) return true;
    try {
      return cacheIf(value, ...args) === true;
    } catch (thrown) {
      this.binding.reportFailure('cacheIf', thrown);
      return false;
    }
  }

  private termOf(value: unknown, args: readonly unknown[], given: number | undefined): Term | undefined {
    if (given !== undefined) return { ttl: given, hardUntil: Infinity };
    const { ttl, negativeTtl } = this.settings;
    if (negativeTtl !== undefined && (value === null || value === undefined))
      return this.jittered(negativeTtl, Infinity);
    if (typeof ttl !== 'function') return this.jittered(ttl, Infinity);
    try {
      return this.computed(ttl(value, ...args));
    } catch (thrown) {
      this.binding.reportFailure('ttl', thrown);
      return this.refuse('the ttl function threw');
    }
  }

  /** A computed ttl that is null, negative, 0 or no duration at all means: do not store. */
  private computed(answer: ComputedTtl): Term | undefined {
    if (answer === null) return this.refuse('the ttl function said so');
    const isLease = typeof answer === 'object';
    const ttl = parseDuration(isLease ? answer.ttl : answer);
    const hardUntil = isLease ? answer.hardUntil : Infinity;
    if (!(ttl > 0) || Number.isNaN(hardUntil)) return this.refuse('the computed ttl is not longer than 0');
    return this.jittered(ttl, hardUntil);
  }

  private jittered(ttl: number, hardUntil: number): Term | undefined {
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

  private refuse(reason: string): undefined {
    this.binding.runtime.events.emit('cache.uncacheable', this.binding.method, { reason });
    return undefined;
  }

  private write(
    cell: CachedCell,
    key: CacheKey,
    value: unknown,
    { ttl, hardUntil, startedAt }: Term & { startedAt: number },
  ): void {
    const { clock, events } = this.binding.runtime;
    const now = clock.now();
    const lease = hardUntil === Infinity ? Infinity : now + (hardUntil - clock.wall());
    const times = { startedAt, freshUntil: startedAt + ttl, hardUntil: lease, hardUntilWall: hardUntil };
    const { clone } = this.settings;
    cell.store(key, clone === undefined ? value : clone(value), times, { now, retainedFor: this.retainedFor });
    const channel = events.channel('cache.stored');
    if (channel.isWatched) channel.emit(this.binding.method, { keyHash: this.hash(key), ttl });
  }
}
