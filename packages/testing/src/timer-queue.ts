/** A timer of the virtual clock that has not fired yet. */
export interface QueuedTimer {
  /** The monotonic time at which it fires, in milliseconds. */
  readonly due: number;
  /** Position in the order of scheduling: of two timers due at once, the older one fires first. */
  readonly order: number;
  readonly callback: () => void;
  isRef: boolean;
}

/**
 * Timers sorted by due time, then by order of scheduling. A sorted array rather than a heap: tests hold few timers,
 * most are appended at the end, and a cancelled one is really gone, which keeps `size` exact.
 */
export class TimerQueue {
  readonly #timers: QueuedTimer[] = [];
  #order = 0;
  #refs = 0;

  get size(): number {
    return this.#timers.length;
  }

  /** How many of the timers would keep a real process alive. */
  get refs(): number {
    return this.#refs;
  }

  get first(): QueuedTimer | undefined {
    return this.#timers[0];
  }

  add(callback: () => void, due: number): QueuedTimer {
    const timer: QueuedTimer = { due, order: this.#order++, callback, isRef: true };
    this.#timers.splice(this.#positionOf(timer), 0, timer);
    this.#refs += 1;
    return timer;
  }

  has(timer: QueuedTimer): boolean {
    return this.#timers[this.#positionOf(timer)] === timer;
  }

  /** Takes the timer out. False when it is not queued any more. */
  remove(timer: QueuedTimer): boolean {
    const position = this.#positionOf(timer);
    if (this.#timers[position] !== timer) return false;
    this.#timers.splice(position, 1);
    if (timer.isRef) this.#refs -= 1;
    return true;
  }

  /** Takes the next timer out, if it is due at `time` or before. */
  takeDue(time: number): QueuedTimer | undefined {
    const timer = this.#timers[0];
    if (timer === undefined || timer.due > time) return undefined;
    this.#timers.shift();
    if (timer.isRef) this.#refs -= 1;
    return timer;
  }

  setRef(timer: QueuedTimer, isRef: boolean): void {
    if (timer.isRef === isRef) return;
    timer.isRef = isRef;
    if (this.has(timer)) this.#refs += isRef ? 1 : -1;
  }

  #positionOf(timer: QueuedTimer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#timers[middle] as QueuedTimer, timer)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const isBefore = (left: QueuedTimer, right: QueuedTimer): boolean =>
  left.due === right.due ? left.order < right.order : left.due < right.due;
