/**
 * What a snapshot looks like, and whether something is one. It is checked as a whole before any of it is used: a file
 * that was cut off, edited or written by another release changes nothing.
 */
import { NOT_PLAIN, plainCopy } from '../algorithms/plain-data.js';
import type { CacheKey } from '../algorithms/stable-key.js';
import { isRecord } from '../errors/option-check.js';
import { tagsProblem } from '../stores/tag-names.js';

/** Of this format, the encoding of keys included. */
export const SNAPSHOT_FORMAT = 'holdfast-cache/1';

/** A key that JSON does not know is written with its kind: a bigint, undefined, NaN or an infinite number. */
type WrittenKey = string | number | boolean | null | readonly [kind: 'bigint' | 'number' | 'undefined', text: string];

/** Times are milliseconds since the epoch; null: none. */
export interface SnapshotEntry {
  readonly key: WrittenKey;
  readonly value: unknown;
  readonly startedAt: number;
  readonly freshUntil: number | null;
  readonly hardUntil: number | null;
  readonly tags?: readonly string[] | undefined;
}

/** The fresh entries of a cache as plain data, the least recently used first. */
export interface CacheSnapshot {
  readonly format: typeof SNAPSHOT_FORMAT;
  /** The cache's name. */
  readonly name: string;
  /** That of the option `snapshot`; null without one. */
  readonly version: string | number | null;
  /** Milliseconds since the epoch. */
  readonly takenAt: number;
  readonly entries: readonly SnapshotEntry[];
  /** Fresh entries that are not in it, since JSON cannot hold their values. */
  readonly leftOut: number;
}

export const writtenKey = (key: CacheKey): WrittenKey => {
  if (typeof key === 'bigint') return ['bigint', String(key)];
  if (key === undefined) return ['undefined', ''];
  return typeof key === 'number' && !Number.isFinite(key) ? ['number', String(key)] : key;
};

const READERS: Readonly<Record<string, ((text: string) => CacheKey) | undefined>> = {
  bigint: (text) => BigInt(text),
  number: (text) => Number(text),
  undefined: () => undefined,
};

/** A key in a box, since it may be undefined; undefined for what is no key. */
const readKey = (written: unknown): { readonly key: CacheKey } | undefined => {
  if (written === null || ['string', 'number', 'boolean'].includes(typeof written)) return { key: written as CacheKey };
  if (!Array.isArray(written) || written.length !== 2 || typeof written[1] !== 'string') return undefined;
  const [kind, text] = written as [unknown, string];
  if (kind === 'bigint' && !/^-?\d{1,20000}$/.test(text)) return undefined;
  const read = Object.hasOwn(READERS, String(kind)) ? READERS[String(kind)] : undefined;
  return read && { key: read(text) };
};

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isTimeOrNone = (value: unknown): value is number | null => value === null || isTime(value);

/** An entry as it was read. */
export interface ReadEntry {
  readonly key: CacheKey;
  readonly value: unknown;
  readonly startedAt: number;
  readonly freshUntil: number;
  readonly hardUntil: number;
  readonly tags: readonly string[] | undefined;
}

const orNever = (time: number | null): number => time ?? Infinity;

const readEntry = (entry: unknown, takenAt: number): ReadEntry | undefined => {
  if (!isRecord(entry)) return undefined;
  const { startedAt, freshUntil, hardUntil, tags } = entry;
  const key = readKey(entry['key']);
  const value = plainCopy(entry['value']);
  if (key === undefined || value === NOT_PLAIN || value === undefined) return undefined;
  if (!isTime(startedAt) || !isTimeOrNone(freshUntil) || !isTimeOrNone(hardUntil) || startedAt > takenAt)
    return undefined;
  if (tags !== undefined && tagsProblem(tags) !== undefined) return undefined;
  return {
    key: key.key,
    value,
    startedAt,
    freshUntil: orNever(freshUntil),
    hardUntil: orNever(hardUntil),
    tags: tags as readonly string[] | undefined,
  };
};

interface Expected {
  readonly name: string;
  readonly version: string | number | null;
}

/** What is wrong with data that should be a snapshot, in words; else what it holds. */
export const readSnapshot = (
  data: unknown,
  expected: Expected,
): string | { readonly takenAt: number; readonly entries: readonly ReadEntry[] } => {
  if (!isRecord(data)) return 'this is no snapshot';
  const { format, name, version, takenAt, entries: all } = data;
  if (!Array.isArray(all) || !isTime(takenAt)) return 'this is no snapshot';
  if (format !== SNAPSHOT_FORMAT)
    return `the format is not '${SNAPSHOT_FORMAT}'; take a new snapshot with this release`;
  if (name !== expected.name)
    return `it is of another cache than '${expected.name}'; caches have their names by \`name\``;
  if (version !== expected.version)
    return `its version is not ${JSON.stringify(expected.version)}, that of \`snapshot\``;
  const entries: ReadEntry[] = [];
  for (const [index, written] of all.entries()) {
    const entry = readEntry(written, takenAt);
    if (entry === undefined) return `entries[${index}] is none`;
    entries.push(entry);
  }
  return { takenAt, entries };
};
