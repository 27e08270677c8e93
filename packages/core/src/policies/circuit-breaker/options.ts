import { type Duration, parseDuration } from '../../algorithms/duration.js';
import { type ErrorPattern, errorPatterns } from '../../errors/error-matcher.js';
import {
  type Check,
  type OptionSite,
  type Schema,
  callback,
  checkOptions,
  configurationError,
  duration,
  either,
  fraction,
  isRecord,
  ofPlainObject,
  oneOf,
  shape,
  shown,
  text,
  whole,
} from '../../errors/option-check.js';
import { checkStateOptions, stateSchema } from '../../decorate/state-options.js';
import type { BreakerSettings } from './machine.js';

export type BreakerWindow =
  | { readonly type: 'consecutive' }
  /** The last `size` completed calls. `failureRate` is 0..1 (default 0.5), `minimumCalls` at most `size` (default `size`). */
  | { readonly type: 'count'; readonly size: number; readonly failureRate?: number; readonly minimumCalls?: number }
  /** The calls completed within `duration`. `failureRate` defaults to 0.5, `minimumCalls` to 20. */
  | {
      readonly type: 'time';
      readonly duration: Duration;
      readonly failureRate?: number;
      readonly minimumCalls?: number;
    };

/** Options of `@CircuitBreaker`. */
export interface CircuitBreakerOptions<Args extends readonly unknown[] = never[]> {
  /** Failures in a row that open the circuit, with a consecutive window. Default 5. */
  readonly failureThreshold?: number;
  /** How long the circuit stays open before it probes; a function of the number of openings since it was last closed, from 1. Default '30s'. */
  readonly recoveryTimeout?: Duration | ((openings: number) => Duration);
  /** Successful probes that close it. Default 2. */
  readonly successThreshold?: number;
  /** Probes of one half-open period. Default: `successThreshold`. */
  readonly halfOpenMaxCalls?: number;
  /** A probe that takes longer counts as failed. Default '30s'. */
  readonly halfOpenMaxWait?: Duration;
  /** What opens the circuit. Default: `{ type: 'consecutive' }`. */
  readonly window?: BreakerWindow;
  /** Slow calls count too: the share of calls slower than `duration` that opens the circuit. Default: none. */
  readonly slowCall?: { readonly duration: Duration; readonly rate: number };
  /** Breaks last up to this share longer, so that a fleet does not probe at once. Default 0. */
  readonly recoveryJitter?: number;
  /** Counts as failure what returns true, and nothing else. One that throws counts as a failure. Default: by the table of errors. */
  readonly failureIf?: (error: unknown) => boolean;
  /** Counts as nothing what returns true. */
  readonly ignoreIf?: (error: unknown) => boolean;
  /** Only these errors count as failures, besides what `failureIf` says: classes, codes, statuses, predicates. */
  readonly failureOn?: readonly ErrorPattern[];
  /** These count as nothing; wins over everything else. */
  readonly ignoreOn?: readonly ErrorPattern[];
  /** Methods that give the same name share one circuit. */
  readonly name?: string;
  /** One circuit per key, at most 1000 at a time; those without a failure are forgotten first. */
  readonly key?: (...args: Args) => string | number;
  /** One circuit per concrete class, or one per instance. Default 'class'. */
  readonly scope?: 'class' | 'instance';
  /** Refuses nothing and reports `shadow.rejected` where it would have refused. Default false. */
  readonly shadow?: boolean;
}

const isDuration = /* @__PURE__ */ duration({ positive: true, infinite: true });
const rates = (): Schema => ({ failureRate: fraction({ positive: true }), minimumCalls: whole(1) });
const windows = (): Schema => ({
  consecutive: shape({ type: text }),
  count: shape({ type: text, size: whole(1), ...rates() }),
  time: shape({ type: text, duration: duration({ atLeast: 10 }), ...rates() }),
});
const isWindowType = /* @__PURE__ */ oneOf('consecutive', 'count', 'time');

