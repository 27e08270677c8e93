import type { OutgoingHttpHeaders } from 'node:http';

export interface ReplyOptions {
  /** Default 200, or 204 without a body. */
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
}

/** An answer with a status and headers of its own; any other value a responder returns is the body of a 200. */
export class Reply {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: unknown;

  constructor(body: unknown, { status = body === undefined ? 204 : 200, headers = {} }: ReplyOptions = {}) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** An answer with a status and headers: `reply({ error: 'gone' }, { status: 410 })`. */
export const reply = (body?: unknown, options?: ReplyOptions): Reply => new Reply(body, options);

/** The bytes of a body and what they are: text as it is, bytes as they are, nothing for undefined, else JSON. */
export function encodeBody(body: unknown): { readonly bytes: Buffer; readonly type: string | undefined } {
  if (body === undefined) return { bytes: Buffer.alloc(0), type: undefined };
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/plain; charset=utf-8' };
  if (body instanceof Uint8Array) return { bytes: Buffer.from(body), type: 'application/octet-stream' };
  return { bytes: Buffer.from(JSON.stringify(body)), type: 'application/json' };
}
