import { withoutStack } from '../../errors/without-stack.js';
import type { PolicyStates } from '../../decorate/policy-states.js';
import type { Channel } from '../../events/channel.js';
import type { Call } from '../../pipeline/call.js';
import { type Interceptor, type InterceptorFacts, Refusal } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import { workLeft } from '../../pipeline/work-left.js';
import type { DeadlineList } from '../../runtime/deadline-list.js';
import { outsideAnyContext } from '../../runtime/system.js';
import type { BoundBulkhead } from './bulkhead.js';
import { BulkheadFullError, type BulkheadRefusal } from './error.js';
import type { BulkheadMachine } from './machine.js';
import type { BulkheadOptions, BulkheadTerms } from './options.js';
import { WaitingCall } from './waiting-call.js';

const served = (): void => undefined;

/** What `health()` reaches through the interceptor. */
export interface BulkheadHandle {
  all(): readonly BoundBulkhead[];
}

export class BulkheadInterceptor implements Interceptor {
  readonly policy = 'bulkhead';
  readonly holdsUntilEnd = true;
  readonly mayLinger: boolean;
  readonly handle: BulkheadHandle;
  private readonly options: BulkheadOptions;
  private readonly terms: BulkheadTerms;
  private readonly binding: Binding;
  private readonly bulkheads: PolicyStates<BoundBulkhead>;
  /** The machine, where all calls share one and each of them holds a slot; else a note on the call says what it holds. */
  private readonly machine: BulkheadMachine | undefined;
  private readonly isShadow: boolean;
  private readonly timeouts: DeadlineList;
  private readonly queued: Channel<'bulkhead.queued'>;
  private readonly rejected: Channel<'bulkhead.rejected'>;
  private readonly shadowed: Channel<'shadow.rejected'>;
  private readonly onTimeout = (waiting: WaitingCall): void => {
    const bulkhead = this.bulkheadOf(waiting.call) as BoundBulkhead;
    bulkhead.machine.leave(waiting);
    waiting.refuse(this.refused(bulkhead, this.terms.queueTimeout));
  };

  constructor(
    options: BulkheadOptions,
    terms: BulkheadTerms,
    { bulkheads, binding }: { bulkheads: PolicyStates<BoundBulkhead>; binding: Binding },
  ) {
    const { events, timers } = binding.runtime;
    this.options = options;
    this.terms = terms;
    this.binding = binding;
    this.bulkheads = bulkheads;
    this.isShadow = options.shadow === true;
    this.mayLinger = terms.maxQueue > 0 && !this.isShadow;
    this.machine = this.isShadow ? undefined : bulkheads.only?.machine;
    this.timeouts = timers.of(terms.queueTimeout);
    this.queued = events.channel('bulkhead.queued');
    this.rejected = events.channel('bulkhead.rejected');
    this.shadowed = events.channel('shadow.rejected');
    this.handle = { all: bulkheads.all };
  }

  enter(call: Call): Refusal | Promise<void> | undefined {
    const { machine } = this;
    if (machine === undefined) return this.enterNoted(call);
    return machine.tryAcquire() ? undefined : this.queue(call, this.bulkheads.only as BoundBulkhead);
  }

  leave(call: Call, value: unknown): unknown {
    if (this.machine !== undefined && call.more === undefined) this.machine.release();
    else this.end(call);
    return value;
  }

  error(call: Call): undefined {
    this.end(call);
    return undefined;
  }

  describe(): InterceptorFacts {
    const { shadow, name, scope, key } = this.options;
    const { only } = this.bulkheads;
    return { options: { ...this.terms, shadow, name, key, scope }, ...(only && { state: only.health }) };
  }

  private enterNoted(call: Call): Refusal | Promise<void> | undefined {
    const bulkhead = this.bulkheads.of(call.self, call.args);
    const { machine } = bulkhead;
    call.setNote(this, bulkhead);
    if (!this.isShadow) return machine.tryAcquire() ? undefined : this.queue(call, bulkhead);
    if (!machine.tryAcquireOrPlace()) this.goInShadow(call, bulkhead);
    return undefined;
  }

