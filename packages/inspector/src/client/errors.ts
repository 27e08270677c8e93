import { ResilienceError } from '@holdfast/core';
import type { RefusalBody, RefusalCode } from '../protocol.js';

export type UnreachableReason =
  /** Nobody listens at the address. */
  | 'refused'
  /** There is no such socket, or no such host. */
  | 'not-found'
  /** The socket is another user's. */
  | 'permission'
  | 'timeout'
  /** The connection ended before the answer did. */
  | 'disconnected'
  /** The certificate is not one that is trusted. */
  | 'certificate'
  /** Somebody answers, but no inspector. */
  | 'not-an-inspector';

const WORDS: Readonly<Record<UnreachableReason, string>> = {
  refused: 'nothing listens there',
  'not-found': 'there is no such socket or host',
  permission: 'this user may not open the socket',
  timeout: 'no answer in time',
  disconnected: 'the connection ended before the answer did',
  certificate: 'its certificate is not trusted',
  'not-an-inspector': 'what answers there is no inspector',
};

/** No answer of an inspector: it does not run, or not there. */
export class InspectorUnreachableError extends ResilienceError {
  declare readonly name: 'InspectorUnreachableError';
  readonly reason: UnreachableReason;
  /** The URL or the path of the socket that was tried. */
  readonly address: string;

  constructor(address: string, reason: UnreachableReason) {
    const message = `no inspector at ${address}: ${WORDS[reason]}`;
    super(message, { code: 'INSPECTOR_UNREACHABLE' }, 'InspectorUnreachableError');
    this.reason = reason;
    this.address = address;
  }
}

/** The inspector has answered, and not with what was asked for. */
export class InspectorRefusedError extends ResilienceError {
  declare readonly name: 'InspectorRefusedError';
  /** 400, 401, 403, 404, 405, 408, 413, 429, 431, 500. */
  readonly status: number;
  /** What of the request it did not like; `code` is the same for all. */
  readonly refusal: RefusalCode;
  readonly remedy: string | undefined;
  /** The names there are, where the one asked for is none of them. */
  readonly known: readonly string[] | undefined;
  /** Milliseconds, of a 429. */
  readonly retryAfter: number | undefined;

  constructor(status: number, { code, message, remedy, known }: RefusalBody['error'], retryAfter?: number) {
    super(`the inspector refuses: ${message}`, { code: 'INSPECTOR_REFUSED' }, 'InspectorRefusedError');
    this.status = status;
    this.refusal = code;
    this.remedy = remedy;
    this.known = known;
    this.retryAfter = retryAfter;
  }
}
