import type { Clock, HoldfastRuntime } from '@holdfast/core';
import type { InspectedProvider } from '../app/provider.js';
import { milliseconds, nonEmpty, refuseUnknown, wholeNumber, wrongIn } from '../options.js';
import { ENVIRONMENT, type Environment, LONGEST_TOKEN, SHORTEST_TOKEN } from '../protocol.js';
import { type Place, placeOf } from './place.js';
import { randomToken } from './token.js';

export interface InspectorLimits {
  /** Requests that change something, per minute. Default 60. */
  readonly changesPerMinute?: number;
  /** All requests with the right token, per minute. Default 600. */
  readonly requestsPerMinute?: number;
  /** Requests without the right token, per minute. Default 60. */
  readonly strangersPerMinute?: number;
  /** Connections at a time; further ones are closed at once. Default 32. */
  readonly connections?: number;
  /** Milliseconds for the headers of a request, and for a connection to begin one. Default 5000. */
  readonly headersTimeout?: number;
  /** Milliseconds for a whole request, and for a silence on a connection. Default 10000. */
  readonly requestTimeout?: number;
  /** Series of `/metrics`; what comes after them is counted as `other`. A cached method has up to 25. Default 10000. */
  readonly series?: number;
}

/** What an application tells about where to ask, once. */
export interface ReadyInspector {
  readonly url: string;
  readonly socketPath?: string;
  /** Only where it was made at random: who has given one knows it. */
  readonly token?: string;
}

export interface InspectorOptions {
  /** Of the application, in `/v1/info`. Default 'application'. */
  readonly name?: string;
  /** Default: the default runtime. */
  readonly runtime?: HoldfastRuntime;
  /** '127.0.0.1' or '::1'; any other only with `tls` and `allowRemote`. Default '127.0.0.1'. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** A unix socket in the place of host and port; only its owner may open it. */
  readonly socketPath?: string;
  /** 32 to 4,096 characters. Default: 256 random bits. */
  readonly token?: string;
  /** Names that `Host` may say besides those of the loopback interface, with a port or without. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** What else caches: providers of `@holdfast/secrets`. Default: none. */
  readonly providers?: readonly InspectedProvider[];
  /** The certificate and its key, in PEM. Default: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Allows a host that other machines reach. Default false. */
  readonly allowRemote?: boolean;
  /** Told where to ask once it listens, and waited for. Default: a line on standard error where the token was made at random. */
  readonly onReady?: (ready: ReadyInspector) => void | Promise<void>;
  readonly limits?: InspectorLimits;
  /** For tests. Default: the system's. */
  readonly clock?: Pick<Clock, 'now' | 'wall'>;
  /** Default: `process.env`. */
  readonly environment?: Environment;
}

export interface Settings {
  readonly name: string;
  readonly runtime: HoldfastRuntime | undefined;
  readonly place: Place;
  readonly token: string;
  readonly isTokenGiven: boolean;
  readonly allowedHosts: readonly string[];
  readonly providers: readonly InspectedProvider[];
  readonly tls: InspectorOptions['tls'];
  readonly onReady: InspectorOptions['onReady'];
  readonly limits: Required<InspectorLimits>;
  readonly clock: Pick<Clock, 'now' | 'wall'>;
}

const KNOWN = [
  'name',
  'runtime',
  'host',
  'port',
  'socketPath',
  'token',
  'allowedHosts',
  'providers',
  'tls',
  'allowRemote',
  'onReady',
  'limits',
  'clock',
  'environment',
];

const LIMITS: Required<InspectorLimits> = {
  changesPerMinute: 60,
  requestsPerMinute: 600,
  strangersPerMinute: 60,
  connections: 32,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  series: 10_000,
};

const SYSTEM: Settings['clock'] = { now: () => performance.now(), wall: () => Date.now() };

const wrong = wrongIn('startInspector');

const limitsOf = (given: InspectorLimits = {}): Required<InspectorLimits> => {
  refuseUnknown(given, Object.keys(LIMITS), (option, problem) =>
    wrong(option === 'options' ? 'limits' : `limits.${option}`, problem),
  );
  const limits = { ...LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) wholeNumber(`limits.${name}`, value, 1, wrong);
  for (const name of ['headersTimeout', 'requestTimeout'] as const) milliseconds(`limits.${name}`, limits[name], wrong);
  return limits;
};

/** Undefined: one is to be made. The token is in no message. */
const tokenGiven = ({ token, environment = process.env }: InspectorOptions): string | undefined => {
  const given = token ?? nonEmpty(environment[ENVIRONMENT.token]);
  if (given === undefined) return undefined;
  if (
    typeof given !== 'string' ||
    given.length < SHORTEST_TOKEN ||
    given.length > LONGEST_TOKEN ||
    !/^[\x21-\x7e]+$/.test(given)
  )
    throw wrong(
      'token',
      `must be ${SHORTEST_TOKEN} to ${LONGEST_TOKEN} characters of printable ASCII without spaces; leave it out for a random one`,
    );
  return given;
};

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

const hostsOf = (given: unknown): readonly string[] => {
  const isHost = (each: unknown): each is string => typeof each === 'string' && HOST.test(each);
  if (!Array.isArray(given) || !given.every(isHost))
    throw wrong('allowedHosts', "must be an array of names such as 'admin.internal' or 'admin.internal:9464'");
  return [...given];
};

const isProvider = (each: unknown): each is InspectedProvider => {
  if (typeof each !== 'object' || each === null) return false;
  const { kind, name, clear } = each as Partial<Record<keyof InspectedProvider, unknown>>;
  return typeof kind === 'string' && typeof name === 'string' && typeof clear === 'function';
};

const providersOf = (given: unknown): readonly InspectedProvider[] => {
  if (!Array.isArray(given) || !given.every(isProvider))
    throw wrong('providers', 'must be an array of providers: { kind, name, clear(), … }');
  return [...given];
};

const refuseMistyped = ({ name, onReady, tls, allowRemote }: InspectorOptions): void => {
  if (name !== undefined && (typeof name !== 'string' || name === ''))
    throw wrong('name', 'must be a non-empty string');
  if (onReady !== undefined && typeof onReady !== 'function') throw wrong('onReady', 'must be a function');
  if (allowRemote !== undefined && typeof allowRemote !== 'boolean')
    throw wrong('allowRemote', 'must be true or false');
  if (tls !== undefined && (typeof tls?.cert !== 'string' || typeof tls.key !== 'string'))
    throw wrong('tls', 'must be { cert, key }, both in PEM');
};

/** Defaults filled in. @throws ConfigurationError naming the option and the remedy. */
export const settingsOf = (options: InspectorOptions): Settings => {
  refuseUnknown(options, KNOWN, wrong);
  refuseMistyped(options);
  const {
    name = 'application',
    runtime,
    allowedHosts = [],
    providers = [],
    tls,
    onReady,
    limits,
    clock = SYSTEM,
  } = options;
  const token = tokenGiven(options);
  return {
    name,
    runtime,
    place: placeOf(options, wrong),
    token: token ?? randomToken(),
    isTokenGiven: token !== undefined,
    allowedHosts: hostsOf(allowedHosts),
    providers: providersOf(providers),
    tls,
    onReady,
    limits: limitsOf(limits),
    clock,
  };
};
