/** 1,000 clients in a few processes against one back end, in virtual time. */
import { type VirtualClock, seededRandom, virtualClock } from '../../../testing/src/index.js';
import { Resilient, type ResilientOptions, createRuntime, withRuntime } from '../../src/index.js';

const CLIENTS = 1000;
/** Milliseconds. */
const STEP = 10;

export type Policies = ResilientOptions<unknown, [], Promise<void>>;

export interface Plan {
  /** Each has policies of its own. */
  readonly processes: number;
  /** Calls that all clients together make in a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Made anew for each process. */
  readonly policies: () => Policies;
  /** What the back end does with one attempt. */
  readonly serve: (clock: VirtualClock) => Promise<void>;
}

export interface Second {
  calls: number;
  /** Attempts that reached the back end. */
  attempts: number;
  /** Calls that ended well. */
  good: number;
}

interface Client {
  load(): Promise<void>;
}

const turn = (): Promise<void> => new Promise((done) => void setImmediate(done));

/** The course of the plan, second by second; the same seed is the same course. */
export const runFleet = async (plan: Plan, seed = 1): Promise<readonly Second[]> => {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const runtime = createRuntime({ clock, random: seededRandom(seed + 1), logger: false });
  const seconds: Second[] = [];
  let current: Second = { calls: 0, attempts: 0, good: 0 };
  const processOf = (): Client => {
    class Api {
      @Resilient(plan.policies())
      async load(): Promise<void> {
        current.attempts += 1;
        return plan.serve(clock);
      }
    }
    return withRuntime(new Api(), runtime);
  };
  const processes = Array.from({ length: plan.processes }, processOf);
  const succeeded = (): void => void (current.good += 1);
  const failed = (): void => undefined;
  const gap = (): number => (-Math.log(1 - random()) * 1000) / plan.rate;
  for (let now = 0, next = gap(); now < plan.seconds * 1000; now += STEP) {
    if (now % 1000 === 0) seconds.push((current = { calls: 0, attempts: 0, good: 0 }));
    for (; next <= now; next += gap()) {
      current.calls += 1;
      const client = Math.floor(random() * CLIENTS);
      processes[client % plan.processes]?.load().then(succeeded, failed);
    }
    await turn();
    clock.advanceSync(STEP);
  }
  return seconds;
};

const sum = (seconds: readonly Second[], fact: keyof Second): number =>
  seconds.reduce((total, second) => total + second[fact], 0);

/** Of what the first fact counts, per what the second counts, from one second to another. */
export const ratio = (
  course: readonly Second[],
  [of, per]: readonly [keyof Second, keyof Second],
  [from, until]: readonly [number, number],
): number => sum(course.slice(from, until), of) / sum(course.slice(from, until), per);

/** Seconds from `since` until nine tenths of the calls end well, three seconds on average; Infinity if they never do. */
export const recoveryTime = (course: readonly Second[], since: number): number => {
  for (let from = since; from + 3 <= course.length; from++) {
    if (ratio(course, ['good', 'calls'], [from, from + 3]) >= 0.9) return from - since;
  }
  return Infinity;
};
