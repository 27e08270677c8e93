import { registerPolicy } from './decorate/policy-decorator.js';
import { adaptiveConcurrencyPolicy } from './policies/adaptive-concurrency/decorator.js';
import { adaptiveThrottlePolicy } from './policies/adaptive-throttle/decorator.js';
import { bulkheadPolicy } from './policies/bulkhead/decorator.js';
import { cachedPolicy } from './policies/cached/decorator.js';
import { chaosPolicy } from './policies/chaos/decorator.js';
import { circuitBreakerPolicy } from './policies/circuit-breaker/decorator.js';
import { fallbackPolicy } from './policies/fallback/decorator.js';
import { hedgePolicy } from './policies/hedge/decorator.js';
import { invalidatesPolicy } from './policies/invalidates/decorator.js';
import { rateLimitPolicy } from './policies/rate-limit/decorator.js';
import { retryPolicy } from './policies/retry/decorator.js';
import { timeoutPolicy } from './policies/timeout/decorator.js';

/** For whoever names policies by their keys: `@Resilient`, `resilient()`, `configure`. A decorator brings its own. */
const BUILT_IN = [
  cachedPolicy,
  retryPolicy,
  circuitBreakerPolicy,
  timeoutPolicy,
  hedgePolicy,
  fallbackPolicy,
  invalidatesPolicy,
  rateLimitPolicy,
  bulkheadPolicy,
  adaptiveConcurrencyPolicy,
  adaptiveThrottlePolicy,
  chaosPolicy,
];

export const registerBuiltInPolicies = (): void => BUILT_IN.forEach(registerPolicy);
