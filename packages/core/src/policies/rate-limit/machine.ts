/**
 * A rate limit admits `limit` calls per `interval` and refuses, or holds back, the others: a quota of the other side is
 * kept, whatever the demand.
 *
 *                      allowed now                       due within `maxWait`
 *           ┌───────── and nobody waits ◀──── call ────▶ and the caller's time ─────▶ waiting ──▶ leaves: nothing was taken
 *           ▼                                  │                                          │
 *        admitted                              └──▶ refused, told when to come again      │ first in line, and it is time
 *           ▲                                                                             │
 *           └─────────────────────────────────────────────────────────────────────────────┘
 *
 * Three algorithms say when the next call may go; each is a file of its own in algorithms/.
 * - `gcra`, the default, and `token-bucket` decide alike: in any time t at most burst + limit · t / interval calls. Calls
 *   flow evenly once the burst is used up. With `burst: 1` they are spaced, and no interval has more than `limit`.
 * - `sliding-window`: no interval whatever has more than `limit` calls, whenever they came. It remembers each of them.
 * None is the fixed window, which admits twice the limit around its edge.
 *
 * Three traps, each with its way out:
 * - **Asking and taking are one step.** A limiter that looks first and counts after an await admits everybody who comes
 *   in between. Here admission is synchronous: of fifty calls at once three go where three may.
 * - **Who waits holds nothing.** Handing out future times is easy, and each that is given back leaves a gap or, filled
 *   carelessly, two calls at one time. Those who wait stand in line instead: a token is taken when it is there, by the
 *   first. Who leaves has taken nothing, and all behind him move up.
 * - **Newcomers do not overtake.** While somebody waits, what is free is his.
 *
 * Invariants: a call is admitted only at a time that the meter allows; those who wait are admitted in the order in which
 * they came, none later than the delay that he was told, unless `reconfigure` slows down the rate: then those who could
 * not be served in time are told at once.
 * Source: see the algorithms; for waiting in line instead of reservations, the account of Guava's RateLimiter, which
 * cannot take a reservation back.
 */
import { AdmissionLog } from '../../algorithms/admission-log.js';
import { Gcra } from '../../algorithms/gcra.js';
import type { Rate, RateMeter } from '../../algorithms/rate-meter.js';
import { TokenBucket } from '../../algorithms/token-bucket.js';
import { type QueueMember, WaitQueue } from '../../algorithms/wait-queue.js';

export type RateAlgorithm = 'gcra' | 'token-bucket' | 'sliding-window';

export interface RateSettings extends Rate {
  readonly algorithm: RateAlgorithm;
}

/** A call that waits for its time. Neither method may call back. */
export interface Waiter extends QueueMember {
  /** The latest time at which he wants to be served. */
  readonly deadline: number;
  grant(): void;
  /** He cannot be served in time any more; he has left the line. */
  expire(): void;
}

const meterFor = (settings: RateSettings): RateMeter => {
  if (settings.algorithm === 'sliding-window') return new AdmissionLog(settings);
  // Stryker disable next-line all: the two decide alike, and differ in what they remember
  return settings.algorithm === 'gcra' ? new Gcra(settings) : new TokenBucket(settings);
};

/** How many calls may go at once. */
const capacityOf = ({ algorithm, limit, burst }: RateSettings): number =>
  algorithm === 'sliding-window' ? limit : burst;

const isSame = (one: RateSettings, other: RateSettings): boolean =>
  one.algorithm === other.algorithm &&
  one.limit === other.limit &&
  one.interval === other.interval &&
  one.burst === other.burst;

export class RateLimitMachine {
  /** Calls refused since construction. */
  rejected = 0;
  private settings: RateSettings;
  private meter: RateMeter;
  private readonly line = new WaitQueue<Waiter>();

  constructor(settings: RateSettings) {
    this.settings = settings;
    this.meter = meterFor(settings);
  }

  get waiting(): number {
    return this.line.size;
  }

  get rate(): RateSettings {
    return this.settings;
  }

  /** Admits a call that need not wait. */
  tryTake(now: number): boolean {
    // Whoever waits is before him: only when all of them have gone can anything be left.
    // Stryker disable next-line ConditionalExpression,EqualityOperator: a short way to the same answer
    if (this.line.size > 0) this.serve(now);
    return this.meter.tryTake(now);
  }

  /** Admits a call whatever the rate: later ones pay for it. */
  take(now: number): void {
    this.meter.take(now);
  }

  /** Milliseconds until one more call could be admitted, behind those who wait. */
  delay(now: number): number {
    return this.meter.nextAt(now, this.line.size) - now;
  }

  /** How many calls would be admitted at once. */
  available(now: number): number {
    return this.line.size > 0 ? 0 : this.meter.available(now);
  }

  /** Nothing is taken, nobody waits: a new machine would decide the same. */
  isIdle(now: number): boolean {
    return this.line.size === 0 && this.meter.isIdle(now);
  }

  wait(waiter: Waiter): void {
    this.line.add(waiter);
  }

  /** Gives up the place in the line; nothing for one who has none. */
  leave(waiter: Waiter): void {
    this.line.remove(waiter);
  }

  /** Admits those in the line whose time has come. */
  serve(now: number): void {
    while (this.line.size > 0 && this.meter.tryTake(now)) (this.line.shift() as Waiter).grant();
  }

  /** When the first in the line can be admitted; Infinity where nobody waits. */
  nextAt(now: number): number {
    return this.line.size === 0 ? Infinity : this.meter.nextAt(now);
  }

  /** A new rate holds at once. Of what may go at once the same share is taken as before; the line stays as it is. */
  reconfigure(settings: RateSettings, now: number): void {
    if (isSame(settings, this.settings)) return;
    const share = this.meter.usedShare(now);
    this.settings = settings;
    this.meter = meterFor(settings);
    this.meter.take(now, share * capacityOf(settings));
    this.expireLate(now);
  }

  /** Who would be served after his deadline is told now. */
  private expireLate(now: number): void {
    let ahead = 0;
    for (const waiter of [...this.line]) {
      if (this.meter.nextAt(now, ahead) <= waiter.deadline) ahead += 1;
      else {
        this.line.remove(waiter);
        waiter.expire();
      }
    }
  }
}
