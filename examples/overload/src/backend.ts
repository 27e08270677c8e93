import type { VirtualClock } from '@holdfast/testing';
import type { Scenario } from './scenario.js';

/** Saying no costs a tenth of an answer. */
const COST_OF_REFUSAL = 0.1;
/** What an answer takes when nobody waits. */
const LATENCY = 50;

type Answer = (value: string) => void;

const BUSY = Object.assign(new Error('queue is full'), { status: 503 });

/**
 * A service of limited speed with one queue, first come, first served. It does not know whether anybody still waits for
 * an answer, and works for those who have left as hard as for the others: this is what makes overload so bad.
 */
export class Backend {
  /** Answers a second. */
  capacity: number;
  answered = 0;
  refused = 0;
  private readonly longestQueue: number;
  private readonly clock: VirtualClock;
  private readonly queue: Answer[] = [];
  private credit = 0;

  constructor({ capacity, queue }: Pick<Scenario, 'capacity' | 'queue'>, clock: VirtualClock) {
    this.capacity = capacity;
    this.longestQueue = queue;
    this.clock = clock;
  }

  get waiting(): number {
    return this.queue.length;
  }

  serve(): Promise<string> {
    if (this.queue.length >= this.longestQueue) {
      this.refused += 1;
      this.credit -= COST_OF_REFUSAL;
      return Promise.reject(BUSY);
    }
    return new Promise((resolve) => void this.queue.push(resolve));
  }

  /** Works for `ms` milliseconds. */
  work(ms: number): void {
    this.credit += (this.capacity * ms) / 1000;
    const done = this.queue.splice(0, Math.max(0, Math.floor(this.credit)));
    this.credit -= done.length;
    // Time in which there was nothing to do is lost.
    if (this.queue.length === 0) this.credit = Math.min(this.credit, 1);
    if (done.length > 0) this.clock.setTimer(() => done.forEach((answer) => answer('Widget')), LATENCY);
    this.answered += done.length;
  }
}
