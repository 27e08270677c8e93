import type { IncomingMessage, ServerResponse } from 'node:http';
import { deferred, type Deferred } from '../deferred.js';
import { seededRandom, type SeededRandom } from '../seeded-random.js';
import { Exchange, type Verdict } from './exchange.js';
import { LoopbackListener } from './loopback-listener.js';
import { parsePhase, type ParsedPhase, type Phase } from './phase.js';
import { RequestLog } from './request-log.js';
import { responderOf, type Responder, type Routes } from './responder.js';
import { Script, type ScriptWindow } from './script.js';
import { ScriptPlayer } from './script-player.js';

export interface FaultyUpstreamOptions {
  /** Healthy answers by path. Default: none. */
  readonly routes?: Routes;
  /** Healthy answers to all that no route answers. Default: an echo `{ path, n }`; 404 where there are routes. */
  readonly respond?: Responder;
  /** What happens when, from `start()` on, in real time. Default: nothing, set phases by hand. */
  readonly script?: readonly ScriptWindow[];
  /** The phase outside of all windows. Default: healthy, without latency. */
  readonly baseline?: Phase;
  /** Seed of the draws for latency ranges and error rates. Default 1. */
  readonly seed?: number;
  /** Let the process exit although the upstream is open. Default false. */
  readonly unref?: boolean;
  /** How many requests `requests.recent` holds. Default 1,000. */
  readonly logLimit?: number;
  /** Milliseconds to wait after an outage for a port that another program was lent meanwhile. Default 2,000. */
  readonly patience?: number;
}

/**
 * A real HTTP server on a free port of 127.0.0.1 that fails as a script or a test tells it. Made by `faultyUpstream`.
 *
 * The phase of a request is the one in force when it arrives. Latency and fault are drawn then, two numbers a request
 * in order of arrival whatever the phase, so that a seed repeats a run.
 */
export class FaultyUpstream implements AsyncDisposable {
  /** What the upstream was asked. */
  readonly requests: RequestLog;
  readonly #listener: LoopbackListener;
  readonly #respond: Responder;
  readonly #baseline: ParsedPhase;
  readonly #player: ScriptPlayer;
  readonly #random: SeededRandom;
  readonly #waiting = new Map<string, Deferred<void>>();
  #phase: ParsedPhase;
  /** Why the port could not be opened again, until it can. */
  #failure: unknown;
  #applied: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: FaultyUpstreamOptions = {}) {
    const { unref = false, patience = 2_000 } = options;
    this.requests = new RequestLog(options.logLimit ?? 1_000);
    this.#baseline = parsePhase(options.baseline ?? {});
    this.#phase = this.#baseline;
    this.#respond = responderOf(options.routes, options.respond);
    this.#random = seededRandom(options.seed);
    this.#player = new ScriptPlayer(new Script(options.script ?? []), (phase) => void this.#enter(phase), unref);
    const serve = (incoming: IncomingMessage, response: ServerResponse): void => this.#serve(incoming, response);
    this.#listener = new LoopbackListener(serve, { unref, patience });
  }

  /** `http://127.0.0.1:port`, the same for the upstream's whole life. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return this.#listener.port;
  }

  get seed(): number {
    return this.#random.seed;
  }

  /** The name of the phase in force. */
  get phase(): string {
    return this.#phase.name;
  }

  /** Requests that have arrived and not ended. */
  get inFlight(): number {
    return this.requests.inFlight;
  }

  get maxInFlight(): number {
    return this.requests.maxInFlight;
  }

  /** Opens the port for the first time. `faultyUpstream` has done so. */
  async open(): Promise<void> {
    await this.#listener.open();
    await this.#enter(this.#baseline);
  }

  /** Begins the script at 0, anew if it runs already. Resolves when its first phase is in force. */
  async start(): Promise<void> {
    this.#assertOpen();
    this.#player.start();
    await this.#applied;
  }

  /** Ends the script, if one runs, and puts this phase in force until further notice. Resolves when it is. */
  async setPhase(phase: Phase): Promise<void> {
    this.#assertOpen();
    const parsed = parsePhase(phase);
    this.#player.stop();
    await this.#enter(parsed);
  }

  /** Ends the script, if one runs, and puts the baseline in force. */
  async heal(): Promise<void> {
    this.#assertOpen();
    this.#player.stop();
    await this.#enter(this.#baseline);
  }

  /**
   * Resolves when the phase of that name is in force: at once if it is.
   * @throws Error when the upstream is closed first, or the port could not be opened again after an outage.
   */
  entered(name: string): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError());
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#phase.name === name) return Promise.resolve();
    const waiter = this.#waiting.get(name) ?? deferred();
    this.#waiting.set(name, waiter);
    return waiter.promise;
  }

  /** Stops listening, destroys every connection, forgets every timer. Harmless when repeated. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#player.stop();
    this.#listener.end();
    this.#rejectWaiting(closedError());
    await this.#applied.catch(() => undefined);
    await this.#listener.shut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Phases come into force one after the other, for opening and shutting the port takes a moment. */
  #enter(phase: ParsedPhase = this.#baseline): Promise<void> {
    const previous = this.#applied.catch(() => undefined);
    this.#applied = previous.then(() => this.#apply(phase));
    // Nobody awaits a phase of the script; who waits for its name is told by `entered`.
    this.#applied.catch((error: unknown) => {
      this.#failure = error;
      this.#rejectWaiting(error);
    });
    return this.#applied;
  }

  async #apply(phase: ParsedPhase): Promise<void> {
    if (this.#isClosed) return;
    await (phase.refuses ? this.#listener.shut() : this.#listener.open());
    this.#phase = phase;
    this.#failure = undefined;
    this.#waiting.get(phase.name)?.resolve();
    this.#waiting.delete(phase.name);
  }

  #serve(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = incoming;
    const verdict = this.#judge();
    const record = this.requests.open({
      method,
      url,
      path: url.replace(/\?.*$/s, ''),
      headers,
      phase: verdict.phase.name,
    });
    response.once('close', () => this.requests.close(record));
    void new Exchange(incoming, response, record, this.#respond).run(verdict);
  }

  #judge(): Verdict {
    const phase = this.#phase;
    const [min, max] = phase.latency;
    const latency = min + this.#random() * (max - min);
    return { phase, latency, isFaulty: this.#random() < phase.errorRate };
  }

  #rejectWaiting(error: unknown): void {
    for (const waiter of this.#waiting.values()) {
      waiter.promise.catch(() => undefined);
      waiter.reject(error);
    }
    this.#waiting.clear();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

const closedError = (): Error => new Error('faultyUpstream: the upstream is closed');

/**
 * Starts an upstream on a free loopback port. Close it, or declare it with `await using`.
 *
 * @example
 * await using upstream = await faultyUpstream({ routes: { '/stock': { left: 3 } } });
 * await upstream.setPhase({ status: 429, retryAfter: 1 });
 * @throws TypeError or RangeError when a phase, window or route is wrong.
 */
export async function faultyUpstream(options?: FaultyUpstreamOptions): Promise<FaultyUpstream> {
  const upstream = new FaultyUpstream(options);
  await upstream.open();
  return upstream;
}
