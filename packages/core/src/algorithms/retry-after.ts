/**
 * The Retry-After header (RFC 9110 §10.2.3): seconds, or a date in one of the three formats of §5.6.7. Dates are
 * computed from the calendar, without the runtime's date parser, which accepts far more and reads it in local time.
 */

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const YEAR = 365.2425 * DAY;

/** A header longer than this is neither a number nor a date. */
const LONGEST = 64;
const DECIMAL = /^\d+(?:\.\d+)?$/;

const WEEKDAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_WEEKDAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const MONTH = '(?<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';

const DATES: readonly RegExp[] = /* @__PURE__ */ (() => [
  new RegExp(`^${WEEKDAY}, (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} (?:GMT|UTC)$`, 'i'),
  new RegExp(`^${LONG_WEEKDAY}, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT$`, 'i'),
  new RegExp(`^${WEEKDAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`, 'i'),
])();

const MONTHS: readonly string[] = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS_IN_MONTH: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

const daysInMonth = (year: number, month: number): number =>
  month === 1 && isLeapYear(year) ? 29 : (DAYS_IN_MONTH[month] as number);

/** Days from 1970-01-01 to the first of January. */
const daysToYear = (year: number): number => {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  return (year - 1970) * 365 + leapDays - 477;
};

/** Two digits mean the year that is less than 50 years away. */
const fullYear = (digits: string, wallNow: number): number => {
  if (digits.length === 4) return Number(digits);
  const thisYear = 1970 + Math.floor(wallNow / YEAR);
  const inThisCentury = thisYear - (thisYear % 100) + Number(digits);
  if (inThisCentury > thisYear + 50) return inThisCentury - 100;
  return inThisCentury < thisYear - 50 ? inThisCentury + 100 : inThisCentury;
};

/** Milliseconds since the epoch, undefined when the text is not a date of the calendar. */
export const parseHttpDate = (text: string, wallNow: number): number | undefined => {
  const fields = DATES.map((format) => format.exec(text)?.groups).find((groups) => groups !== undefined);
  if (fields === undefined) return undefined;
  const year = fullYear(fields['year'] as string, wallNow);
  const month = MONTHS.indexOf((fields['month'] as string).toLowerCase());
  const [day, hour, minute, second] = ['day', 'hour', 'minute', 'second'].map((field) => Number(fields[field])) as [
    number,
    number,
    number,
    number,
  ];
  // 60 is a leap second.
  if (day < 1 || day > daysInMonth(year, month) || hour > 23 || minute > 59 || second > 60) return undefined;
  let dayOfYear = day - 1;
  for (let earlier = 0; earlier < month; earlier++) dayOfYear += daysInMonth(year, earlier);
  return (daysToYear(year) + dayOfYear) * DAY + ((hour * 60 + minute) * 60 + second) * SECOND;
};

const decimalOf = (value: unknown): number | undefined => {
  const number =
    typeof value === 'string' && value.length <= LONGEST && DECIMAL.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number < Infinity ? number : undefined;
};

/**
 * Milliseconds to wait, from a Retry-After value: seconds as text or number, decimals allowed, or an HTTP date compared
 * with `wallNow` (milliseconds since the epoch), 0 when it is past. Undefined for negative numbers and everything else.
 */
export const parseRetryAfter = (value: unknown, wallNow: number): number | undefined => {
  const delta = decimalOf(value);
  if (delta !== undefined) return Math.min(delta * SECOND, Number.MAX_SAFE_INTEGER);
  if (typeof value !== 'string' || value.length > LONGEST || !Number.isFinite(wallNow)) return undefined;
  const date = parseHttpDate(value.trim(), wallNow);
  return date === undefined ? undefined : Math.max(0, date - wallNow);
};

/** Milliseconds, from the `retry-after-ms` header of Azure and others; undefined for everything but a number >= 0. */
export const parseRetryAfterMs = (value: unknown): number | undefined => {
  const milliseconds = decimalOf(value);
  return milliseconds === undefined ? undefined : Math.min(milliseconds, Number.MAX_SAFE_INTEGER);
};
