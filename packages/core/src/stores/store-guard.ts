/**
 * The guard of a cache store: a cache is there to help, so a store that is down, hangs or lies must cost its users a
 * little time and nothing else.
 *
 *   request ─▶ circuit open? ── yes ──▶ refused at once: no promise, no timer, the store is not asked
 *                  │ no
 *                  ▼
 *              ask, bounded by our own timer ─▶ answer ─▶ success, the streak of failures ends
 *                  │ throws, rejects, hangs, answers with what is no entry
 *                  ▼
 *              again after 1, 2, 4 … pauses: writes each within its own time, reads all within one; never past an open
 *              circuit ─▶ failure: counted once for the operation, reported; the caller goes on without the store
 *
 * Reads are bounded as a whole because somebody waits for them. A value that the store cannot represent says nothing
 * about the store's health: it is reported, not retried, and not counted. Whoever has something left to do for the store
 * when it is well again, an invalidation that never got through, is called after the next success.
 *
 * The circuit is given, the machine of `@CircuitBreaker`: closed, open, half-open with one probe.
 */
import { CacheStoreError } from '../errors/cache-store-error.js';
import { classifyInternal } from '../errors/classify.js';
import { readProperty, summarize } from '../errors/error-facts.js';
import { withoutStack } from '../errors/without-stack.js';
import type { Runtime } from '../runtime/runtime.js';
import type { CacheStore, StoreEntry } from './cache-store.js';
import { StoreUnsupported, isStoreEntry } from './cache-store.js';
import { GuardedOperation, type OperationTerms, type StoreRequest } from './guarded-operation.js';

/** The guard's settings; durations in milliseconds. */
export interface GuardTerms {
  readonly failOpen: boolean;
  readonly readTimeout: number;
  readonly writeTimeout: number;
  readonly retries: number;
  readonly retryDelay: number;
}

type Settlement = 'success' | 'failure' | 'neutral';

/** A circuit as `health()` shows it. */
export interface StoreCircuitMetrics {
  readonly state: 'closed' | 'open' | 'half-open' | 'isolated' | 'disabled' | 'metrics-only';
  readonly failureCount: number;
  /** Milliseconds until a probe may be made. */
  readonly retryAfter: number | undefined;
}

/** What a guard needs of a circuit breaker. */
export interface StoreCircuit {
  /** A permit, or −1. */
  admit(now: number): number;
  /** The permit that any call would get, or −1: the circuit is open, or tries one call alone. */
  readonly standingPermit: number;
  settle(permit: number, outcome: Settlement, duration: number, now: number, failure?: { readonly name: string }): void;
  retryAfter(now: number): number;
  /** The earliest time at which `admit` could give one; −Infinity where it may now. */
  notBefore(): number;
  metrics(now: number): StoreCircuitMetrics;
}

/** An operation that did not come about. */
export class StoreFailure {
  readonly error: CacheStoreError;
  /** Trying again would fail the same way. */
  readonly isFinal: boolean;

  constructor(error: CacheStoreError, isFinal = false) {
    this.error = error;
    this.isFinal = isFinal;
  }
}

/** What was asked for whom. */
type Asked = Pick<StoreRequest<unknown>, 'operation' | 'method'>;

const NO_ENTRY = 'the answer is no entry';
const isEntryOrNothing = (answer: unknown): Error | undefined =>
  answer === undefined || answer === null || isStoreEntry(answer) ? undefined : new Error(NO_ENTRY);
const anything = (): undefined => undefined;

/** It says nothing about the store's health: a value that cannot be stored, or something that the store never can do. */
const isFinal = ({ operation }: Asked, error: unknown): boolean =>
  error instanceof StoreUnsupported ||
  (operation === 'set' &&
    (readProperty(error, 'name') === 'DataCloneError' || classifyInternal(error) === 'programmer'));

export class StoreGuard {
  readonly store: CacheStore;
  readonly circuit: StoreCircuit;
  terms: GuardTerms;
  private readonly runtime: Runtime;
  /** Failures in a row. */
  private streak = 0;
  /** Failures that say nothing about the store. */
  private neutral = 0;
  private readonly debtors = new Set<() => void>();

  constructor(
    store: CacheStore,
    runtime: Runtime,
    parts: { readonly circuit: StoreCircuit; readonly terms: GuardTerms },
  ) {
    this.store = store;
    this.runtime = runtime;
    this.circuit = parts.circuit;
    this.terms = parts.terms;
  }

  /** The store is left alone: whoever would have to prepare what he asks need not. */
  get isShut(): boolean {
    return this.circuit.notBefore() > this.now;
  }

