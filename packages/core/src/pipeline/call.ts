import type { Runtime } from '../runtime/runtime.js';
import type { Background } from './background.js';
import type { MethodRun } from './method-run.js';
import type { OutcomeSource } from './outcome.js';
import type { AbandonedWork, Race } from './race.js';

/** The frame that a call runs through, as the call and its interceptors know it. */
export interface CallFrame {
  /** `Class.method`. */
  readonly method: string;
  readonly runtime: Runtime;
  /** True when runs of this frame may be given up before they end. */
  readonly isRaced: boolean;
  /** How many interceptors there are to enter. */
  readonly size: number;
  /** Some interceptor holds something until the work inside really ends. */
  readonly holdsUntilEnd: boolean;
  /** How often it runs its target at most, by its own interceptors alone. */
  readonly attempts: number;
  /** Some interceptor, here or further in, may wait on the way in or ask for another run. */
  readonly mayLinger: boolean;
  /** The frame hands out the errors of its calls, as `Returned`, instead of throwing them. */
  readonly returnsErrors: boolean;
  run(call: Call): unknown;
  /** A run of this frame as part of `parent`; throws at once when nobody waits for that any more. */
  runInside(parent: Call): unknown;
  /** Monotonic time before which some interceptor inside `position` would surely refuse. */
  notBefore(call: Call, position: number): number;
  positionOf(interceptor: object): number;
}

/** What few calls need, made when the first of it is needed. */
export class CallDetails {
  /** The run that this one is part of, when a stack has several frames. */
  parent: Call | undefined = undefined;
  /** The call of another method that this one was made in, where async context tells. */
  outer: Call | undefined = undefined;
  /** The present attempt's run of the method, where async context tells all that it starts of it. */
  methodRun: MethodRun | undefined = undefined;
  isInterruptible = false;
  /** The work that nobody waits for, where the run is part of such. */
  background: Background | undefined = undefined;
  /** A hedge: nobody needs it, so it neither waits for a slot nor a token, and takes them only where they are free. */
  isSpeculative = false;
  /** Some run around this one holds something until the work inside really ends. */
  isHeldUntilEnd = false;
  /** The caller's own signal, found as a trailing argument. */
  callerSignal: AbortSignal | undefined = undefined;
  /** Monotonic time at which the caller's patience ends. */
  deadline = Infinity;
  /** The caller's abort or total timeout, once it has happened: nothing is tried any more. */
  interruption: { readonly reason: unknown } | undefined = undefined;
  /** The controller of the present attempt, made when its signal is read. */
  controller: AbortController | undefined = undefined;
  /** Monotonic time at which the call began, where an interceptor bounds it. */
  beganAt: number | undefined = undefined;
  /** Monotonic time at which the present attempt was admitted, where an interceptor measures it. */
  admittedAt: number | undefined = undefined;
  /** The error of the latest attempt that was really made. */
  lastError: { readonly error: unknown } | undefined = undefined;
  /** Work that goes on although the attempt has been given up. */
  abandoned: AbandonedWork | undefined = undefined;
  /** Such work of earlier attempts, where somebody further out holds something until it ends. */
  leftBehind: Set<Promise<unknown>> | undefined = undefined;
  /** Some interceptor further out does not accept the attempt's result. */
  isUnacceptable = false;
  /** The executor runs attempts in a loop by now. */
  isLooping = false;
  /** What interceptors keep about this call, by interceptor. */
  notes: Map<object, unknown> | undefined = undefined;
  /** Runs of inner frames: they end when this one is interrupted, and tell what goes on afterwards. */
  children: Set<Call> | undefined = undefined;
  /** What `currentCall().cache` says and collects; set by the cache. */
  cache: unknown = undefined;
  /** What has answered, where it was not the method's own run and the caller wants to know. */
  source: OutcomeSource | undefined = undefined;

  /** The run is part of another: what that is in the background for, so is this. */
  belongTo(parent: Call): void {
    this.parent = parent;
    this.background = parent.more?.background;
    this.isSpeculative = parent.more?.isSpeculative === true;
    this.isHeldUntilEnd = parent.frame.holdsUntilEnd || parent.more?.isHeldUntilEnd === true;
  }

