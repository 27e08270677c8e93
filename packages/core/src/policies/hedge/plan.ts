import { timerFor } from '../../pipeline/background.js';
import type { Call } from '../../pipeline/call.js';
import { Race } from '../../pipeline/race.js';
import type { Timer } from '../../runtime/clock.js';
import type { DeadlineList } from '../../runtime/deadline-list.js';
import type { HedgeTerms } from './terms.js';

/** What the calls of a method share as long as the delay stays the same. */
export interface HedgePlan {
  readonly terms: HedgeTerms;
  /** Milliseconds. */
  readonly delay: number;
  readonly list: DeadlineList;
}

/** What a wait resolves to whose time has come. */
export const DUE = Symbol('a hedge is due');

/** All that a shared timer does: whoever waits starts the hedge himself, in his own async context. */
const wake = (race: Race<Call>): void => race.resolve(DUE);

/** A wait that ends when a hedge is due; it is the node in the list of deadlines. */
export class HedgeWait extends Race<Call> {
  protected readonly plan: HedgePlan;
  /** Where nobody waits for the call: the shared timer is for those who do. */
  private timer: Timer | undefined = undefined;

  constructor(call: Call, plan: HedgePlan) {
    super(call, wake);
    this.plan = plan;
  }

  arm(): void {
    const { delay, list } = this.plan;
    if (this.call.more?.background === undefined) return list.add(this);
    this.dueAt = this.call.frame.runtime.clock.now() + delay;
    this.timer = timerFor(this.call, () => wake(this), delay);
  }

  disarm(): void {
    this.plan.list.remove(this);
    this.timer?.cancel();
  }
}
