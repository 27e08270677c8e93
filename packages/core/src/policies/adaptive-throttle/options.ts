import { type Duration, parseDuration } from '../../algorithms/duration.js';
import {
  type Check,
  type OptionSite,
  type Schema,
  callback,
  checkOptions,
  duration,
  finite,
} from '../../errors/option-check.js';
import { checkStateOptions, stateSchema } from '../../decorate/state-options.js';
import type { ThrottleSettings } from './machine.js';

/** Options of `@AdaptiveThrottle`. */
export interface AdaptiveThrottleOptions {
  /** Calls let through per call accepted: with 2, refusals begin when less than half is accepted. At least 1. Default 2. */
  readonly k?: number;
  /** Calls too few to judge by: the larger, the later refusals begin and the fewer a quiet client makes. Default 8. */
  readonly padding?: number;
  /** How long a call counts. Default '30s'. */
  readonly window?: Duration;
  /** The most that is refused, 0 to less than 1: the rest goes through and finds out about recovery. Default 0.9. */
  readonly maxRejection?: number;
  /** Says that an error is a sign of overload, besides what the table of errors takes for one. One that throws counts as false. */
  readonly overloadIf?: (error: unknown) => boolean;
  /** Refuses nothing and reports `shadow.rejected` where it would have. Default false. */
  readonly shadow?: boolean;
  /** Methods that give the same name share one throttle. */
  readonly name?: string;
  /** One throttle per concrete class, or one per instance. Default 'class'. */
  readonly scope?: 'class' | 'instance';
}

/** At 1 nothing would be let through to find out that the other side is back. */
const belowOne: Check = (value) =>
  typeof value === 'number' && value >= 0 && value < 1 ? undefined : 'must be a number from 0 to less than 1';

const schema = (): Schema => ({
  k: finite(1),
  padding: finite(1),
  window: duration({ atLeast: 10 }),
  maxRejection: belowOne,
  overloadIf: callback,
  ...stateSchema(),
});

/** @throws ConfigurationError */
export const parseThrottleOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  const options = checkOptions(site, schema(), given ?? {});
  checkStateOptions(options, 'throttle', site);
  return options;
};

/** Defaults filled in, the window in milliseconds. */
export const resolveThrottleSettings = (options: AdaptiveThrottleOptions): ThrottleSettings => ({
  k: options.k ?? 2,
  padding: options.padding ?? 8,
  window: parseDuration(options.window ?? '30s'),
  maxRejection: options.maxRejection ?? 0.9,
});
