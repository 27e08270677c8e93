/**
 * How much of what could be hit is hit: `npm run bench:hitratio -- <folder>` reads the traces of a folder (`*.trc.gz`, one
 * integer key a line) and shows, for several cache sizes each, the hit ratio of the optimum (Belady), of `eviction: 'lru'`
 * and of `eviction: 'adaptive'`. Without a folder the traces are generated. `--sizes=100,500` sets the sizes; without it
 * they are shares of a trace's distinct keys.
 */
import { hitsOfOptimum } from './lib/optimum.mjs';
import { loadStore } from './lib/store-source.mjs';
import { generateTraces, readTraces } from './lib/traces.mjs';

const SHARES = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6];
const SMALLEST = 50;
const SECRET = [1, 2];

const { EntryTable, slotsFor } = await loadStore();

const hitsOf = (eviction, keys, size) => {
  const table = new EntryTable(
    size,
    () => undefined,
    slotsFor(eviction, () => SECRET),
  );
  const times = { startedAt: 0, freshUntil: Infinity, hardUntil: Infinity, hardUntilWall: Infinity };
  const sweep = { now: 0, retainedFor: 0 };
  let hits = 0;
  for (const key of keys) {
    if (table.hit(key, 0) >= 0) hits += 1;
    else table.put(key, true, times, sweep);
  }
  return hits;
};

const sizesFor = (keys) => {
  const distinct = new Set(keys).size;
  return SHARES.map((share) => Math.round(distinct * share)).filter((size) => size >= SMALLEST);
};

const percent = (value) => value.toFixed(1).padStart(9);
const row = (name, values) => console.log(name.padEnd(28) + values.join(''));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

const measure = ({ name, keys }, size) => {
  const ratio = (hits) => (hits / keys.length) * 100;
  const optimum = ratio(hitsOfOptimum(keys, size));
  const lru = ratio(hitsOf('lru', keys, size));
  const adaptive = ratio(hitsOf('adaptive', keys, size));
  const shares = [optimum, lru, adaptive, optimum - adaptive, adaptive - lru];
  row(`${name}, ${size.toLocaleString('en')}`, shares.map(percent));
  return { optimum, lru, adaptive };
};

const [folder] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const given = process.argv.find((argument) => argument.startsWith('--sizes='))?.slice('--sizes='.length);
const traces = folder === undefined ? generateTraces() : readTraces(folder);

row(
  'hits, %',
  ['optimum', 'lru', 'adaptive', 'regret', 'to lru'].map((title) => title.padStart(9)),
);
const cells = traces.flatMap((trace) =>
  (given?.split(',').map(Number) ?? sizesFor(trace.keys)).map((size) => measure(trace, size)),
);
const possible = cells.filter(({ optimum }) => optimum > 0);
const ofOptimum = (policy) => `${mean(possible.map((cell) => (cell[policy] / cell.optimum) * 100)).toFixed(1)} %`;
console.log(`\n${cells.length} cells, means:`);
console.log(`share of the optimum: lru ${ofOptimum('lru')}, adaptive ${ofOptimum('adaptive')} (goal: 85 %)`);
console.log(`regret: ${mean(cells.map(({ optimum, adaptive }) => optimum - adaptive)).toFixed(1)} points (goal: 4.8)`);
const worst = Math.min(...cells.map(({ lru, adaptive }) => adaptive - lru));
console.log(`worst against lru: ${worst.toFixed(1)} points (goal: -6)`);
