/**
 * A circuit breaker stops calling what keeps failing, and finds out with a few probes when to begin again.
 *
 *              threshold reached             break over, first probe
 *   ┌────────┐ ────────────────▶ ┌──────┐ ──────────────────────────▶ ┌───────────┐
 *   │ closed │                   │ open │                             │ half-open │
 *   └────────┘                   └──────┘ ◀────────────────────────── └───────────┘
 *        ▲                            successThreshold out of reach         │
 *        └────────────────── successThreshold reached ──────────────────────┘
 *   By hand only: isolated (a lock: refuses until `close` or `reset`), disabled (admits, records nothing),
 *   metrics-only (admits, records, never opens).
 *
 * Closed, a failure tally judges each completed call. Half-open, a probation ends as soon as its outcome is fixed; a
 * slow success fails it like a failure, as does a probe that hangs. Both are explained in `algorithms/`.
 * Time is an argument and there are no timers. What a timer would have done is done at the next look, dated back to
 * when it was due, so that looking or not looking never changes a decision.
 *
 * Invariants: `pass` is what `admit` may answer at once, or −1; `live` is the permit being recorded; the probation is
 * empty except in half-open. `onTransition` comes last, when all fields agree: it may throw or call back.
 * Sources: Nygard, Release It! (the pattern); gobreaker (generations); Failsafe (early decision); Polly (no timers).
 */
import { FailureTally, type TallyVerdict } from '../../algorithms/failure-tally.js';
import { Probation } from '../../algorithms/probation.js';
import type { BreakerMetrics, BreakerSettings, BreakerSnapshot, BreakerState, FailureSummary } from './events.js';
import { type Outcome, type Transition, type TransitionReason, parseSnapshot } from './events.js';
import { LAST_NUMBER, NOBODY, REFUSED, UNRECORDED } from './events.js';

export type * from './events.js';
export { isProbe } from './events.js';

export class BreakerMachine {
  /** The last failure that counted and had a summary. */
  lastFailure: FailureSummary | undefined = undefined;
  /** Called once per change of state, when the machine is consistent again. */
  onTransition: ((transition: Transition) => void) | undefined = undefined;
  // Stryker disable next-line StringLiteral: the constructor enters 'closed'
  private mode: BreakerState = 'closed';
  private pass = REFUSED;
  private live = NOBODY;
  private number = 0;
  private readonly tally: FailureTally;
  private readonly probation = new Probation();
  private openings = 0;
  private openedAt = 0;
  private until = 0;
  private rejected = 0;
  private neutral = 0;

  constructor(
    private settings: BreakerSettings,
    private readonly random: () => number,
  ) {
    this.tally = new FailureTally(settings);
    this.enter('closed');
  }

  get isClosed(): boolean {
    return this.mode === 'closed';
  }

  /** Whether a closed circuit needs the time on `admit` and success. A failure, a probe, any other state always do. */
  get needsClock(): boolean {
    return this.tally.isTimed;
  }

  /** A permit to settle, or −1. */
  admit(now: number): number {
    // Stryker disable next-line ConditionalExpression: a short way to the same answer
    return this.pass === REFUSED ? this.admitProbe(now) : this.pass;
  }

  /** The permit that `admit` would give at any time, while no times are recorded; else −1, and only `admit` can tell. */
  get standingPermit(): number {
    return this.tally.isTimed ? REFUSED : this.pass;
  }

  /**
   * Settles a success where neither times are recorded nor probes are made; else does nothing and answers false. The
   * clock is asked only when the call is the one that completes a bad sample.
   */
  succeed(permit: number, clock: () => number): boolean {
    if (permit !== this.live || this.tally.isTimed) return false;
    const verdict = this.tally.recordSuccess(0, 0);
    if (verdict !== undefined && this.mode === 'closed') this.trip(verdict, clock());
    return true;
  }

