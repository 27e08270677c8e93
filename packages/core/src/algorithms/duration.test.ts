import * as fc from 'fast-check';
import { days, formatDuration, hours, minutes, parseDuration, parseDurationText, seconds } from './duration.js';

describe('parseDuration', () => {
  it.each([
    [0, 0],
    [1.5, 1.5],
    [Infinity, Infinity],
    ['250ms', 250],
    ['2s', 2000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['5.s', 5000],
    ['1e3ms', 1000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['  10  s ', 10_000],
    ['0s', 0],
  ])('reads %p as %p ms', (value, milliseconds) => {
    expect(parseDuration(value)).toBe(milliseconds);
  });

  it.each([
    -1,
    -0.1,
    NaN,
    -Infinity,
    '',
    ' ',
    '5',
    '-5s',
    '+5s',
    '5 parsecs',
    '5S',
    '5M',
    '0x10ms',
    '1_000ms',
    's',
    'Infinitys',
    '1s 2s',
    '5s.',
    '1e999s',
    '1e306d',
    `${'0'.repeat(70)}s`,
    null,
    undefined,
    true,
    5n,
    {},
    [],
    ['5s'],
    Symbol('5s'),
    new Date(5),
  ])('answers NaN for %p', (value) => {
    expect(parseDuration(value)).toBeNaN();
  });

  it('has no negative zero', () => {
    expect(Object.is(parseDuration(-0), 0)).toBe(true);
  });

  it('is total and never negative', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string(), fc.double()), (value) => {
        const parsed = parseDuration(value);
        expect(parsed >= 0 || Number.isNaN(parsed)).toBe(true);
      }),
    );
  });

  it('reads what a number and a unit say', () => {
    const units = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 } as const;
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.constantFrom(...Object.keys(units)),
        (amount, unit) => {
          expect(parseDuration(`${amount}${unit}`)).toBe(amount * units[unit as keyof typeof units]);
        },
      ),
    );
  });

  it('takes linear time on hostile text', () => {
    expect(parseDuration(`${' '.repeat(1e6)}5s`)).toBeNaN();
    expect(parseDuration('1'.repeat(1e6))).toBeNaN();
  });
});

describe('parseDurationText', () => {
  it.each([
    ['250', 250],
    [' 1.5 ', 1.5],
    ['1e3', 1000],
    ['0', 0],
    ['Infinity', Infinity],
    ['2s', 2000],
  ])('reads %p as %p ms', (text, milliseconds) => {
    expect(parseDurationText(text)).toBe(milliseconds);
  });

  it.each(['', '-5', 'abc', '-Infinity', 'NaN', '0x10', '1e999', '1'.repeat(65)])('answers NaN for %p', (text) => {
    expect(parseDurationText(text)).toBeNaN();
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [0.25, '0.3 ms'],
    [1.5, '1.5 ms'],
    [9.96, '10 ms'],
    [12.4, '12 ms'],
    [250, '250 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [1000, '1 s'],
    [4200, '4.2 s'],
    [30_000, '30 s'],
    [59_949, '59.9 s'],
    [59_951, '1 m'],
    [90_000, '1 m 30 s'],
    [300_000, '5 m'],
    [3_599_499, '59 m 59 s'],
    [3_599_500, '1 h'],
    [5_400_000, '1 h 30 m'],
    [84_960_000, '23 h 36 m'],
    [86_400_000, '1 d'],
    [100_000_000, '1 d 4 h'],
    [-1500, '-1.5 s'],
    [Infinity, 'forever'],
    [-Infinity, '-forever'],
    [NaN, 'unknown'],
  ])('writes %p ms as %p', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('never shows a number that belongs to the next larger unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e10, noNaN: true }), (milliseconds) => {
        const [, amount, unit] = /^([\d.]+) (\w+)(?: \d+ \w)?$/.exec(formatDuration(milliseconds)) as RegExpExecArray;
        const limits: Record<string, number> = { ms: 1000, s: 60, m: 60, h: 24, d: Infinity };
        expect(Number(amount)).toBeLessThan(limits[unit as string] as number);
      }),
    );
  });
});

it('counts in seconds, minutes, hours and days', () => {
  expect([seconds(2), minutes(2), hours(2), days(2)]).toEqual([2000, 120_000, 7_200_000, 172_800_000]);
});
