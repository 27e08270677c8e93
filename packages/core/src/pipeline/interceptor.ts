import { onePerProcess } from '../runtime/one-per-process.js';
import type { Call, CallFrame } from './call.js';
import type { BudgetAccount } from './shared-budget.js';

class AnswerOfProcess {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** An interceptor answers in the method's place. */
export const Answer = /* @__PURE__ */ onePerProcess('answer', () => AnswerOfProcess);
export type Answer = AnswerOfProcess;

class AgainOfProcess {
  readonly delay: number;
  /** Filled in by the executor: where the interceptor stands. */
  position = 0;

  constructor(delay: number) {
    this.delay = delay;
  }
}

/** An interceptor wants what lies inside it to run once more, after a delay in milliseconds. */
export const Again = /* @__PURE__ */ onePerProcess('again', () => AgainOfProcess);
export type Again = AgainOfProcess;

class LaterOfProcess extends Again {
  readonly verdict: Promise<Verdict>;

  constructor(verdict: Promise<Verdict>) {
    super(0);
    this.verdict = verdict;
  }
}

/** A `leave` hook that has to wait for what it makes of the value: an `Answer` or `Again`. A rejection fails the call. */
export const Later = onePerProcess('later', () => LaterOfProcess);

/** An interceptor refuses the call: as throwing the error, but far cheaper. */
export class Refusal {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** `undefined` lets the error pass; throwing replaces it. */
export type Verdict = Answer | Again | undefined;

/**
 * A policy bound to one method: up to three synchronous moments and one escape hatch. Hooks must not throw anything but
 * what the caller is meant to get: predicates and listeners of the user's are guarded where they are called.
 */
export interface Interceptor {
  /** The policy's name, as in `explain()`. */
  readonly policy: string;
  /** On the way in. Refuses, by a `Refusal` or by throwing, or returns a promise to wait for. */
  readonly enter?: ((call: Call) => void | Refusal | Promise<void>) | undefined;
  /** Says whether a result counts as a success for whoever stands inside. Asked before any `leave`. */
  readonly accepts?: ((call: Call, value: unknown) => boolean) | undefined;
  /** On the way out with a value; returns it, another one, `Again`, or `Later`. */
  readonly leave?: ((call: Call, value: unknown) => unknown) | undefined;
  /** On the way out with an error. */
  error?(call: Call, error: unknown): Verdict | Promise<Verdict>;
  /** For what races or is asynchronous by nature: runs the frame inside as often as it likes. */
  readonly around?: ((call: Call, inside: CallFrame) => unknown) | undefined;
  /** Earliest monotonic time at which `enter` may admit; retries do not sleep towards a sure refusal. */
  notBefore?(call: Call): number;
  /** True when the attempt must be able to end before the method does. */
  readonly races?: boolean;
  /** Bounds what lies inside as a whole: further runs and waits that `mayLinger` inside of it too. */
  readonly boundsAll?: boolean;
  /** Holds something until the work inside really ends, whoever still waits: `workLeft` knows of all runs inside. */
  readonly holdsUntilEnd?: boolean;
  /** May wait on the way in, or ask for another run. */
  readonly mayLinger?: boolean;
  /** An `around` that counts the work inside of it in `binding.work`: a frame of nothing else need not. */
  readonly countsItsWork?: boolean;
  /** An `around` whose waits `call.interrupt` ends by itself; all others are raced. */
  readonly endsItsWaits?: boolean;
  /** How often it runs what lies inside at most; once, if it does not say. */
  readonly attempts?: number;
  /** Told when a call begins inside of another method's: `outer` is the run of that method. */
  readonly nested?: ((call: Call, outer: Call) => void) | undefined;
  /** A cache hit does not pass here: the front may answer although this interceptor stands outside of it. */
  readonly isSkippedByHits?: boolean;
  /** Answers before a call record exists, or returns `MISS`. */
  readonly lookup?: ((self: unknown, args: readonly unknown[]) => unknown) | undefined;
  /**
   * After a `lookup` that missed, where nothing stands outside and nobody listens to the call: joins work under way
   * before a call record exists, or returns `MISS`.
   */
  readonly join?: ((self: unknown, args: readonly unknown[]) => unknown) | undefined;
  /** For `explain()` and `health()`: options as resolved and present state, plain data. */
  describe?(): InterceptorFacts;
  /** For handles: what the policy offers about one method (`cacheOf`, `circuitOf`). */
  readonly handle?: unknown;
  /** Where the policy draws on a shared budget: for `health()`. */
  readonly account?: BudgetAccount | undefined;
}

export interface InterceptorFacts {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly state?: unknown;
}

/** What `lookup` returns when there is no answer. */
export const MISS: unique symbol = Symbol.for('@holdfast/core/miss@1');
