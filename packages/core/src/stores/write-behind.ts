/**
 * Writes to a store behind the callers' backs, in the order in which they were meant.
 *
 * Each key has at most one operation under way. What is wanted of the key meanwhile waits, the latest alone: a load, a
 * refresh and an invalidation in a row cost two writes and end as the invalidation. An invalidation ends the retries of a
 * write that it overtakes.
 *
 * **What was invalidated must not come back.** Until the store has confirmed that an entry is gone, or has taken another
 * in its place, this process reads nothing of that key that was loaded before the invalidation. Where the store could not
 * be reached the deletion is owed: it is tried again as soon as the store is well. A write that timed out may still land
 * later; when it has, and something else is wanted by then, that is written again. What is wanted and not yet written is
 * answered from here, so that a process reads its own writes.
 *
 * **Bounds.** No more keys than `MOST_KEYS` are kept: beyond them new values are not written, and one more invalidation
 * clears the whole namespace.
 */
import type { StoreEntry } from './cache-store.js';
import { StoreFailure, type StoreGuard } from './store-guard.js';

/** Keys with something under way or owed. */
const MOST_KEYS = 10_000;

/** Confirms that there was something, or nothing; or why it is not known. */
export type Outcome = boolean | StoreFailure;

class PendingKey {
  /** Undefined: no entry. */
  wanted: StoreEntry | undefined = undefined;
  /** Grows with each wish. */
  wish = 0;
  /** Entries whose load began then or before have been invalidated, in milliseconds since the epoch. */
  barred = -Infinity;
  /** The store may still have such an entry. */
  owes = false;
  isForeground = false;
  /** Given-up writes that may still land. */
  stragglers = 0;
  running: Promise<Outcome> | undefined = undefined;
}

export interface WriteBehindParts {
  readonly guard: StoreGuard;
  /** What all keys begin with. */
  readonly prefix: string;
  /** For events: the cached method. */
  readonly method: string;
  readonly wall: () => number;
  /** Told when the number of operations under way changes. */
  readonly onWork: (change: 1 | -1) => void;
}

export class WriteBehind {
  private readonly parts: WriteBehindParts;
  private readonly pending = new Map<string, PendingKey>();
  /** All that was loaded then or before has been cleared, as long as the store has not confirmed it. */
  private cleared = -Infinity;
  private clearing: Promise<Outcome> | undefined = undefined;
  private isPaying = false;
  private isUnclearable = false;

  constructor(parts: WriteBehindParts) {
    this.parts = parts;
  }

  private get isIdle(): boolean {
    return this.pending.size === 0 && this.cleared === -Infinity;
  }

  /** What is wanted of the key and not yet written. */
  wantedOf(key: string): StoreEntry | undefined {
    return this.pending.get(key)?.wanted;
  }

  /** Entries of the key whose load began then or before are not to be used; −Infinity where all are. */
  barOf(key: string): number {
    if (this.isIdle) return -Infinity;
    return Math.max(this.cleared, this.pending.get(key)?.barred ?? -Infinity);
  }

  /** A load has brought a value. Resolves when it is written, or given up. */
  put(key: string, entry: StoreEntry): Promise<Outcome> | undefined {
    const known = this.pending.get(key);
    if (known === undefined && this.pending.size >= MOST_KEYS) return undefined;
    const pending = known ?? this.begin(key);
    pending.wanted = entry;
    return this.wish(key, pending);
  }

  /** A value given by hand: what it replaces is out of date, whether it can be written or not. */
  replace(key: string, entry: StoreEntry): Promise<Outcome> {
    const pending = this.pending.get(key) ?? this.begin(key);
    // The value itself began at this very moment.
    this.bar(pending, entry.startedAt - 1);
    pending.wanted = entry;
    return this.wish(key, pending);
  }

  /** The entry is out of date. Resolves when it is gone; until then it is not read. */
  remove(key: string): Promise<Outcome> {
    const known = this.pending.get(key);
    if (known === undefined && this.pending.size >= MOST_KEYS) return this.clear();
    const pending = known ?? this.begin(key);
    this.bar(pending, this.parts.wall());
    pending.wanted = undefined;
    return this.wish(key, pending);
  }

  /** What is on its way and carries one of the tags is out of date. */
  removeTagged(tags: readonly string[]): void {
    for (const [key, { wanted }] of this.pending)
      if (wanted?.tags?.some((tag) => tags.includes(tag)) === true) void this.remove(key);
  }

