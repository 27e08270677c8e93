import { type Call, type CallFrame, partOf } from '../../pipeline/call.js';
import { Contest } from './contest.js';
import { DUE, type HedgePlan, HedgeWait } from './plan.js';

function onValue(this: HedgedCall, value: unknown): unknown {
  return value === DUE ? this.open(undefined) : this.answered(value);
}

function onError(this: HedgedCall, error: unknown): unknown {
  return this.failed(error);
}

/** The wait for the first branch, until a hedge is due. Most calls need no more. */
export class HedgedCall extends HedgeWait {
  private readonly inside: CallFrame;
  private readonly first: Call;

  constructor(call: Call, inside: CallFrame, plan: HedgePlan) {
    super(call, plan);
    this.inside = inside;
    this.first = partOf(inside, call);
    if (inside.mayLinger) this.first.details.isInterruptible = true;
  }

  run(): unknown {
    const work = this.inside.run(this.first);
    // A method that has answered on the spot needs no other branch.
    if (!(work instanceof Promise)) return work;
    if (this.plan.delay > 0) {
      this.arm();
      return this.enter(work).then(onValue.bind(this), onError.bind(this));
    }
    this.dueAt = this.call.frame.runtime.clock.now();
    this.work = work;
    return this.open(undefined);
  }

  /** A hedge is due: the time has come, or a failure starts it. */
  open(failure: { readonly error: unknown } | undefined): Promise<unknown> {
    const { call, inside, plan, first } = this;
    const startedAt = this.dueAt - plan.delay;
    return new Contest(plan, { call, inside, startedAt, first }).run(this.work as Promise<unknown>, failure);
  }

  answered(value: unknown): unknown {
    this.disarm();
    const { pace } = this.plan.terms;
    if (pace.isLearning) pace.answered(this.elapsed);
    return value;
  }

  failed(error: unknown): unknown {
    this.disarm();
    const { terms } = this.plan;
    if (this.call.interruption === undefined && terms.startsNext(error)) return this.open({ error });
    if (terms.pace.isLearning) terms.pace.cutShort(this.elapsed);
    throw error;
  }

  private get elapsed(): number {
    return this.call.frame.runtime.clock.now() - this.dueAt + this.plan.delay;
  }
}
