import type { RequestAuth } from './request-auth.js';
import type { SecretAuth } from './secret-auth.js';

type Fetch = typeof globalThis.fetch;
type Input = Parameters<Fetch>[0];
type Init = NonNullable<Parameters<Fetch>[1]>;

/** On the second try of a request, so that no wrapper around this one tries again. */
const RETRIED = 'x-holdfast-retried';

const urlOf = (input: Input): string => (input instanceof Request ? input.url : String(input));

const headersOf = (input: Input, init: Init | undefined): Headers =>
  new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));

/**
 * `fetch` takes `Authorization` away where a redirect leads to another origin, and no header of another name. So where
 * one is used, redirects are handed to the caller, unless he has said what is to become of them.
 */
const redirectFor = (input: Input, init: Init | undefined, { headerName }: RequestAuth): Pick<Init, 'redirect'> => {
  const isStripped = headerName.toLowerCase() === 'authorization';
  const isSaid = init?.redirect !== undefined || (input instanceof Request && input.redirect !== 'follow');
  return isStripped || isSaid ? {} : { redirect: 'manual' };
};

const send = (fetch: Fetch, input: Input, init: Init | undefined, auth: RequestAuth, retried = false) => {
  const headers = headersOf(input, init);
  auth.applyTo(headers);
  if (retried) headers.set(RETRIED, 'true');
  return fetch(input, { ...init, ...redirectFor(input, init, auth), headers });
};

/** A body that is read once cannot be sent twice. */
const isSingleUse = (init: Init | undefined): boolean => {
  const body: unknown = init?.body;
  return typeof body === 'object' && body !== null && (body instanceof ReadableStream || Symbol.asyncIterator in body);
};

/** Undefined where nothing is to be added: the caller has his own header, or the host may not be sent the secret. */
const authOf = async (auth: SecretAuth, input: Input, init: Init | undefined): Promise<RequestAuth | undefined> => {
  if (headersOf(input, init).has(auth.headerName)) return undefined;
  return (await auth.authFor(urlOf(input))) ?? undefined;
};

/**
 * A `fetch` that authenticates what goes to the allowed hosts, and sends everything else as it is. A header that the
 * caller has set himself stays.
 */
export const authenticatedFetch =
  (auth: SecretAuth, { fetch = globalThis.fetch }: { readonly fetch?: Fetch } = {}): Fetch =>
  async (input, init) => {
    const own = await authOf(auth, input, init);
    return own === undefined ? fetch(input, init) : send(fetch, input, init, own);
  };

const isRefusal = ({ status }: Response): boolean => status === 401 || status === 403;

/** What is to be sent in the place of a refused request; undefined where the secret is still the same, or not to be had. */
const nextAuth = async (auth: SecretAuth, refused: RequestAuth, url: string, status: number) => {
  try {
    // Where refusals are too many to be about the secret, another caller may still have found a new one.
    await auth.refused(refused, status).catch(() => false);
    const next = await auth.authFor(url);
    return next === null || next.value.reveal() === refused.value.reveal() ? undefined : next;
  } catch {
    // The answer that there is says more than why there is no other.
    return undefined;
  }
};

const discard = (body: ReadableStream | null): void => void body?.cancel().catch(() => undefined);

/**
 * As `authenticatedFetch`, for secrets that are rotated: after a 401 or 403 the secret is forgotten, read anew, once for
 * all who were refused, and where it is another one the request is sent once more. Whatever comes then is the answer.
 * Bodies that can be read only once are not sent again; the next request has the new secret.
 */
export const refreshOnAuthFailure =
  (fetch: Fetch, auth: SecretAuth): Fetch =>
  async (input, init) => {
    const own = await authOf(auth, input, init);
    if (own === undefined) return fetch(input, init);
    const isLast = headersOf(input, init).has(RETRIED) || isSingleUse(init);
    // A request's body is gone once it was sent.
    const again = input instanceof Request && !isLast ? input.clone() : input;
    const response = await send(fetch, input, init, own);
    const next = isRefusal(response) ? await nextAuth(auth, own, urlOf(input), response.status) : undefined;
    if (next === undefined || isLast) {
      if (again instanceof Request && again !== input) discard(again.body);
      return response;
    }
    // An unread body would hold its connection.
    discard(response.body);
    return send(fetch, again, init, next, true);
  };
