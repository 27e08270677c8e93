import { type Inside, askWithin } from '../fake-server/inner-door.js';

/** As the SDK's requests are. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** What the SDK's clients take as `requestHandler`. */
export interface SdkRequestHandler {
  readonly metadata: { readonly handlerProtocol: string };
  handle(request: SdkRequest, options?: { readonly abortSignal?: unknown }): Promise<{ response: SdkResponse }>;
  destroy(): void;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
}

/** As the SDK's own handlers word it. */
const abortError = (signal: AbortSignal): Error =>
  Object.assign(new Error('Request aborted', { cause: signal.reason }), { name: 'AbortError' });

const bodyOf = (body: unknown): string => {
  if (typeof body === 'string') return body;
  // A view, for the SDK warns of those who copy its bytes as if they were text.
  return body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString() : '';
};

const lowerCased = (headers: SdkRequest['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** The SDK's way to the server in this process, without a network. */
export const handlerThrough = (inside: Inside): SdkRequestHandler => ({
  metadata: { handlerProtocol: 'http/1.1' },
  async handle({ method, path, headers, body }, { abortSignal } = {}) {
    const signal = abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal;
    if (signal.aborted) throw abortError(signal);
    const arrived = { method, url: path, headers: lowerCased(headers), body: bodyOf(body) };
    try {
      const answer = await askWithin(inside, arrived, signal);
      const response = { statusCode: answer.status, headers: { ...answer.headers }, body: Buffer.from(answer.text) };
      return { response };
    } catch (error) {
      throw signal.aborted ? abortError(signal) : error;
    }
  },
  destroy: () => undefined,
  updateHttpClientConfig: () => undefined,
  httpHandlerConfigs: () => ({}),
});
