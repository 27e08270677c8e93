/** Holdfast: decorators that make the methods of a service class hold fast when what they depend on does not. */

export { Cached } from './policies/cached/decorator.js';
export { CachedMany } from './policies/cached/many/decorator.js';
export { cacheControlTtl } from './policies/cached/cache-control-ttl.js';
export { revalidate } from './policies/cached/revalidate.js';
export { leaseTtl } from './policies/cached/lease-ttl.js';
export type { CacheControlOptions, ResponseTtl } from './policies/cached/cache-control-ttl.js';
export type { RevalidateOptions, Validated } from './policies/cached/revalidate.js';
export type { Lease, LeaseTtlOptions } from './policies/cached/lease-ttl.js';
export { Retry } from './policies/retry/decorator.js';
export { CircuitBreaker } from './policies/circuit-breaker/decorator.js';
export { Timeout } from './policies/timeout/decorator.js';
export { Hedge } from './policies/hedge/decorator.js';
export { RateLimit } from './policies/rate-limit/decorator.js';
export { Bulkhead } from './policies/bulkhead/decorator.js';
export { AdaptiveConcurrency } from './policies/adaptive-concurrency/decorator.js';
export { AdaptiveThrottle } from './policies/adaptive-throttle/decorator.js';
export { Chaos } from './policies/chaos/decorator.js';
export { Fallback } from './policies/fallback/decorator.js';
export { Invalidates } from './policies/invalidates/decorator.js';
export { Resilient } from './resilient.js';
export { composePolicies, resilient } from './resilient-function.js';
export { again, answer, definePolicy } from './decorate/define-policy.js';
export { METADATA_KEY } from './decorate/metadata.js';

export {
  caches,
  clearCaches,
  clockOf,
  configure,
  configureFromEnv,
  createRuntime,
  events,
  expireTags,
  health,
  invalidateTags,
  reload,
  resetConfiguration,
  shutdown,
  stats,
  withContext,
  withRuntime,
} from './runtime-api.js';
export { cacheOf } from './handles/cache-handle.js';
export { uncached } from './handles/uncached.js';
export { oneOf } from './handles/one-of.js';
export { callOutcome } from './handles/call-outcome.js';
export { circuitOf } from './handles/circuit-handle.js';
export { explain, explainAll } from './explain.js';
export { currentCall } from './pipeline/current-call.js';

export { Circuit } from './direct/circuit.js';
export { ResultCache } from './direct/result-cache.js';
export { retry } from './direct/retry.js';
export { RetryBudget } from './algorithms/retry-budget.js';
export { computeDelay } from './algorithms/delay.js';
export { days, hours, minutes, parseDuration, seconds } from './algorithms/duration.js';

export { guardedStore } from './direct/guarded-store.js';
export { keyvStore } from './stores/keyv-store.js';
export { memoryStore } from './stores/memory-store.js';
export { tieredStore } from './stores/tiered-store.js';
export { toKeyv } from './stores/to-keyv.js';

export { allOf, anyOf, not } from './errors/predicates.js';
export { classifyError } from './errors/classify.js';
export { HttpError, throwIfNotOk } from './errors/http-error.js';
export { CacheStoreError } from './errors/cache-store-error.js';
export { CircuitOpenError } from './policies/circuit-breaker/error.js';
export { RateLimitedError } from './policies/rate-limit/error.js';
export { BulkheadFullError } from './policies/bulkhead/error.js';
export { ConcurrencyLimitError } from './policies/adaptive-concurrency/error.js';
export { ThrottledError } from './policies/adaptive-throttle/error.js';
export { InjectedFault } from './policies/chaos/error.js';
export { ConfigurationError } from './errors/configuration-error.js';
export { RejectedError } from './errors/rejected-error.js';
export { ShuttingDownError } from './errors/shutting-down-error.js';
export { ResilienceError, isResilienceError } from './errors/resilience-error.js';
export { TimedOutError } from './errors/timed-out-error.js';

