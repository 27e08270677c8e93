import type { Afternoon } from './afternoon.js';
import type { Paint } from './paint.js';
import type { Act } from './script.js';
import { between, promptness, type CallRecord } from './tally.js';

/** Columns of a strip: one sixtieth of the afternoon each. */
const COLUMNS = 60;
const LABEL = 13;

/** The share of calls answered within a second, as ink. */
const INKS = [
  { from: 0.95, ink: '█', colour: 'green' },
  { from: 0.6, ink: '▓', colour: 'yellow' },
  { from: 0.3, ink: '▒', colour: 'yellow' },
  { from: 0.05, ink: '░', colour: 'red' },
  { from: 0, ink: '·', colour: 'red' },
] as const;

function cell(records: readonly CallRecord[], paint: Paint): string {
  const found = INKS.find(({ from }) => promptness(records) >= from);
  return found === undefined ? ' ' : paint[found.colour](found.ink);
}

function strip(records: readonly CallRecord[], length: number, paint: Paint): string {
  const width = length / COLUMNS;
  const columns = Array.from({ length: COLUMNS }, (_, index) =>
    cell(between(records, index * width, (index + 1) * width), paint),
  );
  return columns.join('');
}

function heading(acts: readonly Act[], length: number): string {
  return acts
    .map(({ name, from, to }) => {
      const width = Math.round((COLUMNS * (to - from)) / length);
      return name.slice(0, width - 1).padEnd(width);
    })
    .join('')
    .trimEnd();
}

const label = (text: string): string => `  ${text}`.padEnd(LABEL);

/** Two strips under the names of the acts: the afternoon in one picture, also while it is going on. */
export function picture({ acts, length, elapsed, plain, decorated }: Afternoon, paint: Paint): string[] {
  const time = `${(elapsed / 1000).toFixed(1)} s`;
  const legend = '█ all answered within a second   ▓ ▒ ░ some   · none';
  return [
    paint.dim(label('') + heading(acts, length)),
    label('plain') + strip(plain.records, length, paint),
    label('decorated') + strip(decorated.records, length, paint),
    paint.dim(label('') + legend.padEnd(COLUMNS - time.length) + time),
  ];
}
