import fc from 'fast-check';
import { Spinner } from '../src/terminal/spinner.js';
import { type Column, tableOf } from '../src/terminal/table.js';
import { fit, padded, printable, printableJson, widthOf, withoutStyles, wrapped } from '../src/terminal/text.js';
import { type Environment, hasColours, hasUnicode, themeOf } from '../src/terminal/theme.js';
import { count, counted, duration, parseDuration, percent } from '../src/terminal/units.js';

const terminal = { isTTY: true, columns: 40 };

describe('colours', () => {
  test.each<[boolean, Environment, boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('terminal %s, %j: %s', (isTTY, environment, expected) => {
    expect(hasColours({ isTTY }, environment)).toBe(expected);
  });
});

describe('signs', () => {
  test.each<[Environment, NodeJS.Platform, boolean]>([
    [{ LANG: 'en_US.UTF-8' }, 'linux', true],
    [{ LANG: 'C' }, 'linux', false],
    [{}, 'linux', false],
    [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, 'linux', false],
    [{ LC_CTYPE: 'de_DE.utf8' }, 'darwin', true],
    [{ TERM: 'linux', LANG: 'en_US.UTF-8' }, 'linux', false],
    [{ WT_SESSION: '1' }, 'win32', true],
    [{}, 'win32', false],
  ])('%j on %s: %s', (environment, platform, expected) => {
    expect(hasUnicode(environment, platform)).toBe(expected);
  });
});

test('a stream that is no terminal has lines of any length, one without a size has 80 cells', () => {
  expect(themeOf({}, {}).columns).toBeUndefined();
  expect(themeOf({ isTTY: true, columns: 0 }, {}).columns).toBe(80);
  expect(themeOf(terminal, {}).columns).toBe(40);
});

describe('text', () => {
  test('widths are counted in cells', () => {
    expect(widthOf('abc')).toBe(3);
    expect(widthOf('日本')).toBe(4);
    expect(widthOf('e\u0301')).toBe(1);
    expect(widthOf('\u001B[31mred\u001B[39m')).toBe(3);
  });

  test('what is too long ends with an ellipsis, and fits', () => {
    expect(fit('Catalog.product', 10, '…')).toBe('Catalog.p…');
    expect(fit('Catalog', 10, '…')).toBe('Catalog');
    expect(fit('Catalog', 2, '...')).toBe('Ca');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, width) => {
        expect(widthOf(fit(text, width, '…'))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('numbers stand at the right', () => {
    expect(padded('7', 3, 'right')).toBe('  7');
    expect(padded('日', 3)).toBe('日 ');
  });

  test('no text from outside controls the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // eslint-disable-next-line no-control-regex
        expect(printable(text)).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/);
      }),
    );
    expect(printable('a\u001B[2Jb')).toBe('a\uFFFD[2Jb');
  });

  test('JSON has escapes for what a terminal would obey, and says the same', () => {
    const document = { 'a\u009B31m': ['\u202Eb', '\u007F', '\n', 'é'] };
    const json = printableJson(JSON.stringify(document, null, 2));
    expect(json).not.toMatch(/[\u007F-\u009F\u202E]/);
    expect(json).toContain('é');
    expect(JSON.parse(json)).toEqual(document);
  });

  test('ideographs beyond the first plane are as wide as the others', () => {
    expect(widthOf('\u{20000}a')).toBe(3);
  });

  test('lines break between words', () => {
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapped('antidisestablishment', 7)).toEqual(['antidisestablishment']);
    expect(withoutStyles('\u001B[1mx\u001B[22m')).toBe('x');
  });
});

describe('units', () => {
  test.each([
    [0.04, '0 ms'],
    [2.34, '2.3 ms'],
    [250, '250 ms'],
    [999.7, '1 s'],
    [4_200, '4.2 s'],
    [59_960, '1 m'],
    [300_000, '5 m'],
    [5_400_000, '1 h 30 m'],
    [90_000_000, '1 d 1 h'],
    [Infinity, 'forever'],
  ])('%d ms is %s', (milliseconds, text) => expect(duration(milliseconds)).toBe(text));

  test('counts and shares', () => {
    expect([count(999), count(1_234_567)]).toEqual(['999', '1,234,567']);
    expect([counted(1, 'entry', 'entries'), counted(2, 'entry', 'entries')]).toEqual(['1 entry', '2 entries']);
    expect([percent(0.942), percent(Number.NaN, '–')]).toEqual(['94.2 %', '–']);
  });

  test.each([
    ['500ms', 500],
    ['2s', 2_000],
    ['1.5m', 90_000],
    ['0.4ms', 1],
    ['1.005s', 1_005],
    ['0.07m', 4_200],
    ['0s', 0],
    ['2147483647ms', 2_147_483_647],
    ['2147483648ms', undefined],
    ['40000m', undefined],
    ['2', undefined],
    ['-1s', undefined],
    ['soon', undefined],
  ])('%s is %p milliseconds', (text, expected) => expect(parseDuration(text)).toBe(expected));
});

describe('a table', () => {
  interface Row {
    readonly name: string;
    readonly calls: number;
  }
  const columns: readonly Column<Row>[] = [
    { title: 'METHOD', value: ({ name }) => name, isFlexible: true },
    { title: 'CALLS', align: 'right', value: ({ calls }) => String(calls) },
    { title: 'FIRST TO GO', value: () => 'something', leavesAs: 1 },
    { title: 'SECOND TO GO', value: () => 'something else', leavesAs: 2 },
  ];
  const rows = [{ name: 'Catalog.productsOfTheWholeShop', calls: 12_345 }];
  const lines = (width: number | undefined): string[] =>
    tableOf(rows, columns, { ...themeOf({}, { LANG: 'C.UTF-8' }), columns: width });

  test('is as wide as its cells where there is room', () => {
    expect(lines(undefined)).toEqual([
      'METHOD                          CALLS  FIRST TO GO  SECOND TO GO',
      'Catalog.productsOfTheWholeShop  12345  something    something else',
    ]);
  });

  test('has shorter names first, then fewer columns', () => {
    expect(lines(60)).toEqual([
      'METHOD                    CALLS  FIRST TO GO  SECOND TO GO',
      'Catalog.productsOfTheWh…  12345  something    something else',
    ]);
    expect(lines(45)).toEqual([
      'METHOD                  CALLS  SECOND TO GO',
      'Catalog.productsOfThe…  12345  something else',
    ]);
    expect(lines(26)).toEqual(['METHOD               CALLS', 'Catalog.productsOf…  12345']);
  });

  test('is never wider than the terminal, and always there', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 120 }),
        fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }),
        (width, names) => {
          const all = names.map((name, calls) => ({ name, calls }));
          for (const line of tableOf(all, columns, { ...themeOf({}, {}), columns: width }))
            expect(widthOf(line)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});

test('a spinner writes nothing where there is no terminal', () => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WritableStream;
  const spinner = new Spinner(stream, themeOf({}, {}));
  spinner.start('waiting');
  spinner.stop();
  expect(written).toEqual([]);
});
