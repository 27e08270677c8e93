import type { BulkheadFacts, BulkheadMachine } from './machine.js';

/** What `health()` tells about one bulkhead. */
export interface BulkheadHealth extends BulkheadFacts {
  /** Slots of work that nobody waits for any more. */
  readonly abandoned: number;
  /** Calls refused so far. */
  readonly rejected: number;
}

/** A machine and its name. */
export class BoundBulkhead {
  readonly name: string;
  readonly machine: BulkheadMachine;

  constructor(name: string, machine: BulkheadMachine) {
    this.name = name;
    this.machine = machine;
  }

  get health(): BulkheadHealth {
    const { facts, abandoned, rejected } = this.machine;
    return { ...facts, abandoned, rejected };
  }
}
