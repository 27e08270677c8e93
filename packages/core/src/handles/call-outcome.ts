import { stackOf } from '../decorate/wrap.js';
import { type MethodRecord, recordOf } from '../decorate/method-record.js';
import { type Outcome, failure } from '../pipeline/outcome.js';
import { outcomeOf } from '../pipeline/outcome-of.js';
import type { Stack } from '../pipeline/stack.js';
import { boundMethod } from './bound-method.js';
import type { MethodNames, NameOfAny } from './cache-handle.js';

type AnyFunction = (...args: any[]) => any;

/** An outcome at once where the method is synchronous, a promise of one where it returns a promise. */
export type OutcomeOf<Method extends AnyFunction> =
  ReturnType<Method> extends PromiseLike<infer Value> ? Promise<Outcome<Value>> : Outcome<ReturnType<Method>>;

const run = (record: MethodRecord, self: unknown, args: readonly unknown[]): unknown => {
  let stack: Stack;
  try {
    stack = stackOf(record, self);
  } catch (error) {
    const outcome = failure(error, args);
    return record.kind === 'async' ? Promise.resolve(outcome) : outcome;
  }
  return outcomeOf(stack, self, args);
};

const runMethod = (target: object, name: string | symbol, args: readonly unknown[]): unknown => {
  const member: unknown =
    typeof target === 'object' || typeof target === 'function' ? Reflect.get(target, name) : undefined;
  const record = recordOf(member);
  if (record !== undefined) return run(record, target, args);
  // A private method, or the error that says what is wrong.
  const { binding, self } = boundMethod(target, name, 'callOutcome');
  return run(binding.record, self, args);
};

/**
 * Calls a decorated method and tells how the call ended, without throwing: `value` and where it came from, or `error` and
 * its kind. For hot paths, where most calls are refused or fail: a refusal costs neither an exception nor a rejected
 * promise. What the call would have thrown is in `error`, the same object.
 *
 * `callOutcome(catalog, 'product', '1')`, `callOutcome(load, '1')` for a function of `resilient(fn)`, and
 * `callOutcome<Signature>(catalog, '#find', '1')` for private methods.
 * @throws ConfigurationError when there is no such decorated method.
 */
export function callOutcome<Fn extends AnyFunction>(
  fn: Fn & { readonly cache: unknown },
  ...args: Parameters<Fn>
): OutcomeOf<Fn>;
export function callOutcome<Target extends object, Name extends MethodNames<Target>>(
  target: Target,
  name: Name,
  ...args: Parameters<Extract<Target[Name], AnyFunction>>
): OutcomeOf<Extract<Target[Name], AnyFunction>>;
export function callOutcome<Method extends AnyFunction = never>(
  target: object,
  name: NameOfAny<Method>,
  ...args: Parameters<Method>
): OutcomeOf<Method>;
export function callOutcome(target: object, ...given: readonly unknown[]): unknown {
  const own = recordOf(target);
  if (own !== undefined) return run(own, undefined, given);
  const [name, ...args] = given;
  return runMethod(target, name as string | symbol, args);
}
