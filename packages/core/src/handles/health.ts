import type { BulkheadHealth } from '../policies/bulkhead/bulkhead.js';
import type { RateLimitStats } from '../policies/rate-limit/limiter.js';
import type { RetryBudget, RetryBudgetFacts } from '../algorithms/retry-budget.js';
import type { CacheAdministration } from '../policies/cached/administration.js';
import type { BreakerState } from '../policies/circuit-breaker/circuit.js';
import type { HedgeStats } from '../policies/hedge/interceptor.js';
import type { Runtime } from '../runtime/runtime.js';
import type { CacheStats } from '../stores/cache-stats.js';
import { sumStats } from '../stores/cache-stats.js';
import { allWork } from '../decorate/all-work.js';
import { allBindings } from '../decorate/bind.js';
import { cacheStatsOf } from './all-caches.js';
import { circuitsOf } from './circuit-handle.js';
import {
  type ConcurrencyHealth,
  type ThrottleHealth,
  bulkheadHealth,
  concurrencyHealth,
  isThrottling,
  rateLimitStats,
  throttleHealth,
} from './load-health.js';
import { handlesOf, labelledHandlesOf } from './policy-handles.js';
import { uniqueNames } from './unique-names.js';

export interface CircuitHealth {
  readonly state: BreakerState;
  readonly failureCount: number;
  /** Epoch milliseconds. */
  readonly openedAt?: number;
  /** Milliseconds until the next probe. */
  readonly retryAfter?: number;
}

export interface StoreHealth {
  /** 'degraded' while its guard leaves it alone, or tries whether it is well again. */
  readonly status: 'healthy' | 'degraded';
  readonly circuit: {
    readonly state: BreakerState;
    /** Failures in a row. */
    readonly failureCount: number;
    /** Milliseconds until the next probe. */
    readonly retryAfter?: number;
  };
}

export interface Health {
  /** 'degraded' while any circuit is open, half-open or isolated, a store's guard is not closed, an adaptive throttle refuses calls, or a budget has run dry; 'shutting-down' from `shutdown` on. */
  readonly status: 'healthy' | 'degraded' | 'shutting-down';
  /** Calls and refreshes under way, of all methods and of what runs without one. */
  readonly inFlight: number;
  readonly circuits: Readonly<Record<string, CircuitHealth>>;
  readonly caches: Readonly<Record<string, CacheStats>>;
  /** What `@AdaptiveConcurrency` has found out. */
  readonly concurrencyLimits: Readonly<Record<string, ConcurrencyHealth>>;
  /** How `@AdaptiveThrottle` fares. */
  readonly throttles: Readonly<Record<string, ThrottleHealth>>;
  /** How full each is: by `name`, by method, with a hash for one of many keys. */
  readonly bulkheads: Readonly<Record<string, BulkheadHealth>>;
  /** Budgets of retries and hedges, by name; those of `configure` and those that methods use. */
  readonly budgets: Readonly<Record<string, RetryBudgetFacts>>;
  /** The cache store, the worst off where there are several; the in-process memory never fails. */
  readonly store: StoreHealth;
}

const AILING: ReadonlySet<BreakerState> = new Set<BreakerState>(['open', 'half-open', 'isolated']);

const circuitHealth = (runtime: Runtime): Record<string, CircuitHealth> => {
  const { clock } = runtime;
  const wallOffset = clock.wall() - clock.now();
  return Object.fromEntries(
    [...circuitsOf(runtime)].map(([name, { metrics }]) => {
      const { state, failureCount, openedAt, retryAfter } = metrics;
      const opened = openedAt === undefined ? {} : { openedAt: openedAt + wallOffset };
      return [
        name,
        {
          state,
          failureCount,
          ...opened,
          ...(retryAfter !== undefined && Number.isFinite(retryAfter) && { retryAfter }),
        },
      ];
    }),
  );
};

/** The budgets of a runtime, by their names or that of the first method that uses them. */
const namedBudgets = (runtime: Runtime): ReadonlyMap<RetryBudget, string> => {
  const named = new Map(Object.values(runtime.settings.budgets).map((budget) => [budget, budget.name as string]));
  const accounts = allBindings(runtime).flatMap(({ interceptors }) => interceptors.map(({ account }) => account));
  for (const account of accounts)
    if (account !== undefined && !named.has(account.budget)) named.set(account.budget, account.name);
  return named;
};

