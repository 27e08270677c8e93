/**
 * A retry budget bounds amplification: in an outage every call fails, and three attempts each would triple the load just
 * when it hurts. Retries are at most a share of the calls of the last ten seconds, plus a floor per second so that quiet
 * services may retry at all. Sources: Finagle's RetryBudget; Google SRE, "Addressing Cascading Failures".
 */
import { TimeWindow } from '../../algorithms/sliding-window.js';
import { onePerProcess } from '../../runtime/one-per-process.js';

export interface RetryBudgetOptions {
  /** Retries per call, over the last ten seconds. Default 0.2. */
  readonly ratio?: number;
  /** Retries per second that are always allowed. Default 10. */
  readonly minPerSecond?: number;
}

const WINDOW_SECONDS = 10;

/** The budgets of all copies of this package. */
const budgets = /* @__PURE__ */ onePerProcess('retry budgets', () => new WeakSet<object>());

/** Hand one object to several methods: they share it. */
export class RetryBudget {
  readonly ratio: number;
  readonly minPerSecond: number;
  readonly #window = new TimeWindow(WINDOW_SECONDS * 1000);

  /** @throws RangeError on a negative or non-finite option */
  constructor({ ratio = 0.2, minPerSecond = 10 }: RetryBudgetOptions = {}) {
    if (!(Number.isFinite(ratio) && ratio >= 0))
      throw new RangeError(`RetryBudget: ratio must be a number >= 0, got ${String(ratio)}`);
    if (!(Number.isFinite(minPerSecond) && minPerSecond >= 0)) {
      throw new RangeError(`RetryBudget: minPerSecond must be a number >= 0, got ${String(minPerSecond)}`);
    }
    this.ratio = ratio;
    this.minPerSecond = minPerSecond;
    budgets.add(this);
  }

  /** A call began. */
  recordCall(now: number): void {
    this.#window.record(false, false, now);
  }

  /** How many retries the budget allows just now. */
  available(now: number): number {
    const { calls, failures: retries } = this.#window.totals(now);
    return Math.max(0, Math.floor((calls - retries) * this.ratio + this.minPerSecond * WINDOW_SECONDS - retries));
  }

  /** Takes one retry from the budget, if there is one. */
  withdraw(now: number): boolean {
    if (this.available(now) < 1) return false;
    this.#window.record(true, false, now);
    return true;
  }
}

/** True for budgets of any copy of this package. */
export const isRetryBudget = (value: unknown): value is RetryBudget =>
  typeof value === 'object' && value !== null && budgets.has(value);
