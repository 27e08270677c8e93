import type { Call } from '../../pipeline/call.js';
import { isCallersAbort } from '../../pipeline/interruption.js';
import { Race } from '../../pipeline/race.js';
import { isHeld, leaveBehind, reallyEnded, workLeft } from '../../pipeline/work-left.js';
import type { Clock } from '../../runtime/clock.js';
import type { Flight, LoadRequest } from './flight.js';
import type { OldValue, StaleAnswers } from './stale-answers.js';
import { IMPATIENT, LoadWait, type WaitLimits } from './wait-limits.js';

/** A wait that has ended badly. */
interface Ended {
  readonly error: unknown;
  readonly timedOutWith: unknown;
}

/**
 * Callers waiting for a load. One who aborts or whose time is up leaves alone; with the last one that has no more time
 * the work is aborted. Who leaves since a timeout of the cache's has elapsed leaves the work going.
 */
export class Waiting {
  private readonly stale: StaleAnswers;
  private readonly clock: Clock;
  private readonly limits: WaitLimits | undefined;

  constructor(stale: StaleAnswers, clock: Clock, limits: WaitLimits | undefined) {
    this.stale = stale;
    this.clock = clock;
    this.limits = limits;
  }

  /** Whether loads may be left to themselves, and be ended then. */
  get mayLeaveLoads(): boolean {
    return this.limits !== undefined;
  }

  /** The load's answer for one more caller, who may leave before it has ended. */
  waitFor(flight: Flight, request: LoadRequest): Promise<unknown> {
    flight.callers += 1;
    flight.run.more?.background?.joined();
    return this.race(flight, request, this.limits);
  }

  /** @param dueAt when the caller's patience ends, where it has begun before. */
  private race(flight: Flight, request: LoadRequest, limits: WaitLimits | undefined, dueAt?: number): Promise<unknown> {
    const { call } = request;
    const promise = isHeld(call) ? heldUntilEnd(call, flight) : (flight.promise as Promise<unknown>);
    if (!call.isInterruptible && limits === undefined) return promise;
    const race = limits === undefined ? new Race(call, undefined) : limits.begin(flight, call, dueAt);
    call.race = race;
    void promise.then(race.resolve, race.reject);
    if (call.interruption !== undefined) race.giveUp(call.interruption.reason);
    return race.promise.then(limits && ((value) => limits.end(flight, race, value)), (error: unknown) => {
      limits?.end(flight, race, undefined);
      return error === IMPATIENT
        ? this.leaveImpatient(flight, request, race.dueAt)
        : this.leave(flight, request, {
            error,
            timedOutWith: race instanceof LoadWait ? race.timedOutWith : undefined,
          });
    });
  }

  /** The load has failed, or the caller waits no longer. */
  private leave(flight: Flight, request: LoadRequest, { error, timedOutWith }: Ended): unknown {
    const { call } = request;
    if (call.interruption !== undefined && call.interruption.reason === error)
      return this.leaveInterrupted(flight, request, error);
    if (error === undefined || error !== timedOutWith) throw error;
    this.limits?.report();
    this.countLeaving(flight, call);
    const old = this.stale.forImpatient(flight, error, this.clock.now());
    this.letGo(flight, call);
    if (old === undefined) throw error;
    return this.answerOld(flight, call, old);
  }

  /** There may be no old value any more, and the load may have ended in the very moment. */
  private leaveImpatient(flight: Flight, request: LoadRequest, dueAt: number): unknown {
    const old = flight.hasEnded ? undefined : this.stale.forSlowLoad(flight, this.clock.now());
    if (old === undefined) return this.race(flight, request, this.limits?.withoutSoft, dueAt);
    this.countLeaving(flight, request.call);
    this.letGo(flight, request.call);
    return this.answerOld(flight, request.call, old);
  }

  private countLeaving(flight: Flight, call: Call): void {
    flight.callers -= 1;
    if (flight.leader === call) flight.hasLeaderLeft = true;
    flight.run.more?.background?.left();
  }

  /** The load goes on without the caller. What its leader holds outside of the cache he holds until it has ended. */
  private letGo(flight: Flight, call: Call): void {
    flight.goesOn = true;
    this.limits?.letGo(flight);
    if (flight.leader === call && isHeld(call))
      leaveBehind(call, [reallyEnded(flight.run, flight.promise as Promise<unknown>)]);
  }

  private answerOld(flight: Flight, call: Call, old: OldValue): unknown {
    if (flight.leader === call) flight.countStaleInsteadOfMiss();
    call.answeredBy('stale');
    return old.value;
  }

  private leaveInterrupted(flight: Flight, { cell, key, call }: LoadRequest, error: unknown): unknown {
    this.countLeaving(flight, call);
    if (flight.goesOn) this.letGo(flight, call);
    else if (flight.callers === 0 && !flight.isRefresh) {
      cell.abandon(key, flight);
      // The last caller's from now on: whoever cut him short asks what becomes of the work.
      (call.details.children ??= new Set()).add(flight.run);
      flight.run.interrupt(error);
    }
    const old = isCallersAbort(call, error) ? undefined : this.stale.forImpatient(flight, error, this.clock.now());
    if (old === undefined) throw error;
    return this.answerOld(flight, call, old);
  }
}

/** Whoever holds something outside of the cache holds it until all that the load has left under way has ended, too. */
const heldUntilEnd = (call: Call, flight: Flight): Promise<unknown> =>
  (flight.promise as Promise<unknown>).finally(() => leaveBehind(call, workLeft(flight.run)));
