import type { HoldfastEvent } from './event.js';

type Waiter = (result: IteratorResult<HoldfastEvent>) => void;

/** Events as an async iterator over a bounded buffer: a slow reader loses the oldest events, never the program's memory. */
export class EventStream implements AsyncIterableIterator<HoldfastEvent> {
  readonly #unread: HoldfastEvent[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #unsubscribe: () => void;
  readonly #limit: number;
  #isDone = false;

  constructor(subscribe: (push: (event: HoldfastEvent) => void) => () => void, limit: number) {
    this.#limit = Math.max(1, limit);
    this.#unsubscribe = subscribe((event) => this.#push(event));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<HoldfastEvent>> {
    const event = this.#unread.shift();
    if (event !== undefined) return Promise.resolve({ value: event, done: false });
    if (this.#isDone) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  return(): Promise<IteratorResult<HoldfastEvent>> {
    this.#isDone = true;
    this.#unsubscribe();
    this.#unread.length = 0;
    for (const waiter of this.#waiters.splice(0)) waiter({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  }

  #push(event: HoldfastEvent): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter({ value: event, done: false });
      return;
    }
    if (this.#unread.length >= this.#limit) this.#unread.shift();
    this.#unread.push(event);
  }
}
