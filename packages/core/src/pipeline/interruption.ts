import { isResilienceError } from '../errors/resilience-error.js';
import type { Call } from './call.js';
import { Race } from './race.js';

/**
 * Whether the call ends because its caller wanted it to, whatever reason he gave: one that looks like an outage says
 * nothing about the back end. Our own total timeout also cuts a call short, and is told apart by naming this method.
 */
export const isCallersAbort = (call: Call, error: unknown): boolean => {
  const { interruption } = call;
  if (interruption === undefined || interruption.reason !== error) return false;
  return !(isResilienceError(error) && error.code === 'TIMED_OUT' && error.method === call.method);
};

/** A wait of an interceptor's own, which a caller who leaves need not sit out. */
export const raceAlone = <Result>(call: Call, wait: Promise<Result>): Promise<Result> => {
  if (!call.isInterruptible || call.interruption !== undefined || call.race?.endsItself === true) return wait;
  const race = new Race(call, undefined);
  call.race = race;
  wait.then(race.resolve, race.reject);
  return race.promise.finally(() => {
    if (call.race === race) call.race = undefined;
  }) as Promise<Result>;
};
