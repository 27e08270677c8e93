import { allBindings } from '../decorate/bind.js';
import type { BulkheadHealth } from '../policies/bulkhead/bulkhead.js';
import type { BulkheadHandle } from '../policies/bulkhead/interceptor.js';
import type { RateLimitHandle } from '../policies/rate-limit/interceptor.js';
import type { RateLimitStats } from '../policies/rate-limit/limiter.js';
import type { Runtime } from '../runtime/runtime.js';
import { uniqueNames } from './unique-names.js';

/** What the handles of a policy list in a runtime, each once: a state that methods share by name is found at each. */
const found = <State>(runtime: Runtime, policy: string, all: (handle: unknown) => readonly State[]): Set<State> =>
  new Set(
    allBindings(runtime).flatMap(({ interceptors }) =>
      interceptors.flatMap((each) => (each.policy === policy ? all(each.handle) : [])),
    ),
  );

const byName = <State extends { readonly name: string }, Facts>(
  states: Iterable<State>,
  facts: (state: State) => Facts,
): Record<string, Facts> => Object.fromEntries([...uniqueNames(states)].map(([name, state]) => [name, facts(state)]));

export const bulkheadsOf = (runtime: Runtime): Record<string, BulkheadHealth> =>
  byName(
    found(runtime, 'bulkhead', (handle) => (handle as BulkheadHandle).all()),
    ({ health }) => health,
  );

export const rateLimitsOf = (runtime: Runtime): Record<string, RateLimitStats> =>
  byName(
    found(runtime, 'rate-limit', (handle) => (handle as RateLimitHandle).all()),
    ({ stats }) => stats,
  );
