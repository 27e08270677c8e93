import { formatDuration } from '../../algorithms/duration.js';
import { RejectedError } from '../../errors/rejected-error.js';
import type { BulkheadFacts } from './machine.js';

export interface BulkheadRefusal extends BulkheadFacts {
  /** The bulkhead's name: the method, the `name` given, with a hash where there is one per key. */
  readonly bulkhead: string;
  /** Milliseconds spent in the queue; 0 for a call that found it full. */
  readonly waited: number;
}

const told = (
  method: string,
  { bulkhead, waited, inFlight, maxConcurrent, queued, maxQueue }: BulkheadRefusal,
): string => {
  const shared = bulkhead === method ? '' : ` '${bulkhead}'`;
  const what =
    waited === 0 ? `bulkhead${shared} is full` : `bulkhead${shared} had no slot for ${formatDuration(waited)}`;
  const queue = maxQueue === 0 ? '' : `, ${queued} of ${maxQueue} are queued`;
  return `${method}: ${what}; ${inFlight} of ${maxConcurrent} calls are under way${queue}`;
};

/**
 * Refused because all slots are taken and the queue is full, or because none came free in time. When one will is not
 * known: no `retryAfter`.
 */
export class BulkheadFullError extends RejectedError {
  declare readonly name: 'BulkheadFullError';
  declare readonly bulkhead: string;
  /** Calls under way, work that was given up and has not ended yet included. */
  declare readonly inFlight: number;
  declare readonly maxConcurrent: number;
  /** Calls in the queue. */
  declare readonly queued: number;
  declare readonly maxQueue: number;
  /** Milliseconds that this call spent in the queue; 0 where it found the queue full. */
  declare readonly waited: number;

  constructor(method: string, refusal: BulkheadRefusal) {
    super(told(method, refusal), { code: 'BULKHEAD_FULL', method, policy: 'bulkhead' }, 'BulkheadFullError');
    this.bulkhead = refusal.bulkhead;
    this.inFlight = refusal.inFlight;
    this.maxConcurrent = refusal.maxConcurrent;
    this.queued = refusal.queued;
    this.maxQueue = refusal.maxQueue;
    this.waited = refusal.waited;
  }
}
