import { ask } from '../../errors/ask.js';
import { attachCause } from '../../errors/attach-cause.js';
import { type ErrorClass, VERDICTS, classifyInternal, isBeforeSending } from '../../errors/classify.js';
import { summarize } from '../../errors/error-facts.js';
import { matchesAny } from '../../errors/error-matcher.js';
import { retryAfterOf } from '../../errors/retry-after.js';
import type { Call } from '../../pipeline/call.js';
import { Again, type Interceptor, type InterceptorFacts, type Verdict } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import { BudgetAccount } from '../../pipeline/shared-budget.js';
import type { Runtime } from '../../runtime/runtime.js';
import { type RetryDecision, type RetryQuestion, type RetryRefusal, decideRetry } from './machine.js';
import { reportNested } from './nested.js';
import type { RetrySettings } from './options.js';

/** What a call that has failed once remembers. */
interface RetryNotes {
  previousDelay: number | undefined;
  hasRenewedCredentials: boolean;
  /** How many renewals there had been when the present attempt was asked for. */
  renewalsBefore: number;
}

/** What a retry needs of where it is bound. */
export type RetryBinding = Pick<Binding, 'runtime' | 'method' | 'reportFailure'>;

/** Never retried, whatever the options say: nobody wants the result, or the next try is refused the same way. */
const FINAL: ReadonlySet<ErrorClass> = new Set<ErrorClass>(['abort', 'configuration', 'rejection']);

export class RetryInterceptor implements Interceptor {
  readonly policy = 'retry';
  readonly mayLinger = true;
  readonly attempts: number;
  readonly nested: (call: Call, outer: Call) => void;
  readonly enter: ((call: Call) => void) | undefined;
  readonly accepts: ((call: Call, value: unknown) => boolean) | undefined;
  readonly leave: ((call: Call, value: unknown) => unknown) | undefined;
  readonly #settings: RetrySettings;
  readonly #binding: RetryBinding;
  readonly #runtime: Runtime;
  /** For `health()`, too. */
  readonly account: BudgetAccount | undefined;
  /** One renewal of credentials for all callers who need it at the same time. */
  #renewal: Promise<void> | undefined;
  /** Successful ones so far: a call that began before the latest needs no other. */
  #renewals = 0;

  constructor(settings: RetrySettings, binding: RetryBinding) {
    this.#settings = settings;
    this.#binding = binding;
    this.#runtime = binding.runtime;
    const { maxElapsed, budget, retryOnResult, onAuthFailure } = settings;
    this.account = budget && new BudgetAccount(budget, binding);
    this.attempts = settings.maxAttempts;
    this.nested = (_call, outer) => reportNested(outer, settings.maxAttempts, binding);
    const needsBegin = maxElapsed !== Infinity || budget !== undefined || onAuthFailure !== undefined;
    this.enter = needsBegin ? (call) => this.#begin(call) : undefined;
    this.accepts = retryOnResult && ((_call, value) => !this.#isNoResult(value));
    this.leave =
      retryOnResult && ((call, value) => (call.more?.isUnacceptable === true ? this.#afterResult(call, value) : value));
  }

  error(call: Call, error: unknown): Verdict | Promise<Verdict> {
    const details = call.details;
    if (details.interruption !== undefined) return undefined;
    const errorClass = this.#classify(error);
    if (errorClass === 'rejection') return this.#endRefused(call);
    details.lastError = { error };
    if (FINAL.has(errorClass)) return undefined;
    if (this.#mayRenewCredentials(call, errorClass)) return this.#renewCredentials(call, error);
    if (!this.#isRetryable(error, errorClass, call.attempt)) return undefined;
    const retryAfter = this.#settings.respectRetryAfter ? retryAfterOf(error, this.#runtime.clock.wall()) : undefined;
    return this.#tryAgain(call, { retryAfter, errorClass, error });
  }

  describe(): InterceptorFacts {
    const { budget, ...options } = this.#settings;
    return budget === undefined
      ? { options }
      : { options, state: { budgetAvailable: budget.available(this.#runtime.clock.now()) } };
  }

  #begin(call: Call): void {
    const now = this.#runtime.clock.now();
    call.details.beganAt = now;
    this.account?.recordCall(now);
    if (this.#settings.onAuthFailure !== undefined) this.#notesOf(call);
  }

  #classify(error: unknown): ErrorClass {
    return classifyInternal(error, this.#runtime.settings.classifiers, (thrown) =>
      this.#binding.reportFailure('classifier', thrown),
    );
  }

  /** A refusal after an attempt hides what really went wrong: the last attempt's own error. */
  #endRefused(call: Call): undefined {
    const last = call.more?.lastError;
    if (last !== undefined && call.attempt > 1) throw last.error;
    return undefined;
  }

  #isRetryable(error: unknown, errorClass: ErrorClass, attempt: number): boolean {
    const { ignoreOn, retryOn, retryIf, isIdempotent } = this.#settings;
    const report = (thrown: unknown): void => this.#binding.reportFailure('predicate', thrown);
    if (ignoreOn.length > 0 && matchesAny(ignoreOn, error, report)) return false;
    if (!isIdempotent && !isBeforeSending(error)) return false;
    if (retryOn === undefined && retryIf === undefined) return VERDICTS[errorClass].retry;
    if (retryOn !== undefined && matchesAny(retryOn, error, report)) return true;
    return retryIf !== undefined && this.#ask(() => retryIf(error, attempt), 'retryIf');
  }

  #isNoResult(value: unknown): boolean {
    return this.#ask(() => this.#settings.retryOnResult?.(value), 'retryOnResult');
  }

  #ask(predicate: () => unknown, source: string): boolean {
    return ask(predicate, false, (thrown) => this.#binding.reportFailure(source, thrown));
  }

  #afterResult(call: Call, value: unknown): unknown {
    const again = this.#tryAgain(call, { retryAfter: undefined, errorClass: 'result', error: undefined });
    return again ?? value;
  }

  #tryAgain(
    call: Call,
    failure: { retryAfter: number | undefined; errorClass: ErrorClass | 'result'; error: unknown },
  ): Again | undefined {
    const now = this.#runtime.clock.now();
    const notes = this.#notesOf(call);
    const decision = this.#decide({
      attempt: call.attempt,
      retryAfter: failure.retryAfter,
      elapsed: now - (call.more?.beganAt ?? now),
      remaining: call.remaining(now),
      blockedFor: call.notBefore(call.frame.positionOf(this)) - now,
      previousDelay: notes.previousDelay,
    });
    if ('refusal' in decision) return this.#giveUp(call, decision.refusal, failure.error);
    if (this.account?.withdraw(now) === false) return this.#reportEmptyBudget(call, failure.error);
    const { delay } = decision;
    notes.previousDelay = delay;
    notes.renewalsBefore = this.#renewals;
    this.#reportScheduled(call, delay, failure);
    return new Again(delay);
  }

