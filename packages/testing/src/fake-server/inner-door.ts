import type { Arrived, WireAnswer } from './wire.js';

/** What stands behind the doors. An answer that is undefined never comes. */
export interface Inside {
  readonly arrive: (arrived: Arrived, gone: AbortSignal) => Promise<WireAnswer | undefined>;
  readonly isReachable: () => boolean;
}

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

/** As Node words a connection that nobody takes. */
const refused = (): Error =>
  Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });

/**
 * Asks the server in this process, without a network: what is refused, hung or aborted is so as over one.
 * @throws an error with the code ECONNREFUSED, and the signal's reason.
 */
export const askWithin = async (
  { arrive, isReachable }: Inside,
  arrived: Arrived,
  signal: AbortSignal,
): Promise<WireAnswer> => {
  signal.throwIfAborted();
  if (!isReachable()) throw refused();
  const gone = new AbortController();
  const { promise: abortion, stop } = aborted(signal);
  const never = new Promise<never>(() => undefined);
  try {
    const answer = await Promise.race([abortion, arrive(arrived, gone.signal).then((each) => each ?? never)]);
    if (!isReachable()) throw refused();
    return answer;
  } finally {
    stop();
    gone.abort();
  }
};

const isRefusal = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';

/** A `fetch` that asks the server in this process. */
export const fetchThrough =
  (inside: Inside): typeof globalThis.fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const { method, headers, signal } = request;
    signal.throwIfAborted();
    const { pathname, search } = new URL(request.url);
    const body = inside.isReachable() ? await request.text() : '';
    const arrived = { method, url: pathname + search, headers: Object.fromEntries(headers), body };
    try {
      const answer = await askWithin(inside, arrived, signal);
      return new Response(answer.status === 204 ? null : answer.text, answer);
    } catch (error) {
      throw isRefusal(error) ? new TypeError('fetch failed', { cause: error }) : error;
    }
  };