/** Methods that share a budget show it once. */
const budgetFacts = (named: ReadonlyMap<RetryBudget, string>, runtime: Runtime): Record<string, RetryBudgetFacts> => {
  const now = runtime.clock.now();
  const states = [...named].map(([budget, name]) => ({ name, budget }));
  return Object.fromEntries([...uniqueNames(states)].map(([name, { budget }]) => [name, budget.facts(now)]));
};

const WELL: StoreHealth = { status: 'healthy', circuit: { state: 'closed', failureCount: 0 } };

/** Of the stores that methods of the runtime use. */
const storeHealth = (runtime: Runtime): StoreHealth => {
  const guards = new Set(handlesOf<CacheAdministration>(runtime, 'cached').flatMap(({ guard }) => guard ?? []));
  const all = [...guards].map((guard): StoreHealth => {
    const { state, failureCount, retryAfter } = guard.health;
    const isWell = state === 'closed' || state === 'disabled';
    const circuit = {
      state,
      failureCount,
      ...(retryAfter !== undefined && Number.isFinite(retryAfter) && { retryAfter }),
    };
    return { status: isWell ? 'healthy' : 'degraded', circuit };
  });
  const worst = (one: StoreHealth, other: StoreHealth): StoreHealth =>
    one.status === other.status
      ? one.circuit.failureCount >= other.circuit.failureCount
        ? one
        : other
      : one.status === 'degraded'
        ? one
        : other;
  return all.length === 0 ? WELL : all.reduce(worst);
};

/** How the runtime's methods are doing, as plain data for a health endpoint. */
export const healthOf = (runtime: Runtime): Health => {
  const circuits = circuitHealth(runtime);
  const now = runtime.clock.now();
  const store = storeHealth(runtime);
  const isAiling = [...circuitsOf(runtime).values()].some(({ isShadow, state }) => !isShadow && AILING.has(state));
  const budgets = namedBudgets(runtime);
  const isDry = [...budgets.keys()].some((each) => each.isDry(now));
  const isDegraded = isAiling || isThrottling(runtime) || isDry || store.status === 'degraded';
  return {
    status: runtime.isClosed ? 'shutting-down' : isDegraded ? 'degraded' : 'healthy',
    inFlight: Object.values(inFlightOf(runtime)).reduce((sum, count) => sum + count, 0),
    circuits,
    caches: cacheStatsOf(runtime),
    concurrencyLimits: concurrencyHealth(runtime),
    throttles: throttleHealth(runtime),
    bulkheads: bulkheadHealth(runtime),
    budgets: budgetFacts(budgets, runtime),
    store,
  };
};

export interface Stats {
  readonly caches: Readonly<Record<string, CacheStats>>;
  /** All caches together. */
  readonly total: CacheStats;
  /** By method: branches launched beside the first, those that answered, those that were due and not started. */
  readonly hedges: Readonly<Record<string, HedgeStats>>;
  readonly rateLimits: Readonly<Record<string, RateLimitStats>>;
  readonly bulkheads: Readonly<Record<string, BulkheadHealth>>;
  /** Calls and refreshes under way, by method or by the name of what runs without one; those without any are left out. */
  readonly inFlight: Readonly<Record<string, number>>;
}

const hedgesOf = (runtime: Runtime): Record<string, HedgeStats> =>
  Object.fromEntries(labelledHandlesOf<HedgeStats>(runtime, 'hedge'));

const inFlightOf = (runtime: Runtime): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { label, work } of allWork(runtime)) {
    const underWay = work.inFlight + work.refreshes;
    if (underWay > 0) counts[label] = (counts[label] ?? 0) + underWay;
  }
  return counts;
};

export const statsOf = (runtime: Runtime): Stats => {
  const caches = cacheStatsOf(runtime);
  return {
    caches,
    total: sumStats(Object.values(caches)),
    rateLimits: rateLimitStats(runtime),
    bulkheads: bulkheadHealth(runtime),
    hedges: hedgesOf(runtime),
    inFlight: inFlightOf(runtime),
  };
};
