import type { DeadlineNode } from '../runtime/deadline-list.js';
import { discardLateResult } from './late-result.js';

type Settle = (value: unknown) => void;

const nothing: Settle = () => undefined;
let takenResolve = nothing;
let takenReject = nothing;
/** Static, so that making a promise allocates no closure of ours. */
const take = (resolve: Settle, reject: Settle): void => {
  takenResolve = resolve;
  takenReject = reject;
};

/** Work that nobody waits for any more: an attempt that timed out or was aborted while the method goes on. */
export interface AbandonedWork {
  readonly promise: Promise<unknown>;
  /** Why nobody waits. */
  readonly reason: unknown;
}

/** Who waits: told of work that goes on without him. */
export interface RaceOwner {
  readonly details: { abandoned: AbandonedWork | undefined };
}

/**
 * A wait that can be cut short: an attempt against its timeout and the caller's patience, or a sleep between attempts.
 * The race is also the node in the list of deadlines. A result that comes after the race was given up is discarded, a
 * rejection swallowed.
 */
export class Race<Owner extends RaceOwner = RaceOwner> implements DeadlineNode {
  dueAt = 0;
  previous: DeadlineNode | undefined = undefined;
  next: DeadlineNode | undefined = undefined;
  work: Promise<unknown> | undefined = undefined;
  readonly call: Owner;
  readonly onElapsed: ((race: Race<Owner>, now: number) => void) | undefined;
  readonly promise: Promise<unknown>;
  readonly resolve: Settle;
  readonly reject: Settle;

  constructor(call: Owner, onElapsed: ((race: Race<Owner>, now: number) => void) | undefined) {
    this.call = call;
    this.onElapsed = onElapsed;
    this.promise = new Promise(take);
    this.resolve = takenResolve;
    this.reject = takenReject;
    // They hold the promise, and it its value and its caller's async context: both may outlive the call by far.
    takenResolve = nothing;
    takenReject = nothing;
  }

  /** Lets the work run in this race. */
  enter(work: Promise<unknown>): Promise<unknown> {
    this.work = work;
    void work.then(this.resolve, this.reject);
    return this.promise;
  }

  /** Whether the wait itself is told when its caller leaves, so that nobody need race it. */
  get endsItself(): boolean {
    return false;
  }

  onDue(now: number): void {
    this.onElapsed?.(this, now);
  }

  /** Ends the wait with `reason`; the work, if any, goes on unobserved. */
  giveUp(reason: unknown): void {
    if (this.work !== undefined) {
      this.call.details.abandoned = { promise: this.work, reason };
      discardLateResult(this.promise, this.work);
    }
    // The work may never come: a method may throw in the very moment in which its caller leaves.
    else this.promise.catch(nothing);
    this.reject(reason);
  }
}