  /** Forgets what belonged to the attempt before. */
  beginAttempt(): void {
    this.methodRun?.pass(this.abandoned);
    this.controller = undefined;
    this.abandoned = undefined;
    this.isUnacceptable = false;
    this.children = undefined;
  }
}

/**
 * One run through a frame. Internal, and slim because every call makes one: users see `CurrentCall`.
 */
export class Call {
  readonly frame: CallFrame;
  readonly self: unknown;
  readonly args: readonly unknown[];
  attempt = 1;
  /** How many interceptors of the frame have been entered. */
  depth = 0;
  /** The circuit breaker's permit; a number, so that a call allocates nothing for it. */
  permit = -1;
  /** What the call is waiting for, where the wait can be cut short. */
  race: Race<Call> | undefined = undefined;
  more: CallDetails | undefined = undefined;

  constructor(frame: CallFrame, self: unknown, args: readonly unknown[]) {
    this.frame = frame;
    this.self = self;
    this.args = args;
  }

  get details(): CallDetails {
    return (this.more ??= new CallDetails());
  }

  get parent(): Call | undefined {
    return this.more?.parent;
  }

  /** True when the call can be cut short from outside: by its caller's signal, a total timeout, or its flight. */
  get isInterruptible(): boolean {
    return this.more !== undefined && this.more.isInterruptible;
  }

  get method(): string {
    return this.frame.method;
  }

  /** Milliseconds that the caller still waits; `Infinity` without a total timeout. */
  remaining(now: number): number {
    if (this.more === undefined) return Infinity;
    const own = Math.max(0, this.more.deadline - now);
    return this.more.parent === undefined ? own : Math.min(own, this.more.parent.remaining(now));
  }

  get interruption(): { readonly reason: unknown } | undefined {
    return this.more?.interruption;
  }

  /** The signal of the present attempt: aborted when the attempt is given up. */
  get signal(): AbortSignal {
    const details = this.details;
    if (details.controller === undefined) {
      details.controller = new AbortController();
      if (details.interruption !== undefined) details.controller.abort(details.interruption.reason);
    }
    return details.controller.signal;
  }

  /** Something else than the method's own run answers; kept for a caller who has asked for the outcome. */
  answeredBy(source: OutcomeSource): void {
    if (this.frame.returnsErrors) this.details.source = source;
    this.parent?.answeredBy(source);
  }

  /** Another attempt begins; the runs that this one is part of show it too. */
  countAttempt(): void {
    this.attempt += 1;
    for (let outer = this.parent; outer !== undefined; outer = outer.parent) outer.attempt = this.attempt;
  }

  /** Ends whatever the call waits for with `reason`; no further attempt is made. Later interruptions change nothing. */
  interrupt(reason: unknown): void {
    const details = this.details;
    if (details.interruption !== undefined) return;
    details.interruption = { reason };
    this.race?.giveUp(reason);
    details.controller?.abort(reason);
    if (details.children !== undefined) for (const child of details.children) child.interrupt(reason);
  }

  note<Note>(owner: object): Note | undefined {
    return this.more?.notes?.get(owner) as Note | undefined;
  }

  setNote(owner: object, note: unknown): void {
    const details = this.details;
    (details.notes ??= new Map()).set(owner, note);
  }

  /** Monotonic time before which some interceptor inside `position` would surely refuse. */
  notBefore(position: number): number {
    return this.frame.notBefore(this, position);
  }
}

/** A run of `frame` as part of `parent`, not yet begun; throws at once when nobody waits for that any more. */
export const partOf = (frame: CallFrame, parent: Call): Call => {
  const call = new Call(frame, parent.self, parent.args);
  call.details.belongTo(parent);
  if (!parent.isInterruptible && !parent.frame.isRaced && !call.details.isHeldUntilEnd) return call;
  const details = parent.details;
  if (details.interruption !== undefined) throw details.interruption.reason;
  call.details.isInterruptible = true;
  call.details.callerSignal = details.callerSignal;
  (details.children ??= new Set()).add(call);
  return call;
};