const isWindow = /* @__PURE__ */ ofPlainObject((value) => {
  if (!isRecord(value)) return "must be an object such as { type: 'count', size: 20 }";
  const problem = isWindowType(value['type']);
  if (problem !== undefined) return `.type ${problem}, got ${shown(value['type'])}`;
  const type = value['type'] as string;
  if (type === 'count' && value['size'] === undefined) return '.size is missing';
  if (type === 'time' && value['duration'] === undefined) return '.duration is missing';
  return windows()[type]?.(value);
});

const slowCallShape = (): Check =>
  shape({ duration: duration({ positive: true }), rate: fraction({ positive: true }) });

const isSlowCall = /* @__PURE__ */ ofPlainObject((value) => {
  const problem = slowCallShape()(value);
  if (problem !== undefined) return problem;
  const missing = ['duration', 'rate'].find((option) => (value as Record<string, unknown>)[option] === undefined);
  return missing && `.${missing} is missing`;
});

const schema = (): Schema => ({
  failureThreshold: whole(1),
  recoveryTimeout: either(isDuration, callback),
  successThreshold: whole(1),
  halfOpenMaxCalls: whole(1),
  halfOpenMaxWait: duration({ positive: true, infinite: true }),
  window: isWindow,
  slowCall: isSlowCall,
  recoveryJitter: fraction(),
  failureIf: callback,
  ignoreIf: callback,
  failureOn: errorPatterns,
  ignoreOn: errorPatterns,
  key: callback,
  ...stateSchema(),
});

/** @throws ConfigurationError */
export const parseBreakerOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> => {
  const options = checkOptions(site, schema(), given ?? {});
  const { name, scope, key } = options;
  checkStateOptions(options, 'circuit', site);
  if (name !== undefined && key !== undefined && scope !== undefined)
    throw configurationError(site, 'name, key and scope contradict each other', 'scope');
  return options;
};

const DEFAULT_RATE = 0.5;
const DEFAULT_MINIMUM = 20;

const resolveWindow = (window: BreakerWindow, site: OptionSite): BreakerSettings['window'] => {
  if (window.type === 'consecutive') return window;
  const failureRate = window.failureRate ?? DEFAULT_RATE;
  if (window.type === 'time') {
    return {
      type: 'time',
      duration: parseDuration(window.duration),
      failureRate,
      minimumCalls: window.minimumCalls ?? DEFAULT_MINIMUM,
    };
  }
  const minimumCalls = window.minimumCalls ?? window.size;
  if (minimumCalls > window.size) {
    throw configurationError(
      site,
      `window.minimumCalls must be <= window.size, got ${minimumCalls} > ${window.size}; the circuit could never open`,
      'window.minimumCalls',
    );
  }
  return { type: 'count', size: window.size, failureRate, minimumCalls };
};

/** Defaults filled in, durations in milliseconds. @throws ConfigurationError where options contradict each other. */
export const resolveBreakerSettings = (options: CircuitBreakerOptions, site: OptionSite): BreakerSettings => {
  const successThreshold = options.successThreshold ?? 2;
  const halfOpenMaxCalls = options.halfOpenMaxCalls ?? successThreshold;
  if (halfOpenMaxCalls < successThreshold) {
    const problem = `halfOpenMaxCalls must be >= successThreshold, got ${halfOpenMaxCalls} < ${successThreshold}; the circuit could never close`;
    throw configurationError(site, problem, 'halfOpenMaxCalls');
  }
  const { recoveryTimeout = '30s', slowCall } = options;
  return {
    failureThreshold: options.failureThreshold ?? 5,
    successThreshold,
    halfOpenMaxCalls,
    halfOpenMaxWait: parseDuration(options.halfOpenMaxWait ?? '30s'),
    recoveryTimeout:
      typeof recoveryTimeout === 'function'
        ? (openings) => parseDuration(recoveryTimeout(openings))
        : constant(parseDuration(recoveryTimeout)),
    recoveryJitter: options.recoveryJitter ?? 0,
    window: resolveWindow(options.window ?? { type: 'consecutive' }, site),
    slowCall: slowCall && { duration: parseDuration(slowCall.duration), rate: slowCall.rate },
  };
};

const constant = (value: number) => (): number => value;