  /** Why a read does not come about while the store is left alone. */
  refusal(method: string): StoreFailure {
    return this.refused({ operation: 'get', method }, this.now);
  }

  /** The entry, undefined where there is none, or why nobody knows. Without a promise where the store is not asked. */
  read(
    key: string,
    method: string,
    isBackground: boolean,
  ): StoreFailure | Promise<StoreEntry | undefined | StoreFailure> {
    return this.perform<StoreEntry | undefined>(
      {
        operation: 'get',
        method,
        isBackground,
        act: () => this.store.get(key),
        check: isEntryOrNothing,
        accept: (answer) => (answer ?? undefined) as StoreEntry | undefined,
      },
      { timeout: this.terms.readTimeout, isPerAttempt: false },
    );
  }

  /** What the store answers, whatever it is, or why it did not come about. */
  write(request: Omit<StoreRequest<unknown>, 'check' | 'accept'>): StoreFailure | Promise<unknown> {
    return this.perform<unknown>(
      { ...request, check: anything, accept: (answer) => answer },
      { timeout: this.terms.writeTimeout, isPerAttempt: true },
    );
  }

  get health(): StoreCircuitMetrics {
    return this.circuit.metrics(this.now);
  }

  /** Calls back once, after the next operation that succeeds. */
  whenWell(debtor: () => void): void {
    this.debtors.add(debtor);
  }

  private perform<Value>(
    request: StoreRequest<Value>,
    bounds: Pick<OperationTerms, 'timeout' | 'isPerAttempt'>,
  ): StoreFailure | Promise<Value | StoreFailure> {
    const startedAt = this.runtime.clock.now();
    const permit = this.circuit.admit(startedAt);
    if (permit < 0) return this.refused(request, startedAt);
    // The one probe of a circuit that is half-open shows by itself how the store is.
    const isProbe = this.circuit.standingPermit < 0;
    const { retries, retryDelay } = this.terms;
    const mayRetry = (error: unknown): boolean =>
      !isProbe && this.circuit.standingPermit >= 0 && !isFinal(request, error);
    return new Promise((resolve) => {
      const terms = { ...bounds, retries, retryDelay, mayRetry };
      new GuardedOperation(this.runtime, request, terms, (result) => {
        const { now } = this;
        if ('value' in result) {
          this.succeeded(permit, now - startedAt, now);
          resolve(result.value);
        } else resolve(this.failed(request, result.error, { permit, duration: now - startedAt, now }));
      }).begin();
    });
  }

  private get now(): number {
    return this.runtime.clock.now();
  }

  private succeeded(permit: number, duration: number, now: number): void {
    this.streak = 0;
    this.circuit.settle(permit, 'success', duration, now);
    if (this.debtors.size === 0) return;
    const debtors = [...this.debtors];
    this.debtors.clear();
    for (const debtor of debtors) debtor();
  }

  private failed(
    request: Asked,
    error: unknown,
    { permit, duration, now }: { readonly permit: number; readonly duration: number; readonly now: number },
  ): StoreFailure {
    const isNeutral = isFinal(request, error);
    const failures = isNeutral ? (this.neutral += 1) : (this.streak += 1);
    const summary = summarize(error);
    const { operation, method } = request;
    const channel = this.runtime.events.channel('cache.storeFailed');
    // Told before the circuit's own change of state, which it may cause.
    if (channel.isWatched) channel.emit(method, { operation, store: this.store.name, failures, error: summary });
    this.circuit.settle(permit, isNeutral ? 'neutral' : 'failure', duration, now, isNeutral ? undefined : summary);
    const { name, code } = summary;
    const { error: told } = this.failure(request, `failed (${code === undefined ? name : `${name} ${code}`})`, error);
    return new StoreFailure(told, isNeutral);
  }

  private refused(request: Asked, now: number): StoreFailure {
    // Nobody will look at it: an open guard costs next to nothing.
    if (this.terms.failOpen)
      return (notAsked ??= this.failure({ operation: 'get', method: 'all' }, 'is not asked', undefined));
    const retryAfter = Math.ceil(this.circuit.retryAfter(now));
    return this.failure(request, `is not asked, its guard is open; next probe in ${retryAfter} ms`, undefined);
  }

  private failure({ operation, method }: Asked, problem: string, cause: unknown): StoreFailure {
    const message = `${method}: ${operation} of the store '${this.store.name}' ${problem}`;
    const make = (): CacheStoreError => new CacheStoreError(message, { method, cause });
    return new StoreFailure(withoutStack(make, this.runtime.settings.captureStacks));
  }
}

/** Stands for all refusals that nobody will look at. */
let notAsked: StoreFailure | undefined;
