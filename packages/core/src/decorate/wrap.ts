import type { Stack } from '../pipeline/stack.js';
import { runtimeOf, world } from '../runtime/world.js';
import { bindingOf } from './bind.js';
import { type AnyFunction, MethodRecord, type Place, markOf, ownerOf } from './method-record.js';
import { preserveIdentity } from './preserve-identity.js';

/**
 * Finds or binds the stack for this call's runtime and class, and remembers it for the next call.
 * @throws ConfigurationError where options contradict each other.
 */
const findStack = (record: MethodRecord, self: unknown): Stack => {
  const runtime = runtimeOf(self, record.standalone);
  const binding = bindingOf(record, runtime, ownerOf(self));
  const bypass = world.ambient.current?.bypass;
  if (bypass !== undefined) return binding.past(bypass);
  const { stack } = binding;
  if (runtime === world.runtime && !world.hasSeveralRuntimes) record.last = { stack, mark: markOf(self) };
  return stack;
};

const invokeSlowly = (record: MethodRecord, self: unknown, args: readonly unknown[]): unknown => {
  let stack: Stack;
  try {
    stack = findStack(record, self);
  } catch (error) {
    // An asynchronous method never throws synchronously.
    if (record.kind === 'async') return Promise.reject(error);
    throw error;
  }
  return stack.invoke(self, args);
};

/** The stack that a call of the method on `self` runs through. @throws ConfigurationError where options contradict each other. */
export const stackOf = (record: MethodRecord, self: unknown): Stack => {
  const { last } = record;
  return last !== undefined && last.mark === markOf(self) ? last.stack : findStack(record, self);
};

/** A method, which unlike a function has no prototype and cannot be constructed. */
const wrapperOf = (record: MethodRecord): AnyFunction =>
  ({
    method(this: unknown, ...args: unknown[]): unknown {
      const last = record.last;
      if (last !== undefined && last.mark === markOf(this)) return last.stack.invoke(this, args);
      return invokeSlowly(record, this, args);
    },
  }).method;

export interface WrappedMethod {
  readonly record: MethodRecord;
  readonly wrapper: AnyFunction;
}

/** The record of a wrapper, or a new record and wrapper around the function. */
export const wrapMethod = (fn: AnyFunction, key: string | symbol, place: Place): WrappedMethod => {
  const known = world.records.get(fn) as MethodRecord | undefined;
  if (known !== undefined && isSamePlace(known, key, place)) return { record: known, wrapper: fn };
  const record = new MethodRecord(fn, key, place);
  const wrapper = wrapperOf(record);
  preserveIdentity(fn, wrapper);
  world.records.set(wrapper, record);
  return { record, wrapper };
};

/** A wrapper borrowed from another class gets a record of its own there, so that policies added here do not act there. */
const isSamePlace = (record: MethodRecord, key: string | symbol, { home }: Place): boolean =>
  record.key === key && (home === undefined || record.place.home === home);
