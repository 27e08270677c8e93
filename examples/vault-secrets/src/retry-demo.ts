import { Retry, withRuntime } from '@holdfast/core';
import type { Lab, Print } from './lab.js';

/** Exercise 2: `2ⁿ` seconds and up to one more, at random. */
export const retryDemo = async (lab: Lab, print: Print): Promise<void> => {
  class Flaky {
    attempts = 0;

    @Retry({
      maxAttempts: 3,
      backoff: (attempt, _delay, random) => (2 ** (attempt - 1) + random()) * 1_000,
      jitter: 'none',
    })
    async operation(): Promise<{ status: string }> {
      this.attempts += 1;
      if (this.attempts === 3) return { status: 'success' };
      const error = Object.assign(new Error('Service unavailable'), { code: 'ECONNREFUSED' });
      print(`Attempt ${this.attempts} failed: ${error.message}`);
      throw error;
    }
  }
  const flaky = withRuntime(new Flaky(), lab.runtime);
  lab.runtime.events.on('retry.scheduled', ({ delay }) => print(`Retrying in ${(delay / 1_000).toFixed(2)}s...`));
  const result = await lab.ended(flaky.operation());
  print(`Result: ${JSON.stringify(result)}`);
  print('Observation: the operation succeeds after retries with increasing delays.');
};
