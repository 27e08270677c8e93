import { timerFor } from './background.js';
import type { Call } from './call.js';
import { Race } from './race.js';

/** Waits, unless the call is interrupted first. The wait belongs to the caller: it runs on in his async context. */
export const sleep = (call: Call, delay: number): Promise<unknown> => {
  const race = new Race(call, undefined);
  call.race = race;
  const timer = timerFor(call, () => race.resolve(undefined), delay);
  return race.promise.finally(() => {
    timer.cancel();
    if (call.race === race) call.race = undefined;
  });
};
