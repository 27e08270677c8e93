import type { IncomingMessage, ServerResponse } from 'node:http';
import { subjectOf } from '../app/subject.js';
import { Metrics } from '../metrics/metrics.js';
import { Door } from './door.js';
import { Listener } from './listener.js';
import { routesOf } from './routes.js';
import { type InspectorOptions, type ReadyInspector, type Settings, settingsOf } from './settings.js';

/** A running inspector. */
export interface Inspector extends AsyncDisposable {
  /** Where to ask; of a socket, what to say there: `http://localhost`. */
  readonly url: string;
  readonly socketPath: string | undefined;
  /** Keep it from logs. */
  readonly token: string;
  /** Ends every connection, removes the socket, and counts no longer. Harmless when repeated. */
  close(): Promise<void>;
}

class RunningInspector implements Inspector {
  readonly #listener: Listener;
  readonly #token: string;
  readonly #metrics: Metrics;
  #closing: Promise<void> | undefined;

  constructor(listener: Listener, token: string, metrics: Metrics) {
    this.#listener = listener;
    this.#token = token;
    this.#metrics = metrics;
  }

  get url(): string {
    return this.#listener.url;
  }

  get socketPath(): string | undefined {
    return this.#listener.socketPath;
  }

  get token(): string {
    return this.#token;
  }

  close(): Promise<void> {
    this.#metrics.stop();
    return (this.#closing ??= this.#listener.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** To whoever is told, or to the terminal of who has started the program and gave no token. */
const announce = async ({ url, socketPath }: Listener, { token, isTokenGiven, onReady }: Settings): Promise<void> => {
  const ready: ReadyInspector = {
    url,
    ...(socketPath !== undefined && { socketPath }),
    ...(!isTokenGiven && { token }),
  };
  if (onReady !== undefined) await onReady(ready);
  else if (!isTokenGiven) process.stderr.write(`holdfast: inspector at ${socketPath ?? url}, token ${token}\n`);
};

/**
 * Opens a door into this process, for the command line, for a scraper, for whoever has the token: health, statistics,
 * stacks, metrics, and caches to clear. It listens on the loopback interface or on a unix socket, tells no values, keys or
 * arguments, and does not keep the process alive.
 * @throws ConfigurationError on a wrong option, or a place that cannot be had.
 */
export const startInspector = async (options: InspectorOptions = {}): Promise<Inspector> => {
  const settings = settingsOf(options);
  const subject = subjectOf(settings.runtime);
  let opened: (door: Door) => void = () => undefined;
  const door = new Promise<Door>((resolve) => (opened = resolve));
  const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
    void door.then((each) => each.serve(request, response));
  const listener = await Listener.open(settings, onRequest);
  const metrics = new Metrics(subject, settings);
  opened(new Door(settings, listener, routesOf(subject, settings, metrics)));
  const inspector = new RunningInspector(listener, settings.token, metrics);
  try {
    await announce(listener, settings);
  } catch (error) {
    await inspector.close();
    throw error;
  }
  return inspector;
};
