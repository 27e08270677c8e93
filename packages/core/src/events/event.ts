/**
 * Every fact that Holdfast reports, as one union. Facts are frozen and serialisable; they carry no arguments, values,
 * messages or raw keys: a key appears as a hash salted per process.
 */

import type { TimeoutScope } from '../errors/timed-out-error.js';

export interface ErrorFacts {
  readonly name: string;
  readonly code?: string | undefined;
  readonly status?: number | undefined;
}

interface Base<Type extends string> {
  readonly type: Type;
  /** `Class.method`; the name of a function for `resilient(fn)`; a store's or circuit's name where no method is meant. */
  readonly method: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly error?: ErrorFacts | undefined;
  /** What `withContext` carries, where it is on. */
  readonly context?: Readonly<Record<string, unknown>> | undefined;
}

type Fact<Type extends string, Facts = unknown> = Base<Type> & Readonly<Facts>;

export type StaleReason = 'revalidating' | 'error' | 'circuit-open' | 'timeout' | 'rejected';
export type InvalidationReason = 'manual' | 'tag' | 'auth-failure' | 'error';

export type HoldfastEvent =
  /** `tier` where it was not the process's own memory that knew it. */
  | Fact<'cache.hit', { keyHash: string; age: number; remainingTtl: number; tier?: 'store' }>
  | Fact<'cache.miss', { keyHash: string }>
  | Fact<'cache.coalesced', { keyHash: string }>
  | Fact<'cache.stored', { keyHash: string; ttl: number }>
  | Fact<'cache.servedStale', { keyHash: string; reason: StaleReason; age: number }>
  | Fact<'cache.refreshed', { keyHash: string }>
  | Fact<'cache.refreshFailed', { keyHash: string; retryIn: number }>
  | Fact<'cache.evicted', { keyHash: string; reason: 'size' | 'admission' | 'bytes' | 'resize' }>
  | Fact<'cache.expired', { keyHash: string }>
  /** A failed load was not repeated: its error has answered, `age` milliseconds after the load began. */
  | Fact<'cache.errorServed', { keyHash: string; age: number; remainingTtl: number }>
  | Fact<
      'cache.invalidated',
      {
        keyHash?: string;
        reason: InvalidationReason;
        status?: number | undefined;
        /** How many entries there were; not known where a tag was invalidated. */
        entries?: number;
        /** How many of the tags were in use. */
        tags?: number;
        /** The entries are stale now instead of gone. */
        mode?: 'expire';
      }
    >
  /** A store was asked in vain; `failures` in a row, or values that could not be stored. */
  | Fact<'cache.storeFailed', { operation: string; store: string; failures: number }>
  /** A store's guard leaves it alone from now on, for `retryAfter` milliseconds. */
  | Fact<'store.opened', { store: string; failures: number; retryAfter: number }>
  | Fact<'store.closed', { store: string }>
  | Fact<'cache.uncacheable', { reason: string }>
  | Fact<'cache.bypassed', { keyHash: string }>
  | Fact<'cache.ttlClamped', { ttl: number; clampedTo: number }>
  /** A warm-up has ended; how many entries of each state. */
  | Fact<
      'cache.warmed',
      {
        loaded: number;
        fresh: number;
        stale: number;
        unstored: number;
        failed: number;
        skipped: number;
        durationMs: number;
      }
    >
  /** One load of a warm-up has failed. */
  | Fact<'cache.warmFailed'>
  | Fact<'retry.scheduled', { attempt: number; delay: number; errorClass: string }>
  | Fact<'retry.exhausted', { attempts: number; reason: string }>
  | Fact<'retry.budgetExhausted', { attempts: number }>
  /** A method that retries was called in an attempt of another one that does; told once for each pair. `runs`: of the inner method, for one call of the outer. */
  | Fact<'retry.nested', { outer: string; runs?: number }>
  /** A shared budget has turned a retry or hedge down; told once, until it recovers. */
  | Fact<'budget.exhausted', { budget: string }>
  /** A fifth of what it allows is there again. */
  | Fact<'budget.recovered', { budget: string; available: number }>
  | Fact<
      'circuit.opened',
      {
        circuit: string;
        reason: string;
        openings: number;
        retryAfter: number;
        failures: number;
        failureRate?: number;
        slowCallRate?: number;
      }
    >
  | Fact<'circuit.halfOpened', { circuit: string }>
  | Fact<'circuit.closed', { circuit: string; reason: string }>
  | Fact<'circuit.isolated', { circuit: string }>
  | Fact<'circuit.disabled', { circuit: string; state: 'disabled' | 'metrics-only' }>
  | Fact<'circuit.rejected', { circuit: string; retryAfter: number }>
  | Fact<'circuit.slowCall', { circuit: string; durationMs: number }>
  | Fact<'timeout.elapsed', { scope: TimeoutScope; timeout: number }>
  | Fact<'timeout.lateResult', { outcome: 'fulfilled' | 'rejected'; lateMs: number }>
  /** Another branch of a call has begun; `hedge` counts from 1, `delay` is how long the one before had. */
  | Fact<'hedge.launched', { hedge: number; delay: number }>
  /** A hedge has answered in the first branch's place, `durationMs` after the call began. */
  | Fact<'hedge.won', { hedge: number; durationMs: number }>
  /** A hedge was due and not started: its budget was used up, or a policy inside had no room for it. */
  | Fact<'hedge.suppressed', { hedge: number; reason: 'budget' | 'rejected' }>
  | Fact<'rateLimit.delayed', { limiter: string; limit: number; interval: number; delay: number; waiting: number }>
  | Fact<'rateLimit.rejected', { limiter: string; limit: number; interval: number; retryAfter: number }>
  | Fact<
      'bulkhead.queued',
      { bulkhead: string; inFlight: number; maxConcurrent: number; queued: number; maxQueue: number }
    >
  | Fact<
      'bulkhead.rejected',
      {
        bulkhead: string;
        inFlight: number;
        maxConcurrent: number;
        queued: number;
        maxQueue: number;
        /** Milliseconds in the queue; 0 where it was full. */
        waited: number;
      }
    >
  /** Abandoned work lost its slot to `maxHold` and goes on. */
  | Fact<
      'bulkhead.letGo',
      { bulkhead: string; inFlight: number; maxConcurrent: number; queued: number; maxQueue: number; maxHold: number }
    >
  | Fact<'adaptiveConcurrency.limitChanged', { limit: number; previous: number }>
  | Fact<'adaptiveConcurrency.rejected', { limit: number; inFlight: number }>
  | Fact<'adaptiveThrottle.rejected', { requests: number; accepts: number; rejectionRate: number }>
  /** A policy in shadow mode would have refused; the facts are those of its own `rejected` event. */
  | Fact<
      'shadow.rejected',
      {
        policy: string;
        circuit?: string;
        limiter?: string;
        interval?: number;
        retryAfter?: number;
        bulkhead?: string;
        limit?: number;
        inFlight?: number;
        maxConcurrent?: number;
        queued?: number;
        maxQueue?: number;
        waited?: number;
        requests?: number;
        accepts?: number;
        rejectionRate?: number;
      }
    >
  /** A call was disturbed on purpose; `delay` in milliseconds. */
  | Fact<'chaos.injected', { kind: 'fault' | 'latency' | 'result'; delay?: number }>
  | Fact<'fallback.applied', { errorClass: string }>
  | Fact<'auth.refreshed'>
  | Fact<'auth.refreshFailed'>
  | Fact<'call.succeeded', { durationMs: number; attempts: number }>
  | Fact<'call.failed', { durationMs: number; attempts: number }>
  | Fact<'config.reloaded', { methods: number }>
  | Fact<'config.reloadFailed'>
  | Fact<'advisor.warned', { code: string; message: string; docs: string }>
  | Fact<'listener.failed', { source: string }>;

