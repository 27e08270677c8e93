import { keyOf } from '../../../algorithms/stable-key.js';
import { argsWithoutSignal, callerSignalOf } from '../../../pipeline/caller-signal.js';
import { type Call, type CallFrame, partOf } from '../../../pipeline/call.js';
import type { Clock } from '../../../runtime/clock.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { afterThisTurn } from '../../../runtime/system.js';
import { Batch, type BatchTerms } from './batch.js';

/** Stands in the place of the method for the loads of single ids: gathers them into batches. */
abstract class Gathering implements CallFrame {
  readonly method: string;
  readonly runtime: Runtime;
  readonly isRaced: boolean;
  readonly size = 0;
  readonly holdsUntilEnd: boolean;
  readonly attempts: number;
  readonly mayLinger = true;
  readonly returnsErrors = false;
  protected readonly inside: CallFrame;
  protected readonly terms: BatchTerms;

  constructor(inside: CallFrame, terms: BatchTerms) {
    this.method = inside.method;
    this.runtime = inside.runtime;
    this.isRaced = inside.isRaced;
    this.holdsUntilEnd = inside.holdsUntilEnd;
    this.attempts = inside.attempts;
    this.inside = inside;
    this.terms = terms;
  }

  abstract run(call: Call): Promise<unknown>;

  runInside(parent: Call): unknown {
    return this.run(partOf(this, parent));
  }

  notBefore(call: Call): number {
    return this.inside.notBefore(call, -1);
  }

  positionOf(): number {
    return -1;
  }

  protected batch(isRefresh: boolean): Batch {
    return new Batch(this.inside, this.terms, isRefresh);
  }
}

const isRefresh = ({ more }: Call): boolean => more?.background !== undefined;

/** What one call for a list of ids has to load: gathered until `start`, refreshes apart from what the caller waits for. */
export class GatheredCall extends Gathering {
  private batches: { readonly foreground: Batch[]; readonly background: Batch[] } | undefined = {
    foreground: [],
    background: [],
  };

  run(call: Call): Promise<unknown> {
    if (this.batches === undefined) return this.runLate(call);
    const { foreground, background } = this.batches;
    const batches = isRefresh(call) ? background : foreground;
    let batch = batches.at(-1);
    if (batch === undefined || batch.isFull) batches.push((batch = this.batch(isRefresh(call))));
    return batch.add(call);
  }

  start(): void {
    const { foreground, background } = this.batches ?? { foreground: [], background: [] };
    this.batches = undefined;
    for (const batch of [...foreground, ...background]) batch.start();
  }

  /** For a caller who cannot share what the load has brought. */
  private runLate(call: Call): Promise<unknown> {
    const batch = this.batch(isRefresh(call));
    const outcome = batch.add(call);
    batch.start();
    return outcome;
  }
}

/** Calls that differ in more than the id are no one call; what has no key is an object of its own, and meets no other. */
const restKey = (args: readonly unknown[]): unknown =>
  keyOf((callerSignalOf(args) === undefined ? args : argsWithoutSignal(args)).slice(1));

/** Single ids of many callers, gathered for a while. */
export class GatheredCallers extends Gathering {
  private readonly window: number;
  private readonly clock: Clock;
  private readonly open = new Map<unknown, Map<unknown, Batch>>();
  private readonly openRefreshes = new Map<unknown, Map<unknown, Batch>>();

  constructor(inside: CallFrame, terms: BatchTerms, window: number) {
    super(inside, terms);
    this.window = window;
    this.clock = inside.runtime.clock;
  }

  run(call: Call): Promise<unknown> {
    const open = isRefresh(call) ? this.openRefreshes : this.open;
    const rest = restKey(call.args);
    const batch = open.get(call.self)?.get(rest) ?? this.begin(open, call, rest);
    const outcome = batch.add(call);
    if (batch.isFull) this.close(open, call.self, rest, batch);
    return outcome;
  }

  private begin(open: Map<unknown, Map<unknown, Batch>>, call: Call, rest: unknown): Batch {
    const batch = this.batch(isRefresh(call));
    const ofSelf = open.get(call.self) ?? new Map<unknown, Batch>();
    open.set(call.self, ofSelf.set(rest, batch));
    const close = (): void => this.close(open, call.self, rest, batch);
    if (this.window === 0) afterThisTurn(close);
    else {
      const timer = this.clock.setTimer(close, this.window);
      if (isRefresh(call)) timer.unref();
    }
    return batch;
  }

  /** By its time, or since it is full; once. */
  private close(open: Map<unknown, Map<unknown, Batch>>, self: unknown, rest: unknown, batch: Batch): void {
    const ofSelf = open.get(self);
    if (ofSelf?.get(rest) !== batch) return;
    ofSelf.delete(rest);
    if (ofSelf.size === 0) open.delete(self);
    batch.start();
  }
}
