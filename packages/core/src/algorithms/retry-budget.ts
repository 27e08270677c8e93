/**
 * A retry budget bounds amplification: in an outage every call fails, and three attempts each would triple the load just
 * when it hurts. Retries are at most a share of the calls of the last ten seconds, plus a floor per second so that quiet
 * services may retry at all. Hedges are taken from it as well: to the other side both are calls on top.
 *
 *                 withdraw finds nothing
 *     ┌──────────┐ ─────────────────────▶ ┌───────────┐
 *     │ in funds │                        │ exhausted │
 *     └──────────┘ ◀───────────────────── └───────────┘
 *                 a fifth of the allowance is back
 *
 * It gives whatever it has in either state; the states are for those who watch it. The way back is longer than the way
 * there, since at the edge of an outage every retry that leaves the window would otherwise tell of a recovery.
 *
 * Invariants: only first attempts count as calls; within any ten seconds at most `calls · ratio + 10 · minPerSecond`
 * are withdrawn. Time is an argument.
 * Sources: Finagle's RetryBudget; Google SRE, "Addressing Cascading Failures".
 */
import { TimeWindow } from './sliding-window.js';

export interface RetryBudgetOptions {
  /** Retries per call, over the last ten seconds. Default 0.2. */
  readonly ratio?: number;
  /** Retries per second that are always allowed. Default 10. */
  readonly minPerSecond?: number;
  /** In events and `health()`. Default: the name of a method that uses it. */
  readonly name?: string;
}

const WINDOW_SECONDS = 10;
const RECOVERED = 0.2;

/** What it says of itself in `health()`. */
export interface RetryBudgetFacts {
  /** Retries and hedges that it allows just now. */
  readonly available: number;
  /** Some were turned down, and little has come back since. */
  readonly isExhausted: boolean;
  readonly ratio: number;
  readonly minPerSecond: number;
}

/** Known to other copies of this package, too. */
const BRAND: unique symbol = /* @__PURE__ */ Symbol.for('@holdfast/retry-budget');

/** Hand one object to several methods: they share it. */
export class RetryBudget {
  readonly ratio: number;
  readonly minPerSecond: number;
  /** @internal */
  declare readonly [BRAND]: true;
  readonly name: string | undefined;
  /** Something was turned down, and little has come back since. */
  isExhausted = false;
  #window = new TimeWindow(WINDOW_SECONDS * 1000);

  /** @throws RangeError on a negative or non-finite option */
  constructor({ ratio = 0.2, minPerSecond = 10, name }: RetryBudgetOptions = {}) {
    if (!(Number.isFinite(ratio) && ratio >= 0))
      throw new RangeError(`RetryBudget: ratio must be a number >= 0, got ${String(ratio)}`);
    if (!(Number.isFinite(minPerSecond) && minPerSecond >= 0)) {
      throw new RangeError(`RetryBudget: minPerSecond must be a number >= 0, got ${String(minPerSecond)}`);
    }
    this[BRAND] = true;
    this.ratio = ratio;
    this.minPerSecond = minPerSecond;
    this.name = name;
  }

  /** A call began. */
  recordCall(now: number): void {
    this.#window.record(false, false, now);
  }

  /** How many retries the budget allows just now. */
  available(now: number): number {
    const { calls, failures: retries } = this.#window.totals(now);
    return Math.max(0, Math.floor(this.#allowance(calls - retries) - retries));
  }

  /** Takes one retry from the budget, if there is one. */
  withdraw(now: number): boolean {
    if (this.available(now) < 1) {
      this.isExhausted = true;
      return false;
    }
    this.#window.record(true, false, now);
    return true;
  }

  /** Gives back what `withdraw` has just taken: it came to nothing. */
  refund(now: number): void {
    this.#window.forgetFailure(now);
  }

  /** Something was turned down, nothing has come back, and there are still calls to speak of. */
  isDry(now: number): boolean {
    return this.isExhausted && this.available(now) < 1 && this.#window.totals(now).calls > 0;
  }

  /** True once when an exhausted budget is back in funds. */
  recovers(now: number): boolean {
    if (!this.isExhausted) return false;
    const { calls, failures: retries } = this.#window.totals(now);
    const allowance = this.#allowance(calls - retries);
    if (this.available(now) < Math.max(1, RECOVERED * allowance)) return false;
    this.isExhausted = false;
    return true;
  }

  facts(now: number): RetryBudgetFacts {
    const { ratio, minPerSecond, isExhausted } = this;
    return { available: this.available(now), isExhausted, ratio, minPerSecond };
  }

  /** A budget on other terms that goes on with the calls and retries of this one. */
  onTerms(options: RetryBudgetOptions): RetryBudget {
    const budget = new RetryBudget(options);
    budget.#window = this.#window;
    budget.isExhausted = this.isExhausted;
    return budget;
  }

  #allowance(calls: number): number {
    return calls * this.ratio + this.minPerSecond * WINDOW_SECONDS;
  }
}

/** True for budgets of any copy of this package. */
export const isRetryBudget = (value: unknown): value is RetryBudget =>
  typeof value === 'object' && value !== null && (value as Partial<RetryBudget>)[BRAND] === true;
