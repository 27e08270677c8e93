import { formatDuration } from '../../algorithms/duration.js';
import { RejectedError } from '../../errors/rejected-error.js';
import type { FailureSummary } from './machine.js';

/** Refused because the circuit is open or isolated. `cause` summarises the last counted failure, never another caller's error. */
export class CircuitOpenError extends RejectedError {
  declare readonly name: 'CircuitOpenError';
  declare readonly circuit: string;

  constructor(facts: {
    readonly method: string;
    readonly circuit: string;
    readonly retryAfter: number;
    readonly isIsolated: boolean;
    readonly cause: FailureSummary | undefined;
  }) {
    const { method, circuit, retryAfter, isIsolated, cause } = facts;
    const shared = circuit === method ? '' : ` '${circuit}'`;
    const next =
      retryAfter === Infinity ? 'stays so until it is closed by hand' : `next probe in ${formatDuration(retryAfter)}`;
    const message = `${method}: circuit${shared} is ${isIsolated ? 'isolated' : 'open'}; ${next}`;
    const known = retryAfter === Infinity ? undefined : retryAfter;
    const details = { code: 'CIRCUIT_OPEN', method, policy: 'circuit-breaker', cause, retryAfter: known };
    super(message, details, 'CircuitOpenError');
    this.circuit = circuit;
  }
}
