import type { Health, Stats } from '@holdfast/core';
import {
  type CacheRow,
  type Cleared,
  type Explained,
  type Info,
  PATHS,
  type RefusalBody,
  type Selection,
} from '../protocol.js';
import { InspectorRefusedError, InspectorUnreachableError } from './errors.js';
import { type ConnectOptions, type Destination, destinationOf } from './options.js';
import { type Reply, ask } from './request.js';

/**
 * Asks a running application. Every method rejects with an InspectorUnreachableError when no inspector answers, and with
 * an InspectorRefusedError when one says no.
 */
export interface InspectorClient {
  /** The URL or the path of the socket. */
  readonly address: string;
  info(): Promise<Info>;
  health(): Promise<Health>;
  stats(): Promise<Stats>;
  caches(): Promise<readonly CacheRow[]>;
  /** Refused with a 404 and the names there are, where nothing has that name. */
  clear(selection: Selection): Promise<Cleared>;
  /** The stacks of all methods that were called so far, or of one. */
  explain(method?: string): Promise<Explained>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

const isRefusal = (value: unknown): value is RefusalBody =>
  isObject(value) &&
  isObject(value['error']) &&
  typeof value['error']['code'] === 'string' &&
  typeof value['error']['message'] === 'string';

class Client implements InspectorClient {
  readonly #to: Destination;

  constructor(to: Destination) {
    this.#to = to;
  }

  get address(): string {
    return this.#to.address;
  }

  info(): Promise<Info> {
    return this.#get<Info>(PATHS.info);
  }

  health(): Promise<Health> {
    return this.#get<Health>(PATHS.health);
  }

  stats(): Promise<Stats> {
    return this.#get<Stats>(PATHS.stats);
  }

  caches(): Promise<readonly CacheRow[]> {
    return this.#get<readonly CacheRow[]>(PATHS.caches);
  }

  async clear(selection: Selection): Promise<Cleared> {
    return this.#data<Cleared>(await ask(this.#to, 'POST', PATHS.clear, JSON.stringify(selection)));
  }

  explain(method?: string): Promise<Explained> {
    const query = method === undefined ? '' : `?method=${encodeURIComponent(method)}`;
    return this.#get<Explained>(`${PATHS.explain}${query}`);
  }

  async metrics(): Promise<string> {
    const reply = await ask(this.#to, 'GET', PATHS.metrics);
    if (reply.status !== 200) this.#data(reply);
    if (reply.contentType !== 'text/plain') throw this.#stranger();
    return reply.text;
  }

  async #get<Data extends object>(path: string): Promise<Data> {
    return this.#data<Data>(await ask(this.#to, 'GET', path));
  }

  #data<Data extends object>({ status, contentType, retryAfter, text }: Reply): Data {
    if (contentType !== 'application/json') throw this.#stranger();
    let data: unknown;
    try {
      data = JSON.parse(text);
    } catch {
      throw this.#stranger();
    }
    if (status === 200 && isObject(data)) return data as Data;
    if (!isRefusal(data)) throw this.#stranger();
    throw new InspectorRefusedError(
      status,
      data.error,
      retryAfter === undefined ? undefined : Number(retryAfter) * 1_000,
    );
  }

  #stranger(): InspectorUnreachableError {
    return new InspectorUnreachableError(this.#to.address, 'not-an-inspector');
  }
}

/**
 * A client for the inspector of a running application; nothing is asked before its first method is called.
 * @throws ConfigurationError on a wrong option, or where neither options nor environment say where and as whom.
 */
export const connectInspector = (options: ConnectOptions = {}): InspectorClient => new Client(destinationOf(options));
