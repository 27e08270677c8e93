import type { QueueMember } from '../algorithms/wait-queue.js';
import type { Call } from './call.js';
import { Race } from './race.js';

/**
 * A call that waits on its way in, in a queue of a policy's. `enter` returns a promise that follows `promise`. A caller
 * who leaves has left the queue before `interrupt` returns, so that nothing is handed to somebody who is gone; nobody
 * else runs his work: all that others do is settle his promise.
 */
export abstract class QueuedCall extends Race<Call> implements QueueMember {
  ahead: QueueMember | undefined = undefined;
  behind: QueueMember | undefined = undefined;
  isQueued = false;

  constructor(call: Call) {
    super(call, undefined);
    call.race = this;
  }

  override get endsItself(): boolean {
    return true;
  }

  /** Gives up the place in the queue and the timer. */
  protected abstract leaveQueue(): void;

  /** It is his turn. */
  grant(): void {
    this.leaveQueue();
    this.endWait();
    this.resolve(undefined);
  }

  /** The policy lets him wait no longer. */
  refuse(error: unknown): void {
    this.leaveQueue();
    this.endWait();
    this.reject(error);
  }

  override giveUp(reason: unknown): void {
    this.refuse(reason);
  }

  private endWait(): void {
    if (this.call.race === this) this.call.race = undefined;
  }
}
