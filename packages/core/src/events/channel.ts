import type { EventFacts, EventType, HoldfastEvent } from './event.js';

export type Listener = (event: never) => unknown;

/** The part of a `node:diagnostics_channel` channel that is used. */
export interface DiagnosticsChannel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

const SILENT: DiagnosticsChannel = { hasSubscribers: false, publish: () => undefined };

/**
 * One event type on one bus. Emitters ask `isWatched` first, so that an event nobody listens to costs two property reads
 * and no allocation.
 */
export class Channel<Type extends EventType = EventType> {
  /** True while a listener, `debug` or a logger wants this type. */
  listening = false;
  readonly type: Type;
  readonly #deliver: (event: HoldfastEvent) => void;
  readonly #wall: () => number;
  readonly diagnostics: DiagnosticsChannel;
  /** Where the context of `withContext` is read, once it is on. */
  context: (() => Readonly<Record<string, unknown>> | undefined) | undefined;

  constructor(type: Type, deliver: (event: HoldfastEvent) => void, wall: () => number, diagnostics = SILENT) {
    this.type = type;
    this.#deliver = deliver;
    this.#wall = wall;
    this.diagnostics = diagnostics;
  }

  get isWatched(): boolean {
    return this.listening || this.diagnostics.hasSubscribers;
  }

  /** Builds, freezes and delivers the event; call it only where `isWatched` is true. */
  emit(method: string, facts: EventFacts<Type>): void {
    const context = this.context?.();
    const event = { type: this.type, method, at: this.#wall(), ...(facts as object), ...(context && { context }) };
    this.#deliver(Object.freeze(event) as unknown as HoldfastEvent);
  }
}
