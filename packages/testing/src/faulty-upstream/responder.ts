import type { RequestRecord } from './request-log.js';
import { reply } from './reply.js';

/** What a responder is told. `n` counts all requests, `body` is text. */
export type UpstreamRequest = Readonly<Pick<RequestRecord, 'n' | 'method' | 'path' | 'url' | 'headers' | 'body'>>;

/** Answers a request that met no fault: with a JSON value, text, bytes, or `reply(body, { status, headers })`. */
export type Responder = (request: UpstreamRequest) => unknown;

/** Answers by `'/path'`, `'GET /path'`, or a prefix that ends in `*`: a responder, or the body itself. */
export type Routes = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: string | undefined;
  readonly path: string;
  readonly isPrefix: boolean;
  readonly answer: unknown;
}

const echo: Responder = ({ path, n }) => ({ path, n });
const notFound: Responder = ({ method, path }) => reply({ error: `no route for ${method} ${path}` }, { status: 404 });

/** The first route that fits answers; then `respond`; then 404 where there are routes, else an echo `{ path, n }`. */
export function responderOf(routes: Routes | undefined, respond: Responder | undefined): Responder {
  const table = Object.entries(routes ?? {}).map(parseRoute);
  const otherwise = respond ?? (routes === undefined ? echo : notFound);
  return (request) => {
    const route = table.find((candidate) => fits(candidate, request));
    if (route === undefined) return otherwise(request);
    return typeof route.answer === 'function' ? (route.answer as Responder)(request) : route.answer;
  };
}

function parseRoute([pattern, answer]: [string, unknown]): Route {
  const match = /^(?:([A-Z]+) )?(\/[^*]*)(\*?)$/.exec(pattern);
  if (match === null)
    throw new TypeError(`faultyUpstream: a route reads '/path', 'GET /path' or '/path/*', got '${pattern}'`);
  const [, method, path = '', star] = match;
  return { method, path, isPrefix: star === '*', answer };
}

/** HEAD is answered where GET would be. */
const fits = ({ method, path, isPrefix }: Route, request: UpstreamRequest): boolean =>
  (method === undefined || method === request.method || (method === 'GET' && request.method === 'HEAD')) &&
  (isPrefix ? request.path.startsWith(path) : request.path === path);
