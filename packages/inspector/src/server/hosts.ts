import type { IncomingMessage } from 'node:http';
import { Refusal, badRequest } from './refusal.js';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The names that the inspector answers to. A page of another site can make its own name lead to this machine and then
 * read what it asks for (DNS rebinding), but its requests still say that name in `Host`.
 */
export class HostList {
  readonly #names: ReadonlySet<string>;
  readonly #scheme: 'http' | 'https';

  /**
   * @param port undefined for a unix socket: no port is meant.
   * @param configured names, with a port or without; without, the port of the inspector and none are both right.
   */
  constructor(scheme: 'http' | 'https', port: number | undefined, configured: readonly string[]) {
    const bare = port === undefined || port === (scheme === 'https' ? 443 : 80);
    const own = (name: string): string[] => (bare ? [name, `${name}:${port ?? 80}`] : [`${name}:${port}`]);
    const given = configured.flatMap((name) => (/:\d+$/.test(name) ? [name] : [name, ...own(name)]));
    this.#names = new Set([...LOOPBACK.flatMap(own), ...given].map((name) => name.toLowerCase()));
    this.#scheme = scheme;
  }

  has(host: string): boolean {
    return this.#names.has(host.toLowerCase());
  }

  /** Both names of a request with a whole URL as its target; that of `Host` of every other. @throws Refusal */
  check({ headersDistinct, url = '' }: IncomingMessage): void {
    const hosts = headersDistinct['host'] ?? [];
    if (hosts.length !== 1) throw badRequest('the request must have one Host header');
    const named = url.startsWith('/') ? hosts : [...hosts, authorityOf(url)];
    if (named.every((host) => this.has(host))) return;
    throw new Refusal(403, 'FORBIDDEN_HOST', {
      message: 'the inspector does not answer to this host name',
      remedy: 'ask by 127.0.0.1 or localhost and the port, or give the name to startInspector in allowedHosts',
    });
  }

  /** A browser tells where the page is from that asks. Programs say nothing of the kind. @throws Refusal */
  checkOrigin({ headersDistinct }: IncomingMessage): void {
    const origins = headersDistinct['origin'] ?? [];
    const sites = headersDistinct['sec-fetch-site'] ?? [];
    if (
      origins.every((origin) => this.#isOwn(origin)) &&
      sites.every((site) => site === 'same-origin' || site === 'none')
    )
      return;
    throw new Refusal(403, 'FORBIDDEN_ORIGIN', { message: 'the inspector does not answer pages of other sites' });
  }

  #isOwn(origin: string): boolean {
    const scheme = `${this.#scheme}://`;
    return origin.startsWith(scheme) && this.has(origin.slice(scheme.length));
  }
}

/** Of `http://name:port/…`; '' where there is none, which is nobody's name. */
const authorityOf = (target: string): string => /^https?:\/\/([^/?#@]*)(?:[/?#]|$)/i.exec(target)?.[1] ?? '';

/** The path and the query of a request's target, whatever its form. A path that begins with two slashes stays one. */
export const placeOf = (target: string): { readonly path: string; readonly query: URLSearchParams } => {
  const local = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
  const [path = '', ...query] = local.split('?');
  return { path, query: new URLSearchParams(query.join('?')) };
};
