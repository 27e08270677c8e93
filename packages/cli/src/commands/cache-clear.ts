import type { ClearedCache, Selection } from '@holdfast/inspector';
import { connect } from '../application/connect.js';
import { type Action, type Options, exitOf } from '../context.js';
import { Failure } from '../failure.js';
import { printable } from '../terminal/text.js';
import type { Theme } from '../terminal/theme.js';
import { counted } from '../terminal/units.js';

const selectionOf = ({ provider, method, tag, all }: Options): Selection => {
  const given: Selection[] = [];
  if (typeof provider === 'string') given.push({ provider });
  if (typeof method === 'string') given.push({ method });
  if (typeof tag === 'string') given.push({ tag });
  if (all === true) given.push({ all: true });
  if (given.length > 1)
    throw new Failure('--provider, --method, --tag and --all exclude each other', {
      code: 'USAGE',
      remedy: 'give one of them; for several, run the command several times',
    });
  return given[0] ?? { all: true };
};

/** What the store behind could not be told of may come back from there. */
const line = ({ name, entries, storeFailed }: ClearedCache, { paint, symbols }: Theme): string => {
  const many = entries === undefined ? '' : `  ${counted(entries, 'entry', 'entries')}`;
  if (storeFailed === true)
    return `${paint.red(symbols.failed)} ${printable(name)}${many}, in this process alone: its store did not answer`;
  return `${paint.green(symbols.passed)} ${printable(name)}${many}`;
};

const lines = (cleared: readonly ClearedCache[], theme: Theme): string[] => {
  if (cleared.length === 0) return ['Nothing to clear: the application has no cache yet.'];
  const counts = cleared.flatMap(({ entries }) => entries ?? []);
  const sum = counts.reduce((total, each) => total + each, 0);
  const known = counts.length === cleared.length ? `, ${counted(sum, 'entry', 'entries')}` : '';
  return [...cleared.map((each) => line(each, theme)), `Cleared ${counted(cleared.length, 'cache')}${known}.`];
};

export const cacheClear: Action = async (context, options) => {
  const selection = selectionOf(options);
  const { cleared } = await (await connect(context, options)).clear(selection);
  context.answer({ cleared }, () => lines(cleared, context.theme));
  return exitOf(cleared.every(({ storeFailed }) => storeFailed !== true));
};
