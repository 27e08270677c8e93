import type { Configuration, Logger } from '@holdfast/core';
import type { Context } from '../context.js';
import type { Spinner } from '../terminal/spinner.js';
import { printable } from '../terminal/text.js';

/**
 * What the provider does, on standard error and where the environment asks for it; nothing otherwise, for a failed step
 * says it all. The lines are core's own, which have no secret in them.
 */
export const loggingTo = (context: Context, spinner: Spinner, level: string | undefined): Configuration => {
  if (level === undefined) return { logger: false };
  const { paint } = context.noteTheme;
  const say = (name: string) => (message: string) => {
    spinner.clear();
    context.note(paint.dim(`  ${name.padEnd(5)} ${printable(message)}`));
  };
  const logger: Logger = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  return { logger };
};
