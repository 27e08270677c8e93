import type { CacheRow } from '@holdfast/inspector';
import { cacheColumns } from '../application/cache-columns.js';
import { connect } from '../application/connect.js';
import type { Action } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { tableOf } from '../terminal/table.js';
import type { Theme } from '../terminal/theme.js';
import { counted, percent } from '../terminal/units.js';

/** The busiest first. */
const sorted = (rows: readonly CacheRow[]): CacheRow[] =>
  [...rows].sort((one, other) => other.stats.lookups - one.stats.lookups || (one.name < other.name ? -1 : 1));

const lines = (rows: readonly CacheRow[], lookups: number, hitRate: number, theme: Theme): string[] => {
  if (rows.length === 0) return ['No cache yet: a method has one from its first call on.'];
  const summary = `${counted(rows.length, 'cache')}, ${counted(lookups, 'look-up')}, ${
    lookups === 0 ? 'no hit rate yet' : `hit rate ${percent(hitRate)}`
  }`;
  return [...tableOf(rows, cacheColumns(theme), theme), '', summary];
};

export const cacheStatus: Action = async (context, options) => {
  const application = await connect(context, options);
  const [all, { hitRate, lookups, name }] = await Promise.all([application.caches(), application.info()]);
  const caches = sorted(all);
  context.answer({ app: name, caches, lookups, hitRate }, () => lines(caches, lookups, hitRate, context.theme));
  return EXIT.ok;
};
