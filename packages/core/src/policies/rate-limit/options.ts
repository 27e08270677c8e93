import { type Duration, parseDuration } from '../../algorithms/duration.js';
import {
  type OptionSite,
  type Schema,
  callback,
  checkOptions,
  configurationError,
  duration,
  oneOf,
  whole,
} from '../../errors/option-check.js';
import { checkStateOptions, stateSchema } from '../../decorate/state-options.js';
import type { RateSettings } from './machine.js';

/** Options of `@RateLimit`. */
export interface RateLimitOptions<Args extends readonly unknown[] = never[]> {
  /** How many calls per `interval`. */
  readonly limit: number;
  /** What `limit` is counted in. */
  readonly interval: Duration;
  /**
   * How the calls are counted: 'gcra' and 'token-bucket' let calls flow evenly after a burst, 'sliding-window' allows no
   * interval more than `limit`. Default 'gcra'.
   */
  readonly algorithm?: 'gcra' | 'token-bucket' | 'sliding-window';
  /** How many calls may go at once after a pause; not with 'sliding-window'. Default: `limit`. */
  readonly burst?: number;
  /** How long a call may be held back until its time has come; longer ones are refused at once. Default 0. */
  readonly maxWait?: Duration;
  /** Refuses and delays nothing and reports `shadow.rejected` where it would have refused. Default false. */
  readonly shadow?: boolean;
  /** Methods that give the same name share one limit. */
  readonly name?: string;
  /** One limit per key. At most 100,000 are kept; idle ones are forgotten first. */
  readonly key?: (...args: Args) => string | number;
  /** One limit per concrete class, or one per instance. Default 'class'. */
  readonly scope?: 'class' | 'instance';
}

const schema = (): Schema => ({
  limit: whole(1),
  interval: duration({ positive: true }),
  algorithm: oneOf('gcra', 'token-bucket', 'sliding-window'),
  burst: whole(1),
  maxWait: duration(),
  key: callback,
  ...stateSchema(),
});

/** @throws ConfigurationError */
export const parseRateLimitOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  const options = checkOptions(site, schema(), given ?? {});
  checkStateOptions(options, 'limit', site);
  if (options['burst'] !== undefined && options['algorithm'] === 'sliding-window') throw noBurst(site);
  return options;
};

const noBurst = (site: OptionSite): Error =>
  configurationError(site, "burst means nothing with 'sliding-window', which never admits more than limit", 'burst');

export interface RateLimitTerms extends RateSettings {
  /** Milliseconds. */
  readonly maxWait: number;
}

/** Defaults filled in, durations in milliseconds. @throws ConfigurationError where something is missing or contradicts. */
export const resolveRateLimitTerms = (options: Partial<RateLimitOptions>, site: OptionSite): RateLimitTerms => {
  const { limit, interval, algorithm = 'gcra', burst } = options;
  if (limit === undefined || interval === undefined) {
    const missing = limit === undefined ? 'limit' : 'interval';
    throw configurationError(site, `${missing} is missing; write { limit: 100, interval: '1s' }`, missing);
  }
  if (burst !== undefined && algorithm === 'sliding-window') throw noBurst(site);
  return {
    limit,
    interval: parseDuration(interval),
    algorithm,
    burst: burst ?? limit,
    maxWait: parseDuration(options.maxWait ?? 0),
  };
};
