import { ask } from '../../errors/ask.js';
import { summarize } from '../../errors/error-facts.js';
import type { Channel } from '../../events/channel.js';
import { timerFor } from '../../pipeline/background.js';
import type { Call, CallFrame } from '../../pipeline/call.js';
import type { Interceptor, InterceptorFacts } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import { InjectedFault } from './error.js';
import { type ChaosSettings, type Disturbance, disturb } from './machine.js';
import { type ChaosFault, type ChaosOptions, faultsOf } from './options.js';
import { CHAOS_DOCS, CHAOS_IN_PRODUCTION, chaosWarning } from './production.js';

/** 'asked': a function decides at each call. */
export type ChaosSwitch = 'on' | 'off' | 'asked';

const shownFault = (fault: ChaosFault): string | number => (typeof fault === 'function' ? 'a function' : fault);

export const describeChaos = (
  options: ChaosOptions,
  { shares, latency, faults }: ChaosSettings,
  state: ChaosSwitch,
): InterceptorFacts => ({
  options: {
    enabled: typeof options.enabled === 'function' ? 'a function' : (options.enabled ?? false),
    rate: shares,
    fault: faults === 0 ? undefined : faultsOf(options).map(shownFault),
    latency: latency.max > 0 ? latency : undefined,
    result: options.result === undefined ? undefined : 'given',
    seed: options.seed,
  },
  state,
});

export interface ChaosParts {
  readonly options: ChaosOptions;
  readonly settings: ChaosSettings;
  readonly state: ChaosSwitch;
  readonly binding: Binding;
  readonly random: () => number;
  /** Whether to warn: it is on where it should not be, and nobody has been told yet. */
  readonly warning: { isDue: boolean };
}

/** Stands in the place of the method: nobody further out can tell a disturbance from a method that fails, lags or errs. */
export class ChaosInterceptor implements Interceptor {
  readonly policy = 'chaos';
  private readonly parts: ChaosParts;
  private readonly faults: readonly ChaosFault[];
  private readonly injected: Channel<'chaos.injected'>;

  constructor(parts: ChaosParts) {
    this.parts = parts;
    this.faults = faultsOf(parts.options);
    this.injected = parts.binding.runtime.events.channel('chaos.injected');
  }

  around(call: Call, inside: CallFrame): unknown {
    const { settings, random } = this.parts;
    const disturbance = this.isOn(call) ? disturb(settings, random) : undefined;
    return disturbance === undefined ? inside.runInside(call) : this.inject(disturbance, call, inside);
  }

  describe(): InterceptorFacts {
    const { options, settings, state } = this.parts;
    return describeChaos(options, settings, state);
  }

  private isOn({ self, args }: Call): boolean {
    const { options, binding, warning } = this.parts;
    const { enabled } = options;
    const report = (thrown: unknown): void => binding.reportFailure('enabled', thrown);
    if (typeof enabled === 'function' && !ask(() => enabled.apply(self as never, args as never[]), false, report))
      return false;
    if (warning.isDue) this.warn();
    return true;
  }

  private warn(): void {
    const { warning, settings, binding } = this.parts;
    warning.isDue = false;
    if (binding.runtime.settings.silenced.includes(CHAOS_IN_PRODUCTION)) return;
    const { message, remedy } = chaosWarning(settings.shares);
    const facts = { code: CHAOS_IN_PRODUCTION, message: `${message}; ${remedy}`, docs: CHAOS_DOCS };
    binding.runtime.events.emit('advisor.warned', binding.method, facts);
  }

  private inject(disturbance: Disturbance, call: Call, inside: CallFrame): unknown {
    switch (disturbance.kind) {
      case 'fault':
        throw this.fail(call, this.faults[disturbance.index] as ChaosFault);
      case 'latency':
        // A method of unknown kind may be synchronous: it cannot wait.
        if (this.parts.binding.kind !== 'async') return inside.runInside(call);
        return this.runLater(call, inside, disturbance.delay);
      case 'result':
        return this.answer(call);
    }
  }

  private fail(call: Call, fault: ChaosFault): unknown {
    const { method } = this.parts.binding;
    const error = typeof fault === 'function' ? made(fault, call) : new InjectedFault(method, fault);
    const thrown = error ?? new InjectedFault(method, undefined);
    this.tell({ kind: 'fault', error: summarize(thrown) });
    return thrown;
  }

  private async runLater(call: Call, inside: CallFrame, delay: number): Promise<unknown> {
    this.tell({ kind: 'latency', delay });
    await pause(call, delay);
    return inside.runInside(call);
  }

  private answer({ self, args }: Call): unknown {
    const { result } = this.parts.options;
    this.tell({ kind: 'result' });
    return typeof result === 'function' ? result.apply(self as never, args as never[]) : result?.value;
  }

  private tell(facts: Parameters<typeof this.injected.emit>[1]): void {
    if (this.injected.isWatched) this.injected.emit(this.parts.binding.method, facts);
  }
}

/** Who writes `() => { throw … }` means the same as who returns it. */
const made = (fault: (...args: never[]) => unknown, { self, args }: Call): unknown => {
  try {
    return fault.apply(self as never, args as never[]);
  } catch (thrown) {
    return thrown;
  }
};

/** Ends at once when the attempt is given up: its signal tells. */
const pause = (call: Call, delay: number): Promise<void> =>
  new Promise((resolve, fail) => {
    const { signal } = call;
    const leave = (): void => {
      timer.cancel();
      fail(signal.reason);
    };
    const begin = (): void => {
      signal.removeEventListener('abort', leave);
      resolve();
    };
    const timer = timerFor(call, begin, delay);
    signal.addEventListener('abort', leave, { once: true });
  });
