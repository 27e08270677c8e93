import type { Health } from '@holdfast/core';
import type { CacheRow, Info } from '@holdfast/inspector';
import type { DescribedEnvironment } from '@holdfast/secrets';
import { connect, isNamed } from '../application/connect.js';
import type { Context, Options } from '../context.js';
import type { Failure } from '../failure.js';
import { failureOf } from '../failures.js';
import { VERSION } from '../version.js';

/** The running application. */
export interface App extends Info {
  readonly status: Health['status'];
  readonly circuits: Health['circuits'];
  readonly caches: readonly CacheRow[];
}

export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** What `info` shows. What cannot be had is null, and its problem says why. */
export interface Facts {
  readonly version: string;
  readonly node: string;
  readonly secrets: DescribedEnvironment | null;
  readonly secretsProblem?: Problem;
  readonly app: App | null;
  /** Absent where no application is named. */
  readonly appProblem?: Problem;
}

const problemOf = ({ code, message }: Failure): Problem => ({ code, message });

const secretsOf = async ({ environment }: Context): Promise<Pick<Facts, 'secrets' | 'secretsProblem'>> => {
  const { describeEnvironment } = await import('@holdfast/secrets');
  try {
    return { secrets: describeEnvironment(environment) };
  } catch (error) {
    return { secrets: null, secretsProblem: problemOf(failureOf(error)) };
  }
};

const appOf = async (context: Context, options: Options): Promise<Pick<Facts, 'app' | 'appProblem'>> => {
  if (!isNamed(context, options)) return { app: null };
  try {
    const application = await connect(context, options);
    const [info, health, caches] = await Promise.all([application.info(), application.health(), application.caches()]);
    return { app: { ...info, status: health.status, circuits: health.circuits, caches } };
  } catch (error) {
    return { app: null, appProblem: problemOf(failureOf(error)) };
  }
};

export const gather = async (context: Context, options: Options): Promise<Facts> => {
  const [secrets, app] = await Promise.all([secretsOf(context), appOf(context, options)]);
  return { version: VERSION, node: process.version, ...secrets, ...app };
};
