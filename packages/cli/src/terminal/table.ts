import { fit, padded, printable, widthOf } from './text.js';
import type { Theme } from './theme.js';

export interface Column<Row> {
  readonly title: string;
  /** Plain text. */
  readonly value: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Columns that a narrow terminal has no room for go in this order, 1 first; without a number: never. */
  readonly leavesAs?: number;
  /** The one column that gets shorter before others leave. */
  readonly isFlexible?: boolean;
  /** Colours the cell that is padded already. */
  readonly paint?: (cell: string, row: Row) => string;
}

const GAP = '  ';
/** As narrow as the flexible column gets before another one leaves. */
const LEAST = 18;

interface Sized<Row> {
  readonly column: Column<Row>;
  readonly width: number;
  readonly cells: readonly string[];
}

const sized = <Row>(column: Column<Row>, rows: readonly Row[]): Sized<Row> => {
  const cells = rows.map((row) => printable(column.value(row)));
  return { column, cells, width: Math.max(widthOf(column.title), ...cells.map(widthOf)) };
};

const totalOf = <Row>(columns: readonly Sized<Row>[]): number =>
  columns.reduce((sum, { width }) => sum + width, GAP.length * (columns.length - 1));

const first = <Row>(columns: readonly Sized<Row>[]): Sized<Row> | undefined =>
  columns
    .filter(({ column }) => column.leavesAs !== undefined)
    .sort((one, other) => (one.column.leavesAs as number) - (other.column.leavesAs as number))[0];

const fitted = <Row>(columns: readonly Sized<Row>[], room: number): readonly Sized<Row>[] => {
  const excess = totalOf(columns) - room;
  if (excess <= 0) return columns;
  const flexible = columns.find(({ column }) => column.isFlexible === true);
  const leaving = first(columns);
  const shortest = leaving === undefined ? 1 : Math.min(LEAST, flexible?.width ?? 0);
  if (flexible !== undefined && flexible.width - excess >= shortest)
    return columns.map((each) => (each === flexible ? { ...each, width: each.width - excess } : each));
  return leaving === undefined
    ? columns
    : fitted(
        columns.filter((each) => each !== leaving),
        room,
      );
};

/** Lines of a table, its titles first. It is as wide as the terminal at most: cells get shorter, then columns leave. */
export const tableOf = <Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { columns: room, paint, symbols }: Pick<Theme, 'columns' | 'paint' | 'symbols'>,
): string[] => {
  const all = columns.map((column) => sized(column, rows));
  const shown = room === undefined ? all : fitted(all, room);
  const isLast = (each: Sized<Row>): boolean => each === shown.at(-1);
  const cut = (text: string, each: Sized<Row>): string => {
    const cell = fit(text, each.width, symbols.ellipsis);
    // Nothing follows that blanks would keep in place.
    return isLast(each) && each.column.align !== 'right' ? cell : padded(cell, each.width, each.column.align);
  };
  const titles = shown.map((each) => paint.dim(cut(each.column.title, each)));
  const lines = rows.map((row, index) =>
    shown.map((each) => {
      const cell = cut(each.cells[index] as string, each);
      return each.column.paint?.(cell, row) ?? cell;
    }),
  );
  return [titles, ...lines].map((cells) => cells.join(GAP));
};
