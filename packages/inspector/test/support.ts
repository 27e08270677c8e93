import { type Configuration, type HoldfastRuntime, createRuntime, withRuntime } from '@holdfast/core';
import { type VirtualClock, seededRandom, virtualClock } from '@holdfast/testing';
import { type IncomingHttpHeaders, request } from 'node:http';
import { type Socket, connect } from 'node:net';
import {
  type Inspector,
  type InspectorClient,
  type InspectorOptions,
  connectInspector,
  startInspector,
} from '../src/index.js';

export const TOKEN = 'a-token-of-thirty-two-characters';

/** Ended after each test, last opened first. */
const open: (() => unknown)[] = [];

export const atEnd = (end: () => unknown): void => void open.push(end);

export const endAll = async (): Promise<void> => {
  while (open.length > 0) await open.pop()?.();
};

export interface World {
  readonly clock: VirtualClock;
  readonly runtime: HoldfastRuntime;
  readonly inspector: Inspector;
  readonly client: InspectorClient;
  own<Instance extends object>(instance: Instance): Instance;
}

/** An inspector of a runtime of its own under virtual time, and a client of it. */
export const inspected = async (options: InspectorOptions = {}, configuration: Configuration = {}): Promise<World> => {
  const clock = virtualClock();
  const runtime = createRuntime({ clock, random: seededRandom(1), logger: false, ...configuration });
  const inspector = await startInspector({ runtime, token: TOKEN, environment: {}, clock, ...options });
  atEnd(() => inspector.close());
  const { url, socketPath, token } = inspector;
  const client = connectInspector({ ...(socketPath === undefined ? { url } : { socketPath }), token, environment: {} });
  // An instance that nobody holds is collected at some time, and its statistics with it.
  const held: object[] = [];
  atEnd(() => (held.length = 0));
  const own: World['own'] = (instance) => {
    held.push(instance);
    return withRuntime(instance, runtime);
  };
  return { clock, runtime, inspector, client, own };
};

export interface RawReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  /** Undefined: the right token. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

/** A request with exactly these headers, besides Host and the right token where they are not given. */
export const send = (
  { url, token, socketPath }: Inspector,
  { method = 'GET', path = '/v1/health', headers = {}, body }: RawRequest = {},
): Promise<RawReply> =>
  new Promise((resolve, reject) => {
    const { host, hostname, port } = new URL(url);
    const to = socketPath === undefined ? { host: hostname.replace(/^\[|\]$/g, ''), port } : { socketPath };
    const sent = request(
      { ...to, method, path, agent: false, headers: { host, authorization: `Bearer ${token}`, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject).end(body);
  });

export const post = (inspector: Inspector, body: unknown, headers: RawRequest['headers'] = {}): Promise<RawReply> =>
  send(inspector, {
    method: 'POST',
    path: '/v1/caches/clear',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });

/** A connection that says what it likes. */
export interface RawConnection {
  readonly socket: Socket;
  /** Everything that was answered, once the other side has ended the connection. */
  readonly ended: Promise<string>;
}

export const rawConnection = ({ url }: Inspector): Promise<RawConnection> =>
  new Promise((resolve) => {
    const { port } = new URL(url);
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    const ended = new Promise<string>((end) => socket.on('close', () => end(text)));
    socket.on('error', () => undefined);
    socket.on('connect', () => resolve({ socket, ended }));
    socket.on('close', () => resolve({ socket, ended }));
    atEnd(() => socket.destroy());
  });

export const raw = async (inspector: Inspector, text: string | Uint8Array): Promise<string> => {
  const { socket, ended } = await rawConnection(inspector);
  socket.end(text);
  return ended;
};

export const errorOf = (reply: RawReply): Record<string, unknown> =>
  (JSON.parse(reply.text) as { error: Record<string, unknown> }).error;
