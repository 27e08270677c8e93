import type { IncomingMessage, ServerResponse } from 'node:http';
import { LoopbackListener } from '../faulty-upstream/loopback-listener.js';
import { RequestLog } from '../faulty-upstream/request-log.js';
import { seededRandom, type SeededRandom } from '../seeded-random.js';
import { fetchThrough, type Inside } from './inner-door.js';
import { REAL_TIME, type FakeServerOptions, type ServerClock } from './options.js';
import { type Arrived, type WireAnswer, readText, redactedHeaders, send } from './wire.js';

/** What a server makes of a request. */
export interface Handling {
  /** Milliseconds until the answer, besides what `slow` adds. */
  readonly latency: number;
  /** Called when they are over. */
  readonly answer: () => WireAnswer;
}

/**
 * What the fakes of vendors' servers have in common: a free port of 127.0.0.1 and a door without a network, a log of
 * requests without credentials, counts by operation, and the switches of a bad day.
 */
export abstract class FakeServer<Operation extends string> implements AsyncDisposable {
  /** What was asked, without credentials and bodies. */
  readonly requests: RequestLog;
  /** The same server without a network, for virtual time: give it where a `fetch` is expected. */
  readonly fetch: typeof globalThis.fetch;
  /** How the phase of the next request is called in the log. */
  protected weather = 'healthy';
  protected readonly clock: ServerClock;
  /** For latencies; its seed is the server's. */
  protected readonly random: SeededRandom;
  protected readonly inside: Inside;
  readonly #name: string;
  readonly #listener: LoopbackListener;
  readonly #counts = new Map<Operation, number>();
  readonly #secretHeaders: ReadonlySet<string>;
  #slowness = 0;
  #isReachable = true;
  #isHanging = false;
  #isClosed = false;
  /** Switches come into force one after the other. */
  #switching: Promise<void> = Promise.resolve();

  /**
   * @param name the function that makes the server, for errors.
   * @param secretHeaders what the log does not show, in lower case.
   */
  constructor(name: string, secretHeaders: readonly string[], options: FakeServerOptions) {
    const { unref = false, clock = REAL_TIME, logLimit = 1_000, seed } = options;
    this.#name = name;
    this.#secretHeaders = new Set(['authorization', 'cookie', ...secretHeaders]);
    this.requests = new RequestLog(logLimit);
    this.clock = clock;
    this.random = seededRandom(seed);
    const serve = (incoming: IncomingMessage, response: ServerResponse): void => void this.#serve(incoming, response);
    this.#listener = new LoopbackListener(serve, { unref, patience: 2_000 });
    this.inside = {
      arrive: (arrived, gone) => this.#arrive(arrived, gone),
      isReachable: () => this.#isReachable,
    };
    this.fetch = fetchThrough(this.inside);
  }

  /** `http://127.0.0.1:port`, the same for the server's whole life. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return this.#listener.port;
  }

  /** How often each operation was asked for, whatever came of it. */
  count(operation: Operation): number {
    return this.#counts.get(operation) ?? 0;
  }

  /** Opens the port. The function that makes the server has done so. */
  open(): Promise<void> {
    return this.#listener.open();
  }

  /** So many milliseconds more for every answer; 0 ends it. */
  slow(ms: number): void {
    this.#slowness = ms;
  }

  /** Requests are read and not answered, until `heal`. */
  hang(): void {
    this.#isHanging = true;
    this.weather = 'hanging';
  }

  /** The port is closed: connections are refused and those that exist destroyed, until `heal`. */
  partition(): Promise<void> {
    this.weather = 'unreachable';
    this.#isReachable = false;
    return this.#switch(() => this.#listener.shut());
  }

  /** Reachable and fast, without faults to come. What the server keeps is as it was. */
  heal(): Promise<void> {
    this.weather = 'healthy';
    this.clearFaults();
    this.#slowness = 0;
    this.#isHanging = false;
    return this.#reopen();
  }

  /** Unreachable for so many milliseconds of the clock, default 0; resolves when it is back. What it keeps lasts. */
  async restart({ downFor = 0 }: { readonly downFor?: number } = {}): Promise<void> {
    await this.partition();
    await this.clock.sleep(downFor);
    this.weather = 'healthy';
    await this.#reopen();
  }

  /** Stops listening and destroys every connection. Harmless when repeated. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isReachable = false;
    this.#listener.end();
    await this.#switch(() => this.#listener.shut());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Called once for each request, when it has come in. */
  protected abstract handle(arrived: Arrived): Handling;

  protected abstract clearFaults(): void;

  protected tally(operation: Operation): void {
    this.#counts.set(operation, this.count(operation) + 1);
  }

  #reopen(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error(`${this.#name}: the server is closed`));
    this.#isReachable = true;
    return this.#switch(() => this.#listener.open());
  }

  #switch(change: () => Promise<void>): Promise<void> {
    this.#switching = this.#switching.then(change, change);
    return this.#switching;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = incoming;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const arrived = { method, url, headers, body: await readText(incoming) };
      const answer = await this.#arrive(arrived, gone.signal);
      if (answer !== undefined) send(response, answer);
    } catch {
      response.destroy();
    }
  }

  /** Undefined: there is no answer, and never will be. */
  async #arrive(arrived: Arrived, gone: AbortSignal): Promise<WireAnswer | undefined> {
    const { method, url } = arrived;
    const headers = redactedHeaders(arrived.headers, this.#secretHeaders);
    const record = this.requests.open({ method, path: url.replace(/\?.*$/s, ''), url, headers, phase: this.weather });
    gone.addEventListener('abort', () => this.requests.close(record), { once: true });
    const { latency, answer: answerNow } = this.handle(arrived);
    if (this.#isHanging) {
      record.outcome = 'hung';
      return undefined;
    }
    const wait = this.#slowness + latency;
    if (wait > 0) await this.clock.sleep(wait);
    if (gone.aborted) return undefined;
    const answer = answerNow();
    record.status = answer.status;
    record.outcome = 'answered';
    return answer;
  }
}
