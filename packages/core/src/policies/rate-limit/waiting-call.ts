import { timerFor } from '../../pipeline/background.js';
import type { Call } from '../../pipeline/call.js';
import { QueuedCall } from '../../pipeline/queued-call.js';
import type { Timer } from '../../runtime/clock.js';

/** What a waiting call knows of where it waits. */
interface Line {
  left(waiting: WaitingCall): void;
}

const nothing = (): void => undefined;

/** A call that is held back until the rate allows it. */
export class WaitingCall extends QueuedCall {
  readonly deadline: number;
  /** Whether somebody waits for the call: else it works in the background. */
  readonly isWatched: boolean;
  private readonly line: Line;
  private readonly onExpired: (waiting: WaitingCall) => unknown;
  /** Keeps the process alive while somebody has joined work in the background. */
  private readonly timer: Timer | undefined;

  constructor(
    call: Call,
    line: Line,
    terms: { readonly deadline: number; readonly delay: number; readonly onExpired: (waiting: WaitingCall) => unknown },
  ) {
    super(call);
    this.line = line;
    this.deadline = terms.deadline;
    this.onExpired = terms.onExpired;
    this.isWatched = call.more?.background === undefined;
    if (!this.isWatched) this.timer = timerFor(call, nothing, terms.delay);
  }

  expire(): void {
    this.refuse(this.onExpired(this));
  }

  protected leaveQueue(): void {
    this.timer?.cancel();
    this.line.left(this);
  }
}
