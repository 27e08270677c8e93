import { createRuntime } from '@holdfast/core';
import { seededRandom, virtualClock } from '@holdfast/testing';
import { Backend } from './backend.js';
import { type FleetName, processOf } from './fleet.js';
import { SCENARIO, type Scenario } from './scenario.js';

/** Milliseconds of virtual time per step. */
const STEP = 10;

export interface Second {
  /** Calls begun. */
  calls: number;
  /** Calls that ended with an answer while their caller still waited. */
  good: number;
  /** Answers that the back end gave, to whomever. */
  answered: number;
  /** Attempts waiting at its end. */
  waiting: number;
}

export interface Course {
  readonly name: FleetName;
  readonly scenario: Scenario;
  readonly seconds: readonly Second[];
}

const turn = (): Promise<void> => new Promise((done) => void setImmediate(done));

/** Lets one fleet through the scenario. The same seed is the same course, to the last call. */
export const simulate = async (name: FleetName, seed = 1, scenario = SCENARIO): Promise<Course> => {
  const { clients, processes, demand, capacity, troubleFrom, troubleUntil, length } = scenario;
  const clock = virtualClock();
  const random = seededRandom(seed);
  const runtime = createRuntime({ clock, random: seededRandom(seed + 1), logger: false });
  const backend = new Backend(scenario, clock);
  const catalogs = Array.from({ length: processes }, () => processOf(name, backend, runtime));
  const pause = (): number => -Math.log(1 - random()) * (1000 * (clients / demand));
  const nextCall = Float64Array.from({ length: clients }, pause);
  const seconds: Second[] = [];
  let current: Second = { calls: 0, good: 0, answered: 0, waiting: 0 };
  const answered = (): void => void (current.good += 1);
  const failed = (): void => undefined;
  const call = (client: number): void => {
    current.calls += 1;
    catalogs[client % processes]?.product().then(answered, failed);
  };
  for (let now = 0; now < length * 1000; now += STEP) {
    const second = now / 1000;
    if (Number.isInteger(second)) seconds.push((current = { calls: 0, good: 0, answered: 0, waiting: 0 }));
    backend.capacity = second >= troubleFrom && second < troubleUntil ? capacity / 4 : capacity;
    for (let client = 0; client < clients; client++) {
      for (; (nextCall[client] as number) <= now; nextCall[client]! += pause()) call(client);
    }
    const before = backend.answered;
    backend.work(STEP);
    current.answered += backend.answered - before;
    current.waiting = backend.waiting;
    clock.advanceSync(STEP);
    await turn();
  }
  return { name, scenario, seconds };
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Answers in time a second, on average from the one second to the other. */
export const goodput = ({ seconds }: Course, from: number, until: number): number =>
  mean(seconds.slice(from, until).map(({ good }) => good));

/** Seconds from the end of the trouble until nine tenths of the demand are met for three seconds; Infinity if never. */
export const recoveryTime = (course: Course): number => {
  const { demand, troubleUntil, length } = course.scenario;
  for (let from = troubleUntil; from + 3 <= length; from++) {
    if (goodput(course, from, from + 3) >= 0.9 * demand) return from - troubleUntil;
  }
  return Infinity;
};
