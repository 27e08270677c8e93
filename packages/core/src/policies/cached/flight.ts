import { onePerProcess } from '../../runtime/one-per-process.js';
import type { CacheKey } from '../../algorithms/stable-key.js';
import { Call, type CallFrame } from '../../pipeline/call.js';
import type { CurrentLoad, LoadUnderWay } from '../../pipeline/current-call.js';
import type { Race } from '../../pipeline/race.js';
import type { Timer } from '../../runtime/clock.js';
import type { CacheCell } from '../../stores/cache-cell.js';
import type { Found } from './found.js';
import { LoadView, type Said, type SeenLoad } from './load-view.js';
import { together } from './tags.js';

/** Callers who wait for a load until it is known to be slow, and the timer that tells. */
export interface ImpatientCallers {
  readonly races: Set<Race<Call>>;
  readonly timer: Timer;
}

export type CachedCell = CacheCell<unknown, Flight>;

export interface LoadRequest {
  readonly cell: CachedCell;
  readonly key: CacheKey;
  /** The caller's own run, outside of the cache. */
  readonly call: Call;
  /** What lies inside of the cache. */
  readonly inside: CallFrame;
}

/** A call made to renew the entry: the read is skipped, the result written. */
export interface Bypass {
  readonly ttl: number | undefined;
}

/** The note that marks such a call. */
export const BYPASS = /* @__PURE__ */ onePerProcess('bypass', () => ({ note: 'bypass the cached value' }));

/** One load under way. */
export class Flight implements LoadUnderWay, SeenLoad {
  readonly key: CacheKey;
  readonly cell: CachedCell;
  readonly startedAt: number;
  /** In the background: nobody waited for it at first, or all have left it to itself; none can abort it by leaving. */
  isRefresh: boolean;
  /** Its leader's look-up is counted as a miss. */
  isCounted: boolean;
  private readonly countedAfter: number;
  /** The value being replaced. */
  stale: { readonly value: unknown; readonly age: number; readonly tags: readonly string[] | undefined } | undefined;
  /** The store may answer in the method's place. */
  readonly readsStore: boolean;
  /** It did: with this, of which its callers get `storeValue`. */
  found: Found | undefined = undefined;
  storeValue: unknown = undefined;
  /** The store was asked, and has nothing of the key. */
  isUnknownToStore = false;
  /** A ttl for this load alone. */
  readonly ttl: number | undefined;
  /** The run of the stack inside the cache. */
  readonly run: Call;
  /** The call that leads; a refresh answers nobody. */
  readonly leader: Call;
  /** Set as soon as the method has returned a promise. */
  promise: Promise<unknown> | undefined = undefined;
  callers = 0;
  /** The call that leads waits no longer. */
  hasLeaderLeft = false;
  /** Somebody has left whom the load does not end with: it goes on for those who come later. */
  goesOn = false;
  /** The method runs synchronously: whoever asks for the key now is called by it. */
  isStarting = true;
  isDetached = false;
  isOutdated = false;
  sequence = 0;
  tags: readonly string[] | undefined = undefined;
  /** By the option. */
  tagsOfCall: readonly string[] | undefined = undefined;
  /** Its tags cannot be told, so that nothing could invalidate what it brings. */
  isUntellable = false;
  /** What the latest attempt that said something has said. */
  latest: Said | undefined = undefined;
  hasEnded = false;
  hasSingleUseResult = false;
  /** It has failed, and an old value answers for it. */
  endedStale = false;
  /** Callers who joined before a call record existed, in the order in which they will be answered. */
  followers: Followers | undefined = undefined;
  /** Ends a refresh that nobody waits for. */
  bound: Timer | undefined = undefined;
  /** Callers who will not wait for it much longer, since there is an old value. */
  impatient: ImpatientCallers | undefined = undefined;

  constructor(
    request: LoadRequest,
    run: Call,
    facts: {
      readonly startedAt: number;
      readonly isRefresh: boolean;
      readonly isCounted: boolean;
      readonly ttl: number | undefined;
      readonly stale: Flight['stale'];
      readonly readsStore: boolean;
    },
  ) {
    this.key = request.key;
    this.cell = request.cell;
    this.run = run;
    this.leader = request.call;
    this.startedAt = facts.startedAt;
    this.isRefresh = facts.isRefresh;
    this.isCounted = facts.isCounted;
    this.countedAfter = request.cell.counters.resets;
    this.ttl = facts.ttl;
    this.stale = facts.stale;
    this.readsStore = facts.readsStore;
  }

  /** Its leader's look-up has been answered with an old value after all. */
  countStaleInsteadOfMiss(): void {
    if (this.isCounted && this.countedAfter === this.cell.counters.resets) this.cell.countStaleInsteadOfMiss();
    this.isCounted = false;
  }

  view(): CurrentLoad {
    return new LoadView(this);
  }

  /** What the present attempt has said of its result. */
  get said(): Said | undefined {
    return this.latest?.attempt === this.run.attempt ? this.latest : undefined;
  }

  /** What the result will be tagged with, as far as is known. */
  get tagsOfResult(): readonly string[] | undefined {
    const { said, tagsOfCall } = this;
    if (said === undefined) return tagsOfCall;
    return together(tagsOfCall, said.tags ?? (said.isUnmodified ? this.stale?.tags : undefined));
  }

  holdTags(): void {
    const { tagsOfResult } = this;
    if (!this.isDetached && tagsOfResult !== undefined) this.cell.tagLoad(this.key, this, tagsOfResult);
  }

  /** The method has ended: nothing bounds the load any more. */
  end(): void {
    this.hasEnded = true;
    this.bound?.cancel();
    if (this.run.more !== undefined) this.run.more.deadline = Infinity;
  }
}

/**
 * Callers who share one callback on the flight's promise, since a closure for each would cost more than all the rest. A
 * promise calls back in the order of registration, so the callback knows whose turn it is.
 */
export class Followers {
  /** Of each caller: `this`, then the arguments. */
  private readonly callers: unknown[] = [];
  private answered = 0;
  private readonly flight: Flight;
  private readonly answer = (value: unknown): unknown => {
    const turn = this.answered;
    this.answered += 2;
    // What can be consumed only once belongs to the leader: everyone else runs on his own.
    return this.flight.hasSingleUseResult ? this.runAlone(turn) : value;
  };

  private readonly counted: (outcome: unknown) => unknown;

  /** @param counted counts a run of a caller's own as work under way. */
  constructor(flight: Flight, counted: (outcome: unknown) => unknown) {
    this.flight = flight;
    this.counted = counted;
  }

  join(self: unknown, args: readonly unknown[]): Promise<unknown> {
    this.callers.push(self, args);
    this.flight.callers += 1;
    return (this.flight.promise as Promise<unknown>).then(this.answer);
  }

  private runAlone(turn: number): unknown {
    const { frame } = this.flight.run;
    return this.counted(frame.run(new Call(frame, this.callers[turn], this.callers[turn + 1] as readonly unknown[])));
  }
}
