import { summarize } from '../errors/error-facts.js';
import { Channel, type DiagnosticsChannel, type Listener } from './channel.js';
import { EVENT_TYPES, type EventFacts, type EventOf, type EventType, type HoldfastEvent } from './event.js';
import { EventStream } from './event-stream.js';

export interface EventBusPorts {
  readonly wall: () => number;
  readonly diagnostics?: ((type: EventType) => DiagnosticsChannel) | undefined;
}

/** A party that hears every event without being a listener of the user's: `debug`, the logger. */
export interface Tap {
  wants(type: EventType): boolean;
  hear(event: HoldfastEvent): void;
}

/** What `events` offers. Listeners run synchronously, in the order of subscription; one that throws or rejects harms nobody. */
export interface Events {
  /** Subscribes; returns the function that unsubscribes. */
  on<Type extends EventType>(type: Type, listener: (event: EventOf<Type>) => unknown): () => void;
  /** Subscribes for one event; returns the function that unsubscribes earlier. */
  once<Type extends EventType>(type: Type, listener: (event: EventOf<Type>) => unknown): () => void;
  off<Type extends EventType>(type: Type, listener: (event: EventOf<Type>) => unknown): void;
  /** Subscribes to every type. */
  onAny(listener: (event: HoldfastEvent) => unknown): () => void;
  /** All events, or those of one type, as an async iterable; leaving the loop unsubscribes. Holds at most `limit` (1024) unread ones, dropping the oldest. */
  stream<Type extends EventType>(type: Type, options?: { limit?: number }): AsyncIterableIterator<EventOf<Type>>;
  stream(options?: { limit?: number }): AsyncIterableIterator<HoldfastEvent>;
  [Symbol.asyncIterator](): AsyncIterableIterator<HoldfastEvent>;
}

const ANY = '*';
type Subscription = EventType | typeof ANY;

export class EventBus implements Events {
  readonly #listeners = new Map<Subscription, readonly Listener[]>();
  readonly #channels = new Map<EventType, Channel>();
  #taps: readonly Tap[] = [];

  constructor(ports: EventBusPorts) {
    const deliver = (event: HoldfastEvent): void => this.#deliver(event);
    for (const type of EVENT_TYPES) {
      this.#channels.set(type, new Channel(type, deliver, ports.wall, ports.diagnostics?.(type)));
    }
  }

  channel<Type extends EventType>(type: Type): Channel<Type> {
    return this.#channels.get(type) as unknown as Channel<Type>;
  }

  emit<Type extends EventType>(type: Type, method: string, facts: EventFacts<Type>): void {
    const channel = this.channel(type);
    if (channel.isWatched) channel.emit(method, facts);
  }

  on<Type extends EventType>(type: Type, listener: (event: EventOf<Type>) => unknown): () => void {
    return this.#subscribe(this.#known(type), listener);
  }

  once<Type extends EventType>(type: Type, listener: (event: EventOf<Type>) => unknown): () => void {
    const unsubscribe = this.on(type, (event) => {
      unsubscribe();
      return listener(event);
    });
    return unsubscribe;
  }

  off<Type extends EventType>(type: Type, listener: (event: EventOf<Type>) => unknown): void {
    this.#remove(type, listener);
  }

  onAny(listener: (event: HoldfastEvent) => unknown): () => void {
    return this.#subscribe(ANY, listener);
  }

  stream(typeOrOptions?: EventType | { limit?: number }, options?: { limit?: number }): AsyncIterableIterator<never> {
    const type = typeof typeOrOptions === 'string' ? typeOrOptions : undefined;
    const { limit = 1024 } = (type === undefined ? (typeOrOptions as { limit?: number }) : options) ?? {};
    const subscribe = (push: (event: HoldfastEvent) => void): (() => void) =>
      type === undefined ? this.onAny(push) : this.on(type, push);
    return new EventStream(subscribe, limit) as unknown as AsyncIterableIterator<never>;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<HoldfastEvent> {
    return this.stream() as AsyncIterableIterator<HoldfastEvent>;
  }

  /** Replaces the taps: the logger and `debug` of the present configuration. */
  tap(taps: readonly Tap[]): void {
    this.#taps = taps;
    this.#refresh();
  }

  /** Sets where the context of events is read. */
  useContext(read: () => Readonly<Record<string, unknown>> | undefined): void {
    for (const channel of this.#channels.values()) channel.context = read;
  }

  /** Removes every listener of the user's. */
  removeAllListeners(): void {
    this.#listeners.clear();
    this.#refresh();
  }

  listenerCount(type?: EventType): number {
    if (type !== undefined) return this.#listeners.get(type)?.length ?? 0;
    return [...this.#listeners.values()].reduce((sum, list) => sum + list.length, 0);
  }

  /** Reports a listener, predicate or logger of the user's that threw. */
  reportFailure(source: string, method: string, error: unknown): void {
    this.emit('listener.failed', method, { source, error: summarize(error) });
  }

  #known<Type extends EventType>(type: Type): Type {
    if (!this.#channels.has(type)) throw new TypeError(`events.on: there is no event '${type}'`);
    return type;
  }

  #subscribe(type: Subscription, listener: Listener): () => void {
    if (typeof listener !== 'function') throw new TypeError('events: a listener must be a function');
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
    this.#refresh();
    let isSubscribed = true;
    return () => {
      if (isSubscribed) this.#remove(type, listener);
      isSubscribed = false;
    };
  }

  #remove(type: Subscription, listener: Listener): void {
    const list = this.#listeners.get(type);
    const index = list?.lastIndexOf(listener) ?? -1;
    if (list === undefined || index < 0) return;
    if (list.length === 1) this.#listeners.delete(type);
    else this.#listeners.set(type, [...list.slice(0, index), ...list.slice(index + 1)]);
    this.#refresh();
  }

  #refresh(): void {
    const hearsAll = this.#listeners.has(ANY);
    for (const [type, channel] of this.#channels) {
      channel.listening = hearsAll || this.#listeners.has(type) || this.#taps.some((tap) => tap.wants(type));
    }
  }

  #deliver(event: HoldfastEvent): void {
    for (const listener of this.#listeners.get(event.type) ?? []) this.#call(listener, event);
    for (const listener of this.#listeners.get(ANY) ?? []) this.#call(listener, event);
    for (const tap of this.#taps) {
      this.#call((heard: HoldfastEvent) => (tap.wants(heard.type) ? tap.hear(heard) : undefined), event);
    }
    const { diagnostics } = this.channel(event.type);
    if (diagnostics.hasSubscribers) this.#call((published: HoldfastEvent) => diagnostics.publish(published), event);
  }

  #call(listener: (event: never) => unknown, event: HoldfastEvent): void {
    try {
      const result = (listener as (event: HoldfastEvent) => unknown)(event);
      if (!isObject(result) || typeof result.then !== 'function') return;
      // Promises of other libraries reject as well.
      Promise.resolve(result as PromiseLike<unknown>).catch((error: unknown) => this.#listenerFailed(event, error));
    } catch (error) {
      this.#listenerFailed(event, error);
    }
  }

  #listenerFailed(event: HoldfastEvent, error: unknown): void {
    if (event.type === 'listener.failed') return;
    this.reportFailure(`listener of ${event.type}`, event.method, error);
  }
}

const isObject = (value: unknown): value is { then?: unknown } => typeof value === 'object' && value !== null;
