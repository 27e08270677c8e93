import { ResilienceError } from './resilience-error.js';

/** `attempt` bounds one try, `total` the caller's whole waiting, `load` his waiting for a load that goes on without him. */
export type TimeoutScope = 'attempt' | 'total' | 'load';

const WHAT: Record<TimeoutScope, string> = { attempt: 'attempt', total: 'call', load: 'waiting for the load' };

/** The call was made and abandoned: our own timer fired. A caller's abort keeps the caller's reason instead. */
export class TimedOutError extends ResilienceError {
  override readonly name = 'TimedOutError';
  /** The bound that elapsed, in milliseconds. */
  readonly timeout: number;
  readonly scope: TimeoutScope;

  constructor(method: string, scope: TimeoutScope, timeout: number) {
    super(`${method}: ${WHAT[scope]} timed out after ${timeout} ms`, {
      code: 'TIMED_OUT',
      method,
      policy: scope === 'load' ? 'cached' : 'timeout',
    });
    this.scope = scope;
    this.timeout = timeout;
  }
}
