import {
  type OptionSite,
  type Schema,
  callback,
  checkOptions,
  configurationError,
  oneOf,
  whole,
} from '../../errors/option-check.js';
import { checkStateOptions, stateSchema } from '../../decorate/state-options.js';
import type { LimitSettings } from './machine.js';

/** Options of `@AdaptiveConcurrency`. */
export interface AdaptiveConcurrencyOptions {
  /**
   * What the limit follows: 'aimd' signs of overload alone (timeouts, 429, 503 …), 'gradient' also how much longer calls
   * take than they do without a queue. Default 'aimd'.
   */
  readonly algorithm?: 'aimd' | 'gradient';
  /** The limit never falls below. Default 1. */
  readonly min?: number;
  /** The limit never rises above. Default 1000. */
  readonly max?: number;
  /** The limit to begin with; where not given and out of range, the nearer of `min` and `max`. Default 20. */
  readonly initial?: number;
  /** Says that an error is a sign of overload, besides what the table of errors takes for one. One that throws counts as false. */
  readonly overloadIf?: (error: unknown) => boolean;
  /** Refuses nothing and reports `shadow.rejected` where it would have. Default false. */
  readonly shadow?: boolean;
  /** Methods that give the same name share one limit. */
  readonly name?: string;
  /** One limit per concrete class, or one per instance. Default 'class'. */
  readonly scope?: 'class' | 'instance';
}

const schema = (): Schema => ({
  algorithm: oneOf('aimd', 'gradient'),
  min: whole(1),
  max: whole(1),
  initial: whole(1),
  overloadIf: callback,
  ...stateSchema(),
});

/** @throws ConfigurationError */
export const parseConcurrencyOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  const options = checkOptions(site, schema(), given ?? {});
  checkStateOptions(options, 'limit', site);
  return options;
};

/** Defaults filled in. @throws ConfigurationError where options contradict each other. */
export const resolveLimitSettings = (options: AdaptiveConcurrencyOptions, site: OptionSite): LimitSettings => {
  const { algorithm = 'aimd', min = 1, max = 1000, initial } = options;
  if (min > max) throw configurationError(site, `min must be <= max, got ${min} > ${max}`, 'min');
  if (initial !== undefined && (initial < min || initial > max))
    throw configurationError(site, `initial must lie between min and max, ${min} to ${max}, got ${initial}`, 'initial');
  return { algorithm, min, max, initial: initial ?? Math.min(max, Math.max(min, 20)) };
};
