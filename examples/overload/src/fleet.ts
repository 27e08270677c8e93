import { type HoldfastRuntime, Resilient, type ResilientOptions, RetryBudget, withRuntime } from '@holdfast/core';
import type { Backend } from './backend.js';

export interface Client {
  product(): Promise<string>;
}

/** What every client does: three attempts, a second for each. It is what makes the collapse last. */
const IMPATIENT = { retry: { maxAttempts: 3, delay: '100ms' }, timeout: '1s' } as const satisfies ResilientOptions;

/** The policies under comparison, made anew for each process: nothing is shared but the back end. */
export const FLEETS = {
  'retries alone': () => IMPATIENT,
  'retry budget': () => ({ ...IMPATIENT, retry: { ...IMPATIENT.retry, budget: new RetryBudget({ minPerSecond: 1 }) } }),
  'adaptive throttle': () => ({ ...IMPATIENT, adaptiveThrottle: true }),
  'adaptive limit': () => ({ ...IMPATIENT, adaptiveConcurrency: true }),
  'all three': () => ({
    ...IMPATIENT,
    retry: { ...IMPATIENT.retry, budget: new RetryBudget({ minPerSecond: 1 }) },
    adaptiveThrottle: true,
    adaptiveConcurrency: true,
  }),
} satisfies Record<string, () => ResilientOptions>;

export type FleetName = keyof typeof FLEETS;

/** One process of the fleet: a class of its own, since policies belong to a class. */
export const processOf = (name: FleetName, backend: Backend, runtime: HoldfastRuntime): Client => {
  class Catalog {
    @Resilient(FLEETS[name]())
    async product(): Promise<string> {
      return backend.serve();
    }
  }
  return withRuntime(new Catalog(), runtime);
};
