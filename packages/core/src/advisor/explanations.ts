import type { AdviceCode } from './codes.js';

/** Why each finding matters. docs/advisor.md says the same: a test compares them. */
export const EXPLANATIONS: Readonly<Record<AdviceCode, string>> = {
  LOOKS_LIKE_SECONDS: 'A bare number is milliseconds; other libraries count seconds.',
  ATTEMPT_OUTLIVES_TOTAL: 'The call ends before its first attempt can time out, so the attempt timeout does nothing.',
  RETRIES_OUTLIVE_TOTAL: 'Where attempts time out, the total ends the call before the last of them are made.',
  RETRIES_A_WRITE: 'An attempt that failed may have had its effect: repeated, it happens twice.',
  HEDGES_A_WRITE: 'A hedge runs beside the attempt before it: the effect happens twice although nothing failed.',
  CACHES_A_WRITE: 'A call that is answered by the cache has no effect.',
  HEDGE_NEVER_STARTS: 'The call or its attempt has ended before a hedge is due.',
  BREAKER_WITHOUT_TIMEOUT: 'Calls that hang never fail, so the circuit never opens for them.',
  BULKHEAD_WITHOUT_TIMEOUT: 'Calls that hang keep their places, until none is left.',
  BREAKER_CANNOT_OPEN: 'The circuit judges only a window with enough calls in it, and there can never be enough.',
  ONE_CALL_OPENS_CIRCUIT: 'The circuit counts attempts: one unlucky call refuses all others.',
  WINDOW_SHORTER_THAN_TIMEOUT:
    'Calls that end in a timeout have left the window before enough of them are in it together.',
  WAIT_OUTLIVES_TOTAL: 'A call that waits for its place as long as it may has no time left to run.',
  FALLBACK_HIDES_FAILURES: 'Policies outside of a fallback see its answer, not the failure: they never act.',
  NESTED_RETRIES: 'Attempts multiply: an outage meets as many calls as the product of all attempts.',
  DECORATED_OVER_DECORATED: 'An overridden method has policies of its own, which act inside of those of the override.',
  TWO_STACKS: 'A decorator of others between ours splits the stack: policies act twice, each half in its own order.',
  CHAOS_IN_PRODUCTION: 'Chaos disturbs calls of real users: right in a planned exercise, wrong by accident.',
  CACHES_SINGLE_USE:
    'A Response or a stream can be read once: it is neither stored nor shared, and each caller runs the method.',
};
