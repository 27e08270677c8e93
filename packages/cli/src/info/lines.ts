import type { ProviderInfo } from '@holdfast/inspector';
import { HOW_TO_START } from '../application/how-to-start.js';
import { cacheColumns } from '../application/cache-columns.js';
import { type Column, tableOf } from '../terminal/table.js';
import { printable } from '../terminal/text.js';
import type { Theme } from '../terminal/theme.js';
import { count, duration, percent } from '../terminal/units.js';
import type { App, Facts } from './gather.js';
import { row, secretsLines } from './secrets-lines.js';

const span = (milliseconds: number | null | undefined, none: string): string => {
  if (milliseconds === undefined) return none;
  return milliseconds === null ? 'forever' : duration(milliseconds);
};

const colourOf = ({ paint }: Theme, state: string): ((text: string) => string) => {
  if (state === 'closed' || state === 'healthy') return paint.green;
  return state === 'open' || state === 'isolated' ? paint.red : paint.yellow;
};

const providerColumns = (theme: Theme): readonly Column<ProviderInfo>[] => {
  const { none } = theme.symbols;
  return [
    { title: 'PROVIDER', value: ({ name }) => name, isFlexible: true },
    { title: 'TTL', value: ({ ttl }) => span(ttl, none), align: 'right', leavesAs: 2 },
    { title: 'STALE FOR', value: ({ staleIfError }) => span(staleIfError, none), align: 'right', leavesAs: 1 },
    {
      title: 'HIT RATE',
      align: 'right',
      value: ({ stats }) => (stats === undefined || stats.lookups === 0 ? none : percent(stats.hitRate)),
    },
    {
      title: 'CIRCUIT',
      value: ({ circuit }) => circuit ?? none,
      paint: (cell, { circuit }) => (circuit === undefined ? cell : colourOf(theme, circuit)(cell)),
    },
  ];
};

interface CircuitRow {
  readonly name: string;
  readonly state: string;
  readonly failures: number;
  readonly retryAfter: number | undefined;
}

const circuitColumns = (theme: Theme): readonly Column<CircuitRow>[] => [
  { title: 'CIRCUIT', value: ({ name }) => name, isFlexible: true },
  { title: 'STATE', value: ({ state }) => state, paint: (cell, { state }) => colourOf(theme, state)(cell) },
  { title: 'FAILURES', align: 'right', value: ({ failures }) => count(failures), leavesAs: 2 },
  {
    title: 'TRIES AGAIN IN',
    align: 'right',
    value: ({ retryAfter }) => span(retryAfter, theme.symbols.none),
    leavesAs: 1,
  },
];

const circuitRows = ({ circuits }: App): CircuitRow[] =>
  Object.entries(circuits).map(([name, { state, failureCount, retryAfter }]) => ({
    name,
    state,
    failures: failureCount,
    retryAfter,
  }));

/** A table below a line of air; nothing where it would be empty. */
const section = <Row>(rows: readonly Row[], columns: readonly Column<Row>[], theme: Theme): string[] =>
  rows.length === 0
    ? []
    : [
        '',
        ...tableOf(rows, columns, { ...theme, columns: theme.columns && theme.columns - 2 }).map((line) => `  ${line}`),
      ];

const appLines = (app: App, theme: Theme): string[] => {
  const { name, pid, version, node, status, hitRate, lookups } = app;
  return [
    row('name', printable(`${name}, pid ${pid}, holdfast ${version}, node ${node}`), theme),
    row('health', colourOf(theme, status)(printable(status)), theme),
    row('hit rate', lookups === 0 ? 'no look-ups yet' : `${percent(hitRate)} of ${count(lookups)} look-ups`, theme),
    ...section(app.providers, providerColumns(theme), theme),
    ...section(app.caches, cacheColumns(theme), theme),
    ...section(circuitRows(app), circuitColumns(theme), theme),
  ];
};

const withoutApp = ({ appProblem }: Facts, { paint, symbols }: Theme): string[] => {
  if (appProblem !== undefined) return [`  ${paint.red(symbols.failed)} ${appProblem.message}`];
  return ['  none is named', ...HOW_TO_START.split('\n').map((line) => `  ${paint.dim(line)}`)];
};

export const infoLines = (facts: Facts, theme: Theme): string[] => {
  const { version, node, secrets, secretsProblem, app } = facts;
  const { paint, symbols } = theme;
  return [
    `${paint.bold('holdfast')} ${version} ${symbols.separator} node ${node}`,
    '',
    paint.bold('Secrets'),
    ...(secrets === null
      ? [`  ${paint.red(symbols.failed)} ${printable(secretsProblem?.message ?? '')}`]
      : secretsLines(secrets, theme)),
    '',
    paint.bold('Running application'),
    ...(app === null ? withoutApp(facts, theme) : appLines(app, theme)),
  ];
};
