import { Call } from './call.js';
import { MISS } from './interceptor.js';
import { type Outcome, failure, success } from './outcome.js';
import { Returned } from './returned.js';
import type { Stack } from './stack.js';

function onSettled(this: Call, value: unknown): Outcome<unknown> {
  return value instanceof Returned ? failure(value.error, this.args) : success(value, this.more?.source ?? 'method');
}

function onRejected(this: Call, error: unknown): Outcome<unknown> {
  return failure(error, this.args);
}

const fromCache = (value: unknown): Outcome<unknown> => success(value, 'cache');

/** Runs a call through a stack; whatever way it ends, it ends with an `Outcome`, or a promise of one. */
export const outcomeOf = (stack: Stack, self: unknown, args: readonly unknown[]): unknown => {
  const answer = stack.lookUp(self, args);
  if (answer !== MISS) return answer instanceof Promise ? answer.then(fromCache) : fromCache(answer);
  const call = new Call(stack.returningFrame, self, args);
  const result = stack.runCall(call);
  if (result instanceof Promise) return result.then(onSettled.bind(call), onRejected.bind(call));
  const outcome = onSettled.call(call, result);
  return stack.isAsynchronous ? Promise.resolve(outcome) : outcome;
};
