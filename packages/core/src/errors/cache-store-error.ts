import { ResilienceError } from './resilience-error.js';

/** A cache store failed and `storeGuard.failOpen` is false. `cause` is the store's own error. */
export class CacheStoreError extends ResilienceError {
  override readonly name = 'CacheStoreError';

  constructor(message: string, details: { readonly method?: string | undefined; readonly cause?: unknown }) {
    super(message, { ...details, code: 'STORE_FAILED', policy: 'cached' });
  }
}
