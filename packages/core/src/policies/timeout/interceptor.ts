import { TimedOutError } from '../../errors/timed-out-error.js';
import { withoutStack } from '../../errors/without-stack.js';
import type { Call } from '../../pipeline/call.js';
import type { Interceptor, InterceptorFacts } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import { timerFor } from '../../pipeline/background.js';
import { Race } from '../../pipeline/race.js';
import type { Timer } from '../../runtime/clock.js';
import type { DeadlineList, DeadlineNode } from '../../runtime/deadline-list.js';

/**
 * A timer is shared by all waits of its duration and runs in the async context of whoever armed it. So all it does is end
 * the wait; events, the signal of an attempt and late results follow where the error passes, in the caller's own context.
 */

type Scope = 'attempt' | 'total';

const makeError = ({ method, runtime }: Binding, scope: Scope, timeout: number): TimedOutError =>
  withoutStack(() => new TimedOutError(method, scope, timeout), runtime.settings.captureStacks);

/** Work whose late result is waited for already: a total timeout may elapse after an attempt's. */
const watched = new WeakSet<Promise<unknown>>();

const watchForLateResult = ({ runtime, method }: Binding, work: Promise<unknown> | undefined, since: number): void => {
  if (work === undefined || watched.has(work)) return;
  watched.add(work);
  const report = (outcome: 'fulfilled' | 'rejected') => (): void =>
    runtime.events.emit('timeout.lateResult', method, { outcome, lateMs: runtime.clock.now() - since });
  work.then(report('fulfilled'), report('rejected'));
};

const childrenOf = (call: Call): Iterable<Call> => call.more?.children ?? [];

/** Ends an attempt that takes too long: the caller's wait is over, the work is told through its signal. */
export class AttemptTimeout implements Interceptor {
  readonly policy = 'timeout';
  readonly races = true;
  readonly boundsAll = true;
  private readonly timeout: number;
  private readonly binding: Binding;
  private readonly list: DeadlineList;
  /** When each of our errors was made, until it has passed by. */
  private readonly elapsedAt = new WeakMap<object, number>();
  private readonly onElapsed = (race: Race<Call>, now: number): void => this.elapse(race, now);

  constructor(timeout: number, binding: Binding) {
    this.timeout = timeout;
    this.binding = binding;
    this.list = binding.runtime.timers.of(timeout);
  }

  enter(call: Call): void {
    const race = new Race(call, this.onElapsed);
    call.race = race;
    if (call.more?.background === undefined) this.list.add(race);
    else this.armInBackground(call, race);
  }

  leave(call: Call, value: unknown): unknown {
    this.disarm(call);
    return value;
  }

  error(call: Call, error: unknown): undefined {
    this.disarm(call);
    if (!(error instanceof TimedOutError)) return;
    const elapsedAt = this.elapsedAt.get(error);
    if (elapsedAt !== undefined) this.abandon(call, error, elapsedAt);
  }

  describe(): InterceptorFacts {
    return { options: { attempt: this.timeout } };
  }

  private disarm(call: Call): void {
    if (call.race !== undefined) this.list.remove(call.race);
    call.race = undefined;
    if (call.more?.background !== undefined) call.note<Timer>(this)?.cancel();
  }

  /** The shared timer is for those who wait. */
  private armInBackground(call: Call, race: Race<Call>): void {
    const { clock } = this.binding.runtime;
    call.setNote(
      this,
      timerFor(call, () => race.onDue(clock.now()), this.timeout),
    );
  }

  private elapse(race: Race<Call>, now: number): void {
    const error = makeError(this.binding, 'attempt', this.timeout);
    this.elapsedAt.set(error, now);
    race.giveUp(error);
  }

  private abandon(call: Call, error: TimedOutError, elapsedAt: number): void {
    const { runtime, method } = this.binding;
    this.elapsedAt.delete(error);
    runtime.events.emit('timeout.elapsed', method, { scope: 'attempt', timeout: this.timeout });
    watchForLateResult(this.binding, call.more?.abandoned?.promise, elapsedAt);
    for (const child of childrenOf(call)) child.interrupt(error);
    call.more?.controller?.abort(error);
  }
}

/** The caller's patience with one call. */
class Patience implements DeadlineNode {
  dueAt = 0;
  previous: DeadlineNode | undefined = undefined;
  next: DeadlineNode | undefined = undefined;
  error: TimedOutError | undefined = undefined;
  private readonly call: Call;
  private readonly makeError: () => TimedOutError;

  constructor(call: Call, make: () => TimedOutError) {
    this.call = call;
    this.makeError = make;
  }

  onDue(): void {
    if (this.call.interruption !== undefined) return;
    this.error = this.makeError();
    this.call.interrupt(this.error);
  }
}

/** Bounds the caller's whole waiting; stands outside of the cache, since a shared load may outlive one caller. */
export class TotalTimeout implements Interceptor {
  readonly policy = 'total-timeout';
  readonly races = true;
  readonly isSkippedByHits = true;
  private readonly timeout: number;
  private readonly binding: Binding;
  private readonly list: DeadlineList;
  private readonly make = (): TimedOutError => makeError(this.binding, 'total', this.timeout);

  constructor(timeout: number, binding: Binding) {
    this.timeout = timeout;
    this.binding = binding;
    this.list = binding.runtime.timers.of(timeout);
  }

  enter(call: Call): void {
    const patience = new Patience(call, this.make);
    this.list.add(patience);
    call.details.isInterruptible = true;
    // A call that is made inside of another one may have a nearer one.
    call.details.deadline = Math.min(call.details.deadline, patience.dueAt);
    call.setNote(this, patience);
  }

  leave(call: Call, value: unknown): unknown {
    this.disarm(call);
    return value;
  }

  error(call: Call): undefined {
    this.disarm(call);
    return undefined;
  }

  describe(): InterceptorFacts {
    return { options: { total: this.timeout } };
  }

  private disarm(call: Call): void {
    const patience = call.note<Patience>(this);
    if (patience === undefined) return;
    this.list.remove(patience);
    // What the method has started and left behind is bound by nothing of this call any more.
    call.details.deadline = Infinity;
    if (patience.error !== undefined) this.report(call, patience);
  }

  /** An old value may have answered in time's stead: the time has elapsed all the same. */
  private report(call: Call, patience: Patience): void {
    const { runtime, method } = this.binding;
    patience.error = undefined;
    runtime.events.emit('timeout.elapsed', method, { scope: 'total', timeout: this.timeout });
    this.watch(call, patience.dueAt);
  }

  private watch(call: Call, since: number): void {
    watchForLateResult(this.binding, call.more?.abandoned?.promise, since);
    for (const child of childrenOf(call)) this.watch(child, since);
  }
}
