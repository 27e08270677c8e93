import type { ConnectOptions, InspectorClient } from '@holdfast/inspector';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Context, Options } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { HOW_TO_START } from './how-to-start.js';
import { parseDuration } from '../terminal/units.js';

const text = (options: Options, name: string): string | undefined => {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const filled = (value: string | undefined): boolean => value !== undefined && value !== '';

/** Whether the options or the environment name an application. */
export const isNamed = ({ environment }: Context, options: Options): boolean =>
  text(options, 'url') !== undefined ||
  text(options, 'socket') !== undefined ||
  filled(environment['HOLDFAST_INSPECTOR_URL']) ||
  filled(environment['HOLDFAST_INSPECTOR_SOCKET']);

/** Others may read it: worth a word, and no reason to refuse. */
const OTHERS_MAY_READ = 0o044;

const tokenFrom = async (context: Context, file: string): Promise<string> => {
  const path = resolve(context.surroundings.folder, file);
  try {
    const [token, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    if (process.platform !== 'win32' && (mode & OTHERS_MAY_READ) !== 0)
      context.note(`holdfast: ${file} can be read by other users; chmod 600 keeps the token yours`);
    if (token.trim() !== '') return token.trim();
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new Failure(`the token file ${file} cannot be read: ${code}`, { code: 'TOKEN_FILE', cause: error });
  }
  throw new Failure(`the token file ${file} is empty`, {
    code: 'TOKEN_FILE',
    remedy: 'it holds the token that the inspector was started with, and nothing else',
  });
};

const timeoutOf = (options: Options): number | undefined => {
  const given = text(options, 'timeout');
  if (given === undefined) return undefined;
  const parsed = parseDuration(given);
  if (parsed !== undefined && parsed > 0) return parsed;
  throw new Failure(`--timeout must be a duration with a unit, of 24 days at most, got '${given}'`, {
    code: 'USAGE',
    remedy: 'such as 500ms or 2s',
  });
};

const connectOptions = async (context: Context, options: Options): Promise<ConnectOptions> => {
  const [url, socketPath, tokenFile] = [text(options, 'url'), text(options, 'socket'), text(options, 'tokenFile')];
  const timeout = timeoutOf(options);
  const token = tokenFile === undefined ? undefined : await tokenFrom(context, tokenFile);
  if (token === undefined && !filled(context.environment['HOLDFAST_INSPECTOR_TOKEN']))
    throw new Failure('the inspector wants a token, and none is given', {
      code: 'TOKEN_MISSING',
      remedy:
        'set HOLDFAST_INSPECTOR_TOKEN, or give --token-file FILE; there is no option for the token itself, for ps would show it',
    });
  return {
    environment: context.environment,
    ...(url !== undefined && { url }),
    ...(socketPath !== undefined && { socketPath }),
    ...(timeout !== undefined && { timeout }),
    ...(token !== undefined && { token }),
  };
};

/** `connectInspector: url must …` is told in the words of the command line. */
const inOurWords = (error: unknown): unknown => {
  if (!(error instanceof Error) || error.name !== 'ConfigurationError') return error;
  const message = error.message
    .replace(/^connectInspector: /, '')
    .replace(/^url\b/, "the inspector's URL")
    .replace(/^token\b/, "the inspector's token")
    .replaceAll('socketPath', '--socket');
  return new Failure(message, { code: 'CONFIGURATION', cause: error });
};

/**
 * A client of the running application that the options, or else the environment, name.
 * @throws Failure where none is named, the token is missing or an option is wrong.
 */
export const connect = async (context: Context, options: Options): Promise<InspectorClient> => {
  if (!isNamed(context, options))
    throw new Failure('no running application is named', {
      exitCode: EXIT.unreachable,
      code: 'NO_APPLICATION',
      remedy: HOW_TO_START,
    });
  const [{ connectInspector }, given] = await Promise.all([
    import('@holdfast/inspector'),
    connectOptions(context, options),
  ]);
  try {
    return connectInspector(given);
  } catch (error) {
    throw inOurWords(error);
  }
};
