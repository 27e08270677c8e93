import type { ErrorFacts, EventOf, EventType, Events, StaleReason } from '@holdfast/core';
import { withoutKeys } from '../app/without-keys.js';
import { BOUNDS, Durations } from './durations.js';
import type { Exposition } from './exposition.js';
import { type CountedFamily, Tally } from './tally.js';

const ONE = [''] as const;

const CALLS: CountedFamily = {
  name: 'holdfast_calls_total',
  help: 'Calls that no fresh cached value has answered, by how they ended.',
  label: 'outcome',
  values: ['succeeded', 'failed', 'rejected', 'timed_out'],
  fromZero: true,
};
const RETRIES: CountedFamily = { name: 'holdfast_retries_total', help: 'Attempts after the first.', values: ONE };
const RETRIES_EXHAUSTED: CountedFamily = {
  name: 'holdfast_retries_exhausted_total',
  help: 'Calls whose last attempt has failed.',
  values: ONE,
};
const REJECTIONS: CountedFamily = {
  name: 'holdfast_rejections_total',
  help: 'Attempts that a policy has refused.',
  label: 'policy',
  values: ['circuit-breaker', 'rate-limit', 'bulkhead', 'adaptive-concurrency', 'adaptive-throttle'],
};
const TIMEOUTS: CountedFamily = {
  name: 'holdfast_timeouts_total',
  help: 'Timeouts that have elapsed: of an attempt, of a call in all, of waiting for a load.',
  label: 'scope',
  values: ['attempt', 'total', 'load'],
};
const STALE: CountedFamily = {
  name: 'holdfast_stale_answers_total',
  help: 'Old cached values that have answered, by why.',
  label: 'reason',
  values: ['revalidating', 'error', 'circuit-open', 'timeout', 'rejected'] satisfies StaleReason[],
};
const FALLBACKS: CountedFamily = { name: 'holdfast_fallbacks_total', help: 'Answers of a fallback.', values: ONE };
const REFRESHES_FAILED: CountedFamily = {
  name: 'holdfast_cache_refreshes_failed_total',
  help: 'Refreshes in the background that have failed.',
  values: ONE,
};
const STORE_FAILURES: CountedFamily = {
  name: 'holdfast_store_failures_total',
  help: 'Operations of the cache store that have failed.',
  values: ONE,
};
const TRANSITIONS: CountedFamily = {
  name: 'holdfast_circuit_transitions_total',
  help: 'Changes of state of a circuit, by the new one.',
  label: 'to',
  values: ['open', 'half-open', 'closed', 'isolated', 'disabled', 'metrics-only'],
};
const STORE_TRANSITIONS: CountedFamily = {
  name: 'holdfast_store_transitions_total',
  help: 'How often the guard of a cache store has opened and closed.',
  label: 'to',
  values: ['open', 'closed'],
};
const BUDGETS_EXHAUSTED: CountedFamily = {
  name: 'holdfast_budget_exhaustions_total',
  help: 'How often a budget of retries has run dry.',
  values: ONE,
};

const OF_METHODS = [
  CALLS,
  RETRIES,
  RETRIES_EXHAUSTED,
  REJECTIONS,
  TIMEOUTS,
  STALE,
  FALLBACKS,
  REFRESHES_FAILED,
  STORE_FAILURES,
];

const REFUSALS: ReadonlySet<string | undefined> = new Set([
  'CIRCUIT_OPEN',
  'RATE_LIMITED',
  'BULKHEAD_FULL',
  'CONCURRENCY_LIMITED',
  'THROTTLED',
  'SHUTTING_DOWN',
]);

const outcomeOf = (error: ErrorFacts | undefined): string => {
  if (error?.code === 'TIMED_OUT') return 'timed_out';
  return REFUSALS.has(error?.code) ? 'rejected' : 'failed';
};

/**
 * What events tell and reports do not, counted since the start. Only these types are subscribed to: `cache.hit` is not
 * among them, so that a hit costs what it did without an inspector.
 */
export class EventCounts {
  readonly #methods: Tally;
  readonly #circuits: Tally;
  readonly #stores: Tally;
  readonly #budgets: Tally;
  readonly #durations: Durations;
  readonly #unsubscribe: (() => void)[] = [];

