/**
 * A batch is one call of the method that serves the loads of several ids.
 *
 *   load of id 1 ─┐                                     ┌─▶ value 1 ─▶ its entry, its callers
 *   load of id 2 ─┼─ gathered ─▶ method([1, 2, 3]) ─────┼─▶ value 2
 *   load of id 3 ─┘                                     └─▶ an Error in its place: the load of id 3 has failed
 *
 * To the cache each id is a key like any other, with a load of its own: joined, detached, timed out and answered stale by
 * itself. Only what the load runs is shared. A load that everyone has left leaves its batch; the last one to leave aborts
 * the call. A call that fails as a whole fails every load with the same error.
 */
import { Call, type CallFrame } from '../../../pipeline/call.js';
import type { Work } from '../../../runtime/work.js';
import { runAmbient, world } from '../../../runtime/world.js';
import type { Flight } from '../flight.js';
import { type Shape, checkedShape, valueIn } from './answer.js';

/** What the batches of one method have in common. */
export interface BatchTerms {
  readonly method: string;
  readonly maxBatch: number;
  /** Where calls of the method count as work under way. */
  readonly work: Work;
  /** What the method answers with, as far as is known. */
  readonly seen: { shape: Shape | undefined };
}

/** Errors that stood in an answer in the place of a value. */
const itemErrors = new WeakSet<object>();

export const isItemError = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && itemErrors.has(error);

/** One load's part in a batch; a child of the load's run, so that it hears when everyone has left that. */
class Share extends Call {
  hasLeft = false;
  resolve: (value: unknown) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;
  readonly outcome = new Promise<unknown>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
  readonly run: Call;
  private readonly onLeave: (reason: unknown) => void;

  constructor(run: Call, onLeave: (reason: unknown) => void) {
    super(run.frame, run.self, run.args);
    this.run = run;
    this.onLeave = onLeave;
  }

  get id(): unknown {
    return this.args[0];
  }

  override interrupt(reason: unknown): void {
    this.hasLeft = true;
    this.onLeave(reason);
  }

  settle(value: unknown): void {
    if (!(value instanceof Error)) return this.resolve(value);
    itemErrors.add(value);
    this.reject(value);
  }
}

/** The run of the method for a batch: it has as much time as the most patient of its loads. */
class BatchRun extends Call {
  private readonly shares: readonly Share[];

  constructor(inside: CallFrame, args: readonly unknown[], shares: readonly Share[]) {
    super(inside, shares[0]?.self, args);
    this.shares = shares;
  }

  override remaining(now: number): number {
    return this.shares.reduce((most, { run }) => Math.max(most, run.remaining(now)), 0);
  }
}

export class Batch {
  private readonly inside: CallFrame;
  private readonly terms: BatchTerms;
  private readonly kind: 'loads' | 'refreshes';
  private readonly shares: Share[] = [];
  private run: Call | undefined = undefined;

  constructor(inside: CallFrame, terms: BatchTerms, isRefresh: boolean) {
    this.inside = inside;
    this.terms = terms;
    this.kind = isRefresh ? 'refreshes' : 'loads';
  }

  get isFull(): boolean {
    return this.shares.length >= this.terms.maxBatch;
  }

  add(run: Call): Promise<unknown> {
    const share = new Share(run, (reason) => this.left(reason));
    const { details } = run;
    (details.children ??= new Set()).add(share);
    // Who joins one of the loads waits for all of the batch.
    if (details.background !== undefined)
      details.background = this.shares[0]?.run.more?.background ?? details.background;
    // From here on, not from the call of the method: who waits in a window is not to be shut down.
    if (this.shares.push(share) === 1) this.terms.work[this.kind] += 1;
    return share.outcome;
  }

  /** Calls the method for all whose callers still wait. */
  start(): void {
    const shares = this.shares.filter(({ hasLeft }) => !hasLeft);
    for (const { hasLeft, reject, run } of this.shares) if (hasLeft) reject(run.interruption?.reason);
    const [head] = shares;
    if (head === undefined) return this.landed();
    const ids = [...new Set(shares.map(({ id }) => id))];
    // The caller's signal is replaced by that of the run, where any caller has given one.
    const first = shares.find(({ run }) => run.more?.callerSignal !== undefined) ?? head;
    const run = new BatchRun(this.inside, [ids, ...first.args.slice(1)], shares);
    const { details } = run;
    details.isInterruptible = shares.some((share) => share.run.isInterruptible);
    details.callerSignal = first.run.more?.callerSignal;
    details.isHeldUntilEnd = shares.some((share) => share.run.more?.isHeldUntilEnd === true);
    details.background = first.run.more?.background;
    for (const share of shares) share.more = details;
    this.run = run;
    this.follow(this.call(run, shares), shares, ids);
  }

  private left(reason: unknown): void {
    if (this.shares.every(({ hasLeft }) => hasLeft)) this.run?.interrupt(reason);
  }

  /** While the method runs synchronously, a call of it for the same id is seen to come from inside of its own load. */
  private call(run: Call, shares: readonly Share[]): Promise<unknown> {
    const flights = shares.flatMap((share) => (share.run.more?.cache as Flight | undefined) ?? []);
    for (const flight of flights) flight.isStarting = true;
    try {
      return Promise.resolve(world.ambient.isOn ? this.callInContext(run, flights) : run.frame.run(run));
    } catch (error) {
      return Promise.reject(error);
    } finally {
      for (const flight of flights) flight.isStarting = false;
    }
  }

  private callInContext(run: Call, flights: readonly Flight[]): unknown {
    return runAmbient({ flights: [...(world.ambient.current?.flights ?? []), ...flights] }, () => run.frame.run(run));
  }

  private follow(outcome: Promise<unknown>, shares: readonly Share[], ids: readonly unknown[]): void {
    const { seen, method } = this.terms;
    const fail = (error: unknown): void => {
      this.end(shares);
      for (const { reject } of shares) reject(error);
    };
    const deliver = (answer: unknown): void => {
      let shape: Shape;
      try {
        shape = checkedShape(answer, ids.length, method);
      } catch (error) {
        return fail(error);
      }
      this.end(shares);
      seen.shape = shape;
      const indexes = new Map(ids.map((id, index) => [id, index]));
      for (const share of shares) share.settle(valueIn(answer, share.id, indexes.get(share.id) as number));
    };
    outcome.then(deliver, fail).finally(() => this.landed());
  }

  private landed(): void {
    this.terms.work[this.kind] -= 1;
  }

  private end(shares: readonly Share[]): void {
    for (const { run } of shares) run.attempt = this.run?.attempt ?? 1;
  }
}
