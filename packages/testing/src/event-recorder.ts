import { events as globalEvents, type HoldfastEvent } from '@holdfast/core';
import { formatTimeline } from './event-timeline.js';
import { turn } from './real-time.js';

export type RecordedType = HoldfastEvent['type'];
export type EventOfType<Type extends RecordedType> = Extract<HoldfastEvent, { type: Type }>;

/** The part of an event bus that is recorded: `events` and `runtime.events` are such. */
export interface RecordableBus {
  onAny(listener: (event: HoldfastEvent) => unknown): () => void;
}

/** A bus, or something that has one, as a runtime does. */
export type EventSource = RecordableBus | { readonly events: RecordableBus };

/** Which events to keep: a type, a family such as `'cache.*'`, a list of these, or a predicate. */
export type EventFilter =
  RecordedType | `${string}.*` | readonly (RecordedType | `${string}.*`)[] | ((event: HoldfastEvent) => boolean);

export interface WaitOptions {
  /** Turns of the event loop to wait before giving up. Default 100. */
  readonly timeoutTurns?: number;
  /** Wait for this many events of the type, those already recorded included. Default 1. */
  readonly count?: number;
}

/** Keeps the events of one bus, in order, until `stop()` or the end of a `using` block. */
export class EventRecorder implements Disposable {
  readonly #recorded: HoldfastEvent[] = [];
  readonly #unsubscribe: () => void;
  #isStopped = false;

  constructor(bus: RecordableBus, accepts: (event: HoldfastEvent) => boolean) {
    this.#unsubscribe = bus.onAny((event) => void (accepts(event) && this.#recorded.push(event)));
  }

  /** What was recorded since the start or the last `clear()`: a copy. */
  get events(): readonly HoldfastEvent[] {
    return [...this.#recorded];
  }

  /** The types of the recorded events, in order, with repetitions. */
  types(): RecordedType[] {
    return this.#recorded.map(({ type }) => type);
  }

  of<Type extends RecordedType>(type: Type): EventOfType<Type>[] {
    return this.#recorded.filter((event): event is EventOfType<Type> => event.type === type);
  }

  /** How many events of the type, or altogether, were recorded. */
  count(type?: RecordedType): number {
    return type === undefined ? this.#recorded.length : this.of(type).length;
  }

  /** The most recent event of the type, if there is one. */
  last<Type extends RecordedType>(type: Type): EventOfType<Type> | undefined {
    return this.of(type).at(-1);
  }

  /** Forgets what was recorded and goes on recording. */
  clear(): void {
    this.#recorded.length = 0;
  }

  /** Ends the recording; what was recorded stays. */
  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** One line per event for people: milliseconds since the first, type, method, facts. */
  timeline(): string {
    return formatTimeline(this.#recorded);
  }

  /**
   * Resolves with the first event of the type, or the `count`-th, at once when it is recorded already.
   * It waits in turns of the event loop, not in time, so that it works beside a virtual clock that somebody else moves.
   * @throws Error with the timeline, when the turns are used up or the recording has ended.
   */
  async waitFor<Type extends RecordedType>(type: Type, options: WaitOptions = {}): Promise<EventOfType<Type>> {
    const { timeoutTurns = 100, count = 1 } = options;
    for (let turns = 0; ; turns += 1) {
      const found = this.of(type)[count - 1];
      if (found !== undefined) return found;
      if (this.#isStopped || turns >= timeoutTurns) throw this.#missing(type, count, turns);
      await turn();
    }
  }

  #missing(type: RecordedType, count: number, turns: number): Error {
    const reason = this.#isStopped ? 'the recording has ended' : `waited ${turns} turns`;
    const seen = this.#recorded.length === 0 ? 'nothing was recorded' : `recorded:\n${this.timeline()}`;
    return new Error(`EventRecorder: ${this.count(type)} of ${count} '${type}' events, ${reason}; ${seen}`);
  }
}

/**
 * Starts recording the events of a runtime or bus, by default of the global one.
 *
 * @example
 * using recorder = recordEvents(runtime, 'cache.*');
 */
export function recordEvents(source: EventSource = globalEvents, filter?: EventFilter): EventRecorder {
  return new EventRecorder('onAny' in source ? source : source.events, predicateOf(filter));
}

function predicateOf(filter: EventFilter | undefined): (event: HoldfastEvent) => boolean {
  if (filter === undefined) return () => true;
  if (typeof filter === 'function') return filter;
  const patterns: readonly string[] = typeof filter === 'string' ? [filter] : filter;
  return ({ type }) => patterns.some((pattern) => isMatch(type, pattern));
}

const isMatch = (type: string, pattern: string): boolean =>
  pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
