import type { IncomingMessage, ServerResponse } from 'node:http';
import { LoopbackListener } from '../faulty-upstream/loopback-listener.js';
import { RequestLog, type RequestRecord } from '../faulty-upstream/request-log.js';
import { performance, setTimeout } from '../real-time.js';
import { seededRandom, type SeededRandom } from '../seeded-random.js';
import { NOT_FOUND, type VaultAnswer, type VaultCall } from './answer.js';
import { Faults, type VaultFault } from './faults.js';
import { callFrom, readText, redactedHeaders, send } from './http-door.js';
import { fetchThrough, type Arrived } from './fetch-door.js';
import { VaultNode, type VaultRole } from './node.js';
import { latencyOf, operationOf, type VaultOperation } from './operations.js';
import { draw, TYPICAL, type FakeVaultOptions, type VaultClock, type VaultLatency } from './options.js';

const REAL_TIME: VaultClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
};

interface InNamespace {
  /** Default: the root. */
  readonly namespace?: string;
}

/**
 * A server of HashiCorp Vault's HTTP interface on a free port of 127.0.0.1, with the switches of a bad day. Statuses,
 * bodies and headers are those of Vault: tokens, AppRole, key-value secrets of both versions, dynamic credentials with
 * leases, namespaces, seal and standby. Made by `fakeVault`. Its log never has a token or a secret in it.
 */
export class FakeVault implements AsyncDisposable {
  /** What was asked, without tokens and bodies. */
  readonly requests: RequestLog;
  /** The same server without a network, for virtual time: give it where a `fetch` is expected. */
  readonly fetch: typeof globalThis.fetch;
  readonly #listener: LoopbackListener;
  readonly #node: VaultNode;
  readonly #faults = new Faults();
  readonly #clock: VaultClock;
  readonly #random: SeededRandom;
  readonly #latency: VaultLatency;
  readonly #counts = new Map<VaultOperation, number>();
  #slowness = 0;
  #isReachable = true;
  #isHanging = false;
  #isClosed = false;
  #weather = 'healthy';
  /** Switches come into force one after the other. */
  #switching: Promise<void> = Promise.resolve();

  constructor(options: FakeVaultOptions = {}) {
    const { latency = {}, unref = false, clock = REAL_TIME } = options;
    this.requests = new RequestLog(options.logLimit ?? 1_000);
    this.#clock = clock;
    this.#random = seededRandom(options.seed);
    this.#latency = latency === 'typical' ? TYPICAL : latency;
    this.#node = new VaultNode(options, clock, seededRandom(this.#random.seed + 1));
    const serve = (incoming: IncomingMessage, response: ServerResponse): void => void this.#serve(incoming, response);
    this.#listener = new LoopbackListener(serve, { unref, patience: 2_000 });
    this.fetch = fetchThrough(
      (arrived, signal) => this.#arrive(arrived, signal),
      () => this.#isReachable,
    );
  }

  /** `http://127.0.0.1:port`, the same for the server's whole life. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return this.#listener.port;
  }

  get isSealed(): boolean {
    return this.#node.isSealed;
  }

  /** How often each operation was asked for, whatever came of it. */
  count(operation: VaultOperation): number {
    return this.#counts.get(operation) ?? 0;
  }

  /** Opens the port. `fakeVault` has done so. */
  open(): Promise<void> {
    return this.#listener.open();
  }

  /** A key-value secret; one that exists gets a new version. @throws TypeError where no such engine is mounted. */
  setSecret(path: string, data: Readonly<Record<string, unknown>>, { namespace = '' }: InNamespace = {}): void {
    this.#node.mountsOf(namespace).set(path, data);
  }

  /** Of version 2, the latest version is deleted and its metadata stays: 404 with a body. */
  deleteSecret(path: string, { namespace = '' }: InNamespace = {}): void {
    this.#node.mountsOf(namespace).delete(path);
  }

  /** No policy grants the path or what is below it any more: 403 for tokens that are as good as ever. */
  deny(path: string): void {
    this.#node.deny(path);
  }

  allow(path: string): void {
    this.#node.allow(path);
  }

  /** 503 `Vault is sealed` for everything but the health. */
  seal(): void {
    this.#node.isSealed = true;
    this.#weather = 'sealed';
  }

  unseal(): void {
    this.#node.isSealed = false;
    this.#weather = 'healthy';
  }

