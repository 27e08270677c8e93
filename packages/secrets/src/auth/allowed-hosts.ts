import { domainToASCII } from 'node:url';
import { ConfigurationError } from '@holdfast/core';

interface Pattern {
  /** The text between the asterisks, lower case. */
  readonly parts: readonly string[];
  /** Undefined: any. */
  readonly port: string | undefined;
}

/** Hosts that credentials may be sent to. */
export type AllowedHosts = readonly string[] | undefined;

const SHAPE = /^(\[[\da-f:.*]+\]|[^\s/:@?#[\]\\]+)(?::(\d{1,5}))?$/i;

const inAscii = (host: string): string => (/^[\x21-\x7e]*$/.test(host) ? host : domainToASCII(host));

const patternOf = (text: unknown): Pattern => {
  const [, host, port] = (typeof text === 'string' && SHAPE.exec(text.trim())) || [];
  const ascii = host === undefined ? '' : inAscii(host.toLowerCase().replace(/\.$/, ''));
  if (ascii !== '') return { parts: ascii.split('*'), port };
  throw new ConfigurationError(
    "allowedHosts: each must be a host, such as 'api.example.com', '*.example.com' or 'localhost:8080', without a scheme and a path",
    { option: 'allowedHosts' },
  );
};

/** Linear in the length of the host for each part: no expression of a user's runs. */
const covers = ({ parts }: Pattern, host: string): boolean => {
  const first = parts[0] as string;
  const last = parts.at(-1) as string;
  if (parts.length === 1) return host === first;
  if (!host.startsWith(first) || host.length < first.length + last.length || !host.endsWith(last)) return false;
  const end = host.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = host.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
};

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Whether credentials may go to a URL: `*` stands for any characters, case does not matter, a pattern with a port is for
 * that port alone. Without patterns every host is allowed, with none of them nobody. Only http and https are.
 * @throws ConfigurationError on what is no pattern of a host.
 */
export const hostCheck = (allowed: AllowedHosts): ((url: URL) => boolean) => {
  // Null is no list, and must not let everybody in.
  if (allowed !== undefined && !Array.isArray(allowed))
    throw new ConfigurationError(
      "allowedHosts: must be a list of hosts, such as ['api.example.com']; leave it out for all",
      {
        option: 'allowedHosts',
      },
    );
  const patterns = allowed?.map(patternOf);
  return ({ protocol, hostname, port }) => {
    const ownPort = DEFAULT_PORTS[protocol];
    if (ownPort === undefined) return false;
    if (patterns === undefined) return true;
    const host = hostname.replace(/\.$/, '');
    const asked = port === '' ? ownPort : port;
    return patterns.some((each) => covers(each, host) && (each.port === undefined || each.port === asked));
  };
};
