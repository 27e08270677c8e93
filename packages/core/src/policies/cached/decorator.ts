import { parseDuration } from '../../algorithms/duration.js';
import type { Later, MethodDecorator, Settled, ThisOf } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { configurationError } from '../../errors/option-check.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import type { DropReason } from '../../stores/entry-table.js';
import type { CacheKey } from '../../algorithms/stable-key.js';
import { CacheAdministration } from './administration.js';
import { Cells } from './cells.js';
import { CachedInterceptor } from './interceptor.js';
import { LoadThrough } from './load-through.js';
import { Loader } from './loader.js';
import { type CachedOptions, type CachedSettings, parseCachedOptions, resolveCachedOptions } from './options.js';
import { RefreshBound } from './refresh-bound.js';
import { secondTierOf } from './second-tier.js';
import { StaleAnswers } from './stale-answers.js';
import { Writer } from './writer.js';

const reportDrops =
  (binding: Binding, writer: Writer) =>
  (key: CacheKey, reason: DropReason): void => {
    const { events } = binding.runtime;
    const expired = events.channel('cache.expired');
    const evicted = events.channel('cache.evicted');
    if (reason !== 'expired') {
      if (evicted.isWatched) evicted.emit(binding.method, { keyHash: writer.hash(key), reason });
    } else if (expired.isWatched) expired.emit(binding.method, { keyHash: writer.hash(key) });
  };

const checkAgainstKind = ({ windows }: CachedSettings, { kind, site }: Binding): void => {
  if (kind !== 'sync' || windows.staleWhileRevalidate === 0) return;
  throw configurationError(
    site,
    'staleWhileRevalidate needs a method that returns a Promise; a synchronous one cannot be refreshed behind its caller',
    'staleWhileRevalidate',
  );
};

/** What came from another store, or was to go there, belongs to nobody. */
const dropForeign = (cells: Cells, store: object | undefined, binding: Binding): void => {
  const known = binding.state('store', () => ({ store }));
  if (known.store === store) return;
  known.store = store;
  for (const cell of cells.all()) cell.invalidateAll();
};

const bind = (options: CachedOptions, binding: Binding): readonly BoundPiece[] => {
  const settings = resolveCachedOptions(options);
  checkAgainstKind(settings, binding);
  const writer = new Writer(settings, binding);
  const secondTier = secondTierOf(settings, binding);
  const stale = new StaleAnswers(settings, binding, writer, secondTier);
  const cells = binding
    .state('cells', () => new Cells(settings.maxSize, reportDrops(binding, writer)))
    .configure(settings);
  dropForeign(cells, secondTier?.store, binding);
  const through = secondTier && new LoadThrough(secondTier, binding, { writer, stale });
  const total = parseDuration(binding.optionsOf('timeout')?.['total'] ?? Infinity);
  const refreshBound = total === Infinity ? undefined : new RefreshBound(total, binding);
  const loader = new Loader(settings, binding, { writer, stale, refreshBound, through });
  const administration = new CacheAdministration(settings, binding, { cells, writer, stale, secondTier });
  const interceptor = new CachedInterceptor(settings, binding, { cells, loader, writer, stale, administration });
  administration.useKeys((self, args) => interceptor.keyOf(self, args));
  return [{ rank: RANKS.cached, interceptor }];
};

export const cachedPolicy = /* @__PURE__ */ builtInPolicy({
  name: 'cached',
  key: 'cache',
  decorator: '@Cached',
  isAsyncOnly: false,
  parse: parseCachedOptions,
  bind: (options, binding) => bind(options, binding),
});

/**
 * Answers a repeated call with the value of an earlier one. Concurrent calls share one load; a value past its ttl can
 * still be answered while it is refreshed (`staleWhileRevalidate`) or when the source fails (`staleIfError`).
 * @throws ConfigurationError when the class is defined, on a wrong option.
 */
export function Cached<Self, Legacy, Args extends any[] = any[], Result = any>(
  options: CachedOptions<Later<Args>, Later<Settled<Result>>, Later<ThisOf<Self, Legacy>>> = {},
): MethodDecorator<Self, Legacy, Args, Result> {
  return policyDecorator(cachedPolicy, options, Cached) as MethodDecorator<Self, Legacy, Args, Result>;
}
