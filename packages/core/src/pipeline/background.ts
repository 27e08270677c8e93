import type { Clock, Timer } from '../runtime/clock.js';

/**
 * Work that was begun for nobody: a refresh behind a stale answer. Its timers do not keep the process alive, unless a
 * caller has joined it meanwhile, and then only as long as he waits.
 */
export class Background {
  private waiting = 0;
  private readonly timers = new Set<BackgroundTimer>();

  /** A caller waits for the work from now on, until `left` or its end. */
  joined(): void {
    this.waiting += 1;
    if (this.waiting === 1) for (const timer of this.timers) timer.ref();
  }

  left(): void {
    this.waiting -= 1;
    if (this.waiting === 0) for (const timer of this.timers) timer.unref();
  }

  setTimer(clock: Clock, callback: () => void, delay: number): Timer {
    const timer = new BackgroundTimer(clock, callback, { delay, among: this.timers });
    if (this.waiting === 0) timer.unref();
    return timer;
  }
}

class BackgroundTimer implements Timer {
  private readonly timer: Timer;
  private readonly among: Set<BackgroundTimer>;

  constructor(clock: Clock, callback: () => void, { delay, among }: { delay: number; among: Set<BackgroundTimer> }) {
    this.among = among;
    const fire = (): void => {
      among.delete(this);
      callback();
    };
    this.timer = clock.setTimer(fire, delay);
    among.add(this);
  }

  cancel(): void {
    this.among.delete(this);
    this.timer.cancel();
  }

  ref(): void {
    this.timer.ref();
  }

  unref(): void {
    this.timer.unref();
  }
}

/** A call, as far as its timers are concerned. */
interface Waiting {
  readonly frame: { readonly runtime: { readonly clock: Clock } };
  readonly more: { readonly background: Background | undefined } | undefined;
}

/** A timer that a call waits for: it keeps the process alive where somebody waits for the call. */
export const timerFor = ({ frame, more }: Waiting, callback: () => void, delay: number): Timer => {
  const { clock } = frame.runtime;
  return more?.background === undefined
    ? clock.setTimer(callback, delay)
    : more.background.setTimer(clock, callback, delay);
};
