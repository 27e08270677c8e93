import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { InspectorUnreachableError, type UnreachableReason } from './errors.js';
import type { Destination } from './options.js';

export interface Reply {
  readonly status: number;
  /** Without parameters. */
  readonly contentType: string;
  /** In seconds, as sent. */
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** What a process with thousands of caches may say; more is somebody else's page. */
const LARGEST_REPLY = 16 * 1024 * 1024;

const REASONS: Readonly<Record<string, UnreachableReason>> = {
  ECONNREFUSED: 'refused',
  ENOENT: 'not-found',
  ENOTFOUND: 'not-found',
  EAI_AGAIN: 'not-found',
  EACCES: 'permission',
  EPERM: 'permission',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'disconnected',
  EPIPE: 'disconnected',
  EPROTO: 'not-an-inspector',
};

const reasonOf = ({ code = '' }: NodeJS.ErrnoException): UnreachableReason => {
  if (code.startsWith('HPE_')) return 'not-an-inspector';
  if (/CERT|SELF_SIGNED|ALTNAME|ISSUER/.test(code)) return 'certificate';
  return REASONS[code] ?? 'refused';
};

/** @throws 'not-an-inspector' once the text is too long. */
const textOf = async (message: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_REPLY) throw Object.assign(new Error('too long'), { code: 'EPROTO' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const replyOf = async (message: IncomingMessage): Promise<Reply> => ({
  status: message.statusCode ?? 0,
  contentType: (message.headers['content-type'] ?? '').split(';', 1)[0] as string,
  retryAfter: message.headers['retry-after'],
  text: await textOf(message),
});

/**
 * One request on a connection of its own: an idle one that the other side closes meanwhile would look like a failure.
 * Nothing is redirected, and no proxy of the environment is asked.
 * @throws InspectorUnreachableError when there is no answer.
 */
export const ask = async (to: Destination, method: 'GET' | 'POST', path: string, body?: string): Promise<Reply> => {
  const signal = AbortSignal.timeout(to.timeout);
  const send = to.url.protocol === 'https:' ? requestHttps : requestHttp;
  const hostname = to.url.hostname.replace(/^\[|\]$/g, '');
  const options = {
    method,
    path,
    agent: false,
    signal,
    ...(to.socketPath === undefined
      ? { hostname, port: to.url.port }
      : { socketPath: to.socketPath, host: 'localhost' }),
    ...(to.ca !== undefined && { ca: to.ca }),
    headers: {
      authorization: `Bearer ${to.token}`,
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
  };
  try {
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      send(options, resolve).on('error', reject).end(body);
    });
    return await replyOf(message);
  } catch (error) {
    const reason = signal.aborted ? 'timeout' : reasonOf(error as NodeJS.ErrnoException);
    // Without the error as its cause: Node's carry nothing that `reason` does not say, but for the headers of some.
    throw new InspectorUnreachableError(to.address, reason);
  }
};
