import { ask } from '../../errors/ask.js';
import { type LoadVerdict, loadVerdict } from '../../errors/overload.js';
import { withoutStack } from '../../errors/without-stack.js';
import type { Channel } from '../../events/channel.js';
import type { Call } from '../../pipeline/call.js';
import { type Interceptor, type InterceptorFacts, Refusal } from '../../pipeline/interceptor.js';
import { isCallersAbort } from '../../pipeline/interruption.js';
import type { Binding } from '../../pipeline/policy.js';
import type { ScopedStates } from '../../pipeline/scoped-states.js';
import type { Clock } from '../../runtime/clock.js';
import { ThrottledError } from './error.js';
import type { ThrottleMachine, ThrottleSettings } from './machine.js';
import type { AdaptiveThrottleOptions } from './options.js';

/** Marks a call that shadow mode let go although it counts as refused. */
const WOULD_BE_REFUSED = true;

/** From a second on, milliseconds say nothing about the bucket. */
const WIDE = 1000;

/** A machine by the name under which `health()` shows it. */
export interface BoundThrottle {
  readonly name: string;
  readonly machine: ThrottleMachine;
}

/** What `health()` reaches through the interceptor. */
export interface ThrottleHandle {
  /** Undefined where every instance has its own. */
  readonly only: BoundThrottle | undefined;
  readonly isShadow: boolean;
}

export class ThrottleInterceptor implements Interceptor {
  readonly policy = 'adaptive-throttle';
  private readonly options: AdaptiveThrottleOptions;
  private readonly settings: ThrottleSettings;
  private readonly binding: Binding;
  private readonly throttles: ScopedStates<BoundThrottle>;
  private readonly only: ThrottleMachine | undefined;
  private readonly isShadow: boolean;
  private readonly clock: Clock;
  private readonly readsCoarseClock: boolean;
  private readonly rejected: Channel<'adaptiveThrottle.rejected'>;
  private readonly shadowed: Channel<'shadow.rejected'>;
  readonly handle: ThrottleHandle;

  constructor(
    options: AdaptiveThrottleOptions,
    settings: ThrottleSettings,
    { throttles, binding }: { throttles: ScopedStates<BoundThrottle>; binding: Binding },
  ) {
    this.options = options;
    this.settings = settings;
    this.binding = binding;
    this.throttles = throttles;
    this.only = throttles.only?.machine;
    this.isShadow = options.shadow === true;
    this.clock = binding.runtime.clock;
    this.readsCoarseClock =
      this.clock.coarse !== undefined && settings.window >= WIDE && !binding.runtime.settings.usesExactClock;
    this.handle = { only: throttles.only, isShadow: this.isShadow };
    this.rejected = binding.runtime.events.channel('adaptiveThrottle.rejected');
    this.shadowed = binding.runtime.events.channel('shadow.rejected');
  }

  enter(call: Call): Refusal | undefined {
    const throttle = this.throttleOf(call);
    if (this.isShadow) call.setNote(this, undefined);
    return throttle.isWary ? this.admit(call, throttle) : undefined;
  }

  private admit(call: Call, throttle: ThrottleMachine): Refusal | undefined {
    const now = this.clock.now();
    return throttle.admit(now, this.binding.runtime.random) ? undefined : this.refuse(call, throttle, now);
  }

  /** Most calls end here, and a bucket is wide: the cheap reading will do. */
  leave(call: Call, value: unknown): unknown {
    if (this.isShadow && call.note(this) === WOULD_BE_REFUSED) return value;
    const now = this.readsCoarseClock ? (this.clock.coarse?.() as number) : this.clock.now();
    this.throttleOf(call).settle(true, now);
    return value;
  }

  error(call: Call, error: unknown): undefined {
    this.settle(call, isCallersAbort(call, error) ? 'silent' : this.judge(error));
    return undefined;
  }

  describe(): InterceptorFacts {
    const { overloadIf, shadow, name, scope } = this.options;
    const state = this.only?.facts(this.clock.now());
    return { options: { ...this.settings, overloadIf, shadow, name, scope }, ...(state && { state }) };
  }

  private throttleOf(call: Call): ThrottleMachine {
    return this.only ?? this.throttles.of(call.self).machine;
  }

  private settle(call: Call, verdict: LoadVerdict): void {
    if (verdict === 'silent' || (this.isShadow && call.note(this) === WOULD_BE_REFUSED)) return;
    this.throttleOf(call).settle(verdict === 'answered', this.clock.now());
  }

  private judge(error: unknown): LoadVerdict {
    const { binding, options } = this;
    const report = (source: string) => (thrown: unknown) => binding.reportFailure(source, thrown);
    const { classifiers } = binding.runtime.settings;
    const verdict = loadVerdict({ error, method: binding.method, classifiers, report: report('classifier') });
    const { overloadIf } = options;
    if (verdict !== 'answered' || overloadIf === undefined) return verdict;
    return ask(() => overloadIf(error), false, report('overloadIf')) ? 'overloaded' : verdict;
  }

  private refuse(call: Call, throttle: ThrottleMachine, now: number): Refusal | undefined {
    const { method, runtime } = this.binding;
    const facts = throttle.facts(now);
    if (this.isShadow) {
      call.setNote(this, WOULD_BE_REFUSED);
      if (this.shadowed.isWatched) this.shadowed.emit(method, { policy: this.policy, ...facts });
      return undefined;
    }
    // A hedge that may not go is no refused call: the hedge tells of it.
    if (this.rejected.isWatched && call.more?.isSpeculative !== true) this.rejected.emit(method, { ...facts });
    return new Refusal(withoutStack(() => new ThrottledError(method, facts), runtime.settings.captureStacks));
  }
}