export type EventType = HoldfastEvent['type'];
export type EventOf<Type extends EventType> = Extract<HoldfastEvent, { type: Type }>;
type FactsOf<Event> = Event extends HoldfastEvent
  ? Omit<Event, keyof Base<string>> & Partial<Pick<Event, 'error'>>
  : never;
/** What the emitter of an event supplies: its own facts; type, method and time are added. */
export type EventFacts<Type extends EventType> = FactsOf<EventOf<Type>>;

/** All names, in the order of the documentation. The compiler checks that none is missing. */
const NAMES: Record<EventType, true> = {
  'cache.hit': true,
  'cache.miss': true,
  'cache.coalesced': true,
  'cache.stored': true,
  'cache.servedStale': true,
  'cache.refreshed': true,
  'cache.refreshFailed': true,
  'cache.evicted': true,
  'cache.expired': true,
  'cache.errorServed': true,
  'cache.invalidated': true,
  'cache.storeFailed': true,
  'store.opened': true,
  'store.closed': true,
  'cache.uncacheable': true,
  'cache.bypassed': true,
  'cache.ttlClamped': true,
  'cache.warmed': true,
  'cache.warmFailed': true,
  'retry.scheduled': true,
  'retry.exhausted': true,
  'retry.budgetExhausted': true,
  'retry.nested': true,
  'budget.exhausted': true,
  'budget.recovered': true,
  'circuit.opened': true,
  'circuit.halfOpened': true,
  'circuit.closed': true,
  'circuit.isolated': true,
  'circuit.disabled': true,
  'circuit.rejected': true,
  'circuit.slowCall': true,
  'timeout.elapsed': true,
  'timeout.lateResult': true,
  'hedge.launched': true,
  'hedge.won': true,
  'hedge.suppressed': true,
  'rateLimit.delayed': true,
  'rateLimit.rejected': true,
  'bulkhead.queued': true,
  'bulkhead.rejected': true,
  'bulkhead.letGo': true,
  'adaptiveConcurrency.limitChanged': true,
  'adaptiveConcurrency.rejected': true,
  'adaptiveThrottle.rejected': true,
  'shadow.rejected': true,
  'chaos.injected': true,
  'fallback.applied': true,
  'auth.refreshed': true,
  'auth.refreshFailed': true,
  'call.succeeded': true,
  'call.failed': true,
  'config.reloaded': true,
  'config.reloadFailed': true,
  'advisor.warned': true,
  'listener.failed': true,
};

export const EVENT_TYPES: readonly EventType[] = /* @__PURE__ */ Object.freeze(
  /* @__PURE__ */ Object.keys(NAMES) as EventType[],
);
