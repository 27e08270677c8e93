export interface Scenario {
  readonly clients: number;
  /** The clients live in so many processes, each with policies of its own. */
  readonly processes: number;
  /** Calls that all clients together make in a second. */
  readonly demand: number;
  /** Answers that the back end gives in a second when it is well. */
  readonly capacity: number;
  /** The most attempts that wait at the back end: more than anybody's patience, as accept queues are. */
  readonly queue: number;
  /** For these seconds it gives a quarter of that. */
  readonly troubleFrom: number;
  readonly troubleUntil: number;
  /** Seconds. */
  readonly length: number;
}

export const SCENARIO: Scenario = {
  clients: 1000,
  processes: 20,
  demand: 400,
  capacity: 600,
  queue: 2000,
  troubleFrom: 10,
  troubleUntil: 20,
  length: 60,
};

/** One `divisor`-th of the fleet against as much of the back end: for each process, and each share, the same story. */
export const fractionOf = (scenario: Scenario, divisor: number): Scenario => ({
  ...scenario,
  clients: scenario.clients / divisor,
  processes: scenario.processes / divisor,
  demand: scenario.demand / divisor,
  capacity: scenario.capacity / divisor,
  queue: scenario.queue / divisor,
});
