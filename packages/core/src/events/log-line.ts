import type { EventType, HoldfastEvent } from './event.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** How loud each event is for a logger of the user's. */
const LEVELS: Partial<Record<EventType, LogLevel>> = {
  'cache.servedStale': 'warn',
  'cache.refreshFailed': 'warn',
  'cache.invalidated': 'info',
  'cache.storeFailed': 'warn',
  'store.opened': 'warn',
  'store.closed': 'info',
  'cache.uncacheable': 'warn',
  'cache.ttlClamped': 'warn',
  'cache.warmed': 'info',
  'cache.warmFailed': 'warn',
  'retry.scheduled': 'warn',
  'retry.exhausted': 'error',
  'retry.budgetExhausted': 'warn',
  'retry.nested': 'warn',
  'budget.exhausted': 'warn',
  'budget.recovered': 'info',
  'circuit.opened': 'warn',
  'circuit.halfOpened': 'info',
  'circuit.closed': 'info',
  'circuit.isolated': 'warn',
  'circuit.disabled': 'warn',
  'timeout.elapsed': 'warn',
  'bulkhead.letGo': 'warn',
  'adaptiveConcurrency.limitChanged': 'info',
  'chaos.injected': 'info',
  'fallback.applied': 'warn',
  'auth.refreshed': 'info',
  'auth.refreshFailed': 'error',
  'call.failed': 'error',
  'config.reloaded': 'info',
  'config.reloadFailed': 'error',
  'advisor.warned': 'warn',
  'listener.failed': 'error',
};

/** What the default logger says: changes of state, never one line per call. */
export const STATE_CHANGES: ReadonlySet<EventType> = new Set<EventType>([
  'cache.storeFailed',
  'store.opened',
  'store.closed',
  'circuit.opened',
  'circuit.closed',
  'circuit.isolated',
  'circuit.disabled',
  'retry.nested',
  'budget.exhausted',
  'budget.recovered',
  'config.reloaded',
  'config.reloadFailed',
  'advisor.warned',
  'listener.failed',
]);

/** One failure is a change of state; those that follow it are not. */
export const isNews = (event: HoldfastEvent): boolean => event.type !== 'cache.storeFailed' || event.failures === 1;

export const levelOf = (type: EventType): LogLevel => LEVELS[type] ?? 'debug';

const isPlainFact = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));

const show = (value: string | number | boolean): string =>
  typeof value === 'number' ? String(Math.round(value * 100) / 100) : String(value);

/** One line for people: `circuit.opened Catalog.product failures=5 retryAfter=30000 (TypeError ECONNREFUSED)`. */
export const logLine = (event: HoldfastEvent): string => {
  const {
    type,
    method,
    at: _at,
    error,
    context: _context,
    ...facts
  } = event as HoldfastEvent & Record<string, unknown>;
  const shown = Object.entries(facts).flatMap(([name, value]) =>
    isPlainFact(value) ? [`${name}=${show(value)}`] : [],
  );
  const cause =
    error === undefined
      ? []
      : [`(${[error.name, error.code, error.status].filter((part) => part !== undefined).join(' ')})`];
  return [type, method, ...shown, ...cause].join(' ');
};
