import { refreshTime } from '../algorithms/early-refresh.js';
import { NOT_PLAIN, plainCopy } from '../algorithms/plain-data.js';
import type { CacheKey } from '../algorithms/stable-key.js';
import { ConfigurationError } from '../errors/configuration-error.js';
import type { CacheStorage } from '../policies/cached/administration.js';
import {
  type CacheSnapshot,
  type ReadEntry,
  SNAPSHOT_FORMAT,
  type SnapshotEntry,
  readSnapshot,
  writtenKey,
} from './snapshot-format.js';

export interface ImportReport {
  /** Entries that were stored. */
  readonly imported: number;
  /** Entries whose time is over. */
  readonly expired: number;
  /** Entries left as they are, since the cache has a younger value. */
  readonly kept: number;
  /** Entries too heavy for `maxBytes`, and those that `weigh` has no weight for. */
  readonly refused: number;
}

const checkOptIn = ({ settings, method }: CacheStorage, caller: string): string | number | null => {
  const { snapshot } = settings;
  if (snapshot !== undefined) return snapshot.version;
  throw new ConfigurationError(
    `${caller}: ${method} does not allow snapshots, which hold its values in clear; set snapshot: true where these are no secrets`,
    { method, policy: 'cached', option: 'snapshot' },
  );
};

const orNone = (time: number): number | null => (time === Infinity ? null : time);

const written = (storage: CacheStorage, key: CacheKey, wall: number): SnapshotEntry | 'over' | 'not plain' => {
  const { cell, runtime } = storage;
  const slot = cell.table.find(key);
  const now = runtime.clock.now();
  const { startedAt, freshUntil, hardUntil, hardUntilWall } = cell.table.timesAt(slot);
  if (now >= freshUntil || now >= hardUntil || wall >= hardUntilWall) return 'over';
  const value = plainCopy(cell.table.valueAt(slot));
  if (value === NOT_PLAIN) return 'not plain';
  const tags = cell.table.tagsAt(slot);
  return {
    key: writtenKey(key),
    value,
    startedAt: wall - (now - startedAt),
    freshUntil: orNone(wall + (freshUntil - now)),
    hardUntil: orNone(hardUntilWall),
    ...(tags !== undefined && tags.length > 0 && { tags }),
  };
};

/** @throws ConfigurationError where the cache does not allow it. */
export const exportSnapshot = (storage: CacheStorage): CacheSnapshot => {
  const version = checkOptIn(storage, 'cacheOf().export');
  const { cell, runtime, name } = storage;
  const wall = runtime.clock.wall();
  // The least recently used first, so that an import leaves them in the same order.
  const all = cell.table
    .keys()
    .reverse()
    .map((key) => written(storage, key, wall));
  return {
    format: SNAPSHOT_FORMAT,
    name,
    version,
    takenAt: wall,
    entries: all.filter((entry) => typeof entry === 'object'),
    leftOut: all.filter((entry) => entry === 'not plain').length,
  };
};

/** What is left of an entry's life is what the snapshot gave it, less the time since; a clock set back gives it no more. */
const store = (storage: CacheStorage, entry: ReadEntry, takenAt: number): keyof ImportReport => {
  const { cell, runtime, settings, retainedFor } = storage;
  const { key, value, hardUntil, tags } = entry;
  const [now, wall] = [runtime.clock.now(), runtime.clock.wall()];
  const elapsed = Math.max(0, wall - takenAt);
  const freshUntil = now + (entry.freshUntil - takenAt) - elapsed;
  const lease = now + (hardUntil - takenAt) - elapsed;
  if (freshUntil <= now || lease <= now || wall >= hardUntil) return 'expired';
  const startedAt = now - (takenAt - entry.startedAt) - elapsed;
  const slot = cell.table.find(key);
  if (slot >= 0 && cell.table.timesAt(slot).startedAt >= startedAt) return 'kept';
  const weight = storage.weightOf(value);
  if (weight === undefined) return 'refused';
  const { earlyRefresh } = settings;
  const age = { startedAt, ttl: freshUntil - startedAt, loadDuration: 0 };
  const refreshAt = earlyRefresh === undefined ? Infinity : refreshTime(earlyRefresh, age, runtime.random);
  const label = tags && { tags, sequence: cell.sequence };
  cell.store(
    key,
    value,
    { startedAt, freshUntil, refreshAt, hardUntil: lease, hardUntilWall: hardUntil },
    { now, retainedFor, label, weight },
  );
  return 'imported';
};

/** @throws ConfigurationError where the cache does not allow it, and on data that is no snapshot of it: none is stored. */
export const importSnapshot = (storage: CacheStorage, data: unknown): ImportReport => {
  const { name, method } = storage;
  const version = checkOptIn(storage, 'cacheOf().import');
  const read = readSnapshot(data, { name, version });
  if (typeof read === 'string')
    throw new ConfigurationError(`cacheOf().import: ${method}: ${read}`, { method, policy: 'cached' });
  const report = { imported: 0, expired: 0, kept: 0, refused: 0 };
  if (!storage.settings.isEnabled) return report;
  for (const entry of read.entries) report[store(storage, entry, read.takenAt)] += 1;
  return report;
};
