import type { Wrong } from '../options.js';
import { nonEmpty } from '../options.js';
import { ENVIRONMENT, type Environment } from '../protocol.js';
import { isLoopbackAddress } from '../loopback.js';

/** Where the inspector listens. */
export type Place =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'socket'; readonly path: string };

interface Given {
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
  readonly tls?: object;
  readonly allowRemote?: boolean;
  readonly allowedHosts?: readonly string[];
  readonly environment?: Environment;
}

/** Stands for all addresses of the machine, and can be asked by none of its own. */
export const isAnyAddress = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === '';

const OWN = new Set(['127.0.0.1', '::1']);

/** What the environment says, where the options name no place. */
const fromEnvironment = (given: Given, wrong: Wrong): Given => {
  const { host, port, socketPath, environment = process.env } = given;
  if (host !== undefined || port !== undefined || socketPath !== undefined) return given;
  const socket = nonEmpty(environment[ENVIRONMENT.socketPath]);
  if (socket !== undefined) return { ...given, socketPath: socket };
  const address = nonEmpty(environment[ENVIRONMENT.url]);
  if (address === undefined) return given;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw wrong(ENVIRONMENT.url, "must be a URL without credentials, such as 'http://127.0.0.1:9464'");
  if (url.protocol === 'https:' && given.tls === undefined)
    throw wrong(ENVIRONMENT.url, 'is https: give tls: { cert, key }');
  const named = url.hostname.replace(/^\[|\]$/g, '');
  return {
    ...given,
    host: named === 'localhost' ? '127.0.0.1' : named,
    port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
  };
};

const refuseRemote = ({ host = '', tls, allowRemote, allowedHosts = [] }: Given, wrong: Wrong): void => {
  if (OWN.has(host)) return;
  if (isLoopbackAddress(host) || host === 'localhost')
    throw wrong('host', `must be '127.0.0.1' or '::1', got '${host}'`);
  if (tls === undefined || allowRemote !== true)
    throw wrong(
      'host',
      `'${host}' can be reached from other machines; bind '127.0.0.1' and forward the port with ssh, or give tls: { cert, key } and allowRemote: true`,
    );
  if (isAnyAddress(host) && allowedHosts.length === 0)
    throw wrong('allowedHosts', `must have the names that callers use, since host '${host}' is none`);
};

/** @throws ConfigurationError on a place that others than this machine's users reach, unless all is said for it. */
export const placeOf = (options: Given, wrong: Wrong): Place => {
  const given = fromEnvironment(options, wrong);
  const { host = '127.0.0.1', port = 0, socketPath } = given;
  if (socketPath !== undefined) {
    if (given.host !== undefined || given.port !== undefined) throw wrong('socketPath', 'excludes host and port');
    if (typeof socketPath !== 'string' || socketPath === '') throw wrong('socketPath', 'must be the path of a file');
    return { kind: 'socket', path: socketPath };
  }
  if (typeof host !== 'string') throw wrong('host', "must be an address, such as '127.0.0.1'");
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw wrong('port', `must be a whole number from 0 to 65535, got ${String(port)}`);
  refuseRemote({ ...given, host }, wrong);
  return { kind: 'tcp', host, port };
};
