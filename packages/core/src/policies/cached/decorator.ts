import { parseDuration } from '../../algorithms/duration.js';
import type { Later, MethodDecorator, Settled, ThisOf } from '../../decorate/decorator-types.js';
import { builtInPolicy, policyDecorator } from '../../decorate/policy-decorator.js';
import { configurationError } from '../../errors/option-check.js';
import { type Binding, type BoundPiece, RANKS } from '../../pipeline/policy.js';
import type { DropReason } from '../../stores/entry-table.js';
import { WEIGHING_REMEDY, missingOfWeighing } from '../../stores/weighing.js';
import type { CacheKey } from '../../algorithms/stable-key.js';
import { CacheAdministration } from './administration.js';
import { Cells } from './cells.js';
import { CachedInterceptor } from './interceptor.js';
import { KnownFailures } from './known-failures.js';
import { LoadThrough } from './load-through.js';
import { Loader } from './loader.js';
import type { ManyKind } from './many/kind.js';
import { type CachedOptions, parseCachedOptions } from './options.js';
import { type CachedSettings, resolveCachedOptions } from './settings.js';
import { RefreshBound } from './refresh-bound.js';
import { secondTierOf } from './second-tier.js';
import { StaleAnswers } from './stale-answers.js';
import { Sweeper } from './sweeper.js';
import { WaitLimits } from './wait-limits.js';
import { Waiting } from './waiting.js';
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

const NO_REFRESH = 'a synchronous one cannot be refreshed behind its caller';
const NO_LEAVING = 'the caller of a synchronous one cannot leave before it ends';

/** The first option that a synchronous method cannot keep, and why. */
const asyncOnly = ({
  windows,
  earlyRefresh,
  softTimeout,
  hardTimeout,
}: CachedSettings): [string, string] | undefined => {
  if (windows.staleWhileRevalidate > 0) return ['staleWhileRevalidate', NO_REFRESH];
  if (earlyRefresh !== undefined)
    return [earlyRefresh.fraction === undefined ? 'earlyRefresh' : 'refreshAhead', NO_REFRESH];
  if (softTimeout !== undefined) return ['softTimeout', NO_LEAVING];
  return hardTimeout === undefined ? undefined : ['hardTimeout', NO_LEAVING];
};

const checkAgainstKind = (settings: CachedSettings, { kind, site }: Binding): void => {
  const refused = asyncOnly(settings);
  if (kind !== 'sync' || refused === undefined) return;
  const [option, why] = refused;
  throw configurationError(site, `${option} needs a method that returns a Promise; ${why}`, option);
};

const checkTimeouts = ({ softTimeout, hardTimeout, windows }: CachedSettings, { site }: Binding): void => {
  if (softTimeout === undefined) return;
  if (windows.staleIfError === 0) {
    const remedy = "say for how long an old value may answer, such as staleIfError: '1h'";
    throw configurationError(site, `softTimeout needs an old value to answer with; ${remedy}`, 'softTimeout');
  }
  if (hardTimeout !== undefined && softTimeout >= hardTimeout)
    throw configurationError(
      site,
      `softTimeout (${softTimeout} ms) must be shorter than hardTimeout (${hardTimeout} ms)`,
      'softTimeout',
    );
};

/** Loads that everyone has left end after so many times the patience of one caller, where no total timeout ends them. */
const LEFT_FACTOR = 10;

/** For all loads that nobody waits for, refreshes among them: one that hangs would hold its key for ever. */
const boundOf = ({ hardTimeout = Infinity }: CachedSettings, binding: Binding): RefreshBound | undefined => {
  const total = parseDuration(binding.optionsOf('timeout')?.['total'] ?? Infinity);
  const longest = total === Infinity ? hardTimeout * LEFT_FACTOR : total;
  return longest === Infinity ? undefined : new RefreshBound(longest, binding);
};

const limitsOf = (
  { softTimeout: soft, hardTimeout: hard }: CachedSettings,
  binding: Binding,
  parts: { readonly stale: StaleAnswers; readonly bound: RefreshBound | undefined },
): WaitLimits | undefined =>
  soft === undefined && hard === undefined ? undefined : new WaitLimits({ soft, hard }, binding, parts);

const checkWeighing = ({ maxBytes, weigh }: CachedOptions, { site }: Binding): void => {
  const missing = missingOfWeighing(maxBytes, weigh);
  if (missing !== undefined) throw configurationError(site, WEIGHING_REMEDY[missing], missing);
};

/** Caches that are shared are swept for all who share them. */
const sweepOr = (cells: Cells, { sweeps }: CachedSettings, binding: Binding, retainedFor: number): void => {
  const known = binding.state('sweeper', (): { sweeper?: Sweeper } => ({}));
  if (sweeps) (known.sweeper ??= new Sweeper(cells)).start(binding.runtime.clock, retainedFor);
  else known.sweeper?.stop();
};

/** What came from another store, or was to go there, belongs to nobody. */
const dropForeign = (cells: Cells, store: object | undefined, binding: Binding): void => {
  const known = binding.state('store', () => ({ store }));
  if (known.store === store) return;
  known.store = store;
  for (const cell of cells.all()) cell.invalidateAll();
};

interface WithMany {
  readonly many?: ManyKind;
}

const bind = (options: CachedOptions & WithMany, binding: Binding): readonly BoundPiece[] => {
  const { many } = options;
  const given = resolveCachedOptions(options);
  const settings = many === undefined ? given : many.settings(given);
  checkAgainstKind(settings, binding);
  checkTimeouts(settings, binding);
  checkWeighing(options, binding);
  const writer = new Writer(settings, binding);
  // Entries of lists stay in this process: a store would be asked id by id.
  const secondTier = many === undefined ? secondTierOf(settings, binding) : undefined;
  const stale = new StaleAnswers(settings, binding, writer, secondTier);
  const cells =
    many?.cells(binding) ??
    binding
      .state('cells', () => new Cells(settings.maxSize, reportDrops(binding, writer)))
      .configure(settings, (value) => writer.weightOf(value, settings));
  dropForeign(cells, secondTier?.store, binding);
  sweepOr(cells, settings, binding, writer.retainedFor);
  const through = secondTier && new LoadThrough(secondTier, binding, { writer, stale });
  const refreshBound = boundOf(settings, binding);
  const limits = limitsOf(settings, binding, { stale, bound: refreshBound });
  const waiting = new Waiting(stale, binding.runtime.clock, limits);
  const { errorTtl, isEnabled } = settings;
  const failures =
    errorTtl === undefined || !isEnabled ? undefined : new KnownFailures(errorTtl, binding, (key) => writer.hash(key));
  const perEntry = many === undefined ? binding : many.perId(binding);
  const loader = new Loader(settings, perEntry, { writer, stale, refreshBound, waiting, failures, through });
  const administration = new CacheAdministration(settings, binding, { cells, writer, stale, secondTier });
  const interceptor = new CachedInterceptor(settings, perEntry, { cells, loader, writer, stale, administration });
  administration.useKeys((self, args) => interceptor.keyOf(self, args));
  if (many === undefined) return [{ rank: RANKS.cached, interceptor }];
  return [{ rank: RANKS.cached, interceptor: many.around(interceptor, administration, binding) }];
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
