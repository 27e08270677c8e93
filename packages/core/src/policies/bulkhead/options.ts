import { type Duration, parseDuration } from '../../algorithms/duration.js';
import { type OptionSite, type Schema, callback, checkOptions, duration, whole } from '../../errors/option-check.js';
import { checkStateOptions, stateSchema } from '../../decorate/state-options.js';
import type { BulkheadSettings } from './machine.js';

/** Options of `@Bulkhead`. */
export interface BulkheadOptions<Args extends readonly unknown[] = never[]> {
  /** How many calls may be under way at once. Default 10. */
  readonly maxConcurrent?: number;
  /** How many more may wait for a slot. Default 0. */
  readonly maxQueue?: number;
  /** How long a call may wait in the queue. Default '5s'. */
  readonly queueTimeout?: Duration;
  /**
   * How long work may keep its slot after its caller has stopped waiting for it. From then on more than `maxConcurrent`
   * may be under way. Default: none, until the work really ends.
   */
  readonly maxHold?: Duration;
  /** Refuses and delays nothing and reports `shadow.rejected` where it would have refused. Default false. */
  readonly shadow?: boolean;
  /** Methods that give the same name share one bulkhead. */
  readonly name?: string;
  /** One bulkhead per key. More than 1000 are kept only while all of them are busy. */
  readonly key?: (...args: Args) => string | number;
  /** One bulkhead per concrete class, or one per instance. Default 'class'. */
  readonly scope?: 'class' | 'instance';
}

const schema = (): Schema => ({
  maxConcurrent: whole(1),
  maxQueue: whole(0),
  queueTimeout: duration({ positive: true }),
  maxHold: duration({ positive: true, infinite: true }),
  key: callback,
  ...stateSchema(),
});

/** @throws ConfigurationError */
export const parseBulkheadOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  const options = checkOptions(site, schema(), given ?? {});
  checkStateOptions(options, 'bulkhead', site);
  return options;
};

export interface BulkheadTerms extends BulkheadSettings {
  /** Milliseconds. */
  readonly queueTimeout: number;
  /** Milliseconds; `Infinity`: until the work ends. */
  readonly maxHold: number;
}

/** Defaults filled in, durations in milliseconds. */
export const resolveBulkheadTerms = (options: BulkheadOptions): BulkheadTerms => ({
  maxConcurrent: options.maxConcurrent ?? 10,
  maxQueue: options.maxQueue ?? 0,
  queueTimeout: parseDuration(options.queueTimeout ?? '5s'),
  maxHold: parseDuration(options.maxHold ?? Infinity),
});
