/** Tables for people. */

const number = (value, digits) =>
  value === undefined || value === null || Number.isNaN(value) ? '' : value.toFixed(digits);

const ratio = (value) => number(value, value >= 100 ? 0 : value >= 10 ? 1 : 2);

/** What is measured, in the order of the columns: heading, how it is written, and how a goal for it is written. */
const MEASURES = {
  ratio: { heading: 'ratio', write: ratio, goal: (limit) => `≤ ${limit}` },
  quiet: { heading: '(quiet)', write: ratio },
  range: { heading: 'range', write: ([low, high]) => `${ratio(low)}–${ratio(high)}` },
  ns: { heading: 'ns', write: (value) => number(value, value < 100 ? 1 : 0) },
  alone: { heading: 'alone', write: ratio },
  bytes: { heading: 'bytes', write: String, goal: (limit) => `≤ ${limit} B` },
  promises: { heading: 'promises', write: String, goal: (limit) => `${limit} promises` },
  ticks: { heading: 'ticks', write: String, goal: (limit) => `${limit} ${limit === 1 ? 'tick' : 'ticks'}` },
  timers: { heading: 'timers', write: String, goal: (limit) => `${limit} timers` },
  bytesPerEntry: { heading: 'bytes/entry', write: String, goal: (limit) => `≤ ${limit}` },
  calls: { heading: 'loads', write: String, goal: (limit) => `${limit} load` },
  rejections: { heading: 'rejections', write: String, isExact: true, goal: (limit) => `${limit} rejections` },
  isFresh: {
    heading: 'next is fresh',
    write: (value) => (value ? 'yes' : 'no'),
    isExact: true,
    goal: () => 'next is fresh',
  },
  unhandled: { heading: 'unhandled', write: String, goal: (limit) => `${limit} unhandled` },
  wrong: { heading: 'wrong', write: String, goal: (limit) => `${limit} wrong` },
  milliseconds: { heading: 'ms', write: (value) => number(value, 2), goal: (limit) => `≤ ${limit} ms` },
  kilobytes: { heading: 'KB', write: (value) => number(value, 1), goal: (limit) => `≤ ${limit} KB` },
};

/** The measures whose goal a row misses; none where it has no goal. */
export const missedBy = (row) =>
  Object.entries(row.goal ?? {})
    .filter(([name, limit]) => {
      if (row[name] === undefined) return false;
      return MEASURES[name].isExact ? row[name] !== limit : !(row[name] <= limit);
    })
    .map(([name]) => name);

const goalText = ({ goal, ...row }) => {
  if (!goal) return '';
  const missed = missedBy({ goal, ...row });
  const parts = Object.entries(goal).map(
    ([name, limit]) => `${MEASURES[name].goal(limit)} ${missed.includes(name) ? '✗' : '✓'}`,
  );
  return parts.join('  ');
};

export const printGroup = ({ title, rows }) => {
  const measures = Object.entries(MEASURES).filter(([name]) =>
    rows.some((row) => row[name] !== undefined && row[name] !== null),
  );
  const cells = rows.map((row) => [
    `${row.ours ? '▸' : ' '} ${row.name}`,
    ...measures.map(([name, { write }]) => (row[name] === undefined || row[name] === null ? '' : write(row[name]))),
    goalText(row),
  ]);
  const table = [['', ...measures.map(([, { heading }]) => heading), 'goal'], ...cells];
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  const format = (line) =>
    line
      .map((cell, column) =>
        column === 0 || column === line.length - 1 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join('  ')
      .trimEnd();
  console.log(`\n${title}\n\n${table.map(format).join('\n')}`);
};

export const printSummary = (groups) => {
  const ours = groups.flatMap(({ title, rows }) => rows.filter(({ goal }) => goal).map((row) => ({ title, ...row })));
  const missing = ours.filter((row) => missedBy(row).length > 0);
  console.log(`\n${ours.length - missing.length} of ${ours.length} rows reach their goal.`);
  for (const row of missing)
    console.log(`  ✗ ${row.row}  ${row.title.slice(4).split(' (')[0]}: ${row.name} (${missedBy(row).join(', ')})`);
};