  settle(permit: number, outcome: Outcome, duration: number, now: number, failure?: FailureSummary): void {
    if (permit !== this.live) return this.settleProbe(permit, outcome, duration, now, failure);
    let verdict: TallyVerdict | undefined;
    if (outcome === 'success') verdict = this.tally.recordSuccess(duration, now);
    else if (this.note(outcome, failure)) verdict = this.tally.recordFailure(duration, now);
    if (verdict !== undefined && this.mode === 'closed') this.trip(verdict, now);
  }

  /** Shows half-open as soon as a probe would be admitted. */
  state(now: number): BreakerState {
    this.expire(now);
    return this.mode === 'open' && now >= this.until ? 'half-open' : this.mode;
  }

  /** The earliest time at which `admit` could succeed, as far as time decides it; −Infinity when it may now. */
  notBefore(): number {
    if (this.mode === 'open') return this.until;
    if (this.mode === 'isolated') return Infinity;
    return this.probation.hasRoom(this.settings) ? -Infinity : this.probation.nextExpiry(this.settings);
  }

  retryAfter(now: number): number {
    this.expire(now);
    return Math.max(0, this.notBefore() - now);
  }

  /** Opens for `duration`, or for the configured break. A circuit that is open begins its break again. */
  open(now: number, duration?: number): void {
    this.expire(now);
    if (this.mode !== 'isolated') this.trip('manual', now, now, duration);
  }

  close(now: number): void {
    this.command('closed', now);
  }

  /** Closes and forgets all counts. */
  reset(now: number): void {
    this.rejected = this.neutral = 0;
    this.lastFailure = undefined;
    this.close(now);
  }

  isolate(now: number): void {
    this.command('isolated', now);
  }

  disable(now: number): void {
    this.command('disabled', now);
  }

  metricsOnly(now: number): void {
    this.command('metrics-only', now);
  }

  /** New thresholds judge the next result; a half-open period whose outcome they fix ends now. A running break stays. */
  reconfigure(settings: BreakerSettings, now: number): void {
    this.expire(now);
    this.settings = settings;
    this.tally.reconfigure(settings);
    this.expire(now, now);
  }

  metrics(now: number): BreakerMetrics {
    const state = this.state(now);
    const { calls, failures, slow } = this.tally.totals(now);
    return {
      state,
      failureCount: this.tally.failures,
      calls,
      failures,
      failureRate: this.tally.failureRate,
      slowCalls: slow,
      slowRate: this.tally.slowRate,
      openedAt: this.mode === 'open' || this.mode === 'half-open' ? this.openedAt : undefined,
      retryAfter: this.pass === REFUSED ? this.retryAfter(now) : undefined,
      openings: this.openings,
      probesInFlight: this.probation.inFlight,
      rejected: this.rejected,
      neutral: this.neutral,
    };
  }

  toJSON(now: number): BreakerSnapshot {
    this.expire(now);
    const remaining = this.mode === 'open' ? Math.max(0, this.until - now) : 0;
    return {
      state: this.mode,
      openings: this.openings,
      rejected: this.rejected,
      neutral: this.neutral,
      openedFor: Math.max(0, now - this.openedAt),
      retryAfter: remaining === Infinity ? null : remaining,
      ...this.tally.toJSON(now),
      probation: this.probation.toJSON(now),
      lastFailure: this.lastFailure,
    };
  }

  /** Takes over a snapshot, checked as a whole before anything changes. Results of earlier calls no longer count. */
  restore(snapshot: unknown, now: number): void {
    const stored = parseSnapshot(snapshot);
    const { mode, failures } = this;
    this.enter(stored.state);
    this.openings = stored.openings;
    this.rejected = stored.rejected;
    this.neutral = stored.neutral;
    this.openedAt = now - stored.openedFor;
    this.until = now + (stored.retryAfter ?? Infinity);
    this.lastFailure = stored.lastFailure;
    this.tally.restore(stored, now);
    if (stored.state === 'half-open') this.probation.restore(stored.probation, now, () => this.draw(1));
    this.announce(mode, 'restored', now, failures);
    this.expire(now);
  }

