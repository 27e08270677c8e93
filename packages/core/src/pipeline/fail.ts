/** The two ways to end a call with an error. */

export const raise = (error: unknown): never => {
  throw error;
};

type Fail = (error: unknown) => void;

/** Settled while the package loads: it pins nobody's async context. */
const settled = Promise.resolve();

const nothing: Fail = () => undefined;
let takenFail = nothing;
/** Static, so that making a promise allocates no closure of ours. */
const take = (_resolve: unknown, fail: Fail): void => {
  takenFail = fail;
};

/**
 * A promise that rejects a microtask later, when whoever called has had the time to listen: one that is born rejected
 * makes Node announce an unhandled rejection and take it back, which costs more than the rest of the refusal. So do
 * throwing in a reaction and `queueMicrotask`, which Node wraps in a resource of its own.
 */
export const reject = (error: unknown): Promise<never> => {
  const promise = new Promise<never>(take);
  void settled.then(takenFail.bind(undefined, error));
  takenFail = nothing;
  return promise;
};
