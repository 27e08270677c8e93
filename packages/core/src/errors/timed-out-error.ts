import { ResilienceError } from './resilience-error.js';

/** The call was made and abandoned: our own timer fired. A caller's abort keeps the caller's reason instead. */
export class TimedOutError extends ResilienceError {
  override readonly name = 'TimedOutError';
  /** The bound that elapsed, in milliseconds. */
  readonly timeout: number;
  /** `attempt` bounds one try, `total` the caller's whole waiting. */
  readonly scope: 'attempt' | 'total';

  constructor(method: string, scope: 'attempt' | 'total', timeout: number) {
    super(`${method}: ${scope === 'attempt' ? 'attempt' : 'call'} timed out after ${timeout} ms`, {
      code: 'TIMED_OUT',
      method,
      policy: 'timeout',
    });
    this.scope = scope;
    this.timeout = timeout;
  }
}
