import { parseDuration } from '../../algorithms/duration.js';
import type { CacheKey } from '../../algorithms/stable-key.js';
import { type ErrorClass, classifyInternal } from '../../errors/classify.js';
import { summarize } from '../../errors/error-facts.js';
import type { Binding } from '../../pipeline/policy.js';
import type { CachedCell, Flight } from './flight.js';
import type { ErrorTtlFunction } from './settings.js';

/** They say nothing about the source: the next call may fare better at once. */
const NEVER_KEPT: ReadonlySet<ErrorClass> = new Set(['abort', 'configuration', 'rejection']);

/** Errors of loads that answer in the place of further loads, as long as `errorTtl` says. */
export class KnownFailures {
  private readonly errorTtl: number | ErrorTtlFunction;
  private readonly binding: Binding;
  private readonly hash: (key: CacheKey) => string;

  constructor(errorTtl: number | ErrorTtlFunction, binding: Binding, hash: (key: CacheKey) => string) {
    this.errorTtl = errorTtl;
    this.binding = binding;
    this.hash = hash;
  }

  /** @throws the error of an earlier load, where that is kept. */
  answer(cell: CachedCell, key: CacheKey, now: number): void {
    const failure = cell.failureOf(key, now);
    if (failure === undefined) return;
    cell.counters.hits += 1;
    const { error, startedAt, until } = failure;
    const channel = this.binding.runtime.events.channel('cache.errorServed');
    if (channel.isWatched) {
      const facts = { keyHash: this.hash(key), age: now - startedAt, remainingTtl: until - now };
      channel.emit(this.binding.method, { ...facts, error: summarize(error) });
    }
    throw error;
  }

  /** Counted from the beginning of the load, like a ttl. */
  keep({ cell, key, startedAt, isDetached }: Flight, error: unknown, args: readonly unknown[]): void {
    // A load that is not shared may fail after a younger one has succeeded.
    if (isDetached || cell.hasNewer(key, startedAt) || NEVER_KEPT.has(this.classify(error))) return;
    const until = startedAt + this.ttlFor(error, args);
    if (until > this.binding.runtime.clock.now()) cell.keepFailure(key, { error, startedAt, until });
  }

  private ttlFor(error: unknown, args: readonly unknown[]): number {
    if (typeof this.errorTtl === 'number') return this.errorTtl;
    try {
      const ttl = this.errorTtl(error, ...args);
      // No duration at all is NaN, which no comparison lets pass.
      return ttl === null ? 0 : parseDuration(ttl);
    } catch (thrown) {
      this.binding.reportFailure('errorTtl', thrown);
      return 0;
    }
  }

  private classify(error: unknown): ErrorClass {
    const { classifiers } = this.binding.runtime.settings;
    return classifyInternal(error, classifiers, (thrown) => this.binding.reportFailure('classifier', thrown));
  }
}
