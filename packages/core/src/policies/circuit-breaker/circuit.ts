import type { Runtime } from '../../runtime/runtime.js';
import {
  type BreakerMetrics,
  BreakerMachine,
  type BreakerSettings,
  type BreakerSnapshot,
  type BreakerState,
  type Transition,
} from './machine.js';

export type { BreakerMetrics, BreakerSnapshot, BreakerState };

/** A circuit as people hold it: to look at, and to move by hand. */
export interface CircuitControl {
  readonly name: string;
  /** 'half-open' once the break is over, although the first probe is still to come. Reading changes nothing. */
  readonly state: BreakerState;
  readonly metrics: BreakerMetrics;
  /** Refuses everything until `close` or `reset`. */
  isolate(): void;
  close(): void;
  /** Opens it for the configured time. */
  open(): void;
  /** Closes it and forgets what was counted. */
  reset(): void;
  /** Admits everything and records nothing, until `close` or `reset`. */
  disable(): void;
  /** Admits and records everything, never opens. */
  metricsOnly(): void;
  toJSON(): BreakerSnapshot;
  /** Takes over what `toJSON` gave, also in another process. @throws Error on anything else. */
  restore(snapshot: unknown): void;
}

/** Rounded up, so that whoever waits this long is admitted; not by the noise of subtracting two times. */
const wholeMilliseconds = (duration: number): number => Math.ceil(duration - 1e-6);

/** Which rate it was that opened a circuit; none where failures were counted in a row. */
const rateFact = (reason: string, rate: number | undefined): { slowCallRate?: number; failureRate?: number } => {
  if (rate === undefined) return {};
  return reason === 'slow-call-rate' ? { slowCallRate: rate } : { failureRate: rate };
};

/** One circuit with its clock and its events. */
export class BoundCircuit implements CircuitControl {
  readonly name: string;
  readonly machine: BreakerMachine;
  readonly #runtime: Runtime;

  /** Refuses nothing and only tells: no reason for `health()` to call the service degraded. */
  isShadow = false;

  constructor(name: string, settings: BreakerSettings, runtime: Runtime) {
    this.name = name;
    this.#runtime = runtime;
    this.machine = new BreakerMachine(settings, () => runtime.random());
    this.machine.onTransition = (transition) => this.#report(transition);
  }

  /** State stays; thresholds hold at once. */
  reconfigure(settings: BreakerSettings, isShadow: boolean): void {
    this.isShadow = isShadow;
    this.machine.reconfigure(settings, this.now);
  }

  get state(): BreakerState {
    return this.machine.state(this.now);
  }

  get metrics(): BreakerMetrics {
    return this.machine.metrics(this.now);
  }

  isolate(): void {
    this.machine.isolate(this.now);
  }

  close(): void {
    this.machine.close(this.now);
  }

  open(): void {
    this.machine.open(this.now);
  }

  reset(): void {
    this.machine.reset(this.now);
  }

  disable(): void {
    this.machine.disable(this.now);
  }

  metricsOnly(): void {
    this.machine.metricsOnly(this.now);
  }

  toJSON(): BreakerSnapshot {
    return this.machine.toJSON(this.now);
  }

  restore(snapshot: unknown): void {
    this.machine.restore(snapshot, this.now);
  }

  get now(): number {
    return this.#runtime.clock.now();
  }

  #report({ to, reason, openings, retryAfter, failures, rate }: Transition): void {
    const { events } = this.#runtime;
    const circuit = this.name;
    const { lastFailure } = this.machine;
    const error = lastFailure === undefined ? {} : { error: lastFailure };
    if (to === 'open')
      events.emit('circuit.opened', this.name, {
        circuit,
        reason,
        openings,
        retryAfter: wholeMilliseconds(retryAfter),
        failures,
        ...rateFact(reason, rate),
        ...error,
      });
    else if (to === 'half-open') events.emit('circuit.halfOpened', this.name, { circuit });
    else if (to === 'closed') events.emit('circuit.closed', this.name, { circuit, reason });
    else if (to === 'isolated') events.emit('circuit.isolated', this.name, { circuit });
    else events.emit('circuit.disabled', this.name, { circuit, state: to });
  }
}
