import { type Check, arrayOf, oneOf } from '../errors/option-check.js';

/** The codes of the advisor's findings. Apart from their texts: whoever silences one needs no explanation of it. */
export const ADVICE_CODES = [
  'LOOKS_LIKE_SECONDS',
  'ATTEMPT_OUTLIVES_TOTAL',
  'RETRIES_OUTLIVE_TOTAL',
  'RETRIES_A_WRITE',
  'HEDGES_A_WRITE',
  'CACHES_A_WRITE',
  'HEDGE_NEVER_STARTS',
  'BREAKER_WITHOUT_TIMEOUT',
  'BULKHEAD_WITHOUT_TIMEOUT',
  'BREAKER_CANNOT_OPEN',
  'ONE_CALL_OPENS_CIRCUIT',
  'WINDOW_SHORTER_THAN_TIMEOUT',
  'WAIT_OUTLIVES_TOTAL',
  'FALLBACK_HIDES_FAILURES',
  'NESTED_RETRIES',
  'DECORATED_OVER_DECORATED',
  'TWO_STACKS',
  'CHAOS_IN_PRODUCTION',
  'CACHES_SINGLE_USE',
] as const;

export type AdviceCode = (typeof ADVICE_CODES)[number];

/** A list of codes, as an option. */
export const adviceCodes: Check = /* @__PURE__ */ arrayOf(/* @__PURE__ */ oneOf(...ADVICE_CODES));
