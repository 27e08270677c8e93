import type { Timer } from '../../runtime/clock.js';
import type { Runtime } from '../../runtime/runtime.js';
import { outsideAnyContext } from '../../runtime/system.js';
import type { RateLimitMachine, RateSettings } from './machine.js';
import type { WaitingCall } from './waiting-call.js';

/** Timers can do no more. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** What `stats()` tells about one limit. */
export interface RateLimitStats {
  readonly limit: number;
  /** Milliseconds. */
  readonly interval: number;
  /** Calls that would be admitted at once. */
  readonly available: number;
  /** Calls that are held back. */
  readonly waiting: number;
  /** Calls refused so far. */
  readonly rejected: number;
}

/** A machine in its runtime: wakes those who wait. One timer for all of them, and none while nobody does. */
export class BoundLimiter {
  readonly name: string;
  readonly machine: RateLimitMachine;
  private readonly runtime: Runtime;
  private timer: Timer | undefined;
  /** Of those who wait, those whose caller does: the timer keeps the process alive for them. */
  private watched = 0;
  private readonly wake = (): void => {
    this.timer = undefined;
    this.serve();
  };

  constructor(name: string, machine: RateLimitMachine, runtime: Runtime) {
    this.name = name;
    this.machine = machine;
    this.runtime = runtime;
  }

  get stats(): RateLimitStats {
    const { machine } = this;
    const { limit, interval } = machine.rate;
    const available = machine.available(this.now);
    return { limit, interval, available, waiting: machine.waiting, rejected: machine.rejected };
  }

  get now(): number {
    return this.runtime.clock.now();
  }

  enqueue(waiting: WaitingCall): void {
    this.machine.wait(waiting);
    if (waiting.isWatched) this.watched += 1;
    if (this.timer === undefined) this.arm();
    else this.keepAlive(this.timer);
  }

  /** Also told of those who have been served: they are out of the line by then. */
  left(waiting: WaitingCall): void {
    this.machine.leave(waiting);
    if (waiting.isWatched) this.watched -= 1;
    if (this.timer === undefined) return;
    if (this.machine.waiting === 0) this.disarm(this.timer);
    else this.keepAlive(this.timer);
  }

  /** Another rate holds at once; the next one may be due sooner, or later. */
  reconfigure(settings: RateSettings): void {
    this.machine.reconfigure(settings, this.now);
    if (this.timer === undefined) return;
    this.disarm(this.timer);
    this.serve();
  }

  private serve(): void {
    this.machine.serve(this.now);
    this.arm();
  }

  private arm(): void {
    const { now } = this;
    const due = this.machine.nextAt(now);
    if (due === Infinity) return;
    // Whole milliseconds, rounded up: Node's timers cut fractions off and would wake too early.
    const delay = Math.min(LONGEST_TIMER, Math.max(1, Math.ceil(due - now)));
    // The timer is everybody's: it pins nobody's async context.
    this.timer = outsideAnyContext(() => this.runtime.clock.setTimer(this.wake, delay));
    this.keepAlive(this.timer);
  }

  private disarm(timer: Timer): void {
    timer.cancel();
    this.timer = undefined;
  }

  private keepAlive(timer: Timer): void {
    if (this.watched > 0) timer.ref();
    else timer.unref();
  }
}
