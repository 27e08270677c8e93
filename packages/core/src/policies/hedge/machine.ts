/**
 * A hedge is a second run of the same call, started when the first takes longer than nearly all others do. The first
 * acceptable result answers, and the rest is aborted: a few percent more calls take the place of the slowest few percent
 * of the waiting. Two decisions, both pure:
 *
 * **When** (`HedgePace`). After a fixed delay, or at a percentile of the latencies seen, which
 * algorithms/latency-quantile.ts estimates. There is no percentile before a hundred samples, and without one nothing is
 * hedged: a cold start would hedge everything, when the other side is cold too. A branch that was cut short is a
 * censored sample.
 *
 * **Who wins** (`HedgeRace`), one per call in which a hedge was due:
 *
 *                      ┌────────────── started ◀─────────────┐ the delay has passed once more, or a failure
 *                      ▼                                     │ of `hedgeOn`; never more than maxHedges
 *     the first ──▶ running ──┬─ accepted ──▶ decided: its result answers, the others are aborted
 *                      ▲      ├─ final ─────▶ decided: its error answers; it would fail the same way everywhere
 *                      │      └─ failed ──┬─ others are running ──▶ wait for them
 *                      └──────────────────┘
 *                                         └─ nobody is ─────────▶ decided: the outcome of the first branch
 *
 * A failure by itself starts nothing: trying again after failures is the business of retries, which wait between them
 * and keep to what the server asks for. A result that `accept` turns down counts as failed.
 *
 * Invariants: exactly one end of a branch decides; what ends later is `late`; `started ≤ 1 + maxHedges`; no hedge is
 * started after the decision; when every branch that was started has ended, the race is decided.
 * Sources: Dean and Barroso, The Tail at Scale (2013); gRPC's hedging policy (final answers, one that is not starts the
 * next at once); Polly's hedging (the outcome of the first when all have failed).
 */
import { LatencyQuantile } from '../../algorithms/latency-quantile.js';
import type { HedgeSettings } from './options.js';

/** When to hedge: the delay, and what it is made of. */
export class HedgePace {
  private quantile: LatencyQuantile | undefined = undefined;
  private fixed = 0;

  constructor(settings: HedgeSettings) {
    this.reconfigure(settings);
  }

  /** True where latencies are to be told. */
  get isLearning(): boolean {
    return this.quantile !== undefined;
  }

  /** Milliseconds until a hedge is due; undefined while that is not known. */
  get delay(): number | undefined {
    return this.quantile === undefined ? this.fixed : this.quantile.estimate;
  }

  /** Latencies seen. */
  get samples(): number {
    return this.quantile?.count ?? 0;
  }

  /** The first branch has answered. */
  answered(latency: number): void {
    this.quantile?.record(latency);
  }

  /** The first branch would have taken longer than this. */
  cutShort(latency: number): void {
    this.quantile?.recordAtLeast(latency);
  }

  /** Another percentile is taken of the same latencies. */
  reconfigure({ after }: HedgeSettings): void {
    if (typeof after === 'number') {
      this.fixed = after;
      this.quantile = undefined;
      return;
    }
    if (this.quantile === undefined) this.quantile = new LatencyQuantile(after.share);
    else this.quantile.aimAt(after.share);
  }
}

/** How a branch ended. */
export type BranchEnd = 'accepted' | 'final' | 'failed';

/** What follows: this outcome answers, the first branch's does, others are waited for, or it is too late for all that. */
export type RaceStep = 'answer' | 'give-up' | 'wait' | 'late';

/** Who answers a call that has more than one branch. */
export class HedgeRace {
  isDecided = false;
  /** Branches, the first included. */
  started = 1;
  private ended = 0;
  private most: number;

  constructor(maxHedges: number) {
    this.most = 1 + maxHedges;
  }

  /** Whether another hedge may start. */
  get mayStart(): boolean {
    return !this.isDecided && this.started < this.most;
  }

  /** Another branch starts; returns its number, 1 for the first hedge. */
  start(): number {
    this.started += 1;
    return this.started - 1;
  }

  /** No further hedge: its budget is used up, or there was no room for it. */
  forgo(): void {
    this.most = this.started;
  }

  /** A branch has ended. A failure that starts another one is to be told after `start`. */
  end(how: BranchEnd): RaceStep {
    this.ended += 1;
    if (this.isDecided) return 'late';
    if (how === 'failed' && this.ended < this.started) return 'wait';
    this.isDecided = true;
    return how === 'failed' ? 'give-up' : 'answer';
  }
}
