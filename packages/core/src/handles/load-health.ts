import { allBindings } from '../decorate/bind.js';
import type { LimitHandle } from '../policies/adaptive-concurrency/interceptor.js';
import type { ThrottleHandle } from '../policies/adaptive-throttle/interceptor.js';
import type { Runtime } from '../runtime/runtime.js';
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

const handlesOf = <Handle>(runtime: Runtime, policy: string): Handle[] =>
  allBindings(runtime).flatMap(({ interceptors }) =>
    interceptors.flatMap((each) => (each.policy === policy ? [each.handle as Handle] : [])),
  );

/** Limits that a whole class or a name shares; those of single instances are not listed. */
export const concurrencyHealth = (runtime: Runtime): Record<string, ConcurrencyHealth> => {
  const limits = handlesOf<LimitHandle>(runtime, 'adaptive-concurrency').flatMap(({ only }) => only ?? []);
  return Object.fromEntries(
    [...uniqueNames(new Set(limits))].map(([name, { machine }]) => {
      const { limit, inFlight } = machine;
      return [name, { limit, inFlight }];
    }),
  );
};

/** Throttles that a whole class or a name shares; those of single instances are not listed. */
export const throttleHealth = (runtime: Runtime): Record<string, ThrottleHealth> => {
  const throttles = handlesOf<ThrottleHandle>(runtime, 'adaptive-throttle').flatMap(({ only }) => only ?? []);
  const now = runtime.clock.now();
  return Object.fromEntries(
    [...uniqueNames(new Set(throttles))].map(([name, { machine }]) => {
      const { requests, accepts, rejectionRate } = machine.facts(now);
      return [name, { requests, acceptanceRate: requests === 0 ? 1 : accepts / requests, rejectionRate }];
    }),
  );
};

/** Whether some throttle refuses calls, and does not only tell. */
export const isThrottling = (runtime: Runtime): boolean => {
  const now = runtime.clock.now();
  return handlesOf<ThrottleHandle>(runtime, 'adaptive-throttle').some(
    ({ only, isShadow }) => !isShadow && only !== undefined && only.machine.facts(now).rejectionRate > 0,
  );
};
