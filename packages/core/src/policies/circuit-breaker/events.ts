import type { TallyRules, TallyVerdict } from '../../algorithms/failure-tally.js';
import type { ProbationSnapshot, ProbationTerms } from '../../algorithms/probation.js';
import { type WindowSnapshot, parseWindow } from '../../algorithms/sliding-window.js';

/** What a circuit is told of calls, and what it states of itself: its changes, its metrics, and itself as JSON. */

/**
 * Permits are numbers: 0 is admitted and not recorded, even is a call to be recorded, odd is a probe. Each entry into a
 * recording state and each probe draws a new one, and a result counts only while its permit is current. So late results
 * change nothing and a probe is settled once. After 2^29 draws numbers return, long after any call they named.
 */
export const isProbe = (permit: number): boolean => permit % 2 === 1;
/** No permit: `admit` says no, or cannot say at once. */
export const REFUSED = -1;
export const UNRECORDED = 0;
/** Equal to no permit that is ever drawn. */
export const NOBODY = -2;
export const LAST_NUMBER = 2 ** 29 - 1;

export interface BreakerSettings extends ProbationTerms, TallyRules {
  /** Milliseconds for the n-th opening since the last close. Infinity has no end; NaN, negative, a throw count as 0. */
  readonly recoveryTimeout: (openings: number) => number;
  /** 0 to 1: a break lasts up to this share longer. */
  readonly recoveryJitter: number;
}

export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated' | 'disabled' | 'metrics-only';

/** A neutral result proves neither health nor illness: the caller gave up, another policy refused. */
export type Outcome = 'success' | 'failure' | 'neutral';

/** What may be kept and shown of an error: never the error itself. */
export interface FailureSummary {
  readonly name: string;
  readonly code?: string | undefined;
  readonly status?: number | undefined;
}

export type TransitionReason =
  TallyVerdict | 'break-over' | 'probes-succeeded' | 'probes-failed' | 'probe-hung' | 'manual' | 'restored';

/** One change of state. */
export interface Transition {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason: TransitionReason;
  /** How often the circuit has opened since it was last closed. */
  readonly openings: number;
  /** Milliseconds until a probe may be admitted; Infinity when only a command can end the state. */
  readonly retryAfter: number;
  /** The failures that `from` had counted: its streak, those in its window, or its failed probes. */
  readonly failures: number;
  /** The rate that opened the circuit. */
  readonly rate: number | undefined;
}

export interface BreakerMetrics {
  readonly state: BreakerState;
  /** Failures in a row where that is the rule, else those in the window. */
  readonly failureCount: number;
  /** Completed calls in the window; without one, those of the running streak, and there are no rates. */
  readonly calls: number;
  readonly failures: number;
  readonly failureRate: number | undefined;
  readonly slowCalls: number;
  readonly slowRate: number | undefined;
  /** Monotonic time of the last opening, while open or half-open. */
  readonly openedAt: number | undefined;
  /** Milliseconds until a probe may be admitted, while calls may be refused. */
  readonly retryAfter: number | undefined;
  readonly openings: number;
  readonly probesInFlight: number;
  /** Calls refused and neutral results, since construction or `reset`. */
  readonly rejected: number;
  readonly neutral: number;
}

/** A circuit as plain JSON. Times are ages and remainders, so that a process with another clock decides the same. */
export interface BreakerSnapshot {
  readonly state: BreakerState;
  readonly openings: number;
  readonly rejected: number;
  readonly neutral: number;
  /** Milliseconds since the last opening. */
  readonly openedFor: number;
  /** What is left of the break; null when it has no end. */
  readonly retryAfter: number | null;
  readonly streak: number;
  readonly window: WindowSnapshot | undefined;
  readonly probation: ProbationSnapshot;
  readonly lastFailure: FailureSummary | undefined;
}

const STATES: ReadonlySet<unknown> = new Set<BreakerState>([
  'closed',
  'open',
  'half-open',
  'isolated',
  'disabled',
  'metrics-only',
]);

type Fields = Readonly<Record<string, unknown>>;

const wrong = (field: string): Error => new Error(`circuit snapshot: ${field} is missing or wrong`);

const object = (value: unknown, field: string): Fields => {
  if (typeof value !== 'object' || value === null) throw wrong(field);
  return value as Fields;
};

const isDuration = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0;

const duration = (value: unknown, field: string): number => {
  if (!isDuration(value)) throw wrong(field);
  return value;
};

const count = (value: unknown, field: string): number => {
  if (!Number.isSafeInteger(value)) throw wrong(field);
  return duration(value, field);
};

const parseState = (value: unknown): BreakerState => {
  if (!STATES.has(value)) throw wrong('state');
  return value as BreakerState;
};

const parseProbation = (value: unknown): ProbationSnapshot => {
  const { succeeded, failed, inFlight } = object(value, 'probation');
  if (!Array.isArray(inFlight) || !inFlight.every(isDuration)) throw wrong('probation.inFlight');
  return {
    succeeded: count(succeeded, 'probation.succeeded'),
    failed: count(failed, 'probation.failed'),
    inFlight: inFlight.toSorted((a, b) => b - a),
  };
};

const parseFailure = (value: unknown): FailureSummary | undefined => {
  if (value === undefined || value === null) return undefined;
  const { name, code, status } = object(value, 'lastFailure');
  if (typeof name !== 'string') throw wrong('lastFailure.name');
  if (code !== undefined && typeof code !== 'string') throw wrong('lastFailure.code');
  if (status !== undefined && typeof status !== 'number') throw wrong('lastFailure.status');
  return Object.freeze({ name, code, status });
};

/** Checks all of a snapshot before any of it is used. Throws an Error that names the field at fault. */
export const parseSnapshot = (value: unknown): BreakerSnapshot => {
  const fields = object(value, 'the whole');
  const window = parseWindow(fields['window']);
  if (window === null) throw wrong('window');
  return {
    state: parseState(fields['state']),
    openings: count(fields['openings'], 'openings'),
    rejected: count(fields['rejected'], 'rejected'),
    neutral: count(fields['neutral'], 'neutral'),
    openedFor: duration(fields['openedFor'], 'openedFor'),
    retryAfter: fields['retryAfter'] === null ? null : duration(fields['retryAfter'], 'retryAfter'),
    streak: count(fields['streak'], 'streak'),
    window,
    probation: parseProbation(fields['probation']),
    lastFailure: parseFailure(fields['lastFailure']),
  };
};
