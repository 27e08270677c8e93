import { TimedOutError } from '../../errors/timed-out-error.js';
import type { Binding } from '../../pipeline/policy.js';
import type { DeadlineList, DeadlineNode } from '../../runtime/deadline-list.js';
import type { Flight } from './flight.js';

class FlightDeadline implements DeadlineNode {
  dueAt = 0;
  previous: DeadlineNode | undefined = undefined;
  next: DeadlineNode | undefined = undefined;
  readonly onDue: () => void;

  constructor(onDue: () => void) {
    this.onDue = onDue;
  }
}

/** A refresh has no caller whose patience ends it; the method's total timeout bounds it all the same. */
export class RefreshBound {
  private readonly total: number;
  private readonly binding: Binding;
  private readonly list: DeadlineList;
  private readonly deadlines = new WeakMap<Flight, FlightDeadline>();

  constructor(total: number, binding: Binding) {
    this.total = total;
    this.binding = binding;
    this.list = binding.runtime.timers.of(total);
  }

  add(flight: Flight): void {
    const deadline = new FlightDeadline(() =>
      flight.run.interrupt(new TimedOutError(this.binding.method, 'total', this.total)),
    );
    this.deadlines.set(flight, deadline);
    flight.run.details.isInterruptible = true;
    this.list.add(deadline);
    flight.run.details.deadline = deadline.dueAt;
  }

  remove(flight: Flight): void {
    const deadline = this.deadlines.get(flight);
    if (deadline !== undefined) this.list.remove(deadline);
  }
}
