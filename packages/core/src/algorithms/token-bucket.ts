import { type Rate, type RateMeter, ROUNDING } from './rate-meter.js';

/**
 * A bucket holds up to `burst` tokens and gets `limit` per `interval`, evenly and in fractions; a call takes one. Tokens
 * are counted when somebody asks, so there is no timer. A bucket in debt has less than none.
 *
 *     tokens = min(burst, tokens + (now − last) · limit / interval)
 *
 * It decides as GCRA does; what differs is what is kept: tokens and the time of their last count, instead of one time.
 * Source: RFC 2697 and 2698 (token bucket meters), with tokens in fractions.
 */
export class TokenBucket implements RateMeter {
  private tokens: number;
  private countedAt = -Infinity;
  private readonly perMillisecond: number;
  private readonly burst: number;

  constructor({ limit, interval, burst }: Rate) {
    this.perMillisecond = limit / interval;
    this.burst = burst;
    this.tokens = burst;
  }

  tryTake(now: number): boolean {
    this.fill(now);
    if (this.tokens < 1 - ROUNDING) return false;
    this.tokens -= 1;
    return true;
  }

  take(now: number, count = 1): void {
    this.fill(now);
    this.tokens -= count;
  }

  nextAt(now: number, ahead = 0): number {
    const missing = 1 + ahead - this.tokensAt(now);
    return missing <= ROUNDING ? now : now + missing / this.perMillisecond;
  }

  isIdle(now: number): boolean {
    return this.tokensAt(now) === this.burst;
  }

  available(now: number): number {
    return Math.max(0, Math.floor(this.tokensAt(now) + ROUNDING));
  }

  usedShare(now: number): number {
    return Math.min(1, Math.max(0, 1 - this.tokensAt(now) / this.burst));
  }

  private fill(now: number): void {
    this.tokens = this.tokensAt(now);
    this.countedAt = Math.max(this.countedAt, now);
  }

  private tokensAt(now: number): number {
    if (now <= this.countedAt) return this.tokens;
    return Math.min(this.burst, this.tokens + (now - this.countedAt) * this.perMillisecond);
  }
}
