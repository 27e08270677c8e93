/**
 * An adaptive concurrency limit bounds how many calls are under way at once, and finds the bound by itself: it grows
 * while calls end well and shrinks when the other side shows that it has enough. There is no queue: what is over the
 * limit is refused, because waiting in front of an overloaded back end only makes every answer late.
 *
 *                         a call ended well, at least half the limit in use
 *                       ┌───────────────────────────────────────────────┐
 *                       │   aimd: limit + 1/limit, one more per round   │
 *                       ▼   gradient: see algorithms/latency-gradient   │
 *   min ◀──────────── limit ──────────────────────────────────────▶ max ┘
 *          × 0.7 on a drop, once per round
 *
 * A **drop** is a call that says overload: a timeout, 429, 503, a broken connection. A round is as many endings as calls
 * were under way at the last decrease: the drops of one round have one cause, and twenty calls that time out together
 * must not take the limit from 20 to nothing. (TCP does the same within one round trip.)
 *
 * Decision: `aimd` is the default. It believes only what the other side says, and so is right for methods whose latency
 * has many reasons. Its price: it needs such words, which a timeout supplies. `gradient` sees a queue before anything
 * times out, and takes calls that are slow by nature for one. It too shrinks on drops: a back end that fails fast, or
 * always at the same timeout, shows the same latency whatever its load.
 *
 * Other decisions: a limit that is not in use does not grow, or it would be anything but a limit when load comes. Errors
 * that are no drop move nothing: they are quick or slow for reasons of their own. A slot is held until the work really
 * ends, whoever still waits for it: `settle` moves the limit, `release` gives the slot back, and they may be far apart.
 *
 * Invariants: min ≤ limit ≤ max; inFlight is admissions minus releases; between two decreases lies a whole round.
 * Sources: Netflix concurrency-limits (AIMD, Gradient2, growth only from half the limit); RFC 5681 (one step per round
 * trip); RFC 9438 (0.7).
 */
import { LatencyGradient } from '../../algorithms/latency-gradient.js';

export interface LimitSettings {
  readonly algorithm: 'aimd' | 'gradient';
  readonly min: number;
  readonly max: number;
  readonly initial: number;
}

const DECREASE = 0.7;

/** `dropped`: overload. `ignored`: says nothing about load. */
export type LoadOutcome = 'success' | 'dropped' | 'ignored';

export class LimitMachine {
  /** Calls admitted and not released. */
  inFlight = 0;
  /** How many calls may be under way, a whole number. Kept, not computed: every call asks. */
  limit = 0;
  private exact: number;
  private gradient: LatencyGradient | undefined;
  /** Endings until the present round is over; nothing or less when it is. */
  private endingsLeft = 0;

  constructor(
    private settings: LimitSettings,
    private readonly random: () => number,
  ) {
    this.exact = settings.initial;
    this.gradient = gradientFor(settings);
    this.set(this.exact);
  }

  /** Milliseconds that a call takes without a queue, as `gradient` knows it. */
  get baseline(): number | undefined {
    const baseline = this.gradient?.baseline;
    return baseline === Infinity ? undefined : baseline;
  }

  /** Whether `settle` wants to know the latency of successes. */
  get needsLatency(): boolean {
    return this.gradient !== undefined;
  }

  /** Takes a slot, to be given back with `release`. */
  tryAcquire(): boolean {
    if (this.inFlight >= this.limit) return false;
    this.inFlight += 1;
    return true;
  }

  /** The outcome of an admitted call, before its `release`. Latency and time count for successes under `gradient` alone. */
  settle(outcome: LoadOutcome, latency: number, now: number): void {
    const isBusy = this.inFlight * 2 >= this.limit;
    this.endingsLeft -= 1;
    if (outcome === 'dropped') this.decrease();
    else if (outcome === 'success') this.grow(latency, isBusy, now);
  }

  release(): void {
    this.inFlight -= 1;
  }

  /** New bounds hold at once; the limit stays within them. Another algorithm begins with what the limit is. */
  reconfigure(settings: LimitSettings): void {
    if (settings.algorithm !== this.settings.algorithm) this.gradient = gradientFor(settings);
    this.settings = settings;
    this.set(this.exact);
  }

  private grow(latency: number, isBusy: boolean, now: number): void {
    const { gradient, exact } = this;
    if (gradient !== undefined) this.set(gradient.sample(exact, latency, isBusy, now, this.random));
    else if (isBusy) this.set(exact + 1 / exact);
  }

  private decrease(): void {
    if (this.endingsLeft > 0) return;
    this.endingsLeft = this.inFlight;
    this.set(this.exact * DECREASE);
  }

  private set(limit: number): void {
    const { min, max } = this.settings;
    this.exact = Math.min(max, Math.max(min, limit));
    this.limit = Math.max(min, Math.floor(this.exact * (this.gradient?.share ?? 1)));
  }
}

const gradientFor = ({ algorithm }: LimitSettings): LatencyGradient | undefined =>
  algorithm === 'gradient' ? new LatencyGradient() : undefined;
