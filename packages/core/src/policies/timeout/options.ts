import { type Duration, parseDuration } from '../../algorithms/duration.js';
import { type OptionSite, type Schema, checkOptions, configurationError, duration } from '../../errors/option-check.js';

export interface TimeoutOptions {
  /** How long one try may take. Default: none. */
  readonly attempt?: Duration;
  /** How long the caller waits in all: queues, attempts, sleeps, a shared load. Default: none. */
  readonly total?: Duration;
}

export interface TimeoutSettings {
  readonly attempt: number;
  readonly total: number;
}

const schema = (): Schema => ({
  attempt: duration({ positive: true, infinite: true }),
  total: duration({ positive: true, infinite: true }),
});

/** `'2s'` means per attempt. @throws ConfigurationError */
export const parseTimeoutOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  const isShort = typeof given === 'string' || typeof given === 'number';
  const options = checkOptions(site, schema(), isShort ? { attempt: given } : given === undefined ? {} : given);
  if (Object.keys(options).length === 0)
    throw configurationError(site, "needs a duration: '2s' per attempt, or { attempt, total }");
  return options;
};

export const resolveTimeoutOptions = ({ attempt, total }: TimeoutOptions): TimeoutSettings => ({
  attempt: attempt === undefined ? Infinity : parseDuration(attempt),
  total: total === undefined ? Infinity : parseDuration(total),
});
