/**
 * Retry decides two things: whether another attempt may be made, and when.
 *
 *   attempt fails ──▶ may it be retried at all? ──▶ attempts left? ──▶ how long to wait? ──▶ does the wait fit? ──▶ budget?
 *                          │ no                        │ no                                  │ no                 │ no
 *                          └───────────────────────────┴────────────── the attempt's own error ───────────────────┘
 *
 * The wait is the backoff's, spread by jitter, and at least what the server asked for. It does not fit when the server
 * asks for more than `maxRetryAfter`, when the caller would be gone (total timeout, `maxElapsed`), or when something
 * further in would surely refuse at that time. Then the call fails at once rather than sleep towards a sure failure.
 * The backoff and jitter formulas are in algorithms/; the budget has an essay of its own.
 */
import { computeDelay } from '../../algorithms/delay.js';
import type { RetrySettings } from './options.js';

export interface RetryQuestion {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Milliseconds the server asked to wait, if it did. */
  readonly retryAfter: number | undefined;
  /** Milliseconds since the call began; 0 where `maxElapsed` is not used. */
  readonly elapsed: number;
  /** Milliseconds the caller still waits. */
  readonly remaining: number;
  /** Milliseconds until something further in may admit a call. */
  readonly blockedFor: number;
  readonly previousDelay: number | undefined;
}

export type RetryRefusal = 'attempts' | 'retry-after' | 'deadline' | 'elapsed' | 'blocked';
export type RetryDecision = { readonly delay: number } | { readonly refusal: RetryRefusal };

/** Attempts without end and without delay would keep timers, sockets and the caller's abort from ever being served. */
const SHORTEST_ENDLESS_DELAY = 1;

/** Pure: everything but the budget. */
export const decideRetry = (settings: RetrySettings, question: RetryQuestion, random: () => number): RetryDecision => {
  const { attempt, retryAfter, elapsed, remaining, blockedFor, previousDelay } = question;
  if (attempt >= settings.maxAttempts) return { refusal: 'attempts' };
  const asked = settings.respectRetryAfter ? (retryAfter ?? 0) : 0;
  if (asked > settings.maxRetryAfter) return { refusal: 'retry-after' };
  const atLeast = settings.maxAttempts === Infinity ? Math.max(SHORTEST_ENDLESS_DELAY, asked) : asked;
  const delay = Math.max(atLeast, computeDelay(settings, attempt, random, previousDelay));
  if (delay >= remaining) return { refusal: 'deadline' };
  if (elapsed + delay >= settings.maxElapsed) return { refusal: 'elapsed' };
  if (blockedFor > delay) return { refusal: 'blocked' };
  return { delay };
};
