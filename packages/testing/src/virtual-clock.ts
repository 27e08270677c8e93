import type { Clock, Timer } from '@holdfast/core';
import { drain } from './real-time.js';
import { TimerQueue, type QueuedTimer } from './timer-queue.js';

const DEFAULT_LIMIT = 10_000;
/** More timers than this at one instant are taken for a timer that re-arms itself with no delay. */
const MAX_TIMERS_PER_INSTANT = 100_000;

export interface VirtualClockOptions {
  /** Monotonic time at the start, in milliseconds. Default 0. */
  readonly now?: number;
  /** Wall time at the start, in milliseconds since the epoch. Default 2024-01-01T00:00:00Z, so that runs are alike. */
  readonly wall?: number;
}

export interface RunOptions {
  /** How many timers may fire before the run is called endless. Default 10,000. */
  readonly limit?: number;
  /** Stop when only unref'd timers are left, as a real process would exit then. Default false: those are run too. */
  readonly onlyRef?: boolean;
}

/**
 * Time that moves only when a test moves it.
 *
 * Timers fire in order of their due time, then of scheduling, and `now()` reads each timer's own due time while it
 * fires. The asynchronous methods let woken code run before the clock moves on: they drain microtasks at the start,
 * after each timer and so at the end, with several turns of the event loop. A retry loop that sleeps five times
 * therefore finishes within one `advance`. Code that waits for real I/O is not waited for.
 *
 * An error thrown by a timer's callback does not stop the others: the run goes on, and rejects with that error (an
 * AggregateError when there are several) when the clock is consistent again.
 *
 * Overlapping runs overlap: time reaches the later of their targets and never goes back. So a timer's callback or a
 * simulated back end may itself advance the clock, to say how long its work takes.
 */
export class VirtualClock implements Clock {
  readonly #queue = new TimerQueue();
  #now: number;
  #wallOffset: number;
  #firedAtThisInstant = 0;

  /** @throws RangeError when an option is not a finite number. */
  constructor(options: VirtualClockOptions = {}) {
    const { now = 0, wall = Date.UTC(2024, 0, 1) } = options;
    this.#now = finite('now', now);
    this.#wallOffset = finite('wall', wall) - now;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now + this.#wallOffset;
  }

