/**
 * A bulkhead bounds how many calls are under way at once, so that one slow dependency cannot take all connections,
 * memory and patience of a program: a ship with bulkheads takes water in one compartment and floats.
 *
 * There are `maxConcurrent` slots and a queue of at most `maxQueue` places, first come, first served.
 *
 *                       a slot is free                               the work ends,
 *      call ──────────────────────────────────────▶ in flight ────▶  nobody is queued: the slot is free
 *        │                                              ▲  │
 *        │ all are taken                    handed over │  └──────▶  somebody is queued: the slot is his
 *        ├──────────▶ queued ───────────────────────────┘
 *        │              └──▶ leaves: waited too long, or his caller gave up
 *        └──▶ refused: the queue is full
 *
 * Three traps, each with its way out:
 * - **A gap between two calls.** When a slot is freed first and the queue is told later, whoever calls in between takes
 *   it, and the one who was told finds it gone. Here a slot that ends with somebody queued is never free: `release` hands
 *   it to the first in the queue, and `inFlight` does not change.
 * - **Slots of work that goes on.** A caller who got a timeout waits no longer, yet his work still loads the other side.
 *   So a slot is given back when the work ends, not when the wait does. In between it is `abandoned`, a gauge.
 * - **Places of those who left.** They leave from wherever they stand, at once, and cost nobody anything.
 *
 * Invariants: `inFlight` is what was acquired or granted and not released; nobody is queued while a slot is free; after
 * `reconfigure` to fewer slots `inFlight` may be more than `maxConcurrent`, and sinks by every release until it is not;
 * those who are granted are in the order in which they queued.
 * Sources: M. Nygard, Release It! (the pattern); E. W. Dijkstra's semaphore with a queue, in the form that passes the
 * permit on (Hoare's signalling).
 */
import { type QueueMember, WaitQueue } from '../../algorithms/wait-queue.js';

export interface BulkheadSettings {
  readonly maxConcurrent: number;
  readonly maxQueue: number;
}

/** A call that waits for a slot. `grant` must not call back. */
export interface Waiter extends QueueMember {
  grant(): void;
}

export interface BulkheadFacts {
  readonly inFlight: number;
  readonly maxConcurrent: number;
  readonly queued: number;
  readonly maxQueue: number;
}

export class BulkheadMachine {
  /** Slots taken, those of abandoned work included. */
  inFlight = 0;
  /** Slots of work that nobody waits for any more. */
  abandoned = 0;
  /** Calls refused since construction. */
  rejected = 0;
  private maxConcurrent: number;
  private maxQueue: number;
  private readonly queue = new WaitQueue<Waiter>();

  constructor({ maxConcurrent, maxQueue }: BulkheadSettings) {
    this.maxConcurrent = maxConcurrent;
    this.maxQueue = maxQueue;
  }

  get facts(): BulkheadFacts {
    const { inFlight, maxConcurrent, queue, maxQueue } = this;
    return { inFlight, maxConcurrent, queued: queue.size, maxQueue };
  }

  get isIdle(): boolean {
    // Whoever is queued stands behind slots that are taken.
    return this.inFlight === 0;
  }

  /** Takes a slot, to be given back with `release`. */
  tryAcquire(): boolean {
    if (this.inFlight >= this.maxConcurrent) return false;
    this.inFlight += 1;
    return true;
  }

  /** As `tryAcquire` where nobody is made to wait: places in the queue count as slots. */
  tryAcquireOrPlace(): boolean {
    if (this.inFlight >= this.maxConcurrent + this.maxQueue) return false;
    this.inFlight += 1;
    return true;
  }

  /** Takes a place in the queue, after `tryAcquire` found no slot. Its `grant` passes a slot on, or `leave` ends it. */
  tryQueue(waiter: Waiter): boolean {
    if (this.queue.size >= this.maxQueue) return false;
    this.queue.add(waiter);
    return true;
  }

  /** Gives up a place in the queue; nothing for one who has none. */
  leave(waiter: Waiter): void {
    this.queue.remove(waiter);
  }

  release(): void {
    if (this.queue.size > 0 && this.inFlight <= this.maxConcurrent) (this.queue.shift() as Waiter).grant();
    else this.inFlight -= 1;
  }

  /** The slot's work goes on without anybody waiting for it. */
  abandon(): void {
    this.abandoned += 1;
  }

  releaseAbandoned(): void {
    this.abandoned -= 1;
    this.release();
  }

  /** A new bound holds at once: more slots go to who is queued. Nobody loses a slot or a place that he has. */
  reconfigure({ maxConcurrent, maxQueue }: BulkheadSettings): void {
    this.maxConcurrent = maxConcurrent;
    this.maxQueue = maxQueue;
    while (this.queue.size > 0 && this.inFlight < maxConcurrent) {
      this.inFlight += 1;
      (this.queue.shift() as Waiter).grant();
    }
  }
}
