import type { AbandonedWork } from './race.js';
import { isThenable } from './thenable.js';

/**
 * One run of a method, as async context carries it to all that the method starts: attempts of a call share a record, and
 * code of an earlier one must not be taken for the present one's.
 */
export class MethodRun<Owner extends object = object> {
  readonly call: Owner;
  /** The run of another method that this one was started in. */
  readonly outer: MethodRun | undefined;
  /** The method has returned, and its promise is settled: what still runs of it was left behind. */
  hasEnded = false;
  /** The call has gone on to another attempt. */
  isPast = false;
  /** Set with that: nobody waited for this one any more, and why. */
  abandoned: AbandonedWork | undefined = undefined;

  constructor(call: Owner, outer: MethodRun | undefined) {
    this.call = call;
    this.outer = outer;
  }

  /** Runs the method, and notes its end. */
  follow(run: () => unknown): unknown {
    let result: unknown;
    try {
      result = run();
    } catch (error) {
      this.hasEnded = true;
      throw error;
    }
    if (result instanceof Promise) result.then(this.end, this.end);
    // A promise of another kind may start anew with each `then`: it is taken for under way.
    else this.hasEnded = !isThenable(result);
    return result;
  }

  private readonly end = (): void => void (this.hasEnded = true);

  /** The next attempt begins. */
  pass(abandoned: AbandonedWork | undefined): void {
    this.isPast = true;
    this.abandoned = abandoned;
  }
}
