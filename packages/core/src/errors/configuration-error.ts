import { ResilienceError } from './resilience-error.js';

export interface ConfigurationErrorDetails {
  readonly method?: string | undefined;
  readonly policy?: string | undefined;
  /** The option at fault, as written: `maxAttempts`, `window.size`. */
  readonly option?: string | undefined;
  readonly cause?: unknown;
}

/** A wrong option or a member that cannot be decorated. Thrown at definition or binding, never because of an argument. */
export class ConfigurationError extends ResilienceError {
  override readonly name = 'ConfigurationError';
  readonly option: string | undefined;

  constructor(message: string, details: ConfigurationErrorDetails = {}) {
    super(message, { ...details, code: 'CONFIGURATION' });
    this.option = details.option;
  }
}
