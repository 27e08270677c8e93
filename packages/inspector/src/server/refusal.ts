import type { RefusalBody, RefusalCode } from '../protocol.js';

type Said = Omit<RefusalBody['error'], 'code'> & { readonly headers?: Readonly<Record<string, string>> };

/** A request that is not answered as it would like. Its message is of this package: nothing of the request is in it. */
export class Refusal {
  readonly status: number;
  readonly error: RefusalBody['error'];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: RefusalCode, { headers = {}, ...said }: Said) {
    this.status = status;
    this.error = { code, ...said };
    this.headers = headers;
  }
}

export const badRequest = (message: string, remedy?: string): Refusal =>
  new Refusal(400, 'BAD_REQUEST', { message, ...(remedy !== undefined && { remedy }) });

/** @param wait milliseconds until a request may pass. */
export const tooMany = (what: string, wait: number): Refusal =>
  new Refusal(429, 'TOO_MANY_REQUESTS', {
    message: `too many ${what}`,
    headers: { 'retry-after': String(Math.max(1, Math.ceil(wait / 1_000))) },
  });

export const internal = (message = 'the inspector has failed; the application is not harmed'): Refusal =>
  new Refusal(500, 'INTERNAL', { message });
