import { TimedOutError } from '../../errors/timed-out-error.js';
import { withoutStack } from '../../errors/without-stack.js';
import type { Call } from '../../pipeline/call.js';
import type { Interceptor, InterceptorFacts } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import { Race } from '../../pipeline/race.js';
import type { DeadlineList, DeadlineNode } from '../../runtime/deadline-list.js';
import type { Runtime } from '../../runtime/runtime.js';

const timedOut = (binding: Binding, scope: 'attempt' | 'total', timeout: number): TimedOutError => {
  const { settings, events } = binding.runtime;
  events.emit('timeout.elapsed', binding.method, { scope, timeout });
  return withoutStack(() => new TimedOutError(binding.method, scope, timeout), settings.captureStacks);
};

/** Ends an attempt that takes too long: the caller's wait is over, the work is told through its signal. */
export class AttemptTimeout implements Interceptor {
  readonly policy = 'timeout';
  readonly races = true;
  private readonly timeout: number;
  private readonly binding: Binding;
  private readonly list: DeadlineList;
  private readonly onElapsed = (race: Race<Call>, now: number): void => this.elapse(race, now);

  constructor(timeout: number, binding: Binding) {
    this.timeout = timeout;
    this.binding = binding;
    this.list = binding.runtime.timers.of(timeout);
  }

  enter(call: Call): void {
    const race = new Race(call, this.onElapsed);
    call.race = race;
    this.list.add(race);
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
    return { options: { attempt: this.timeout } };
  }

  private disarm(call: Call): void {
    if (call.race !== undefined) this.list.remove(call.race);
    call.race = undefined;
  }

  private elapse(race: Race<Call>, now: number): void {
    const error = timedOut(this.binding, 'attempt', this.timeout);
    this.watchForLateResult(race, now);
    const controller = race.call.more?.controller;
    race.giveUp(error);
    controller?.abort(error);
  }

  private watchForLateResult(race: Race<Call>, elapsedAt: number): void {
    const { runtime, method } = this.binding;
    const report = (outcome: 'fulfilled' | 'rejected') => (): void =>
      runtime.events.emit('timeout.lateResult', method, { outcome, lateMs: runtime.clock.now() - elapsedAt });
    race.work?.then(report('fulfilled'), report('rejected'));
  }
}

/** The caller's patience with one call. */
class Patience implements DeadlineNode {
  dueAt = 0;
  previous: DeadlineNode | undefined = undefined;
  next: DeadlineNode | undefined = undefined;
  private readonly call: Call;
  private readonly makeError: () => TimedOutError;

  constructor(call: Call, makeError: () => TimedOutError) {
    this.call = call;
    this.makeError = makeError;
  }

  onDue(): void {
    this.call.interrupt(this.makeError());
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
  private readonly runtime: Runtime;
  private readonly makeError = (): TimedOutError => timedOut(this.binding, 'total', this.timeout);

  constructor(timeout: number, binding: Binding) {
    this.timeout = timeout;
    this.binding = binding;
    this.runtime = binding.runtime;
    this.list = this.runtime.timers.of(timeout);
  }

  enter(call: Call): void {
    const patience = new Patience(call, this.makeError);
    this.list.add(patience);
    call.details.isInterruptible = true;
    call.details.deadline = patience.dueAt;
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
    if (patience !== undefined) this.list.remove(patience);
  }
}
