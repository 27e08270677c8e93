import { type CacheKey, isUnkeyable, keyOfValue } from '../algorithms/stable-key.js';
import type { Binding } from './policy.js';

export type KeyFunction = (...args: never[]) => unknown;

/** The call's place in a map of states; undefined for a key function that throws or answers nothing usable. */
export const callKey = (key: KeyFunction, self: unknown, args: readonly unknown[], binding: Binding): CacheKey => {
  try {
    const id = keyOfValue(key.apply(self, args as never[]));
    if (!isUnkeyable(id)) return id;
    binding.reportFailure('key', new TypeError(id.unkeyable));
  } catch (thrown) {
    binding.reportFailure('key', thrown);
  }
  return undefined;
};
