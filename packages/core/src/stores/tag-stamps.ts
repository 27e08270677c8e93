/**
 * Tags of one cache. Nothing lists the entries of a tag: whoever invalidates one leaves a stamp on it, the next number of
 * a sequence, and an entry is compared with the stamps of its tags when it is met.
 *
 *     entry, or load   holds  ─▶  Tag 'product:1'   stamp 7      the entry's load began at 5: it is older than the stamp
 *     (began at 5)     holds  ─▶  Tag 'vendor:9'    stamp 3      and counts as removed
 *
 * So invalidating costs the same for one entry and a million. The order is that of the calls, no clock's: what began
 * after the stamp is valid, everything else is not.
 *
 * A tag is known while an entry or a load holds it; with the last one it goes. One case is left: a load may name its tags
 * only when its result is there, and must then be told of stamps made meanwhile on tags that nobody held. Such stamps are
 * kept while loads are under way, at most `MOST_LOOSE`. To forget the oldest raises a floor: a load that began below it
 * and names a tag that is unknown is taken for out of date. It is not stored, which is all that it costs.
 */
import type { CacheKey } from '../algorithms/stable-key.js';

export interface TaggedLoad {
  /** The number of the cache's sequence when the load began. */
  sequence: number;
  tags: readonly string[] | undefined;
}

/** When the entries of a tag stopped being fresh. */
interface Expiry {
  readonly sequence: number;
  /** Monotonic milliseconds. */
  readonly at: number;
}

export const MOST_LOOSE = 1024;
const MOST_EXPIRIES = 8;

/** Stamps of one tag. */
export class Tag {
  readonly name: string;
  removedAt = 0;
  /** The latest stamp of any kind. */
  changedAt = 0;
  /** Oldest first. */
  private expiries: Expiry[] | undefined = undefined;
  entries = 0;
  loads: Map<TaggedLoad, CacheKey> | undefined = undefined;

  constructor(name: string) {
    this.name = name;
  }

  get isHeld(): boolean {
    return this.entries > 0 || this.loads !== undefined;
  }

  remove(sequence: number): void {
    this.removedAt = this.changedAt = sequence;
    this.expiries = undefined;
  }

  /** An entry's windows count from the first expiry that it met, so several are kept; the two oldest of too many become one. */
  expire(sequence: number, at: number): void {
    this.changedAt = sequence;
    const expiries = (this.expiries ??= []);
    expiries.push({ sequence, at });
    if (expiries.length <= MOST_EXPIRIES) return;
    const [first, second] = expiries.splice(0, 2) as [Expiry, Expiry];
    expiries.unshift({ sequence: second.sequence, at: first.at });
  }

  /** When what began at `sequence` stopped being fresh; Infinity while it has not. */
  expiredAt(sequence: number): number {
    return this.expiries?.find((each) => each.sequence > sequence)?.at ?? Infinity;
  }
}

/** What an entry knows of its tags. */
export class EntryMark {
  readonly tags: readonly Tag[];
  private readonly sequence: number;
  private readonly stamps: TagStamps | undefined;
  private ownExpiry: number | undefined = undefined;

  constructor(stamps?: TagStamps, tags: readonly Tag[] = [], sequence = 0) {
    this.stamps = stamps;
    this.tags = tags;
    this.sequence = sequence;
  }

  /** Removed or expired: no longer fresh in any case. */
  get isChanged(): boolean {
    if (this.ownExpiry !== undefined) return true;
    for (const tag of this.tags) if (tag.changedAt > this.sequence) return true;
    return false;
  }

  get isRemoved(): boolean {
    for (const tag of this.tags) if (tag.removedAt > this.sequence) return true;
    return false;
  }

  /** When the entry stopped being fresh before its time; Infinity while it has not. */
  get expiredAt(): number {
    return this.tags.reduce((at, tag) => Math.min(at, tag.expiredAt(this.sequence)), this.ownExpiry ?? Infinity);
  }

  expire(at: number): void {
    this.ownExpiry = Math.min(this.ownExpiry ?? at, at);
  }

  /** The entry has gone. */
  release(): void {
    this.stamps?.release(this.tags);
  }
}