export type {
  CachedOptions,
  ComputedTtl,
  LeasedTtl,
  RefreshAheadOptions,
  StaleIfErrorOptions,
} from './policies/cached/options.js';
export type { ListMethodDecorator, OneArgs, OneValue } from './policies/cached/many/decorator.js';
export type { CachedManyOptions } from './policies/cached/many/options.js';
export type { OneOf } from './handles/one-of.js';
export type { RetryOptions } from './policies/retry/options.js';
export type { RetryBudgetFacts, RetryBudgetOptions } from './algorithms/retry-budget.js';
export type { BreakerWindow, CircuitBreakerOptions } from './policies/circuit-breaker/options.js';
export type {
  BreakerMetrics,
  BreakerSnapshot,
  BreakerState,
  CircuitControl,
} from './policies/circuit-breaker/circuit.js';
export type { HedgeOptions, Percentile } from './policies/hedge/options.js';
export type { HedgeStats } from './policies/hedge/interceptor.js';
export type { RateLimitOptions } from './policies/rate-limit/options.js';
export type { RateLimitStats } from './policies/rate-limit/limiter.js';
export type { BulkheadOptions } from './policies/bulkhead/options.js';
export type { BulkheadHealth } from './policies/bulkhead/bulkhead.js';
export type { AdaptiveConcurrencyOptions } from './policies/adaptive-concurrency/options.js';
export type { AdaptiveThrottleOptions } from './policies/adaptive-throttle/options.js';
export type { ChaosFault, ChaosOptions } from './policies/chaos/options.js';
export type { ChaosShares } from './policies/chaos/machine.js';
export type { TimeoutOptions } from './policies/timeout/options.js';
export type { FallbackFor } from './policies/fallback/decorator.js';
export type { InvalidatesOptions } from './policies/invalidates/options.js';
export type { ResilientOptions, UserPolicies } from './resilient.js';
export type { ResilientFunction } from './resilient-function.js';
export type { AroundPolicy, PolicyCall, PolicyContext, PolicyHooks, PolicyInput } from './decorate/define-policy.js';
export type { RecordedPolicies } from './decorate/metadata.js';
export type {
  AsyncMethodDecorator,
  ClassOrMethodDecorator,
  ContextualAsyncMethodDecorator,
  MethodDecorator,
} from './decorate/decorator-types.js';
export type { Configuration, NamedPolicy, PolicyDefaults } from './configure.js';
export type { ConfigurationSource, Reload, ReloadOptions } from './reload.js';
export type { PresetName } from './presets.js';
export type { AbandonedWork, ShutdownOptions, ShutdownReport } from './shutdown.js';
export type { Bypass, PolicyKey } from './bypass.js';
export type { Context, HoldfastRuntime } from './runtime-api.js';
export type {
  CacheHandle,
  CacheLookup,
  InvalidateValueOptions,
  RefreshOptions,
  SetOptions,
} from './handles/cache-handle.js';
export type { ListedCache } from './handles/all-caches.js';
export type { KeyQuery } from './handles/key-list.js';
export type { ImportReport } from './handles/snapshot.js';
export type { CacheSnapshot, SnapshotEntry } from './handles/snapshot-format.js';
export type { WarmOptions, WarmOutcome, WarmState, WarmUp } from './handles/warm-up.js';
export type { OutcomeOf } from './handles/call-outcome.js';
export type { Failure, FailureKind, Outcome, OutcomeSource, Success } from './pipeline/outcome.js';
export type { CircuitHealth, Health, Stats, StoreHealth } from './handles/health.js';
export type { ConcurrencyHealth, ThrottleHealth } from './handles/load-health.js';
export type { CacheStore, StoreEntry } from './stores/cache-store.js';
export type { GuardedStoreOptions } from './direct/guarded-store.js';
export type { StoreCircuitOptions, StoreGuardOptions } from './direct/store-guard-options.js';
export type { KeyvLike, KeyvStoreOptions } from './stores/keyv-store.js';
export type { KeyvAdapter } from './stores/to-keyv.js';
export type { TierOptions, TieredStoreOptions } from './stores/tiered-store.js';
export type { MemoryStoreOptions } from './stores/memory-store.js';
export type { CacheStats } from './stores/cache-stats.js';
export type { Eviction } from './stores/evictions.js';
export type { CacheKey } from './algorithms/stable-key.js';
export type { AdviceCode } from './advisor/codes.js';
export type { Warning } from './advisor/warning.js';
export type { ExplainedMethod, ExplainedPolicy, Explanation } from './explain.js';
export type { CurrentCall, CurrentLoad } from './pipeline/current-call.js';
export type { CircuitOptions, Permit } from './direct/circuit.js';
export type { DirectRetryOptions, RetryAttempt } from './direct/retry.js';
export type { ResultCacheLookup, ResultCacheOptions, ResultCachePut } from './direct/result-cache.js';
export type { Duration } from './algorithms/duration.js';
export type { Backoff, BackoffFunction, BackoffKind } from './algorithms/backoff.js';
export type { Jitter, JitterFunction, JitterKind, JitterOptions } from './algorithms/jitter.js';
export type { DelayOptions } from './algorithms/delay.js';
export type { Classifier, PublicClass } from './errors/classify.js';
export type { ErrorPattern } from './errors/error-matcher.js';
export type { PredicateTerm } from './errors/predicates.js';
export type { ResponseLike } from './errors/http-error.js';
export type { ResilienceErrorCode } from './errors/resilience-error.js';
export type { Events } from './events/event-bus.js';
export type { ErrorFacts, EventOf, EventType, HoldfastEvent, InvalidationReason, StaleReason } from './events/event.js';
export type { Logger, LoggerLevel } from './events/taps.js';
export type { Clock, Timer } from './runtime/clock.js';
export type { Random } from './runtime/random.js';
