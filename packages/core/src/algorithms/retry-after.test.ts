import * as fc from 'fast-check';
import { parseRetryAfter, parseRetryAfterMs } from './retry-after.js';

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);

describe('parseRetryAfter', () => {
  it.each([
    ['120', 120_000],
    [' 120 ', 120_000],
    ['0', 0],
    ['1.5', 1500],
    [2, 2000],
    [0.25, 250],
    ['9'.repeat(40), Number.MAX_SAFE_INTEGER],
    [1e300, Number.MAX_SAFE_INTEGER],
    ['Thu, 15 Jan 2026 12:00:30 GMT', 30_000],
    ['thu, 15 jan 2026 12:00:30 gmt', 30_000],
    ['Thu, 15 Jan 2026 12:00:30 UTC', 30_000],
    ['Thursday, 15-Jan-26 12:00:30 GMT', 30_000],
    ['Thu Jan 15 12:00:30 2026', 30_000],
    ['Sun Feb  1 12:00:00 2026', 17 * 86_400_000],
    ['Thu, 15 Jan 2026 12:00:60 GMT', 60_000],
    ['Thu, 29 Feb 2028 12:00:00 GMT', Date.UTC(2028, 1, 29, 12) - NOW],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Thu, 15 Jan 2026 12:00:00 GMT', 0],
    ['Mon, 01 Jan 0000 00:00:00 GMT', 0],
  ])('reads %p as %p ms', (value, milliseconds) => {
    expect(parseRetryAfter(value, NOW)).toBe(milliseconds);
  });

  it.each([
    '',
    ' ',
    '-1',
    '+5',
    '1e3',
    '0x10',
    'soon',
    '5s',
    '120, 60',
    'NaN',
    'Infinity',
    -1,
    NaN,
    Infinity,
    null,
    undefined,
    true,
    5n,
    {},
    [],
    ['120'],
    '2026-01-15T12:00:30Z',
    'Thu, 15 Jan 2026 12:00:30',
    'Thu, 15 Jan 2026 12:00:30 +0100',
    'Thu, 32 Jan 2026 12:00:00 GMT',
    'Thu, 00 Jan 2026 12:00:00 GMT',
    'Sun, 29 Feb 2026 12:00:00 GMT',
    'Mon, 29 Feb 2100 12:00:00 GMT',
    'Thu, 15 Foo 2026 12:00:00 GMT',
    'Thu, 15 Jan 2026 24:00:00 GMT',
    'Thu, 15 Jan 2026 12:60:00 GMT',
    'Thu, 15 Jan 2026 12:00:61 GMT',
    '1'.repeat(1e6),
  ])('ignores %p', (value) => {
    expect(parseRetryAfter(value, NOW)).toBeUndefined();
  });

  it('needs a finite clock for a date', () => {
    for (const wallNow of [NaN, Infinity]) {
      expect(parseRetryAfter('Thu, 15 Jan 2026 12:00:30 GMT', wallNow)).toBeUndefined();
      expect(parseRetryAfter('30', wallNow)).toBe(30_000);
    }
  });

  it('reads two digits as the year that is nearest', () => {
    const late1999 = Date.UTC(1999, 11, 31, 23, 59, 59);
    expect(parseRetryAfter('Saturday, 01-Jan-00 00:00:00 GMT', late1999)).toBe(1000);
    expect(parseRetryAfter('Wednesday, 15-Jan-75 12:00:00 GMT', NOW)).toBe(Date.UTC(2075, 0, 15, 12) - NOW);
    expect(parseRetryAfter('Friday, 15-Jan-77 12:00:00 GMT', NOW)).toBe(0);
  });

  it('agrees with the calendar for every second of five centuries, in all three formats', () => {
    const second = fc.integer({ min: Date.UTC(1800, 0) / 1000, max: Date.UTC(2300, 0) / 1000 });
    fc.assert(
      fc.property(second, (at) => {
        const date = new Date(at * 1000);
        const fixed = date.toUTCString();
        const [weekday, day, month, year, time] = fixed.replace(',', '').split(' ') as [
          string,
          string,
          string,
          string,
          string,
        ];
        const asctime = `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`;
        const earlier = at * 1000 - 5000;
        expect(parseRetryAfter(fixed, earlier)).toBe(5000);
        expect(parseRetryAfter(asctime, earlier)).toBe(5000);
        expect(parseRetryAfter(`Monday, ${day}-${month}-${year.slice(2)} ${time} GMT`, earlier)).toBe(5000);
      }),
      { numRuns: 2000 },
    );
  });

  it('is total', () => {
    fc.assert(
      fc.property(fc.anything(), fc.double(), (value, wallNow) => {
        const wait = parseRetryAfter(value, wallNow);
        expect(wait === undefined || (wait >= 0 && Number.isFinite(wait))).toBe(true);
      }),
    );
  });
});

describe('parseRetryAfterMs', () => {
  it.each([
    ['250', 250],
    [1.5, 1.5],
    [1e300, Number.MAX_SAFE_INTEGER],
    ['-1', undefined],
    ['Thu, 15 Jan 2026 12:00:30 GMT', undefined],
    [null, undefined],
  ])('reads %p as %p', (value, milliseconds) => {
    expect(parseRetryAfterMs(value)).toBe(milliseconds);
  });
});
