import { discard } from '../algorithms/single-use.js';

const nothing = (): void => undefined;

/**
 * Work that nobody waits for any more may still bring something that holds a connection or a file until it is read, or
 * collected: it is let go of, whatever has ended the wait.
 * @param wait has been given up, unless the work came first: then its result is the caller's.
 */
export const discardLateResult = (wait: Promise<unknown>, work: Promise<unknown>): void => {
  wait.then(nothing, () => void work.then(discard, nothing));
};
