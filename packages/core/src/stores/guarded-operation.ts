import { backoffDelay } from '../algorithms/backoff.js';
import type { Timer } from '../runtime/clock.js';
import type { DeadlineList, DeadlineNode } from '../runtime/deadline-list.js';
import type { Runtime } from '../runtime/runtime.js';

/** What is asked of a store. */
export interface StoreRequest<Value> {
  /** 'get', 'set', 'delete' … for events and messages. */
  readonly operation: string;
  /** The cached method it is for, or the store's name. */
  readonly method: string;
  readonly act: () => unknown;
  /** What is wrong with an answer, or nothing. */
  readonly check: (answer: unknown) => Error | undefined;
  readonly accept: (answer: unknown) => Value;
  /** Nobody waits: its timers do not keep the process alive. */
  readonly isBackground: boolean;
  /** Asked before each retry. */
  readonly isWanted?: () => boolean;
  /** An attempt was given up without an answer. */
  readonly onGivenUp?: () => void;
  /** Such an attempt has ended after all. */
  readonly onLate?: () => void;
}

export interface OperationTerms {
  /** Milliseconds. */
  readonly timeout: number;
  /** The timeout bounds each attempt and not all of them together. */
  readonly isPerAttempt: boolean;
  readonly retries: number;
  /** The first pause in milliseconds; each further one is twice as long. */
  readonly retryDelay: number;
  /** Whether trying again makes sense: not for a value that cannot be stored, nor past a guard that has opened. */
  readonly mayRetry: (error: unknown) => boolean;
}

/** The store did not answer in time. */
export class StoreTimeout extends Error {
  override readonly name = 'StoreTimeout';
  readonly code = 'ETIMEDOUT';

  constructor(timeout: number) {
    super(`no answer within ${timeout} ms`);
  }
}

type Done<Value> = (result: { readonly value: Value } | { readonly error: unknown }) => void;

/**
 * One operation of a store with its attempts, bounded by our own timer: whatever the store does, `done` is called exactly
 * once, and an answer that comes later changes nothing. What the store throws at once is a failure like a rejection; an
 * answer without a promise is an answer. The operation is itself the node in the list of deadlines.
 */
export class GuardedOperation<Value> implements DeadlineNode {
  dueAt = 0;
  previous: DeadlineNode | undefined = undefined;
  next: DeadlineNode | undefined = undefined;
  private attempts = 0;
  /** The attempt whose answer counts; 0 between attempts and at the end. */
  private current = 0;
  private isOver = false;
  /** When no further attempt may begin. */
  private deadline = Infinity;
  private list: DeadlineList | undefined = undefined;
  private timer: Timer | undefined = undefined;
  private readonly runtime: Runtime;
  private readonly request: StoreRequest<Value>;
  private readonly terms: OperationTerms;
  private readonly done: Done<Value>;

  constructor(runtime: Runtime, request: StoreRequest<Value>, terms: OperationTerms, done: Done<Value>) {
    this.runtime = runtime;
    this.request = request;
    this.terms = terms;
    this.done = done;
  }

  begin(): void {
    const { timeout, isPerAttempt } = this.terms;
    if (!isPerAttempt) {
      this.deadline = this.runtime.clock.now() + timeout;
      this.bound();
    }
    this.ask();
  }

  onDue(): void {
    const error = new StoreTimeout(this.terms.timeout);
    if (this.current !== 0) this.request.onGivenUp?.();
    if (this.terms.isPerAttempt) this.failed(error, this.current);
    else this.end({ error });
  }

  private ask(): void {
    const attempt = (this.attempts += 1);
    this.current = attempt;
    if (this.terms.isPerAttempt) this.bound();
    let answer: unknown;
    try {
      answer = this.request.act();
    } catch (error) {
      return this.failed(error, attempt);
    }
    if (!isPromise(answer)) return this.answered(answer, attempt);
    answer.then(
      (value) => this.answered(value, attempt),
      (error: unknown) => this.failed(error, attempt),
    );
  }

  private answered(answer: unknown, attempt: number): void {
    if (attempt !== this.current) return this.request.onLate?.();
    const problem = this.request.check(answer);
    if (problem !== undefined) return this.failed(problem, attempt);
    this.end({ value: this.request.accept(answer) });
  }

  private failed(error: unknown, attempt: number): void {
    if (attempt !== this.current) return this.request.onLate?.();
    const delay = this.nextDelay(error);
    if (delay === undefined) return this.end({ error });
    this.current = 0;
    if (this.terms.isPerAttempt) this.unbound();
    const pause = this.runtime.clock.setTimer(() => this.askAgain(error), delay);
    if (this.request.isBackground) pause.unref();
  }

  /** Much may have happened since. */
  private askAgain(error: unknown): void {
    if (this.isOver) return;
    if (this.makesSense(error)) this.ask();
    else this.end({ error });
  }

  private makesSense(error: unknown): boolean {
    return this.request.isWanted?.() !== false && this.terms.mayRetry(error);
  }

  private nextDelay(error: unknown): number | undefined {
    const { retries, retryDelay: delay } = this.terms;
    if (this.attempts > retries || !this.makesSense(error)) return undefined;
    const { clock, random } = this.runtime;
    const series = { delay, maxDelay: Infinity, backoff: 'exponential', factor: 2 } as const;
    const pause = backoffDelay(series, this.attempts, random);
    return clock.now() + pause < this.deadline ? pause : undefined;
  }

  /** Waits of callers share one timer, which holds the process; one in the background has its own, which does not. */
  private bound(): void {
    const { timeout } = this.terms;
    const { clock, timers } = this.runtime;
    if (timeout === Infinity) return;
    if (this.request.isBackground) {
      this.timer = clock.setTimer(() => this.onDue(), timeout);
      this.timer.unref();
    } else {
      this.list = timers.of(timeout);
      this.list.add(this);
    }
  }

  private unbound(): void {
    this.timer?.cancel();
    this.list?.remove(this);
  }

  private end(result: Parameters<Done<Value>>[0]): void {
    this.isOver = true;
    this.current = 0;
    this.unbound();
    this.done(result);
  }
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