  /** A backoff or jitter function of the user's that throws is reported and replaced by the default. */
  #decide(question: RetryQuestion): RetryDecision {
    const { random } = this.#runtime;
    try {
      return decideRetry(this.#settings, question, random);
    } catch (thrown) {
      this.#binding.reportFailure('backoff', thrown);
      return decideRetry({ ...this.#settings, backoff: 'exponential', jitter: 'full' }, question, random);
    }
  }

  #notesOf(call: Call): RetryNotes {
    const known = call.note<RetryNotes>(this);
    if (known !== undefined) return known;
    const notes: RetryNotes = {
      previousDelay: undefined,
      hasRenewedCredentials: false,
      renewalsBefore: this.#renewals,
    };
    call.setNote(this, notes);
    return notes;
  }

  #mayRenewCredentials(call: Call, errorClass: ErrorClass): boolean {
    const { onAuthFailure, maxAttempts } = this.#settings;
    if (onAuthFailure === undefined || (errorClass !== 'authentication' && errorClass !== 'authorization'))
      return false;
    return call.attempt < maxAttempts && !this.#notesOf(call).hasRenewedCredentials;
  }

  async #renewCredentials(call: Call, error: unknown): Promise<Verdict> {
    const notes = this.#notesOf(call);
    if (notes.renewalsBefore < this.#renewals) {
      notes.renewalsBefore = this.#renewals;
      return new Again(0);
    }
    notes.hasRenewedCredentials = true;
    try {
      await (this.#renewal ??= this.#startRenewal(error));
    } catch (thrown) {
      attachCause(error, thrown);
      return undefined;
    }
    return new Again(0);
  }

  #startRenewal(error: unknown): Promise<void> {
    const { events } = this.#runtime;
    const { method } = this.#binding;
    // On a later turn: a hook that fails synchronously must find the renewal registered.
    const renewal = Promise.resolve().then(() => this.#settings.onAuthFailure?.(error));
    return renewal.then(
      () => {
        this.#renewal = undefined;
        this.#renewals += 1;
        return events.emit('auth.refreshed', method, {});
      },
      (thrown: unknown) => {
        this.#renewal = undefined;
        events.emit('auth.refreshFailed', method, { error: summarize(thrown) });
        throw thrown;
      },
    );
  }

  #giveUp(call: Call, reason: RetryRefusal, error: unknown): undefined {
    const facts = { attempts: call.attempt, reason, ...(error !== undefined && { error: summarize(error) }) };
    this.#runtime.events.emit('retry.exhausted', this.#binding.method, facts);
    return undefined;
  }

  #reportEmptyBudget(call: Call, error: unknown): undefined {
    const facts = { attempts: call.attempt, ...(error !== undefined && { error: summarize(error) }) };
    this.#runtime.events.emit('retry.budgetExhausted', this.#binding.method, facts);
    return undefined;
  }

  #reportScheduled(call: Call, delay: number, { errorClass, error }: { errorClass: string; error: unknown }): void {
    const channel = this.#runtime.events.channel('retry.scheduled');
    if (!channel.isWatched) return;
    channel.emit(this.#binding.method, {
      attempt: call.attempt,
      delay,
      errorClass,
      ...(error !== undefined && { error: summarize(error) }),
    });
  }
}
