import type { IncomingHttpHeaders } from 'node:http';
import { encoded } from './http-door.js';
import type { VaultAnswer } from './answer.js';

/** A request that has come in, by either door. */
export interface Arrived {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Arrive = (arrived: Arrived, gone: AbortSignal) => Promise<VaultAnswer | undefined>;

/** As a connection that nobody takes fails in Node. */
const refused = (): TypeError => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
  return new TypeError('fetch failed', { cause });
};

const responseOf = (answer: VaultAnswer): Response => {
  const { text, headers } = encoded(answer);
  return new Response(answer.status === 204 ? null : text, { status: answer.status, headers });
};

/** Rejects when the signal is aborted, with its reason. */
const aborted = (signal: AbortSignal): { readonly promise: Promise<never>; readonly stop: () => void } => {
  let stop = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', end, { once: true });
    stop = () => signal.removeEventListener('abort', end);
  });
  return { promise, stop };
};

/** A `fetch` that asks the server in this process. What is refused, hung or aborted is so as over a network. */
export const fetchThrough =
  (arrive: Arrive, isReachable: () => boolean): typeof globalThis.fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const { signal } = request;
    signal.throwIfAborted();
    if (!isReachable()) throw refused();
    const { pathname, search } = new URL(request.url);
    const gone = new AbortController();
    const { promise: abortion, stop } = aborted(signal);
    const arrived = {
      method: request.method,
      url: pathname + search,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
    };
    const never = new Promise<never>(() => undefined);
    try {
      const answer = await Promise.race([abortion, arrive(arrived, gone.signal).then((each) => each ?? never)]);
      if (!isReachable()) throw refused();
      return responseOf(answer);
    } finally {
      stop();
      gone.abort();
    }
  };
