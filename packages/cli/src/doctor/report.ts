import { printable, wrapped } from '../terminal/text.js';
import type { Theme } from '../terminal/theme.js';
import { counted, duration } from '../terminal/units.js';
import type { Done } from './step.js';

const WIDEST_NAME = 'authentication'.length;

const signOf = ({ status }: Done, { paint, symbols }: Theme): string => {
  const width = Math.max(symbols.passed.length, symbols.failed.length);
  const sign = symbols[status].padEnd(width);
  if (status === 'passed') return paint.green(sign);
  return status === 'failed' ? paint.red(sign) : paint.dim(sign);
};

/** What takes no time worth a word is not timed. */
const timeOf = ({ ms, status }: Done, { paint }: Theme): string =>
  status === 'skipped' || ms < 0.05 ? '' : `  ${paint.dim(duration(ms))}`;

/** One step: its sign, what was found and how long it took; below it, what to do. */
export const stepLines = (done: Done, theme: Theme): string[] => {
  const { paint, symbols, columns } = theme;
  const message = printable(done.message);
  const text = done.status === 'skipped' ? paint.dim(message) : message;
  const first = `${signOf(done, theme)} ${done.step.padEnd(WIDEST_NAME)}  ${text}${timeOf(done, theme)}`;
  if (done.status !== 'failed') return [first];
  const [start = '', ...rest] = wrapped(printable(done.remedy), Math.max(30, (columns ?? Infinity) - 6));
  return [
    first,
    `  ${symbols.remedy} ${start}`,
    ...rest.map((line) => `${' '.repeat(3 + symbols.remedy.length)}${line}`),
  ];
};

export const summaryLines = (steps: readonly Done[], warnings: readonly string[], theme: Theme): string[] => {
  const { paint, symbols } = theme;
  const failures = steps.filter(({ status }) => status === 'failed').length;
  const passes = steps.filter(({ status }) => status === 'passed').length;
  const verdict =
    failures === 0
      ? paint.green(`${counted(passes, 'check')} passed.`)
      : paint.red(`${counted(failures, 'check')} failed.`);
  return ['', ...warnings.map((each) => `${paint.yellow(symbols.warning)} ${printable(each)}`), verdict];
};
