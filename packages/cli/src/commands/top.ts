import { connect } from '../application/connect.js';
import type { Action, Options } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { parseDuration } from '../terminal/units.js';
import { pageOf } from '../top/frame.js';
import { takeLook } from '../top/look.js';
import { watch } from '../top/watch.js';

/** Faster than anybody reads, and than an inspector answers for long. */
const SHORTEST = 200;
const DEFAULT = 1_000;

const intervalOf = ({ interval }: Options): number => {
  if (typeof interval !== 'string') return DEFAULT;
  const parsed = parseDuration(interval);
  if (parsed !== undefined && parsed >= SHORTEST) return parsed;
  throw new Failure(`--interval must be a duration of ${SHORTEST}ms or more and 24 days at most, got '${interval}'`, {
    code: 'USAGE',
    remedy: 'with a unit: 500ms, 2s, 1m',
  });
};

export const top: Action = async (context, options) => {
  const interval = intervalOf(options);
  const application = await connect(context, options);
  const isLive = context.theme.isTerminal && !context.isJson && options['once'] !== true;
  if (isLive && context.environment['TERM'] !== 'dumb') {
    await watch(context, interval, () => takeLook(application));
    return EXIT.ok;
  }
  const look = await takeLook(application);
  context.answer({ ...look, at: new Date(look.at).toISOString() }, () => pageOf(look, context.theme));
  return EXIT.ok;
};
