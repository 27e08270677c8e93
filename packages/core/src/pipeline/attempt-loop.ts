import type { Work } from '../runtime/work.js';
import type { Call } from './call.js';
import { Again, type Interceptor } from './interceptor.js';
import { sleep } from './sleep.js';
import { leaveBehind } from './work-left.js';

/** What the loop needs of a frame. */
interface Attempts {
  readonly work: Work;
  readonly interceptors: readonly Interceptor[];
  readonly holdsUntilEnd: boolean;
  descend(call: Call, position: number): unknown;
  ascendWithError(call: Call, error: unknown, depth: number): unknown;
}

/** Attempt after attempt in one promise: they must not nest one in another without end. */
export const attemptInLoop = async (frame: Attempts, call: Call, first: Again): Promise<unknown> => {
  call.details.isLooping = true;
  let verdict = first;
  for (;;) {
    const outcome = await attemptAgain(frame, call, verdict);
    if (!(outcome instanceof Again)) return outcome;
    verdict = outcome;
  }
};

/** Whether somebody outside of `position` holds something until all attempts have really ended. */
const isHeldOutside = ({ interceptors, holdsUntilEnd }: Attempts, { more }: Call, position: number): boolean =>
  more?.isHeldUntilEnd === true ||
  (holdsUntilEnd && interceptors.some((each, index) => index < position && each.holdsUntilEnd === true));

const attemptAgain = async (frame: Attempts, call: Call, { delay, position }: Again): Promise<unknown> => {
  if (delay > 0) {
    frame.work.calls += 1;
    try {
      await sleep(call, delay);
    } catch (reason) {
      return frame.ascendWithError(call, reason, position);
    } finally {
      frame.work.calls -= 1;
    }
  }
  const interruption = call.interruption;
  if (interruption !== undefined) return frame.ascendWithError(call, interruption.reason, position);
  if (isHeldOutside(frame, call, position)) leaveBehind(call);
  call.countAttempt();
  call.race = undefined;
  call.more?.beginAttempt();
  return frame.descend(call, position + 1);
};
