import type { Call } from './call.js';
import { type Outcome, Returned, failure, success } from './outcome.js';

function onSettled(this: Call, value: unknown): Outcome<unknown> {
  return value instanceof Returned ? failure(value.error, this.args) : success(value, this.more?.source ?? 'method');
}

function onRejected(this: Call, error: unknown): Outcome<unknown> {
  return failure(error, this.args);
}

/** The outcome of a call whose frame returns its errors; a promise of it where `result` is one. */
export const outcomeOf = (call: Call, result: unknown): unknown =>
  result instanceof Promise ? result.then(onSettled.bind(call), onRejected.bind(call)) : onSettled.call(call, result);

const fromCache = (value: unknown): Outcome<unknown> => success(value, 'cache');

/** The outcome of a call that the cache has answered before there was a call record. */
export const outcomeOfHit = (answer: unknown): unknown =>
  answer instanceof Promise ? answer.then(fromCache) : fromCache(answer);
