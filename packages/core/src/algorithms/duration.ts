/**
 * Durations as people write them. Milliseconds as a number, or text with a unit; everything inside the package is
 * milliseconds, so text is parsed once, when options are read.
 */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m` | `${number}h` | `${number}d`;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** Case matters: `M` would be read as months by some and minutes by others. */
const TEXT = /^((?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*(ms|s|m|h|d)$/;
const BARE_NUMBER = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/;
/** Longer text is never a duration somebody typed. */
const LONGEST_TEXT = 64;

const finiteOrNaN = (milliseconds: number): number => (Number.isFinite(milliseconds) ? milliseconds : NaN);

const parseText = (text: string): number => {
  const [, amount, unit] = (text.length <= LONGEST_TEXT && TEXT.exec(text.trim())) || [];
  return unit === undefined ? NaN : finiteOrNaN(Number(amount) * (UNITS[unit] as number));
};

/**
 * Milliseconds of a {@link Duration}, NaN for everything else; never throws. Numbers are milliseconds, zero or more,
 * `Infinity` included; text needs a unit and may have decimals and blanks: `'250ms'`, `'1.5 s'`.
 */
export const parseDuration = (value: unknown): number => {
  if (typeof value === 'number') return value >= 0 ? value + 0 : NaN;
  return typeof value === 'string' ? parseText(value) : NaN;
};

/**
 * As {@link parseDuration}, for environment variables, where everything is text: a bare number is milliseconds, and
 * `Infinity` is spelt out.
 */
export const parseDurationText = (text: string): number => {
  const trimmed = text.length <= LONGEST_TEXT ? text.trim() : '';
  if (trimmed === 'Infinity') return Infinity;
  return BARE_NUMBER.test(trimmed) ? finiteOrNaN(Number(trimmed)) : parseText(trimmed);
};

interface Scale {
  readonly unit: string;
  readonly size: number;
  readonly rest: string;
  readonly restSize: number;
  /** Precision of the next smaller scale: what rounds up to `size` there belongs here, so '60 m' is never shown. */
  readonly grain: number;
}

const SCALES: readonly Scale[] = [
  { unit: 'd', size: DAY, rest: 'h', restSize: HOUR, grain: MINUTE },
  { unit: 'h', size: HOUR, rest: 'm', restSize: MINUTE, grain: SECOND },
  { unit: 'm', size: MINUTE, rest: 's', restSize: SECOND, grain: SECOND / 10 },
];

const roundTo = (value: number, step: number): number => Math.round(value / step) * step;

const formatShort = (milliseconds: number): string => {
  if (Math.round(milliseconds) >= SECOND) return `${roundTo(milliseconds, 100) / SECOND} s`;
  return milliseconds < 10 ? `${Math.round(milliseconds * 10) / 10} ms` : `${Math.round(milliseconds)} ms`;
};

/** For messages: `250 ms`, `4.2 s`, `5 m`, `1 h 30 m`, `forever`. At most two units, rounded to the smaller one. */
export const formatDuration = (milliseconds: number): string => {
  if (Number.isNaN(milliseconds)) return 'unknown';
  if (milliseconds < 0) return `-${formatDuration(-milliseconds)}`;
  if (milliseconds === Infinity) return 'forever';
  const scale = SCALES.find(({ size, grain }) => roundTo(milliseconds, grain) >= size);
  if (scale === undefined) return formatShort(milliseconds);
  const parts = Math.round(milliseconds / scale.restSize);
  const perWhole = scale.size / scale.restSize;
  const rest = parts % perWhole;
  const whole = `${Math.floor(parts / perWhole)} ${scale.unit}`;
  return rest === 0 ? whole : `${whole} ${rest} ${scale.rest}`;
};

/** Milliseconds in `n` seconds: for those who come from libraries that count seconds. */
export const seconds = (n: number): number => n * SECOND;

/** Milliseconds in `n` minutes. */
export const minutes = (n: number): number => n * MINUTE;

/** Milliseconds in `n` hours. */
export const hours = (n: number): number => n * HOUR;

/** Milliseconds in `n` days of 24 hours. */
export const days = (n: number): number => n * DAY;