  private get failures(): number {
    return this.mode === 'half-open' ? this.probation.failed : this.tally.failures;
  }

  private admitProbe(now: number): number {
    this.expire(now);
    if (this.mode === 'open' && now >= this.until) this.move('half-open', 'break-over', now);
    if (this.pass !== REFUSED) return this.pass; // a listener has closed it
    if (this.mode !== 'half-open' || !this.probation.hasRoom(this.settings)) {
      this.rejected += 1;
      return REFUSED;
    }
    return this.probation.admit(this.draw(1), now);
  }

  private settleProbe(permit: number, outcome: Outcome, duration: number, now: number, failure?: FailureSummary): void {
    this.expire(now);
    if (!this.probation.takeBack(permit)) return;
    const isFailure = outcome === 'success' ? this.tally.isSlow(duration) : this.note(outcome, failure);
    if (isFailure) this.probation.failed += 1;
    else if (outcome === 'success') this.probation.succeeded += 1;
    this.decide('probes-failed', now, now);
  }

  /** Whether it was a failure, which is remembered. */
  private note(outcome: 'failure' | 'neutral', failure: FailureSummary | undefined): boolean {
    if (outcome === 'neutral') this.neutral += 1;
    else this.lastFailure = failure ?? this.lastFailure;
    return outcome === 'failure';
  }

  /** Applies new thresholds, then takes back the probes that hang, each as of its due time but not before `since`. */
  private expire(now: number, since = -Infinity): void {
    let due: number | undefined;
    this.decide('probes-failed', now, now);
    while ((due = this.probation.expire(this.settings, now)) !== undefined) {
      this.decide('probe-hung', Math.max(due, since), now);
    }
  }

  private decide(reason: 'probes-failed' | 'probe-hung', at: number, now: number): void {
    const verdict = this.probation.verdict(this.settings);
    if (verdict === 'passed') this.move('closed', 'probes-succeeded', now);
    else if (verdict === 'failed') this.trip(reason, at, now);
  }

  private command(to: BreakerState, now: number): void {
    this.expire(now);
    if (this.mode !== 'isolated' || to === 'closed') this.move(to, 'manual', now);
  }

  /** Opens as of `at`, which is before `now` when a look comes late. */
  private trip(reason: TransitionReason, at: number, now = at, duration?: number): void {
    if (this.mode !== 'open') this.openings += 1;
    this.openedAt = at;
    this.until = at + (duration === undefined ? this.nextBreak() : Math.max(0, duration || 0));
    this.move('open', reason, now);
  }

  private nextBreak(): number {
    try {
      const jitter = 1 + this.random() * this.settings.recoveryJitter;
      return Math.max(0, this.settings.recoveryTimeout(this.openings) * jitter || 0);
    } catch {
      return 0;
    }
  }

  private move(to: BreakerState, reason: TransitionReason, now: number): void {
    const { mode, failures } = this;
    this.enter(to);
    this.announce(mode, reason, now, failures);
  }

  private enter(to: BreakerState): void {
    const isRecording = to === 'closed' || to === 'metrics-only';
    this.mode = to;
    this.live = isRecording ? this.draw(0) : NOBODY;
    this.pass = isRecording ? this.live : to === 'disabled' ? UNRECORDED : REFUSED;
    this.probation.clear();
    if (isRecording) this.tally.clear();
    if (to === 'closed') this.openings = 0;
  }

  private announce(from: BreakerState, reason: TransitionReason, now: number, failures: number): void {
    if (from === this.mode) return;
    const rate = this.tally.rateBehind(reason);
    const retryAfter = Math.max(0, this.notBefore() - now);
    this.onTransition?.({ from, to: this.mode, reason, openings: this.openings, retryAfter, failures, rate });
  }

  private draw(parity: 0 | 1): number {
    this.number = this.number === LAST_NUMBER ? 1 : this.number + 1;
    return this.number * 2 + parity;
  }
}