export class TagStamps {
  /** The number of the latest stamp. */
  sequence = 0;
  private readonly known = new Map<string, Tag>();
  /** Stamped tags that nobody holds, the longest untouched first. */
  private readonly loose = new Set<Tag>();
  private floor = 0;
  private readonly hasLoads: () => boolean;

  constructor(hasLoads: () => boolean) {
    this.hasLoads = hasLoads;
  }

  /** How many tags are known. */
  get size(): number {
    return this.known.size;
  }

  /** For an entry about to be stored, whose load began at `sequence`. */
  mark(names: readonly string[], sequence: number): EntryMark {
    const tags = names.map((name) => this.held(name));
    for (const tag of tags) tag.entries += 1;
    return new EntryMark(this, tags, sequence);
  }

  release(tags: readonly Tag[]): void {
    for (const tag of tags) {
      tag.entries -= 1;
      this.letGo(tag);
    }
  }

  /** A load names its tags, or others than before. Returns whether one of them was stamped since the load began. */
  tagLoad(load: TaggedLoad, key: CacheKey, names: readonly string[]): boolean {
    const isLate = names.some((name) => (this.known.get(name)?.changedAt ?? this.floor) > load.sequence);
    for (const name of names) (this.held(name).loads ??= new Map()).set(load, key);
    for (const name of load.tags ?? []) if (!names.includes(name)) this.untag(load, name);
    load.tags = names;
    return isLate;
  }

  /** A load has ended. */
  landed(load: TaggedLoad): void {
    for (const name of load.tags ?? []) this.untag(load, name);
    load.tags = undefined;
    if (this.loose.size === 0 || this.hasLoads()) return;
    for (const tag of this.loose) this.known.delete(tag.name);
    this.loose.clear();
  }

  /**
   * One stamp for all the names; the loads that hold them are for the caller to detach.
   * @param expiredAt undefined: entries are removed; else they may still serve as stale ones, counted from then.
   */
  stamp(names: readonly string[], expiredAt: number | undefined): { held: number; loads: Map<TaggedLoad, CacheKey> } {
    this.sequence += 1;
    const loads = new Map<TaggedLoad, CacheKey>();
    let held = 0;
    for (const name of new Set(names)) {
      const tag = this.toStamp(name);
      if (tag === undefined) continue;
      if (expiredAt === undefined) tag.remove(this.sequence);
      else tag.expire(this.sequence, expiredAt);
      for (const [load, key] of tag.loads ?? []) loads.set(load, key);
      if (tag.isHeld) held += 1;
      else this.keepLoose(tag);
    }
    return { held, loads };
  }

  private toStamp(name: string): Tag | undefined {
    const tag = this.known.get(name);
    return tag === undefined && this.hasLoads() ? this.added(name) : tag;
  }

  private held(name: string): Tag {
    const tag = this.known.get(name) ?? this.added(name);
    this.loose.delete(tag);
    return tag;
  }

  private added(name: string): Tag {
    const tag = new Tag(name);
    // What was forgotten about it cannot be told any more.
    tag.remove(this.floor);
    this.known.set(name, tag);
    return tag;
  }

  private untag(load: TaggedLoad, name: string): void {
    const tag = this.known.get(name);
    if (tag?.loads?.delete(load) !== true) return;
    // An empty map is larger than all the rest of a tag.
    if (tag.loads.size === 0) tag.loads = undefined;
    this.letGo(tag);
  }

  private letGo(tag: Tag): void {
    // After a clear the name may be another tag's.
    if (tag.isHeld || this.known.get(tag.name) !== tag) return;
    if (tag.changedAt > 0 && this.hasLoads()) this.keepLoose(tag);
    else this.known.delete(tag.name);
  }

  private keepLoose(tag: Tag): void {
    this.loose.delete(tag);
    this.loose.add(tag);
    if (this.loose.size <= MOST_LOOSE) return;
    const oldest = this.loose.values().next().value as Tag;
    this.loose.delete(oldest);
    this.known.delete(oldest.name);
    this.floor = Math.max(this.floor, oldest.changedAt);
  }
}
