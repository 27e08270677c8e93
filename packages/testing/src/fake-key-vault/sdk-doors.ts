import { type Inside, askWithin } from '../fake-server/inner-door.js';

/** What the doors need to know of a request of the vendor's SDK. */
interface SdkRequest {
  url: string;
  method: string;
  headers: Iterable<[string, string]>;
  body?: unknown;
  abortSignal?: unknown;
  allowInsecureConnection?: boolean;
}

/** Headers as the SDK reads them. */
class SdkHeaders {
  readonly #values: Map<string, string>;

  constructor(values: Readonly<Record<string, string>>) {
    this.#values = new Map(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]));
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase());
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  set(name: string, value: string | number | boolean): void {
    this.#values.set(name.toLowerCase(), String(value));
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries(this.#values);
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#values.entries();
  }
}

interface SdkResponse<Request> {
  readonly request: Request;
  readonly status: number;
  readonly headers: SdkHeaders;
  readonly bodyAsText: string;
}

/** The `httpClient` of the SDK's options: asks the server in this process, without a network. */
export interface SdkHttpClient {
  sendRequest<Request extends SdkRequest>(request: Request): Promise<SdkResponse<Request>>;
}

/** One of the SDK's `additionalPolicies`. */
export interface SdkLoopbackPolicy {
  readonly position: 'perRetry';
  readonly policy: {
    readonly name: string;
    sendRequest<Request extends SdkRequest, Response>(
      request: Request,
      next: (request: Request) => Promise<Response>,
    ): Promise<Response>;
  };
}

const pathOf = (url: string): string => {
  const { pathname, search } = new URL(url);
  return pathname + search;
};

/** As the SDK's own client reports what happened on the way: the request is in the error. */
const asSdkError = (error: unknown, request: SdkRequest, signal: AbortSignal): Error => {
  if (signal.aborted) return Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' });
  const { message, code } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(message), { name: 'RestError', code: code ?? 'REQUEST_SEND_ERROR', request });
};

const NEVER = new AbortController().signal;

export const httpClientOf = (inside: Inside): SdkHttpClient => ({
  async sendRequest(request) {
    const signal = request.abortSignal instanceof AbortSignal ? request.abortSignal : NEVER;
    const headers = new SdkHeaders(Object.fromEntries(request.headers)).toJSON();
    const body = typeof request.body === 'string' ? request.body : '';
    const arrived = { method: request.method, url: pathOf(request.url), headers, body };
    try {
      const { status, text, headers: answered } = await askWithin(inside, arrived, signal);
      return { request, status, headers: new SdkHeaders(answered), bodyAsText: text };
    } catch (error) {
      throw asSdkError(error, request, signal);
    }
  },
});

/**
 * Sends the SDK's requests over a real connection to the loopback port, with the SDK's own client. The SDK gives tokens
 * to `https:` addresses alone, so the request keeps the vault's own until its headers are complete.
 */
export const loopbackPolicyOf = (url: () => string): SdkLoopbackPolicy => ({
  position: 'perRetry',
  policy: {
    name: 'fakeKeyVaultLoopback',
    async sendRequest(request, next) {
      const asked = request.url;
      request.url = url() + pathOf(asked);
      request.allowInsecureConnection = true;
      try {
        return await next(request);
      } finally {
        // What looks at the answer, for a challenge, compares it with the address that was asked.
        request.url = asked;
      }
    },
  },
});
