/**
 * The process's own timers, taken when this module loads: a test runner that replaces the globals later neither stops
 * the faulty upstream nor keeps a virtual clock from draining.
 */
export const { setTimeout, clearTimeout, setImmediate, performance } = globalThis;

/** One turn of the event loop. Every promise reaction and `process.nextTick` queued by then has run. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => resolve()));

/**
 * Lets the code that is ready to run do so, until only timers and real I/O can wake it.
 *
 * One turn already empties the microtask queue, however long its chains are. The further turns serve code that itself
 * goes through `setImmediate`, up to two hops of it; code that waits for sockets or files is not waited for.
 */
export async function drain(): Promise<void> {
  await Promise.resolve();
  await turn();
  await turn();
  await turn();
}
