import { summarize } from '../errors/error-facts.js';
import { withoutStack } from '../errors/without-stack.js';
import { BoundCircuit } from '../policies/circuit-breaker/circuit.js';
import { CircuitOpenError } from '../policies/circuit-breaker/error.js';
import { REFUSED, UNRECORDED } from '../policies/circuit-breaker/events.js';
import { breakerJudge } from '../policies/circuit-breaker/judge.js';
import type { Outcome } from '../policies/circuit-breaker/machine.js';
import {
  type CircuitBreakerOptions,
  parseBreakerOptions,
  resolveBreakerSettings,
} from '../policies/circuit-breaker/options.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Work } from '../runtime/work.js';
import { world } from '../runtime/world.js';

export interface CircuitOptions extends Omit<CircuitBreakerOptions, 'key' | 'scope'> {
  /** Whose clock, chance and events it uses. Default: the default runtime. */
  readonly runtime?: Runtime;
}

/** The right to make one call; settle it exactly once, later reports change nothing. */
export interface Permit {
  succeed(): void;
  /** The error is judged as the circuit's options say. */
  fail(error: unknown): void;
}

/**
 * A circuit breaker for direct use: `await circuit.call(() => fetch(url))`, or `admit()` where begin and end lie apart.
 * @throws ConfigurationError on a wrong option.
 */
export class Circuit extends BoundCircuit {
  readonly #runtime: Runtime;
  readonly #work: Work;
  readonly #judge: (error: unknown) => Outcome;
  readonly #slowCall: number | undefined;

  constructor({ runtime = world.runtime, ...given }: CircuitOptions = {}) {
    const site = { decorator: 'new Circuit', policy: 'circuit-breaker' };
    const options = parseBreakerOptions(given, site) as CircuitBreakerOptions;
    const settings = resolveBreakerSettings(options, site);
    super(options.name ?? 'circuit', settings, runtime);
    this.isShadow = options.shadow === true;
    this.#slowCall = settings.slowCall?.duration;
    this.#runtime = runtime;
    this.#work = runtime.directWork.of(this.name);
    this.#judge = breakerJudge({
      options,
      classifiers: () => runtime.settings.classifiers,
      report: (source, thrown) => runtime.events.reportFailure(`Circuit ${source}`, this.name, thrown),
    });
  }

  /**
   * Runs `fn` when the circuit admits it. `shutdown` waits for it.
   * Rejects with a CircuitOpenError when it does not, with a ShuttingDownError after `shutdown`, else with what `fn` throws.
   */
  async call<Result>(fn: () => Result): Promise<Awaited<Result>> {
    const refusal = this.#runtime.door?.refusalOf(this.#runtime, this.name);
    if (refusal !== undefined) throw refusal;
    const permit = this.admit();
    this.#work.calls += 1;
    try {
      const result = await fn();
      permit.succeed();
      return result;
    } catch (error) {
      permit.fail(error);
      throw error;
    } finally {
      this.#work.calls -= 1;
    }
  }

  /** Permits are not counted as work under way. @throws CircuitOpenError when the circuit refuses. */
  admit(): Permit {
    const startedAt = this.now;
    const permit = this.#admit(startedAt);
    let isSettled = false;
    const settle = (outcome: Outcome, error: unknown): void => {
      if (isSettled) return;
      isSettled = true;
      const { now } = this;
      this.#reportSlow(now - startedAt, outcome);
      this.machine.settle(permit, outcome, now - startedAt, now, outcome === 'failure' ? summarize(error) : undefined);
    };
    return { succeed: () => settle('success', undefined), fail: (error) => settle(this.#judge(error), error) };
  }

  /** In shadow mode the call passes, and is not recorded: it would not have been made. */
  #admit(now: number): number {
    const permit = this.machine.admit(now);
    if (permit !== REFUSED) return permit;
    if (!this.isShadow) throw this.#refusal(now);
    const facts = { policy: 'circuit-breaker', circuit: this.name, retryAfter: this.machine.retryAfter(now) };
    this.#runtime.events.emit('shadow.rejected', this.name, facts);
    return UNRECORDED;
  }

  /** A call made elsewhere succeeded. Does nothing while the circuit is open. */
  recordSuccess(): void {
    this.#record('success', undefined);
  }

  /** A call made elsewhere failed; the error is judged as the options say. Does nothing while the circuit is open. */
  recordFailure(error: unknown = new Error('recorded failure')): void {
    this.#record(this.#judge(error), error);
  }

  #record(outcome: Outcome, error: unknown): void {
    const { now } = this;
    const permit = this.machine.admit(now);
    if (permit !== REFUSED)
      this.machine.settle(permit, outcome, 0, now, outcome === 'failure' ? summarize(error) : undefined);
  }

  #reportSlow(durationMs: number, outcome: Outcome): void {
    if (this.#slowCall === undefined || durationMs <= this.#slowCall || outcome === 'neutral') return;
    this.#runtime.events.emit('circuit.slowCall', this.name, { circuit: this.name, durationMs });
  }

  #refusal(now: number): CircuitOpenError {
    const { name, machine } = this;
    const retryAfter = machine.retryAfter(now);
    this.#runtime.events.emit('circuit.rejected', name, { circuit: name, retryAfter });
    const facts = {
      method: name,
      circuit: name,
      retryAfter,
      isIsolated: machine.state(now) === 'isolated',
      cause: machine.lastFailure,
    };
    return withoutStack(() => new CircuitOpenError(facts), this.#runtime.settings.captureStacks);
  }
}
