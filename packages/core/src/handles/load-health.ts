import type { LimitHandle } from '../policies/adaptive-concurrency/interceptor.js';
import type { ThrottleHandle } from '../policies/adaptive-throttle/interceptor.js';
import type { BulkheadHealth } from '../policies/bulkhead/bulkhead.js';
import type { BulkheadHandle } from '../policies/bulkhead/interceptor.js';
import type { RateLimitHandle } from '../policies/rate-limit/interceptor.js';
import type { RateLimitStats } from '../policies/rate-limit/limiter.js';
import type { Runtime } from '../runtime/runtime.js';
import { handlesOf } from './policy-handles.js';
import { uniqueNames } from './unique-names.js';

export interface ConcurrencyHealth {
  /** How many calls may be under way at present. */
  readonly limit: number;
  /** How many are, work that was given up and has not ended yet included. */
  readonly inFlight: number;
}

export interface ThrottleHealth {
  /** Calls that ended within the window, refused ones included. */
  readonly requests: number;
  /** The share of them that the other side took, 0 to 1; 1 where there were none. */
  readonly acceptanceRate: number;
  /** The share of calls that is refused at present, 0 to 1; in shadow mode: would be. */
  readonly rejectionRate: number;
}

const byName = <State extends { readonly name: string }, Facts>(
  states: Iterable<State>,
  facts: (state: State) => Facts,
): Record<string, Facts> => Object.fromEntries([...uniqueNames(states)].map(([name, state]) => [name, facts(state)]));

/** What handles list, each once: a state that methods share by name is found at each. */
const allOf = <State>(handles: readonly { all(): readonly State[] }[]): Set<State> =>
  new Set(handles.flatMap((handle) => handle.all()));

export const bulkheadHealth = (runtime: Runtime): Record<string, BulkheadHealth> =>
  byName(allOf(handlesOf<BulkheadHandle>(runtime, 'bulkhead')), ({ health }) => health);

export const rateLimitStats = (runtime: Runtime): Record<string, RateLimitStats> =>
  byName(allOf(handlesOf<RateLimitHandle>(runtime, 'rate-limit')), ({ stats }) => stats);

/** Limits that a whole class or a name shares; those of single instances are not listed. */
export const concurrencyHealth = (runtime: Runtime): Record<string, ConcurrencyHealth> => {
  const limits = handlesOf<LimitHandle>(runtime, 'adaptive-concurrency').flatMap(({ only }) => only ?? []);
  return byName(new Set(limits), ({ machine: { limit, inFlight } }) => ({ limit, inFlight }));
};

/** Throttles that a whole class or a name shares; those of single instances are not listed. */
export const throttleHealth = (runtime: Runtime): Record<string, ThrottleHealth> => {
  const throttles = handlesOf<ThrottleHandle>(runtime, 'adaptive-throttle').flatMap(({ only }) => only ?? []);
  const now = runtime.clock.now();
  return byName(new Set(throttles), ({ machine }) => {
    const { requests, accepts, rejectionRate } = machine.facts(now);
    return { requests, acceptanceRate: requests === 0 ? 1 : accepts / requests, rejectionRate };
  });
};

/** Whether some throttle refuses calls, and does not only tell. */
export const isThrottling = (runtime: Runtime): boolean => {
  const now = runtime.clock.now();
  return handlesOf<ThrottleHandle>(runtime, 'adaptive-throttle').some(
    ({ only, isShadow }) => !isShadow && only !== undefined && only.machine.facts(now).rejectionRate > 0,
  );
};
