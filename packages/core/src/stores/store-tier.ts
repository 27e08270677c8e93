import { sha256 } from '../algorithms/sha256.js';
import { type CacheKey, isRawString } from '../algorithms/stable-key.js';
import type { CacheStore, StoreEntry } from './cache-store.js';
import { StoreFailure, type StoreGuard } from './store-guard.js';
import { type TagDebts, tagDebtsOf } from './tag-debts.js';
import { WriteBehind, type WriteBehindParts } from './write-behind.js';

/** Whose entries these are, in a store that others use as well. */
export interface Namespace {
  readonly name: string;
  readonly version: string;
  /** The keys are the user's own: they may be read in the store. */
  readonly isReadable: boolean;
}

/** `holdfast:<name>:<version>:`. Names and versions are escaped, so that no two namespaces meet. */
export const prefixOf = ({ name, version }: Namespace): string =>
  `holdfast:${encodeURIComponent(name)}:${encodeURIComponent(version)}:`;

const LONGEST_READABLE = 200;
const PRINTABLE = /^[\u0021-\u007e]*$/;

/** A key of the user's own in a form that the store can show: with its type, since 1 is not '1'. */
const readable = (key: CacheKey): string | undefined => {
  if (typeof key === 'number') return `n.${key}`;
  if (!isRawString(key) || key.length > LONGEST_READABLE || !PRINTABLE.test(key)) return undefined;
  return `s.${key}`;
};

/**
 * The name of a key in the store, behind the prefix. Arguments never leave the process: what was made of them is digested
 * (SHA-256). A key that the user has made himself is shown as it is, where it is short and printable.
 */
export const keyName = (key: CacheKey, { isReadable }: Namespace): string =>
  (isReadable ? readable(key) : undefined) ?? `h.${sha256(`${typeof key}:${String(key)}`)}`;

/** What is known of a key: its entry, that there is none, or nothing at all. */
export type Known = StoreEntry | undefined | null;

/** The part of a store that belongs to one cached method: its keys, its guard, its writes. */
export class StoreTier {
  readonly guard: StoreGuard;
  private readonly namespace: Namespace;
  private readonly prefix: string;
  private readonly parts: Pick<WriteBehindParts, 'method' | 'wall' | 'onWork'>;
  private readonly writes: WriteBehind;
  private readonly tags: TagDebts;

  constructor(guard: StoreGuard, namespace: Namespace, parts: Pick<WriteBehindParts, 'method' | 'wall' | 'onWork'>) {
    this.guard = guard;
    this.namespace = namespace;
    this.prefix = prefixOf(namespace);
    this.parts = parts;
    this.tags = tagDebtsOf(guard);
    this.tags.join(this.prefix);
    this.writes = new WriteBehind({ ...parts, guard, prefix: this.prefix });
  }

  get store(): CacheStore {
    return this.guard.store;
  }

  /**
   * The entry of a key, fresh or not; undefined where there is none, null where nobody knows. Without a promise where the
   * store is not asked.
   * @throws CacheStoreError where failures are the caller's to see: at once, or as a rejection.
   */
  read(key: CacheKey, isBackground: boolean): Known | Promise<Known> {
    // Not even a key is made.
    if (this.guard.isShut) return this.unread(this.guard.refusal(this.parts.method));
    const name = this.nameOf(key);
    const wanted = this.writes.wantedOf(name);
    if (wanted !== undefined) return wanted;
    const bar = this.writes.barOf(name);
    const reading = this.guard.read(name, this.parts.method, isBackground);
    if (reading instanceof StoreFailure) return this.unread(reading);
    return reading.then((answer) => {
      if (answer instanceof StoreFailure) return this.unread(answer);
      // What was out of date when the store was asked, or has become so since.
      if (answer === undefined) return undefined;
      const isUsable = answer.startedAt > Math.max(bar, this.writes.barOf(name)) && !this.tags.isBarred(answer);
      return isUsable ? answer : null;
    });
  }

  /** Behind the caller's back; what cannot be written is given up. */
  put(key: CacheKey, entry: StoreEntry): void {
    if (!this.guard.isShut && this.mayTake(entry)) void this.writes.put(this.nameOf(key), entry);
  }

  /** A value given by hand. @throws CacheStoreError where failures are the caller's to see. */
  async replace(key: CacheKey, entry: StoreEntry): Promise<void> {
    if (!this.mayTake(entry)) await this.remove(key);
    else this.confirmed(await this.writes.replace(this.nameOf(key), entry));
  }

  /** Whether there was an entry. @throws CacheStoreError where failures are the caller's to see. */
  async remove(key: CacheKey): Promise<boolean> {
    return this.confirmed(await this.writes.remove(this.nameOf(key)));
  }

  /** @throws CacheStoreError where failures are the caller's to see. */
  async clear(): Promise<void> {
    this.confirmed(await this.writes.clear());
  }

  /** Entries with one of the tags are out of date. @throws CacheStoreError where failures are the caller's to see. */
  async invalidateTags(tags: readonly string[]): Promise<void> {
    this.writes.removeTagged(tags);
    const outcome = await this.tags.invalidate(tags, this.parts);
    this.confirmed(outcome);
  }

  /** What a store could not be told to forget must not be in it. */
  private mayTake({ tags }: StoreEntry): boolean {
    return tags === undefined || tags.length === 0 || this.tags.isSupported;
  }

  private nameOf(key: CacheKey): string {
    return this.prefix + keyName(key, this.namespace);
  }

  private unread({ error }: StoreFailure): null {
    if (!this.guard.terms.failOpen) throw error;
    return null;
  }

  private confirmed(outcome: boolean | StoreFailure): boolean {
    if (!(outcome instanceof StoreFailure)) return outcome;
    if (!this.guard.terms.failOpen) throw outcome.error;
    return false;
  }
}
