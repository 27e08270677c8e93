import { timerFor } from '../../pipeline/background.js';
import type { Call } from '../../pipeline/call.js';
import { QueuedCall } from '../../pipeline/queued-call.js';
import type { Timer } from '../../runtime/clock.js';
import type { DeadlineList } from '../../runtime/deadline-list.js';
import type { BulkheadMachine } from './machine.js';

/** A call in the queue of a bulkhead: waits for a slot, and no longer than the list's duration. */
export class WaitingCall extends QueuedCall {
  private readonly machine: BulkheadMachine;
  private readonly onTimeout: (waiting: WaitingCall) => void;
  private list: DeadlineList | undefined;
  private timer: Timer | undefined;

  constructor(call: Call, machine: BulkheadMachine, onTimeout: (waiting: WaitingCall) => void) {
    super(call);
    this.machine = machine;
    this.onTimeout = onTimeout;
  }

  /** The shared timer is for those who wait; work in the background keeps no process alive. */
  arm(list: DeadlineList, timeout: number): void {
    if (this.call.more?.background === undefined) {
      this.list = list;
      list.add(this);
    } else this.timer = timerFor(this.call, () => this.onDue(), timeout);
  }

  override onDue(): void {
    this.onTimeout(this);
  }

  protected leaveQueue(): void {
    this.machine.leave(this);
    this.list?.remove(this);
    this.timer?.cancel();
  }
}
