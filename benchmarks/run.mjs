/**
 * `node benchmarks/run.mjs [--only A1,B1] [--quick] [--json] [--core path/to/index.js]`
 *
 * Runs every group in a process of its own, one after the other, and prints a table for each. See README.md.
 */
import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CATALOGUE } from './lib/catalogue.mjs';
import { buildCore, installPeers, peerVersions } from './lib/install.mjs';
import { median } from './lib/statistics.mjs';
import { printGroup, printSummary } from './lib/report.mjs';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    core: { type: 'string' },
  },
});

const child = fileURLToPath(new URL('lib/child.mjs', import.meta.url));
const results = new URL('results/', import.meta.url);

/** Collections by hand are for counting bytes. */
const execArgv = ['--expose-gc', '--no-warnings'];

const settings = flags.quick ? { rounds: 25, batchMs: 1.5, passes: 1 } : { rounds: 50, batchMs: 2, passes: 3 };

const runIn = (mode, { file, group }, environment) =>
  new Promise((done, fail) => {
    const options = { mode, quick: flags.quick, rounds: settings.rounds, batchMs: settings.batchMs };
    const running = fork(child, [file, group, JSON.stringify(options)], { execArgv, env: environment });
    let rows;
    running.on('message', (message) => (rows = message));
    running.on('error', fail);
    running.on('exit', (code) =>
      rows === undefined ? fail(new Error(`${group} (${mode}) ended with ${code}`)) : done(rows),
    );
  });

const TIMES = ['ratio', 'quiet', 'ns'];

/** One row of several passes: medians of the times, and between what the ratio moved. */
const overPasses = (rows) => {
  const [first] = rows;
  if (first.ratio === undefined || rows.length === 1) return first;
  const ratios = rows.map(({ ratio }) => ratio);
  const medians = TIMES.map((measure) => [measure, median(rows.map((row) => row[measure]))]);
  return { ...first, ...Object.fromEntries(medians), range: [Math.min(...ratios), Math.max(...ratios)] };
};

/** The figures of 16 methods lead; what was counted or timed with one method stands beside them. */
const withAlone = (row, alone) => {
  const one = alone?.find(({ name }) => name === row.name);
  if (one === undefined) return row;
  const { ratio, bytes, promises, ticks, timers } = one;
  return { ...row, alone: ratio, bytes, promises, ticks, timers };
};

/**
 * V8 decides anew in each process what to inline and when to optimize, and now and then it decides badly for one
 * contender; the median over a few processes does not see that.
 */
const runGroup = async (entry, environment) => {
  const passes = [];
  const count = entry.passes ?? settings.passes;
  for (let pass = 0; pass < count; pass++) passes.push(await runIn('many', entry, environment));
  const alone = entry.modes.includes('alone') ? await runIn('alone', entry, environment) : undefined;
  const rows = passes[0].map((_, index) => withAlone(overPasses(passes.map((pass) => pass[index])), alone));
  return { title: entry.title, rows };
};

const chosen = () => {
  const wanted = flags.only?.split(',').map((name) => name.trim().toUpperCase());
  const known = new Set(CATALOGUE.flatMap(({ rows }) => rows));
  const stray = wanted?.find((name) => !known.has(name));
  if (stray !== undefined) throw new Error(`--only: there is no row ${stray}; there are ${[...known].join(', ')}`);
  return CATALOGUE.filter(({ rows }) => wanted === undefined || rows.some((row) => wanted.includes(row)));
};

const main = async () => {
  const entries = chosen();
  installPeers();
  if (flags.core === undefined) buildCore();
  const environment = { ...process.env, DEBUG: '' };
  if (flags.core !== undefined) environment['HOLDFAST_BENCH_CORE'] = resolve(flags.core);
  const machine = { node: process.version, cpu: cpus()[0]?.model.trim(), cores: cpus().length };
  const versions = peerVersions();
  console.log(`Node ${machine.node}, ${machine.cores} × ${machine.cpu}`);
  console.log(
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
  const groups = [];
  for (const entry of entries) {
    const group = await runGroup(entry, environment);
    printGroup(group);
    groups.push(group);
  }
  printSummary(groups);
  if (!flags.json) return;
  mkdirSync(results, { recursive: true });
  const file = new URL('latest.json', results);
  writeFileSync(
    file,
    `${JSON.stringify({ at: new Date().toISOString(), quick: flags.quick, machine, versions, groups }, undefined, 1)}\n`,
  );
  console.log(`\nWritten to ${fileURLToPath(file)}`);
};

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exit(1);
}
