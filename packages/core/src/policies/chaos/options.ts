import { type Duration, parseDuration } from '../../algorithms/duration.js';
import type { Settled } from '../../decorate/decorator-types.js';
import {
  type Check,
  type OptionSite,
  arrayOf,
  callback,
  checkOptions,
  configurationError,
  duration,
  either,
  flag,
  fraction,
  isRecord,
  ofPlainObject,
  shape,
  text,
} from '../../errors/option-check.js';
import type { ChaosSettings, ChaosShares } from './machine.js';

/** An error's `code`, an HTTP status, or a function that returns or throws the error. */
export type ChaosFault<Args extends readonly unknown[] = never[], Self = never> =
  string | number | ((this: Self, ...args: Args) => unknown);

/** Options of `@Chaos`. Without `enabled` and a `rate` nothing happens. */
export interface ChaosOptions<Args extends readonly unknown[] = never[], Result = unknown, Self = never> {
  /**
   * Whether it is on: for good, or asked at each call with its arguments. `false` in `configure` or in the environment
   * keeps it off whatever a method says. A function that throws counts as false. Default false.
   */
  readonly enabled?: boolean | ((this: Self, ...args: Args) => boolean);
  /** The share of calls that is disturbed, 0 to 1, in equal parts for what there is to do; or a share for each. Default 0. */
  readonly rate?: number | Partial<ChaosShares>;
  /** What a call fails with, without running: `'ECONNRESET'`, `503`, `() => new Error()`, or a list to choose from. */
  readonly fault?: ChaosFault<Args, Self> | readonly ChaosFault<Args, Self>[];
  /** How much later the method begins: always as much, or something between. Asynchronous methods alone. */
  readonly latency?: Duration | { readonly min: Duration; readonly max: Duration };
  /** What a call answers, without running: what a function makes of the arguments, or `{ value }`. */
  readonly result?: ((this: Self, ...args: Args) => Result | Settled<Result>) | { readonly value: Settled<Result> };
  /** A whole number: the same calls in the same order are disturbed alike in every run. Default: the runtime's `random`. */
  readonly seed?: number;
}

const status: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 599
    ? undefined
    : 'must be an HTTP status from 100 to 599';

const oneFault = (value: unknown): string | undefined => {
  if (typeof value === 'number') return status(value);
  const problem = "must be an error code such as 'ECONNRESET', an HTTP status, or a function that makes the error";
  return text(value) === undefined || callback(value) === undefined ? undefined : problem;
};

const notEmpty: Check = (value) => (Array.isArray(value) && value.length > 0 ? undefined : 'must not be empty');
const faults: Check = (value) =>
  Array.isArray(value) ? (notEmpty(value) ?? arrayOf(oneFault)(value)) : oneFault(value);

/** One check for objects, which are copied, and another one for all else. */
const objectOr = (ofObject: Check, otherwise: Check): Check =>
  ofPlainObject((value) => (isRecord(value) ? ofObject(value) : otherwise(value)));

const rangeShape = shape({ min: duration(), max: duration() });
const range: Check = (value) => {
  const { min: least, max: most } = value as Record<string, unknown>;
  if (least === undefined || most === undefined) return 'must have a min and a max';
  const problem = rangeShape(value);
  if (problem !== undefined) return problem;
  return parseDuration(least) <= parseDuration(most) ? undefined : 'must have a min that is not above its max';
};

/** Shares that are 1 together on paper need not be so in binary. */
const ROUNDING = 1e-9;

const shareShape = shape({ fault: fraction(), latency: fraction(), result: fraction() });
const shares: Check = (value) => {
  const problem = shareShape(value);
  if (problem !== undefined) return problem;
  const sum = Object.values(value as Partial<ChaosShares>).reduce((total, share) => total + share, 0);
  return sum <= 1 + ROUNDING ? undefined : `must have shares that are at most 1 together, got ${sum}`;
};

const RESULT = 'must be a function or { value }';
const oneResult = objectOr(
  (value) => (Object.keys(value as object).join() === 'value' ? undefined : RESULT),
  (value) => (typeof value === 'function' ? undefined : RESULT),
);

const seed: Check = (value) => (Number.isSafeInteger(value) ? undefined : 'must be a whole number');

const SCHEMA = {
  enabled: either(flag, callback),
  rate: objectOr(shares, fraction()),
  fault: faults,
  latency: objectOr(range, duration()),
  result: oneResult,
  seed,
};

/** @throws ConfigurationError */
export const parseChaosOptions = (given: unknown, site: OptionSite): Readonly<Record<string, unknown>> =>
  checkOptions(site, SCHEMA, given ?? {});

const KINDS = ['fault', 'latency', 'result'] as const;

const latencyOf = ({ latency = 0 }: Pick<ChaosOptions, 'latency'>): ChaosSettings['latency'] => {
  const { min, max } = isRecord(latency) ? latency : { min: latency, max: latency };
  return { min: parseDuration(min), max: parseDuration(max) };
};

/** The fault or faults as a list. */
export const faultsOf = ({ fault = [] }: Pick<ChaosOptions, 'fault'>): readonly ChaosFault[] =>
  Array.isArray(fault) ? (fault as readonly ChaosFault[]) : [fault as ChaosFault];

/** Shares for what there is to do, durations in milliseconds. @throws ConfigurationError where a share has nothing to do. */
export const resolveChaosSettings = (options: ChaosOptions, site: OptionSite): ChaosSettings => {
  const { rate = 0 } = options;
  const latency = latencyOf(options);
  const has = { fault: options.fault !== undefined, latency: latency.max > 0, result: options.result !== undefined };
  const count = KINDS.filter((kind) => has[kind]).length;
  const shareOf = (kind: keyof ChaosShares): number => {
    if (typeof rate === 'number') return has[kind] ? rate / count : 0;
    const share = rate[kind] ?? 0;
    if (share > 0 && !has[kind])
      throw configurationError(site, `rate.${kind} is ${share}, but there is no ${kind}; add one`, 'rate');
    return share;
  };
  const [fault, late, result] = KINDS.map(shareOf) as [number, number, number];
  return { shares: { fault, latency: late, result }, faults: faultsOf(options).length, latency };
};
