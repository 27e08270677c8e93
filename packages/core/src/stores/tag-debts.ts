/**
 * Tags invalidated in a store, for all methods of a runtime that use it.
 *
 * What was invalidated must not come back, whatever the store does: from the moment of the invalidation on this process
 * reads nothing that carries such a tag and was loaded before. The store is told behind that; where it cannot be reached
 * that is owed, and told as soon as it is well. Invalidations of one turn are one operation.
 *
 * Times of loads are the wall clock's. What began in the very millisecond of the invalidation counts as before it.
 * `MOST_TAGS` invalidations are kept; to forget the oldest raises a floor: what carries any tag and was loaded before
 * that is not read either, which costs a load. If more than that are owed, the methods' parts of the store are cleared
 * instead, as soon as it is well.
 */
import type { StoreEntry } from './cache-store.js';
import { StoreFailure, type StoreGuard } from './store-guard.js';

const MOST_TAGS = 1_024;

interface Parts {
  /** For events: the cached method. */
  readonly method: string;
  readonly wall: () => number;
  readonly onWork: (change: 1 | -1) => void;
}

export class TagDebts {
  private readonly guard: StoreGuard;
  /** When each was invalidated, in milliseconds since the epoch; the oldest first. */
  private readonly barred = new Map<string, number>();
  private floor = -Infinity;
  private owed = new Set<string>();
  /** Parts of the store to be cleared, since too many tags were owed. */
  private readonly cleared = new Set<string>();
  /** The parts of all methods that have said so. */
  private readonly prefixes = new Set<string>();
  private paying: Promise<true | StoreFailure> | undefined = undefined;
  private latest: Parts | undefined = undefined;
  private isUnsupported = false;

  constructor(guard: StoreGuard) {
    this.guard = guard;
  }

  /** A method has entries in the store. */
  join(prefix: string): void {
    this.prefixes.add(prefix);
  }

  /** Whether the store can be told of tags; what it could never be told of must not be written to it. */
  get isSupported(): boolean {
    return !this.isUnsupported && this.guard.store.invalidateTags !== undefined;
  }

  /** Whether a tag of the entry has been invalidated since its load began. */
  isBarred({ tags, startedAt }: StoreEntry): boolean {
    if (tags === undefined || tags.length === 0) return false;
    return startedAt <= this.floor || tags.some((tag) => startedAt <= (this.barred.get(tag) ?? -Infinity));
  }

  /** Resolves when the store has been told, or could not be. */
  invalidate(tags: readonly string[], parts: Parts): Promise<true | StoreFailure> {
    for (const tag of tags) {
      this.barred.delete(tag);
      this.barred.set(tag, parts.wall());
      this.owed.add(tag);
    }
    this.forgetOldest();
    if (this.owed.size > MOST_TAGS) this.oweAll();
    this.latest = parts;
    return this.settle();
  }

  private get isOwing(): boolean {
    return this.owed.size > 0 || this.cleared.size > 0;
  }

  private settle(): Promise<true | StoreFailure> {
    return (this.paying ??= this.pay());
  }

  /** One function: however often it is owed, the guard remembers it once. */
  private readonly payDebts = (): void => void this.settle();

  private oweAll(): void {
    this.owed.clear();
    for (const prefix of this.prefixes) this.cleared.add(prefix);
  }

  private forgetOldest(): void {
    for (const [tag, at] of this.barred) {
      if (this.barred.size <= MOST_TAGS) return;
      this.floor = Math.max(this.floor, at);
      this.barred.delete(tag);
    }
  }

  private async pay(): Promise<true | StoreFailure> {
    const { method, onWork } = this.latest as Parts;
    onWork(1);
    // On a later turn: other methods may have invalidated the same tags in this one.
    await Promise.resolve();
    let outcome: true | StoreFailure = true;
    while (this.isOwing && outcome === true && this.isSupported) outcome = await this.payOnce(method);
    if (!this.isSupported) this.forgive();
    else if (outcome !== true) this.guard.whenWell(this.payDebts);
    this.paying = undefined;
    onWork(-1);
    return outcome;
  }

  private forgive(): void {
    this.owed.clear();
    this.cleared.clear();
  }

  private async payOnce(method: string): Promise<true | StoreFailure> {
    const [prefix] = this.cleared;
    if (prefix !== undefined) return this.clear(prefix, method);
    const { store } = this.guard;
    const batch = this.owed;
    this.owed = new Set();
    const act = (): Promise<void> | undefined => store.invalidateTags?.([...batch]);
    const answer = await this.guard.write({ operation: 'invalidateTags', method, isBackground: false, act });
    if (!(answer instanceof StoreFailure)) return true;
    if (answer.isFinal) this.isUnsupported = true;
    else for (const tag of batch) this.owed.add(tag);
    return answer;
  }

  private async clear(prefix: string, method: string): Promise<true | StoreFailure> {
    const act = (): Promise<void> => this.guard.store.clear(prefix);
    const answer = await this.guard.write({ operation: 'clear', method, isBackground: false, act });
    if (answer instanceof StoreFailure && !answer.isFinal) return answer;
    this.cleared.delete(prefix);
    return true;
  }
}

const debts = /* @__PURE__ */ new WeakMap<StoreGuard, TagDebts>();

export const tagDebtsOf = (guard: StoreGuard): TagDebts => {
  let known = debts.get(guard);
  if (known === undefined) debts.set(guard, (known = new TagDebts(guard)));
  return known;
};
