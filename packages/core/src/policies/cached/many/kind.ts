import type { Interceptor } from '../../../pipeline/interceptor.js';
import type { Binding } from '../../../pipeline/policy.js';
import type { CacheAdministration } from '../administration.js';
import type { Cells } from '../cells.js';
import type { CachedInterceptor } from '../interceptor.js';
import type { CachedSettings } from '../settings.js';

/**
 * What makes a method's cache one of single ids. It travels among the options, so that who writes only `@Cached` does
 * not load it.
 */
export interface ManyKind {
  /** The settings of single ids. */
  settings(settings: CachedSettings): CachedSettings;
  /** Where the entries are, if not in a cache of their own. */
  cells(binding: Binding): Cells | undefined;
  /** The binding of single ids. */
  perId(binding: Binding): Binding;
  /** Stands in the method's stack in the place of the interceptor of single ids. */
  around(one: CachedInterceptor, each: CacheAdministration, binding: Binding): Interceptor;
}
