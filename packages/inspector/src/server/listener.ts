import { type RequestListener, type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { wrongIn } from '../options.js';
import { refusalText } from './answer.js';
import { Refusal, badRequest } from './refusal.js';
import type { Place } from './place.js';
import type { Settings } from './settings.js';
import { listenOnSocket } from './socket-file.js';

const wrong = wrongIn('startInspector');

const LARGEST_HEADERS = 8 * 1024;
const REQUESTS_PER_CONNECTION = 100;

/** What the parser does not take, and the words of its status; undefined where nobody speaks HTTP, as in a handshake. */
const complaintOf = (code = ''): [Refusal, reason: string] | undefined => {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [new Refusal(408, 'REQUEST_TIMEOUT', { message: 'the request took too long' }), 'Request Timeout'];
  if (code === 'HPE_HEADER_OVERFLOW')
    return [new Refusal(431, 'TOO_LARGE', { message: 'the headers are too long' }), 'Request Header Fields Too Large'];
  return code.startsWith('HPE_') ? [badRequest('this is no HTTP request'), 'Bad Request'] : undefined;
};

/** Answers what is no HTTP, where nothing was written before, and ends the connection. */
const complain = (error: NodeJS.ErrnoException, socket: Socket): void => {
  socket.on('error', () => undefined);
  const complaint = complaintOf(error.code);
  if (complaint === undefined || !socket.writable || socket.bytesWritten > 0) socket.destroy();
  else socket.end(refusalText(...complaint), () => socket.destroy());
};

const build = ({ limits, tls }: Settings, onRequest: RequestListener): Server => {
  const { headersTimeout, requestTimeout } = limits;
  const options = {
    headersTimeout: Math.min(headersTimeout, requestTimeout),
    requestTimeout,
    keepAliveTimeout: headersTimeout,
    connectionsCheckingInterval: Math.max(1, Math.floor(headersTimeout / 5)),
    maxHeaderSize: LARGEST_HEADERS,
  };
  const server =
    tls === undefined
      ? createServer(options, onRequest)
      : createTlsServer({ ...options, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: headersTimeout }, onRequest);
  server.maxConnections = limits.connections;
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
  server.timeout = requestTimeout;
  server.on('clientError', complain);
  return server;
};

const bound = (server: NetServer, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL';
      reject(taken ? wrong('port', `${port} of ${host} cannot be had: ${error.code}; 0 takes a free one`) : error);
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });

/** Those that are open, also before their handshake is over: the server itself knows only of later ones. */
const socketsOf = (server: NetServer): ReadonlySet<Socket> => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
};

/** Resolves to the path of the socket, where it is one. */
const listen = async (server: NetServer, place: Place): Promise<string | undefined> => {
  if (place.kind === 'socket') return listenOnSocket(server, place.path);
  await bound(server, place.host, place.port);
  return undefined;
};

const urlOf = (server: Server, { place, tls }: Settings): string => {
  if (place.kind === 'socket') return 'http://localhost';
  const { port } = server.address() as AddressInfo;
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  return `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
};

/** An open port or socket with all its bounds. It does not keep the process alive. */
export class Listener {
  readonly url: string;
  readonly port: number | undefined;
  readonly socketPath: string | undefined;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  private constructor(
    { server, sockets }: { readonly server: Server; readonly sockets: ReadonlySet<Socket> },
    settings: Settings,
    socketPath: string | undefined,
  ) {
    this.url = urlOf(server, settings);
    this.port = socketPath === undefined ? (server.address() as AddressInfo).port : undefined;
    this.socketPath = socketPath;
    this.#server = server;
    this.#sockets = sockets;
  }

  /** @throws ConfigurationError on a place that cannot be had. */
  static async open(settings: Settings, onRequest: RequestListener): Promise<Listener> {
    const server = build(settings, onRequest);
    const sockets = socketsOf(server);
    const socketPath = await listen(server, settings.place).catch((error: unknown) => {
      server.close();
      throw error;
    });
    server.removeAllListeners('error');
    // What goes wrong later, as too many open files, harms nobody but who asks.
    server.on('error', () => undefined);
    server.unref();
    return new Listener({ server, sockets }, settings, socketPath);
  }

  /** Ends every connection; a socket's file goes with it. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