  /** Negative and NaN delays count as 0; delays beyond 2^31−1 ms are kept to; an infinite one never falls due. */
  setTimer(callback: () => void, delay: number): Timer {
    const queue = this.#queue;
    const timer = queue.add(callback, this.#now + (delay > 0 ? delay : 0));
    return {
      cancel: () => void queue.remove(timer),
      ref: () => queue.setRef(timer, true),
      unref: () => queue.setRef(timer, false),
    };
  }

  /** A promise that resolves `ms` milliseconds of this clock later: the latency of a simulated back end. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.setTimer(resolve, ms));
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#queue.size;
  }

  /** Those of the pending timers that would keep a real process alive. */
  get refCount(): number {
    return this.#queue.refs;
  }

  /** The monotonic time of the next timer, if there is one. */
  get nextDue(): number | undefined {
    return this.#queue.first?.due;
  }

  /** Shifts wall time only, as a step of the system clock does, or a suspended machine whose monotonic clock stood still. */
  skewWall(ms: number): void {
    this.#wallOffset += finite('skewWall', ms);
  }

  /** Lets ready code run without moving time. */
  async settle(): Promise<void> {
    await drain();
  }

  /**
   * Moves time on by `ms` milliseconds and fires what falls due.
   * @throws RangeError when `ms` is negative or not finite.
   */
  async advance(ms: number): Promise<void> {
    await this.advanceTo(this.#now + span(ms));
  }

  /** Moves on to the monotonic time `time`. @throws RangeError when that lies behind or is not finite. */
  async advanceTo(time: number): Promise<void> {
    this.#assertAhead(time);
    const errors: unknown[] = [];
    await drain();
    for (let timer = this.#queue.takeDue(time); timer !== undefined; timer = this.#queue.takeDue(time)) {
      this.#fire(timer, errors);
      await drain();
    }
    this.#moveTo(time);
    rethrow(errors);
  }

  /**
   * `advance` for code without promises: microtasks run only after it returns.
   * @throws RangeError when `ms` is negative or not finite.
   */
  advanceSync(ms: number): void {
    const time = this.#now + span(ms);
    const errors: unknown[] = [];
    for (let timer = this.#queue.takeDue(time); timer !== undefined; timer = this.#queue.takeDue(time)) {
      this.#fire(timer, errors);
    }
    this.#moveTo(time);
    rethrow(errors);
  }

  /** Moves on to the next timer and fires it alone. Resolves with false when there is none. */
  async runNext(): Promise<boolean> {
    const errors: unknown[] = [];
    await drain();
    const hasFired = this.#fireNext(errors);
    if (hasFired) await drain();
    rethrow(errors);
    return hasFired;
  }

  /**
   * Fires timers until none is left that can fall due; resolves with how many did.
   * @throws Error when there are more than `limit`.
   */
  async runAll(options: RunOptions = {}): Promise<number> {
    const { limit = DEFAULT_LIMIT } = options;
    const errors: unknown[] = [];
    let fired = 0;
    await drain();
    while (this.#hasWork(options)) {
      if (fired >= limit) this.#giveUp(`timers are still pending after ${fired} of them fired`, errors);
      this.#fireNext(errors);
      fired += 1;
      await drain();
    }
    rethrow(errors);
    return fired;
  }

  /**
   * Fires timer after timer until the promise settles, and settles as it does.
   * @throws Error when no timer is left to wake it, or more than `limit` have fired.
   */
  async until<T>(promise: PromiseLike<T>, options: RunOptions = {}): Promise<T> {
    const { limit = DEFAULT_LIMIT } = options;
    const errors: unknown[] = [];
    const outcome = Promise.resolve(promise);
    let isSettled = false;
    const settle = (): void => void (isSettled = true);
    outcome.then(settle, settle);
    await drain();
    for (let fired = 0; !isSettled; fired += 1) {
      if (!this.#hasWork(options)) this.#giveUp('the promise waits for something other than this clock', errors);
      if (fired >= limit) this.#giveUp(`the promise is still pending after ${fired} timers`, errors);
      this.#fireNext(errors);
      await drain();
    }
    rethrow(errors);
    return outcome;
  }

  #hasWork(options: RunOptions): boolean {
    const { first, refs } = this.#queue;
    return first !== undefined && first.due < Infinity && (options.onlyRef !== true || refs > 0);
  }

  #fireNext(errors: unknown[]): boolean {
    const timer = this.#queue.takeDue(Number.MAX_VALUE);
    if (timer !== undefined) this.#fire(timer, errors);
    return timer !== undefined;
  }

  #fire(timer: QueuedTimer, errors: unknown[]): void {
    this.#moveTo(timer.due);
    this.#firedAtThisInstant += 1;
    if (this.#firedAtThisInstant > MAX_TIMERS_PER_INSTANT) {
      this.#giveUp(`${MAX_TIMERS_PER_INSTANT} timers fired without time moving on`, errors);
    }
    try {
      timer.callback();
    } catch (error) {
      errors.push(error);
    }
  }

  #moveTo(time: number): void {
    if (time <= this.#now) return;
    this.#now = time;
    this.#firedAtThisInstant = 0;
  }

  #assertAhead(time: number): void {
    finite('advanceTo', time);
    if (time < this.#now) throw new RangeError(`VirtualClock cannot go back from ${this.#now} ms to ${time} ms`);
  }

  /** Callback errors come first: they are the likely reason why nothing went on. */
  #giveUp(reason: string, errors: readonly unknown[]): never {
    rethrow(errors);
    throw new Error(`VirtualClock at ${this.#now} ms: ${reason} (pending: ${this.#census()})`);
  }

  #census(): string {
    return `${this.#queue.size} timers, ${this.#queue.refs} of them ref'd`;
  }
}

/** A new clock at 0 ms, or as the options say. */
export const virtualClock = (options?: VirtualClockOptions): VirtualClock => new VirtualClock(options);

function finite(name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new RangeError(`VirtualClock: ${name} must be a finite number of milliseconds, got ${String(value)}`);
}

function span(ms: number): number {
  if (finite('advance', ms) >= 0) return ms;
  throw new RangeError(`VirtualClock cannot advance by ${ms} ms`);
}

function rethrow(errors: readonly unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} timer callbacks threw`);
}
