import {
  CountWindow,
  type SlidingWindow,
  TimeWindow,
  type WindowSnapshot,
  type WindowTotals,
} from './sliding-window.js';

/**
 * A failure tally counts completed calls and says when there have been too many bad ones: in a row, or as a share of the
 * calls in a sliding window that holds at least `minimumCalls` (or is full, if that is less).
 *
 * Slow calls are judged by their share alone, in the same window. Where failures are counted in a row there is none, so
 * the last ten calls are kept for them. A call may be slow and failed. Each call is judged, a success as well: it may be
 * the one that completes the sample.
 */
export interface TallyRules {
  /** Failures in a row, for a `consecutive` window. */
  readonly failureThreshold: number;
  /** Rates are above 0 and at most 1, and are reached, not exceeded. */
  readonly window:
    | { readonly type: 'consecutive' }
    | { readonly type: 'count'; readonly size: number; readonly failureRate: number; readonly minimumCalls: number }
    | { readonly type: 'time'; readonly duration: number; readonly failureRate: number; readonly minimumCalls: number };
  /** A call is slow when it takes longer than `duration`. */
  readonly slowCall: { readonly duration: number; readonly rate: number } | undefined;
}

export type TallyVerdict = 'consecutive-failures' | 'failure-rate' | 'slow-call-rate';

export interface TallySnapshot {
  readonly streak: number;
  readonly window: WindowSnapshot | undefined;
}

const SLOW_CALLS_JUDGED = 10;

const windowFor = ({ window, slowCall }: TallyRules): SlidingWindow | undefined => {
  if (window.type === 'count') return new CountWindow(window.size);
  if (window.type === 'time') return new TimeWindow(window.duration);
  return slowCall && new CountWindow(SLOW_CALLS_JUDGED);
};

const sampleFor = ({ window }: TallyRules): number => {
  if (window.type === 'time') return window.minimumCalls;
  return window.type === 'count' ? Math.min(window.minimumCalls, window.size) : SLOW_CALLS_JUDGED;
};

/** Two rules with the same shape can share what was counted. */
const shapeOf = ({ window, slowCall }: TallyRules): string => {
  if (window.type === 'count') return `last ${window.size} calls`;
  if (window.type === 'time') return `last ${window.duration} ms`;
  return slowCall ? 'streak and slow calls' : 'streak';
};

const isTimed = ({ window, slowCall }: TallyRules): boolean => window.type === 'time' || slowCall !== undefined;

export class FailureTally {
  private streak = 0;
  private window: SlidingWindow | undefined;
  private sample: number;
  /** Whether durations or times matter to `recordSuccess`. A field, since every call asks. */
  isTimed: boolean;

  constructor(private rules: TallyRules) {
    this.isTimed = isTimed(rules);
    this.window = windowFor(rules);
    this.sample = sampleFor(rules);
  }

  /** The failures in a row where that is the rule, else those in the window as of the last look. */
  get failures(): number {
    return this.window === undefined || this.rules.window.type === 'consecutive' ? this.streak : this.window.failures;
  }

  isSlow(duration: number): boolean {
    return this.rules.slowCall !== undefined && duration > this.rules.slowCall.duration;
  }

  recordSuccess(duration: number, now: number): TallyVerdict | undefined {
    this.streak = 0;
    if (this.window === undefined) return undefined;
    this.window.record(false, this.isSlow(duration), now);
    return this.judge();
  }

  recordFailure(duration: number, now: number): TallyVerdict | undefined {
    this.streak += 1;
    this.window?.record(true, this.isSlow(duration), now);
    return this.judge();
  }

  /** Without a window the calls are the running streak. */
  totals(now: number): WindowTotals {
    return this.window?.totals(now) ?? { calls: this.streak, failures: this.streak, slow: 0 };
  }

  /** As of the last look; undefined without a window. */
  get failureRate(): number | undefined {
    return this.window && this.window.failures / Math.max(1, this.window.calls);
  }

  get slowRate(): number | undefined {
    return this.window && this.window.slow / Math.max(1, this.window.calls);
  }

  /** The rate that led to a verdict; undefined where none did. */
  rateBehind(verdict: string): number | undefined {
    if (verdict === 'failure-rate') return this.failureRate;
    return verdict === 'slow-call-rate' ? this.slowRate : undefined;
  }

  clear(): void {
    this.streak = 0;
    this.window?.clear();
  }

  /** Takes other rules. What was counted stays unless it was counted in another kind or size of window. */
  reconfigure(rules: TallyRules): void {
    if (shapeOf(rules) !== shapeOf(this.rules)) {
      if (rules.window.type !== this.rules.window.type) this.streak = 0;
      this.window = windowFor(rules);
    }
    this.rules = rules;
    this.isTimed = isTimed(rules);
    this.sample = sampleFor(rules);
  }

  toJSON(now: number): TallySnapshot {
    return { streak: this.streak, window: this.window?.toJSON(now) };
  }

  restore(snapshot: TallySnapshot, now: number): void {
    this.streak = snapshot.streak;
    this.window?.restore(snapshot.window, now);
  }

  private judge(): TallyVerdict | undefined {
    const { window: rule, failureThreshold, slowCall } = this.rules;
    if (rule.type === 'consecutive' && this.streak >= failureThreshold) return 'consecutive-failures';
    if (this.window === undefined || this.window.calls < this.sample) return undefined;
    const { calls, failures, slow } = this.window;
    if (rule.type !== 'consecutive' && failures / calls >= rule.failureRate) return 'failure-rate';
    return slowCall && slow / calls >= slowCall.rate ? 'slow-call-rate' : undefined;
  }
}
