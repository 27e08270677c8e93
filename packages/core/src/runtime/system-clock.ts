import type { Clock, Timer } from './clock.js';
import { SystemTimer, Tick } from './system-timer.js';

/** As they were when the package was loaded: others mean that somebody's fake timers are at work. */
const ownDate = Date;
const ownSetTimeout = globalThis.setTimeout;
let ownPerformance: typeof performance | undefined;

/** To Node `performance` is a getter, as dear as half a reading: it is asked again only while timers are faked. */
const readMonotonic = (): number =>
  Date === ownDate && setTimeout === ownSetTimeout ? (ownPerformance ??= performance).now() : performance.now();

/**
 * The process's clock. `coarse` keeps one reading for up to a millisecond: an unref'd timer, armed only while someone
 * reads, drops it. While the event loop is blocked the reading lags by the block.
 */
export class SystemClock implements Clock {
  /**
   * Undefined while there is none, which also keeps V8 from storing a bare double here and boxing it at every read.
   * TypeScript's `private`: a `#field` costs more than the reading saves.
   */
  private reading: number | undefined = undefined;
  private readonly drop = new Tick(() => {
    this.reading = undefined;
  });

  now(): number {
    return readMonotonic();
  }

  wall(): number {
    return Date.now();
  }

  coarse(): number {
    return this.reading === undefined || this.drop.isStranded ? this.#readCoarse() : this.reading;
  }

  setTimer(callback: () => void, delay: number): Timer {
    return new SystemTimer(callback, delay);
  }

  #readCoarse(): number {
    const now = readMonotonic();
    this.reading = now;
    this.drop.arm();
    return now;
  }
}