  /** The call goes although it was refused: it holds no slot. */
  private goInShadow(call: Call, bulkhead: BoundBulkhead): void {
    call.setNote(this, undefined);
    bulkhead.machine.rejected += 1;
    if (!this.shadowed.isWatched) return;
    const { name, machine } = bulkhead;
    this.shadowed.emit(this.binding.method, { policy: this.policy, bulkhead: name, ...machine.facts, waited: 0 });
  }

  /** The one whose slot the call holds or waits for; undefined where it holds none. */
  private bulkheadOf(call: Call): BoundBulkhead | undefined {
    return this.machine === undefined ? call.note<BoundBulkhead>(this) : this.bulkheads.only;
  }

  private queue(call: Call, bulkhead: BoundBulkhead): Refusal | Promise<void> {
    const { name, machine } = bulkhead;
    if (call.interruption !== undefined) return new Refusal(call.interruption.reason);
    const { facts } = machine;
    // A hedge without a slot is no refused call: the hedge tells of it.
    if (call.more?.isSpeculative === true) return new Refusal(this.errorFor(bulkhead, 0));
    if (facts.queued >= facts.maxQueue) return new Refusal(this.reported(this.refused(bulkhead, 0)));
    const waiting = new WaitingCall(call, machine, this.onTimeout);
    machine.tryQueue(waiting);
    waiting.arm(this.timeouts, this.terms.queueTimeout);
    if (this.queued.isWatched) this.queued.emit(this.binding.method, { bulkhead: name, ...machine.facts });
    return waiting.promise.then(served, (reason: unknown) => this.failed(waiting, reason));
  }

  /** Runs in the async context of the call, as whatever ended the wait may not. */
  private failed({ refusal }: WaitingCall, reason: unknown): never {
    throw refusal instanceof BulkheadFullError ? this.reported(refusal) : reason;
  }

  private refused(bulkhead: BoundBulkhead, waited: number): BulkheadFullError {
    bulkhead.machine.rejected += 1;
    return this.errorFor(bulkhead, waited);
  }

  private errorFor({ name, machine }: BoundBulkhead, waited: number): BulkheadFullError {
    const refusal: BulkheadRefusal = { bulkhead: name, ...machine.facts, waited };
    const { method, runtime } = this.binding;
    return withoutStack(() => new BulkheadFullError(method, refusal), runtime.settings.captureStacks);
  }

  private reported(error: BulkheadFullError): BulkheadFullError {
    if (!this.rejected.isWatched) return error;
    const { bulkhead, inFlight, maxConcurrent, queued, maxQueue, waited } = error;
    const facts = { bulkhead, inFlight, maxConcurrent, queued, maxQueue, waited };
    this.rejected.emit(this.binding.method, facts);
    return error;
  }

  private end(call: Call): void {
    const bulkhead = this.bulkheadOf(call);
    if (bulkhead === undefined) return;
    const work = workLeft(call);
    if (work.length === 0) bulkhead.machine.release();
    else this.hold(bulkhead, work);
  }

  /** Nobody waits any more, but the other side is still at work: the slot stays taken. */
  private hold({ name, machine }: BoundBulkhead, work: readonly Promise<unknown>[]): void {
    const { maxHold } = this.terms;
    const { clock, events } = this.binding.runtime;
    let isHeld = true;
    const letGo = (): void => {
      if (isHeld) machine.releaseAbandoned();
      isHeld = false;
      timer?.cancel();
    };
    const overrun = (): void => {
      letGo();
      events.emit('bulkhead.letGo', this.binding.method, { bulkhead: name, maxHold, ...machine.facts });
    };
    machine.abandon();
    // Who waits for the slot has a timer of his own, which keeps the process alive; nobody waits for this one.
    const timer = maxHold === Infinity ? undefined : outsideAnyContext(() => clock.setTimer(overrun, maxHold));
    timer?.unref();
    void Promise.allSettled(work).then(letGo);
  }
}
