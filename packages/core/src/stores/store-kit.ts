import type { Runtime } from '../runtime/runtime.js';
import type { CacheStore } from './cache-store.js';
import type { StoreGuard } from './store-guard.js';
import type { StoreTier } from './store-tier.js';

/** What a cached method with a store needs besides itself. */
export interface StoreKit {
  /** The guard of a store in a runtime, made when first asked for and brought up to the present settings. */
  readonly guardOf: (store: CacheStore, runtime: Runtime) => StoreGuard;
  readonly Tier: typeof StoreTier;
}

/**
 * Filled in by what lies above the policies, knows the circuit breaker, and is there wherever a store can be configured:
 * a bundle of `@Cached` alone, which has no store, is spared all of it.
 */
export const storeKit: { present: StoreKit | undefined } = { present: undefined };
