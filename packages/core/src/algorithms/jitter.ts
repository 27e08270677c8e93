import { boundedDelay } from './backoff.js';
import { type Duration } from './duration.js';

/**
 * How a pause is spread so that callers who failed together do not return together. For a pause d and ratio r:
 *
 *   none          d
 *   full          U(0, d)
 *   equal         d/2 + U(0, d/2)
 *   proportional  U((1−r)·d, (1+r)·d), r = 0.25
 *   additive      d + U(0, r·d),       r = 0.1
 *   decorrelated  U(base, 3·previous), whatever d is
 *
 * full, equal and decorrelated are those of Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog,
 * 2015). An interval that would pass the cap is shifted down until it ends there instead of being cut: cutting would
 * gather a share of all callers on the cap itself, which is what jitter is there to prevent.
 */
export type JitterKind = 'full' | 'equal' | 'proportional' | 'additive' | 'decorrelated' | 'none';

/** `delay` is the capped pause in milliseconds. Negative or not a duration counts as 0, above the cap as the cap. */
export type JitterFunction = (delay: number, random: () => number) => Duration;

export interface JitterOptions {
  readonly kind: JitterKind;
  /** Share of the pause, 0..1; for proportional (0.25) and additive (0.1), ignored by the others. */
  readonly ratio?: number | undefined;
}

/** `true` is proportional, `false` is none. */
export type Jitter = JitterKind | JitterOptions | JitterFunction | boolean;

const PROPORTIONAL_RATIO = 0.25;
const ADDITIVE_RATIO = 0.1;

export const jitterOptions = (jitter: JitterKind | JitterOptions | boolean): JitterOptions => {
  if (typeof jitter === 'object') return jitter;
  if (typeof jitter === 'boolean') return { kind: jitter ? 'proportional' : 'none' };
  return { kind: jitter };
};

/** Uniform in [low, high], moved down to end at `max` where it would pass it, but never below `floor`. */
const draw = (low: number, high: number, floor: number, max: number, random: () => number): number => {
  if (high === Infinity && max === Infinity) return Infinity;
  const top = Math.min(high, max);
  const bottom = Math.max(floor, low - (high - top));
  // The last min: bottom + (top − bottom) may round to just above top.
  return boundedDelay(Math.min(top, bottom + (top - bottom) * random()), max);
};

const intervalOf = ({ kind, ratio }: JitterOptions, delay: number): readonly [low: number, high: number] => {
  switch (kind) {
    case 'full':
      return [0, delay];
    case 'equal':
      return [delay / 2, delay];
    case 'proportional': {
      const spread = delay * (ratio ?? PROPORTIONAL_RATIO);
      return [delay - spread, delay + spread];
    }
    case 'additive':
      return [delay, delay + delay * (ratio ?? ADDITIVE_RATIO)];
    default:
      return [delay, delay];
  }
};

/**
 * Milliseconds in [0, max]: the pause `delay` spread by `jitter`. `decorrelated` needs the pause before and is not
 * answered here: see {@link decorrelatedDelay}.
 */
export const jitteredDelay = (delay: number, max: number, jitter: Jitter, random: () => number): number => {
  if (typeof jitter === 'function') return boundedDelay(jitter(delay, random), max);
  const [low, high] = intervalOf(jitterOptions(jitter), delay);
  return low === high ? boundedDelay(low, max) : draw(low, high, 0, max, random);
};

/**
 * Milliseconds in [base, max], drawn from U(base, 3·previous). `previous` is the pause before this one in milliseconds;
 * without one the base stands in for it.
 */
export const decorrelatedDelay = (
  base: number,
  max: number,
  previous: number | undefined,
  random: () => number,
): number => {
  const low = Math.min(base, max);
  const before = previous !== undefined && previous > low ? Math.min(previous, max) : low;
  return draw(low, before * 3, low, max, random);
};
