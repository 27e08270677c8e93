import type { Runtime } from '../runtime/runtime.js';
import type { CacheStore } from './cache-store.js';
import type { StoreGuard } from './store-guard.js';

/** The guard of a store in a runtime, made when first asked for and brought up to the present settings. */
export type GuardMaker = (store: CacheStore, runtime: Runtime) => StoreGuard;

/**
 * How guards are made. Filled in by what lies above the policies and knows the circuit breaker: a bundle of `@Cached`
 * alone, which has no store to guard, is spared it.
 */
export const storeKit: { guardOf: GuardMaker | undefined } = { guardOf: undefined };
