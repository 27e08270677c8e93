const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const SCALES = [
  { unit: 'd', size: DAY, rest: 'h', restSize: HOUR },
  { unit: 'h', size: HOUR, rest: 'm', restSize: MINUTE },
  { unit: 'm', size: MINUTE, rest: 's', restSize: SECOND },
] as const;

/** `0.4 ms`, `250 ms`, `4.2 s`, `5 m`, `1 h 30 m`; what no clock reaches is `forever`. */
export const duration = (milliseconds: number): string => {
  if (!Number.isFinite(milliseconds)) return 'forever';
  if (milliseconds < 9.95) return `${Math.round(milliseconds * 10) / 10} ms`;
  if (milliseconds < SECOND - 0.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < MINUTE - 50) return `${Math.round(milliseconds / 100) / 10} s`;
  const rounded = Math.round(milliseconds / SECOND) * SECOND;
  const scale = SCALES.find(({ size }) => rounded >= size) ?? SCALES[2];
  const whole = Math.floor(rounded / scale.size);
  const rest = Math.floor((rounded % scale.size) / scale.restSize);
  return `${whole} ${scale.unit}${rest === 0 ? '' : ` ${rest} ${scale.rest}`}`;
};

/** `94.2 %`; none where nothing was counted. */
export const percent = (share: number, none = ''): string =>
  Number.isFinite(share) ? `${(share * 100).toFixed(1)} %` : none;

const THOUSANDS = /\B(?=(\d{3})+(?!\d))/g;

/** `1,234,567`. */
export const count = (value: number): string => String(Math.round(value)).replaceAll(THOUSANDS, ',');

/** `3 entries`, `1 entry`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE };

/** What a timer can wait for, about 24 days: a longer one fires at once. */
const LONGEST = 2 ** 31 - 1;

/**
 * Whole milliseconds of `500ms`, `2s`, `1m`, at least one unless it is zero; undefined for anything else, a bare number included, since
 * nobody knows its unit, and for what no timer can wait for.
 */
export const parseDuration = (text: string): number | undefined => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text.trim()) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  const exact = Number(number) * (UNITS[unit] as number);
  if (exact > LONGEST) return undefined;
  return exact > 0 ? Math.max(1, Math.round(exact)) : 0;
};
