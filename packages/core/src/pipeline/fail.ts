/** The two ways to end a call with an error. */

export const raise = (error: unknown): never => {
  throw error;
};

/**
 * A promise that rejects a microtask later, when whoever called has had the time to listen: one that is born rejected
 * makes Node announce an unhandled rejection and take it back, which costs more than the rest of the refusal.
 */
export const reject = (error: unknown): Promise<never> =>
  new Promise((_resolve, fail) => {
    queueMicrotask(() => fail(error));
  });
