import { TimedOutError } from '../../errors/timed-out-error.js';
import type { Binding } from '../../pipeline/policy.js';
import type { Flight } from './flight.js';

/**
 * A refresh has no caller whose patience ends it; the method's total timeout bounds it all the same. Its timer is its
 * own and unref'd: work that nobody waits for does not keep the process alive.
 */
export class RefreshBound {
  private readonly total: number;
  private readonly binding: Binding;

  constructor(total: number, binding: Binding) {
    this.total = total;
    this.binding = binding;
  }

  add(flight: Flight): void {
    const { clock } = this.binding.runtime;
    const { run } = flight;
    const onDue = (): void => run.interrupt(new TimedOutError(this.binding.method, 'total', this.total));
    flight.bound = clock.setTimer(onDue, this.total);
    flight.bound.unref();
    run.details.isInterruptible = true;
    run.details.deadline = clock.now() + this.total;
  }
}
