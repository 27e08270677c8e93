/**
 * How long callers wait for a load that goes on without them.
 *
 *   load begins        softTimeout                       hardTimeout after a caller came
 *      │ wait             │ callers who could have an       │ he gets an old value, or a TimedOutError
 *      │                  │ old value get it                │
 *
 * The soft timeout counts from the beginning of the load: once a load is known to be slow, nobody waits who need not,
 * so that in an outage the first callers alone pay. One timer serves all callers of a load. The hard timeout is each
 * caller's own patience. Neither ends the load: what it brings is stored for those who come later. A load that all have
 * left is a refresh from then on, bounded by the method's total timeout, or by ten times the hard one.
 *
 * Timers run in the async context of whoever armed them, so all they do is end waits.
 */
import { TimedOutError } from '../../errors/timed-out-error.js';
import { withoutStack } from '../../errors/without-stack.js';
import { Background } from '../../pipeline/background.js';
import type { Call } from '../../pipeline/call.js';
import type { Binding } from '../../pipeline/policy.js';
import { Race } from '../../pipeline/race.js';
import type { Timer } from '../../runtime/clock.js';
import type { DeadlineList } from '../../runtime/deadline-list.js';
import { outsideAnyContext } from '../../runtime/system.js';
import type { Flight } from './flight.js';
import type { RefreshBound } from './refresh-bound.js';
import type { StaleAnswers } from './stale-answers.js';

/** Why a caller with an old value at hand waits no longer. */
export const IMPATIENT: unique symbol = Symbol('impatient');

/** One caller's wait for a load. */
export class LoadWait extends Race<Call> {
  /** His own patience has ended. A nested call of the same method may fail with an error that looks the same. */
  timedOutWith: TimedOutError | undefined = undefined;
  /** Of a wait for what is left of his patience. */
  timer: Timer | undefined = undefined;
}

export class WaitLimits {
  private readonly soft: number | undefined;
  private readonly hard: number | undefined;
  private readonly binding: Binding;
  private readonly stale: StaleAnswers;
  /** Ends loads that everyone has left. */
  private readonly bound: RefreshBound | undefined;
  private readonly deadlines: DeadlineList | undefined;
  private readonly onElapsed: ((race: Race<Call>) => void) | undefined;
  private patient: WaitLimits | undefined = undefined;

  constructor(
    timeouts: { readonly soft: number | undefined; readonly hard: number | undefined },
    binding: Binding,
    parts: { readonly stale: StaleAnswers; readonly bound: RefreshBound | undefined },
  ) {
    const { soft, hard } = timeouts;
    this.soft = soft;
    this.hard = hard;
    this.binding = binding;
    this.stale = parts.stale;
    this.bound = parts.bound;
    this.deadlines = hard === undefined ? undefined : binding.runtime.timers.of(hard);
    this.onElapsed = hard === undefined ? undefined : (race) => this.elapse(race as LoadWait, hard);
  }

  /** The same for a caller who has found no old value after all. */
  get withoutSoft(): WaitLimits | undefined {
    if (this.hard === undefined) return undefined;
    const { stale, bound } = this;
    return (this.patient ??= new WaitLimits({ soft: undefined, hard: this.hard }, this.binding, { stale, bound }));
  }

  /** @param dueAt when the caller's patience ends, where it has begun before. */
  begin(flight: Flight, call: Call, dueAt: number | undefined): LoadWait {
    const race = new LoadWait(call, this.onElapsed);
    if (dueAt === undefined) this.deadlines?.add(race);
    else if (this.hard !== undefined) this.armRest(race, dueAt);
    if (this.soft !== undefined) this.beImpatient(flight, race, this.soft);
    return race;
  }

  /** Passes the value on. */
  end(flight: Flight, race: Race<Call>, value: unknown): unknown {
    const { impatient } = flight;
    this.deadlines?.remove(race);
    if (race instanceof LoadWait) race.timer?.cancel();
    if (impatient?.races.delete(race) === true && impatient.races.size === 0) impatient.timer.cancel();
    return value;
  }

  /** A caller has left: with the last one the load is a refresh. */
  letGo(flight: Flight): void {
    if (flight.callers > 0 || flight.isRefresh || flight.hasEnded) return;
    flight.isRefresh = true;
    flight.run.details.background ??= new Background();
    flight.run.details.deadline = Infinity;
    this.bound?.add(flight);
  }

  report(): void {
    const { runtime, method } = this.binding;
    runtime.events.emit('timeout.elapsed', method, { scope: 'load', timeout: this.hard as number });
  }

  private armRest(race: LoadWait, dueAt: number): void {
    const { clock } = this.binding.runtime;
    race.dueAt = dueAt;
    race.timer = outsideAnyContext(() => clock.setTimer(() => race.onDue(dueAt), Math.max(0, dueAt - clock.now())));
  }

  private beImpatient(flight: Flight, race: Race<Call>, soft: number): void {
    const { clock } = this.binding.runtime;
    const now = clock.now();
    if (!this.stale.isAtHand(flight, now)) return;
    const left = flight.startedAt + soft - now;
    if (left <= 0) return race.giveUp(IMPATIENT);
    if (flight.impatient === undefined || flight.impatient.races.size === 0) {
      const timer = outsideAnyContext(() => clock.setTimer(() => this.tellSlow(flight), left));
      flight.impatient = { races: new Set(), timer };
    }
    flight.impatient.races.add(race);
  }

  private tellSlow(flight: Flight): void {
    const races = [...(flight.impatient?.races ?? [])];
    flight.impatient = undefined;
    for (const race of races) race.giveUp(IMPATIENT);
  }

  private elapse(race: LoadWait, hard: number): void {
    const { method, runtime } = this.binding;
    const error = withoutStack(() => new TimedOutError(method, 'load', hard), runtime.settings.captureStacks);
    race.timedOutWith = error;
    race.giveUp(error);
  }
}
