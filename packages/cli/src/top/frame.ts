import { type Column, tableOf } from '../terminal/table.js';
import { fit, printable, widthOf } from '../terminal/text.js';
import type { Theme } from '../terminal/theme.js';
import { count, counted, duration, percent } from '../terminal/units.js';
import type { Look, MethodRow } from './look.js';

const rate = (value: number | undefined, none: string): string => {
  if (value === undefined) return none;
  return value < 10 ? value.toFixed(1) : count(value);
};

type Painter = (text: string) => string;

/** A count that is coloured unless it is none. */
const counts = (
  title: string,
  leavesAs: number | undefined,
  value: (row: MethodRow) => number,
  paint?: Painter,
): Column<MethodRow> => ({
  title,
  align: 'right',
  value: (row) => count(value(row)),
  ...(leavesAs !== undefined && { leavesAs }),
  ...(paint && { paint: (cell, row) => (value(row) > 0 ? paint(cell) : cell) }),
});

const columnsOf = ({ paint, symbols }: Theme, hasRates: boolean): readonly Column<MethodRow>[] => {
  const { none } = symbols;
  const perSecond: Column<MethodRow> = {
    title: 'PER S',
    align: 'right',
    value: ({ callsPerSecond }) => rate(callsPerSecond, none),
    leavesAs: 3,
  };
  return [
    { title: 'METHOD', value: ({ name }) => name, isFlexible: true },
    counts('CALLS', undefined, ({ calls }) => calls),
    ...(hasRates ? [perSecond] : []),
    {
      title: 'HIT RATE',
      align: 'right',
      value: ({ hitRate }) => (hitRate === undefined ? none : percent(hitRate)),
      leavesAs: 6,
    },
    counts('FAILED', 5, ({ failures }) => failures, paint.red),
    counts('RETRIES', 2, ({ retries }) => retries, paint.yellow),
    counts('STALE', 1, ({ staleAnswers }) => staleAnswers, paint.yellow),
    counts('UNDER WAY', 4, ({ inFlight }) => inFlight),
    {
      title: 'CIRCUIT',
      value: ({ circuit }) => circuit ?? none,
      paint: (cell, { circuit }) => (circuit === undefined ? cell : stateIn(paint, circuit)(cell)),
      leavesAs: 7,
    },
  ];
};

const stateIn = (paint: Theme['paint'], state: string): Painter => {
  if (state === 'closed') return paint.green;
  return state === 'open' || state === 'isolated' ? paint.red : paint.yellow;
};

const statusIn = (paint: Theme['paint'], status: Look['status']): Painter =>
  status === 'healthy' ? paint.green : paint.yellow;

/** A line of facts that loses its last ones where they do not fit. */
const joined = (parts: readonly (readonly [text: string, paint: Painter])[], theme: Theme): string => {
  const separator = `  ${theme.symbols.separator}  `;
  let room = theme.columns ?? Infinity;
  const shown: string[] = [];
  for (const [text, paint] of parts) {
    const width = widthOf(text) + (shown.length === 0 ? 0 : separator.length);
    if (shown.length > 0 && width > room) break;
    shown.push(paint(fit(text, room, theme.symbols.ellipsis)));
    room -= width;
  }
  return shown.join(theme.paint.dim(separator));
};

const plain = (text: string): string => text;

export const titleOf = ({ app, status, at, inFlight }: Look, theme: Theme): string => {
  const { paint } = theme;
  const started = Date.parse(app.startedAt);
  return joined(
    [
      [printable(app.name), paint.bold],
      [printable(status), statusIn(paint, status)],
      [app.lookups === 0 ? 'no look-ups yet' : `hit rate ${percent(app.hitRate)}`, plain],
      [counted(app.lookups, 'look-up'), plain],
      [`${count(inFlight)} under way`, plain],
      ...(Number.isNaN(started) ? [] : [[`watched for ${duration(Math.max(0, at - started))}`, paint.dim] as const]),
      [printable(`pid ${app.pid}`), paint.dim],
    ],
    theme,
  );
};

/** The table alone, for a pipe or `--once`. */
export const tableLines = (look: Look, theme: Theme): string[] =>
  look.rows.length === 0
    ? ['No method was called yet.']
    : tableOf(
        look.rows,
        columnsOf(
          theme,
          look.rows.some(({ callsPerSecond }) => callsPerSecond !== undefined),
        ),
        theme,
      );

/** Everything at once, for where it is printed once. */
export const pageOf = (look: Look, theme: Theme): string[] => [titleOf(look, theme), '', ...tableLines(look, theme)];

export interface Frame {
  readonly look: Look;
  readonly rows: number;
  readonly interval: number;
  /** Why the look is an old one. */
  readonly problem?: string | undefined;
}

/** As many lines as the terminal has, at most: what does not fit is counted, not shown. */
export const frameOf = ({ look, rows, interval, problem }: Frame, theme: Theme): string[] => {
  const { paint, symbols } = theme;
  const room = theme.columns ?? 80;
  const second = problem === undefined ? '' : paint.red(fit(printable(problem), room, symbols.ellipsis));
  const help = `q quits  ${symbols.separator}  every ${duration(interval)}`;
  const table = tableLines(look, theme);
  // Title, a line of air or the problem, and at the foot a line of air and the help.
  const space = Math.max(2, rows - 4);
  const hidden = table.length - space;
  const body = hidden > 0 ? [...table.slice(0, space - 1), paint.dim(`${symbols.ellipsis} ${hidden + 1} more`)] : table;
  const foot = rows > body.length + 3 ? ['', paint.dim(fit(help, room, symbols.ellipsis))] : [];
  return [titleOf(look, theme), second, ...body, ...foot].slice(0, rows);
};
