import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, refuse, send } from './answer.js';
import { hasBody } from './body.js';
import { HostList, placeOf } from './hosts.js';
import type { Listener } from './listener.js';
import { type Place, isAnyAddress } from './place.js';
import { Refusal, badRequest, internal, tooMany } from './refusal.js';
import { RequestRate } from './request-rate.js';
import type { Route } from './routes.js';
import type { Settings } from './settings.js';
import { TokenCheck } from './token.js';

/**
 * Who may ask what, in this order: where the request is meant for, where it comes from, who asks, how often, and then
 * what. So whoever has no token learns nothing but that it takes one.
 */
export class Door {
  readonly #hosts: HostList;
  readonly #token: TokenCheck;
  readonly #now: () => number;
  readonly #strangers: RequestRate;
  readonly #requests: RequestRate;
  readonly #changes: RequestRate;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(settings: Settings, { port }: Pick<Listener, 'port'>, routes: ReadonlyMap<string, Route>) {
    const { limits, clock, token, tls, allowedHosts, place } = settings;
    this.#hosts = new HostList(tls === undefined ? 'http' : 'https', port, [
      ...boundNames(place, port),
      ...allowedHosts,
    ]);
    this.#token = new TokenCheck(token);
    this.#now = () => clock.now();
    this.#strangers = new RequestRate(limits.strangersPerMinute);
    this.#requests = new RequestRate(limits.requestsPerMinute);
    this.#changes = new RequestRate(limits.changesPerMinute);
    this.#routes = routes;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A connection that breaks ends in these events, too; there is nobody to tell.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    try {
      send(response, await this.#answer(request));
    } catch (thrown) {
      if (response.headersSent) response.destroy();
      else refuse(response, thrown instanceof Refusal ? thrown : internal());
    }
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    this.#hosts.check(request);
    this.#hosts.checkOrigin(request);
    if (request.method === 'OPTIONS') throw notAllowed('GET, POST');
    this.#identify(request);
    const { path, query } = placeOf(request.url ?? '');
    const route = this.#routes.get(path);
    if (route === undefined) throw new Refusal(404, 'NOT_FOUND', { message: 'there is nothing at this address' });
    if (request.method !== route.method) throw notAllowed(route.method);
    if (route.method === 'GET' && hasBody(request)) throw badRequest('a GET has no body');
    if ([...query.keys()].some((name) => !route.query.includes(name)))
      throw badRequest('the address has a parameter that nobody knows');
    if (route.method === 'POST') this.#pass(this.#changes, 'changes');
    return route.answer(request, query);
  }

  /** Those without the token use up a share of their own: they cannot keep out whoever has it. */
  #identify({ headersDistinct }: IncomingMessage): void {
    if (this.#token.accepts(headersDistinct['authorization'])) {
      this.#pass(this.#requests, 'requests');
      return;
    }
    this.#pass(this.#strangers, 'requests without the right token');
    throw new Refusal(401, 'UNAUTHORIZED', {
      message: 'the request must have the token of this inspector',
      remedy: 'send it as Authorization: Bearer TOKEN',
      headers: { 'www-authenticate': 'Bearer' },
    });
  }

  #pass(rate: RequestRate, what: string): void {
    const wait = rate.take(this.#now());
    if (wait > 0) throw tooMany(what, wait);
  }
}

/** A fixed address is a name as good as any; that of all addresses is none. */
const boundNames = (place: Place, port: number | undefined): string[] => {
  if (place.kind === 'socket' || isAnyAddress(place.host)) return [];
  return [`${place.host.includes(':') ? `[${place.host}]` : place.host}:${port}`];
};

const notAllowed = (allow: string): Refusal =>
  new Refusal(405, 'METHOD_NOT_ALLOWED', { message: `only ${allow} may be asked here`, headers: { allow } });
