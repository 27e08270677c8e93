import type { BulkheadOptions } from './policies/bulkhead/options.js';
import type { CachedOptions } from './policies/cached/options.js';
import type { CircuitBreakerOptions } from './policies/circuit-breaker/options.js';
import type { RateLimitOptions } from './policies/rate-limit/options.js';
import type { RetryOptions } from './policies/retry/options.js';
import type { TimeoutOptions } from './policies/timeout/options.js';

/** What a preset may say: a named policy in which nothing belongs to one method. */
export interface Preset {
  readonly retry?: RetryOptions | false;
  readonly circuitBreaker?: CircuitBreakerOptions;
  readonly timeout?: TimeoutOptions;
  readonly bulkhead?: BulkheadOptions;
  readonly rateLimit?: RateLimitOptions;
  readonly defaults?: { readonly cache: CachedOptions };
}

/** An old value beats none for an hour, where the method is cached; a preset caches nothing by itself. */
const STALE_FOR_AN_HOUR = { cache: { staleIfError: '1h' } } as const;

/**
 * Named policies that are always there: the figures of pyresilience's presets, on which our order of policies sheds
 * another light. Retries take rate tokens and slots of their own, sleeps between attempts hold none, and the table of
 * errors decides what is retried.
 */
const httpPreset: Preset = {
  timeout: { attempt: '10s' },
  retry: { maxAttempts: 3, delay: '500ms', maxDelay: '30s' },
  circuitBreaker: { failureThreshold: 5, recoveryTimeout: '30s', successThreshold: 2 },
  defaults: STALE_FOR_AN_HOUR,
};

/** The queue is bounded, which pyresilience's is not: who would wait behind a hundred others fails at once. */
const databasePreset: Preset = {
  timeout: { attempt: '30s' },
  retry: { maxAttempts: 2, delay: '1s', factor: 1.5, maxDelay: '10s' },
  circuitBreaker: { failureThreshold: 3, recoveryTimeout: '1m', successThreshold: 1 },
  bulkhead: { maxConcurrent: 10, maxQueue: 100, queueTimeout: '5s' },
  defaults: STALE_FOR_AN_HOUR,
};

const queuePreset: Preset = {
  timeout: { attempt: '15s' },
  retry: { maxAttempts: 5, delay: '2s', maxDelay: '1m' },
  circuitBreaker: { failureThreshold: 10, recoveryTimeout: '1m', successThreshold: 3 },
};

/** A 429 says that the quota is used up, not that the model is down: it is waited for and opens no circuit. */
const llmPreset: Preset = {
  timeout: { attempt: '1m' },
  retry: { maxAttempts: 4, delay: '1s', maxDelay: '1m', maxRetryAfter: '1m' },
  circuitBreaker: { failureThreshold: 5, recoveryTimeout: '30s', ignoreOn: [429] },
  rateLimit: { limit: 60, interval: '1m' },
};

/** Fails fast: one attempt, whatever the class says. */
const strictPreset: Preset = {
  timeout: { attempt: '5s' },
  retry: false,
  circuitBreaker: { failureThreshold: 3, recoveryTimeout: '1m', successThreshold: 1 },
};

export const PRESETS = {
  http: httpPreset,
  database: databasePreset,
  queue: queuePreset,
  llm: llmPreset,
  strict: strictPreset,
} as const;

/** A preset's name, as in `@Resilient('http')`. */
export type PresetName = keyof typeof PRESETS;
