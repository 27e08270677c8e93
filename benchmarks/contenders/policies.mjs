/**
 * Peers around the same method, as their documentation says, with options as close to ours as they have them. None of
 * them is a decorator: the method of the class calls the policy, which calls the inner method through a closure.
 */
import {
  ConsecutiveBreaker,
  ExponentialBackoff,
  TimeoutStrategy,
  bulkhead,
  circuitBreaker,
  fallback,
  handleAll,
  retry,
  timeout,
  wrap,
} from 'cockatiel';
import Opossum from 'opossum';
import pRetry from 'p-retry';
import pThrottle from 'p-throttle';
import pTimeout from 'p-timeout';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { defineClass } from '../lib/driver.mjs';

const INNER = 'async inner(id) { return id + 1; }';

const create = (name, m, scope) => new (defineClass(name, `${INNER} ${m}`, scope))();

const cockatielRetry = () => retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() });
/** Its cheapest window, and the one that is ours by default. */
const cockatielBreaker = () => circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker: new ConsecutiveBreaker(5) });
/** Aggressive: the caller's wait ends when the time is up, as with ours. */
const cockatielTimeout = () => timeout(2_000, TimeoutStrategy.Aggressive);
const cockatielBulkhead = () => bulkhead(10, 0);
const cockatielFallback = () => fallback(handleAll, 0);

const viaCockatiel = (name, makePolicy) => ({
  name: `cockatiel ${name}`,
  make: (index) =>
    create(`Cockatiel${index}`, 'm(id) { return policy.execute(() => this.inner(id)); }', { policy: makePolicy() }),
});

const viaOpossum = (name, options) => ({
  name: `opossum ${name}`,
  make: (index) => {
    const service = create(`Opossum${index}`, 'm(id) { return this.breaker.fire(id); }');
    service.breaker = new Opossum((id) => service.inner(id), { resetTimeout: 30_000, ...options });
    return service;
  },
});

/** Retries are never made here; its defaults otherwise. */
const viaPRetry = {
  name: 'p-retry',
  make: (index) =>
    create(`PRetry${index}`, 'm(id) { return pRetry(() => this.inner(id), options); }', {
      pRetry,
      options: { retries: 2 },
    }),
};

const viaPTimeout = {
  name: 'p-timeout',
  make: (index) =>
    create(`PTimeout${index}`, 'm(id) { return pTimeout(this.inner(id), options); }', {
      pTimeout,
      options: { milliseconds: 2_000 },
    }),
};

/** High enough that no call ever waits or is refused. */
export const RATE = 1e9;

const viaPThrottle = {
  name: 'p-throttle',
  make: (index) => {
    const service = create(`PThrottle${index}`, 'm(id) { return this.throttled(id); }');
    service.throttled = pThrottle({ limit: RATE, interval: 1_000 })((id) => service.inner(id));
    return service;
  },
};

/** In memory, one key for all calls. */
const viaRateLimiterFlexible = {
  name: 'rate-limiter-flexible',
  make: (index) =>
    create(`Flexible${index}`, "async m(id) { await limiter.consume('all'); return this.inner(id); }", {
      limiter: new RateLimiterMemory({ points: RATE, duration: 1 }),
    }),
};

const viaSmallPackages = {
  name: 'p-retry + p-timeout',
  make: (index) =>
    create(`Small${index}`, 'm(id) { return pRetry(() => pTimeout(this.inner(id), timeoutOptions), retryOptions); }', {
      pRetry,
      pTimeout,
      retryOptions: { retries: 2 },
      timeoutOptions: { milliseconds: 2_000 },
    }),
};

export const singlePolicyPeers = [
  viaCockatiel('retry', cockatielRetry),
  viaCockatiel('breaker', cockatielBreaker),
  viaCockatiel('bulkhead', cockatielBulkhead),
  viaCockatiel('fallback', cockatielFallback),
  viaOpossum('breaker', { timeout: false }),
  viaPRetry,
];

export const rateLimitPeers = [viaPThrottle, viaRateLimiterFlexible];

export const timeoutPeers = [viaCockatiel('timeout', cockatielTimeout), viaPTimeout];

export const stackPeers = [
  viaCockatiel('fallback+retry+breaker+bulkhead+timeout', () =>
    wrap(cockatielFallback(), cockatielRetry(), cockatielBreaker(), cockatielBulkhead(), cockatielTimeout()),
  ),
  viaOpossum('breaker+timeout', { timeout: 2_000 }),
  viaSmallPackages,
];

/** Open for good. */
export const openPeers = [
  {
    name: 'cockatiel breaker, isolated',
    make: (index) => {
      const policy = cockatielBreaker();
      policy.isolate();
      return create(`CockatielOpen${index}`, 'm(id) { return policy.execute(() => this.inner(id)); }', { policy });
    },
  },
  {
    name: 'opossum breaker, opened',
    make: (index) => {
      const service = viaOpossum('', { timeout: false, resetTimeout: 3_600_000 }).make(index);
      service.breaker.open();
      return service;
    },
  },
];
