import { summarize } from '../../errors/error-facts.js';
import { withoutStack } from '../../errors/without-stack.js';
import type { Channel } from '../../events/channel.js';
import type { PolicyStates } from '../../decorate/policy-states.js';
import type { Call } from '../../pipeline/call.js';
import { isCallersAbort } from '../../pipeline/interruption.js';
import { type Interceptor, type InterceptorFacts, Refusal } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import type { Clock } from '../../runtime/clock.js';
import type { BoundCircuit } from './circuit.js';
import { CircuitOpenError } from './error.js';
import { breakerJudge } from './judge.js';
import { REFUSED, UNRECORDED } from './events.js';
import type { BreakerMachine, Outcome } from './machine.js';
import type { CircuitBreakerOptions } from './options.js';

/** What `circuitOf` reaches through the interceptor. */
export interface CircuitHandle {
  /** The one circuit, or the one of these arguments where there is one per key or instance. */
  of(self: unknown, args: readonly unknown[]): BoundCircuit;
  all(): readonly BoundCircuit[];
}

interface BreakerParts {
  readonly circuits: PolicyStates<BoundCircuit>;
  readonly slowCall: number | undefined;
  /** The options as resolved, for people. */
  readonly resolved: Readonly<Record<string, unknown>>;
}

export class BreakerInterceptor implements Interceptor {
  readonly policy = 'circuit-breaker';
  private readonly resolved: Readonly<Record<string, unknown>>;
  private readonly binding: Binding;
  private readonly clock: Clock;
  /** The circuit, where all calls share one; else it is looked up. */
  private readonly only: BoundCircuit | undefined;
  /** Its machine: all that a call touches while the circuit is closed and nothing is timed. */
  private readonly machine: BreakerMachine | undefined;
  private readonly circuits: PolicyStates<BoundCircuit>;
  private readonly isShadow: boolean;
  private readonly judge: (error: unknown) => Outcome;
  private readonly rejected: Channel<'circuit.rejected'>;
  private readonly shadowed: Channel<'shadow.rejected'>;
  private readonly slowCall: number | undefined;
  readonly handle: CircuitHandle;
  private readonly now = (): number => this.clock.now();

  constructor(options: CircuitBreakerOptions, binding: Binding, { circuits, slowCall, resolved }: BreakerParts) {
    this.resolved = resolved;
    this.isShadow = options.shadow === true;
    this.binding = binding;
    this.clock = binding.runtime.clock;
    this.only = circuits.only;
    this.machine = circuits.only?.machine;
    this.circuits = circuits;
    this.judge = breakerJudge({
      options,
      classifiers: () => binding.runtime.settings.classifiers,
      report: (source, thrown) => binding.reportFailure(source, thrown),
    });
    this.slowCall = slowCall;
    this.rejected = binding.runtime.events.channel('circuit.rejected');
    this.handle = circuits;
    this.shadowed = binding.runtime.events.channel('shadow.rejected');
  }

  enter(call: Call): Refusal | undefined {
    const permit = this.machine === undefined ? REFUSED : this.machine.standingPermit;
    if (permit === REFUSED) return this.admit(call, this.only ?? this.locate(call));
    call.permit = permit;
    return undefined;
  }

  private admit(call: Call, circuit: BoundCircuit): Refusal | undefined {
    const { machine } = circuit;
    const now = this.clock.now();
    const permit = machine.admit(now);
    if (permit === REFUSED) {
      if (!this.isShadow) return new Refusal(this.refusal(circuit, now));
      this.tellShadow(circuit, now);
    }
    call.permit = permit === REFUSED ? UNRECORDED : permit;
    if (machine.needsClock) call.details.admittedAt = now;
    return undefined;
  }

  leave(call: Call, value: unknown): unknown {
    const { permit } = call;
    if (this.machine !== undefined && call.more === undefined && this.machine.succeed(permit, this.now)) {
      call.permit = REFUSED;
      return value;
    }
    this.settle(call, call.more?.isUnacceptable === true ? 'failure' : 'success', undefined);
    return value;
  }

  error(call: Call, error: unknown): undefined {
    this.settle(call, isCallersAbort(call, error) ? 'neutral' : this.judge(error), error);
    return undefined;
  }

  notBefore(call: Call): number {
    if (this.isShadow) return -Infinity;
    const { machine } = this.only ?? call.note<BoundCircuit>(this) ?? this.circuits.of(call.self, call.args);
    return machine.isClosed ? -Infinity : machine.notBefore();
  }

  describe(): InterceptorFacts {
    return { options: this.resolved, ...(this.only && { state: this.only.state }) };
  }

  private locate(call: Call): BoundCircuit {
    const circuit = this.circuits.of(call.self, call.args);
    call.setNote(this, circuit);
    return circuit;
  }

  private settle(call: Call, outcome: Outcome, error: unknown): void {
    const circuit = (this.only ?? call.note<BoundCircuit>(this)) as BoundCircuit;
    const { machine } = circuit;
    const { permit } = call;
    call.permit = REFUSED;
    if (outcome === 'success' && machine.succeed(permit, this.now)) return;
    const now = this.clock.now();
    const duration = machine.needsClock ? now - (call.more?.admittedAt ?? Number.NaN) : 0;
    this.reportSlow(circuit, duration, outcome);
    machine.settle(
      permit,
      outcome,
      duration,
      now,
      outcome === 'failure' && error !== undefined ? summarize(error) : undefined,
    );
  }

  private reportSlow(circuit: BoundCircuit, durationMs: number, outcome: Outcome): void {
    if (this.slowCall === undefined || durationMs <= this.slowCall || outcome === 'neutral') return;
    this.binding.runtime.events.emit('circuit.slowCall', this.binding.method, { circuit: circuit.name, durationMs });
  }

  /** In shadow mode the call passes, and is not recorded: it would not have been made. */
  private tellShadow({ name, machine }: BoundCircuit, now: number): void {
    if (!this.shadowed.isWatched) return;
    const facts = { policy: this.policy, circuit: name, retryAfter: machine.retryAfter(now) };
    this.shadowed.emit(this.binding.method, facts);
  }

  private refusal(circuit: BoundCircuit, now: number): CircuitOpenError {
    const { machine } = circuit;
    const { method, runtime } = this.binding;
    const retryAfter = machine.retryAfter(now);
    const isIsolated = machine.state(now) === 'isolated';
    if (this.rejected.isWatched) this.rejected.emit(method, { circuit: circuit.name, retryAfter });
    const facts = { method, circuit: circuit.name, retryAfter, isIsolated, cause: machine.lastFailure };
    return withoutStack(() => new CircuitOpenError(facts), runtime.settings.captureStacks);
  }
}