  /** Which part the server has in its cluster. A standby without a leader answers 500 to all but the health. */
  become(role: VaultRole): void {
    this.#node.role = role;
  }

  /** Ends one token, or all of them: 403 `permission denied` from then on. */
  expireToken(token?: string): void {
    if (token === undefined) this.#node.tokens.revokeAll();
    else this.#node.tokens.revoke(token);
  }

  /** Ends every lease. */
  revokeLeases(): void {
    this.#node.leases.revokeAll();
  }

  /** Whether dynamic credentials still open what they were made for. */
  isLeased(username: string): boolean {
    return this.#node.leases.isLive(username);
  }

  /** The next requests are answered with 429 and `Retry-After` in seconds. Default: one request, 1 second. */
  throttle({ times = 1, retryAfter = 1 }: { readonly times?: number; readonly retryAfter?: number } = {}): void {
    this.#faults.throttle(times, retryAfter);
  }

  /** The next requests but those for the health get this answer: 412, 472, 473, 502 … */
  failNext(fault: VaultFault): void {
    this.#faults.add(fault);
  }

  /** So many milliseconds more for every answer; 0 ends it. */
  slow(ms: number): void {
    this.#slowness = ms;
  }

  /** Requests are read and not answered, until `heal`. */
  hang(): void {
    this.#isHanging = true;
    this.#weather = 'hanging';
  }

  /** The port is closed: connections are refused and those that exist destroyed, until `heal`. */
  partition(): Promise<void> {
    this.#weather = 'unreachable';
    this.#isReachable = false;
    return this.#switch(() => this.#listener.shut());
  }

  /** Reachable, active, unsealed, fast: all switches but tokens, leases and policies are as at first. */
  heal(): Promise<void> {
    this.unseal();
    this.#node.role = 'active';
    this.#faults.clear();
    this.#slowness = 0;
    this.#isHanging = false;
    return this.#reopen();
  }

  /** Unreachable for so many milliseconds of the clock, default 0; resolves when it is back. Tokens and secrets last. */
  async restart({ downFor = 0 }: { readonly downFor?: number } = {}): Promise<void> {
    await this.partition();
    await this.#clock.sleep(downFor);
    this.#weather = 'healthy';
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

  #reopen(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('fakeVault: the server is closed'));
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
  async #arrive({ method, url, headers, body }: Arrived, gone: AbortSignal): Promise<VaultAnswer | undefined> {
    const header = (name: string): string | undefined => {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    const call = callFrom(method, url, header, body);
    const path = url.replace(/\?.*$/s, '');
    const record = this.requests.open({ method, path, url, headers: redactedHeaders(headers), phase: this.#weather });
    gone.addEventListener('abort', () => this.#end(record), { once: true });
    const latency = this.#tally(call);
    if (this.#isHanging) {
      record.outcome = 'hung';
      return undefined;
    }
    if (latency > 0) await this.#clock.sleep(latency);
    if (gone.aborted) return undefined;
    const answer = call === undefined ? NOT_FOUND : this.#answer(call);
    record.status = answer.status;
    record.outcome = 'answered';
    return answer;
  }

  #end(record: RequestRecord): void {
    this.requests.close(record);
  }

  /** Counts the operation; returns the milliseconds that it takes. */
  #tally(call: VaultCall | undefined): number {
    if (call === undefined) return this.#slowness;
    const kind = this.#node.knows(call.namespace) ? this.#node.mountsOf(call.namespace).kindOf(call.path) : undefined;
    const operation = operationOf(call, kind);
    this.#counts.set(operation, this.count(operation) + 1);
    const name = latencyOf(operation);
    return this.#slowness + (name === undefined ? 0 : draw(this.#latency[name] ?? 0, this.#random));
  }

  #answer(call: VaultCall): VaultAnswer {
    const isHealth = call.path === 'sys/health' || call.path === 'sys/seal-status';
    return (isHealth ? undefined : this.#faults.take(call.path)) ?? this.#node.answer(call);
  }
}

/**
 * Starts a server of Vault on a free loopback port. Close it, or declare it with `await using`.
 *
 * @example
 * await using vault = await fakeVault({ token: 'root' });
 * vault.setSecret('secret/app/config', { db_host: 'postgres' });
 * vault.seal();
 */
export async function fakeVault(options?: FakeVaultOptions): Promise<FakeVault> {
  const vault = new FakeVault(options);
  await vault.open();
  return vault;
}