  /** @param most names that are kept apart. */
  constructor(events: Events, most: number) {
    this.#methods = new Tally('method', OF_METHODS, most);
    this.#circuits = new Tally('circuit', [TRANSITIONS], most);
    this.#stores = new Tally('store', [STORE_TRANSITIONS], most);
    this.#budgets = new Tally('budget', [BUDGETS_EXHAUSTED], most);
    this.#durations = new Durations('method', most);
    const on = <Type extends EventType>(type: Type, listener: (event: EventOf<Type>) => void): void =>
      void this.#unsubscribe.push(events.on(type, listener));
    this.#hearCalls(on);
    this.#hearPolicies(on);
    this.#hearStates(on);
  }

  writeTo(out: Exposition): void {
    for (const family of OF_METHODS) out.counter(family, this.#methods.samplesOf(family));
    out.counter(TRANSITIONS, this.#circuits.samplesOf(TRANSITIONS));
    out.counter(STORE_TRANSITIONS, this.#stores.samplesOf(STORE_TRANSITIONS));
    out.counter(BUDGETS_EXHAUSTED, this.#budgets.samplesOf(BUDGETS_EXHAUSTED));
  }

  writeDurationsTo(out: Exposition): void {
    out.histogram(
      { name: 'holdfast_call_duration_seconds', help: 'How long such calls took, attempts and pauses included.' },
      BOUNDS,
      this.#durations.samples(),
    );
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  #hearCalls(on: Subscribe): void {
    const methods = this.#methods;
    const durations = this.#durations;
    const succeeded = methods.placeOf(CALLS, 'succeeded');
    on('call.succeeded', ({ method, durationMs }) => {
      methods.add(method, succeeded);
      durations.add(method, durationMs);
    });
    const places = placesIn(methods, CALLS);
    on('call.failed', ({ method, durationMs, error }) => {
      methods.add(method, places[outcomeOf(error)] as number);
      durations.add(method, durationMs);
    });
  }

  #hearPolicies(on: Subscribe): void {
    const methods = this.#methods;
    const count = (type: EventType, family: CountedFamily, value?: string): void => {
      const place = methods.placeOf(family, value);
      on(type, ({ method }) => methods.add(method, place));
    };
    count('retry.scheduled', RETRIES);
    count('retry.exhausted', RETRIES_EXHAUSTED);
    count('circuit.rejected', REJECTIONS, 'circuit-breaker');
    count('rateLimit.rejected', REJECTIONS, 'rate-limit');
    count('bulkhead.rejected', REJECTIONS, 'bulkhead');
    count('adaptiveConcurrency.rejected', REJECTIONS, 'adaptive-concurrency');
    count('adaptiveThrottle.rejected', REJECTIONS, 'adaptive-throttle');
    count('fallback.applied', FALLBACKS);
    count('cache.refreshFailed', REFRESHES_FAILED);
    count('cache.storeFailed', STORE_FAILURES);
    const scopes = placesIn(methods, TIMEOUTS);
    on('timeout.elapsed', ({ method, scope }) => methods.add(method, scopes[scope] as number));
    const reasons = placesIn(methods, STALE);
    on('cache.servedStale', ({ method, reason }) => methods.add(method, reasons[reason] as number));
  }

  #hearStates(on: Subscribe): void {
    const transitions = placesIn(this.#circuits, TRANSITIONS);
    const moved = (circuit: string, to: string): void =>
      this.#circuits.add(withoutKeys(circuit), transitions[to] as number);
    on('circuit.opened', ({ circuit }) => moved(circuit, 'open'));
    on('circuit.halfOpened', ({ circuit }) => moved(circuit, 'half-open'));
    on('circuit.closed', ({ circuit }) => moved(circuit, 'closed'));
    on('circuit.isolated', ({ circuit }) => moved(circuit, 'isolated'));
    on('circuit.disabled', ({ circuit, state }) => moved(circuit, state));
    const stores = placesIn(this.#stores, STORE_TRANSITIONS);
    on('store.opened', ({ store }) => this.#stores.add(store, stores['open'] as number));
    on('store.closed', ({ store }) => this.#stores.add(store, stores['closed'] as number));
    on('budget.exhausted', ({ budget }) => this.#budgets.add(budget, 0));
  }
}

type Subscribe = <Type extends EventType>(type: Type, listener: (event: EventOf<Type>) => void) => void;

const placesIn = (tally: Tally, family: CountedFamily): Readonly<Record<string, number>> =>
  Object.fromEntries(family.values.map((value) => [value, tally.placeOf(family, value)]));
