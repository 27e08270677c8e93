import { type Rate, type RateMeter, ROUNDING } from './rate-meter.js';

/**
 * The generic cell rate algorithm: one number says all. Calls have a rhythm, one per `interval / limit`, the emission
 * interval T. The theoretical arrival time is when the next call would be due if all kept to it. A call may come early
 * by (burst − 1) · T; it moves the theoretical time on by T, from now where that has passed:
 *
 *     admitted when  now ≥ tat − (burst − 1) · T        then  tat = max(tat, now) + T
 *
 * So in any time t at most burst + t / T calls are admitted. It decides as a bucket does that holds `burst` tokens and
 * gets one every T, without a reading of the clock to fill it.
 * Source: ITU-T I.371, annex A (virtual scheduling).
 */
export class Gcra implements RateMeter {
  private tat = -Infinity;
  private readonly emission: number;
  private readonly tolerance: number;

  constructor({ limit, interval, burst }: Rate) {
    this.emission = interval / limit;
    this.tolerance = (burst - 1) * this.emission;
  }

  tryTake(now: number): boolean {
    const due = this.tat > now ? this.tat : now;
    if (due - this.tolerance > now + ROUNDING) return false;
    this.tat = due + this.emission;
    return true;
  }

  take(now: number, count = 1): void {
    this.tat = Math.max(this.tat, now) + count * this.emission;
  }

  nextAt(now: number, ahead = 0): number {
    return Math.max(now, Math.max(this.tat, now) + ahead * this.emission - this.tolerance);
  }

  isIdle(now: number): boolean {
    return this.tat <= now;
  }

  available(now: number): number {
    const early = this.tolerance + this.emission - Math.max(0, this.tat - now);
    return Math.max(0, Math.floor(early / this.emission + ROUNDING));
  }

  usedShare(now: number): number {
    return Math.min(1, Math.max(0, this.tat - now) / (this.tolerance + this.emission));
  }
}
