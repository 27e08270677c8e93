import { SecretFormatError } from '../errors.js';
import type { Secret } from '../secrecy/secret.js';
import { VaultError, reasonOf } from './error.js';

export interface ClientOptions {
  /** Without a slash at its end. */
  readonly address: string;
  readonly namespace: string | undefined;
  readonly fetch: typeof globalThis.fetch;
  /** Origins, besides its own, that the server may redirect to with the token. */
  readonly peers: readonly string[];
}

export interface VaultRequest {
  readonly method?: 'GET' | 'POST';
  readonly token?: Secret | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface VaultReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly retryAfter: string | null;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Seconds that an answer tells; text of digits counts, for not to count would be for ever. 0 for all else. */
export const secondsIn = (value: unknown): number => {
  const seconds = typeof value === 'string' ? Number(value) : value;
  return typeof seconds === 'number' && !Number.isNaN(seconds) ? seconds : 0;
};

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308]);

const parsed = (text: string, status: number): Readonly<Record<string, unknown>> => {
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    if (isRecord(body)) return body;
  } catch {
    // A proxy's page, or half an answer. JSON.parse quotes what it could not read, so its words are not passed on.
  }
  // Of an error the status says enough.
  if (status >= 300) return {};
  throw new SecretFormatError('the answer is no JSON object');
};

/** Vault over HTTP: one request, one answer. No policy; those are its callers'. */
export class VaultClient {
  readonly #options: ClientOptions;
  readonly #origins: ReadonlySet<string>;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#origins = new Set([options.address, ...options.peers].map((address) => new URL(address).origin));
  }

  /** @throws what `fetch` throws; SecretFormatError when a successful answer is no JSON. */
  async ask(path: string, request: VaultRequest = {}): Promise<VaultReply> {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    const url = `${this.#options.address}/v1/${encoded}`;
    const response = await this.#send(url, request);
    const target = this.#redirection(url, response);
    if (target === undefined) return this.#read(response);
    // An unread body would hold its connection.
    await response.body?.cancel();
    return this.#read(await this.#send(target, request));
  }

  /** As `ask`. @throws VaultError when the answer is no success. */
  async demand(path: string, request?: VaultRequest): Promise<VaultReply['body']> {
    const reply = await this.ask(path, request);
    if (reply.status < 300) return reply.body;
    throw errorFrom(reply);
  }

  async #send(url: string, { method = 'GET', token, body, signal }: VaultRequest): Promise<Response> {
    const { namespace, fetch } = this.#options;
    return fetch(url, {
      method,
      // With a token in the headers nobody but this client decides where they go.
      redirect: 'manual',
      headers: {
        // Vault agents refuse what lacks it, as a protection against forged requests.
        'X-Vault-Request': 'true',
        ...(token === undefined ? {} : { 'X-Vault-Token': token.reveal() }),
        ...(namespace === undefined ? {} : { 'X-Vault-Namespace': namespace }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** A standby sends its clients to the active server; followed once, and only where the token may go. */
  #redirection(from: string, response: Response): string | undefined {
    const location = response.headers.get('location');
    if (!REDIRECTS.has(response.status) || location === null || !URL.canParse(location, from)) return undefined;
    const target = new URL(location, from);
    const hasCredentials = target.username !== '' || target.password !== '';
    return this.#origins.has(target.origin) && !hasCredentials ? target.href : undefined;
  }

  async #read(response: Response): Promise<VaultReply> {
    const body = parsed(await response.text(), response.status);
    return { status: response.status, body, retryAfter: response.headers.get('retry-after') };
  }
}

/** A 404 with metadata is a version that was deleted or destroyed. */
const isDeleted = ({ status, body }: VaultReply): boolean =>
  status === 404 && isRecord(body['data']) && isRecord(body['data']['metadata']);

export const errorFrom = (reply: VaultReply): VaultError => {
  const { status, body, retryAfter } = reply;
  const errors: readonly unknown[] = Array.isArray(body['errors']) ? body['errors'] : [];
  return new VaultError(status, isDeleted(reply) ? 'deleted' : reasonOf(status, errors), retryAfter);
};
