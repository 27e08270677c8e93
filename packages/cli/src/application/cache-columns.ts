import type { CacheRow } from '@holdfast/inspector';
import type { Column } from '../terminal/table.js';
import type { Theme } from '../terminal/theme.js';
import { count, percent } from '../terminal/units.js';

/** A hit rate that is worth a look, once there is enough to go by. */
const POOR = 0.8;
const ENOUGH = 20;

export const cacheColumns = ({ paint, symbols }: Theme): readonly Column<CacheRow>[] => [
  { title: 'CACHE', value: ({ name }) => name, isFlexible: true },
  { title: 'KIND', value: ({ provider }) => provider ?? 'method', leavesAs: 4 },
  { title: 'STORE', value: ({ store }) => store ?? symbols.none, leavesAs: 1 },
  {
    title: 'ENTRIES',
    align: 'right',
    value: ({ stats }) => (stats.maxSize > 0 ? `${count(stats.size)}/${count(stats.maxSize)}` : count(stats.size)),
  },
  { title: 'LOOK-UPS', align: 'right', value: ({ stats }) => count(stats.lookups), leavesAs: 6 },
  {
    title: 'HIT RATE',
    align: 'right',
    value: ({ stats }) => (stats.lookups === 0 ? symbols.none : percent(stats.hitRate)),
    paint: (cell, { stats }) => (stats.lookups >= ENOUGH && stats.hitRate < POOR ? paint.yellow(cell) : cell),
  },
  { title: 'STALE', align: 'right', value: ({ stats }) => count(stats.staleHits), leavesAs: 5 },
  {
    title: 'FAILED',
    align: 'right',
    value: ({ stats }) => count(stats.errors),
    paint: (cell, { stats }) => (stats.errors > 0 ? paint.red(cell) : cell),
  },
  { title: 'EVICTED', align: 'right', value: ({ stats }) => count(stats.evictions), leavesAs: 3 },
  { title: 'EXPIRED', align: 'right', value: ({ stats }) => count(stats.expirations), leavesAs: 2 },
];