  /** All entries are out of date. */
  clear(): Promise<Outcome> {
    this.cleared = this.parts.wall();
    for (const [key, pending] of this.pending) {
      // What is under way may land after the clearing.
      this.bar(pending, this.cleared);
      pending.wanted = undefined;
      if (pending.running !== undefined) void this.wish(key, pending);
    }
    return (this.clearing ??= this.clearAll());
  }

  private begin(key: string): PendingKey {
    const pending = new PendingKey();
    this.pending.set(key, pending);
    return pending;
  }

  private bar(pending: PendingKey, at: number): void {
    pending.barred = Math.max(pending.barred, at);
    pending.owes = true;
    pending.isForeground = true;
  }

  private wish(key: string, pending: PendingKey): Promise<Outcome> {
    pending.wish += 1;
    return (pending.running ??= this.fulfil(key, pending));
  }

  private async fulfil(key: string, pending: PendingKey): Promise<Outcome> {
    this.parts.onWork(1);
    let outcome: Outcome;
    let wish: number;
    do {
      wish = pending.wish;
      outcome = await this.write(key, pending);
      if (outcome instanceof StoreFailure && wish === pending.wish && pending.wanted !== undefined) {
        // The value is given up; what it was to replace may have to go.
        pending.wanted = undefined;
        if (pending.owes) pending.wish += 1;
      }
    } while (wish !== pending.wish);
    pending.running = undefined;
    pending.wanted = undefined;
    pending.isForeground = false;
    if (!(outcome instanceof StoreFailure)) pending.owes = false;
    if (pending.owes) this.parts.guard.whenWell(this.payDebts);
    this.forgetIfDone(key, pending);
    this.parts.onWork(-1);
    return outcome;
  }

  private async write(key: string, pending: PendingKey): Promise<Outcome> {
    const { guard, method } = this.parts;
    const { store } = guard;
    const { wanted, wish } = pending;
    const request = { method, isBackground: !pending.isForeground, isWanted: () => pending.wish === wish };
    if (wanted === undefined) {
      const answer = await guard.write({ ...request, operation: 'delete', act: () => store.delete(key) });
      return answer instanceof StoreFailure ? answer : answer === true;
    }
    const answer = await guard.write({
      ...request,
      operation: 'set',
      act: () => store.set(key, wanted),
      onGivenUp: () => void (pending.stragglers += 1),
      onLate: () => this.landed(key, pending, wanted),
    });
    return answer instanceof StoreFailure ? answer : true;
  }

  /** A given-up write may have replaced what came after it; what was invalidated meanwhile goes again. */
  private landed(key: string, pending: PendingKey, entry: StoreEntry): void {
    pending.stragglers -= 1;
    if (pending.barred < entry.startedAt) return this.forgetIfDone(key, pending);
    pending.owes = true;
    pending.wanted = undefined;
    void this.wish(key, pending);
  }

  private forgetIfDone(key: string, { owes, running, stragglers }: PendingKey): void {
    if (!owes && running === undefined && stragglers === 0) this.pending.delete(key);
  }

  private async clearAll(): Promise<Outcome> {
    const { guard, method, prefix, onWork } = this.parts;
    onWork(1);
    let since: number;
    let answer: unknown;
    do {
      since = this.cleared;
      const act = (): Promise<void> => guard.store.clear(prefix);
      answer = await guard.write({ operation: 'clear', method, isBackground: false, act });
    } while (since !== this.cleared);
    this.clearing = undefined;
    // What cannot be cleared stays, and is never read here again.
    this.isUnclearable = answer instanceof StoreFailure && answer.isFinal;
    if (!(answer instanceof StoreFailure)) this.cleared = -Infinity;
    else if (!answer.isFinal) guard.whenWell(this.payDebts);
    onWork(-1);
    return answer instanceof StoreFailure ? answer : true;
  }

  /** One after the other: the store has only just recovered. Stops at the first failure, which is owed again. */
  private readonly payDebts = (): void => {
    if (this.isPaying) return;
    this.isPaying = true;
    void this.payOneByOne().finally(() => void (this.isPaying = false));
  };

  private async payOneByOne(): Promise<void> {
    if (
      this.cleared !== -Infinity &&
      !this.isUnclearable &&
      (await (this.clearing ??= this.clearAll())) instanceof StoreFailure
    )
      return;
    for (const [key, pending] of this.pending) {
      if (!pending.owes || pending.running !== undefined) continue;
      if ((await this.wish(key, pending)) instanceof StoreFailure) return;
    }
  }
}
