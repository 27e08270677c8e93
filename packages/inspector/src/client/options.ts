import { isLoopback } from '../loopback.js';
import { milliseconds, nonEmpty, refuseUnknown, wrongIn } from '../options.js';
import { ENVIRONMENT, type Environment } from '../protocol.js';

export interface ConnectOptions {
  /** `http://127.0.0.1:9464`, or `https://…`. Default: `HOLDFAST_INSPECTOR_URL`. */
  readonly url?: string;
  /** The path of a unix socket, in the place of a URL. Default: `HOLDFAST_INSPECTOR_SOCKET`. */
  readonly socketPath?: string;
  /** What the inspector was started with, or has told. Default: `HOLDFAST_INSPECTOR_TOKEN`. */
  readonly token?: string;
  /** Milliseconds for one request, all in all. Default 5000. */
  readonly timeout?: number;
  /** The certificate, in PEM, that has signed the inspector's. Default: those that Node trusts. */
  readonly ca?: string;
  /** Default: `process.env`. */
  readonly environment?: Environment;
}

/** Where to, and as whom. */
export interface Destination {
  readonly url: URL;
  readonly socketPath: string | undefined;
  readonly token: string;
  readonly timeout: number;
  readonly ca: string | undefined;
  /** In errors. */
  readonly address: string;
}

const KNOWN = ['url', 'socketPath', 'token', 'timeout', 'ca', 'environment'];

const wrong = wrongIn('connectInspector');

/** The address is not in the messages: it may have a password in it. */
const checkedUrl = (given: string): URL => {
  if (!URL.canParse(given)) throw wrong('url', "must be a URL, such as 'http://127.0.0.1:9464'");
  const url = new URL(given);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong('url', 'must begin with http:// or https://');
  if (url.username !== '' || url.password !== '') throw wrong('url', 'must not have credentials in it; give a token');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw wrong('url', 'must be scheme, host and port alone');
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw wrong('url', 'must begin with https:// for another machine: the token would be sent in clear');
  return url;
};

/** Whichever the options name; else the environment's socket, then its URL. */
const placeOf = ({
  url,
  socketPath,
  environment = process.env,
}: ConnectOptions): Pick<ConnectOptions, 'url' | 'socketPath'> => {
  if (url !== undefined && socketPath !== undefined) throw wrong('url', 'and socketPath exclude each other; give one');
  if (url !== undefined) return { url };
  if (socketPath !== undefined) return { socketPath };
  const socket = nonEmpty(environment[ENVIRONMENT.socketPath]);
  if (socket !== undefined) return { socketPath: socket };
  const address = nonEmpty(environment[ENVIRONMENT.url]);
  if (address !== undefined) return { url: address };
  throw wrong('url', `or socketPath is needed; or set ${ENVIRONMENT.url} or ${ENVIRONMENT.socketPath}`);
};

const tokenOf = ({ token, environment = process.env }: ConnectOptions): string => {
  const found = nonEmpty(token) ?? nonEmpty(environment[ENVIRONMENT.token]);
  if (found === undefined) throw wrong('token', `is needed; or set ${ENVIRONMENT.token}`);
  // What a header cannot hold. The token itself is never shown.
  if (!/^[\x21-\x7e]+$/.test(found)) throw wrong('token', 'must be printable ASCII without spaces');
  return found;
};

/** @throws ConfigurationError naming the option and the remedy. */
export const destinationOf = (options: ConnectOptions): Destination => {
  refuseUnknown(options, KNOWN, wrong);
  const { timeout = 5_000, ca } = options;
  milliseconds('timeout', timeout, wrong);
  const { url, socketPath } = placeOf(options);
  const parsed = checkedUrl(url ?? 'http://localhost');
  return { url: parsed, socketPath, token: tokenOf(options), timeout, ca, address: socketPath ?? parsed.origin };
};
