import { ask } from '../../errors/ask.js';
import { loadVerdict } from '../../errors/overload.js';
import { withoutStack } from '../../errors/without-stack.js';
import type { Channel } from '../../events/channel.js';
import type { Call } from '../../pipeline/call.js';
import { type Interceptor, type InterceptorFacts, Refusal } from '../../pipeline/interceptor.js';
import { isCallersAbort } from '../../pipeline/interruption.js';
import type { Binding } from '../../pipeline/policy.js';
import type { ScopedStates } from '../../pipeline/scoped-states.js';
import { workLeft } from '../../pipeline/work-left.js';
import { ConcurrencyLimitError } from './error.js';
import type { BoundLimit } from './limit.js';
import type { LimitMachine, LimitSettings, LoadOutcome } from './machine.js';
import type { AdaptiveConcurrencyOptions } from './options.js';

/** Marks a call that shadow mode let go although it holds no slot. */
const HAS_NO_SLOT = 'no slot';

/** What `health()` reaches through the interceptor. */
export interface LimitHandle {
  /** Undefined where every instance has its own. */
  readonly only: BoundLimit | undefined;
}

export class ConcurrencyInterceptor implements Interceptor {
  readonly policy = 'adaptive-concurrency';
  readonly holdsUntilEnd = true;
  private readonly options: AdaptiveConcurrencyOptions;
  private readonly settings: LimitSettings;
  private readonly binding: Binding;
  private readonly limits: ScopedStates<BoundLimit>;
  private readonly only: BoundLimit | undefined;
  private readonly isShadow: boolean;
  private readonly rejected: Channel<'adaptiveConcurrency.rejected'>;
  private readonly shadowed: Channel<'shadow.rejected'>;
  readonly handle: LimitHandle;

  constructor(
    options: AdaptiveConcurrencyOptions,
    settings: LimitSettings,
    { limits, binding }: { limits: ScopedStates<BoundLimit>; binding: Binding },
  ) {
    this.options = options;
    this.settings = settings;
    this.binding = binding;
    this.limits = limits;
    this.only = limits.only;
    this.handle = { only: limits.only };
    this.isShadow = options.shadow === true;
    this.rejected = binding.runtime.events.channel('adaptiveConcurrency.rejected');
    this.shadowed = binding.runtime.events.channel('shadow.rejected');
  }

  enter(call: Call): Refusal | undefined {
    const { machine } = this.limitOf(call);
    if (!machine.tryAcquire()) return this.refuse(call, machine);
    if (machine.needsLatency) call.setNote(this, this.binding.runtime.clock.now());
    else if (this.isShadow) call.setNote(this, undefined);
    return undefined;
  }

  leave(call: Call, value: unknown): unknown {
    const limit = this.limitOf(call);
    const { machine } = limit;
    if (call.more === undefined && !machine.needsLatency) {
      machine.settle('success', 0, 0);
      limit.tellChange();
      machine.release();
      return value;
    }
    if (this.isShadow && call.note(this) === HAS_NO_SLOT) return value;
    this.settle(call, limit, call.more?.isUnacceptable === true ? 'ignored' : 'success');
    this.release(call, machine);
    return value;
  }

  error(call: Call, error: unknown): undefined {
    const limit = this.limitOf(call);
    if (this.isShadow && call.note(this) === HAS_NO_SLOT) return undefined;
    this.settle(call, limit, isCallersAbort(call, error) ? 'ignored' : this.judge(error));
    this.release(call, limit.machine);
    return undefined;
  }

  describe(): InterceptorFacts {
    const { overloadIf, shadow, name, scope } = this.options;
    const options = { ...this.settings, overloadIf, shadow, name, scope };
    if (this.only === undefined) return { options };
    const { limit, inFlight, baseline } = this.only.machine;
    return { options, state: { limit, inFlight, ...(baseline !== undefined && { baseline }) } };
  }

  private limitOf(call: Call): BoundLimit {
    return this.only ?? this.limits.of(call.self);
  }

  /** Where nobody waits any more, but the other side is still at work, the slot stays taken. */
  private release(call: Call, machine: LimitMachine): void {
    const work = workLeft(call);
    if (work.length === 0) machine.release();
    else void Promise.allSettled(work).then(() => machine.release());
  }

  private settle(call: Call, limit: BoundLimit, outcome: LoadOutcome): void {
    const { machine } = limit;
    const admittedAt = call.note(this);
    // A call from before another algorithm was configured has not been measured.
    if (outcome === 'success' && machine.needsLatency && typeof admittedAt === 'number') {
      const now = this.binding.runtime.clock.now();
      machine.settle(outcome, now - admittedAt, now);
    } else machine.settle(machine.needsLatency && outcome === 'success' ? 'ignored' : outcome, 0, 0);
    limit.tellChange();
  }

  private judge(error: unknown): LoadOutcome {
    const { binding, options } = this;
    const report = (source: string) => (thrown: unknown) => binding.reportFailure(source, thrown);
    const { classifiers } = binding.runtime.settings;
    const verdict = loadVerdict({ error, method: binding.method, classifiers, report: report('classifier') });
    if (verdict === 'overloaded') return 'dropped';
    const { overloadIf } = options;
    const isNamed =
      verdict === 'answered' && overloadIf !== undefined && ask(() => overloadIf(error), false, report('overloadIf'));
    return isNamed ? 'dropped' : 'ignored';
  }

  private refuse(call: Call, { limit, inFlight }: LimitMachine): Refusal | undefined {
    const { method, runtime } = this.binding;
    const facts = { limit, inFlight };
    if (this.isShadow) {
      call.setNote(this, HAS_NO_SLOT);
      if (this.shadowed.isWatched) this.shadowed.emit(method, { policy: this.policy, ...facts });
      return undefined;
    }
    // A hedge that may not go is no refused call: the hedge tells of it.
    if (this.rejected.isWatched && call.more?.isSpeculative !== true) this.rejected.emit(method, facts);
    return new Refusal(withoutStack(() => new ConcurrencyLimitError(method, facts), runtime.settings.captureStacks));
  }
}
