/**
 * Client-side adaptive throttling: a client that sees its calls turned away refuses a share of them itself, so that an
 * overloaded back end need not spend what it has left on saying no.
 *
 * Over a sliding window the throttle counts `requests` and `accepts`, those that the back end took. A call is refused
 * with the probability
 *
 *     min(maxRejection, max(0, (requests − k · accepts) / (requests + padding)))
 *
 * As long as at least one in `k` is accepted nothing is refused. Beyond that the load that is let through settles at `k`
 * times what the back end accepts, whatever the demand: enough surplus to notice that it can take more.
 *
 *          accepted share ≥ 1/k              accepted share < 1/k
 *        ┌──────────────┐ ───────────────▶ ┌──────────────────────┐
 *        │ lets all by  │                  │ refuses a share of p │──┐ each refusal is a request too,
 *        └──────────────┘ ◀─────────────── └──────────────────────┘◀─┘ so p follows the demand
 *                  accepted again, or forgotten with the window
 *
 * Three traps, each with its way out:
 * - A request is counted when it **ends**, a refusal at once. Counted when they start, calls under way look like calls
 *   turned away: a healthy back end that takes 3 s to answer would lose a fourth of its calls.
 * - `padding` stands in the place of the 1 of the original: with few calls one failure says little.
 * - Without a cap the share that gets through after a total outage is so small that recovery takes minutes: the client
 *   cannot see that the back end is back. So at least `1 − maxRejection` of the calls goes through.
 *
 * Invariants: `accepts ≤ requests`; 0 ≤ p ≤ maxRejection < 1; without an outcome that is not accepted, p is 0 and the
 * clock is not read on the way in. Time and randomness are arguments; everything is O(1).
 * Sources: Site Reliability Engineering, chapter 21, Handling Overload (the formula); gRPC's RLS throttle (padding 8,
 * window of 30 s, counting at completion); failsafe-go (the cap).
 */
import { TimeWindow } from '../../algorithms/sliding-window.js';

export interface ThrottleSettings {
  /** At least 1. */
  readonly k: number;
  readonly padding: number;
  /** Milliseconds. */
  readonly window: number;
  /** Less than 1. */
  readonly maxRejection: number;
}

export interface ThrottleFacts {
  /** Calls that ended within the window, refused ones included. */
  readonly requests: number;
  readonly accepts: number;
  /** The share of calls that is refused now, 0 to 1. */
  readonly rejectionRate: number;
}

export class ThrottleMachine {
  private counts: TimeWindow;

  constructor(private settings: ThrottleSettings) {
    this.counts = new TimeWindow(settings.window);
  }

  /** False: everything is admitted, whatever the time. */
  get isWary(): boolean {
    return this.counts.failures > 0;
  }

  /** Whether the call may go. A refusal is counted here; a call that goes is counted by `settle`. */
  admit(now: number, random: () => number): boolean {
    const rate = this.facts(now).rejectionRate;
    if (rate === 0 || random() >= rate) return true;
    // Stryker disable next-line BooleanLiteral: nobody asks whether calls were slow
    this.counts.record(true, false, now);
    return false;
  }

  settle(isAccepted: boolean, now: number): void {
    // Stryker disable next-line BooleanLiteral: nobody asks whether calls were slow
    this.counts.record(!isAccepted, false, now);
  }

  facts(now: number): ThrottleFacts {
    const { k, padding, maxRejection } = this.settings;
    const { calls: requests, failures } = this.counts.totals(now);
    const accepts = requests - failures;
    const rate = Math.max(0, (requests - k * accepts) / (requests + padding));
    return { requests, accepts, rejectionRate: Math.min(maxRejection, rate) };
  }

  /** New thresholds judge the next call. Another window begins empty. */
  reconfigure(settings: ThrottleSettings): void {
    if (settings.window !== this.settings.window) this.counts = new TimeWindow(settings.window);
    this.settings = settings;
  }
}
