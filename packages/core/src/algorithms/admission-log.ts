import { type Rate, type RateMeter, ROUNDING } from './rate-meter.js';

const FEWEST = 8;

/**
 * A window that slides exactly: the times of the last `limit` admissions, oldest first. One more may go when fewer than
 * `limit` lie within the last `interval`, which is to say when the `limit`-th last is at least an interval old. So no
 * interval whatever, wherever it begins, has more than `limit` admissions; there is no burst beyond that.
 *
 *     ┌──────────── interval ───────────┐
 *     a₁  a₂     a₃            a₄      now          limit 4: the next may go at a₁ + interval
 *
 * The price is memory: 8 bytes for each admission of the last interval, `limit` of them at most. The ring grows as they
 * come. Times may lie ahead: admissions that are owed.
 */
export class AdmissionLog implements RateMeter {
  private readonly limit: number;
  private readonly interval: number;
  private times = new Float64Array(0);
  /** Where the oldest lies, and how many there are. */
  private start = 0;
  private count = 0;

  constructor({ limit, interval }: Rate) {
    this.limit = limit;
    this.interval = interval;
  }

  tryTake(now: number): boolean {
    if (this.nextAt(now) > now + ROUNDING) return false;
    this.push(now);
    return true;
  }

  take(now: number, count = 1): void {
    for (let each = 0; each < Math.min(Math.ceil(count - ROUNDING), this.limit); each++) this.push(this.nextAt(now));
  }

  /** O(1 + ahead / limit). */
  nextAt(now: number, ahead = 0): number {
    // The one `limit` places before decides; it may itself be one of those who are still to come, rounds later.
    let decisive = this.count + ahead - this.limit;
    let rounds = 0;
    for (; decisive >= this.count; decisive -= this.limit) rounds += 1;
    const first = decisive < 0 ? now : Math.max(now, this.timeAt(decisive) + this.interval);
    return first + rounds * this.interval;
  }

  isIdle(now: number): boolean {
    return this.count === 0 || this.timeAt(this.count - 1) <= now - this.interval;
  }

  /** O(limit). */
  available(now: number): number {
    return Math.max(0, this.limit - this.within(now));
  }

  /** O(limit). */
  usedShare(now: number): number {
    return Math.min(1, this.within(now) / this.limit);
  }

  private within(now: number): number {
    let found = 0;
    while (found < this.count && this.timeAt(this.count - 1 - found) > now - this.interval + ROUNDING) found += 1;
    return found;
  }

  private timeAt(index: number): number {
    return this.times[(this.start + index) % this.times.length] as number;
  }

  private push(time: number): void {
    if (this.count === this.limit) {
      this.times[this.start] = time;
      this.start = (this.start + 1) % this.times.length;
      return;
    }
    this.dropPast(time);
    if (this.count === this.times.length) this.grow();
    this.times[(this.start + this.count) % this.times.length] = time;
    this.count += 1;
  }

  /** Two at most for each that comes: as long as there is room the ring need not grow for what has passed. */
  private dropPast(time: number): void {
    for (let each = 0; each < 2 && this.count > 0 && this.timeAt(0) <= time - this.interval; each++) {
      this.start = (this.start + 1) % this.times.length;
      this.count -= 1;
    }
  }

  private grow(): void {
    const times = new Float64Array(Math.min(this.limit, Math.max(FEWEST, this.count * 2)));
    for (let index = 0; index < this.count; index++) times[index] = this.timeAt(index);
    this.times = times;
    this.start = 0;
  }
}
