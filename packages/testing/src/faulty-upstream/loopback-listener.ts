import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout } from '../real-time.js';

const HOST = '127.0.0.1';
const MAX_RETRY_DELAY = 50;

export interface ListenerOptions {
  /** Let the process exit although the listener is open. */
  readonly unref: boolean;
  /** Milliseconds to wait for the port to come free again. */
  readonly patience: number;
}

/** A port of the loopback interface that can be shut and opened again, which a single server's `close` does not promise. */
export class LoopbackListener {
  readonly #onRequest: RequestListener;
  readonly #options: ListenerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #isEnded = false;

  constructor(onRequest: RequestListener, options: ListenerOptions) {
    this.#onRequest = onRequest;
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  get isOpen(): boolean {
    return this.#server !== undefined;
  }

  /**
   * Listens: on a free port at first, later on the same one.
   * While it was shut the system may have lent the port to somebody's outgoing connection, so a taken port is tried again.
   * @throws the listen error when the port stays taken.
   */
  async open(): Promise<void> {
    let waited = 0;
    for (let delay = 1; !this.isOpen && !this.#isEnded; delay = Math.min(delay * 2, MAX_RETRY_DELAY)) {
      try {
        await this.#listen();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || waited >= this.#options.patience) throw error;
        await new Promise((resolve) => setTimeout(resolve, delay));
        waited += delay;
      }
    }
  }

  /** The next `open` does nothing, and one that waits for its port gives up. */
  end(): void {
    this.#isEnded = true;
  }

  /** Stops listening and destroys every connection. New ones are refused from then on. */
  async shut(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #listen(): Promise<void> {
    const server = this.#createServer();
    await listen(server, this.#port);
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  #createServer(): Server {
    // Idle connections stay open: a server that closes them at the wrong moment would add resets nobody scripted.
    const server = createServer({ keepAliveTimeout: 10 * 60_000, requestTimeout: 0 }, this.#onRequest);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      if (this.#options.unref) socket.unref();
    });
    if (this.#options.unref) server.unref();
    return server;
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
